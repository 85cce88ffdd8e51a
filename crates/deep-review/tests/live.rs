//! The live display on a terminal: lanes that fit, keys that act, and a terminal that is given back on every way out.

// The helper that gives a program a terminal of its own keeps it open, which macOS does not allow.
#![cfg(all(unix, not(target_os = "macos")))]

mod common;

use std::time::Duration;

use common::terminal::Terminal;
use common::{counting, json, reviewer, run_folders, saying, session};
use rustix::process::Signal;
use test_kit::TestSession;

/// A reviewer that is done at once, and one that takes its time.
fn panel() -> TestSession {
    let session = session();
    saying(&session, "quick", common::MARKDOWN_REVIEW);
    counting(&session, "slow", "print begun\nsleep 60s\nsay REVIEW\n", "");
    session
}

const BOTH: [&str; 5] = ["--reviewer", "quick", "--reviewer", "slow", "--no-builtin"];

fn at_work(session: &TestSession, words: &[&str], columns: u16) -> Terminal {
    let terminal = Terminal::start(session, &[&BOTH[..], words].concat(), columns);
    terminal.wait_for("done");
    terminal.wait("the slow reviewer's lane", || {
        terminal.text().lines().any(|line| line.contains("slow") && line.contains("running"))
    });
    terminal
}

#[test]
fn lanes_fit_the_terminal_however_narrow_it_is() {
    for columns in [100, 80, 44, 30] {
        let session = panel();
        let terminal = at_work(&session, &[], columns);
        terminal.press("d");
        terminal.wait_for("    "); // details stand under the lanes
        std::thread::sleep(Duration::from_millis(500));
        {
            let parser = terminal.screen.lock().unwrap();
            let rows: Vec<String> = parser.screen().rows(0, columns).collect();
            let lanes: Vec<usize> = (0..rows.len())
                .filter(|at| ["running", "done "].iter().any(|word| rows[*at].contains(word)))
                .collect();
            assert_eq!(lanes.len(), 2, "each reviewer has one lane: {rows:#?}");
            // The rest of a line that went on would begin at the margin.
            for row in rows.iter().filter(|row| !row.trim().is_empty()) {
                assert!(row.starts_with("  "), "a lane is one row: {rows:#?}");
            }
        }
        terminal.signal(Signal::INT);
        assert_eq!(terminal.end().0, 3);
    }
}

#[test]
fn one_reviewer_is_skipped_and_the_others_count() {
    let session = panel();
    let terminal = at_work(&session, &["--quorum", "1"], 80);
    terminal.wait_for("s skip a reviewer");
    assert!(!terminal.is_as_it_was(), "keys come without Enter");
    terminal.press("s");
    terminal.wait_for("skip: 1 slow");
    terminal.press("x");
    terminal.wait_for("s skip a reviewer");
    terminal.press("s");
    terminal.wait_for("skip: 1 slow");
    terminal.press("1");
    let (code, text) = terminal.end();
    assert_eq!(code, 0, "the quorum of one is reached: {text}");
    let report = json(&session.run(&["show", "--json"]).expect(0));
    let row = reviewer(&report, "slow");
    assert_eq!((&row["ending"], &row["state"]), (&"skipped".into(), &"failed".into()), "{row:#}");
    assert!(row["error"].as_str().unwrap().contains("skipped"), "{row:#}");
    assert_eq!(row["tree_gone"], true, "its attempt ended cleanly");
    assert_eq!(report["run"]["complete"], true);
    assert_eq!(report["run"]["quorum"], serde_json::json!([1, 1]));
    let markdown = session.run(&["report", "-f", "md"]).expect(0).stdout;
    assert!(markdown.contains("~~slow~~ (skipped"), "{markdown}");
    // A person decided, so nothing is left to go on with.
    session.run(&["resume"]).expect(2);
}

#[test]
fn a_quorum_that_is_not_reached_without_the_skipped_one_is_no_verdict() {
    let session = panel();
    let terminal = at_work(&session, &["--quorum", "2"], 80);
    terminal.wait_for("s skip a reviewer");
    terminal.press("s");
    terminal.wait_for("skip: 1 slow");
    terminal.press("1");
    assert_eq!(terminal.end().0, 3);
    let report = json(&session.run(&["show", "--json"]).expect(0));
    assert_eq!(report["verdict"]["value"], "incomplete");
    assert_eq!(report["run"]["quorum"], serde_json::json!([2, 1]));
}

#[test]
fn the_terminal_is_given_back_whoever_ends_the_run() {
    for (keys, signals, code) in [
        ("\u{3}", &[][..], 3),
        ("", &[Signal::TERM][..], 3),
        ("\u{3}", &[Signal::INT][..], 130),
        ("", &[Signal::TERM, Signal::TERM][..], 143),
    ] {
        let session = panel();
        let terminal = at_work(&session, &[], 80);
        terminal.wait_for("s skip a reviewer");
        terminal.press(keys);
        if !keys.is_empty() {
            terminal.wait_for("stopping");
        }
        for signal in signals {
            terminal.signal(*signal);
            std::thread::sleep(Duration::from_millis(300));
        }
        let ended = terminal.end();
        // A run that is stopped may be done before the second signal comes.
        assert!(ended.0 == code || ended.0 == 3, "{keys:?} {signals:?}: {ended:?}");
    }
}

#[test]
fn a_suspended_run_lends_the_terminal_and_takes_it_again() {
    let session = panel();
    let terminal = at_work(&session, &[], 80);
    terminal.wait_for("s skip a reviewer");
    if terminal.state().is_none() {
        println!("skipped: this system does not tell whether a process is suspended");
        terminal.signal(Signal::INT);
        terminal.end();
        return;
    }
    terminal.press("\u{1a}");
    terminal.wait("the suspension", || terminal.state() == Some('T'));
    assert!(terminal.is_as_it_was(), "a shell gets its terminal as it was");
    terminal.signal(Signal::CONT);
    terminal.wait("the keys again", || !terminal.is_as_it_was());
    terminal.press("s");
    terminal.wait_for("skip: 1 slow");
    terminal.press("1");
    assert_eq!(terminal.end().0, 3);
    assert!(!run_folders(&session).is_empty());
}

#[test]
fn without_a_terminal_or_on_a_dumb_one_there_are_plain_lines() {
    let session = session();
    saying(&session, "quick", common::MARKDOWN_REVIEW);
    let words = ["--reviewer", "quick", "--no-builtin"];
    let ran = session.run(&words).expect(0);
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains('\r'), "{:?}", ran.stderr);
    assert!(ran.stderr.lines().any(|line| line.ends_with("quick started")), "{}", ran.stderr);

    let terminal = Terminal::with(&session, &words, (24, 80), &[("TERM", "dumb")]);
    let raw = terminal.raw();
    let (code, text) = terminal.end();
    assert_eq!(code, 0);
    let raw = String::from_utf8_lossy(&raw.lock().unwrap()).into_owned();
    assert!(text.contains("quick started") && !raw.contains('\u{1b}'), "{raw:?}");
}
