use model::{ChangeStatus, DiffLine, FileDiff, Fix, Hunk, LineKind, Location};
use proptest::prelude::*;

use super::*;
use crate::sample;

fn line(kind: LineKind, old: Option<u32>, new: Option<u32>, text: &str) -> DiffLine {
    DiffLine { kind, old_line: old, new_line: new, text: text.into() }
}

/// One hunk: lines 39 to 43 at head, of which 42 is new and 41 at the base is gone.
fn diff() -> Vec<FileDiff> {
    let lines = vec![
        line(LineKind::Context, Some(39), Some(39), "fn next(&self) -> Job {"),
        line(LineKind::Context, Some(40), Some(40), "    let queue = &self.queue;"),
        line(LineKind::Removed, Some(41), None, "    lock.lock();"),
        line(LineKind::Context, Some(42), Some(41), "if queue.is_empty() {"),
        line(LineKind::Added, None, Some(42), "    ready.wait();"),
        line(LineKind::Context, Some(43), Some(43), "}"),
    ];
    let hunk =
        Hunk { old_start: 39, old_lines: 5, new_start: 39, new_lines: 5, heading: String::new(), lines };
    vec![FileDiff {
        path: "src/pool.rs".into(),
        old_path: None,
        status: ChangeStatus::Modified,
        binary: false,
        old_mode: None,
        new_mode: None,
        hunks: vec![hunk],
    }]
}

fn payload(report: &Report, diff: &[FileDiff]) -> Value {
    serde_json::from_str(&github_review(report, diff)).expect("our own payload is JSON")
}

#[test]
fn the_whole_payload_reads_well() {
    insta::assert_snapshot!("review", github_review(&sample::report(), &diff()));
}

#[test]
fn every_open_finding_stands_once_inline_or_in_the_body() {
    let report = sample::report();
    let payload = payload(&report, &diff());
    let comments = payload["comments"].as_array().expect("a list");
    let body = payload["body"].as_str().expect("a text");
    assert!(!comments.is_empty());
    for finding in &report.findings {
        let inline = comments
            .iter()
            .filter(|it| {
                it["body"].as_str().is_some_and(|text| text.starts_with(&format!("**{}**", finding.id)))
            })
            .count();
        let listed = body.matches(&format!("\n{}. **", finding.id)).count();
        let wanted = usize::from(finding.state == FindingState::Open);
        assert_eq!(inline + listed, wanted, "{}", finding.id);
    }
}

#[test]
fn a_small_patch_in_the_hunk_is_a_suggestion_on_exactly_its_lines() {
    let mut report = sample::report();
    let patch = "--- a/src/pool.rs\n+++ b/src/pool.rs\n@@ -41,2 +41,3 @@\n if queue.is_empty() {\n-    ready.wait();\n+    let guard = lock.lock();\n+    ready.wait_with(guard);\n";
    report.findings[0].fix =
        Some(Fix { text: String::new(), patch: Some(patch.into()), applies: Some(true) });
    let payload = payload(&report, &diff());
    let comment = &payload["comments"][0];
    assert_eq!((&comment["line"], &comment["start_line"]), (&json!(42), &Value::Null));
    let body = comment["body"].as_str().unwrap_or_default();
    assert!(
        body.contains("```suggestion\n    let guard = lock.lock();\n    ready.wait_with(guard);\n```"),
        "{body}"
    );
}

#[test]
fn a_patch_whose_old_lines_stand_elsewhere_is_shown_as_a_diff() {
    let mut report = sample::report();
    let patch = "--- a/src/pool.rs\n+++ b/src/pool.rs\n@@ -41 +41 @@\n-something else\n+new\n";
    report.findings[0].fix =
        Some(Fix { text: String::new(), patch: Some(patch.into()), applies: Some(true) });
    let payload = payload(&report, &diff());
    let body = payload["comments"][0]["body"].as_str().unwrap_or_default();
    assert!(!body.contains("suggestion\n"), "{body}");
    assert!(body.contains("**Fix**"), "{body}");
}

#[test]
fn the_summary_names_its_series_by_a_marker_that_the_key_cannot_break() {
    let mut report = sample::report();
    report.series.key = "--> <script>alert(1)</script>".into();
    let summary = github_summary(&report);
    let first = summary.lines().next().unwrap_or_default();
    assert!(first.starts_with("<!-- deep-review series ") && first.ends_with(" -->"), "{first}");
    assert!(first.chars().filter(|c| *c == '>').count() == 1, "{first}");
    assert_ne!(first, github_summary(&sample::report()).lines().next().unwrap_or_default());
}

#[test]
fn a_thousand_findings_fit_into_one_body_and_none_is_left_out() {
    let mut report = sample::report();
    let one = report.findings[0].clone();
    report.findings = (1..=1000).map(|n| Finding { id: format!("C{n}"), ..one.clone() }).collect();
    let payload = payload(&report, &[]);
    let body = payload["body"].as_str().unwrap_or_default();
    assert!(body.chars().count() < 65_536);
    let whole = body.matches("<details>").count();
    assert!(body.contains(&format!("{} more in the report", 1000 - whole)), "{whole}");
}

proptest! {
    /// Whatever places findings claim, each inline comment stands on lines that the change shows, in one hunk.
    #[test]
    fn no_comment_leaves_the_change(places in proptest::collection::vec((30_u32..60, 0_u32..8, any::<bool>()), 1..6)) {
        let mut report = sample::report();
        report.findings[0].locations = places
            .iter()
            .map(|(start, length, head)| Location {
                path: "src/pool.rs".into(),
                start: Some(*start),
                end: Some(start + length),
                side: if *head { model::Side::Head } else { model::Side::Base },
                ..Location::default()
            })
            .collect();
        let diff = diff();
        let payload = payload(&report, &diff);
        for comment in payload["comments"].as_array().expect("a list") {
            let right = comment["side"] == "RIGHT";
            let shown: Vec<u32> = diff[0].hunks[0].lines.iter()
                .filter_map(|line| if right { line.new_line } else { line.old_line })
                .collect();
            let end = comment["line"].as_u64().expect("a number") as u32;
            let start = comment["start_line"].as_u64().map_or(end, |start| start as u32);
            prop_assert!(start <= end && shown.contains(&start) && shown.contains(&end));
        }
    }
}
