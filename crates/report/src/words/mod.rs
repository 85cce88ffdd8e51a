//! What every form says in the same words: durations, places, checks, the ledger, the reviewers' numbers.
//!
//! In: parts of a report. Out: plain text that is not yet made inert; each form escapes it as its syntax asks.
//! Never knows about Markdown, HTML or terminals.

mod body;
mod checks;
mod duration;
mod ledger;
mod people;
mod places;
mod retro;
mod since;
mod tried;

pub(crate) use body::{longest_run, parts};
pub(crate) use checks::{checked, opposed, origin};
pub(crate) use duration::{compact, spelled};
pub(crate) use ledger::{row, severity_note};
pub(crate) use people::{
    NOT_CHECKED, builtin_note, is_builtin_only, reviewer_failed, reviewer_title, reviewers_of, rules_of,
    who_by_rule,
};
pub(crate) use places::{Shown, language, lines_of, place, shown_lines};
pub(crate) use retro::{numbers, overall, sentences};
pub(crate) use since::{delta, earlier, prior_name, raised_again, read_by, rest, round_before, since};
pub(crate) use tried::tried;

use model::{Canary, CoverageStatus, Finding, ParsedAs, PriorStatus, Report, Severity};

use crate::safe::safe_line;

/// `1 finding`, `3 findings`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Findings of one severity.
pub(crate) fn how_many(report: &Report, severity: Severity) -> usize {
    report.findings.iter().filter(|finding| finding.severity == severity).count()
}

/// The rule of a finding: its own, or a generic one for its severity. One line of safe text.
pub(crate) fn rule_id(finding: &Finding) -> String {
    match &finding.rule {
        Some(rule) => safe_line(rule),
        None => format!("review/{}", finding.severity.as_str()),
    }
}

/// The heading findings of one severity stand under.
pub(crate) fn severity_heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical Issues",
        Severity::Important => "Important Issues",
        Severity::Suggestion => "Suggestions",
    }
}

/// Severities as they are listed: the worst first.
pub(crate) const SEVERITIES: [Severity; 3] = [Severity::Critical, Severity::Important, Severity::Suggestion];

/// `0 Critical · 2 Important · 11 Suggestions`.
pub(crate) fn structure(report: &Report) -> String {
    let suggestions = how_many(report, Severity::Suggestion);
    format!(
        "{} Critical · {} Important · {} {}",
        how_many(report, Severity::Critical),
        how_many(report, Severity::Important),
        suggestions,
        if suggestions == 1 { "Suggestion" } else { "Suggestions" }
    )
}

/// What a reviewer says about a file, in words.
pub(crate) fn coverage_word(status: CoverageStatus) -> &'static str {
    match status {
        CoverageStatus::Findings => "findings",
        CoverageStatus::Reviewed => "reviewed",
        CoverageStatus::Trivial => "trivial",
        CoverageStatus::NotReviewed => "not reviewed",
    }
}

/// What became of an earlier finding, in words.
pub(crate) fn prior_word(status: PriorStatus) -> &'static str {
    match status {
        PriorStatus::Fixed => "fixed",
        PriorStatus::NotFixed => "not fixed",
        PriorStatus::Partial => "fixed in part",
        PriorStatus::Stale => "code is gone",
        PriorStatus::Superseded => "superseded",
        PriorStatus::Declined => "declined",
    }
}

/// Whether the time of the run is known; merging given reviews has none.
pub(crate) fn is_timed(report: &Report) -> bool {
    report.run.active_ms > 0 || report.run.started.as_second() > 0
}

/// Changed files somebody looked at, and changed files.
pub(crate) fn covered(report: &Report) -> (usize, usize) {
    let all = report.coverage.files.len();
    (all.saturating_sub(report.coverage.uncovered.len()), all)
}

/// Changed files that were not given again because an earlier round read the same.
pub(crate) fn from_earlier(report: &Report) -> usize {
    report.series.scope.as_ref().map_or(0, |scope| scope.rest.len())
}

/// What became of the canary, in words.
pub(crate) fn canary_word(canary: Canary) -> &'static str {
    match canary {
        Canary::Echoed => "echoed",
        Canary::Missing => "missing",
        Canary::Altered => "altered",
        Canary::NotApplicable => "n/a",
    }
}

/// How an answer was read, in words.
pub(crate) fn parsed_word(parsed: ParsedAs) -> &'static str {
    match parsed {
        ParsedAs::Json => "JSON",
        ParsedAs::Yaml => "YAML",
        ParsedAs::Tags => "tagged text",
        ParsedAs::Markdown => "Markdown",
        ParsedAs::Tool => "the output of a tool",
        ParsedAs::None => "nothing readable",
    }
}
