//! The reviewers' numbers, sentences drawn from the ledger, and the ledger itself where it is worth reading.
//!
//! In: a report. Out: the section `Agent Performance Retro`. Never a number that the value does not hold.

use model::{Disposition, Report};

use super::escape::{block, cell, cells, inline};
use crate::words::{numbers, overall, row, sentences};

/// Writes the section.
pub(super) fn write(report: &Report) -> String {
    let mut text = String::from("## Agent Performance Retro\n");
    for reviewer in &report.reviewers {
        put!(text, "\n### [{}]\n\n", cell(&reviewer.name));
        for (label, sentence) in sentences(report, reviewer) {
            put!(text, "- **{label}**: {}\n", inline(&sentence));
        }
        if let Some(verdict) = &reviewer.verdict {
            put!(text, "- **Its own verdict**: {}\n", inline(verdict));
        }
        if let Some(summary) = reviewer.summary.as_deref().filter(|summary| !summary.trim().is_empty()) {
            put!(text, "\n{}\n", quoted(summary));
        }
    }
    put!(text, "\n### Summary\n\n{}", table(report));
    put!(text, "\n### Overall Assessment\n\n{}\n", inline(&overall(report)));
    put!(text, "\n### Reconciliation\n\n{}", reconciliation(report));
    text
}

/// A reviewer's own words, told apart from ours.
fn quoted(text: &str) -> String {
    let lines: Vec<String> = block(text)
        .lines()
        .map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") })
        .collect();
    lines.join("\n")
}

fn table(report: &Report) -> String {
    let numbers = numbers(report);
    if numbers.names.is_empty() {
        return "None.\n".to_owned();
    }
    let mut text = format!("| |{}\n|---|{}\n", cells(&numbers.names), "---|".repeat(numbers.names.len()));
    for (label, values) in numbers.rows {
        put!(text, "| {label} |{}\n", cells(&values));
    }
    text
}

/// Every raw finding whose fate is not simply "kept".
fn reconciliation(report: &Report) -> String {
    let rows: Vec<String> = report
        .dispositions
        .iter()
        .filter(|entry| entry.disposition != Disposition::Kept)
        .map(|entry| {
            let row = row(entry);
            let why = if row.why.is_empty() { String::new() } else { format!(" — {}", inline(&row.why)) };
            format!("- {} ({}): {}{why}\n", inline(&row.who), inline(&row.title), inline(&row.fate))
        })
        .collect();
    if rows.is_empty() { "None: every raw finding was kept as raised.\n".to_owned() } else { rows.concat() }
}
