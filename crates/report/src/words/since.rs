//! What happened since the round before: fixed, still open, new, declined.
//!
//! In: a report with findings of earlier rounds. Out: counts with their words, and what each earlier finding is called now. Never a
//! guess: where nothing earlier is known, nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use model::{EarlierRead, Finding, FindingState, Prior, PriorStatus, Report};

/// One thing that happened to some findings.
pub(crate) struct Since {
    /// How many.
    pub(crate) number: usize,
    /// What, to be read behind the number.
    pub(crate) what: &'static str,
    /// Whether it is good news.
    pub(crate) is_good: bool,
}

/// The round before, where findings of it are known.
pub(crate) fn round_before(report: &Report) -> Option<u32> {
    (!report.prior.is_empty()).then(|| report.series.round.saturating_sub(1).max(1))
}

/// What happened since the round before, in the order of interest; what did not happen is left out.
pub(crate) fn since(report: &Report) -> Vec<Since> {
    if report.prior.is_empty() {
        return Vec::new();
    }
    let of = |status: PriorStatus| report.prior.iter().filter(move |prior| prior.status == status);
    let count = |status: PriorStatus| of(status).count();
    let back = of(PriorStatus::Declined).filter(|prior| raised_again(report, prior).is_some()).count();
    let returned = of(PriorStatus::NotFixed).filter(|prior| prior.came_back(&report.findings)).count();
    let all = [
        (count(PriorStatus::Fixed), "fixed", true),
        (count(PriorStatus::Partial), "fixed in part", false),
        (count(PriorStatus::NotFixed) - returned, "still open", false),
        (returned, "settled before, and back", false),
        (new(report), "new", false),
        (count(PriorStatus::Declined) - back, "declined, not listed", false),
        (back, "declined and raised again", false),
        (count(PriorStatus::Superseded), "superseded", false),
        (count(PriorStatus::Stale), "whose code is gone", false),
    ];
    all.into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, what, is_good)| Since { number, what, is_good })
        .collect()
}

/// Open findings that no earlier round knew.
fn new(report: &Report) -> usize {
    let known: BTreeSet<&str> = report.prior.iter().map(|prior| prior.fingerprint.as_str()).collect();
    let again: BTreeSet<&str> = report.prior.iter().filter_map(|prior| prior.now.as_deref()).collect();
    let is_new = |it: &&Finding| {
        it.state == FindingState::Open
            && it.since_round.is_none()
            && !known.contains(it.fingerprint.as_str())
            && !again.contains(it.id.as_str())
    };
    report.findings.iter().filter(is_new).count()
}

/// What happened to the commits and files since the round before, in one sentence; nothing where that is not known.
pub(crate) fn delta(report: &Report) -> Option<String> {
    let delta = report.series.delta.as_ref()?;
    let from = delta.from.short();
    if delta.same_commit {
        return Some(format!("The same commit as the round before, {from}."));
    }
    let of = |state: &str| delta.commits.iter().filter(|commit| commit.state == state).count();
    let commits: Vec<String> = ["changed", "new", "gone"]
        .into_iter()
        .filter(|state| of(state) > 0)
        .map(|state| format!("{} {state}", super::count(of(state), "commit")))
        .collect();
    let commits = if commits.is_empty() { String::new() } else { format!("{}; ", commits.join(", ")) };
    let files = super::count(delta.files.len(), "file");
    let differ = if delta.files.len() == 1 { "differs" } else { "differ" };
    Some(format!("Since {from}: {commits}{files} of the change {differ}."))
}

/// What was not given to reviewers again and what that rests on, in one sentence; nothing where all was given.
pub(crate) fn rest(report: &Report) -> Option<String> {
    let scope = report.series.scope.as_ref().filter(|scope| !scope.rest.is_empty())?;
    let all = scope.rest.len() + scope.files.len();
    let moved = scope.rest.iter().filter(|file| !file.same_file).count();
    let around = match moved {
        0 => String::new(),
        1 => " Of one such file, other lines are not what they were, because its base moved.".to_owned(),
        _ => format!(" Of {moved} such files, other lines are not what they were, because their base moved."),
    };
    let given = scope.files.len();
    Some(format!(
        "{given} of {} {} given to reviewers in this round; {} on earlier rounds that read the same change of {}.{around}",
        super::count(all, "changed file"),
        if given == 1 { "was" } else { "were" },
        if scope.rest.len() == 1 { "the other stands" } else { "the others stand" },
        if scope.rest.len() == 1 { "it" } else { "them" },
    ))
}

/// On whom a file stands that was not given again: `round 1: claude, codex`.
pub(crate) fn read_by(file: &EarlierRead) -> String {
    let mut rounds: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for read in &file.by {
        let silent = if read.listed { "" } else { " (shown, gave no list)" };
        rounds.entry(read.round).or_default().push(format!("{}{silent}", read.reviewer));
    }
    let told = rounds.iter().map(|(round, names)| format!("round {round}: {}", names.join(", ")));
    told.collect::<Vec<_>>().join("; ")
}

/// Where a file that was not given again was read; nothing for the others.
pub(crate) fn earlier<'r>(report: &'r Report, path: &model::RepoPath) -> Option<&'r EarlierRead> {
    report.series.scope.as_ref()?.rest.iter().find(|file| file.path == *path)
}

/// The finding of this report that says what an earlier one said, where it is not settled by that.
pub(crate) fn raised_again<'r>(report: &'r Report, prior: &Prior) -> Option<&'r Finding> {
    if let Some(now) = &prior.now {
        return report.findings.iter().find(|it| it.id == *now);
    }
    let same = |it: &&Finding| it.fingerprint == prior.fingerprint && it.state != FindingState::Declined;
    report.findings.iter().find(same)
}

/// `I1` of `20260412-203409-pr-295:I1`, and the run.
pub(crate) fn prior_name(prior: &Prior) -> (&str, &str) {
    prior.finding.rsplit_once(':').map_or((prior.finding.as_str(), ""), |(run, id)| (id, run))
}

#[cfg(test)]
mod tests {
    use model::Fingerprint;

    use super::*;

    fn prior(what: &str, status: PriorStatus) -> Prior {
        Prior {
            finding: format!("run:{what}"),
            fingerprint: Fingerprint::of(&[what]),
            status,
            ..Prior::default()
        }
    }

    #[test]
    fn each_earlier_finding_is_counted_once_and_new_ones_are_those_nobody_knew() {
        let finding = |what: &str, state| Finding {
            fingerprint: Fingerprint::of(&[what]),
            state,
            ..Finding::default()
        };
        let report = Report {
            prior: vec![
                prior("a", PriorStatus::Fixed),
                prior("b", PriorStatus::NotFixed),
                prior("c", PriorStatus::Declined),
                prior("d", PriorStatus::Declined),
            ],
            findings: vec![
                finding("b", FindingState::Open),
                finding("d", FindingState::Open),
                finding("e", FindingState::Open),
                finding("f", FindingState::Declined),
            ],
            ..Report::default()
        };
        let told: Vec<String> =
            since(&report).iter().map(|it| format!("{} {}", it.number, it.what)).collect();
        assert_eq!(
            told,
            ["1 fixed", "1 still open", "1 new", "1 declined, not listed", "1 declined and raised again"]
        );
        assert!(since(&Report::default()).is_empty());
    }
}
