//! A store as the first version wrote it: rounds go on from it, decisions count, its report can still be proven.
//!
//! The files in `stores/first` were written by that version, about the very commits that the shared session makes, and are
//! never renewed.

mod common;

use std::path::Path;

use common::{configured, json, run_folders, saying, session};
use serde_json::json;
use test_kit::TestSession;

const RUN: &str = "20261127-114730-topic";
const HEAD: &str = "b63c02d964e69debd7765fc18ae742169a89ae7b";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the files are there") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

fn older() -> TestSession {
    let session = session();
    assert_eq!(session.repo.head(), HEAD, "the store is about other commits");
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/first");
    copy(&files, &session.repo.path().join(".git/deep-review"));
    session
}

const SILENT: &str = r#"{ "schema": "deep-review/review/v1", "summary": "Fine.", "findings": [] }"#;

#[test]
fn rounds_go_on_from_what_the_first_version_wrote() {
    let session = older();
    let proven = json(&session.run(&["verify", RUN, "--json"]).expect(0));
    assert_eq!(proven["same"], true, "{proven:#}");
    let status = json(&session.run(&["status", "--json"]).expect(0));
    assert_eq!(status["missing"].as_array().expect("a list").len(), 1, "{status:#}");

    configured(&session, "[review]\nquorum = 1\n");
    saying(&session, "ada", SILENT);
    session.repo.write("src/new.rs", "pub fn fresh_start() {}\n").commit("One more");
    let report = json(&session.run(&["--json", "--reviewer", "ada"]).expect(0));
    assert_eq!((&report["series"]["round"], &report["series"]["previous"]), (&json!(2), &json!(RUN)));
    let prior = |id: &str| {
        let name = format!("{RUN}:{id}");
        let rows = report["prior"].as_array().expect("a list");
        rows.iter().find(|row| row["finding"] == name.as_str()).expect("it is followed").clone()
    };
    // It said nothing of what blocks; what blocked there does here.
    assert_eq!((&prior("I1")["status"], &prior("I1")["blocks"]), (&json!("not-fixed"), &json!(true)));
    assert_eq!(prior("S1")["status"], "declined");
    assert_eq!(report["verdict"]["value"], "merge-with-fixes");
    // It wrote down nobody's reading either; its report and its commits tell, and where something is open is given.
    let scope = &report["series"]["scope"];
    assert!(scope.is_null(), "the one older file is given for its open finding, so all are: {scope:#}");
    let stats = json(&session.run(&["reviewers", "stats", "--json"]).expect(0));
    assert_eq!((&stats[0]["runs"], &stats[0]["declined"]), (&json!(2), &json!(1)), "{stats:#}");
}

#[test]
fn what_the_first_version_had_read_is_told_by_its_report() {
    let session = older();
    session.run(&["decline", "I1", "-m", "a page shows one more on purpose"]).expect(0);
    configured(&session, "[review]\nquorum = 1\n");
    saying(&session, "ada", SILENT);
    session.repo.write("src/new.rs", "pub fn fresh_start() {}\n").commit("One more");
    let report = json(&session.run(&["--json", "--reviewer", "ada"]).expect(0));
    let rest = &report["series"]["scope"]["rest"];
    assert_eq!(
        (&rest[0]["path"], &rest[0]["by"][0]["run"]),
        (&json!("src/store.rs"), &json!(RUN)),
        "{rest:#}"
    );
}

#[test]
fn a_run_of_a_newer_version_is_said_and_left_alone() {
    let session = older();
    configured(&session, "[review]\nquorum = 1\n");
    saying(&session, "ada", SILENT);
    let file = run_folders(&session)[0].join("run.json");
    let newer = r#"{ "schema": "deep-review/run/v9", "what": ["nobody", "knows"] }"#;
    std::fs::write(&file, newer).expect("writable");
    let written = run_folders(&session)[0].join("report.json");
    let text = std::fs::read_to_string(&written).expect("is there").replace("report/v1", "report/v9");
    std::fs::write(&written, text).expect("writable");
    let shown = session.run(&["status", RUN]).expect(4);
    assert!(shown.stderr.contains("another version") && shown.stderr.contains("update"), "{}", shown.stderr);
    let report = json(&session.run(&["--json", "--reviewer", "ada"]).expect(0));
    assert_eq!(report["series"]["round"], 1);
    let notes = report["notes"].to_string();
    assert!(notes.contains(RUN) && notes.contains("does not count"), "{notes}");
    let log = session.run(&["log", "--json"]).expect(0).stdout;
    assert!(log.contains("another version of deep-review"), "{log}");
    assert_eq!(std::fs::read_to_string(&file).expect("is there"), newer);
}
