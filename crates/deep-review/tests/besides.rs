//! What a panel is asked besides reviews: to refute each other's blocking claims, and to write the summary.

mod common;

use std::time::{Duration, Instant};

use common::{MARKDOWN_REVIEW, Working, calls, configured, counting, json, saying, scripted, session};
use serde_json::{Value, json};
use test_kit::TestSession;

/// A session with one reviewer that raises a blocking claim, and `bob` who answers a question with this.
fn asked(setting: &str, answer: &Value) -> TestSession {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    saying(&session, "bob", &format!("I looked.\n\n```json\n{answer:#}\n```\n"));
    configured(&session, setting);
    session
}

const CHALLENGED: &str = "[review]\ncross_examine = \"bob\"\n";
const EDITED: &str = "[editor]\nreviewer = \"bob\"\n";

fn run(session: &TestSession, code: i32) -> Value {
    json(&session.run(&["run", "--json", "--fail-on", "important", "--reviewer", "ada"]).expect(code))
}

fn challenge(answer: &str, quote: &Value) -> Value {
    json!({ "schema": "deep-review/challenge/v1", "answer": answer, "because": "The only caller passes no limit.", "quote": quote })
}

/// Two lines that stand in `src/main.rs`.
fn real_quote() -> Value {
    json!({ "path": "src/main.rs", "start": 4, "end": 5,
        "text": "    for record in store::load_records(\"records.txt\") {\n        println!(\"{record}\");" })
}

#[test]
fn counter_evidence_that_stands_in_the_code_contests_a_claim_and_removes_nothing() {
    let session = asked(CHALLENGED, &challenge("refuted", &real_quote()));
    let report = run(&session, 0);
    let finding = &report["findings"][0];
    assert_eq!((&finding["id"], &finding["lane"]), (&"I1".into(), &"contested".into()), "{finding:#}");
    let against = &finding["contradictions"][0];
    assert_eq!(
        (&against["reviewer"], &against["said"]),
        (&"bob".into(), &"The only caller passes no limit.".into())
    );
    assert_eq!(against["where"], "under cross-examination, with code at `src/main.rs:4`");
    assert_eq!(report["verdict"]["blocking"], json!([]));
    let told = &report["challenges"][0];
    assert_eq!(
        (&told["outcome"], &told["finding"], &told["evidence"]["path"]),
        (&"refuted".into(), &"I1".into(), &"src/main.rs".into())
    );
    assert_eq!(report["dispositions"][0]["disposition"], "kept", "{:#}", report["dispositions"]);
    assert_eq!(
        report["reviewers"].as_array().unwrap().len(),
        1,
        "who is asked a question is no reviewer of the run"
    );
    session.run(&["verify"]).expect(0);
}

#[test]
fn doubt_without_code_that_stands_there_changes_nothing_and_is_shown() {
    let cases = [
        ("refuted", Value::Null, "doubted"),
        (
            "refuted",
            json!({ "path": "src/main.rs", "start": 4, "text": "    if limit == 0 { return; } // never reached" }),
            "doubted",
        ),
        (
            "refuted",
            json!({ "path": "src/none.rs", "start": 4, "text": "    for record in store::load_records() {" }),
            "doubted",
        ),
        (
            "refuted",
            json!({ "path": "src/store.rs", "start": 8, "text": "    records.truncate(limit + 1);" }),
            "doubted",
        ),
        ("refuted", json!("not an object"), "doubted"),
        ("holds", real_quote(), "upheld"),
        ("unsure", real_quote(), "unanswered"),
    ];
    for (answer, quote, outcome) in cases {
        let session = asked(CHALLENGED, &challenge(answer, &quote));
        let report = run(&session, 1);
        assert_eq!(report["challenges"][0]["outcome"], outcome, "{quote}: {:#}", report["challenges"]);
        let finding = &report["findings"][0];
        assert_eq!(
            (&finding["lane"], &finding["contradictions"]),
            (&"confirmed".into(), &Value::Null),
            "{finding:#}"
        );
        assert_eq!(report["verdict"]["blocking"], json!(["I1"]));
        let notes = report["notes"].to_string();
        assert!(
            notes.contains("cross-examination: bob") && notes.contains("The only caller passes no limit."),
            "{notes}"
        );
    }
}

#[test]
fn a_challenger_that_fails_costs_the_run_nothing() {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    scripted(&session, "bob", "print {\"answer\": \"refuted\"\nexit 3\n", "");
    configured(&session, CHALLENGED);
    let report = run(&session, 1);
    assert_eq!(
        (&report["challenges"][0]["outcome"], &report["run"]["complete"]),
        (&"unanswered".into(), &true.into())
    );
    assert!(
        report["challenges"][0]["why"].as_str().unwrap().contains("exited with code 3"),
        "{:#}",
        report["challenges"]
    );
}

#[test]
fn only_somebody_of_another_vendor_challenges() {
    let session = session();
    let review = session.beside("reviews/ada", MARKDOWN_REVIEW);
    scripted(&session, "ada", &format!("say {}\n", review.display()), "vendor = \"acme\"");
    counting(&session, "bob", "say REVIEW\n", "vendor = \"acme\"");
    configured(&session, CHALLENGED);
    let report = run(&session, 1);
    assert_eq!((calls(&session, "bob"), &report["challenges"]), (0, &Value::Null));
    assert!(report["notes"].to_string().contains("not challenged by bob"), "{:#}", report["notes"]);
    configured(&session, "");
    let ran = session.run(&["run", "--reviewer", "bob"]).expect(0);
    assert!(!ran.stderr.contains("refute"), "nobody challenges itself: {}", ran.stderr);
}

#[test]
fn a_challenge_that_was_cut_off_is_asked_again_and_one_that_was_answered_is_not() {
    let session = session();
    counting(&session, "ada", "say REVIEW\n", "");
    let answer = session.beside("answer.json", challenge("refuted", &real_quote()).to_string());
    counting(&session, "bob", &format!("before 2 CALLS sleep 60s\nsay {}\n", answer.display()), "");
    let summary = session.beside("summary.json", json!({ "summary": "I1 is contested." }).to_string());
    counting(&session, "eve", &format!("before 2 CALLS sleep 60s\nsay {}\n", summary.display()), "");
    configured(&session, "[review]\ncross_examine = \"bob\"\n[editor]\nreviewer = \"eve\"\n");
    for (words, name, told) in [
        (&["--reviewer", "ada"][..], "bob", "bob is asked to refute I1"),
        (&["resume"], "eve", "eve is asked for the summary"),
    ] {
        let mut working = Working::start(&session, words);
        working.wait_for(&session, &[told]);
        let begun = Instant::now();
        while calls(&session, name) == 0 {
            assert!(begun.elapsed() < Duration::from_mins(2), "{name} was never called");
            std::thread::sleep(Duration::from_millis(20));
        }
        working.kill();
    }
    let report = json(&session.run(&["resume", "--json"]).expect(0));
    assert_eq!((calls(&session, "ada"), report["challenges"][0]["outcome"].as_str()), (1, Some("refuted")));
    assert_eq!(report["summary_by"], "eve", "{:#}", report["notes"]);
    assert_eq!((calls(&session, "bob"), calls(&session, "eve")), (2, 2));
}

#[test]
fn a_summary_that_agrees_with_the_report_is_used_and_says_whose_it_is() {
    let prose = "The change reads records with a limit. I1 at src/store.rs:7-9 is important and blocks: `load_first_records` \
        keeps one record too many. It was raised by ada.";
    let session = asked(EDITED, &json!({ "schema": "deep-review/summary/v1", "summary": prose }));
    let report = run(&session, 1);
    let summary = report["summary"].as_str().unwrap();
    assert!(summary.starts_with(prose), "{summary}: {:#}", report["notes"]);
    assert!(summary.contains("\n\nStructure: 0 Critical · 1 Important · 0 Suggestions."), "{summary}");
    assert_eq!(report["summary_by"], "bob");
    session.run(&["verify"]).expect(0);
    let markdown = session.run(&["report", "-f", "md"]).expect(0).stdout;
    assert!(markdown.contains("the summary was written by bob"), "{markdown}");
}

#[test]
fn a_summary_that_differs_in_one_fact_is_not_used_and_the_report_says_so() {
    let plain = session();
    saying(&plain, "ada", MARKDOWN_REVIEW);
    let own = run(&plain, 1)["summary"].clone();
    for (prose, why) in [
        ("I2 blocks this change.", "there is no finding I2"),
        ("I1 is critical.", "severities"),
        ("I1 was raised by bob.", "bob"),
        ("Three findings block this change.", "number"),
        ("The change is ready to merge.", "approves"),
        ("I1 stands at src/store.rs:40.", "src/store.rs:40"),
        ("", "empty"),
    ] {
        let session = asked(EDITED, &json!({ "summary": prose }));
        let report = run(&session, 1);
        assert_eq!((&report["summary"], &report["summary_by"]), (&own, &Value::Null), "{prose}");
        let notes = report["notes"].to_string();
        assert!(notes.contains("what it wrote is not used") && notes.contains(why), "{prose}: {notes}");
    }
}

#[test]
fn who_is_named_must_be_there() {
    let session = asked("[review]\ncross_examine = \"nobody\"\n", &Value::Null);
    session.run(&["run", "--reviewer", "ada"]).expect(2);
    let session = asked("[editor]\nreviewer = \"builtin\"\n", &Value::Null);
    session.run(&["run", "--reviewer", "ada"]).expect(2);
}
