//! Design observations: concerns and strengths of all reviewers, each once.
//!
//! In: what the reviewers observed, findings that moved here. Out: observations with attribution and links to the
//! findings they belong to. Never a finding: nothing here blocks.

use std::collections::HashMap;

use model::{DesignItem, DesignKind, DesignObservation, DesignScope, Finding};

use crate::Input;
use crate::defect::Defect;
use crate::ledger::Ledger;
use crate::matching::{Claim, THRESHOLD, cluster, compare};
use crate::order::Roster;
use crate::places;
use crate::rules::Reason;

/// Claims that left the findings, with why and their positions.
pub(crate) type Moved<'a> = (Defect<'a>, Reason, Vec<usize>);

/// The section of design observations.
pub(crate) fn section(
    input: &Input<'_>,
    roster: &Roster<'_>,
    findings: &[Finding],
    moved: &[Moved<'_>],
    ledger: &mut Ledger,
) -> Vec<DesignObservation> {
    let mut observations = Vec::new();
    for kind in [DesignKind::Concern, DesignKind::Strength] {
        observations.extend(observed(input, roster, kind));
    }
    for (defect, reason, indices) in moved {
        for index in indices {
            ledger.moved(*index, "design", reason.0, reason.1.clone());
        }
        observations.push(from_finding(defect, roster));
    }
    link(&mut observations, findings);
    observations.sort_by(|a, b| {
        let key =
            |o: &DesignObservation| (o.kind, o.scope, std::cmp::Reverse(o.reviewers.len()), o.title.clone());
        key(a).cmp(&key(b)).then_with(|| a.body.cmp(&b.body))
    });
    observations
}

/// One kind, equal observations merged: the longest text is shown.
fn observed(input: &Input<'_>, roster: &Roster<'_>, kind: DesignKind) -> Vec<DesignObservation> {
    let mut items: Vec<(&str, usize, &DesignItem)> = Vec::new();
    for (reviewer, reading) in input.readings {
        let of_kind = reading.design.iter().enumerate().filter(|(_, item)| item.kind == kind);
        items.extend(of_kind.map(|(index, item)| (reviewer.as_str(), index, item)));
    }
    items.sort_by(|a, b| (roster.position(a.0), a.0, a.1).cmp(&(roster.position(b.0), b.0, b.1)));
    let mut claims: Vec<Claim> = items.iter().map(|(_, _, item)| claim(item)).collect();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let owners: Vec<usize> = items
        .iter()
        .map(|(name, _, _)| {
            let next = numbers.len();
            *numbers.entry(name).or_insert(next)
        })
        .collect();
    cluster(&mut claims, &owners)
        .clusters
        .iter()
        .map(|members| {
            let members: Vec<_> = members.iter().map(|member| items[*member]).collect();
            merge(&members, roster)
        })
        .collect()
}

fn claim(item: &DesignItem) -> Claim {
    Claim::of_raw(&item.title, &item.body, &item.locations)
}

fn merge(members: &[(&str, usize, &DesignItem)], roster: &Roster<'_>) -> DesignObservation {
    let mut shown = members[0].2;
    for (_, _, item) in members {
        if item.body.len() > shown.body.len() {
            shown = item;
        }
    }
    let mut reviewers: Vec<String> = members.iter().map(|(name, _, _)| (*name).to_owned()).collect();
    roster.sort_names(&mut reviewers);
    // What anyone wants now belongs to this change.
    let scopes: Vec<DesignScope> = members.iter().filter_map(|(_, _, item)| item.scope).collect();
    DesignObservation {
        kind: shown.kind,
        scope: scopes.iter().min().copied().unwrap_or_default(),
        title: shown.title.clone(),
        body: shown.body.clone(),
        locations: shown.locations.iter().map(places::unchecked).collect(),
        reviewers,
        ..DesignObservation::default()
    }
}

fn from_finding(defect: &Defect<'_>, roster: &Roster<'_>) -> DesignObservation {
    let shown = defect.shown().finding;
    let mut reviewers: Vec<String> =
        defect.members.iter().map(|member| member.finding.reviewer.clone()).collect();
    roster.sort_names(&mut reviewers);
    let from: Vec<String> =
        defect.members.iter().map(|m| format!("{}:{}", m.finding.reviewer, m.finding.raw.index)).collect();
    DesignObservation {
        kind: DesignKind::Concern,
        scope: DesignScope::Future,
        title: shown.raw.title.clone(),
        body: shown.raw.body.clone(),
        locations: places::union(std::iter::once(shown.locations.as_slice())),
        reviewers,
        related: Vec::new(),
        moved_from: Some(from.join(", ")),
    }
}

/// Names the findings that an observation belongs to: by the same measure that tells defects apart.
fn link(observations: &mut [DesignObservation], findings: &[Finding]) {
    // With very many findings the links are not worth the time they cost.
    if observations.len() * findings.len() > 40_000 {
        return;
    }
    let claims: Vec<(Claim, &str)> = findings
        .iter()
        .map(|finding| {
            (Claim::of_located(&finding.title, &finding.body, &finding.locations), finding.id.as_str())
        })
        .collect();
    for observation in observations {
        let own = Claim::of_located(&observation.title, &observation.body, &observation.locations);
        let alike = claims.iter().filter(|(claim, _)| compare(&own, claim) >= THRESHOLD);
        observation.related = alike.map(|(_, id)| (*id).to_owned()).collect();
    }
}
