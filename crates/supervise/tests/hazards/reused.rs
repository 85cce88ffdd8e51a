//! A number that was given to somebody else is never signalled. The next number is chosen by hand, which needs a PID
//! namespace of the test's own.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::{Bench, loosely};
use crate::inside::{OWN_PIDS, inside, is_inside};
use crate::recovering::{abandoned, identity};
use model::Ending;
use serde_json::json;
use supervise::recover;

#[test]
fn a_number_that_was_given_away_again_is_never_signalled() {
    inside("reused::give_away", OWN_PIDS);
}

fn sleeper() -> Child {
    Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("a process")
}

/// Ends the process, and makes an innocent one with its number.
fn replaced(mut child: Child) -> Child {
    let number = child.id();
    child.kill().expect("killed");
    child.wait().expect("reaped");
    for _ in 0..1000 {
        std::fs::write("/proc/sys/kernel/ns_last_pid", (number - 1).to_string()).expect("the next number");
        let mut next = sleeper();
        if next.id() == number {
            return next;
        }
        next.kill().expect("killed");
        next.wait().expect("reaped");
    }
    panic!("the number {number} was never given away again");
}

fn assert_spared(mut innocent: Child, what: &str) {
    assert!(innocent.try_wait().expect("a look").is_none(), "{what}: the innocent lives");
    innocent.kill().expect("killed");
    innocent.wait().expect("reaped");
}

#[test]
#[ignore = "started inside a PID namespace by another test"]
fn give_away() {
    if !is_inside() {
        return;
    }
    before_recovery();
    with_the_same_start();
    during_the_grace();
}

/// T14: between the crash and the next start.
fn before_recovery() {
    for role in ["leader", "init"] {
        let bench = Bench::new();
        let program = sleeper();
        let recorded = identity(program.id());
        let level = if role == "init" { "namespace" } else { "keeper" };
        abandoned(&bench, |record| {
            record["level"] = json!(level);
            record["init"] = serde_json::Value::Null;
            record[role] = recorded;
        });
        let innocent = replaced(program);
        let recovery = recover(&bench.path(""));
        let [attempt] = &recovery.attempts[..] else { panic!("{recovery:?}") };
        assert_eq!((attempt.ending, attempt.ended_now), (Ending::Lost, 0), "{attempt:?}");
        // Only the end of the first process of a namespace proves anything about the others.
        assert_eq!(attempt.tree_gone, role == "init", "{attempt:?}");
        assert_spared(innocent, role);
    }
}

/// T15: even where it started in the same tick of the clock, its handle is another.
fn with_the_same_start() {
    let bench = Bench::new();
    let program = sleeper();
    let mut recorded = identity(program.id());
    let innocent = replaced(program);
    if recorded["unique"].is_null() {
        // A kernel whose handles have no numbers of their own.
        return assert_spared(innocent, "no unique numbers here");
    }
    recorded["start"] = identity(innocent.id())["start"].clone();
    abandoned(&bench, |record| {
        record["level"] = json!("namespace");
        record["init"] = recorded;
    });
    let recovery = recover(&bench.path(""));
    assert_eq!((recovery.attempts[0].ended_now, recovery.attempts[0].tree_gone), (0, true), "{recovery:?}");
    assert_spared(innocent, "same start");
}

/// T16: while the program has time to end, it does, and its number is given away.
fn during_the_grace() {
    let bench = Bench::new();
    let script = "trap '' INT TERM; while :; do sleep 0.1; done";
    let program = Command::new("sh").args(["-c", script]).stdin(Stdio::null()).spawn().expect("a process");
    let recorded = identity(program.id());
    abandoned(&bench, |record| {
        record["level"] = json!("keeper");
        record["init"] = serde_json::Value::Null;
        record["leader"] = recorded;
        let grace = serde_json::to_value(loosely().grace).expect("plain");
        record["limits"]["grace"] = grace;
        record["limits"]["grace"]["interrupt"] = json!({"secs": 2, "nanos": 0});
        record["limits"]["grace"]["terminate"] = json!({"secs": 2, "nanos": 0});
    });
    let recovery = std::thread::scope(|scope| {
        let recovery = scope.spawn(|| recover(&bench.path("")));
        std::thread::sleep(Duration::from_millis(700));
        let innocent = replaced(program);
        let recovery = recovery.join().expect("no panic");
        assert_spared(innocent, "during the grace");
        recovery
    });
    assert!(recovery.attempts[0].ended_now >= 1, "{recovery:?}");
}
