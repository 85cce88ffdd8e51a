//! The title and the header table.
//!
//! In: a report. Out: `# Deep Review: <run>` and one row a known fact. Never a row without a value.

use model::{Report, Sha};

use super::escape::{address, cell, code_cell};
use crate::words::{builtin_note, is_timed, reviewer_failed, reviewer_title, spelled};

/// Commits listed before the rest is counted.
const COMMITS_SHOWN: usize = 20;

/// Writes the title and the table.
pub(super) fn write(report: &Report) -> String {
    let rows = [
        ("Date", is_timed(report).then(|| report.run.started.strftime("%Y-%m-%d %H:%M UTC").to_string())),
        ("Repo", repository(report)),
        ("Round", (report.series.round > 0).then(|| round(report))),
        ("Author", authors(report)),
        ("Branch", report.target.branch.as_deref().map(code_cell)),
        ("Commits", commits(report)),
        ("Review SHA", review_sha(report)),
        ("Reviewers", reviewers(report)),
        ("Verdict", Some(verdict(report))),
        ("Wall-clock time", is_timed(report).then(|| format!("`{}`", spelled(report.run.active_ms)))),
    ];
    let mut text = format!("# Deep Review: {}\n\n| | |\n|---|---|\n", cell(report.run.id.as_str()));
    for (label, value) in rows {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            put!(text, "| **{label}** | {value} |\n");
        }
    }
    text
}

fn repository(report: &Report) -> Option<String> {
    let name = cell(report.target.repository.as_deref()?);
    let url = report.target.repository_url.as_deref().and_then(address);
    Some(url.map_or_else(|| name.clone(), |url| format!("[{name}]({url})")))
}

fn round(report: &Report) -> String {
    if report.series.key.is_empty() {
        return report.series.round.to_string();
    }
    format!("{} (of {})", report.series.round, code_cell(&report.series.key))
}

fn authors(report: &Report) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for commit in &report.target.commits {
        if !names.contains(&commit.author.as_str()) && !commit.author.is_empty() {
            names.push(&commit.author);
        }
    }
    (!names.is_empty()).then(|| names.into_iter().map(cell).collect::<Vec<_>>().join(", "))
}

/// Oldest first. The head is the last one; where the list is cut, the oldest are counted.
fn commits(report: &Report) -> Option<String> {
    let all = &report.target.commits;
    let earlier = all.len().saturating_sub(COMMITS_SHOWN);
    let mut lines = Vec::new();
    if earlier > 0 {
        lines.push(format!("…plus {earlier} earlier commits"));
    }
    lines.extend(
        all[earlier..].iter().map(|commit| format!("`{}` {}", commit.sha.short(), cell(&commit.subject))),
    );
    (!lines.is_empty()).then(|| lines.join("<br>"))
}

fn review_sha(report: &Report) -> Option<String> {
    let target = &report.target;
    if target.head == Sha::default() {
        return None;
    }
    let base =
        if target.base_name.is_empty() { String::new() } else { format!(" ({})", cell(&target.base_name)) };
    let dirty = if target.dirty { ", uncommitted changes" } else { "" };
    let trust = target.trust.as_ref().filter(|trusted| trusted.level != model::Trust::Mine);
    let trust = trust.map(|trusted| format!(", {}", trusted.level.whose())).unwrap_or_default();
    Some(format!("`{}` against `{}`{base}{dirty}{trust}", target.head, target.merge_base.short()))
}

fn reviewers(report: &Report) -> Option<String> {
    let told: Vec<String> = report
        .reviewers
        .iter()
        .map(|reviewer| match reviewer_failed(reviewer) {
            None => cell(&reviewer_title(reviewer)),
            Some(why) => format!("~~{}~~ ({})", cell(&reviewer_title(reviewer)), cell(&why)),
        })
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn verdict(report: &Report) -> String {
    let label = report.verdict.value.label();
    let note = builtin_note(report).map_or(String::new(), |note| format!(" ({note})"));
    if report.verdict.reason.is_empty() {
        return format!("**{label}**{note}");
    }
    format!("**{label}** — {}{note}", cell(&report.verdict.reason))
}
