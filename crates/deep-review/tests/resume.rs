//! `resume`: what is finished stands, the rest is asked, and the report is the one that would have been.

mod common;

use common::{JSON_REVIEW, Working, calls, counting, json, reviewer, run_folders, session};
use serde_json::Value;
use test_kit::TestSession;

const PANEL: [&str; 6] = ["--reviewer", "ada", "--reviewer", "bob", "--reviewer", "eve"];

/// Three reviewers; the last one is done after `pause`, at its first call only.
fn panel(pause: &str) -> TestSession {
    let session = session();
    counting(&session, "ada", "say REVIEW\n", "");
    let other = session.beside("reviews/other", JSON_REVIEW);
    counting(&session, "bob", &format!("print-error reading\nsay {}\n", other.display()), "");
    counting(&session, "eve", &format!("print begun\nbefore 2 CALLS sleep {pause}\nsay REVIEW\n"), "");
    session
}

/// Starts a run and kills it when the first two are done.
fn killed(session: &TestSession) {
    let mut working = Working::start(session, &PANEL);
    let ended = |name: &str| format!(r#""event":"reviewer-ended","reviewer":"{name}""#);
    let started = r#""event":"reviewer-started","reviewer":"eve""#;
    working.wait_for(session, &[&ended("ada"), &ended("bob"), started]);
    working.kill();
}

/// A report without what belongs to one execution: ids, times, paths in the digest of the settings.
fn timeless(mut report: Value) -> Value {
    report["run"] = Value::Null;
    report["tool"] = Value::Null;
    for row in report["reviewers"].as_array_mut().expect("reviewers") {
        row["ms"] = Value::Null;
    }
    report
}

#[test]
fn a_resumed_run_reports_what_an_uninterrupted_one_reports() {
    let whole = panel("10ms");
    let expected = json(&whole.run(&[&["--json"], &PANEL[..]].concat()).expect(0));
    let session = panel("60s");
    killed(&session);
    let report = json(&session.run(&["resume", "--json"]).expect(0));
    assert_eq!(report["run"]["resumed"], 1);
    assert_eq!(report["tool"]["config_sha256"].as_str().map(str::len), Some(64));
    let (report, expected) = (timeless(report), timeless(expected));
    // The third reviewer says one word more before its review in both.
    assert_eq!(report, expected, "\n{report:#}\n{expected:#}");
    assert_eq!([calls(&session, "ada"), calls(&session, "bob"), calls(&session, "eve")], [1, 1, 2]);
}

#[test]
fn the_target_stays_what_it_was() {
    let session = panel("60s");
    killed(&session);
    session.repo.write("src/other.rs", "pub fn later() {}\n").commit("Later");
    let report = json(&session.run(&["resume", "--json"]).expect(0));
    assert_eq!(report["target"]["changed"].as_array().unwrap().len(), 1, "{:#}", report["target"]);
    let notes = report["notes"].to_string();
    assert!(notes.contains("moved") || notes.contains("HEAD"), "a branch that moved on is said: {notes}");
}

#[test]
fn a_run_that_is_finished_or_running_is_not_resumed() {
    let session = panel("60s");
    let none = session.run(&["resume"]).expect(2);
    assert!(none.stderr.contains("nothing is to be resumed"), "{}", none.stderr);
    let mut working = Working::start(&session, &PANEL);
    working.wait_for(&session, &[r#""event":"reviewer-started","reviewer":"eve""#]);
    let id = run_folders(&session)[0].file_name().unwrap().to_str().unwrap().to_owned();
    let busy = session.run(&["resume", &id]).expect(4);
    assert!(busy.stderr.contains("another process") && busy.stderr.contains("hint"), "{}", busy.stderr);
    working.kill();
    session.run(&["resume", &id]).expect(0);
    let done = session.run(&["resume", &id]).expect(2);
    assert!(done.stderr.contains("nothing is to be resumed"), "{}", done.stderr);
}

#[test]
fn another_command_is_not_run_in_its_place() {
    let session = panel("60s");
    killed(&session);
    let config = session.repo.path().join(".git/deep-review/config.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, before.replace("eve.txt\"", "eve.txt\", \"--more\"")).unwrap();
    let ran = session.run(&["resume"]).expect(2);
    assert!(ran.stderr.contains("reviewers.eve.command"), "{}", ran.stderr);
    assert_eq!(calls(&session, "eve"), 1);
    // What has arrived can be had without it, and it can still be asked afterwards.
    let report = json(&session.run(&["resume", "--as-it-is", "--json"]).expect(3));
    assert_eq!(reviewer(&report, "eve")["ending"], "cancelled");
    assert_eq!(reviewer(&report, "ada")["state"], "finished");
    assert_eq!(report["invariants"]["dispositions_balance"], true);
    std::fs::write(&config, before).unwrap();
    let report = json(&session.run(&["resume", "--json"]).expect(0));
    assert_eq!(reviewer(&report, "eve")["state"], "finished");
    assert_eq!(calls(&session, "ada"), 1);
}

#[test]
fn the_branch_cannot_bring_its_own_command_into_a_resumed_run() {
    let session = session();
    let witness = session.repo.scratch().join("witness");
    let evil = format!("[reviewers.eve]\ncommand = [\"touch\", {:?}]\n", witness.to_str().unwrap());
    session.repo.checkout("main").write("deep-review.toml", &evil).commit("A configuration");
    session.repo.branch("hostile").write("src/new.rs", "pub fn f() {}\n").commit("A change");
    counting(&session, "eve", "before 2 CALLS sleep 60s\nsay REVIEW\n", "");
    let mut working = Working::start(&session, &["--reviewer", "eve"]);
    working.wait_for(&session, &["reviewer-started"]);
    working.kill();
    let config = session.repo.path().join(".git/deep-review/config.toml");
    std::fs::remove_file(&config).unwrap();
    session.run(&["resume"]).expect(2);
    assert!(!witness.exists());
}

#[test]
fn two_runs_of_one_repository_leave_each_other_alone() {
    let session = panel("3s");
    let mut first = Working::start(&session, &PANEL);
    first.wait_for(&session, &[r#""event":"reviewer-started","reviewer":"eve""#]);
    // Each of these looks for what dead runs left behind.
    session.run(&["--reviewer", "builtin"]).expect(0);
    session.run(&["resume"]).expect(2);
    session.run(&["gc", "--keep", "0", "--older-than", "0s"]).expect(0);
    let ran = first.end().expect(0);
    assert!(!ran.stderr.contains("died"), "{}", ran.stderr);
    assert_eq!([calls(&session, "ada"), calls(&session, "eve")], [1, 1]);
}
