//! The report as a pull-request review: a payload with comments on lines, and a summary to keep up to date.
//!
//! In: a [`Report`] and the change it is about. Out: the JSON that the forge's "create a review" call takes, or the Markdown of
//! one comment. Every inline comment lies on a line of the change, because one that does not makes the forge refuse the whole
//! review; what has no such line stands in the body. Never posts anything, never mentions a person, never refers to an issue:
//! foreign text that would is made inert.

mod anchor;
mod quiet;
mod suggestion;

use model::{FileDiff, Finding, FindingState, Lane, Report, Severity};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::json::inert;
use crate::markdown::{block, cell, code, inline};
use crate::words::{
    SEVERITIES, checked, parts, place, reviewer_failed, reviewer_title, reviewers_of, severity_note,
    structure,
};
use anchor::Anchor;
use quiet::quiet;

/// The forge takes 65,536 characters in one body; the rest is room for what it adds itself.
const MOST_CHARACTERS: usize = 60_000;

/// More inline comments than this bury the ones that matter; the rest stands in the body.
const MOST_COMMENTS: usize = 50;

/// Writes the payload of one review. Findings come in report order, so the worst get the inline comments.
pub fn github_review(report: &Report, diff: &[FileDiff]) -> String {
    let mut comments = Vec::new();
    let mut elsewhere = Vec::new();
    for finding in report.findings.iter().filter(|finding| finding.state == FindingState::Open) {
        let anchor =
            if finding.lane == Lane::Contested { None } else { anchor::on_the_change(finding, diff) };
        match anchor {
            Some(anchor) if comments.len() < MOST_COMMENTS => comments.push(comment(finding, &anchor)),
            _ => elsewhere.push(finding),
        }
    }
    let mut body = summary(report);
    append(&mut body, &elsewhere);
    let payload = json!({
        "commit_id": report.target.head,
        "event": "COMMENT",
        "body": body,
        "comments": comments,
    });
    inert(serde_json::to_string_pretty(&payload).expect("a tree of values is JSON"))
}

/// Writes the comment that a later round replaces: its first line names the series.
pub fn github_summary(report: &Report) -> String {
    let mut body = summary(report);
    let open = report.findings.iter().filter(|finding| finding.state == FindingState::Open);
    append(&mut body, &open.collect::<Vec<_>>());
    body
}

/// What a poster looks for to find the comment of the round before. The key may be hostile, so its hash stands for it.
fn marker(report: &Report) -> String {
    let hash = Sha256::digest(report.series.key.as_bytes());
    let mut marker = String::from("<!-- deep-review series ");
    hash.iter().take(8).for_each(|byte| put!(marker, "{byte:02x}"));
    marker + " -->"
}

fn summary(report: &Report) -> String {
    let verdict = &report.verdict;
    let mut paragraphs = vec![
        marker(report),
        format!("### deep-review: {}", verdict.value.label()),
        inline(&verdict.reason),
        structure(report),
    ];
    let reviewers: Vec<String> = report
        .reviewers
        .iter()
        .map(|reviewer| match reviewer_failed(reviewer) {
            None => inline(&reviewer_title(reviewer)),
            Some(why) => format!("~~{}~~ ({})", inline(&reviewer_title(reviewer)), inline(&why)),
        })
        .collect();
    if !reviewers.is_empty() {
        paragraphs.push(format!("Reviewers: {}.", reviewers.join(", ")));
    }
    let head = code(report.target.head.short());
    paragraphs.push(format!(
        "Round {} at {head}, run {}.",
        report.series.round,
        code(report.run.id.as_str())
    ));
    quiet(&(paragraphs.join("\n\n") + "\n"))
}

/// Adds findings to a body, whole while there is room, then by their first lines, then by their ids. None is left out.
fn append(body: &mut String, findings: &[&Finding]) {
    let mut left = findings.iter();
    let room = |body: &str, text: &str| body.chars().count() + text.chars().count() <= MOST_CHARACTERS;
    let mut severity = None;
    let mut cut: Vec<&Finding> = Vec::new();
    for finding in left.by_ref() {
        let heading = (severity != Some(finding.severity)).then(|| heading(finding.severity));
        let text = format!("{}{}", heading.unwrap_or_default(), quiet(&folded(finding)));
        if !room(body, &text) {
            cut.push(finding);
            break;
        }
        severity = Some(finding.severity);
        body.push_str(&text);
    }
    cut.extend(left);
    if !cut.is_empty() {
        let ids: Vec<&str> = cut.iter().map(|finding| finding.id.as_str()).collect();
        let ids: String = ids.join(", ").chars().take(4_000).collect();
        put!(body, "\n{} more in the report: {ids}\n", cut.len());
    }
}

fn heading(severity: Severity) -> String {
    debug_assert!(SEVERITIES.contains(&severity));
    format!("\n#### {}\n", crate::words::severity_heading(severity))
}

/// A finding in a body: its first line, the rest behind a fold.
fn folded(finding: &Finding) -> String {
    let places: Vec<String> = finding.locations.iter().map(|location| code(&place(location))).collect();
    let places = if places.is_empty() { String::new() } else { format!(" — {}", places.join(", ")) };
    let contested = if finding.lane == Lane::Contested { " *(contested, does not block)*" } else { "" };
    let first = format!("\n{}. **{}**{places}{contested}\n", cell(&finding.id), inline(&finding.title));
    format!("{first}\n<details><summary>Details</summary>\n\n{}\n\n</details>\n", details(finding, None))
}

fn comment(finding: &Finding, anchor: &Anchor<'_>) -> Value {
    let suggestion = suggestion::in_hunk(finding, anchor);
    let (start, end) = suggestion.as_ref().map_or((anchor.start, anchor.end), |it| (it.start, it.end));
    let first =
        format!("**{}** ({}) {}", cell(&finding.id), finding.severity.as_str(), inline(&finding.title));
    let body = format!("{first}\n\n{}\n", details(finding, suggestion.as_ref().map(|it| it.text.as_str())));
    let mut comment = json!({
        "path": anchor.path,
        "side": anchor.side,
        "line": end,
        "body": limited(quiet(&body)),
    });
    if start < end {
        comment["start_line"] = json!(start);
        comment["start_side"] = json!(anchor.side);
    }
    comment
}

/// Mechanism, proposal, how its severity came about, who said it and what was checked.
fn details(finding: &Finding, suggestion: Option<&str>) -> String {
    let parts = parts(finding);
    let mut paragraphs = Vec::new();
    if !parts.prose.is_empty() {
        paragraphs.push(block(&parts.prose));
    }
    match (suggestion, &parts.fix) {
        (Some(block), _) => paragraphs.push(block.to_owned()),
        (None, Some(fix)) => paragraphs.push(format!("**Fix**\n\n{}", block(fix))),
        (None, None) => {}
    }
    paragraphs.extend(
        finding.reconciliation.iter().map(|note| format!("Severity: {}", inline(&severity_note(note)))),
    );
    let told = checked(finding)
        .groups()
        .into_iter()
        .map(|(label, told)| format!("{}: {}", label.to_lowercase(), inline(&told)));
    let who = format!("raised by {}", inline(&reviewers_of(finding).join(", ")));
    let line: Vec<String> = std::iter::once(who).chain(told).collect();
    paragraphs.push(format!("<sub>{}</sub>", line.join(" · ")));
    paragraphs.join("\n\n")
}

/// A body the forge takes. What is cut is said.
fn limited(text: String) -> String {
    if text.chars().count() <= MOST_CHARACTERS {
        return text;
    }
    let kept: String = text.chars().take(MOST_CHARACTERS).collect();
    format!("{kept}\n\n(cut: the whole text is in the report)\n")
}

#[cfg(test)]
mod tests;
