//! Cancelling reaches the attempts it is meant for, and news of an attempt arrives while it runs.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::bench::{Bench, limits, text, until};
use model::Ending;
use supervise::{Cancel, Progress, Stage};

#[test]
fn cancelling_one_of_three_leaves_the_others_alone() {
    let bench = Bench::new();
    let all = Cancel::new();
    let one = all.child();
    std::thread::scope(|scope| {
        let start = |name: &str, script: &str, cancel: Cancel| {
            let program = bench.program_in(name, script);
            scope.spawn(move || supervise::run(&program, &limits(), &cancel, &mut |_| {}))
        };
        let cancelled = start("one", "print here\nsleep 60s", one.clone());
        let others =
            [start("two", "chatter 20 50ms", all.child()), start("three", "chatter 20 50ms", all.child())];
        until("the first words", || {
            std::fs::read(bench.path("one/stdout")).is_ok_and(|text| !text.is_empty())
        });
        one.cancel();
        let cancelled = cancelled.join().expect("an outcome");
        assert_eq!(cancelled.ending, Ending::Cancelled, "{cancelled:?}");
        assert_eq!(text(&cancelled.stdout), "here\n");
        for other in others {
            let other = other.join().expect("an outcome");
            assert_eq!(other.ending, Ending::Finished, "{other:?}");
            assert_eq!(text(&other.stdout).lines().count(), 20);
        }
    });
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn a_kill_skips_the_requests_even_after_a_cancel() {
    for cancel_first in [false, true] {
        let bench = Bench::new();
        let cancel = Cancel::new();
        let mut limits = limits();
        limits.grace.interrupt = Duration::from_mins(1);
        let program = bench.program("print here\nsleep 60s");
        let outcome = supervise::run(&program, &limits, &cancel, &mut |news| match news {
            Progress::Output { .. } if cancel_first => cancel.cancel(),
            Progress::Output { .. } | Progress::Stopping { stage: Stage::Interrupt } => cancel.kill(),
            _ => {}
        });
        assert_eq!(outcome.ending, Ending::Cancelled, "{outcome:?}");
        assert!(outcome.tree_gone && outcome.ms < 40_000, "{outcome:?}");
    }
}

#[test]
fn many_programs_go_down_together() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    let running = Mutex::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let attempts: Vec<_> = (0..8)
            .map(|number| {
                let script = "setsid-child 60s\nprint here\nsleep 60s";
                let program = bench.program_in(&format!("run{number}"), script);
                let (cancel, running) = (&cancel, &running);
                scope.spawn(move || {
                    supervise::run(&program, &limits(), cancel, &mut |news| {
                        if matches!(news, Progress::Output { .. }) {
                            *running.lock().expect("no panic") += 1;
                        }
                    })
                })
            })
            .collect();
        until("all of them to speak", || *running.lock().expect("no panic") >= 8);
        cancel.cancel();
        for attempt in attempts {
            let outcome = attempt.join().expect("an outcome");
            assert_eq!(
                (outcome.ending, outcome.stopped_by),
                (Ending::Cancelled, Some(Stage::Kill)),
                "{outcome:?}"
            );
            assert!(outcome.tree_gone);
        }
    });
    assert!(began.elapsed().as_secs() < 40, "not one after the other");
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn news_arrives_while_the_program_runs() {
    let bench = Bench::new();
    let mut news = Vec::new();
    let program = bench.program("print here\nsleep 1s\nprint there\nsleep 1s");
    let outcome = supervise::run(&program, &limits(), &Cancel::new(), &mut |one| news.push(one));
    assert_eq!(outcome.ending, Ending::Finished);
    assert!(matches!(news[0], Progress::Started { pid } if pid > 1), "{news:?}");
    assert!(news.contains(&Progress::Output { stdout: 5, stderr: 0 }), "{news:?}");
}

#[test]
fn lines_are_shown_as_they_come_and_an_attempt_can_be_broken_off_because_of_one() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    let one = cancel.child();
    let mut lines = Vec::new();
    let mut line = |text: &[u8]| {
        lines.push(String::from_utf8_lossy(text).into_owned());
        if text == b"usage limit" {
            one.break_off("it said so");
        }
    };
    let program = bench.program("print first\nprint usage limit\nsleep 60s");
    let outcome = supervise::run_watched(&program, &limits(), &one, &mut |_| {}, Some(&mut line));
    assert_eq!(lines, ["first", "usage limit"]);
    assert_eq!(outcome.ending, Ending::Failed, "{outcome:?}");
    assert_eq!(outcome.broken_off.as_deref(), Some("it said so"));
    assert!(outcome.tree_gone && !cancel.is_cancelled());
}
