//! Terminal manners: help, exit codes, streams, colour.

mod common;

use common::session;

#[test]
fn help_teaches() {
    let session = session();
    let ran = session.run(&["--help"]).expect(0);
    for word in ["consolidate", "--reviewer builtin", "Exit codes"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("__keeper"));
    for command in ["run", "read", "consolidate", "show", "log", "open", "report", "gc", "doctor", "config"] {
        session.run(&[command, "--help"]).expect(0);
    }
}

#[test]
fn json_is_alone_on_stdout() {
    let session = session();
    let ran = session.run(&["--json", "--reviewer", "builtin"]).expect(0);
    assert!(ran.stdout.starts_with('{') && ran.stdout.trim_end().ends_with('}'));
    assert!(ran.stderr.contains("builtin"), "progress goes to stderr: {}", ran.stderr);
    let quiet = session.run(&["--json", "--quiet", "--reviewer", "builtin"]).expect(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn colour_stays_away_from_pipes() {
    let session = session();
    let plain = session.run(&["--reviewer", "builtin"]).expect(0);
    assert!(!plain.stdout.contains('\u{1b}') && !plain.stderr.contains('\u{1b}'));
    let colour = session.run(&["--reviewer", "builtin", "--color", "always"]).expect(0);
    assert!(colour.stdout.contains('\u{1b}'));
}

#[test]
fn small_commands_answer() {
    let session = session();
    for words in [
        &["doctor"][..],
        &["reviewers"],
        &["config", "show"],
        &["config", "explain", "review.quorum"],
        &["config", "path"],
        &["schema", "report"],
        &["completions", "bash"],
        &["man"],
        &["log"],
    ] {
        session.run(words).expect(0);
    }
    let ran = session.run(&["config", "explain", "review.quorun"]).expect(2);
    assert!(ran.stderr.contains("review.quorum"), "{}", ran.stderr);
}

#[test]
fn progress_can_be_read_by_programs() {
    let session = session();
    let ran = session.run(&["--progress", "json", "--reviewer", "builtin"]).expect(0);
    for line in ran.stderr.lines() {
        let event: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(event["event"].is_string() && event["at"].is_string(), "{line}");
    }
}
