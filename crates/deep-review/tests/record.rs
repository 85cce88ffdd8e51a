//! The record of runs: `show`, `log`, `open`, `report`, `gc`, and what a killed process leaves.

mod common;

use std::time::{Duration, Instant};

use common::{MARKDOWN_REVIEW, json, saying, scripted, session};

#[test]
fn a_run_can_be_looked_at_afterwards() {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    session.run(&["--reviewer", "ada"]).expect(0);
    let log = session.run(&["log"]).expect(0);
    assert!(log.stdout.contains("topic") && log.stdout.contains("Merge with fixes"), "{}", log.stdout);
    let show = session.run(&["show"]).expect(0);
    assert!(show.stdout.contains("I1"), "{}", show.stdout);
    let one = session.run(&["show", "I1"]).expect(0);
    assert!(one.stdout.contains("truncate"), "{}", one.stdout);
    let why = session.run(&["show", "I1", "--why"]).expect(0);
    assert!(!why.stdout.trim().is_empty());
    session.run(&["show", "I9"]).expect(2);
    let page = session.run(&["open", "--print"]).expect(0);
    assert!(std::path::Path::new(page.stdout.trim()).is_file(), "{}", page.stdout);
    let markdown = session.run(&["report"]).expect(0);
    assert!(markdown.stdout.contains("## Executive Summary"), "{}", markdown.stdout);
    let json = session.run(&["report", "--json"]).expect(0);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(value["schema"], "deep-review/report/v1");
}

#[test]
fn raw_material_is_kept_as_it_was_written() {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    session.run(&["--reviewer", "ada"]).expect(0);
    let page = session.run(&["open", "--print"]).expect(0);
    let folder = std::path::Path::new(page.stdout.trim()).parent().unwrap().to_owned();
    let raw = std::fs::read_dir(folder.join("raw")).unwrap().next().unwrap().unwrap().path();
    let kept: Vec<String> = std::fs::read_dir(&raw)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default())
        .collect();
    assert!(kept.iter().any(|text| text == MARKDOWN_REVIEW), "{kept:?}");
    let events = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
    for event in ["run-started", "reviewer-started", "reviewer-ended", "finding-checked", "run-ended"] {
        assert!(events.contains(event), "{event} is missing in {events}");
    }
    assert!(!folder.join("scratch").exists(), "checkouts stay behind");
}

#[test]
fn old_runs_go_and_the_newest_stays() {
    let session = session();
    for _ in 0..3 {
        session.run(&["--reviewer", "builtin"]).expect(0);
    }
    session.run(&["gc", "--keep", "1", "--dry-run"]).expect(0);
    assert_eq!(json(&session.run(&["log", "--json"]).expect(0)).as_array().unwrap().len(), 3);
    session.run(&["gc", "--keep", "1"]).expect(0);
    assert_eq!(json(&session.run(&["log", "--json"]).expect(0)).as_array().unwrap().len(), 1);
    session.run(&["show"]).expect(0);
}

#[test]
fn a_killed_process_leaves_a_readable_record_and_nothing_running() {
    let session = session();
    let nonce = format!("{}m", 7_000 + std::process::id() % 1_000);
    scripted(&session, "slow", &format!("print begun\nsleep {nonce}\n"), "");
    let mut child = session.command(&["--reviewer", "slow"]).spawn().unwrap();
    let runs = session.repo.path().join(".git/deep-review/runs");
    let begun = Instant::now();
    let started = || {
        std::fs::read_dir(&runs).is_ok_and(|mut entries| {
            entries.any(|entry| {
                let events = entry.unwrap().path().join("events.jsonl");
                std::fs::read_to_string(events).is_ok_and(|text| text.contains("reviewer-started"))
            })
        })
    };
    while !started() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the run never started");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let log = session.run(&["log"]).expect(0);
    assert!(log.stdout.contains("interrupted"), "{}", log.stdout);
    // The next run says what it found and works.
    session.run(&["--reviewer", "builtin"]).expect(0);
    let script = session.repo.scratch().join("scripts/slow.txt");
    let begun = Instant::now();
    while running_with(script.to_str().unwrap()) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the reviewer outlived its supervisor");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether some process has a word in its command line. Where there is no `/proc` nothing can be said.
fn running_with(word: &str) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        std::fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    })
}
