//! Two reports side by side.
//!
//! In: two stored runs. Out: which findings came, which went and how, which stayed. What a report says is still open from
//! earlier rounds counts as told by it. The identity that rounds carry on decides first; where there is none, the measure that
//! rounds use, at the head of the second. Never changes a run.

use std::collections::{BTreeMap, BTreeSet};

use findings::rounds::{Earlier, follow};
use git::{Repository, Snapshot};
use model::{Finding, Fingerprint, Prior, PriorStatus, Remembered, RepoPath, Report, Severity};
use store::StoredRun;

use crate::Error;
use crate::decide::remembered;
use crate::recompute::moved;

/// What differs between two reports.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// What only the second tells.
    pub came: Vec<Entry>,
    /// What only the first tells, with what became of it.
    pub went: Vec<Went>,
    /// What both tell, as each tells it.
    pub stayed: Vec<(Entry, Entry)>,
    /// What could not be looked at.
    pub notes: Vec<String>,
}

/// A finding of a report, or one of an earlier round that it says is still open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// `I1`; `<run>:I1` for one of an earlier round.
    pub id: String,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Its severity.
    pub severity: Severity,
    /// Its title.
    pub title: String,
    /// Where, where the report itself says so.
    pub place: Option<(RepoPath, Option<u32>)>,
    /// Why it came back, or why it still counts as open.
    pub note: Option<String>,
}

/// A finding that the second report does not tell.
#[derive(Clone, Debug)]
pub struct Went {
    /// As the first tells it.
    pub entry: Entry,
    /// What became of it, where that is known.
    pub status: Option<PriorStatus>,
    /// What that rests on.
    pub why: String,
}

/// Compares.
pub fn compare(
    repository: &Repository,
    (first_run, first): (&StoredRun, &Report),
    second: &Report,
) -> Result<Compared, Error> {
    let mut compared = Compared::default();
    let (before, after) = (entries(first), entries(second));
    let by_identity: BTreeMap<&str, usize> =
        after.iter().enumerate().map(|(at, it)| (it.fingerprint.as_str(), at)).collect();
    let mut taken = BTreeSet::new();
    let mut left = Vec::new();
    for entry in before {
        match by_identity.get(entry.fingerprint.as_str()) {
            Some(at) if taken.insert(*at) => compared.stayed.push((entry, after[*at].clone())),
            _ => left.push(entry),
        }
    }
    let told = |entry: &Entry| first.findings.iter().find(|finding| finding.id == entry.id);
    let findings: Vec<&Finding> = left.iter().filter_map(told).collect();
    let items = remembered(repository, first_run, first, &findings)?;
    let looked = look(repository, first, second, &items, &taken);
    if looked.is_none() && !items.is_empty() {
        compared.notes.push(
            "commits of the second run are not here any more: only identities were compared".to_owned(),
        );
    }
    let rows: BTreeMap<&str, &Prior> =
        items.iter().zip(looked.iter().flatten()).map(|(item, row)| (item.id.as_str(), row)).collect();
    for entry in left {
        let row = rows.get(entry.id.as_str()).copied();
        let again = row.and_then(|row| row.now.as_ref());
        let again = again.and_then(|id| after.iter().position(|it| it.id == *id));
        if let Some(position) = again.filter(|position| taken.insert(*position)) {
            compared.stayed.push((entry, after[position].clone()));
            continue;
        }
        // What the second run itself found out comes first: it knew what its reviewers and people said.
        let told = second.prior.iter().find(|row| row.fingerprint == entry.fingerprint);
        let (status, why) = match told.or(row) {
            Some(row) => (Some(row.status), row.why.clone()),
            None => (None, "what became of it is not known".to_owned()),
        };
        compared.went.push(Went { entry, status, why });
    }
    let came = after.into_iter().enumerate().filter(|(at, _)| !taken.contains(at));
    compared.came = came.map(|(_, entry)| entry).collect();
    Ok(compared)
}

/// What a report tells: its findings, and what it says is still open.
fn entries(report: &Report) -> Vec<Entry> {
    let of_finding = |finding: &Finding| Entry {
        id: finding.id.clone(),
        fingerprint: finding.fingerprint.clone(),
        severity: finding.severity,
        title: finding.title.clone(),
        place: finding.locations.first().map(|place| (place.path.clone(), place.start)),
        note: finding.came_back.clone(),
    };
    let of_prior = |row: &Prior| Entry {
        id: row.finding.clone(),
        fingerprint: row.fingerprint.clone(),
        severity: row.severity,
        title: row.title.clone(),
        place: row.path.clone().map(|path| (path, row.start)),
        note: Some(format!("not raised again, and still open: {}", row.why)),
    };
    let open = report.prior.iter().filter(|row| row.is_still_open()).map(of_prior);
    report.findings.iter().map(of_finding).chain(open).collect()
}

/// What stands of findings of the first report at the head of the second.
fn look(
    repository: &Repository,
    first: &Report,
    second: &Report,
    items: &[Remembered],
    taken: &BTreeSet<usize>,
) -> Option<Vec<Prior>> {
    let snapshot = Snapshot::open(repository, &second.target).ok()?;
    let moved = moved(repository, &first.target.head, &second.target.head);
    let looked = evidence::look_again(&snapshot, &items.iter().collect::<Vec<_>>(), &moved);
    let earlier: Vec<Earlier<'_>> = items
        .iter()
        .zip(&looked)
        .map(|(item, now)| Earlier { item, now, first_round: first.series.round })
        .collect();
    let free = second.findings.iter().enumerate().filter(|(at, _)| !taken.contains(at));
    let mut free: Vec<Finding> = free.map(|(_, finding)| finding.clone()).collect();
    Some(follow(&mut free, &earlier, &[]).prior)
}
