//! What the run teaches about its reviewers, in numbers.
//!
//! In: findings, ledger, coverage. Out: one row a reviewer, in roster order. Never prose and never a judgement.

use std::collections::HashMap;

use model::{
    CheckResult, CheckedFinding, CoverageSection, CoverageStatus, DesignObservation, Disposition, Finding,
    Gate, LedgerRow, ReasonCode, Retro, ReviewerReport, ReviewerState, Severity,
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
        }
    }
    input
        .roster
        .iter()
        .map(|reviewer| {
            let mut retro = by_name.remove(reviewer.name.as_str()).unwrap_or_default();
            retro.reviewer.clone_from(&reviewer.name);
            retro.reviewed = reviewer.state == ReviewerState::Finished;
            count_coverage(&mut retro, reviewer, input, coverage, findings);
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

fn count_coverage(
    retro: &mut Retro,
    reviewer: &ReviewerReport,
    input: &Input<'_>,
    section: &CoverageSection,
    findings: &[Finding],
) {
    let gave_none =
        !input.readings.iter().any(|(name, reading)| *name == reviewer.name && !reading.coverage.is_empty());
    let mut omitted = 0;
    for file in &section.files {
        let status = file.by.iter().find(|(name, _)| *name == reviewer.name).map(|(_, status)| *status);
        match status {
            Some(CoverageStatus::NotReviewed) | None => omitted += u32::from(status.is_none()),
            Some(_) => retro.files_reviewed += 1,
        }
        let others = coverage::important_in(&file.path, findings)
            .any(|finding| !finding.sources.iter().any(|source| source.reviewer == reviewer.name));
        retro.contradicted += u32::from(status == Some(CoverageStatus::Reviewed) && others);
    }
    retro.files_omitted = (!gave_none).then_some(omitted);
}
