//! Failures that may pass are tried again, others never; whoever shares a vendor takes turns.

mod common;

use common::{calls, configured, counting, json, reviewer, run_folders, session};
use serde_json::Value;
use test_kit::TestSession;

fn row(session: &TestSession, words: &[&str], code: i32) -> Value {
    let ran = session.run(&[&["--json", "--reviewer", "odd"], words].concat()).expect(code);
    reviewer(&json(&ran), "odd").clone()
}

#[test]
fn a_busy_vendor_is_asked_again_until_it_answers() {
    let session = session();
    let script =
        "before 3 CALLS print-error API Error: 529 overloaded_error\nbefore 3 CALLS exit 1\nsay REVIEW\n";
    counting(&session, "odd", script, "retry_wait = \"20ms\"");
    let row = row(&session, &[], 0);
    assert_eq!((row["state"].as_str(), row["attempts"].as_u64()), (Some("finished"), Some(3)), "{row:#}");
    let notes = row["notes"].to_string();
    assert!(notes.contains("asked 3 times") && notes.contains("529"), "{notes}");
    assert!(row["failure"].is_null());
    let raw = run_folders(&session).pop().unwrap().join("raw/odd");
    for number in [1, 2] {
        let stderr = std::fs::read_to_string(raw.join(format!("try-{number}/stderr"))).unwrap();
        assert!(stderr.contains("529"), "{stderr}");
    }
    let events = std::fs::read_to_string(raw.join("../../events.jsonl")).unwrap();
    assert_eq!(events.matches("reviewer-retry").count(), 2);
    assert_eq!(events.matches("reviewer-started").count(), 1);
}

#[test]
fn retries_end() {
    let session = session();
    counting(
        &session,
        "odd",
        "print-error connection reset by peer\nexit 1\n",
        "retries = 1\nretry_wait = \"20ms\"",
    );
    let row = row(&session, &[], 3);
    assert_eq!(calls(&session, "odd"), 2);
    assert_eq!(row["failure"]["class"], "transient", "{row:#}");
    assert_eq!(row["attempts"], 2);
}

#[test]
fn what_does_not_pass_is_asked_once() {
    for (script, class) in [
        ("print-error Invalid API key. Please run /login\nexit 1\n", "auth"),
        ("print-quota-error\nexit 0\n", "quota"),
        ("print-error error: unexpected argument '--fast' found\nexit 2\n", "configuration"),
    ] {
        let session = session();
        counting(&session, "odd", script, "retries = 5\nretry_wait = \"20ms\"");
        let row = row(&session, &[], 3);
        assert_eq!(row["failure"]["class"], class, "{row:#}");
        assert_eq!(calls(&session, "odd"), 1, "{class}");
        assert_eq!(session.run(&["resume"]).code, 2, "nothing of it can be asked again");
    }
}

#[test]
fn a_rate_limit_beyond_the_deadline_gives_up_at_once_and_resume_comes_back_to_it() {
    let session = session();
    let script = "before 2 CALLS print-error 429 Too Many Requests, retry-after: 7200\nbefore 2 CALLS exit 1\nsay REVIEW\n";
    counting(&session, "odd", script, "");
    let row = row(&session, &[], 3);
    assert_eq!(row["failure"]["class"], "rate-limit", "{row:#}");
    assert_eq!(row["failure"]["retry_after_ms"], 7_200_000);
    assert!(row["notes"].to_string().contains("beyond the run's deadline"), "{row:#}");
    assert_eq!(calls(&session, "odd"), 1);
    let report = json(&session.run(&["resume", "--json"]).expect(0));
    assert_eq!(reviewer(&report, "odd")["state"], "finished");
}

#[test]
fn the_try_that_says_most_counts() {
    let session = session();
    let script = "before 2 CALLS say REVIEW\nprint-error connection reset by peer\nexit 1\n";
    counting(&session, "odd", script, "retries = 1\nretry_wait = \"20ms\"");
    let ran = session.run(&["--json", "--reviewer", "odd"]).expect(3);
    let report = json(&ran);
    assert_eq!(
        report["findings"].as_array().unwrap().len(),
        1,
        "what the first try said is not lost: {report:#}"
    );
    assert_eq!(reviewer(&report, "odd")["attempts"], 2);
}

#[test]
fn a_model_and_an_effort_can_be_chosen_for_one_run() {
    let session = session();
    counting(&session, "odd", "say REVIEW\n", "model = \"small\"");
    let ran = session.run(&["--json", "--reviewer", "odd:large:high", "--jobs", "1"]).expect(0);
    let report = json(&ran);
    let row = reviewer(&report, "odd");
    assert_eq!((row["model"].as_str(), row["effort"].as_str()), (Some("large"), Some("high")), "{row:#}");
    session.run(&["--reviewer", "odd:--yolo"]).expect(2);
    session.run(&["--reviewer", "odd", "--reviewer", "odd:large"]).expect(2);
}

#[cfg(unix)]
#[test]
fn reviewers_of_one_vendor_take_turns() {
    let session = session();
    let review = session.beside("review.md", common::MARKDOWN_REVIEW);
    let (lock, overlap) = (session.repo.scratch().join("lock"), session.repo.scratch().join("overlap"));
    let script = session.beside(
        "alone.sh",
        format!(
            "mkdir {lock} || echo both >> {overlap}\nsleep 0.2\nrmdir {lock}\ncat {review}\n",
            lock = lock.display(),
            overlap = overlap.display(),
            review = review.display()
        ),
    );
    let table = |name| format!("[reviewers.{name}]\ncommand = [\"sh\", {script:?}]\nvendor = \"acme\"\n");
    let tables = ["ada", "bob", "eve"].map(table).concat();
    configured(&session, &format!("[review]\nvendor_jobs = 1\nstart_jitter = \"10ms\"\n{tables}"));
    let names = ["--reviewer", "ada", "--reviewer", "bob", "--reviewer", "eve"];
    let report = json(&session.run(&[&["--json"], &names[..]].concat()).expect(0));
    assert_eq!(report["reviewers"].as_array().unwrap().len(), 3);
    assert!(!overlap.exists(), "two of one vendor worked at once");
}
