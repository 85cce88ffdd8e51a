//! Published reports, read back whole.
//!
//! In: the Markdown of a report, ours or of the style ours descends from. Out: an [`ImportedReport`]. Never fails; an
//! unknown section costs nothing but itself.

mod appendix;
mod body;
mod header;
mod ledger;

use crate::imported::ImportedReport;
use crate::review::{Context, read};

/// Reads a published report: header table, consolidated findings with attribution, the other sections, numbers and
/// remarks about the reviewers, resolution, and the original reviews of the appendix.
pub fn read_report(text: &str) -> ImportedReport {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let split = appendix::split(text);
    let mut report = ImportedReport::default();
    body::fill(&text[..split.body_end], &mut report);
    if let Some((from, to)) = split.appendix {
        appendix::fill(text, (from, to), &mut report);
    }
    if let Some((from, to)) = split.resolution {
        let mut tail = ImportedReport::default();
        body::fill(&text[from..to], &mut tail);
        report.resolution = tail.resolution.or(report.resolution);
    }
    for original in &mut report.originals {
        original.reading = read(&original.text, &Context::default());
    }
    body::settle(&mut report);
    report
}

#[cfg(test)]
mod tests;
