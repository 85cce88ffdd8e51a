//! Events as sentences, for logs and for the lines above the lanes.
//!
//! In: an event. Out: one line of inert text, or nothing where a line would be noise. Never a figure that the event does not hold.

use std::time::Duration;

use model::{Ending, EventKind, Lane, Severity};

/// One event as one line; `None` where a line would be noise.
pub(crate) fn sentence(event: &EventKind) -> Option<String> {
    let line = match event {
        EventKind::RunStarted { target, reviewers, .. } => {
            format!("{target}; asking {}", reviewers.join(", "))
        }
        EventKind::ReviewerStarted { reviewer } => format!("{reviewer} started"),
        EventKind::ReviewerEnded { reviewer, ending, ms, findings, error } => {
            let seconds = *ms as f64 / 1000.0;
            match (ending, error) {
                (Ending::Finished | Ending::Leaky, _) => {
                    format!("{reviewer} finished after {seconds:.1}s, {}", count(*findings, "finding"))
                }
                (ending, Some(why)) => format!("{reviewer} {} after {seconds:.1}s: {why}", ending.as_str()),
                (ending, None) => format!("{reviewer} {} after {seconds:.1}s", ending.as_str()),
            }
        }
        EventKind::ReviewerRetry { reviewer, failure, wait_ms, .. } => {
            let (class, why) = (failure.class.as_str(), &failure.message);
            format!("{reviewer} is asked again in {}: {class}: {why}", seconds(*wait_ms))
        }
        EventKind::FindingChecked { reviewer, severity, title, place, lane } => {
            if *severity == Severity::Suggestion {
                return None;
            }
            let place = place.as_deref().unwrap_or("the whole change");
            let lane = if *lane == Lane::Contested { " (contested)" } else { "" };
            format!("{} {place}  {title}  [{reviewer}]{lane}", severity.as_str())
        }
        EventKind::SoFar { ended, asked, raised, findings, blocking, contested } => {
            so_far(*ended, *asked, *raised, *findings, *blocking, *contested)
        }
        EventKind::Note { text } => format!("note: {text}"),
        EventKind::ReviewerProgress { .. } | EventKind::RunEnded { .. } => return None,
    };
    Some(report::safe_text(&short(line)))
}

/// A title may be as long as an answer; one line of the terminal is not. The report has all of it.
fn short(line: String) -> String {
    const LONGEST: usize = 500;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn seconds(ms: u64) -> String {
    ::config::format_duration(Duration::from_secs(ms.div_ceil(1000)))
}

/// What the reviewers that ended say together.
fn so_far(
    ended: u32,
    asked: u32,
    raised: u32,
    findings: model::SeverityCounts,
    blocking: u32,
    contested: u32,
) -> String {
    let distinct = findings.total();
    let found = if distinct == 0 {
        "no findings".to_owned()
    } else {
        format!("{} ({})", count(distinct, "distinct finding"), findings.compact())
    };
    let told = if raised == distinct { String::new() } else { format!(" of {raised} raised") };
    let blocks = match blocking {
        0 => String::new(),
        1 => ", 1 would block".to_owned(),
        more => format!(", {more} would block"),
    };
    let contested = if contested == 0 { String::new() } else { format!(", {contested} contested") };
    format!("so far {ended} of {asked} reviewers: {found}{told}{blocks}{contested}")
}

/// `1 finding`, `3 findings`.
pub(crate) fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Bytes as people read them.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_in_a_title_is_inert() {
        let event = EventKind::FindingChecked {
            reviewer: "x".into(),
            severity: Severity::Critical,
            title: "\u{1b}[2Jgone".into(),
            place: None,
            lane: Lane::Confirmed,
        };
        assert!(!sentence(&event).unwrap().contains('\u{1b}'));
    }

    #[test]
    fn a_failure_names_its_ending() {
        let event = EventKind::ReviewerEnded {
            reviewer: "codex".into(),
            ending: Ending::TimedOut,
            ms: 2_000,
            findings: 0,
            error: None,
        };
        assert_eq!(sentence(&event).unwrap(), "codex timed-out after 2.0s");
    }

    #[test]
    fn a_title_without_an_end_is_cut_on_the_terminal() {
        let event = EventKind::Note { text: "é".repeat(9000) };
        let line = sentence(&event).expect("a line");
        assert!(line.chars().count() == 501 && line.ends_with('…'), "{}", line.len());
    }
}
