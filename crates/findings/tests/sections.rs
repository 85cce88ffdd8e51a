//! Laws of the sections around the findings: nothing that a reviewer says is left out, and no order of arrival shows.

use findings::{Consolidated, Input, Known, Policy, Quorum, Records, consolidate};
use model::{
    Check, CheckResult, CheckedFinding, CoverageItem, CoverageStatus, DesignItem, DesignKind, Disposition,
    Gate, Location, RawFinding, Reading, RepoPath, ReviewerReport, ReviewerState, Scope, Severity, TextItem,
};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["ada", "bob", "cyd"];

/// Sentences that reviews are made of: complaints, praise, contradictions of them.
const SAID: &[&str] = &[
    "`connect` leaks the socket when the handshake fails",
    "`connect` closes the socket on all error paths.",
    "No test covers a failed handshake of `connect`",
    "All tests passed.",
    "The guide does not mention `--limit`",
    "The guide is updated for `--limit`.",
    "`Registry` is the right abstraction",
    "`Registry` and `Pool` share a lock",
    "Race between `add` and `remove` in `Registry`",
    "Both run under the same mutex, so `add` does not race with `remove`.",
    "Untested scenarios:",
];

/// Who, what, where it is said, and on which line.
type Told = (usize, usize, u8, u32);

fn told() -> impl Strategy<Value = Vec<Told>> {
    proptest::collection::vec((0..NAMES.len(), 0..SAID.len(), 0..6u8, 1..40u32), 0..24)
}

fn readings(told: &[Told]) -> Vec<(String, Reading)> {
    let mut readings: Vec<(String, Reading)> =
        NAMES.iter().map(|name| ((*name).to_owned(), Reading::default())).collect();
    for (who, what, section, _) in told {
        let reading = &mut readings[*who].1;
        let text = SAID[*what].to_owned();
        match section {
            1 | 2 => {
                let kind = if *section == 1 { DesignKind::Concern } else { DesignKind::Strength };
                reading.design.push(DesignItem { kind, title: text, ..DesignItem::default() });
            }
            3 => reading.testing.push(TextItem { text, gap: true, ..TextItem::default() }),
            4 => reading.documentation.push(TextItem { text, ..TextItem::default() }),
            5 => reading.coverage.push(CoverageItem {
                path: "src/pool.rs".to_owned(),
                status: CoverageStatus::Reviewed,
                note: Some(text),
                ..CoverageItem::default()
            }),
            _ => {}
        }
    }
    readings
}

/// Findings; every third one does not touch the change and moves to design.
fn checked(told: &[Told]) -> Vec<CheckedFinding> {
    let mut next = [0_u32; 3];
    let findings = told.iter().filter(|(.., section, _)| *section == 0);
    findings
        .enumerate()
        .map(|(nth, (who, what, _, line))| {
            let index = next[*who];
            next[*who] += 1;
            let outside = nth % 3 == 2;
            let check = Check {
                reviewer: NAMES[*who].to_owned(),
                index,
                gate: Gate::Scope,
                result: if outside { CheckResult::Fail } else { CheckResult::Pass },
                detail: "looked at the diff".to_owned(),
                fault: None,
            };
            CheckedFinding {
                reviewer: NAMES[*who].to_owned(),
                raw: RawFinding {
                    index,
                    id: format!("I{}", index + 1),
                    severity: Severity::Important,
                    title: SAID[*what].to_owned(),
                    ..RawFinding::default()
                },
                locations: vec![Location {
                    path: RepoPath::from("src/pool.rs"),
                    start: Some(*line),
                    end: Some(*line),
                    ..Location::default()
                }],
                scope: if outside { Scope::Outside } else { Scope::ChangedLines },
                checks: vec![check],
                ..CheckedFinding::default()
            }
        })
        .collect()
}

fn run(checked: Vec<CheckedFinding>, readings: &[(String, Reading)]) -> Consolidated {
    let roster: Vec<ReviewerReport> = NAMES
        .iter()
        .map(|name| ReviewerReport {
            name: (*name).to_owned(),
            state: ReviewerState::Finished,
            quorum: true,
            ..ReviewerReport::default()
        })
        .collect();
    consolidate(&Input {
        roster: &roster,
        readings,
        checked,
        changed: &[],
        commits: &[],
        policy: &Policy::default(),
        records: &Records::new(),
        limitations: &[],
        known: &Known::default(),
        quorum: Quorum::Wanted(2),
        repository_used: true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn order_of_arrival_does_not_show(told in told(), turn in 0..24usize) {
        let (checked, readings) = (checked(&told), readings(&told));
        let (mut later, mut other) = (checked.clone(), readings.clone());
        if !later.is_empty() {
            let turn = turn % later.len();
            later.rotate_left(turn);
        }
        other.reverse();
        prop_assert_eq!(run(checked, &readings), run(later, &other));
    }

    #[test]
    fn what_moves_arrives_and_every_row_is_written_once(told in told()) {
        let checked = checked(&told);
        let raised = checked.len();
        let result = run(checked, &readings(&told));
        prop_assert!(result.invariants.dispositions_balance);
        prop_assert_eq!(result.dispositions.len(), raised);
        let moved = result.dispositions.iter().filter(|row| row.disposition == Disposition::Moved).count();
        let arrived: usize = result
            .design
            .iter()
            .filter_map(|it| it.moved_from.as_deref())
            .map(|from| from.split(", ").count())
            .sum();
        prop_assert_eq!(moved, arrived);
    }

    #[test]
    fn whoever_says_something_is_credited_where_it_stands(told in told()) {
        let result = run(Vec::new(), &readings(&told));
        for (who, what, section, _) in &told {
            let name = NAMES[*who].to_owned();
            let text = SAID[*what];
            let credited = match section {
                1 | 2 => result.design.iter().any(|it| it.reviewers.contains(&name)),
                3 if !text.ends_with(':') => {
                    let gaps = result.testing.gaps.iter().map(|it| &it.reviewers);
                    gaps.chain(result.testing.remarks.iter().map(|it| &it.reviewers)).any(|it| it.contains(&name))
                }
                4 if !text.ends_with(':') => {
                    let gaps = result.documentation.gaps.iter().map(|it| &it.reviewers);
                    let all = gaps.chain(result.documentation.remarks.iter().map(|it| &it.reviewers));
                    all.into_iter().any(|it| it.contains(&name))
                }
                _ => true,
            };
            prop_assert!(credited, "{name}: {text}");
        }
    }

    #[test]
    fn a_contested_finding_never_blocks_and_always_says_who(told in told()) {
        let result = run(checked(&told), &readings(&told));
        for finding in &result.findings {
            if !finding.contradictions.is_empty() {
                prop_assert_eq!(finding.lane, model::Lane::Contested);
                prop_assert!(!result.verdict.blocking.contains(&finding.id));
                for said in &finding.contradictions {
                    prop_assert!(!finding.sources.iter().any(|source| source.reviewer == said.reviewer));
                }
            }
        }
    }
}
