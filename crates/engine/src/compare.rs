//! Two reports side by side.
//!
//! In: two stored runs. Out: which findings came, which went and how, which stayed. The identity that rounds carry on decides
//! first; where there is none, the measure that rounds use, at the head of the second. Never changes a run.

use std::collections::{BTreeMap, BTreeSet};

use findings::rounds::{Earlier, follow};
use git::{Repository, Snapshot};
use model::{Finding, PriorStatus, Remembered, Report};
use store::StoredRun;

use crate::Error;
use crate::decide::remembered;
use crate::recompute::moved;

/// What differs between two reports.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Findings that only the second has.
    pub came: Vec<Finding>,
    /// Findings that only the first has.
    pub went: Vec<Went>,
    /// Findings of both, as each tells them.
    pub stayed: Vec<(Finding, Finding)>,
    /// What could not be looked at.
    pub notes: Vec<String>,
}

/// A finding that the second report does not list.
#[derive(Clone, Debug)]
pub struct Went {
    /// As the first tells it.
    pub finding: Finding,
    /// What became of it, where that is known.
    pub status: Option<PriorStatus>,
    /// What that rests on.
    pub why: String,
}

impl Went {
    /// Whether it is gone for good, as far as is known: not merely unsaid.
    pub fn is_settled(&self) -> bool {
        !matches!(self.status, None | Some(PriorStatus::NotFixed | PriorStatus::Partial))
    }
}

/// Compares.
pub fn compare(
    repository: &Repository,
    (first_run, first): (&StoredRun, &Report),
    second: &Report,
) -> Result<Compared, Error> {
    let mut compared = Compared::default();
    let by_identity: BTreeMap<&str, usize> =
        second.findings.iter().enumerate().map(|(at, it)| (it.fingerprint.as_str(), at)).collect();
    let mut taken = BTreeSet::new();
    let mut left = Vec::new();
    for finding in &first.findings {
        match by_identity.get(finding.fingerprint.as_str()) {
            Some(at) if taken.insert(*at) => {
                compared.stayed.push((finding.clone(), second.findings[*at].clone()));
            }
            _ => left.push(finding),
        }
    }
    let items = remembered(repository, first_run, first, &left)?;
    let mut rest: Vec<Finding> = untaken(second, &taken);
    let looked = look(repository, first, second, &items, &mut rest);
    if looked.is_none() && !left.is_empty() {
        compared.notes.push(
            "commits of the second run are not here any more: only identities were compared".to_owned(),
        );
    }
    for (at, finding) in left.into_iter().enumerate() {
        let row = looked.as_ref().and_then(|rows| rows.get(at));
        let again = row.and_then(|row| row.now.as_ref());
        let again = again.and_then(|id| second.findings.iter().position(|it| it.id == *id));
        if let Some(position) = again.filter(|position| taken.insert(*position)) {
            compared.stayed.push((finding.clone(), second.findings[position].clone()));
            continue;
        }
        // What the second run itself found out comes first: it knew what its reviewers and people said.
        let told = second.prior.iter().find(|row| row.fingerprint == finding.fingerprint);
        let (status, why) = match told.or(row) {
            Some(row) => (Some(row.status), row.why.clone()),
            None => (None, "what became of it is not known".to_owned()),
        };
        compared.went.push(Went { finding: finding.clone(), status, why });
    }
    compared.came = untaken(second, &taken);
    Ok(compared)
}

fn untaken(report: &Report, taken: &BTreeSet<usize>) -> Vec<Finding> {
    report
        .findings
        .iter()
        .enumerate()
        .filter(|(at, _)| !taken.contains(at))
        .map(|(_, it)| it.clone())
        .collect()
}

/// What stands of findings of the first report at the head of the second.
fn look(
    repository: &Repository,
    first: &Report,
    second: &Report,
    items: &[Remembered],
    rest: &mut [Finding],
) -> Option<Vec<model::Prior>> {
    let snapshot = Snapshot::open(repository, &second.target).ok()?;
    let moved = moved(repository, &first.target.head, &second.target.head);
    let looked = evidence::look_again(&snapshot, &items.iter().collect::<Vec<_>>(), &moved);
    let earlier: Vec<Earlier<'_>> = items
        .iter()
        .zip(&looked)
        .map(|(item, now)| Earlier { item, now, first_round: first.series.round })
        .collect();
    Some(follow(rest, &earlier, &[]).prior)
}
