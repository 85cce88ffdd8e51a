//! Every hazard has a named ending, none survives, and what was written until then is kept.

use std::time::{Duration, Instant};

use crate::bench::{Bench, bytes, limits, text};
use model::Ending;
use supervise::{Level, Limits, Outcome, Stage, Stdin};

/// What holds for every ending: the tree is proven gone, and an independent look agrees.
fn assert_gone(bench: &Bench, outcome: &Outcome) {
    assert!(outcome.tree_gone, "{outcome:?}");
    assert_eq!(outcome.level, Some(Level::Job));
    assert_eq!(bench.survivors(), Vec::<String>::new(), "{outcome:?}");
    let record = std::fs::read_to_string(bench.path("run/record.json")).expect("a record");
    assert!(record.contains("\"phase\": \"closed\""), "{record}");
}

fn soon() -> Duration {
    Duration::from_millis(600)
}

#[test]
fn a_program_that_ends_well_is_finished_and_its_words_are_kept() {
    let bench = Bench::new();
    let outcome = bench.run("print hello\nprint-error world", &limits());
    assert_eq!(
        (outcome.ending, outcome.exit, outcome.signal),
        (Ending::Finished, Some(0), None),
        "{outcome:?}"
    );
    assert_eq!((text(&outcome.stdout), text(&outcome.stderr)), ("hello\n".to_owned(), "world\n".to_owned()));
    assert_eq!((outcome.bytes_out, outcome.stopped_by), (12, None));
    assert_eq!(outcome.notes, Vec::<String>::new());
    assert_gone(&bench, &outcome);
}

#[test]
fn an_exit_code_or_a_crash_of_its_own_is_failed() {
    let bench = Bench::new();
    let outcome = bench.run("print half a review\nexit 3", &limits());
    assert_eq!((outcome.ending, outcome.exit), (Ending::Failed, Some(3)));
    assert_eq!(text(&outcome.stdout), "half a review\n");
    assert_gone(&bench, &outcome);

    let bench = Bench::new();
    let outcome = bench.run("print before\ncrash", &limits());
    assert_eq!(outcome.ending, Ending::Failed, "{outcome:?}");
    assert!(outcome.exit.is_some_and(|code| code != 0), "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "before\n");
    assert_gone(&bench, &outcome);
}

#[test]
fn silence_ends_a_program_that_hangs_and_keeps_what_it_wrote() {
    let bench = Bench::new();
    let outcome = bench.run("print the first half\nsleep 60s", &Limits { silence: soon(), ..limits() });
    assert_eq!(outcome.ending, Ending::Stalled, "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "the first half\n");
    assert!(outcome.notes.contains(&"it wrote nothing for 0.6 s".to_owned()), "{outcome:?}");
    assert_gone(&bench, &outcome);
}

#[test]
fn a_program_that_reads_stdin_for_ever_gets_the_end_of_it_at_once_and_stalls() {
    let bench = Bench::new();
    let outcome = bench.run("read-stdin-forever", &Limits { silence: soon(), ..limits() });
    assert_eq!(outcome.ending, Ending::Stalled);
    assert_gone(&bench, &outcome);
}

#[test]
fn a_program_that_is_never_silent_and_never_done_meets_the_wall() {
    let bench = Bench::new();
    let outcome = bench.run("chatter 1000 50ms", &Limits { wall: Duration::from_secs(1), ..limits() });
    assert_eq!(outcome.ending, Ending::TimedOut);
    assert!(text(&outcome.stdout).starts_with("line 0\nline 1\n"), "{outcome:?}");
    assert!(outcome.notes.contains(&"it ran longer than its limit of 1 s".to_owned()), "{outcome:?}");
    assert_gone(&bench, &outcome);
}

#[test]
fn an_interrupt_that_cannot_be_sent_is_told_its_patience_is_kept_and_the_end_is_a_kill() {
    let bench = Bench::new();
    let outcome = bench.run("print here\nsleep 60s", &Limits { wall: soon(), ..limits() });
    assert_eq!(outcome.ending, Ending::TimedOut, "{outcome:?}");
    if outcome.stopped_by == Some(Stage::Interrupt) {
        // A console is shared with the program, and the event ended it.
        assert!(!outcome.notes.iter().any(|note| note.contains("unavailable")), "{outcome:?}");
    } else {
        assert_eq!(outcome.stopped_by, Some(Stage::Kill), "{outcome:?}");
        assert!(outcome.notes.iter().any(|note| note.contains("interrupt unavailable")), "{outcome:?}");
        assert!(outcome.ms >= 600 + 300 + 300, "both patiences were kept: {outcome:?}");
    }
    assert_eq!(text(&outcome.stdout), "here\n");
    assert_gone(&bench, &outcome);
}

#[test]
fn a_flood_is_cut_at_the_limit_long_before_it_is_over() {
    for script in ["flood 200MB\nsleep 60s", "flood-stderr 200MB\nsleep 60s"] {
        let bench = Bench::new();
        let began = Instant::now();
        let outcome = bench.run(script, &Limits { output: 1_000_000, ..limits() });
        assert_eq!((outcome.ending, outcome.bytes_out), (Ending::OutputLimit, 1_000_000), "{outcome:?}");
        assert_eq!(bytes(&outcome.stdout).len() + bytes(&outcome.stderr).len(), 1_000_000);
        assert!(began.elapsed() < Duration::from_secs(30), "{outcome:?}");
        assert_gone(&bench, &outcome);
    }
}

#[test]
fn a_review_a_little_longer_than_the_limit_is_never_taken_for_a_whole_one() {
    let bench = Bench::new();
    let outcome = bench.run("flood 60KB", &Limits { output: 59_999, ..limits() });
    assert_eq!((outcome.ending, outcome.bytes_out), (Ending::OutputLimit, 59_999), "{outcome:?}");
    assert_gone(&bench, &outcome);
    let outcome = Bench::new().run("flood 60KB", &Limits { output: 60_000, ..limits() });
    assert_eq!(
        (outcome.ending, outcome.bytes_out),
        (Ending::Finished, 60_000),
        "the limit itself is allowed"
    );
}

#[test]
fn more_than_a_pipe_holds_arrives_whole() {
    let bench = Bench::new();
    let outcome = bench.run("flood 3MB\nflood-stderr 3MB\nprint end", &limits());
    assert_eq!((outcome.ending, outcome.bytes_out), (Ending::Finished, 6_000_004), "{outcome:?}");
    assert!(text(&outcome.stdout).ends_with("end\n"));
    assert_gone(&bench, &outcome);
}

#[test]
fn bytes_that_are_no_text_are_kept_as_they_are() {
    let bench = Bench::new();
    let outcome = bench.run("invalid-utf8", &limits());
    assert_eq!(outcome.ending, Ending::Finished);
    assert_eq!(bytes(&outcome.stdout), b"caf\xe9 \xff\xfe \xc3\x28\n");
    assert_gone(&bench, &outcome);
}

#[test]
fn a_child_that_holds_the_output_makes_it_leaky_and_is_ended() {
    let bench = Bench::new();
    let began = Instant::now();
    let outcome = bench.run("print a whole review\nhold-stdout-in-child 60s\nexit 0", &limits());
    assert_eq!((outcome.ending, outcome.exit), (Ending::Leaky, Some(0)), "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "a whole review\n");
    assert!(outcome.notes.iter().any(|note| note.contains("held open")), "{outcome:?}");
    assert!(
        outcome.notes.iter().any(|note| note.contains("outlived") && note.contains(&bench.mark)),
        "{outcome:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(40), "it did not wait for the child");
    assert_gone(&bench, &outcome);
}

#[test]
fn a_failed_program_stays_failed_when_a_child_holds_its_output() {
    let bench = Bench::new();
    let outcome = bench.run("hold-stdout-in-child 60s\nexit 3", &limits());
    assert_eq!((outcome.ending, outcome.exit), (Ending::Failed, Some(3)), "{outcome:?}");
    assert_gone(&bench, &outcome);
}

#[test]
fn detached_children_and_orphans_do_not_outlive_the_program() {
    let bench = Bench::new();
    let script =
        "setsid-child 60s\nown-group-child 60s\ndaemon-child 60s\nquiet-child 60s\nprint done\nexit 0";
    let outcome = bench.run(script, &limits());
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    // Children inherit every inheritable handle here, so even those that were told to be quiet may hold the output.
    assert!(matches!(outcome.ending, Ending::Finished | Ending::Leaky), "{outcome:?}");
    assert_eq!(outcome.stopped_by, Some(Stage::Kill), "{outcome:?}");
    let left = outcome.notes.iter().find(|note| note.contains("outlived")).expect("a note");
    assert_eq!(left.matches(&bench.mark).count(), 4, "{left}");
    assert_gone(&bench, &outcome);
}

#[test]
fn nobody_breaks_away_from_the_job() {
    let bench = Bench::new();
    let outcome = bench.run("breakaway-child 60s\nprint done\nexit 0", &limits());
    assert!(text(&outcome.stdout).starts_with("refused"), "{outcome:?}");
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    assert_gone(&bench, &outcome);
}

#[test]
fn the_whole_tree_goes_when_a_program_times_out() {
    let bench = Bench::new();
    let script = "setsid-child 60s\ndaemon-child 60s\nhold-stdout-in-child 60s\nsleep 60s";
    let outcome = bench.run(script, &Limits { wall: soon(), ..limits() });
    assert_eq!((outcome.ending, outcome.stopped_by), (Ending::TimedOut, Some(Stage::Kill)), "{outcome:?}");
    assert_gone(&bench, &outcome);
}

#[test]
fn limits_without_end_are_no_trouble() {
    let bench = Bench::new();
    let mut limits = Limits { wall: Duration::MAX, silence: Duration::MAX, output: u64::MAX, ..limits() };
    limits.grace.interrupt = Duration::MAX;
    let outcome = bench.run("print hello\nsleep 100ms\nprint world", &limits);
    assert_eq!((outcome.ending, outcome.bytes_out), (Ending::Finished, 12), "{outcome:?}");
    assert_gone(&bench, &outcome);
}

#[test]
fn it_reads_the_given_file_and_sees_the_given_environment_and_folder_and_nothing_else() {
    let bench = Bench::new();
    std::fs::write(bench.path("prompt"), "review this\n").expect("a prompt");
    let mut program = bench.program(
        "echo-prompt\nprint-environment GIVEN\nprint-environment FAKE_AGENT\nprint-environment DEEP_REVIEW_ATTEMPT\nedit here",
    );
    program.stdin = Stdin::File(bench.path("prompt"));
    program.environment.push(("GIVEN".into(), "1".into()));
    let outcome = supervise::run(&program, &limits(), &supervise::Cancel::new(), &mut |_| {});
    let said = "review this\nGIVEN=1\nFAKE_AGENT is not set\nDEEP_REVIEW_ATTEMPT is not set\n";
    assert_eq!(text(&outcome.stdout), said, "{outcome:?}");
    assert!(bench.path("here").exists());
    assert_gone(&bench, &outcome);
}

#[test]
fn a_program_cannot_change_what_it_has_said() {
    for target in ["run\\stdout", "run\\stderr"] {
        let bench = Bench::new();
        let outcome = bench.run(&format!("print said\nedit {target}"), &limits());
        // The agent says that it failed, and why.
        assert_eq!((outcome.ending, outcome.exit), (Ending::Failed, Some(64)), "{outcome:?}");
        assert_eq!(text(&outcome.stdout), "said\n");
        assert!(text(&outcome.stderr).starts_with("fake-agent: run\\std"), "{outcome:?}");
        assert_gone(&bench, &outcome);
    }
}
