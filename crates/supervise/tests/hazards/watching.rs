//! Lines are shown as they come, an attempt can be broken off for a reason, and each program has its own first signal.

use std::time::Duration;

use crate::bench::{BOTH, Bench, held, limits, text};
use model::Ending;
use supervise::{Cancel, Interrupt, Limits, Pulse, Stage, run_watched};

#[test]
fn whole_lines_are_shown_while_the_program_runs() {
    let bench = Bench::new();
    let program = bench.program("print one\nsleep 400ms\nprint two\nflood 100B\nprint-error not this");
    let mut lines = Vec::new();
    let mut line = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
    let outcome = run_watched(&program, &limits(), &Cancel::new(), &mut |_| {}, Some(&mut line));
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    assert_eq!(&lines[..2], ["one", "two"]);
    assert_eq!(lines.join("\n"), text(&outcome.stdout), "the last line has no end, and is shown at the end");
}

#[test]
fn what_was_read_can_end_the_attempt_at_once_and_is_its_reason() {
    for (hold, _) in BOTH {
        let bench = Bench::new();
        let program = bench.program("print fine\nprint error 401\nsleep 60s");
        let all = Cancel::new();
        let one = all.child();
        let mut line = |line: &[u8]| {
            if line.ends_with(b"401") {
                one.break_off("the key is refused");
            }
        };
        let outcome = run_watched(&program, &held(hold), &one, &mut |_| {}, Some(&mut line));
        assert_eq!(outcome.ending, Ending::Failed, "{outcome:?}");
        assert_eq!(outcome.broken_off.as_deref(), Some("the key is refused"));
        assert_eq!((outcome.stopped_by, outcome.tree_gone), (Some(Stage::Interrupt), true), "{outcome:?}");
        assert!(outcome.ms < 30_000 && !all.is_cancelled(), "{outcome:?}");
        assert_eq!(text(&outcome.stdout), "fine\nerror 401\n");
    }
}

#[test]
fn a_program_that_had_ended_by_itself_was_not_broken_off() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    let program = bench.program("print error 401\nexit 0");
    let mut line = |_: &[u8]| {
        // Long enough for the program to have ended.
        std::thread::sleep(Duration::from_millis(500));
        cancel.break_off("too late");
    };
    let outcome = run_watched(&program, &limits(), &cancel, &mut |_| {}, Some(&mut line));
    assert_eq!((outcome.ending, outcome.broken_off), (Ending::Finished, None));
}

#[test]
fn the_first_signal_is_the_one_the_program_wants() {
    let script = "trap 'echo by int; exit 3' INT; trap 'echo by term; exit 4' TERM; echo here; \
        while :; do sleep 0.05; done";
    for (interrupt, said, exit) in [(Interrupt::Int, "by int", 3), (Interrupt::Term, "by term", 4)] {
        for (hold, _) in BOTH {
            let bench = Bench::new();
            let mut limits = Limits { wall: Duration::from_millis(700), interrupt, ..held(hold) };
            limits.grace.interrupt = Duration::from_secs(20);
            let outcome = supervise::run(&bench.shell(script), &limits, &Cancel::new(), &mut |_| {});
            assert_eq!(text(&outcome.stdout), format!("here\n{said}\n"), "{outcome:?}");
            assert_eq!((outcome.exit, outcome.stopped_by), (Some(exit), Some(Stage::Interrupt)));
        }
    }
}

#[test]
fn noise_on_standard_error_is_no_sign_of_life_where_standard_output_is_the_stream() {
    let script = "echo begun; while :; do echo still waiting >&2; sleep 0.05; done";
    for (pulse, ending) in [(Pulse::Stdout, Ending::Stalled), (Pulse::Either, Ending::TimedOut)] {
        let bench = Bench::new();
        let (silence, wall) = (Duration::from_millis(1500), Duration::from_secs(3));
        let limits = Limits { silence, wall, pulse, ..limits() };
        let outcome = supervise::run(&bench.shell(script), &limits, &Cancel::new(), &mut |_| {});
        assert_eq!(outcome.ending, ending, "{outcome:?}");
    }
}
