//! A stored run, made again from its raw material.
//!
//! In: a run, and perhaps other settings. Out: the report that its raw material gives. Asks nobody, writes nothing; what a
//! clock or the world outside decided (times, notes, where to look first) is taken from the stored report.

use config::Config;
use evidence::Evidence;
use findings::Quorum;
use git::{Repository, Snapshot};
use model::{Now, PlaceNow, Report, Sha, Standing, Target};
use serde_json::Value;
use store::StoredRun;

use crate::Error;
use crate::assemble::{Parts, assemble};
use crate::edit;
use crate::hear::Heard;
use crate::keep::stored;
use crate::passes::second_of;
use crate::plan::Plan;
use crate::rounds::{HISTORY_FILE, History, OPEN_FILE, Open, remembered_of};

/// A report and what was made again of it.
#[derive(Debug)]
pub struct Recomputed {
    /// As it is stored.
    pub stored: Report,
    /// As its raw material gives it.
    pub report: Report,
    /// Top-level names of the report that differ, with what differs there.
    pub differs: Vec<String>,
}

/// Makes a run's report again. `policy`: under these settings instead of its own.
pub fn recompute(
    repository: &Repository,
    run: &StoredRun,
    now: &Config,
    policy: Option<&Config>,
    version: &str,
) -> Result<Recomputed, Error> {
    let cannot = |why: &str| Error::NotRepeatable { id: run.id().to_string(), why: why.to_owned() };
    let before = run.report()?.ok_or_else(|| cannot("it has no report"))?;
    let plan: Plan =
        run.plan()?.ok_or_else(|| cannot("its raw material is not of reviewers that were asked"))?;
    if !plan.is_known() {
        return Err(cannot("another version of deep-review planned it"));
    }
    let target = run.target()?.ok_or_else(|| cannot("what it reviewed was not written down"))?;
    let history = run.part::<History>(HISTORY_FILE)?.filter(History::is_known).unwrap_or_default();
    let mut config = Config::of(plan.settings(&now.settings));
    if let Some(other) = policy {
        config.settings.policy = other.settings.policy.clone();
        config.settings.review.quorum = other.settings.review.quorum;
    }
    let snapshot = Snapshot::open(repository, &target)?;
    let evidence = Evidence::new(&snapshot);
    let heard = heard(run, &plan, &target, &evidence)?;
    let (mut report, _) = assemble(Parts {
        target: &target,
        facts: Some((&snapshot, &evidence)),
        records: &history.records,
        history: Some(&history),
        series: before.series.clone(),
        run: before.run.id.clone(),
        heard,
        // What was asked besides is not asked again: its outcome stands, and is applied anew.
        challenges: &before.challenges,
        trials: &model::Trials { reproductions: run.reproductions()?, ..before.trials.clone() },
        config: &config,
        quorum: Quorum::Wanted(config.settings.review.quorum),
        version,
        notes: Vec::new(),
    });
    edit::apply_again(&mut report, &before);
    report.run = before.run.clone();
    report.tool = before.tool.clone();
    report.attention.clone_from(&before.attention);
    report.notes.clone_from(&before.notes);
    let differs = differences(&before, &report);
    Ok(Recomputed { stored: before, report, differs })
}

fn heard(
    run: &StoredRun,
    plan: &Plan,
    target: &Target,
    evidence: &Evidence<'_>,
) -> Result<Vec<Heard>, Error> {
    let mut all = Vec::new();
    for asked in plan.remembered() {
        let name = asked.name();
        if let Some(mut answered) = stored(run, name, asked.parser(), target)? {
            let second = stored(run, &second_of(name), asked.parser(), target)?;
            answered.second = second.map(Box::new);
            all.extend(answered.check(evidence).rows());
        }
    }
    Ok(all)
}

/// Names of the report's parts that are not the same, and what differs there.
fn differences(stored: &Report, made: &Report) -> Vec<String> {
    let value = |report: &Report| serde_json::to_value(report).expect("plain data");
    let (stored, made) = (value(stored), value(made));
    let (Value::Object(stored), Value::Object(made)) = (stored, made) else { return Vec::new() };
    let mut names: Vec<&String> = stored.keys().chain(made.keys()).collect();
    names.sort();
    names.dedup();
    let differs = |name: &&String| stored.get(*name) != made.get(*name);
    names
        .into_iter()
        .filter(differs)
        .map(|name| format!("{name}{}", inside(stored.get(name), made.get(name))))
        .collect()
}

/// Which entries of a list differ.
fn inside(stored: Option<&Value>, made: Option<&Value>) -> String {
    let (Some(Value::Array(stored)), Some(Value::Array(made))) = (stored, made) else { return String::new() };
    let label = |value: &Value, at: usize| {
        let known = ["id", "finding", "reviewer", "path"].iter().find_map(|key| value.get(key)?.as_str());
        known.map_or_else(|| (at + 1).to_string(), str::to_owned)
    };
    let count = stored.len().max(made.len());
    let mut which: Vec<String> = (0..count)
        .filter(|at| stored.get(*at) != made.get(*at))
        .filter_map(|at| Some(label(stored.get(at).or(made.get(at))?, at)))
        .take(6)
        .collect();
    which.dedup();
    format!(" ({})", which.join(", "))
}

/// Where a finding of a stored report stands at another head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The finding.
    pub id: String,
    /// Where it stood.
    pub then: String,
    /// Where it stands now; `None` where it does not.
    pub now: Option<String>,
    /// `unmoved`, `moved`, `stale` or `no lines`.
    pub state: &'static str,
}

/// Looks for the places of a stored report's findings at another target of the same branch.
pub fn anchors(
    repository: &Repository,
    run: &StoredRun,
    report: &Report,
    target: &Target,
) -> Result<Vec<Anchor>, Error> {
    let snapshot = Snapshot::open(repository, target)?;
    let items = match run.part::<Open>(OPEN_FILE)?.filter(Open::is_known) {
        Some(open) => {
            let own = |item: &crate::rounds::Item| item.finding.run == report.run.id;
            open.open.into_iter().filter(own).map(|item| item.finding).collect()
        }
        None => remembered_of(repository, report, &report.findings),
    };
    let moved = moved(repository, &report.target.head, &target.head);
    let looked = evidence::look_again(&snapshot, &items.iter().collect::<Vec<_>>(), &moved);
    Ok(items.iter().zip(&looked).filter_map(|(item, now)| anchor(item, now)).collect())
}

pub(crate) fn moved(
    repository: &Repository,
    from: &Sha,
    to: &Sha,
) -> Vec<(model::RepoPath, model::RepoPath)> {
    repository.differences(from, to).map(|diff| crate::rounds::moved(&diff)).unwrap_or_default()
}

fn anchor(item: &model::Remembered, now: &Now) -> Option<Anchor> {
    let (then, now) = (item.places.first()?, now.places.first()?);
    let place = |path: &str, line: Option<u32>| match line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    };
    let stood = place(then.path.as_str(), then.start);
    let PlaceNow { path, line, standing, .. } = now;
    let stands = path.as_ref().map(|path| place(path.as_str(), *line));
    let (state, now) = match standing {
        Standing::Stands if stands.as_deref() == Some(stood.as_str()) => ("unmoved", stands),
        Standing::Stands => ("moved", stands),
        Standing::Nothing if path.is_some() => ("no lines", stands),
        _ => ("stale", None),
    };
    Some(Anchor { id: item.id.clone(), then: stood, now, state })
}
