//! `read`: one review text in, its raw findings out.
//!
//! In: a file or standard input. Out: `deep-review/raw-findings/v1`, or the same for people. Never checks a claim.

use std::fmt::Write as _;
use std::io::Read as _;

use model::{RawFinding, RawFindings, Reading, ReadingState};

use crate::args::ReadArgs;
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Reads.
pub(crate) fn run(session: &Session, args: &ReadArgs) -> Result<Exit, CommandError> {
    let name = args.file.display();
    let bytes = if args.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(&args.file)
    };
    let bytes = bytes.map_err(|error| CommandError::usage(format!("`{name}` could not be read: {error}")))?;
    let text = String::from_utf8_lossy(&bytes);
    let reading = reading::read(&text, &reading::Context::default());
    if session.ui.json {
        let document = serde_json::to_string_pretty(&RawFindings::from(reading)).expect("plain data");
        session.ui.result(&document);
    } else {
        session.ui.result(&report::safe_text(&page(&reading)));
    }
    Ok(Exit::Passed)
}

fn page(reading: &Reading) -> String {
    let mut out = String::new();
    match &reading.state {
        ReadingState::Reviewed => {}
        ReadingState::Empty => out.push_str("not a review: empty\n"),
        ReadingState::UnableToReview { why } => writeln!(out, "not a review: {why}").unwrap_or_default(),
        ReadingState::Truncated { why } => writeln!(out, "breaks off: {why}").unwrap_or_default(),
    }
    for finding in &reading.findings {
        writeln!(out, "{}", row(finding)).unwrap_or_default();
    }
    let counts = [
        (reading.findings.len(), "findings"),
        (reading.design.len(), "design observations"),
        (reading.testing.len(), "testing items"),
        (reading.documentation.len(), "documentation items"),
        (reading.coverage.len(), "coverage rows"),
    ];
    let counts: Vec<String> = counts.iter().map(|(count, what)| format!("{count} {what}")).collect();
    writeln!(out, "{}", counts.join(" · ")).unwrap_or_default();
    if let Some(verdict) = &reading.verdict {
        writeln!(out, "verdict: {verdict}").unwrap_or_default();
    }
    for note in &reading.notes {
        writeln!(out, "note: {}", note.sentence()).unwrap_or_default();
    }
    out
}

fn row(finding: &RawFinding) -> String {
    let places: Vec<String> = finding
        .locations
        .iter()
        .map(|location| match (location.start, location.end) {
            (Some(start), Some(end)) if end > start => format!("{}:{start}-{end}", location.path),
            (Some(start), _) => format!("{}:{start}", location.path),
            (None, _) => location.path.clone(),
        })
        .collect();
    let kind = finding.kind.map(|kind| format!(", {}", kind.as_str())).unwrap_or_default();
    let withdrawn = if finding.withdrawn { " (withdrawn)" } else { "" };
    format!(
        "{:<4} {}{kind}  {}  {}{withdrawn}",
        finding.id,
        finding.severity.as_str(),
        finding.title,
        places.join(", ")
    )
}
