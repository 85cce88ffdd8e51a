//! Several reviewers together, end to end: who contradicts whom, what is told while others are at work, what is learned.

mod common;

use common::{MARKDOWN_REVIEW, findings_of, json, saying, scripted, session};
use serde_json::Value;
use test_kit::TestSession;

/// Says that the defect of `MARKDOWN_REVIEW` is none, among the strengths.
const OPPOSED: &str = r#"{
  "schema": "deep-review/review/v1", "verdict": "merge-as-is",
  "summary": "Adds a limit to reading records.",
  "findings": [],
  "design": [{ "type": "strength", "title": "The limit of `load_first_records`",
    "body": "Keeping one record more than `limit` in `load_first_records` is not a bug: the caller drops the header record." }],
  "coverage": [{ "path": "src/store.rs", "status": "reviewed" }]
}"#;

const BOTH: [&str; 4] = ["--reviewer", "ada", "--reviewer", "bob"];

#[test]
fn a_contradiction_is_shown_and_does_not_block() {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    saying(&session, "bob", OPPOSED);
    let ran = session.run(&[&["run", "--json", "--fail-on", "important"], &BOTH[..]].concat()).expect(0);
    let report = json(&ran);
    let finding = &report["findings"][0];
    assert_eq!(finding["lane"], "contested", "{finding:#}");
    assert_eq!(finding["contradictions"][0]["reviewer"], "bob");
    assert_eq!(finding["contradictions"][0]["where"], "its design strengths");
    assert_eq!(report["verdict"]["blocking"].as_array().unwrap().len(), 0);
    let reason = report["verdict"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("I1 is contested and does not block. `bob` contradicts it"), "{reason}");
    let why = session.run(&["show", "I1", "--why"]).expect(0).stdout;
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        why.contains("`bob` contradicts it") && why.contains("the caller drops the header record"),
        "{why}"
    );
    assert!(why.contains("another reviewer contradicts it"), "{why}");
}

/// Two reviewers of which one waits; what does not depend on time.
fn report_when_waits(session: &TestSession, waits: &str) -> (Value, String) {
    for (name, text) in [("ada", MARKDOWN_REVIEW), ("bob", OPPOSED)] {
        let review = session.beside(&format!("reviews/{name}"), text);
        let wait = if name == waits { "sleep 1s\n" } else { "" };
        scripted(session, name, &format!("{wait}say {}\n", review.display()), "");
    }
    let ran = session.run(&[&["run", "--json", "--progress", "plain"], &BOTH[..]].concat()).expect(0);
    let mut report = json(&ran);
    report["run"] = Value::Null;
    report["tool"] = Value::Null;
    for reviewer in report["reviewers"].as_array_mut().expect("reviewers are a list") {
        reviewer["ms"] = Value::Null;
    }
    (report, ran.stderr)
}

#[test]
fn the_result_so_far_is_told_and_the_order_of_arrival_does_not_show_in_the_end() {
    let (first, told) = report_when_waits(&session(), "bob");
    assert!(told.contains("so far 1 of 2 reviewers: 1 distinct finding (1I), 1 would block"), "{told}");
    let (second, told) = report_when_waits(&session(), "ada");
    assert!(told.contains("so far 1 of 2 reviewers: no findings"), "{told}");
    assert_eq!(first, second);
}

/// One claim about the text itself that is not so, and one that holds.
const ONE_FALSE: &str = "\
## Findings

### Important Issues

I1. **`load_first_records` keeps one record too many** — `src/store.rs:8` (important, regression)

```rust
    records.truncate(limit + 1);
```

`truncate` keeps `limit + 1` elements, so a caller that asks for 10 gets 11.

### Suggestions

S1. **Typo `recrods` in the function** — `src/store.rs:7` (suggestion, regression)

```rust
    let mut recrods: Vec<String> = text.lines().map(str::to_owned).collect();
```

The name is misspelled when the file is read.
";

#[test]
fn what_a_run_teaches_about_a_reviewer_is_known_to_the_next() {
    let session = session();
    saying(&session, "ada", ONE_FALSE);
    let run = || json(&session.run(&["--json", "--reviewer", "ada"]).expect(0));
    let record = |report: &Value| {
        let finding = findings_of(report, "ada")[0].clone();
        let terms = finding["confidence_terms"].as_array().unwrap().clone();
        (
            terms.iter().any(|term| term["name"] == "the record of its reviewers"),
            finding["confidence"].as_f64().unwrap(),
        )
    };
    let first = run();
    assert_eq!(first["retro"][0]["false_positives"], 1, "{:#}", first["dispositions"]);
    let (known, before) = record(&first);
    assert!(!known);
    let (known, after) = record(&run());
    assert!(known && after < before, "{after} after {before}");
}
