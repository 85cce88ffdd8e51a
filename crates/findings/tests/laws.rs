//! Laws that hold for any input.

use findings::{Input, Policy, Quorum, Records, consolidate};
use model::{
    CheckedFinding, Location, RawFinding, RepoPath, ReviewerReport, ReviewerState, Severity, VerdictValue,
};

fn reviewer(name: &str) -> ReviewerReport {
    ReviewerReport {
        name: name.to_owned(),
        state: ReviewerState::Finished,
        quorum: true,
        ..ReviewerReport::default()
    }
}

fn claim(
    reviewer: &str,
    index: u32,
    severity: Severity,
    title: &str,
    path: &str,
    line: u32,
) -> CheckedFinding {
    CheckedFinding {
        reviewer: reviewer.to_owned(),
        raw: RawFinding { index, severity, title: title.to_owned(), ..RawFinding::default() },
        locations: vec![Location {
            path: RepoPath::from(path),
            start: Some(line),
            end: Some(line),
            ..Location::default()
        }],
        ..CheckedFinding::default()
    }
}

#[test]
fn one_defect_told_by_two_reviewers_is_one_finding() {
    let roster = [reviewer("a"), reviewer("b")];
    let policy = Policy::default();
    let records = Records::default();
    let result = consolidate(&Input {
        roster: &roster,
        readings: &[],
        checked: vec![
            claim(
                "b",
                0,
                Severity::Important,
                "The connection pool is never closed on shutdown",
                "src/pool.rs",
                41,
            ),
            claim(
                "a",
                0,
                Severity::Important,
                "Shutdown leaks the connection pool: it is not closed",
                "src/pool.rs",
                40,
            ),
            claim("a", 1, Severity::Suggestion, "Typo in comment: recieve", "src/pool.rs", 40),
        ],
        changed: &[],
        commits: &[],
        policy: &policy,
        records: &records,
        limitations: &[],
        quorum: Quorum::Wanted(2),
        repository_used: false,
    });
    assert!(result.invariants.dispositions_balance && result.invariants.ids_contiguous);
    assert_eq!(result.findings.len(), 2);
    assert_eq!(result.findings[0].agreement, 2);
    assert_eq!(result.verdict.value, VerdictValue::MergeWithFixes);
}
