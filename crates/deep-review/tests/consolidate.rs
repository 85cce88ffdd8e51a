//! `consolidate` and `read`, end to end.

mod common;

use common::{JSON_REVIEW, MARKDOWN_REVIEW, json, session};

#[test]
fn without_a_repository_nothing_is_checked_and_nothing_is_claimed() {
    let session = session();
    let ada = session.beside("a.md", MARKDOWN_REVIEW);
    let bob = session.beside("b.json", JSON_REVIEW);
    let words = [format!("ada={}", ada.display()), format!("bob={}", bob.display())];
    let words = ["consolidate", &words[0], &words[1], "--json"];
    let ran = session.run(&words).expect(0);
    let report = json(&ran);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!(finding["lane"], "unverified");
    assert!(
        finding["checks"].as_array().unwrap().iter().all(|check| check["result"] == "unknown"),
        "{finding:#}"
    );
    assert_eq!(report["reviewers"][0]["kind"], "imported");
    assert_eq!(report["reviewers"][0]["receipt"]["canary"], "n/a");
    assert_eq!(session.run(&words).stdout, ran.stdout, "the same input gives the same bytes");
}

#[test]
fn with_a_repository_claims_are_checked() {
    let session = session();
    let ada = session.beside("a.md", MARKDOWN_REVIEW);
    let word = format!("ada={}", ada.display());
    let ran = session
        .run(&["consolidate", "-C", ".", "--base", "main", "--head", "topic", &word, "--json"])
        .expect(0);
    let report = json(&ran);
    assert_eq!(report["findings"][0]["lane"], "confirmed", "{report:#}");
    assert_eq!(report["findings"][0]["locations"][0]["start"], 7);
}

#[test]
fn an_unreadable_file_makes_the_result_incomplete() {
    let session = session();
    let ada = session.beside("a.md", MARKDOWN_REVIEW);
    let word = format!("ada={}", ada.display());
    let ran = session.run(&["consolidate", &word, "bob=/no/such/file", "--json"]).expect(3);
    let report = json(&ran);
    assert_eq!(report["verdict"]["value"], "incomplete");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn wrong_words_get_a_hint() {
    let session = session();
    for words in [&["consolidate", "a.md"][..], &["consolidate", "=x"], &["consolidate", "a=x", "a=y"]] {
        let ran = session.run(words).expect(2);
        assert!(ran.stderr.contains("hint"), "{}", ran.stderr);
    }
}

#[test]
fn every_form_can_be_printed() {
    let session = session();
    let ada = session.beside("a.md", MARKDOWN_REVIEW);
    let word = format!("ada={}", ada.display());
    for (format, sign) in
        [("md", "## Executive Summary"), ("html", "<!doctype html>"), ("sarif", "2.1.0"), ("json", "{")]
    {
        let ran = session.run(&["consolidate", &word, "--format", format]).expect(0);
        assert!(ran.stdout.to_lowercase().contains(&sign.to_lowercase()), "{format}: {}", ran.stdout);
    }
}

#[test]
fn read_prints_raw_findings() {
    let session = session();
    let ada = session.beside("a.md", MARKDOWN_REVIEW);
    let document = json(&session.run(&["read", ada.to_str().unwrap(), "--json"]).expect(0));
    assert_eq!(document["schema"], "deep-review/raw-findings/v1");
    let finding = &document["findings"][0];
    assert_eq!(finding["index"], 0);
    assert_eq!(finding["id"], "I1");
    assert_eq!(finding["severity"], "important");
    assert_eq!(finding["kind"], "regression");
    assert_eq!(finding["title"], "`load_first_records` keeps one record too many");
    assert_eq!(finding["locations"][0]["path"], "src/store.rs");
    session.run(&["read", "/no/such/file"]).expect(2);
}
