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

/// What people did with each reviewer's findings, as the labels of a corpus have it: accepted and declined.
fn labelled(data: &std::path::Path) -> std::collections::BTreeMap<String, (u64, u64)> {
    let mut figures: std::collections::BTreeMap<String, (u64, u64)> = std::collections::BTreeMap::new();
    for file in std::fs::read_dir(data).unwrap() {
        let labels: Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        let Some(entries) = labels["resolution"]["entries"].as_array() else { continue };
        for entry in entries {
            let published = labels["consolidated"].as_array().unwrap();
            let letter = match entry["kind"].as_str() {
                Some("critical") => "C",
                Some("important") => "I",
                Some("suggestion") => "S",
                _ => continue,
            };
            let number = entry["num"].as_str().unwrap_or_default().trim_start_matches(letter);
            let id = format!("{letter}{number}");
            let Some(finding) = published.iter().find(|it| it["id"] == id.as_str()) else { continue };
            let settled = entry["action_text"].as_str().is_some_and(|text| text.starts_with("Auto-resolved"));
            let action = if settled { "auto-resolved" } else { entry["action"].as_str().unwrap_or_default() };
            for reviewer in finding["attributed_to"].as_array().unwrap() {
                let row = figures.entry(reviewer.as_str().unwrap().to_owned()).or_default();
                match action {
                    "skipped" | "declined" => row.1 += 1,
                    "" | "n/a" | "other" => {}
                    _ => row.0 += 1,
                }
            }
        }
    }
    figures
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a folder of reports is named by the environment")]
fn what_people_did_with_published_findings_is_the_reviewers_record() {
    let Some(corpus) = std::env::var_os("DEEP_REVIEW_CORPUS") else {
        println!("skipped: DEEP_REVIEW_CORPUS names no folder of reports");
        return;
    };
    let corpus = std::path::Path::new(&corpus);
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    session.run(&["import", corpus.join("reports").to_str().unwrap()]).expect(0);
    let stats = json(&session.run(&["reviewers", "stats", "--json"]).expect(0));
    let told = |name: &str| -> (u64, u64) {
        let own = stats.as_array().unwrap().iter().filter(|row| row["reviewer"] == name);
        own.fold((0, 0), |sum, row| {
            (sum.0 + row["accepted"].as_u64().unwrap(), sum.1 + row["declined"].as_u64().unwrap())
        })
    };
    for (name, figures) in labelled(&corpus.join("data")) {
        println!("{name}: labelled {figures:?}, told {:?}", told(&name));
        assert_eq!(told(&name), figures, "{name}");
    }
}
