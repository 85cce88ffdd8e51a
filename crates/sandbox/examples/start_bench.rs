//! What a sandbox costs at the start of a program: `cargo run --release -p sandbox --example start_bench -- target/release/deep-review`.
//!
//! In: the path of the release binary. Out: median and 95th percentile of starting `/bin/true`, with and without each sandbox.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement for people")]

use std::ffi::OsString;
use std::process::Command;
use std::time::{Duration, Instant};

use sandbox::{Folder, Possible, Room, Size, look};

const TIMES: usize = 100;

fn main() {
    let own = std::env::args_os().nth(1).expect("the path of the release binary");
    let own = std::path::absolute(own).expect("a path").into_os_string();
    let private = std::env::temp_dir().join(format!("sandbox-bench-{}", std::process::id()));
    let here = std::env::current_dir().expect("a folder");
    let room = Room {
        start: here.clone(),
        read: vec![Folder::in_place(here)],
        private: private.clone(),
        // bubblewrap takes no folder of memory without a size.
        temporary: Size::mebibytes(1),
        network: Some((private.join("socket"), 3128)),
        ..Room::default()
    };
    std::fs::create_dir_all(&private).expect("a folder");
    let _socket = socket(&private);
    let program = [OsString::from("/bin/true")];
    told("no sandbox", &program);
    for possible in [look(), Possible::Landlock] {
        let line = possible.furnish(&room, &[own.clone(), "__inside".into()], &program);
        match line {
            Ok(Some(line)) => told(possible.name(), &line),
            _ => println!("skipped: {}", possible.sentence()),
        }
    }
    std::fs::remove_dir_all(&private).expect("ours");
}

#[cfg(unix)]
fn socket(private: &std::path::Path) -> std::os::unix::net::UnixListener {
    std::os::unix::net::UnixListener::bind(private.join("socket")).expect("a socket")
}

#[cfg(not(unix))]
fn socket(_: &std::path::Path) {}

fn told(name: &str, line: &[OsString]) {
    let (program, arguments) = line.split_first().expect("a command");
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            let status = Command::new(program).args(arguments).status().expect("it starts");
            assert!(status.success(), "{name}: {status}");
            begun.elapsed()
        })
        .collect();
    times.sort();
    println!("{name:<12} median {:?}, 95 % {:?}", times[TIMES / 2], times[TIMES * 95 / 100]);
}
