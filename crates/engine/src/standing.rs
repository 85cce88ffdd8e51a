//! How near a branch is to its end.
//!
//! In: the last run of a series, the branch as it is today, decisions, the reports before. Out: what is open, what is missing,
//! what goes back and forth. Never decides that a review is over: it says what speaks for it.

use std::collections::{BTreeMap, BTreeSet};

use git::Repository;
use model::{
    Action, CheckResult, Finding, Gate, PriorStatus, Report, ReviewerKind, ReviewerState, Severity, Sha,
    Target,
};
use store::{Decisions, RunState, Store, StoredRun, same_series, series_keys};

use crate::Error;
use crate::decide::{OpenFinding, open_findings};

/// Rounds that are looked back on.
const MOST_ROUNDS: usize = 24;

/// How near a branch is to its end.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Findings that are open.
    pub open: Vec<OpenFinding>,
    /// What is missing before nothing is left to do.
    pub missing: Vec<String>,
    /// Findings that were gone and came back.
    pub oscillating: Vec<String>,
    /// Why to stop asking, where the last rounds give reason to.
    pub stop: Option<String>,
    /// The branch's head today, where known.
    pub head: Option<Sha>,
}

/// Looks.
pub fn standing(
    repository: &Repository,
    store: &Store,
    run: &StoredRun,
    report: &Report,
    today: Option<&Target>,
    decisions: &Decisions,
) -> Result<Standing, Error> {
    let open = open_findings(repository, run, report, today, decisions)?;
    let rounds = rounds(store, report)?;
    let missing = missing(report, &open, today);
    Ok(Standing {
        oscillating: oscillating(&rounds),
        stop: stop(&rounds, &missing),
        missing,
        open,
        head: today.map(|target| target.head.clone()),
    })
}

/// Reports of the series up to this one, oldest first.
fn rounds(store: &Store, report: &Report) -> Result<Vec<Report>, Error> {
    let runs = store.runs()?;
    let keys = series_keys(&report.series.key, &runs);
    let own = runs.iter().filter(|run| {
        run.state == RunState::Finished
            && run.started <= report.run.started
            && run.series().is_some_and(|series| keys.iter().any(|key| same_series(key, series)))
    });
    let mut reports: Vec<Report> =
        own.take(MOST_ROUNDS).filter_map(|run| run.run.report().ok().flatten()).collect();
    reports.reverse();
    Ok(reports)
}

fn missing(report: &Report, open: &[OpenFinding], today: Option<&Target>) -> Vec<String> {
    let mut missing = Vec::new();
    for row in open.iter().filter(|row| row.blocks()) {
        // Of an older run it has to be named in full to be decided about.
        let own = row.finding.run == report.run.id;
        let id = if own { row.finding.id.clone() } else { row.finding.name() };
        let severity = row.finding.severity.as_str();
        missing.push(format!("{id} ({severity}) is neither fixed nor decided: {}", row.finding.title));
    }
    match today {
        Some(target) if target.head != report.target.head => {
            missing.push(format!(
                "{} was not reviewed: the last round looked at {}",
                target.head.short(),
                report.target.head.short()
            ));
        }
        _ if !report.run.complete => missing.push("the last round is incomplete".to_owned()),
        _ if !was_judged(report) => {
            missing.push("only rules and linters looked at it: nobody judged design or intent".to_owned());
        }
        _ => {}
    }
    let by_word = |row: &&OpenFinding| {
        let said = row.decided.as_ref().is_some_and(|decision| decision.action == Action::Fixed);
        let seen = row.today.as_ref().is_some_and(|(status, _)| *status == PriorStatus::Fixed);
        said && !seen && row.finding.severity > Severity::Suggestion
    };
    for row in open.iter().filter(by_word) {
        missing.push(format!("{} is said to be fixed, and its code does not show it", row.finding.id));
    }
    missing
}

/// Whether somebody reviewed who can judge more than rules do.
fn was_judged(report: &Report) -> bool {
    let judges =
        |row: &model::ReviewerReport| !matches!(row.kind, ReviewerKind::Builtin | ReviewerKind::Tool);
    report.reviewers.iter().any(|row| row.state == ReviewerState::Finished && judges(row))
}

/// Findings that one round did not have between two that had.
fn oscillating(rounds: &[Report]) -> Vec<String> {
    let mut seen: BTreeMap<&str, (Vec<bool>, &str)> = BTreeMap::new();
    for (at, report) in rounds.iter().enumerate() {
        for finding in report.findings.iter().filter(|finding| !was_declined(finding)) {
            let entry = seen
                .entry(finding.fingerprint.as_str())
                .or_insert_with(|| (vec![false; rounds.len()], finding.title.as_str()));
            entry.0[at] = true;
        }
        // Nobody repeats what is known to be open: that it is not said again is no repair.
        for row in report.prior.iter().filter(|row| row.is_still_open()) {
            if let Some(entry) = seen.get_mut(row.fingerprint.as_str()) {
                entry.0[at] = true;
            }
        }
    }
    let declined: BTreeSet<&str> = rounds
        .iter()
        .flat_map(|report| &report.prior)
        .filter(|row| row.status == PriorStatus::Declined)
        .map(|row| row.fingerprint.as_str())
        .collect();
    seen.retain(|fingerprint, _| !declined.contains(fingerprint));
    let back = |there: &[bool]| {
        let changes: Vec<bool> = there.windows(2).filter(|two| two[0] != two[1]).map(|two| two[1]).collect();
        changes.windows(2).any(|two| !two[0] && two[1])
    };
    seen.values().filter(|(there, _)| back(there)).map(|(_, title)| (*title).to_owned()).collect()
}

/// What people declined and what came back for it is no coming and going of the code.
fn was_declined(finding: &Finding) -> bool {
    finding.checks.iter().any(|check| check.gate == Gate::Declined && check.result == CheckResult::Pass)
}

fn stop(rounds: &[Report], missing: &[String]) -> Option<String> {
    let new_blocking = |report: &Report| {
        let is_new = |it: &Finding| it.since_round.is_none() || it.came_back.is_some();
        report.findings.iter().any(|it| it.severity > Severity::Suggestion && is_new(it))
    };
    let last: Vec<&Report> = rounds.iter().rev().take(2).collect();
    let quiet = last.len() == 2 && last.iter().all(|report| report.run.complete && !new_blocking(report));
    let heads: BTreeSet<&Sha> = rounds.iter().map(|report| &report.target.head).collect();
    if quiet && missing.is_empty() {
        Some("the last two rounds brought only suggestions: there is no need for another".to_owned())
    } else if quiet {
        Some("the last two rounds brought nothing new but suggestions: settle what is missing instead of asking again".to_owned())
    } else if rounds.len() >= 3 && heads.len() == 1 {
        Some("three rounds looked at the same commit".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Fingerprint, Run};

    fn round(findings: &[(&str, Severity, Option<u32>)]) -> Report {
        let finding = |(name, severity, since): &(&str, Severity, Option<u32>)| Finding {
            fingerprint: Fingerprint::of(&[name]),
            title: (*name).to_owned(),
            severity: *severity,
            since_round: *since,
            ..Finding::default()
        };
        Report {
            findings: findings.iter().map(finding).collect(),
            run: Run { complete: true, ..Run::default() },
            ..Report::default()
        }
    }

    #[test]
    fn what_goes_and_comes_back_is_told_and_what_stays_is_not() {
        use Severity::Important;
        let rounds = [
            round(&[("a", Important, None), ("b", Important, None)]),
            round(&[("b", Important, Some(1))]),
            round(&[("a", Important, None), ("b", Important, Some(1)), ("c", Important, None)]),
        ];
        assert_eq!(oscillating(&rounds), ["a"]);
        // Not said again, because it is known to be open.
        let mut rounds = rounds;
        rounds[1].prior.push(model::Prior {
            fingerprint: Fingerprint::of(&["a"]),
            status: PriorStatus::NotFixed,
            ..model::Prior::default()
        });
        assert!(oscillating(&rounds).is_empty());
    }

    #[test]
    fn two_rounds_of_suggestions_are_a_reason_to_stop() {
        let quiet = round(&[("s", Severity::Suggestion, None)]);
        let loud = round(&[("i", Severity::Important, None)]);
        let old = round(&[("i", Severity::Important, Some(1))]);
        assert!(stop(&[loud.clone(), quiet.clone(), quiet.clone()], &[]).is_some());
        assert!(stop(&[quiet.clone(), loud], &[]).is_none());
        let told = stop(&[quiet, old], &["I1".to_owned()]).expect("nothing new");
        assert!(told.contains("settle"), "{told}");
        assert!(stop(&[round(&[])], &[]).is_none());
    }
}
