//! What happens, in words.
//!
//! In: what the story did. Out: events for the record and whoever watches. Never decides anything.

use model::{CheckedFinding, Event, EventKind, Gate, Target};
use store::RunFolder;

use crate::review::Tools;

/// Writes an event to the record and to whoever watches. A record that cannot be written does not end the run.
pub(crate) fn tell(tools: &Tools<'_>, run: &RunFolder, kind: EventKind) {
    let event = Event { at: tools.clock.now(), kind: redaction::value(kind) };
    if let Err(error) = run.append_event(&event) {
        let text = format!("the event log could not be written: {error}");
        (tools.events)(&Event { at: event.at, kind: EventKind::Note { text } });
    }
    (tools.events)(&event);
}

/// Tells only those who watch: progress would fill the record.
pub(crate) fn show(tools: &Tools<'_>, kind: EventKind) {
    (tools.events)(&Event { at: tools.clock.now(), kind: redaction::value(kind) });
}

/// A claim that went through the gates.
pub(crate) fn checked_event(finding: &CheckedFinding) -> EventKind {
    let contested =
        [Gate::File, Gate::Quote].into_iter().any(|gate| finding.result(gate) == model::CheckResult::Fail);
    let confirmed = finding.result(Gate::Quote) == model::CheckResult::Pass;
    let place = finding.locations.first().map(|location| match location.start {
        Some(line) => format!("{}:{line}", location.path),
        None => location.path.to_string(),
    });
    EventKind::FindingChecked {
        reviewer: finding.reviewer.clone(),
        severity: finding.raw.severity,
        title: finding.raw.title.clone(),
        place,
        lane: match (contested, confirmed) {
            (true, _) => model::Lane::Contested,
            (false, true) => model::Lane::Confirmed,
            (false, false) => model::Lane::Unverified,
        },
    }
}

/// `path:3-5`
pub(crate) fn place(location: &model::Location) -> String {
    match (location.start, location.end.filter(|end| Some(*end) != location.start)) {
        (Some(start), Some(end)) => format!("{}:{start}-{end}", location.path),
        (Some(start), None) => format!("{}:{start}", location.path),
        (None, _) => location.path.to_string(),
    }
}

/// A target as one line.
pub(crate) fn one_line(target: &Target) -> String {
    let name = target.branch.as_deref().unwrap_or_else(|| target.head.short());
    let (added, removed) =
        target.changed.iter().fold((0_u32, 0_u32), |sum, file| (sum.0 + file.added, sum.1 + file.removed));
    let trust = target.trust.as_ref().filter(|trusted| trusted.level != model::Trust::Mine);
    let trust = trust.map(|trusted| format!("; {}", trusted.level.whose())).unwrap_or_default();
    format!(
        "{name} against {}: {}, {}, +{added} −{removed}{trust}",
        target.base_name,
        count(target.commits.len(), "commit"),
        count(target.changed.len(), "file")
    )
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Names as people list them.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
