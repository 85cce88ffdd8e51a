//! Collects what earlier rounds and people said.
//!
//! In: the store, the run that begins, its target. Out: a [`History`]. A store that cannot be read costs what it knew and a
//! note, not the run. Reads only the round before: what older rounds left open it carried on.

use std::collections::{BTreeMap, BTreeSet};

use evidence::Told;
use findings::Records;
use git::{Repository, Snapshot};
use jiff::Timestamp;
use model::{
    Decision, FindingState, Remembered, RepoPath, Report, ReviewerState, RunId, Series, Sha, Target,
    TargetKind,
};
use store::{Decisions, RunEntry, RunState, Store, StoredRun, same_series, series_key, series_keys};

use super::history::{Bound, HISTORY_FILE, History, Item, OPEN_FILE, Open};
use super::scope::read_by_now;
use super::since::{changed_lines, delta, moved};
use crate::Error;

/// Decisions that are looked at: the newest ones.
const MOST_BOUND: usize = 2_000;

/// Names of files that are carried on from the round before.
const MOST_MOVES: usize = 5_000;

/// Heads that renames are looked for from.
const MOST_HEADS: usize = 32;

/// Collects for a run that has its place in the series already and began at `started`.
pub(crate) fn gather(
    store: &Store,
    repository: &Repository,
    (series, started): (&Series, Timestamp),
    target: &Target,
    records: Records,
) -> History {
    let mut history = History::new(records);
    let keys = match store.runs() {
        Ok(runs) => {
            history.notes.extend(unreadable(&runs));
            series_keys(&series.key, &runs)
        }
        Err(error) => {
            history.notes.push(format!("earlier rounds could not be read: {error}"));
            BTreeSet::from([series.key.clone()])
        }
    };
    let mut before = None;
    if let Some(previous) = &series.previous {
        let previous = store.run(previous);
        if let Ok(Some(record)) = previous.record() {
            before = Some((record.id, record.started));
        }
        if let Err(error) = take_round(&mut history, repository, &previous, target) {
            history.notes.push(format!("round {} could not be taken over: {error}", series.round - 1));
        }
    }
    match store.decisions() {
        Ok(decisions) => take_decisions(&mut history, &decisions, &keys, before.as_ref(), started),
        Err(error) => history.notes.push(format!("what people decided could not be read: {error}")),
    }
    follow_renames(&mut history, repository, target);
    history
}

/// Runs that cannot be read, in one sentence: nobody knows whether they are rounds of this.
fn unreadable(runs: &[RunEntry]) -> Option<String> {
    let lost = runs.iter().filter(|run| run.record.is_none() && run.problem.is_some());
    let names: Vec<&str> = lost.map(|run| run.id().as_str()).collect();
    let (first, does) = match names.as_slice() {
        [] => return None,
        [one] => ((*one).to_owned(), "run cannot be read and does not count as a round"),
        [first, ..] => (format!("{first}…"), "runs cannot be read and do not count as rounds"),
    };
    Some(format!("{} {does} ({first}); `deep-review log --json` says why", names.len()))
}

fn take_round(
    history: &mut History,
    repository: &Repository,
    previous: &StoredRun,
    target: &Target,
) -> Result<(), Error> {
    let Some(report) = previous.report()? else { return Ok(()) };
    let open = match previous.part::<Open>(OPEN_FILE)?.filter(Open::is_known) {
        Some(open) => open,
        None => Open::new(items_of(repository, &report), settled_of(repository, &report), None),
    };
    history.open = open.open;
    history.closed = open.closed;
    // Written down by this version; told by the report where an older one made it and its commits are still here.
    history.read = open.read.unwrap_or_else(|| {
        let facts = Snapshot::open(repository, &report.target);
        facts.map(|facts| read_by_now(&[], &report, &facts)).unwrap_or_default()
    });
    let reviewed = report.reviewers.iter().filter(|row| row.state == ReviewerState::Finished);
    history.reviewed_before = reviewed.map(|row| row.name.clone()).collect();
    if report.target.head.as_str().is_empty() {
        return Ok(());
    }
    let diff = repository.differences(&report.target.head, &target.head).ok();
    history.delta = Some(delta(repository, &report.target, target, diff.as_deref()));
    history.changed = diff.as_deref().map(changed_lines);
    history.moved = diff.as_deref().map(moved).unwrap_or_default();
    // Over many rounds a file grows until no comparison of two heads sees that it was moved: each step is kept.
    if let Some(before) = previous.part::<History>(HISTORY_FILE)?.filter(History::is_known) {
        let steps: BTreeMap<RepoPath, RepoPath> = history.moved.iter().cloned().collect();
        let on = before.moved.into_iter().map(|(from, to)| {
            let now = steps.get(&to).cloned().unwrap_or(to);
            (from, now)
        });
        history.moved.extend(on.filter(|(from, to)| from != to).take(MOST_MOVES));
    }
    Ok(())
}

/// The findings of a report as open items, for rounds that left no list.
pub(crate) fn items_of(repository: &Repository, report: &Report) -> Vec<Item> {
    let open: Vec<_> =
        report.findings.iter().filter(|finding| finding.state == FindingState::Open).cloned().collect();
    let round = report.series.round;
    let first = |at: usize| open[at].since_round.unwrap_or(round);
    let item = |(at, finding): (usize, Remembered)| Item {
        blocks: Some(report.verdict.blocking.contains(&finding.id)),
        first_round: first(at),
        closed_round: None,
        finding,
    };
    remembered_of(repository, report, &open).into_iter().enumerate().map(item).collect()
}

/// The findings of a report that people settled, for rounds that left no list: they may come back.
fn settled_of(repository: &Repository, report: &Report) -> Vec<Item> {
    let is_settled =
        |state| matches!(state, FindingState::Fixed | FindingState::Stale | FindingState::Superseded);
    let settled: Vec<_> =
        report.findings.iter().filter(|finding| is_settled(finding.state)).cloned().collect();
    let round = report.series.round;
    let first: Vec<u32> = settled.iter().map(|finding| finding.since_round.unwrap_or(round)).collect();
    let item =
        |(finding, first_round)| Item { finding, first_round, blocks: None, closed_round: Some(round) };
    remembered_of(repository, report, &settled).into_iter().zip(first).map(item).collect()
}

/// Findings of a stored report as they are remembered: with the lines at its head where its commits are here.
pub fn remembered_of(
    repository: &Repository,
    report: &Report,
    findings: &[model::Finding],
) -> Vec<Remembered> {
    let head = report.target.head.clone();
    let told = Told { run: report.run.id.clone(), round: report.series.round, head };
    match Snapshot::open(repository, &report.target) {
        Ok(snapshot) => evidence::remember(&snapshot, findings, &told),
        Err(_) => findings.iter().map(|finding| evidence::remember_bare(finding, &told)).collect(),
    }
}

fn take_decisions(
    history: &mut History,
    decisions: &Decisions,
    keys: &BTreeSet<String>,
    before: Option<&(RunId, Timestamp)>,
    now: Timestamp,
) {
    if !decisions.refused.is_empty() {
        let count = decisions.refused.len();
        history
            .notes
            .push(format!("{count} lines of what people decided could not be read and do not count"));
    }
    let latest = decisions.latest();
    let by_identity: BTreeMap<&str, &Decision> =
        latest.iter().map(|decision| (decision.finding.fingerprint.as_str(), *decision)).collect();
    history.open.retain(|item| {
        // What the round before told in spite of a decision came back, and is open until it is decided again.
        let told_after = |decision: &&&Decision| {
            let told = before.filter(|(run, _)| *run == item.finding.run);
            told.is_none_or(|(_, started)| decision.at >= *started)
        };
        let decided = by_identity.get(item.finding.fingerprint.as_str()).filter(told_after);
        // What people say is fixed is looked at all the same; everything else they decided is theirs to decide.
        decided
            .is_none_or(|decision| matches!(decision.action, model::Action::Fixed | model::Action::Reopened))
    });
    let mut bound: Vec<Bound> = latest
        .into_iter()
        .filter(|decision| decision.action.binds())
        .map(|decision| Bound {
            holds: decision.holds_at(now),
            own: keys.iter().any(|key| same_series(key, &decision.series)),
            decision: decision.clone(),
        })
        .collect();
    if bound.len() > MOST_BOUND {
        history.notes.push(format!("only the newest {MOST_BOUND} decisions were looked at"));
        bound.drain(..bound.len() - MOST_BOUND);
    }
    history.bound = bound;
}

/// Items may come from older heads than the round before; renames since then are told, too.
fn follow_renames(history: &mut History, repository: &Repository, target: &Target) {
    let items = history.open.iter().chain(&history.closed).map(|item| &item.finding);
    let decided = history.bound.iter().map(|bound| &bound.decision.finding);
    let heads: BTreeSet<Sha> = items.chain(decided).map(|finding| finding.head.clone()).collect();
    let done = history.delta.as_ref().map(|delta| delta.from.clone());
    let heads = heads.into_iter().filter(|head| Some(head) != done.as_ref() && *head != target.head);
    let mut known: BTreeSet<(RepoPath, RepoPath)> = history.moved.iter().cloned().collect();
    for head in heads.filter(|head| repository.has_commit(head)).take(MOST_HEADS) {
        if let Ok(diff) = repository.differences(&head, &target.head) {
            known.extend(moved(&diff));
        }
    }
    history.moved = known.into_iter().collect();
}

/// Keys of earlier runs that are about the same branch under another name: it was renamed, or became a pull request. Only
/// where it has no runs under its own name: what is one series once stays one.
pub(crate) fn aliases(store: &Store, repository: &Repository, target: &Target) -> Vec<String> {
    let Ok(runs) = store.runs() else { return Vec::new() };
    let key = series_key(target);
    let has_runs =
        |key: &str| runs.iter().any(|run| run.series().is_some_and(|series| same_series(series, key)));
    let is_named = |kind| matches!(kind, TargetKind::Branch | TargetKind::PullRequest);
    if !is_named(target.kind) || has_runs(&key) {
        return Vec::new();
    }
    // The pull request of a branch that was reviewed under its own name.
    let by_branch = series_key(&Target { pull_request: None, kind: TargetKind::Branch, ..target.clone() });
    if target.pull_request.is_some() && has_runs(&by_branch) {
        return vec![by_branch];
    }
    // What went on as another pull request is not this one, whatever commits they share.
    let is_anothers = |key: &str| {
        let numbers = series_keys(key, &runs);
        let mut numbers = numbers.iter().filter_map(|key| pull_request_in(key));
        target.pull_request.is_some_and(|own| numbers.any(|number| number != own))
    };
    let mut seen = BTreeSet::new();
    let candidates = runs.iter().filter(|run| {
        run.state == RunState::Finished
            && run.record.as_ref().is_some_and(|record| is_named(record.target.kind))
            && run.series().is_some_and(|series| seen.insert(series.to_owned()))
    });
    for run in candidates.take(50) {
        let (Some(record), Ok(Some(then))) = (&run.record, run.run.target()) else { continue };
        if is_same_branch(repository, &then, target) && !is_anothers(&record.series.key) {
            return vec![record.series.key.clone()];
        }
    }
    Vec::new()
}

/// The number of the pull request that a key names.
fn pull_request_in(key: &str) -> Option<u64> {
    key.split_once('@')?.1.strip_prefix("pr-")?.parse().ok()
}

/// Whether two targets are one branch under two names. Two pull requests never are.
fn is_same_branch(repository: &Repository, then: &Target, now: &Target) -> bool {
    if then.pull_request.is_some() && now.pull_request.is_some() {
        return false;
    }
    if then.branch.is_some() && then.branch == now.branch {
        return true;
    }
    let mut tips = Vec::new();
    if let Some(branch) = &then.branch {
        tips.extend(repository.branch_tips(branch).unwrap_or_default());
    }
    if let Some(number) = then.pull_request {
        tips.extend(repository.pull_request(number).unwrap_or_default());
    }
    // A branch and its pull request stand at the same commit, whatever was pushed since the round before. Two branches that
    // both live on are two, unless it is the very commit that was reviewed.
    let became_one = then.pull_request.is_some() != now.pull_request.is_some() && tips.contains(&now.head);
    then.head == now.head || became_one || (tips.is_empty() && shares_commits(then, now))
}

/// Whether at least half of the shorter list of commits is the same: by name, or by author, time and subject, which a rebase
/// keeps.
fn shares_commits(then: &Target, now: &Target) -> bool {
    let same = |a: &model::Commit, b: &model::Commit| {
        a.sha == b.sha || (a.at == b.at && a.author == b.author && a.subject == b.subject)
    };
    let shared = then.commits.iter().filter(|a| now.commits.iter().any(|b| same(a, b))).count();
    let shorter = then.commits.len().min(now.commits.len());
    shorter > 0 && shared * 2 >= shorter
}
