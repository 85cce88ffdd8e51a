//! Rounds on a terminal: the same commit is asked about, and rows are resolved with one key each.

#![cfg(all(unix, not(target_os = "macos")))]

mod common;

use common::terminal::Terminal;
use common::{STORE_AFTER, json, run_folders, saying, session};
use serde_json::{Value, json};
use test_kit::TestSession;

fn finding(id: &str, severity: &str, title: &str, line: u32, quote: &str) -> Value {
    json!({
        "id": id, "severity": severity, "kind": "regression", "title": title, "problem": "It is not what callers expect.",
        "locations": [{ "path": "src/store.rs", "start": line, "end": line, "quote": quote }],
        "scenario": { "trigger": "any call", "result": "another answer", "expected": "the right one" },
    })
}

/// A run with three findings, of which the first was repaired since.
fn reviewed() -> TestSession {
    let session = session();
    let findings = [
        finding(
            "I1",
            "important",
            "`truncate` keeps one record too many",
            8,
            "    records.truncate(limit + 1);",
        ),
        finding(
            "I2",
            "important",
            "A file that cannot be read gives an empty list",
            6,
            "    let text = fs::read_to_string(path).unwrap_or_default();",
        ),
        finding(
            "S1",
            "suggestion",
            "Lines are copied although a slice would do",
            7,
            "    let mut records: Vec<String> = text.lines().map(str::to_owned).collect();",
        ),
    ];
    let review =
        json!({ "schema": "deep-review/review/v1", "summary": "It was looked at.", "findings": findings });
    saying(&session, "ada", &review.to_string());
    session.run(&["--reviewer", "ada"]).expect(0);
    session
}

#[test]
fn rows_are_resolved_with_one_key_each_and_kept_as_they_are_pressed() {
    let session = reviewed();
    session.repo.write("src/store.rs", STORE_AFTER.replace("limit + 1", "limit")).commit("Repair it");
    let terminal = Terminal::start(&session, &["resolve"], 80);
    terminal.wait_for("1/3");
    terminal.wait_for("[Enter] Fixed →");
    // A slip decides nothing, and the keys can be asked for.
    terminal.press("x");
    terminal.press("?");
    terminal.press("\r");
    terminal.wait_for("2/3");
    terminal.wait_for("[Enter] leave open →");
    terminal.press("d");
    terminal.wait_for("why:");
    terminal.press("\r");
    terminal.wait_for("it needs a reason");
    terminal.press("d");
    terminal.press("an empty file is as good\r");
    terminal.wait_for("3/3");
    // What was pressed so far is written down already.
    let so_far = json(&session.run(&["decisions", "--json"]).expect(0));
    assert_eq!(so_far.as_array().expect("a list").len(), 2, "{so_far:#}");
    terminal.press("q");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("2 written down, 1 left open"), "{screen}");
    assert!(screen.lines().all(|line| line.trim_end().chars().count() <= 80), "{screen}");
    let shown = json(&session.run(&["show", "--json"]).expect(0));
    let states: Vec<&str> =
        shown["findings"].as_array().expect("a list").iter().filter_map(|it| it["state"].as_str()).collect();
    assert_eq!(states, ["fixed", "declined", "open"]);
}

#[test]
fn the_same_commit_is_asked_about_and_enter_asks_nobody() {
    let session = reviewed();
    session.run(&["--again", "--no-builtin"]).expect(0);
    let terminal = Terminal::start(&session, &["run", "--no-builtin"], 80);
    terminal.wait_for("Review it again? [y/N]");
    terminal.press("\r");
    let (code, screen) = terminal.end();
    assert!(code == 0 && screen.contains("nobody was asked"), "{screen}");
    assert_eq!(run_folders(&session).len(), 2);
    // The gate answers as it did.
    let terminal = Terminal::start(&session, &["ci", "--no-builtin"], 80);
    terminal.wait_for("Review it again? [y/N]");
    terminal.press("n\r");
    assert_eq!(terminal.end().0, 1);
    let terminal = Terminal::start(&session, &["run", "--no-builtin"], 80);
    terminal.wait_for("Review it again? [y/N]");
    terminal.press("y\r");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(run_folders(&session).len(), 3);
    // Who names a reviewer wants another view.
    let terminal = Terminal::start(&session, &["run", "--reviewer", "ada"], 80);
    assert_eq!(terminal.end().0, 0);
    assert_eq!(run_folders(&session).len(), 4);
}
