//! Small plots about the reviewers: how long each took, what became of what it raised, whom it agreed with.
//!
//! In: a report. Out: bars and a table of shared findings; every length stands beside its number. Never a plot of one reviewer: there is
//! nothing to compare.

use model::{Report, Retro, ReviewerReport};

use super::escape::line;
use super::finding::reviewer_class;
use crate::words::{compact, count, reviewers_of};

/// Writes the plots where at least two reviewers reviewed.
pub(super) fn write(page: &mut String, report: &Report) {
    let rows: Vec<(&ReviewerReport, &Retro)> = report
        .reviewers
        .iter()
        .filter_map(|reviewer| {
            let retro =
                report.retro.iter().find(|retro| retro.reviewer == reviewer.name && retro.reviewed)?;
            Some((reviewer, retro))
        })
        .collect();
    if rows.len() < 2 {
        return;
    }
    page.push_str("<div class=\"plots\">");
    times(page, report, &rows);
    fates(page, report, &rows);
    overlap(page, report, &rows);
    page.push_str("</div>");
}

/// One bar: its label, its parts in percent with their classes, and what it says in words.
fn bar(page: &mut String, report: &Report, name: &str, parts: &[(f64, &str)], words: &str) {
    put!(
        page,
        "<li><span class=\"chip {}\">{}</span><span class=\"track\">",
        reviewer_class(report, name),
        line(name)
    );
    for (percent, class) in parts.iter().filter(|(percent, _)| *percent > 0.0) {
        put!(page, "<span class=\"part {class}\" style=\"width:{percent:.1}%\"></span>");
    }
    put!(page, "</span><span class=\"soft\">{}</span></li>", line(words));
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn times(page: &mut String, report: &Report, rows: &[(&ReviewerReport, &Retro)]) {
    let longest = rows.iter().map(|(reviewer, _)| reviewer.ms).max().unwrap_or_default();
    if longest == 0 {
        return;
    }
    page.push_str("<figure class=\"card pad\"><figcaption>Time</figcaption><ul class=\"bars\">");
    for (reviewer, _) in rows {
        bar(page, report, &reviewer.name, &[(percent(reviewer.ms, longest), "time")], &compact(reviewer.ms));
    }
    page.push_str("</ul></figure>");
}

fn fates(page: &mut String, report: &Report, rows: &[(&ReviewerReport, &Retro)]) {
    let most = rows.iter().map(|(_, retro)| retro.raised.total()).max().unwrap_or_default();
    if most == 0 {
        return;
    }
    page.push_str("<figure class=\"card pad\"><figcaption>Raised findings and what became of them</figcaption><ul class=\"bars\">");
    for (reviewer, retro) in rows {
        let whole = u64::from(most);
        let stands = retro.kept + retro.promoted + retro.merged;
        let parts = [
            (percent(stands.into(), whole), "stands"),
            (percent(retro.downgraded.into(), whole), "lowered"),
            (percent(retro.moved.into(), whole), "moved"),
            (percent(retro.dropped.into(), whole), "dropped"),
        ];
        let words = format!(
            "{} raised: {stands} as raised or merged, {} downgraded, {} moved, {} dropped",
            retro.raised.total(),
            retro.downgraded,
            retro.moved,
            retro.dropped
        );
        bar(page, report, &reviewer.name, &parts, &words);
    }
    page.push_str("</ul></figure>");
}

/// How many findings each pair of reviewers shares; on the diagonal what only one of them has.
fn overlap(page: &mut String, report: &Report, rows: &[(&ReviewerReport, &Retro)]) {
    let voices: Vec<Vec<&str>> = report.findings.iter().map(reviewers_of).collect();
    if voices.is_empty() {
        return;
    }
    let shared = |a: &str, b: &str| {
        voices
            .iter()
            .filter(|names| if a == b { **names == [a] } else { names.contains(&a) && names.contains(&b) })
            .count()
    };
    page.push_str(
        "<figure class=\"card pad scroll\" tabindex=\"0\"><figcaption>Findings in common; on the diagonal, findings of one alone</figcaption>\
         <table class=\"overlap\"><thead><tr><th scope=\"col\"><span class=\"hidden\">Reviewer</span></th>",
    );
    for (reviewer, _) in rows {
        put!(page, "<th scope=\"col\">{}</th>", line(&reviewer.name));
    }
    page.push_str("</tr></thead><tbody>");
    for (one, _) in rows {
        put!(page, "<tr><th scope=\"row\">{}</th>", line(&one.name));
        for (other, _) in rows {
            let number = shared(&one.name, &other.name);
            let what = if one.name == other.name { "alone" } else { "in common" };
            let class = if number == 0 { " class=\"missed\"" } else { "" };
            put!(page, "<td{class}>{number} <span class=\"hidden\">{what}</span></td>");
        }
        page.push_str("</tr>");
    }
    put!(page, "</tbody></table><p class=\"soft\">Of {}.</p></figure>", count(voices.len(), "finding"));
}
