//! Ctrl-C and its relatives: the first stops and reports what has arrived, the second leaves at once.

#![cfg(unix)]

mod common;

use common::{Working, calls, counting, json, nobody_runs, reviewer, run_folders, session};
use rustix::process::Signal;
use test_kit::TestSession;

/// A reviewer that is done at once, and one that is not done at its first call and deaf to polite signals.
fn panel() -> TestSession {
    let session = session();
    counting(&session, "good", "say REVIEW\n", "");
    let deaf = "before 2 CALLS ignore-sigint\nbefore 2 CALLS ignore-sigterm\nprint begun\nbefore 2 CALLS sleep 60s\nsay REVIEW\n";
    counting(&session, "deaf", deaf, "");
    session
}

const BOTH: [&str; 4] = ["--reviewer", "good", "--reviewer", "deaf"];

fn at_work(session: &TestSession, words: &[&str]) -> Working {
    let mut working = Working::start(session, &[words, &BOTH[..]].concat());
    let progress = r#""event":"reviewer-ended","reviewer":"good""#;
    working.wait_for(session, &[progress, r#""event":"reviewer-started","reviewer":"deaf""#]);
    // Its first word is out when it is deaf.
    let spool = run_folders(session).pop().expect("a run").join("attempts");
    let begun = std::time::Instant::now();
    while !said(&spool).contains("begun") {
        assert!(begun.elapsed().as_secs() < 60, "the reviewer never spoke");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    working
}

fn said(spool: &std::path::Path) -> String {
    let folders = std::fs::read_dir(spool).into_iter().flatten().filter_map(Result::ok);
    folders.filter_map(|folder| std::fs::read_to_string(folder.path().join("stdout")).ok()).collect()
}

#[test]
fn the_first_interrupt_reports_what_has_arrived_and_resume_asks_the_rest() {
    let session = panel();
    let working = at_work(&session, &[]);
    working.signal(Signal::INT);
    let ran = working.end().expect(3);
    assert!(ran.stdout.contains("deep-review resume"), "{}", ran.stdout);
    assert!(ran.stderr.contains("consolidated"), "{}", ran.stderr);
    let report = json(&session.run(&["show", "--json"]).expect(0));
    assert_eq!(reviewer(&report, "deaf")["ending"], "cancelled");
    assert_eq!(report["run"]["complete"], false);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(json(&session.run(&["log", "--json"]).expect(0))[0]["unfinished"], true);

    let report = json(&session.run(&["resume", "--json"]).expect(0));
    assert_eq!(reviewer(&report, "deaf")["state"], "finished");
    assert_eq!(report["run"]["complete"], true);
    assert_eq!(report["run"]["resumed"], 1);
    assert_eq!(
        (calls(&session, "good"), calls(&session, "deaf")),
        (1, 2),
        "who had finished is not asked again"
    );
    assert_eq!(json(&session.run(&["log", "--json"]).expect(0))[0]["unfinished"], false);
    let raw = run_folders(&session).pop().unwrap().join("raw/deaf/try-1/review.md");
    assert_eq!(std::fs::read_to_string(raw).unwrap(), "begun\n", "partial output is kept");
}

#[test]
fn the_second_interrupt_leaves_at_once_and_nothing_runs_on() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let session = panel();
        let working = at_work(&session, &[]);
        working.signal(signal);
        // Two signals at once are one: the second is sent when the first was heard.
        std::thread::sleep(std::time::Duration::from_millis(300));
        working.signal(signal);
        let ran = working.end().expect(code);
        assert!(ran.stderr.contains("resume"), "{}", ran.stderr);
        let log = session.run(&["log"]).expect(0);
        assert!(log.stdout.contains("interrupted"), "{}", log.stdout);
        nobody_runs(session.repo.scratch().join("scripts/deaf.txt").to_str().unwrap());
        let report = json(&session.run(&["resume", "--json"]).expect(0));
        assert_eq!(report["invariants"]["dispositions_balance"], true);
        assert_eq!((calls(&session, "good"), calls(&session, "deaf")), (1, 2));
    }
}

#[test]
fn a_terminal_that_goes_away_stops_the_run() {
    let session = panel();
    let working = at_work(&session, &["--json"]);
    working.signal(Signal::HUP);
    let report = json(&working.end().expect(3));
    assert_eq!(reviewer(&report, "deaf")["ending"], "cancelled");
    assert_eq!(reviewer(&report, "good")["state"], "finished");
}

#[test]
fn a_deadline_says_who_was_cut_off_and_resume_may_take_longer() {
    let session = panel();
    let ran = session.run(&[&["--json", "--deadline", "2s"], &BOTH[..]].concat()).expect(5);
    let report = json(&ran);
    let row = reviewer(&report, "deaf");
    assert_eq!(row["ending"], "cancelled");
    assert!(row["error"].as_str().unwrap().contains("deadline of 2s"), "{row:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("deaf was cut off") && !notes.contains("good"), "{notes}");
    let report = json(&session.run(&["resume", "--json", "--deadline", "1m"]).expect(0));
    assert_eq!(reviewer(&report, "deaf")["state"], "finished");
}
