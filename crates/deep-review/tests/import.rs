//! `import`: a report that was exported as Markdown comes back with the same findings.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing there has failed")]

mod common;

use common::{JSON_REVIEW, MARKDOWN_REVIEW, json, saying, session};
use serde_json::{Value, json as value};
use test_kit::TestSession;

/// What must survive the way through Markdown.
fn essence(report: &Value) -> Vec<Value> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let places: Vec<Value> = finding["locations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|place| value!([place["path"], place["start"], place["end"]]))
                .collect();
            value!({
                "id": finding["id"],
                "severity": finding["severity"],
                "kind": finding["kind"],
                "title": finding["title"],
                "places": places,
                "reviewers": finding["agreement"],
            })
        })
        .collect()
}

#[test]
fn what_is_exported_can_be_imported() {
    let first = session();
    saying(&first, "ada", MARKDOWN_REVIEW);
    saying(&first, "bob", JSON_REVIEW);
    let original = json(&first.run(&["--json"]).expect(0));
    let markdown = first.run(&["report"]).expect(0).stdout;

    let second = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let file = second.beside("published.md", markdown);
    let rows = json(&second.run(&["import", file.to_str().unwrap(), "--json"]).expect(0));
    assert_eq!(rows[0]["state"], "imported", "{rows:#}");
    let back = json(&second.run(&["show", "--json"]).expect(0));
    assert_eq!(essence(&back), essence(&original));
    assert_eq!(back["invariants"]["dispositions_balance"], true);
    let raised = |report: &Value| report["dispositions"].as_array().unwrap().len();
    assert_eq!(raised(&back), raised(&original), "every raw finding of the appendix is there");
    assert_eq!(back["verdict"]["value"], original["verdict"]["value"]);

    let again = json(&second.run(&["import", file.to_str().unwrap(), "--json"]).expect(0));
    assert_eq!(again[0]["state"], "known");
}

#[test]
fn what_is_no_report_is_said() {
    let session = session();
    let file = session.beside("diary.md", "Dear diary,\n\nnothing happened.\n");
    let ran = session.run(&["import", file.to_str().unwrap()]).expect(2);
    assert!(ran.stdout.contains("not imported"), "{}", ran.stdout);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a folder of reports is named by the environment")]
fn published_reports_of_a_corpus_balance() {
    let Some(corpus) = std::env::var_os("DEEP_REVIEW_CORPUS") else {
        println!("skipped: DEEP_REVIEW_CORPUS names no folder of reports");
        return;
    };
    let reports = std::path::Path::new(&corpus).join("reports");
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let rows = json(&session.run(&["import", reports.to_str().unwrap(), "--json"]).expect(0));
    for row in rows.as_array().unwrap() {
        assert_eq!(row["state"], "imported", "{row:#}");
        assert!(row["findings"].as_u64().unwrap() > 0 && row["raised"].as_u64().unwrap() > 0, "{row:#}");
        let report = json(&session.run(&["show", row["run"].as_str().unwrap(), "--json"]).expect(0));
        assert_eq!(report["invariants"]["dispositions_balance"], true, "{row:#}");
    }
}
