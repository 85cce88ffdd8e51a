//! Declined stays declined.
//!
//! In: decisions that bind, with what a later look found of them, and the claims of this round. Out: an answer of the
//! `declined` gate for every claim that says again what people decided against. It comes back only on material change: its
//! lines were edited, its function is used at more places, or somebody ran it where it had only been read. A higher severity
//! alone is no such thing.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Action, CallSite, CheckResult, CheckedFinding, Decision, Gate, Now, Remembered, Standing, Strength,
};

use super::alike::Quote;
use super::identity::{Level, Link, Said, link};
use crate::matching::{Claim, cluster, normal_form};

/// A decision that may keep claims out of the report.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// What a look at this round's head found of what it is about.
    pub now: &'a Now,
    /// False where it was an accepted risk whose day has passed.
    pub holds: bool,
}

/// What counts as a material change: what brings a declined finding back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Material {
    /// Its lines were edited.
    pub edited: bool,
    /// Its function is used at more places.
    pub callers: bool,
    /// Somebody ran it where it had only been read.
    pub ran: bool,
}

impl Default for Material {
    fn default() -> Self {
        Self { edited: true, callers: true, ran: true }
    }
}

/// What this round says about one decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Who raised it again, as `codex (I1)`.
    pub by: Vec<String>,
    /// Why it came back; `None` where it stays declined.
    pub change: Option<String>,
}

/// Fills in the gate's answer, and says for each decision what came of it.
///
/// `open` are findings that nobody decided about, or that came back: what is told as one of them is not told as another that
/// was declined, and what is told as one that came back is told as the one it was.
pub fn declined(
    checked: &mut [CheckedFinding],
    bindings: &[Binding<'_>],
    open: &[(&Remembered, &Now)],
    material: Material,
) -> Vec<Raised> {
    let mut raised = vec![Raised::default(); bindings.len()];
    for finding in checked.iter_mut() {
        answer(finding, CheckResult::NotApplicable, "nothing that people declined is like it".to_owned());
    }
    if bindings.is_empty() || checked.is_empty() {
        return raised;
    }
    for (binding, members) in matches(checked, bindings, open) {
        let (change, ignored) = change(&bindings[binding], members.iter().map(|at| &checked[*at]), material);
        for at in members {
            let finding = &mut checked[at];
            let label = if finding.raw.id.is_empty() {
                format!("#{}", finding.raw.index)
            } else {
                finding.raw.id.clone()
            };
            raised[binding].by.push(format!("{} ({label})", finding.reviewer));
            let was = sentence(bindings[binding].decision);
            if let Some(why) = &change {
                answer(finding, CheckResult::Pass, format!("{was}; it is back because {why}"));
            } else {
                let why = match &ignored {
                    Some(what) => {
                        format!("{what}, which brings nothing back here (`policy.declined_reraise`)")
                    }
                    None => unchanged(&bindings[binding]),
                };
                answer(finding, CheckResult::Fail, format!("{was}; {why}"));
            }
        }
        if change.is_some() {
            raised[binding].change = change;
        }
    }
    raised
}

fn answer(finding: &mut CheckedFinding, result: CheckResult, detail: String) {
    if let Some(check) = finding.checks.iter_mut().find(|check| check.gate == Gate::Declined) {
        check.result = result;
        check.detail = detail;
    }
}

/// Claims by the decision they say again. Where one telling of a defect says it, its other tellings do too.
fn matches(
    checked: &[CheckedFinding],
    bindings: &[Binding<'_>],
    open: &[(&Remembered, &Now)],
) -> BTreeMap<usize, Vec<usize>> {
    let decided = bindings.iter().map(|it| (&it.decision.finding, it.now));
    let items: Vec<(&Remembered, &Now)> = decided.chain(open.iter().copied()).collect();
    // Which decision each of them is, where it is one.
    let decision_of = |item: usize| {
        let identity = &items[item].0.fingerprint;
        let own = || bindings.iter().position(|it| it.decision.finding.fingerprint == *identity);
        if item < bindings.len() { Some(item) } else { own() }
    };
    let mut said: Vec<Said> = checked.iter().map(said).collect();
    let mut best: BTreeMap<usize, Link> = BTreeMap::new();
    for found in link(&mut said, &items, false).into_iter().filter(|link| link.level > Level::Unsure) {
        best.insert(found.claim, found);
    }
    let mut by_decision: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for members in tellings(checked) {
        let found = members.iter().filter_map(|at| best.get(at));
        let found = found.max_by(|a, b| a.score.total_cmp(&b.score).then(b.claim.cmp(&a.claim)));
        if let Some(decision) = found.and_then(|found| decision_of(found.item)) {
            by_decision.entry(decision).or_default().extend(members);
        }
    }
    for members in by_decision.values_mut() {
        members.sort_unstable();
    }
    by_decision
}

/// Claims, by reviewer and index, that some remembered finding said already.
pub fn known(checked: &[CheckedFinding], items: &[(&Remembered, &Now)]) -> BTreeSet<(String, u32)> {
    if items.is_empty() {
        return BTreeSet::new();
    }
    let mut said: Vec<Said> = checked.iter().map(said).collect();
    let links = link(&mut said, items, false);
    links
        .into_iter()
        .map(|link| (checked[link.claim].reviewer.clone(), checked[link.claim].raw.index))
        .collect()
}

pub(crate) fn said(finding: &CheckedFinding) -> Said {
    Said {
        claim: Claim::of(finding),
        reviewers: BTreeSet::from([finding.reviewer.clone()]),
        title: normal_form(&finding.raw.title),
        quotes: quotes(finding),
    }
}

/// What a claim quotes, by the path as it was resolved.
fn quotes(finding: &CheckedFinding) -> Vec<(String, Quote)> {
    let resolved = finding.locations.iter().map(|place| (place.path.as_str(), place.quote.as_deref()));
    let claimed = finding.raw.locations.iter().map(|place| (place.path.as_str(), place.quote.as_deref()));
    let quoted = |(path, quote): (&str, Option<&str>)| Some((path.to_owned(), Quote::of(quote?)));
    let all: Vec<_> = resolved.filter_map(quoted).collect();
    if all.is_empty() { claimed.filter_map(quoted).collect() } else { all }
}

/// Claims that are one defect as consolidation will see it.
fn tellings(checked: &[CheckedFinding]) -> Vec<Vec<usize>> {
    let mut claims: Vec<Claim> = checked.iter().map(Claim::of).collect();
    let names: BTreeSet<&str> = checked.iter().map(|finding| finding.reviewer.as_str()).collect();
    let number: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
    let owners: Vec<usize> = checked.iter().map(|finding| number[finding.reviewer.as_str()]).collect();
    cluster(&mut claims, &owners).clusters
}

/// `declined in round 2: “by design”`.
pub fn sentence(decision: &Decision) -> String {
    let verb = match decision.action {
        Action::RiskAccepted => "its risk was accepted",
        Action::Skipped => "skipped",
        _ => "declined",
    };
    let round = decision.finding.round;
    let when = if round == 0 { String::new() } else { format!(" in round {round}") };
    let until = decision.until.map(|day| format!(" until {day}")).unwrap_or_default();
    let who = decision.owner.as_ref().map(|owner| format!(" by {owner}")).unwrap_or_default();
    let why = decision.reason.as_ref().map(|why| format!(": “{}”", why.trim())).unwrap_or_default();
    format!("{verb}{when}{until}{who}{why}")
}

fn unchanged(binding: &Binding<'_>) -> String {
    let sites = binding.decision.finding.callers.sites.len();
    let lines = binding.now.places.iter().any(|place| place.standing == Standing::Stands);
    match (lines, sites) {
        (true, 0) => "its lines are as they were".to_owned(),
        (true, 1) => "its lines and its one call site are as they were".to_owned(),
        (true, sites) => format!("its lines and its {sites} call sites are as they were"),
        (false, _) => "nothing shows that anything about it has changed".to_owned(),
    }
}

/// Why a decision no longer stands in the way; and what did change where that is not to bring it back.
fn change<'c>(
    binding: &Binding<'_>,
    claims: impl Iterator<Item = &'c CheckedFinding>,
    material: Material,
) -> (Option<String>, Option<String>) {
    let then = &binding.decision.finding;
    if !binding.holds {
        let until = binding.decision.until.map(|day| day.to_string()).unwrap_or_default();
        return (Some(format!("the risk was accepted until {until}, which has passed")), None);
    }
    let found = [
        (material.edited, edited(then, binding.now)),
        (material.callers, called(then, binding.now)),
        (material.ran, ran(then, claims)),
    ];
    let mut ignored = None;
    for (counts, why) in found {
        match why {
            Some(why) if counts => return (Some(why), None),
            Some(why) => ignored = ignored.or(Some(why)),
            None => {}
        }
    }
    (None, ignored)
}

fn edited(then: &Remembered, now: &Now) -> Option<String> {
    let changed = |standing| matches!(standing, Standing::Changed | Standing::Gone | Standing::Removed);
    let (place, _) = then.places.iter().zip(&now.places).find(|(_, now)| changed(now.standing))?;
    let at = place.start.map(|line| format!(":{line}")).unwrap_or_default();
    Some(format!("its lines were edited (`{}{at}` then)", place.path))
}

fn called(then: &Remembered, now: &Now) -> Option<String> {
    for name in now.callers.names.iter().filter(|name| then.callers.names.contains(name)) {
        let of_name = |sites: &[CallSite]| -> Vec<CallSite> {
            sites.iter().filter(|site| site.name == *name).cloned().collect()
        };
        let (before, after) = (of_name(&then.callers.sites), of_name(&now.callers.sites));
        if after.len() <= before.len() {
            continue;
        }
        let mut left = before.clone();
        let new = after.iter().find(|site| match left.iter().position(|known| known == *site) {
            Some(at) => {
                left.remove(at);
                false
            }
            None => true,
        });
        if let Some(new) = new {
            let (was, is) = (before.len(), after.len());
            let sites = if was == 1 { "call site" } else { "call sites" };
            return Some(format!(
                "`{name}` had {was} {sites} and has {is} now: `{}` in `{}` is new",
                new.text, new.path
            ));
        }
    }
    None
}

fn ran<'c>(then: &Remembered, mut claims: impl Iterator<Item = &'c CheckedFinding>) -> Option<String> {
    if then.strength == Strength::Ran {
        return None;
    }
    // A script that was run and showed something else is no evidence for anything.
    let shows = |claim: &&CheckedFinding| match claim.result(Gate::Repro) {
        CheckResult::Pass => true,
        CheckResult::Fail => false,
        _ => claim.raw.repro.is_some(),
    };
    let claim = claims.find(shows)?;
    Some(format!(
        "`{}` gives a script that shows it, where it had only been {} before",
        claim.reviewer,
        if then.strength == Strength::Read { "read" } else { "thought out" }
    ))
}
