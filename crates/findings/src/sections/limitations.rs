//! Limitations that code, commits or authors admit.
//!
//! In: what the change itself admits and what reviewers quote. Out: one list, each with the finding it belongs to.

use model::{Finding, Limitation, LimitationItem, Reading};

use crate::order::Roster;
use crate::{Input, places};

/// The section: what was found in the change first, then what reviewers point at.
pub(crate) fn limitations(input: &Input<'_>, roster: &Roster<'_>, findings: &[Finding]) -> Vec<Limitation> {
    let mut all: Vec<Limitation> = input.limitations.to_vec();
    let mut readings: Vec<&(String, Reading)> = input.readings.iter().collect();
    readings.sort_by(|a, b| (roster.position(&a.0), &a.0).cmp(&(roster.position(&b.0), &b.0)));
    for (reviewer, reading) in readings {
        for item in &reading.limitations {
            add(&mut all, reviewer, item, roster);
        }
    }
    for limitation in &mut all {
        if limitation.finding.is_none() {
            limitation.finding = belongs_to(limitation, findings);
        }
    }
    all
}

fn add(all: &mut Vec<Limitation>, reviewer: &str, item: &LimitationItem, roster: &Roster<'_>) {
    let location = item.locations.first().map(places::unchecked);
    let known = all.iter_mut().find(|old| {
        let same_place = match (&old.location, &location) {
            (Some(a), Some(b)) => a.path == b.path && a.start == b.start && a.start.is_some(),
            _ => false,
        };
        same_place || old.quote.trim() == item.text.trim()
    });
    match known {
        Some(old) => {
            old.reviewers.push(reviewer.to_owned());
            roster.sort_names(&mut old.reviewers);
        }
        None => all.push(Limitation {
            source: item.source.clone(),
            location,
            quote: item.text.clone(),
            reviewers: vec![reviewer.to_owned()],
            finding: None,
        }),
    }
}

/// The finding that stands on the admitted lines.
fn belongs_to(limitation: &Limitation, findings: &[Finding]) -> Option<String> {
    let place = limitation.location.as_ref()?;
    let start = place.start?;
    let end = place.end.unwrap_or(start);
    let stands_there = |finding: &&Finding| {
        finding.locations.iter().any(|location| {
            location.path == place.path
                && location.start.is_some_and(|s| s <= end && location.end.unwrap_or(s) >= start)
        })
    };
    findings.iter().find(stands_there).map(|finding| finding.id.clone())
}
