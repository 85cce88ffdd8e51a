//! Design observations: concerns and strengths of all reviewers, each once.
//!
//! In: what the reviewers observed, findings that moved here. Out: observations with attribution and links to the
//! findings they belong to. Never a finding: nothing here blocks.

use std::collections::HashMap;
use std::sync::LazyLock;

use model::{DesignItem, DesignKind, DesignObservation, DesignScope, Location};
use regex::Regex;

use crate::Input;
use crate::defect::Defect;
use crate::ledger::Ledger;
use crate::links::{Links, Wanted};
use crate::matching::{Claim, cluster};
use crate::order::Roster;
use crate::places;
use crate::rules::Reason;

/// Claims that left the findings, with why and their positions.
pub(crate) type Moved<'a> = (Defect<'a>, Reason, Vec<usize>);

/// One observation on its way: a reviewer's own, or a finding that moved.
struct Item<'a> {
    reviewers: Vec<&'a str>,
    kind: DesignKind,
    scope: Option<DesignScope>,
    title: &'a str,
    body: &'a str,
    locations: Vec<Location>,
    moved_from: Vec<String>,
}

/// The section of design observations.
pub(crate) fn section(
    input: &Input<'_>,
    roster: &Roster<'_>,
    links: &Links<'_>,
    moved: &[Moved<'_>],
    ledger: &mut Ledger,
) -> Vec<DesignObservation> {
    for (_, reason, indices) in moved {
        for index in indices {
            ledger.moved(*index, "design", reason.0, reason.1.clone());
        }
    }
    let mut items: Vec<Item<'_>> = observed(input, roster);
    items.extend(moved.iter().map(|(defect, ..)| from_finding(defect)));
    let mut observations = Vec::new();
    for kind in [DesignKind::Concern, DesignKind::Strength] {
        let of_kind: Vec<&Item<'_>> = items.iter().filter(|item| item.kind == kind).collect();
        observations.extend(merged(&of_kind, roster, links));
    }
    observations.sort_by(|a, b| {
        let key =
            |o: &DesignObservation| (o.kind, o.scope, std::cmp::Reverse(o.reviewers.len()), o.title.clone());
        key(a).cmp(&key(b)).then_with(|| a.body.cmp(&b.body))
    });
    observations
}

fn observed<'a>(input: &Input<'a>, roster: &Roster<'_>) -> Vec<Item<'a>> {
    let mut items: Vec<(&str, usize, &DesignItem)> = Vec::new();
    for (reviewer, reading) in input.readings {
        items.extend(reading.design.iter().enumerate().map(|(index, item)| (reviewer.as_str(), index, item)));
    }
    items.sort_by(|a, b| (roster.position(a.0), a.0, a.1).cmp(&(roster.position(b.0), b.0, b.1)));
    let item = |(reviewer, _, item): (&'a str, usize, &'a DesignItem)| Item {
        reviewers: vec![reviewer],
        kind: kind(item),
        scope: item.scope,
        title: &item.title,
        body: &item.body,
        locations: item.locations.iter().map(places::unchecked).collect(),
        moved_from: Vec::new(),
    };
    items.into_iter().map(item).collect()
}

static PRAISE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:right (?:approach|choice|call|shape|primitive|place|abstraction|level|trade-?off)|(?:a|the|very|good|nice|is|are) ?(?:clean|sound|solid|elegant|excellent|well-structured|well-designed|well-factored)|good (?:cross-platform |use |choice|abstraction|separation|design|call|coverage|job)|(?:works|fits|matches|separates|handles|composes) (?:well|nicely|cleanly)|correctly|exemplary|commendable)\b",
    )
    .expect("the pattern is fixed")
});
static DOUBT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:but|however|although|though|except|should|could|would|might|may|missing|lacks?|not|no|never|without|risk\w*|leak\w*|rac(?:e|y)|fragile|unclear|consider|inconsisten\w*|duplicat\w*|broken|wrong|incorrect\w*|unsafe|brittle|coupl\w+|assum\w+|rather|instead)\b|n't\b",
    )
    .expect("the pattern is fixed")
});

/// A reviewer that keeps no list of strengths writes its praise among the rest; a title that only praises is a strength.
fn kind(item: &DesignItem) -> DesignKind {
    let praises = PRAISE.is_match(&item.title) && !DOUBT.is_match(&item.title);
    if praises { DesignKind::Strength } else { item.kind }
}

fn from_finding<'a>(defect: &Defect<'a>) -> Item<'a> {
    let shown = defect.shown().finding;
    let mut reviewers: Vec<&str> =
        defect.members.iter().map(|member| member.finding.reviewer.as_str()).collect();
    reviewers.dedup();
    Item {
        reviewers,
        kind: DesignKind::Concern,
        scope: Some(DesignScope::Future),
        title: &shown.raw.title,
        body: &shown.raw.body,
        locations: shown.locations.clone(),
        moved_from: defect
            .members
            .iter()
            .map(|m| format!("{}:{}", m.finding.reviewer, m.finding.raw.index))
            .collect(),
    }
}

/// Equal observations of one kind become one: the longest text is shown.
fn merged(items: &[&Item<'_>], roster: &Roster<'_>, links: &Links<'_>) -> Vec<DesignObservation> {
    let mut claims: Vec<Claim> =
        items.iter().map(|item| Claim::of_located(item.title, item.body, &item.locations)).collect();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let owners: Vec<usize> = items
        .iter()
        .map(|item| {
            let next = numbers.len();
            *numbers.entry(item.reviewers[0]).or_insert(next)
        })
        .collect();
    cluster(&mut claims, &owners)
        .clusters
        .iter()
        .map(|members| {
            let members: Vec<&Item<'_>> = members.iter().map(|member| items[*member]).collect();
            observation(&members, roster, links)
        })
        .collect()
}

fn observation(members: &[&Item<'_>], roster: &Roster<'_>, links: &Links<'_>) -> DesignObservation {
    let mut shown = members[0];
    for item in members {
        if item.body.len() > shown.body.len() {
            shown = item;
        }
    }
    let mut reviewers: Vec<String> =
        members.iter().flat_map(|item| &item.reviewers).map(|name| (*name).to_owned()).collect();
    roster.sort_names(&mut reviewers);
    // What anyone wants now belongs to this change.
    let scopes = members.iter().filter_map(|item| item.scope);
    let moved_from: Vec<String> = members.iter().flat_map(|item| item.moved_from.clone()).collect();
    DesignObservation {
        kind: shown.kind,
        scope: scopes.min().unwrap_or_default(),
        title: shown.title.to_owned(),
        body: shown.body.to_owned(),
        locations: places::union(std::iter::once(shown.locations.as_slice())),
        related: related(members, shown, links),
        reviewers,
        moved_from: (!moved_from.is_empty()).then(|| moved_from.join(", ")),
    }
}

/// A concern is often the wider view of a few findings; a strength is close to at most one.
fn related(members: &[&Item<'_>], shown: &Item<'_>, links: &Links<'_>) -> Vec<String> {
    let texts: Vec<(&str, String)> = members
        .iter()
        .filter(|item| item.reviewers.len() == 1)
        .map(|item| (item.reviewers[0], format!("{}\n{}", item.title, item.body)))
        .collect();
    let labelled = links.labelled(texts.iter().map(|(reviewer, text)| (*reviewer, text.as_str())));
    if !labelled.is_empty() {
        return labelled;
    }
    let wanted = match shown.kind {
        DesignKind::Concern => Wanted { most: 2, above: 0.5 },
        DesignKind::Strength => Wanted { most: 1, above: 1.5 },
    };
    links.alike(shown.title, shown.body, &shown.locations, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn praise_among_the_rest_is_a_strength() {
        let of = |title: &str| kind(&DesignItem { title: title.to_owned(), ..DesignItem::default() });
        for title in [
            "`process.Interrupt` with a new group is the right approach",
            "Key pre-generation is a clean workaround",
            "Going on past a failed delete is a sound trade-off",
        ] {
            assert_eq!(of(title), DesignKind::Strength, "{title}");
        }
        for title in
            ["The split is the right approach but leaks", "Hardcoded subnet", "Not a clean separation"]
        {
            assert_eq!(of(title), DesignKind::Concern, "{title}");
        }
    }
}
