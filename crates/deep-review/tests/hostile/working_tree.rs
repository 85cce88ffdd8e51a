//! What may lie in the user's working tree and is no file: pipes that nobody writes to, sockets, devices without end.
//!
//! In: a tree where a build script, or an archive that was unpacked there, has put them. Out: a review of what is not committed ends, and
//! none of them was opened.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::common::json;
use crate::ground::{DEFECT, Ground};

/// Makes something that is no file; whether that worked. A device is made by root alone.
#[expect(clippy::disallowed_methods, reason = "a test makes a pipe")]
fn made(program: &str, place: &Path, words: &[&str]) -> bool {
    Command::new(program).arg(place).args(words).output().is_ok_and(|output| output.status.success())
}

#[test]
fn pipes_sockets_and_devices_in_the_working_tree_are_not_opened() {
    let ground = Ground::new();
    let repo = &ground.session.repo;
    ground.write("src/known.rs", DEFECT).session.repo.commit("More files");
    ground.write("src/new.rs", DEFECT);
    let place = |name: &str| repo.path().join(name);
    // Beside the files, and where we and agents look for configuration and documents.
    for name in ["pipe", "src/pipe.rs", "AGENTS.md", "deep-review.toml"] {
        assert!(made("mkfifo", &place(name), &[]), "{name}");
    }
    let _socket = UnixListener::bind(place("socket")).expect("a socket");
    if !made("mknod", &place("zero"), &["c", "1", "5"]) {
        println!("skipped: devices (only root makes them)");
    }
    let words = ["--worktree", "--reviewer", "builtin", "--reviewer", "obedient", "--json"];
    let report = json(&ground.unchanged("no files", || ground.call(&words)).expect(0));
    let changed = report["target"]["changed"].as_array().expect("files");
    let paths: Vec<&str> = changed.iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(paths, ["src/new.rs"]);
    // In the place of a file that is known it is told, and nothing is reviewed.
    std::fs::remove_file(place("src/known.rs")).expect("it is there");
    assert!(made("mkfifo", &place("src/known.rs"), &[]));
    let ran = ground.unchanged("no files", || ground.call(&words)).expect(4);
    assert!(ran.stderr.contains("src/known.rs: unsupported file type"), "{}", ran.stderr);
}
