//! What a reader sees first: the verdict, the numbers, what happened since the last round, the summary.
//!
//! In: a report. Out: the top of the page. Never a number that the value does not hold.

use model::{Disposition, Lane, Report, Severity, VerdictValue};

use super::escape::{line, with_code};
use super::{filters, prose, rounds};
use crate::words::{
    NOT_CHECKED, builtin_note, compact, covered, from_earlier, how_many, is_builtin_only, is_timed,
    reviewer_failed, round_before, since,
};

/// Writes the overview.
pub(super) fn write(page: &mut String, report: &Report) {
    verdict(page, report);
    tiles(page, report);
    changed_since(page, report);
    filters::write(page, report);
    if !report.summary.trim().is_empty() {
        page.push_str("<section aria-labelledby=\"summary\"><h2 id=\"summary\">Summary</h2><div class=\"card pad prose\">");
        page.push_str(&prose::block(&report.summary));
        page.push_str("</div></section>\n");
    }
    rounds::prior(page, report);
}

fn verdict(page: &mut String, report: &Report) {
    let tone = match report.verdict.value {
        VerdictValue::MergeAsIs => "good",
        VerdictValue::MergeWithOptionalFixes => "suggestion",
        VerdictValue::MergeWithFixes => "important",
        VerdictValue::Rework | VerdictValue::Incomplete => "critical",
    };
    put!(
        page,
        "<section class=\"verdict {tone}\" aria-label=\"Verdict\"><h2>{}</h2><div><p>{}</p>",
        report.verdict.value.label(),
        with_code(&report.verdict.reason)
    );
    if !report.verdict.blocking.is_empty() {
        let links: Vec<String> = report
            .verdict
            .blocking
            .iter()
            .map(|id| {
                // A finding of an earlier round stands in the table about those.
                let anchor = if id.contains(':') { "prior" } else { id.as_str() };
                format!("<a href=\"#{}\">{}</a>", super::escape::name(anchor), super::escape::name(id))
            })
            .collect();
        put!(page, "<p>To resolve before merge: {}</p>", links.join(" "));
    }
    if is_builtin_only(report) {
        let note = builtin_note(report).map_or(String::new(), |note| format!("({note}) "));
        put!(page, "<p>{note}{NOT_CHECKED}</p>");
    }
    let verdicts: Vec<String> = report
        .reviewers
        .iter()
        .filter_map(|reviewer| {
            Some(format!("{}: {}", line(&reviewer.name), line(reviewer.verdict.as_deref()?)))
        })
        .collect();
    if !verdicts.is_empty() {
        put!(page, "<p>Reviewers' own verdicts: {}</p>", verdicts.join(" · "));
    }
    for reviewer in &report.reviewers {
        if let Some(why) = reviewer_failed(reviewer) {
            put!(
                page,
                "<p class=\"warn\">⚠ <strong>{}</strong> did not review: {}</p>",
                line(&reviewer.name),
                line(&why)
            );
        }
    }
    page.push_str("</div></section>\n");
}

fn tiles(page: &mut String, report: &Report) {
    // What blocked in an earlier round and still stands is no finding of this one.
    let before = report.prior.iter().filter(|row| row.blocks).count();
    let to_fix = how_many(report, Severity::Critical) + how_many(report, Severity::Important) + before;
    let contested = report.findings.iter().filter(|finding| finding.lane == Lane::Contested).count();
    let dropped = report.dispositions.iter().filter(|row| row.disposition == Disposition::Dropped).count();
    let (seen, all) = covered(report);
    let cost: f64 = report.reviewers.iter().filter_map(|reviewer| reviewer.usd).sum();
    let mut tiles = vec![
        (
            report.verdict.blocking.len().to_string(),
            if to_fix == 0 {
                "to fix".to_owned()
            } else {
                format!("to fix, of {to_fix} critical or important")
            },
        ),
        (how_many(report, Severity::Suggestion).to_string(), "optional".to_owned()),
        (dropped.to_string(), format!("dropped · {contested} contested")),
    ];
    if all > 0 {
        let earlier = match from_earlier(report) {
            0 => String::new(),
            rest => format!(", {rest} in earlier rounds"),
        };
        tiles.push((format!("{seen}/{all}"), format!("files looked at{earlier}")));
    }
    if is_timed(report) {
        let consolidation = compact(report.run.consolidation_ms);
        tiles.push((compact(report.run.active_ms), format!("in all · consolidation {consolidation}")));
    }
    if cost > 0.0 {
        tiles.push((format!("${cost:.2}"), "where reviewers told".to_owned()));
    }
    page.push_str("<ul class=\"tiles\">");
    for (number, label) in tiles {
        put!(page, "<li><strong>{number}</strong><span>{label}</span></li>");
    }
    page.push_str("</ul>\n");
}

/// What happened since the round before, each part a way to the list of it.
fn changed_since(page: &mut String, report: &Report) {
    let Some(before) = round_before(report) else { return };
    put!(page, "<ul class=\"chips\" aria-label=\"Since round {before}\">");
    for (at, one) in since(report).into_iter().enumerate() {
        let class = if one.is_good { "chip good" } else { "chip" };
        let which = if at == 0 { format!(" since round {before}") } else { String::new() };
        put!(page, "<li><a class=\"{class}\" href=\"#prior\">{} {}{which}</a></li>", one.number, one.what);
    }
    page.push_str("</ul>\n");
}
