//! Whatever the cause, an attempt goes down the same ladder, and its record says so.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::bench::{BOTH, Bench, held, until};
use crate::held::supervisor_of;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use supervise::{Cancel, Hold, Limits, Progress, recover};

const STUBBORN: &str = "ignore-sigint\nignore-sigterm\nsetsid-child 60s\nprint here\nsleep 60s";

/// Runs the stubborn program until the cause ends it.
type Cause = fn(&Bench, &Limits);

fn run(bench: &Bench, limits: &Limits) {
    let _ = supervise::run(&bench.program(STUBBORN), limits, &Cancel::new(), &mut |_| {});
}

/// Runs the program, and does something when it has spoken.
fn run_and(bench: &Bench, limits: &Limits, cancel: &Cancel, then: &dyn Fn()) {
    let _ = supervise::run(&bench.program(STUBBORN), limits, cancel, &mut |news| {
        if matches!(news, Progress::Output { .. }) {
            then();
        }
    });
}

fn pid_of(bench: &Bench, name: &str) -> Pid {
    let pid = || Pid::from_raw(i32::try_from(bench.record()[name]["pid"].as_i64()?).ok()?);
    until("a recorded process", || pid().is_some());
    pid().expect("a number")
}

const CAUSES: [(&str, Cause); 8] = [
    ("wall", |bench, limits| run(bench, &Limits { wall: Duration::from_secs(1), ..limits.clone() })),
    ("silence", |bench, limits| run(bench, &Limits { silence: Duration::from_secs(1), ..limits.clone() })),
    ("output", |bench, limits| run(bench, &Limits { output: 2, ..limits.clone() })),
    ("cancel", |bench, limits| {
        let cancel = Cancel::new();
        run_and(bench, limits, &cancel, &|| cancel.cancel());
    }),
    ("broken off", |bench, limits| {
        let cancel = Cancel::new();
        run_and(bench, limits, &cancel, &|| cancel.break_off("no use"));
    }),
    ("a signal to the keeper", |bench, limits| {
        run_and(bench, limits, &Cancel::new(), &|| {
            kill_process(pid_of(bench, "keeper"), Signal::TERM).expect("asked");
        });
    }),
    ("a panic of ours", |bench, limits| {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            run_and(bench, limits, &Cancel::new(), &|| std::panic::resume_unwind(Box::new("ours")));
        }));
        assert!(panicked.is_err());
    }),
    ("our death", |bench, limits| {
        let mut child = supervisor_of(bench, STUBBORN, limits.hold);
        until("its words", || std::fs::read(bench.path("run/stdout")).is_ok_and(|text| !text.is_empty()));
        child.kill().expect("killed");
        child.wait().expect("reaped");
    }),
];

#[test]
fn every_cause_climbs_the_same_rungs_in_the_same_order() {
    std::thread::scope(|scope| {
        for (name, cause) in CAUSES {
            for (hold, _) in BOTH {
                scope.spawn(move || climb(name, cause, hold));
            }
        }
    });
}

fn climb(name: &str, cause: Cause, hold: Hold) {
    let bench = Bench::new();
    cause(&bench, &held(hold));
    assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new(), "{name} {hold:?}");
    let recovery = recover(&bench.path(""));
    assert_eq!(recovery.notes, Vec::<String>::new(), "{name} {hold:?}");
    let record = bench.record();
    let all = json!(["interrupt", "terminate", "kill"]);
    assert_eq!(record["end"]["climbed"], all, "{name} {hold:?}: {record}");
    assert_eq!(record["phase"], "closed", "{name} {hold:?}");
    assert_eq!(record["end"]["tree_gone"], true, "{name} {hold:?}: {record}");
    assert!(!bench.path("run/supervisor.lock").exists(), "{name} {hold:?}: nothing is left to do");
}

#[test]
fn the_next_start_climbs_them_too() {
    let bench = Bench::new();
    let mut child = supervisor_of(&bench, STUBBORN, Hold::Loose);
    until("its words", || std::fs::read(bench.path("run/stdout")).is_ok_and(|text| !text.is_empty()));
    let keeper = pid_of(&bench, "keeper");
    kill_process(keeper, Signal::STOP).expect("stopped");
    child.kill().expect("killed");
    child.wait().expect("reaped");
    // The program itself dies with its keeper, a moment after it: on a busy machine it may still be seen and be talked to first.
    // What is left in any case is its child, and that is as stubborn.
    let recovery = recover(&bench.path(""));
    let ended = recovery.attempts[0].ended_now;
    assert!((1..=2).contains(&ended), "{recovery:?}");
    let climbed = bench.record()["end"]["climbed"].clone();
    let alone = json!(["terminate", "kill"]);
    assert!(
        climbed == alone || ended == 2 && climbed == json!(["interrupt", "terminate", "kill"]),
        "{climbed}"
    );
    assert_eq!(bench.survivors(), Vec::<String>::new());
}
