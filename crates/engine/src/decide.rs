//! What people decide, from a finding's name to a decision; and what can be told before they do.
//!
//! In: the store, a run, a finding. Out: what is remembered of it, what its code looks like today, a report with the states
//! of today. Never decides.

use findings::rounds::{Earlier, follow};
use git::{Repository, Snapshot};
use model::{Action, Decision, Finding, PriorStatus, Remembered, Report, Resolution, ResolutionRow, Target};
use store::{Decisions, StoredRun};

use crate::Error;
use crate::recompute::moved;
use crate::rounds::{Item, OPEN_FILE, Open, items_of, remembered_of};

/// What is remembered of findings of a run.
pub fn remembered(
    repository: &Repository,
    run: &StoredRun,
    report: &Report,
    findings: &[&Finding],
) -> Result<Vec<Remembered>, Error> {
    let open = run.part::<Open>(OPEN_FILE)?.filter(Open::is_known);
    let known = |finding: &Finding| {
        let own = |item: &&Item| item.finding.run == report.run.id && item.finding.id == finding.id;
        open.as_ref()?.open.iter().find(own).map(|item| item.finding.clone())
    };
    let missing: Vec<Finding> = findings
        .iter()
        .filter(|finding| known(finding).is_none())
        .map(|finding| (*finding).clone())
        .collect();
    let mut made =
        if missing.is_empty() { Vec::new() } else { remembered_of(repository, report, &missing) }.into_iter();
    Ok(findings.iter().filter_map(|finding| known(finding).or_else(|| made.next())).collect())
}

/// A finding that is open, as of today.
#[derive(Clone, Debug)]
pub struct OpenFinding {
    /// What is remembered of it.
    pub finding: Remembered,
    /// The round that told it first.
    pub first_round: u32,
    /// What its code looks like today, and the sentence that rests on; `None` where today's code could not be read.
    pub today: Option<(PriorStatus, String)>,
    /// What people last decided about it.
    pub decided: Option<Decision>,
    /// Whether it stood in the way when it was told.
    pub stood_in_the_way: bool,
}

impl OpenFinding {
    /// What people probably did about it, as far as the code shows.
    pub fn inferred(&self) -> Option<Action> {
        let path = self.finding.places.first().map_or("", |place| place.path.as_str());
        let is_prose = [".md", ".rst", ".txt", ".adoc"].iter().any(|end| path.ends_with(end));
        match self.today.as_ref()?.0 {
            PriorStatus::Fixed if is_prose => Some(Action::DocumentationUpdated),
            PriorStatus::Fixed => Some(Action::Fixed),
            PriorStatus::Superseded => Some(Action::AutoResolved),
            PriorStatus::Stale => Some(Action::NotApplicable),
            PriorStatus::NotFixed | PriorStatus::Partial | PriorStatus::Declined => None,
        }
    }

    /// Whether it stands in the way of merging.
    pub fn blocks(&self) -> bool {
        let fixed = self.today.as_ref().is_some_and(|(status, _)| {
            matches!(status, PriorStatus::Fixed | PriorStatus::Stale | PriorStatus::Superseded)
        });
        let settled = self.decided.as_ref().is_some_and(|it| it.action != Action::Reopened);
        self.stood_in_the_way && !fixed && !settled
    }
}

/// Findings that a run left open, with what today's code and people say of them. `target`: the same branch today.
pub fn open_findings(
    repository: &Repository,
    run: &StoredRun,
    report: &Report,
    target: Option<&Target>,
    decisions: &Decisions,
) -> Result<Vec<OpenFinding>, Error> {
    let items = if let Some(open) = run.part::<Open>(OPEN_FILE)?.filter(Open::is_known) {
        open.open
    } else {
        items_of(repository, report)
    };
    let today = match target {
        Some(target) => Some(statuses(repository, report, target, &items)?),
        None => None,
    };
    let latest = since(report, decisions);
    let open = items.into_iter().enumerate().map(|(at, item)| {
        let decided = latest.iter().find(|it| it.finding.fingerprint == item.finding.fingerprint);
        OpenFinding {
            decided: decided.map(|decision| (*decision).clone()),
            today: today.as_ref().map(|today| today[at].clone()),
            first_round: item.first_round,
            stood_in_the_way: item.blocks(),
            finding: item.finding,
        }
    });
    Ok(open.collect())
}

fn statuses(
    repository: &Repository,
    report: &Report,
    target: &Target,
    items: &[Item],
) -> Result<Vec<(PriorStatus, String)>, Error> {
    let snapshot = Snapshot::open(repository, target)?;
    let moved = moved(repository, &report.target.head, &target.head);
    let remembered: Vec<&Remembered> = items.iter().map(|item| &item.finding).collect();
    let looked = evidence::look_again(&snapshot, &remembered, &moved);
    let earlier: Vec<Earlier<'_>> = items
        .iter()
        .zip(&looked)
        .map(|(item, now)| Earlier { item: &item.finding, now, first_round: item.first_round })
        .collect();
    let rows = follow(&mut [], &earlier, &[]).prior;
    Ok(rows.into_iter().map(|row| (row.status, row.why)).collect())
}

/// The last word on each finding since a report was begun. What was decided before did not keep its findings out, so it does
/// not settle them either.
fn since<'d>(report: &Report, decisions: &'d Decisions) -> Vec<&'d Decision> {
    let own =
        |decision: &&Decision| decision.at >= report.run.started || decision.finding.run == report.run.id;
    decisions.latest().into_iter().filter(own).collect()
}

/// A report with what people decided since.
pub fn as_of_today(mut report: Report, decisions: &Decisions) -> Report {
    let latest = since(&report, decisions);
    let mut rows = Vec::new();
    for finding in &mut report.findings {
        let Some(decision) = latest.iter().find(|it| it.finding.fingerprint == finding.fingerprint) else {
            continue;
        };
        finding.state = decision.action.state();
        rows.push(ResolutionRow {
            finding: finding.id.clone(),
            title: finding.title.clone(),
            action: decision.action,
            reason: decision.reason.clone(),
            by: decision.by.clone(),
            owner: decision.owner.clone(),
            until: decision.until,
            at: decision.at,
        });
    }
    report.resolution = (!rows.is_empty()).then_some(Resolution { rows });
    report
}
