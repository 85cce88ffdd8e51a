//! Reviewers that misbehave: each has a named ending, costs only itself, and leaves nothing behind.

mod common;

use common::{MARKDOWN_REVIEW, json, reviewer, scripted, session};
use serde_json::Value;

/// Runs one scripted reviewer with short limits and returns its row and the whole report.
fn row_of(script: &str, keys: &str) -> (Value, Value) {
    let session = session();
    let review = session.beside("review.md", MARKDOWN_REVIEW);
    let script = script.replace("REVIEW", review.to_str().expect("UTF-8"));
    scripted(&session, "odd", &script, keys);
    let ran = session.run(&["--json", "--reviewer", "odd"]);
    let report = json(&ran);
    let row = reviewer(&report, "odd").clone();
    if row["state"] != "finished" {
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert_eq!(report["verdict"]["value"], "incomplete", "a failed reviewer is never a pass");
    }
    (row, report)
}

fn ending_of(script: &str, keys: &str) -> String {
    let (row, _) = row_of(script, keys);
    assert_ne!(row["tree_gone"], false, "something of it may still run: {row:#}");
    row["ending"].as_str().expect("an ending").to_owned()
}

#[test]
fn silence_is_a_stall() {
    assert_eq!(ending_of("sleep 60s\n", "silence = \"1s\""), "stalled");
}

#[test]
fn a_wait_on_standard_input_ends_at_once() {
    // Standard input is empty, so a reader of it sees its end.
    let (row, _) = row_of("read-stdin-forever\n", "timeout = \"5s\"\nsilence = \"5s\"");
    assert_ne!(row["state"], "finished", "{row:#}");
}

#[test]
fn talking_for_ever_meets_the_wall() {
    let script = "print working\nsleep 1s\n".repeat(30);
    assert_eq!(ending_of(&script, "timeout = \"2s\""), "timed-out");
}

#[test]
fn a_flood_is_cut() {
    let (row, _) = row_of("flood 200MB\n", "output_limit = \"1MB\"");
    assert_eq!(row["ending"], "output-limit", "{row:#}");
    assert!(row["receipt"]["bytes_out"].as_u64().unwrap() <= 1_000_000);
}

#[test]
fn bytes_that_are_no_text_are_no_review() {
    let (row, _) = row_of("invalid-utf8\n", "");
    assert_ne!(row["state"], "finished", "{row:#}");
}

#[test]
fn a_deaf_program_is_ended_all_the_same() {
    assert_eq!(ending_of("ignore-sigterm\nignore-sigint\nsleep 60s\n", "silence = \"1s\""), "stalled");
}

#[test]
fn a_child_that_holds_the_output_does_not_hold_the_review() {
    let (row, report) = row_of("say REVIEW\nhold-stdout-in-child 60s\n", "");
    assert_eq!(row["ending"], "leaky", "{row:#}");
    assert_eq!(row["state"], "finished");
    assert_eq!(row["tree_gone"], true);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn nothing_said_is_empty_and_not_clean() {
    assert_eq!(ending_of("exit 0\n", ""), "empty");
}

#[test]
fn a_quota_message_is_no_review() {
    assert_eq!(ending_of("print-quota-error\nexit 0\n", ""), "unable-to-review");
}

#[test]
fn half_a_json_is_noticed() {
    let (row, _) = row_of("half-json\n", "");
    assert_eq!(row["ending"], "truncated", "{row:#}");
}

#[test]
fn an_exit_code_is_a_failure_whatever_was_said() {
    let (row, report) = row_of("say REVIEW\nexit 3\n", "");
    assert_eq!(row["ending"], "failed");
    assert!(row["error"].as_str().unwrap().contains('3'), "{row:#}");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "what it said until then is read");
}

#[test]
fn a_reviewer_that_edits_its_checkout_is_reported() {
    let (row, _) = row_of("edit src/store.rs\nsay REVIEW\n", "");
    let notes = row["notes"].to_string();
    assert!(notes.contains("src/store.rs"), "{row:#}");
    assert_eq!(row["state"], "finished");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let session = session();
    let config = session.beside("c.toml", "[reviewers.ghost]\ncommand = [\"no-such-program-anywhere\"]\n");
    let ran = session.run(&["--json", "--config", config.to_str().unwrap(), "--reviewer", "ghost"]).expect(3);
    let report = json(&ran);
    let row = reviewer(&report, "ghost");
    assert_eq!(row["ending"], "not-started", "{row:#}");
    assert!(row["error"].as_str().unwrap().contains("no-such-program-anywhere"), "{row:#}");
}

#[test]
fn the_others_are_heard_when_one_hangs() {
    let session = session();
    let review = session.beside("review.md", MARKDOWN_REVIEW);
    scripted(&session, "good", &format!("say {}\n", review.display()), "");
    scripted(&session, "hung", "sleep 60s\n", "silence = \"1s\"");
    let ran = session.run(&["--json", "--reviewer", "good", "--reviewer", "hung"]).expect(3);
    let report = json(&ran);
    assert_eq!(reviewer(&report, "good")["state"], "finished");
    assert_eq!(reviewer(&report, "hung")["ending"], "stalled");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn the_deadline_of_the_run_consolidates_what_arrived() {
    let session = session();
    let review = session.beside("review.md", MARKDOWN_REVIEW);
    scripted(&session, "good", &format!("say {}\n", review.display()), "");
    scripted(&session, "slow", "sleep 60s\n", "");
    let ran =
        session.run(&["--json", "--deadline", "2s", "--reviewer", "good", "--reviewer", "slow"]).expect(5);
    let report = json(&ran);
    assert_eq!(reviewer(&report, "slow")["ending"], "cancelled");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["run"]["complete"], false);
}
