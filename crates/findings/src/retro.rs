//! What the run teaches about its reviewers, in numbers.
//!
//! In: findings, ledger, coverage. Out: one row a reviewer, in roster order. Never prose and never a judgement.

use std::collections::{HashMap, HashSet};

use model::{
    CheckResult, CheckedFinding, CoverageSection, CoverageStatus, DesignObservation, Disposition, Finding,
    Gate, LedgerRow, ReasonCode, Retro, ReviewerState, Severity,
};

use crate::{Input, coverage};

/// One row a reviewer.
pub(crate) fn rows(
    input: &Input<'_>,
    findings: &[Finding],
    dispositions: &[LedgerRow],
    design: &[DesignObservation],
    coverage: &CoverageSection,
    checked: &[CheckedFinding],
) -> Vec<Retro> {
    let mut by_name: HashMap<&str, Retro> = HashMap::new();
    for row in dispositions {
        let retro = by_name.entry(row.reviewer.as_str()).or_default();
        count_row(retro, row);
    }
    for finding in findings {
        count_finding(&mut by_name, finding);
    }
    for claim in checked {
        count_place(by_name.entry(claim.reviewer.as_str()).or_default(), claim);
    }
    for observation in design {
        for reviewer in &observation.reviewers {
            let retro = by_name.entry(reviewer.as_str()).or_default();
            retro.design += 1;
            retro.unique += u32::from(observation.reviewers.len() == 1);
        }
    }
    let accounts = accounts(coverage);
    let contradicted = coverage::contradictions(coverage, findings);
    let gave_account: HashSet<&str> = input
        .readings
        .iter()
        .filter(|(_, it)| !it.coverage.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    let positions: HashMap<&str, usize> =
        input.roster.iter().enumerate().map(|(at, reviewer)| (reviewer.name.as_str(), at)).collect();
    input
        .roster
        .iter()
        .map(|reviewer| {
            let mut retro = by_name.remove(reviewer.name.as_str()).unwrap_or_default();
            retro.reviewer.clone_from(&reviewer.name);
            retro.reviewed = reviewer.state == ReviewerState::Finished;
            let name = reviewer.name.as_str();
            let account = accounts.get(name).copied().unwrap_or_default();
            retro.files_reviewed = account.reviewed;
            retro.contradicted = contradicted.get(name).copied().unwrap_or(0);
            let omitted = coverage.files.len() as u32 - account.mentioned;
            // Without a repository nobody knows which files there were to name.
            let known = input.repository_used && gave_account.contains(name);
            retro.files_omitted = known.then_some(omitted);
            retro.overlap.sort_by_key(|(other, _)| positions.get(other.as_str()).copied());
            retro
        })
        .collect()
}

fn count_row(retro: &mut Retro, row: &LedgerRow) {
    retro.raised.add(row.severity);
    match row.disposition {
        Disposition::Kept => retro.kept += 1,
        Disposition::Merged => retro.merged += 1,
        Disposition::Promoted => retro.promoted += 1,
        Disposition::Downgraded => retro.downgraded += 1,
        Disposition::Moved => retro.moved += 1,
        Disposition::Dropped => retro.dropped += 1,
    }
    let false_claim = matches!(row.code, Some(ReasonCode::FactuallyFalse | ReasonCode::QuoteAbsent));
    if row.disposition == Disposition::Dropped && false_claim {
        retro.false_positives += 1;
    }
}

fn count_finding<'a>(by_name: &mut HashMap<&'a str, Retro>, finding: &'a Finding) {
    let mut names: Vec<&str> = finding.sources.iter().map(|source| source.reviewer.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in &names {
        let retro = by_name.entry(name).or_default();
        retro.credited.add(finding.severity);
        if names.len() == 1 {
            retro.unique += 1;
            retro.missed_without += u32::from(finding.severity >= Severity::Important);
        }
        for other in names.iter().filter(|other| *other != name) {
            match retro.overlap.iter_mut().find(|(known, _)| known == other) {
                Some((_, count)) => *count += 1,
                None => retro.overlap.push(((*other).to_owned(), 1)),
            }
        }
    }
    for source in finding.sources.iter().filter(|source| source.severity != finding.severity) {
        let transition = format!("{}→{}", source.severity.letter(), finding.severity.letter());
        let transitions = &mut by_name.entry(source.reviewer.as_str()).or_default().transitions;
        match transitions.iter_mut().find(|(name, _)| *name == transition) {
            Some((_, count)) => *count += 1,
            None => transitions.push((transition, 1)),
        }
        transitions.sort();
    }
}

fn count_place(retro: &mut Retro, claim: &CheckedFinding) {
    match claim.result(Gate::Location) {
        CheckResult::Pass => {
            retro.located += 1;
            retro.located_exactly += 1;
        }
        CheckResult::Repaired | CheckResult::Fail => retro.located += 1,
        CheckResult::Unknown | CheckResult::NotApplicable => {}
    }
}

/// What a reviewer's own account of the files says. `mentioned` counts the files it names at all.
#[derive(Clone, Copy, Default)]
struct Account {
    mentioned: u32,
    reviewed: u32,
}

fn accounts(section: &CoverageSection) -> HashMap<&str, Account> {
    let mut accounts: HashMap<&str, Account> = HashMap::new();
    for (reviewer, status) in section.files.iter().flat_map(|file| &file.by) {
        let account = accounts.entry(reviewer.as_str()).or_default();
        account.mentioned += 1;
        account.reviewed += u32::from(*status != CoverageStatus::NotReviewed);
    }
    accounts
}
