//! The supervisor is ended at any moment, and nothing runs on: the job goes with its handle.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::{Bench, limits, text, until};
use model::Ending;
use supervise::{Cancel, Recovery, recover};

const SCRIPT: &str = "print here\nsetsid-child 60s\ndaemon-child 60s\nhold-stdout-in-child 60s\nsleep 60s";

/// This test program again, as a supervisor that can be ended.
#[test]
#[ignore = "started by other tests"]
fn as_supervisor() {
    let Ok(folder) = std::env::var("TEST_FOLDER") else { return };
    let Ok(mark) = std::env::var("TEST_MARK") else { return };
    let bench = Bench::at(Path::new(&folder), &mark);
    let outcome = supervise::run(&bench.program(SCRIPT), &limits(), &Cancel::new(), &mut |_| {});
    panic!("nobody ended this supervisor: {outcome:?}");
}

fn supervisor(bench: &Bench) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "deaths::as_supervisor", "--nocapture"])
        .env("TEST_FOLDER", bench.path(""))
        .env("TEST_MARK", &bench.mark)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a supervisor")
}

/// `TerminateProcess`: what the system does to a program that is not asked.
fn kill(mut child: Child) {
    child.kill().expect("killed");
    child.wait().expect("reaped");
}

/// What every death comes to: nobody is left, and a second start finds nothing to do.
fn assert_recovered(bench: &Bench) -> Recovery {
    let recovery = recover(&bench.path(""));
    assert_eq!(recovery.notes, Vec::<String>::new());
    assert_eq!(bench.survivors(), Vec::<String>::new(), "{recovery:?}");
    assert_eq!(recover(&bench.path("")), Recovery::default(), "once is enough");
    recovery
}

#[test]
fn a_killed_supervisor_takes_the_whole_tree_with_it() {
    let bench = Bench::new();
    let child = supervisor(&bench);
    until("the program to speak", || {
        std::fs::read(bench.path("run/stdout")).is_ok_and(|text| !text.is_empty())
    });
    until("its children", || bench.survivors().len() == 4);
    kill(child);
    // No new start is needed for this.
    assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new());
    let recovery = assert_recovered(&bench);
    let [attempt] = &recovery.attempts[..] else { panic!("{recovery:?}") };
    assert_eq!(
        (attempt.ending, attempt.tree_gone, attempt.ended_now),
        (Ending::Lost, true, 0),
        "{attempt:?}"
    );
    assert_eq!(text(&bench.path("run/stdout")), "here\n", "what it wrote is kept");
}

#[test]
fn a_supervisor_killed_in_its_first_milliseconds_leaves_nothing() {
    for milliseconds in (0..300).step_by(15) {
        let bench = Bench::new();
        let child = supervisor(&bench);
        std::thread::sleep(Duration::from_millis(milliseconds));
        kill(child);
        assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new(), "{milliseconds} ms");
        for attempt in assert_recovered(&bench).attempts {
            assert!(attempt.tree_gone, "{milliseconds} ms: {attempt:?}");
        }
        // Whatever the moment: the folder can be used again.
        assert_eq!(bench.run("print again", &limits()).ending, Ending::Finished, "{milliseconds} ms");
    }
}
