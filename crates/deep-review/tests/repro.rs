//! Running a reviewer's script: what it shows, and what it must not reach.
//!
//! In: reviewers whose findings carry scripts, some of them hostile. Out: the outcome, and a machine on which nothing
//! changed. Prints `skipped: …` where programs cannot be confined.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "what was skipped is said")]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{saying, session};
use model::{ReproOutcome, Reproduction};
use test_kit::TestSession;

/// A review with one finding and its script.
fn review(script: &str, output: Option<&str>) -> String {
    let output = output.map_or_else(String::new, |text| format!("\n```text repro-output\n{text}\n```\n"));
    format!(
        "## Findings\n\n### Important Issues\n\nI1. **`load_first_records` keeps one record too many** — \
         `src/store.rs:7-9` (important, regression)\n\n```rust\n    let mut records: Vec<String> = \
         text.lines().map(str::to_owned).collect();\n    records.truncate(limit + 1);\n    records\n```\n\n`truncate` \
         keeps `limit + 1` elements, so a caller that asks for 10 gets 11.\n\n```bash repro\n{script}\n```\n{output}\n## \
         Coverage\n\n- `src/store.rs` — I1\n"
    )
}

/// Reviews with one reviewer whose script this is, and runs it. `None` where it cannot be confined here.
fn tried(script: &str, output: Option<&str>, timeout: &str) -> Option<(TestSession, Reproduction)> {
    let session = session();
    let made = made(&session, script, output, timeout)?;
    Some((session, made))
}

fn made(session: &TestSession, script: &str, output: Option<&str>, timeout: &str) -> Option<Reproduction> {
    saying(session, "ada", &review(script, output));
    let ran = session.run(&["run", "--reviewer", "ada", "--json"]).expect(0);
    let report: model::Report = serde_json::from_str(&ran.stdout).expect("a report");
    let id = report.findings[0].id.clone();
    let ran = session.run(&["repro", &id, "--yes", "--json", "--timeout", timeout]);
    if ran.code == 6 && ran.stderr.contains("cannot be confined") {
        println!("skipped: {}", ran.stderr.trim());
        return None;
    }
    let ran = ran.expect(0);
    let mut all: Vec<Reproduction> = serde_json::from_str(&ran.stdout).expect("reproductions");
    assert_eq!(all.len(), 1, "{}", ran.stdout);
    assert!(leftovers(session).is_empty(), "{:?}", leftovers(session));
    all.pop()
}

/// The script of the one finding, whatever it is rated.
fn again(session: &TestSession, words: &[&str]) -> test_kit::Ran {
    let ran = session.run(&[&["repro", "I1"], words].concat());
    if ran.code == 2 { session.run(&[&["repro", "S1"], words].concat()) } else { ran }
}

/// Trees that were not removed.
fn leftovers(session: &TestSession) -> Vec<PathBuf> {
    let folder = session.home().join(".cache/deep-review/checkouts");
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).collect()
}

/// Every file of a folder with its content.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_script_that_fails_with_the_change_and_passes_without_shows_a_regression() {
    let script = "grep -n 'limit + 1' src/store.rs && exit 1\necho clean";
    let Some((session, made)) =
        tried(script, Some("$ bash repro.sh\n8:    records.truncate(limit + 1);"), "1m")
    else {
        return;
    };
    assert_eq!((made.outcome, made.regression), (ReproOutcome::Reproduced, true), "{}", made.why);
    let (head, base) = (made.head.expect("ran"), made.base.expect("ran"));
    assert_eq!((head.exit, base.exit), (Some(1), Some(0)), "{head:?} {base:?}");
    assert_eq!(base.output, "clean");
    let told = again(&session, &["--yes"]).expect(0);
    assert!(told.stdout.contains("reproduced") && told.stdout.contains("without it"), "{}", told.stdout);
    // The report was made again with it, and still is what its raw material gives.
    let report = session.run(&["report", "-f", "json"]).expect(0).stdout;
    let report: model::Report = serde_json::from_str(&report).expect("a report");
    let shown =
        |check: &&model::Check| check.gate == model::Gate::Repro && check.result == model::CheckResult::Pass;
    assert!(report.findings[0].checks.iter().any(|check| shown(&check)), "{:?}", report.findings[0].checks);
    session.run(&["verify"]).expect(0);
}

#[test]
fn what_is_claimed_and_not_shown_is_said() {
    let Some((session, made)) = tried("echo all is well", Some("got 11, want 10"), "1m") else { return };
    assert_eq!((made.outcome, made.regression), (ReproOutcome::NotReproduced, false), "{}", made.why);
    let report = session.run(&["report", "-f", "json"]).expect(0).stdout;
    let report: model::Report = serde_json::from_str(&report).expect("a report");
    assert_eq!(report.findings[0].lane, model::Lane::Contested, "{:?}", report.findings[0]);
    session.run(&["verify"]).expect(0);
    let Some((_session, made)) = tried("no-such-program --version", None, "1m") else { return };
    assert_eq!(made.outcome, ReproOutcome::HarnessError, "{}", made.why);
    assert!(made.why.contains("no-such-program"), "{}", made.why);
}

#[test]
fn nobody_is_asked_where_nobody_can_answer() {
    let session = session();
    saying(&session, "ada", &review("touch /tmp/it-ran", None));
    session.run(&["run", "--reviewer", "ada"]).expect(0);
    let ran = again(&session, &[]).expect(6);
    assert!(
        ran.stderr.contains("nobody agreed") || ran.stderr.contains("cannot be confined"),
        "{}",
        ran.stderr
    );
}

#[test]
fn neither_home_nor_tree_nor_machine_nor_network_is_reached() {
    let session = session();
    let key = session.home().join(".ssh/id_ed25519");
    std::fs::create_dir_all(key.parent().expect("a parent")).expect("a folder");
    std::fs::write(&key, "the-secret-key").expect("written");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("can be");
    let port = listener.local_addr().expect("an address").port();
    let socket = session.repo.scratch().join("agent.sock");
    let sock = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    sock.set_nonblocking(true).expect("can be");
    let before = (files(session.home()), files(&session.repo.path().join("src")));
    let (home, tree) = (session.home().display().to_string(), session.repo.path().display().to_string());
    let script = format!(
        "cat {home}/.ssh/id_ed25519 ~/.ssh/* /root/.ssh/*\n\
         echo evil >> {tree}/src/main.rs; echo evil > {tree}/new; rm -rf {tree}/src {home}\n\
         echo evil > /tree/src/main.rs; echo evil > /repro/repro.sh; rm -rf /tree /repro\n\
         echo evil >> src/main.rs; git commit -qam evil; git push {tree} HEAD:refs/heads/evil\n\
         git -C {tree} branch evil\n\
         echo hello > /dev/tcp/127.0.0.1/{port}\n\
         python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.connect(\"{}\")'\n\
         mount -o remount,rw /usr; unshare -Ur true && echo nested; kill -9 -1; kill -9 {}\n\
         ls /proc | grep -c '^[0-9]'\n\
         env\nexit 0",
        socket.display(),
        std::process::id()
    );
    let Some(made) = made(&session, &script, None, "1m") else { return };
    let head = made.head.expect("ran");
    assert!(!head.output.contains("the-secret-key"), "{}", head.output);
    assert!(!head.output.contains("DEEP_REVIEW"), "{}", head.output);
    assert!(listener.accept().is_err(), "a confined script reached a port");
    assert!(sock.accept().is_err(), "a confined script reached a socket");
    // What deep-review itself keeps in the home's cache is gone again.
    let after = (files(session.home()), files(&session.repo.path().join("src")));
    assert_eq!(before.1, after.1);
    assert!(after.0.iter().any(|(path, text)| *path == key && text == b"the-secret-key"));
    assert!(!session.repo.path().join("new").exists());
    assert!(!session.repo.git(&["branch", "--list", "evil"]).contains("evil"));
}

#[test]
fn hungry_scripts_end_and_the_machine_goes_on() {
    let bomb = "f() { f | f & }; f; sleep 30";
    let flood = "yes 0123456789012345678901234567890123456789";
    let disk = "dd if=/dev/zero of=big bs=1M count=100000 2>&1 | tail -1; cat /dev/zero > /tmp/big; cat /dev/zero > ~/big; \
                cat /dev/zero > /dev/shm/big; echo filled; df -k /work /tmp | tail -2";
    let daemon = "setsid sleep 1000 & (trap '' TERM INT HUP; sleep 1000) & echo left two";
    for (name, script) in [("bomb", bomb), ("flood", flood), ("disk", disk), ("daemon", daemon)] {
        let begun = std::time::Instant::now();
        let Some((_session, made)) = tried(script, None, if name == "bomb" { "10s" } else { "60s" }) else {
            return;
        };
        let head = made.head.expect("ran");
        assert!(begun.elapsed() < Duration::from_mins(3), "{name} took {:?}", begun.elapsed());
        match name {
            "flood" => assert_eq!(head.ending, model::Ending::OutputLimit, "{head:?}"),
            "disk" => assert!(head.output.contains("filled"), "{head:?}"),
            "daemon" => assert!(head.output.contains("left two"), "{head:?}"),
            _ => {}
        }
        assert!(head.notes.iter().all(|note| !note.contains("not proven")), "{name}: {:?}", head.notes);
    }
}
