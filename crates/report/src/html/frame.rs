//! The page around the content: head, bar, contents rail, footer.
//!
//! In: a report. Out: the opening and the end of the page. Never a resource from elsewhere.

use base64::Engine as _;
use model::{DesignKind, Report, Severity};
use sha2::Digest as _;

use super::escape::{address, line, name};
use crate::words::{SEVERITIES, how_many};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Everything up to the content.
pub(super) fn open(page: &mut String, report: &Report) {
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(SCRIPT));
    let title = format!("{} — deep review of {}", report.verdict.value.label(), subject(report));
    put!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         img-src data:; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        line(&title)
    );
    page.push_str("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
    bar(page, report);
    page.push_str("<div class=\"page\">\n");
    rail(page, report);
    page.push_str("<main id=\"main\" tabindex=\"-1\">\n");
}

fn subject(report: &Report) -> String {
    let target = &report.target;
    let branch = target.branch.clone().unwrap_or_else(|| target.head.short().to_owned());
    if branch.is_empty() { report.run.id.to_string() } else { branch }
}

fn bar(page: &mut String, report: &Report) {
    let target = &report.target;
    page.push_str("<header class=\"bar\"><strong>deep-review</strong>");
    if let Some(repository) = &target.repository {
        let shown = line(repository);
        if let Some(url) = target.repository_url.as_deref().and_then(address) {
            put!(page, "<a class=\"soft\" href=\"{url}\" rel=\"noreferrer noopener\">{shown}</a>");
        } else {
            put!(page, "<span class=\"soft\">{shown}</span>");
        }
    }
    put!(page, "<h1>{}</h1>", line(&subject(report)));
    rounds(page, report);
    page.push_str("<span class=\"grow\"></span>");
    if !target.head.as_str().is_empty() {
        put!(
            page,
            "<span class=\"soft shas\">head <code>{}</code> base <code>{}</code></span>",
            name(target.head.short()),
            name(target.merge_base.short())
        );
    }
    page.push_str(
        "<button type=\"button\" class=\"js\" id=\"theme\" aria-label=\"Switch between light and dark\" \
         title=\"Light or dark (t)\">◐</button></header>\n",
    );
}

/// Rounds shown before the first ones are left out.
const ROUNDS: u32 = 8;

/// Which round this is. Other rounds are pages of their own that need not lie anywhere near, so they are no links.
fn rounds(page: &mut String, report: &Report) {
    let round = report.series.round;
    if round < 2 {
        if round == 1 {
            page.push_str("<span class=\"chip\">round 1</span>");
        }
        return;
    }
    put!(page, "<ol class=\"rounds\" aria-label=\"Rounds\">");
    let first = round.saturating_sub(ROUNDS - 1).max(1);
    if first > 1 {
        page.push_str("<li>…</li>");
    }
    for number in first..round {
        put!(page, "<li>{number}</li>");
    }
    put!(page, "<li aria-current=\"true\"><span class=\"hidden\">this is round </span>{round}</li></ol>");
}

fn rail(page: &mut String, report: &Report) {
    page.push_str("<nav class=\"rail\" aria-label=\"Contents\">");
    page.push_str("<p class=\"group\">Findings</p><ul>");
    for severity in SEVERITIES {
        let number = how_many(report, severity);
        entry(page, section_id(severity), severity_word(severity), &number.to_string());
        if severity == Severity::Suggestion {
            continue;
        }
        for finding in report.findings.iter().filter(|finding| finding.severity == severity).take(12) {
            put!(
                page,
                "<li class=\"sub\"><a href=\"#{0}\">{0} {1}</a></li>",
                name(&finding.id),
                line(&finding.title.replace('`', ""))
            );
        }
    }
    if !report.prior.is_empty() {
        entry(page, "prior", "Earlier findings", &report.prior.len().to_string());
    }
    entry(page, "ledger", "Dropped and changed", &ledger_size(report).to_string());
    page.push_str("</ul><p class=\"group\">Assessment</p><ul>");
    let concerns = report.design.iter().filter(|item| item.kind == DesignKind::Concern).count();
    entry(page, "design", "Design", &format!("{concerns} / {}", report.design.len() - concerns));
    entry(page, "testing", "Testing", &report.testing.gaps.len().to_string());
    entry(page, "documentation", "Documentation", &report.documentation.gaps.len().to_string());
    entry(page, "commits", "Commits", &report.target.commits.len().to_string());
    entry(page, "limitations", "Limitations", &report.limitations.len().to_string());
    page.push_str("</ul><p class=\"group\">Process</p><ul>");
    let (seen, all) = crate::words::covered(report);
    let seen = if all == 0 { String::new() } else { format!("{seen}/{all}") };
    entry(page, "coverage", "Coverage", &seen);
    entry(page, "reviewers", "Reviewers", &report.reviewers.len().to_string());
    entry(page, "originals", "Original reviews", "");
    page.push_str("</ul></nav>\n");
}

/// Ledger rows that are worth reading: everything but "kept as raised".
pub(super) fn ledger_size(report: &Report) -> usize {
    report.dispositions.iter().filter(|row| row.disposition != model::Disposition::Kept).count()
}

fn entry(page: &mut String, id: &str, label: &str, number: &str) {
    put!(page, "<li><a href=\"#{id}\">{label}<span>{number}</span></a></li>");
}

/// The anchor of a severity's section.
pub(super) fn section_id(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Important => "important",
        Severity::Suggestion => "suggestions",
    }
}

/// A severity as a heading.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::Important => "Important",
        Severity::Suggestion => "Suggestions",
    }
}

/// Everything behind the content.
pub(super) fn close(page: &mut String) {
    page.push_str("</main>\n</div>\n<script>");
    page.push_str(SCRIPT);
    page.push_str("</script>\n</body>\n</html>\n");
}
