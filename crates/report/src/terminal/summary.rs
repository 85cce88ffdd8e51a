//! The closing block of a run.
//!
//! In: a report. Out: counts, one row a finding, verdict, coverage, time, who failed. Never the whole text of a finding.

use model::{CheckResult, Finding, Gate, Lane, Report};
use unicode_width::UnicodeWidthStr as _;

use super::layout::{Style, wrap};
use crate::safe::{safe_line, safe_name};
use crate::words::{
    NOT_CHECKED, builtin_note, compact, count, covered, from_earlier, is_builtin_only, is_timed, lines_of,
    parts, place, reviewer_failed, round_before, since, structure, who_by_rule,
};

/// Findings listed before the rest is counted.
const ROWS_SHOWN: usize = 40;

/// Columns a place may take before its first folders are left out.
const PLACE_WIDTH: usize = 44;

/// Places named for a reader's own eyes.
const PLACES_SHOWN: usize = 5;

/// Lines shown of a reason or a proposal.
const DETAIL_LINES: usize = 3;

/// Columns before the text of a row: `I1  important   `.
const ROW_INDENT: usize = 16;

/// Writes the closing block. Where the report lies and what to do next is the caller's to add, with
/// [`super::labelled_line`].
pub fn terminal_summary(report: &Report, width: usize, style: Style) -> String {
    let mut text = counts(report, width, style);
    text.push('\n');
    for finding in report.findings.iter().take(ROWS_SHOWN) {
        text.push_str(&row(finding, width, style));
        if let Some(why) = &finding.came_back {
            let indent = " ".repeat(ROW_INDENT);
            for line in wrap(&safe_line(why), &indent, ROW_INDENT, width) {
                put!(text, "{}\n", style.dim(&line));
            }
        }
        if is_builtin_only(report) {
            text.push_str(&detail(finding, width, style));
        }
    }
    if report.findings.len() > ROWS_SHOWN {
        let more = report.findings.len() - ROWS_SHOWN;
        text.push_str(&style.dim(&format!("…and {more} more in the report")));
        text.push('\n');
    }
    if !report.findings.is_empty() {
        text.push('\n');
    }
    if is_builtin_only(report) {
        text.push_str(&look_first(report, width, style));
    }
    text.push_str(&failures(report, width, style));
    text.push_str(&verdict(report, width, style));
    for line in facts(report) {
        text.push_str(&wrap(&line, "  ", 4, width).join("\n"));
        text.push('\n');
    }
    text
}

fn counts(report: &Report, width: usize, style: Style) -> String {
    let (seen, all) = covered(report);
    let files = if all == 0 || report.target.changed.is_empty() {
        String::new()
    } else {
        format!(", {seen}/{all} files")
    };
    let asked = count(report.reviewers.len(), "reviewer");
    let time = if is_timed(report) { format!(", {}", compact(report.run.active_ms)) } else { String::new() };
    let facts = format!("{asked}{files}{time}");
    let counts = structure(report).to_lowercase();
    let separator = if counts.width() + 6 + facts.width() <= width { "      " } else { "\n  " };
    format!("{}{separator}{}\n", style.bold(&counts), style.dim(&facts))
}

/// `I1  important   src/a.rs:5-9  title  [claude codex]  ✓✓✓`, wrapped under its text.
fn row(finding: &Finding, width: usize, style: Style) -> String {
    let head = format!("{:<4}{:<12}", finding.id, finding.severity.as_str());
    let at = finding
        .locations
        .first()
        .map_or_else(|| "(whole change)".to_owned(), |it| shortened(&safe_name(&place(it))));
    let who = who_by_rule(finding);
    let body = format!("{at}  {}  [{}]  {}", safe_line(&finding.title), safe_line(&who), marks(finding));
    let mut text = String::new();
    for line in wrap(&body, &head, ROW_INDENT, width) {
        match line.strip_prefix(&head) {
            Some(rest) => {
                text.push_str(&style.severity(finding.severity, finding.lane, &head));
                text.push_str(rest);
            }
            None => text.push_str(&line),
        }
        text.push('\n');
    }
    text
}

/// A long path loses its first folders; the report has it in full.
fn shortened(place: &str) -> String {
    let mut rest = place;
    while rest.width() > PLACE_WIDTH
        && let Some((_, behind)) = rest.split_once('/')
    {
        rest = behind;
    }
    if rest.len() == place.len() { place.to_owned() } else { format!("…/{rest}") }
}

/// Where nobody else explains it: the reason and the proposal, a line or two each.
fn detail(finding: &Finding, width: usize, style: Style) -> String {
    let parts = parts(finding);
    let applies = finding.fix.as_ref().and_then(|fix| fix.applies) == Some(true);
    let fix = parts
        .fix
        .as_deref()
        .and_then(first_words)
        .map(|fix| format!("fix: {fix}{}", if applies { " (patch applies)" } else { "" }));
    let mut text = String::new();
    for words in [first_words(&parts.prose), fix].into_iter().flatten() {
        let lines = wrap(&words, "      ", 6, width);
        for (at, line) in lines.iter().take(DETAIL_LINES).enumerate() {
            let more = at + 1 == DETAIL_LINES && lines.len() > DETAIL_LINES;
            put!(text, "{}{}\n", style.dim(line), if more { "…" } else { "" });
        }
    }
    text
}

/// The first paragraph that is prose, on one line.
fn first_words(markdown: &str) -> Option<String> {
    let first = markdown.split("\n\n").map(str::trim).find(|block| !block.is_empty())?;
    (!first.starts_with("```")).then(|| safe_line(first))
}

/// One tick a passed gate that decides something; `contested` and `unverified` in words.
fn marks(finding: &Finding) -> String {
    let decisive = [Gate::File, Gate::Quote, Gate::Location, Gate::Fix, Gate::Repro];
    let passed = decisive
        .iter()
        .filter(|gate| {
            finding.checks.iter().any(|check| {
                check.gate == **gate && matches!(check.result, CheckResult::Pass | CheckResult::Repaired)
            })
        })
        .count();
    match finding.lane {
        Lane::Contested => "contested".to_owned(),
        Lane::Unverified => "unverified".to_owned(),
        Lane::Confirmed => "✓".repeat(passed.max(1)),
    }
}

/// Where nobody judged what the change means: the lines to read oneself, first of all.
fn look_first(report: &Report, width: usize, style: Style) -> String {
    if report.attention.is_empty() {
        return String::new();
    }
    let mut text = style.bold("Read yourself, first of all");
    text.push_str(&style.dim(" (places at risk, not findings)"));
    text.push('\n');
    for it in report.attention.iter().take(PLACES_SHOWN) {
        let at = shortened(&safe_name(&lines_of(&it.path, Some(it.start), Some(it.end))));
        let why = safe_line(&it.why.join(", ").replace('`', ""));
        for line in wrap(&format!("{at}  {why}"), "  ", 6, width) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

fn failures(report: &Report, width: usize, style: Style) -> String {
    let mut text = String::new();
    for reviewer in &report.reviewers {
        let Some(why) = reviewer_failed(reviewer) else { continue };
        let line = safe_line(&format!("! {} did not review: {why}", reviewer.name));
        for line in wrap(&line, "", 2, width) {
            text.push_str(&style.bold(&line));
            text.push('\n');
        }
    }
    text
}

fn verdict(report: &Report, width: usize, style: Style) -> String {
    let label = report.verdict.value.label();
    let builtin = builtin_note(report).map_or(String::new(), |note| format!(" ({note})"));
    let reason = if report.verdict.reason.is_empty() {
        String::new()
    } else {
        format!(" — {}", safe_line(&report.verdict.reason))
    };
    let mut text = String::new();
    for (at, line) in wrap(&format!("{label}{reason}{builtin}"), "", 2, width).into_iter().enumerate() {
        if let Some(rest) = line.strip_prefix(label).filter(|_| at == 0) {
            put!(text, "{}{rest}\n", style.bold(label));
        } else {
            put!(text, "{line}\n");
        }
    }
    text
}

fn facts(report: &Report) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(before) = round_before(report) {
        let told: Vec<String> = since(report).iter().map(|it| format!("{} {}", it.number, it.what)).collect();
        facts.push(format!("since round {before}: {}", told.join(" · ")));
    }
    let dropped =
        report.dispositions.iter().filter(|row| row.disposition == model::Disposition::Dropped).count();
    let (seen, all) = covered(report);
    let mut told = Vec::new();
    if report.target.changed.is_empty() && !report.findings.is_empty() {
        told.push("no repository was used: nothing was checked against code".to_owned());
    } else if all > 0 {
        let earlier = match from_earlier(report) {
            0 => String::new(),
            rest => format!(", {rest} of them in earlier rounds"),
        };
        told.push(format!("coverage {seen}/{all} files{earlier}"));
    }
    if dropped > 0 {
        told.push(format!("{dropped} dropped with a reason"));
    }
    if !told.is_empty() {
        facts.push(told.join(" · "));
    }
    let consolidation = compact(report.run.consolidation_ms);
    let cost: f64 = report.reviewers.iter().filter_map(|reviewer| reviewer.usd).sum();
    let cost = if cost > 0.0 { format!(" · ${cost:.2}") } else { String::new() };
    if is_timed(report) {
        facts.push(format!("{} active (consolidation {consolidation}){cost}", compact(report.run.active_ms)));
    }
    if is_builtin_only(report) {
        facts.push(NOT_CHECKED.to_owned());
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_closing_block_reads_well() {
        insta::assert_snapshot!("summary", terminal_summary(&sample::report(), 80, Style::default()));
    }

    #[test]
    fn built_in_reviewers_alone_say_what_nobody_checked() {
        let text = terminal_summary(&sample::builtin_only(), 80, Style::default());
        insta::assert_snapshot!("summary_builtin", text);
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        for width in [40, 80, 120] {
            for line in terminal_summary(&sample::report(), width, Style::default()).lines() {
                assert!(line.width() <= width, "{} > {width}: {line}", line.width());
            }
        }
    }

    #[test]
    fn hostile_text_cannot_act() {
        let text = terminal_summary(&sample::report(), 80, Style::default());
        assert_eq!(text.chars().find(|&c| c != '\n' && crate::safe::is_unsafe(c)), None);
    }

    #[test]
    fn colours_change_nothing_else() {
        let plain = terminal_summary(&sample::report(), 80, Style { colour: false });
        let coloured = terminal_summary(&sample::report(), 80, Style { colour: true });
        assert_eq!(strip(&coloured), plain);
        assert_ne!(coloured, plain);
    }

    fn strip(text: &str) -> String {
        let mut kept = String::new();
        let mut escape = false;
        for c in text.chars() {
            match c {
                '\u{1b}' => escape = true,
                'm' if escape => escape = false,
                _ if escape => {}
                _ => kept.push(c),
            }
        }
        kept
    }
}
