//! Whole reports in our own words, one of every age.

use model::Severity;

use super::read_report;

const REPORT: &str = include_str!("../../fixtures/report.md");

#[test]
fn a_report_is_read_whole() {
    let report = read_report(REPORT);
    assert_eq!(report.name.as_deref(), Some("20260504-091500-pr-12"));
    assert_eq!(report.pull_request, Some(12));
    assert_eq!(report.round, Some(2));
    assert_eq!(report.reviewers.len(), 3);
    assert_eq!(report.verdict.as_ref().map(|verdict| verdict.label.as_str()), Some("Merge with fixes"));
    assert_eq!(report.wall_clock_ms, Some(1_265_000));
    let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, ["I1", "I2", "S1"]);
    assert_eq!(report.findings[0].reviewers, ["ada", "bob"]);
    assert_eq!(report.findings[1].resolved.as_deref(), Some("FIXED: in 1234abc"));
    assert_eq!(report.findings[2].finding.severity, Severity::Suggestion);
    assert_eq!(report.design.len(), 2);
    assert_eq!(report.design[1].reviewers, ["bob"]);
    assert_eq!(report.retro.len(), 1);
    assert_eq!(report.reconciliation.len(), 2);
    assert_eq!(report.declined.len(), 1);
    assert_eq!(report.resolution.map(|resolution| resolution.rows.len()), Some(3));
}

#[test]
fn each_original_review_belongs_to_its_reviewer() {
    let report = read_report(REPORT);
    let originals: Vec<(&str, Option<u32>, usize)> = report
        .originals
        .iter()
        .map(|original| (original.reviewer.as_str(), original.pass, original.reading.findings.len()))
        .collect();
    assert_eq!(originals, [("ada", Some(1), 1), ("bob", Some(1), 1), ("cyd", Some(1), 0)]);
    assert!(matches!(report.originals[2].reading.state, model::ReadingState::UnableToReview { .. }));
    assert!(report.notes.iter().any(|note| note.text.contains("second heading")));
}
