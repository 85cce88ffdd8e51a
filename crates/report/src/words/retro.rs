//! The reviewers' numbers as a table, and sentences made from them.
//!
//! In: the report's retro and ledger. Out: rows and sentences with nothing in them that the value does not hold.
//! Never praises: a number is the strongest word used.

use model::{Report, Retro, ReviewerReport};

use super::{compact, count, reviewer_failed, reviewers_of};

/// A table: one column a reviewer.
pub(crate) struct Numbers {
    /// Names, in roster order.
    pub(crate) names: Vec<String>,
    /// Label and one cell a reviewer; `—` where nothing is known or the reviewer did not review.
    pub(crate) rows: Vec<(&'static str, Vec<String>)>,
}

type Cell = fn(&Report, &ReviewerReport, &Retro) -> String;

const ROWS: [(&str, Cell); 21] = [
    ("Findings", |_, _, retro| retro.credited.compact()),
    ("Critical", |_, _, retro| retro.credited.critical.to_string()),
    ("Important", |_, _, retro| retro.credited.important.to_string()),
    ("Suggestion", |_, _, retro| retro.credited.suggestion.to_string()),
    ("Tool calls", |_, reviewer, _| tool_calls(reviewer)),
    ("Raised → kept", |_, _, retro| format!("{} → {}", retro.raised.total(), in_report(retro))),
    ("Merged", |_, _, retro| retro.merged.to_string()),
    ("Promoted", |_, _, retro| moves(retro, rises)),
    ("Downgraded", |_, _, retro| moves(retro, falls)),
    ("Moved", |_, _, retro| retro.moved.to_string()),
    ("Dropped", |_, _, retro| retro.dropped.to_string()),
    ("False positives", |_, _, retro| retro.false_positives.to_string()),
    ("Unique insights", |_, _, retro| retro.unique.to_string()),
    ("Shared with", |_, _, retro| shared(retro)),
    ("Missed without", |_, _, retro| retro.missed_without.to_string()),
    ("Location accuracy", |_, _, retro| accuracy(retro)),
    ("Design observations", |_, _, retro| retro.design.to_string()),
    ("Files reviewed", |report, _, retro| match report.target.changed.len() {
        0 => retro.files_reviewed.to_string(),
        all => format!("{}/{all}", retro.files_reviewed),
    }),
    ("Coverage misses", |_, _, retro| misses(retro)),
    ("Own verdict", |_, reviewer, _| reviewer.verdict.clone().unwrap_or_else(dash)),
    ("Cost", |_, reviewer, _| cost(reviewer)),
];

fn dash() -> String {
    "—".to_owned()
}

/// Raw findings that stand in the report, under their own or another reviewer's text.
fn in_report(retro: &Retro) -> u32 {
    retro.kept + retro.promoted + retro.downgraded + retro.merged
}

/// Claims that ended at another severity in one direction, those merged into another's text included: `2 (C→I, I→S)`.
fn moves(retro: &Retro, direction: fn(&str) -> bool) -> String {
    let moved: Vec<&(String, u32)> = retro.transitions.iter().filter(|(what, _)| direction(what)).collect();
    let told: Vec<String> = moved
        .iter()
        .map(|(what, number)| if moved.len() == 1 { what.clone() } else { format!("{number} {what}") })
        .collect();
    match rated(retro, direction) {
        0 => "0".to_owned(),
        number => format!("{number} ({})", told.join(", ")),
    }
}

fn rated(retro: &Retro, direction: fn(&str) -> bool) -> u32 {
    retro.transitions.iter().filter(|(what, _)| direction(what)).map(|(_, number)| number).sum()
}

/// `C→I`: letters of severities, the claimed one first.
fn falls(transition: &str) -> bool {
    rank(transition.chars().next()) > rank(transition.chars().last())
}

fn rises(transition: &str) -> bool {
    rank(transition.chars().next()) < rank(transition.chars().last())
}

fn rank(letter: Option<char>) -> u8 {
    match letter {
        Some('C') => 2,
        Some('I') => 1,
        _ => 0,
    }
}

/// `52 (Bash 32, Read 20)`, the most used first.
fn tool_calls(reviewer: &ReviewerReport) -> String {
    let mut calls: Vec<&(String, u32)> = reviewer.tool_calls.iter().collect();
    calls.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let told: Vec<String> = calls.iter().take(4).map(|(name, number)| format!("{name} {number}")).collect();
    let more = if calls.len() > told.len() { ", …" } else { "" };
    match calls.iter().map(|(_, number)| number).sum::<u32>() {
        0 => dash(),
        all => format!("{all} ({}{more})", told.join(", ")),
    }
}

/// Findings that another says too, by the other.
fn shared(retro: &Retro) -> String {
    let told: Vec<String> = retro.overlap.iter().map(|(name, number)| format!("{name} {number}")).collect();
    if told.is_empty() { "0".to_owned() } else { told.join(", ") }
}

fn accuracy(retro: &Retro) -> String {
    if retro.located == 0 { dash() } else { format!("{}/{} exact", retro.located_exactly, retro.located) }
}

fn misses(retro: &Retro) -> String {
    let omitted = retro.files_omitted.map_or_else(dash, |number| number.to_string());
    format!("{omitted} omitted, {} contradicted", retro.contradicted)
}

fn cost(reviewer: &ReviewerReport) -> String {
    let tokens =
        reviewer.tokens.map(|it| format!("{} in, {} out", thousands(it.input), thousands(it.output)));
    match (reviewer.usd, tokens) {
        (Some(usd), Some(tokens)) => format!("${usd:.2} ({tokens})"),
        (Some(usd), None) => format!("${usd:.2}"),
        (None, Some(tokens)) => tokens,
        (None, None) => dash(),
    }
}

fn thousands(number: u64) -> String {
    if number < 10_000 { number.to_string() } else { format!("{}k", number / 1000) }
}

/// The retro table.
pub(crate) fn numbers(report: &Report) -> Numbers {
    let names = report.reviewers.iter().map(|reviewer| reviewer.name.clone()).collect();
    let durations = report.reviewers.iter().map(|reviewer| {
        // A review that was given took its time elsewhere.
        let time = if reviewer.ms == 0 { dash() } else { compact(reviewer.ms) };
        if reviewer_failed(reviewer).is_some() {
            format!("{time} ({})", reviewer.ending.as_str())
        } else {
            time
        }
    });
    let mut rows = vec![("Duration", durations.collect())];
    for (label, cell) in ROWS {
        let cells = report.reviewers.iter().map(|reviewer| match retro_of(report, reviewer) {
            Some(retro) => cell(report, reviewer, retro),
            None => dash(),
        });
        rows.push((label, cells.collect()));
    }
    Numbers { names, rows }
}

fn retro_of<'a>(report: &'a Report, reviewer: &ReviewerReport) -> Option<&'a Retro> {
    report.retro.iter().find(|retro| retro.reviewer == reviewer.name && retro.reviewed)
}

/// Label and sentence, for one reviewer.
pub(crate) fn sentences(report: &Report, reviewer: &ReviewerReport) -> Vec<(&'static str, String)> {
    if let Some(why) = reviewer_failed(reviewer) {
        let read = report.dispositions.iter().filter(|row| row.reviewer == reviewer.name).count();
        let rest = if read == 0 {
            String::new()
        } else {
            format!(" What it wrote until then was read all the same: {}.", count(read, "raw finding"))
        };
        return vec![("Did not review", format!("{}.{rest}", why.trim_end_matches('.')))];
    }
    let Some(retro) = retro_of(report, reviewer) else { return Vec::new() };
    vec![
        ("Unique contributions", unique(report, reviewer, retro)),
        ("Accuracy", accurate(retro)),
        ("Depth", depth(report, reviewer, retro)),
        ("Signal-to-noise", signal(retro)),
    ]
}

fn unique(report: &Report, reviewer: &ReviewerReport, retro: &Retro) -> String {
    let alone: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| reviewers_of(finding) == [reviewer.name.as_str()])
        .map(|finding| finding.id.as_str())
        .collect();
    if alone.is_empty() {
        return "no finding that nobody else raised.".to_owned();
    }
    let lost = match retro.missed_without {
        0 => String::new(),
        number => {
            let findings = count(number as usize, "finding");
            format!(" Without it, {findings} of important severity or above would be missing.")
        }
    };
    format!("of {}, {} came from it alone.{lost}", count(report.findings.len(), "finding"), listed(&alone))
}

/// `I1`, `I1 and S2`, `I1, I2 and S4`; long lists are cut.
fn listed(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if items.len() <= 8 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", items[..7].join(", "), items.len() - 7),
    }
}

fn accurate(retro: &Retro) -> String {
    let places = match (retro.located, retro.located - retro.located_exactly) {
        (0, _) => "no place could be checked".to_owned(),
        (1, 0) => "the one checkable place as cited".to_owned(),
        (all, 0) => format!("all {} as cited", count(all as usize, "checkable place")),
        (all, off) => format!("{off} of {} off", count(all as usize, "checkable place")),
    };
    let false_positives = match retro.false_positives {
        0 => "no false positives".to_owned(),
        number => count(number as usize, "false positive"),
    };
    let severity = match (rated(retro, falls), rated(retro, rises)) {
        (0, 0) => "severities stood".to_owned(),
        (down, 0) => format!("{down} rated too high"),
        (0, up) => format!("{up} rated too low"),
        (down, up) => format!("{down} rated too high, {up} too low"),
    };
    format!("{false_positives}; {places}; {severity}.")
}

fn depth(report: &Report, reviewer: &ReviewerReport, retro: &Retro) -> String {
    let files = match retro.files_omitted {
        _ if report.target.changed.is_empty() && retro.files_reviewed > 0 => {
            format!("gave an account of {}", count(retro.files_reviewed as usize, "file"))
        }
        None => "gave no account of the files it looked at".to_owned(),
        Some(_) if report.target.changed.is_empty() => "gave no account of the files it looked at".to_owned(),
        Some(omitted) => {
            let all = report.target.changed.len();
            let left_out = if omitted == 0 { String::new() } else { format!(" ({omitted} not mentioned)") };
            format!("looked at {} of {}{left_out}", retro.files_reviewed, count(all, "changed file"))
        }
    };
    let ran = report.testing.ran.iter().filter(|ran| ran.reviewer == reviewer.name).count();
    let ran = if ran == 0 { String::new() } else { format!(", ran {}", count(ran, "command")) };
    let design = match retro.design {
        0 => String::new(),
        number => format!(", made {}", count(number as usize, "design observation")),
    };
    format!("{files}{ran}{design}.")
}

fn signal(retro: &Retro) -> String {
    let raised = retro.raised.total();
    if raised == 0 {
        return "raised nothing.".to_owned();
    }
    let kept = in_report(retro);
    let share = u64::from(kept) * 100 / u64::from(raised);
    let mut text = format!("{kept} of {raised} raised stand in the report ({share} %)");
    if retro.merged > 0 {
        put!(text, ", {} merged into another's text", retro.merged);
    }
    text.push('.');
    text
}

/// Each reviewer's share, and whether one of them carries the report.
pub(crate) fn overall(report: &Report) -> String {
    let all = report.findings.len();
    let reviewed = report.retro.iter().filter(|retro| retro.reviewed).count();
    if reviewed == 0 {
        return "No reviewer reviewed.".to_owned();
    }
    if all == 0 {
        return format!("{} reviewed; no finding stands.", count(reviewed, "reviewer"));
    }
    let share = |retro: &Retro| u64::from(retro.credited.total()) * 100 / all as u64;
    let mut shares: Vec<(&str, u32, u64)> = report
        .retro
        .iter()
        .filter(|retro| retro.reviewed)
        .map(|retro| (retro.reviewer.as_str(), retro.credited.total(), share(retro)))
        .collect();
    shares.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let told: Vec<String> =
        shares.iter().map(|(name, credited, share)| format!("{name} {credited} ({share} %)")).collect();
    let agreed = report.findings.iter().filter(|finding| finding.agreement > 1).count();
    let mut text = format!("Of {}: {}.", count(all, "finding"), told.join(", "));
    if shares.len() > 1 {
        let agreed = if agreed == 0 { "None".to_owned() } else { agreed.to_string() };
        put!(
            text,
            " {agreed} came from more than one reviewer. No single reviewer found more than {} %.",
            shares[0].2
        );
    }
    text
}
