//! Brings what earlier rounds said into a report.
//!
//! In: the history of a run, the repository at its head, claims and findings. Out: answers of the declined gate, statuses of
//! earlier findings, identities that carry on, what is left open. The same parts give the same report.

use std::collections::{BTreeMap, BTreeSet};

use evidence::Told;
use findings::rounds::{Binding, Earlier, Material, Raised, below_the_bar, declined, follow, label};
use git::Snapshot;
use model::{
    CheckResult, CheckedFinding, Fault, Finding, Gate, Now, Prior, PriorItem, PriorStatus, Reading,
    Remembered, Report,
};

use super::history::{History, Item, Open};
use super::scope::read_by_now;

/// Earlier findings that reviewers are asked about.
const MOST_ASKED: usize = 60;

/// Closed findings that are remembered.
const MOST_CLOSED: usize = 300;

/// The history of a run with what a look at its head found.
pub(crate) struct Rounds<'a> {
    history: &'a History,
    open: Vec<Now>,
    closed: Vec<Now>,
    bound: Vec<Now>,
    raised: Vec<Raised>,
}

impl<'a> Rounds<'a> {
    /// Looks for everything that is remembered.
    pub(crate) fn new(history: &'a History, facts: &Snapshot) -> Self {
        let of_items = |items: &'a [Item]| items.iter().map(|item| &item.finding);
        let decided = history.bound.iter().map(|bound| &bound.decision.finding);
        let all: Vec<&Remembered> =
            of_items(&history.open).chain(of_items(&history.closed)).chain(decided).collect();
        let mut open =
            if all.is_empty() { Vec::new() } else { evidence::look_again(facts, &all, &history.moved) };
        let mut closed = open.split_off(history.open.len());
        let bound = closed.split_off(history.closed.len());
        Self { history, open, closed, bound, raised: Vec::new() }
    }

    /// Asks the declined gate, and holds late suggestions about old code against the bar. Gives back which claims tell a
    /// finding of an earlier round again, by reviewer and index.
    pub(crate) fn gate(
        &mut self,
        checked: &mut [CheckedFinding],
        material: Material,
    ) -> BTreeMap<(String, u32), usize> {
        let bindings: Vec<Binding<'_>> = self
            .history
            .bound
            .iter()
            .zip(&self.bound)
            .map(|(bound, now)| Binding { decision: &bound.decision, now, holds: bound.holds })
            .collect();
        let open: Vec<(&Remembered, &Now)> =
            self.history.open.iter().map(|item| &item.finding).zip(&self.open).collect();
        self.raised = declined(checked, &bindings, &open, material);
        self.hold_against_the_bar(checked);
        let open = self.history.open.iter().map(|item| &item.finding).zip(&self.open);
        let decided = self.history.bound.iter().map(|bound| &bound.decision.finding).zip(&self.bound);
        let items: Vec<(&Remembered, &Now)> = open.chain(decided).collect();
        let told = findings::rounds::told_before(checked, &items);
        // What came back after a decision is open and decided: one finding all the same.
        let one = |at: usize| {
            let identity = &items[at].0.fingerprint;
            items.iter().position(|(item, _)| item.fingerprint == *identity).unwrap_or(at)
        };
        let named = checked.iter().zip(told).map(|(it, told)| (it, told.map(one)));
        named.filter_map(|(it, told)| Some(((it.reviewer.clone(), it.raw.index), told?))).collect()
    }

    fn hold_against_the_bar(&self, checked: &mut [CheckedFinding]) {
        let (Some(changed), Some(delta)) = (&self.history.changed, &self.history.delta) else { return };
        if delta.same_commit || self.history.full {
            return;
        }
        let unchanged = |path: &str, start: u32, end: u32| {
            let ranges = changed.iter().find(|(file, _)| file.as_str() == path).map(|(_, ranges)| ranges);
            ranges.is_none_or(|ranges| {
                !ranges.is_empty() && ranges.iter().all(|(first, last)| end < *first || *last < start)
            })
        };
        let items: Vec<(&Remembered, &Now)> =
            self.history.open.iter().map(|item| &item.finding).zip(&self.open).collect();
        let known = findings::rounds::known(checked, &items);
        let is_known =
            |finding: &CheckedFinding| known.contains(&(finding.reviewer.clone(), finding.raw.index));
        let below = below_the_bar(checked, &is_known, &unchanged, &self.history.reviewed_before);
        for (at, why) in below {
            let scope = checked[at].checks.iter_mut().find(|check| check.gate == Gate::Scope);
            if let Some(check) = scope {
                check.result = CheckResult::Fail;
                check.fault = Some(Fault::Late);
                check.detail = why;
            }
        }
    }

    /// Follows earlier findings into the report.
    pub(crate) fn follow(&self, findings: &mut [Finding], readings: &[(String, Reading)]) -> Vec<Prior> {
        let words: Vec<(&str, &[PriorItem])> =
            readings.iter().map(|(name, reading)| (name.as_str(), reading.prior.as_slice())).collect();
        let open = self.history.open.iter().zip(&self.open).map(|(item, now)| Earlier {
            item: &item.finding,
            now,
            first_round: item.first_round,
        });
        // What came back before is open and followed as such.
        let is_open = |at: &usize| {
            let decided = &self.history.bound[*at].decision.finding.fingerprint;
            self.history.open.iter().any(|item| item.finding.fingerprint == *decided)
        };
        let bound: Vec<usize> = (0..self.history.bound.len()).filter(|at| !is_open(at)).collect();
        let decided = bound.iter().map(|at| Earlier {
            item: &self.history.bound[*at].decision.finding,
            now: &self.bound[*at],
            first_round: self.history.bound[*at].decision.finding.round,
        });
        let earlier: Vec<Earlier<'_>> = open.chain(decided).collect();
        let mut prior = follow(findings, &earlier, &words).prior;
        let of_decisions = prior.split_off(self.history.open.len());
        for (row, item) in prior.iter_mut().zip(&self.history.open) {
            row.blocks = row.is_still_open() && item.blocks();
        }
        for finding in findings.iter_mut() {
            let back = finding
                .checks
                .iter()
                .find(|check| check.gate == Gate::Declined && check.result == CheckResult::Pass);
            finding.came_back = back.map(|check| check.detail.clone());
        }
        prior.extend(bound.into_iter().zip(of_decisions).filter_map(|(at, row)| self.decided(at, row)));
        prior.extend(self.returned(findings));
        prior
    }

    fn decided(&self, at: usize, row: Prior) -> Option<Prior> {
        let bound = &self.history.bound[at];
        let raised = self.raised.get(at).cloned().unwrap_or_default();
        if !bound.own && raised.by.is_empty() {
            return None;
        }
        let was = findings::rounds::sentence(&bound.decision);
        let by = raised.by.join(", ");
        let (status, why) = match raised.change {
            Some(change) => {
                (PriorStatus::NotFixed, format!("{was}; raised again by {by}, and back because {change}"))
            }
            None if by.is_empty() => (PriorStatus::Declined, format!("{was}; not raised again")),
            None => (PriorStatus::Declined, format!("{was}; raised again by {by} and not listed")),
        };
        let now = row.now.filter(|_| status == PriorStatus::NotFixed);
        Some(Prior { status, why, now, ..row })
    }

    /// Findings that an earlier round found fixed and that are there again.
    fn returned(&self, findings: &mut [Finding]) -> Vec<Prior> {
        let new: Vec<usize> = (0..findings.len()).filter(|at| findings[*at].since_round.is_none()).collect();
        let mut those: Vec<Finding> = new.iter().map(|at| findings[*at].clone()).collect();
        let earlier: Vec<Earlier<'_>> = self
            .history
            .closed
            .iter()
            .zip(&self.closed)
            .map(|(item, now)| Earlier { item: &item.finding, now, first_round: item.first_round })
            .collect();
        let rows = follow(&mut those, &earlier, &[]).prior;
        for (at, finding) in new.into_iter().zip(those) {
            if finding.since_round.is_some() {
                findings[at] = finding;
            }
        }
        let mut back = Vec::new();
        for (row, item) in rows.into_iter().zip(&self.history.closed) {
            let Some(id) = row.now.clone() else { continue };
            let round = item.closed_round.unwrap_or(item.first_round);
            let why = format!("it was settled in round {round} and is there again as {id}");
            if let Some(finding) = findings.iter_mut().find(|finding| finding.id == id) {
                finding.came_back = Some(why.clone());
            }
            back.push(Prior { status: PriorStatus::NotFixed, why, ..row });
        }
        back
    }
}

impl History {
    /// What reviewers are asked for a status of, a line each.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.open.iter().take(MOST_ASKED).map(|item| in_one_line(&item.finding)).collect()
    }

    /// What people declined, a line each.
    pub(crate) fn told_declined(&self) -> Vec<String> {
        let held = self.bound.iter().filter(|bound| bound.holds && bound.own).take(MOST_ASKED);
        let line = |bound: &super::history::Bound| {
            let finding = &bound.decision.finding;
            let why = bound.decision.reason.as_deref().unwrap_or("the risk is accepted");
            format!("{}{}: {why}", finding.title, place(finding))
        };
        held.map(line).collect()
    }

    /// What this round begins with, in one sentence; nothing for a first round.
    pub(crate) fn in_short(&self, round: u32) -> Option<String> {
        let delta = self.delta.as_ref()?;
        let count = |number: usize, one: &str| match number {
            1 => format!("1 {one}"),
            _ => format!("{number} {one}s"),
        };
        let new = delta.commits.iter().filter(|commit| matches!(commit.state.as_str(), "new" | "changed"));
        let since = if delta.same_commit {
            "the same commit".to_owned()
        } else {
            format!("{} new or changed, {}", count(new.count(), "commit"), count(delta.files.len(), "file"))
        };
        let declined = self.bound.iter().filter(|bound| bound.holds && bound.own).count();
        let parts = [
            Some(format!("round {round}, since {}: {since}", delta.from.short())),
            (!self.open.is_empty()).then(|| format!("{} to verify", count(self.open.len(), "finding"))),
            (declined > 0).then(|| format!("{declined} declined")),
        ];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    }

    /// What changed since the round before, a line each.
    pub(crate) fn told_since(&self) -> Vec<String> {
        let Some(delta) = self.delta.as_ref().filter(|delta| !delta.same_commit && !self.full) else {
            return Vec::new();
        };
        let changed = delta.commits.iter().filter(|commit| commit.state != "same");
        let mut lines: Vec<String> =
            changed.take(20).map(|commit| format!("{} commit: {}", commit.state, commit.subject)).collect();
        lines.extend(delta.files.iter().take(40).map(|path| format!("edited file: {path}")));
        lines
    }
}

fn in_one_line(finding: &Remembered) -> String {
    format!("{} ({}{}): {}", label(finding), finding.severity.as_str(), place(finding), finding.title)
}

fn place(finding: &Remembered) -> String {
    match finding.places.first() {
        Some(place) => match place.start {
            Some(line) => format!(", `{}:{line}`", place.path),
            None => format!(", `{}`", place.path),
        },
        None => String::new(),
    }
}

/// What a report leaves open for the round after.
pub(crate) fn left_open(history: &History, report: &Report, facts: &Snapshot) -> Open {
    let told =
        Told { run: report.run.id.clone(), round: report.series.round, head: report.target.head.clone() };
    let mut remembered = evidence::remember(facts, &report.findings, &told);
    let known = || history.open.iter().chain(&history.closed).map(|item| &item.finding);
    let decided = || history.bound.iter().map(|bound| &bound.decision.finding);
    for finding in &mut remembered {
        let identity = finding.fingerprint.clone();
        let before = known().chain(decided()).filter(|it| it.fingerprint == identity);
        before.for_each(|it| evidence::keep_telling(finding, it));
    }
    let mut open: Vec<Item> = remembered
        .into_iter()
        .zip(&report.findings)
        .map(|(finding, row)| Item {
            finding,
            first_round: row.since_round.unwrap_or(report.series.round),
            blocks: Some(report.verdict.blocking.contains(&row.id)),
            closed_round: None,
        })
        .collect();
    let told_again: BTreeSet<&str> =
        report.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    let again = |item: &&Item| !told_again.contains(item.finding.fingerprint.as_str());
    let mut closed: Vec<Item> = history.closed.iter().filter(again).cloned().collect();
    for item in history.open.iter().filter(again) {
        let name = item.finding.name();
        let status = report.prior.iter().find(|row| row.finding == name).map(|row| row.status);
        match status {
            Some(PriorStatus::Fixed | PriorStatus::Stale | PriorStatus::Superseded) => {
                closed.push(Item { closed_round: Some(report.series.round), ..item.clone() });
            }
            _ => open.push(item.clone()),
        }
    }
    let surplus = closed.len().saturating_sub(MOST_CLOSED);
    closed.drain(..surplus);
    Open::new(open, closed, Some(read_by_now(&history.read, report, facts)))
}
