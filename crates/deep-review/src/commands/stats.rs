//! `reviewers stats`: what came of each reviewer's findings.
//!
//! In: the reports of all runs and what people decided. Out: a row a reviewer: raised, credited, found by nobody else, acted
//! on, decided against, not so, and what an accepted finding cost. Never a ranking.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use store::RunState;

use crate::args::StatsFormat;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, store_error};

/// Numbers of one reviewer.
#[derive(Clone, Debug, Default)]
struct Row {
    runs: u32,
    raised: u32,
    credited: u32,
    alone: u32,
    accepted: u32,
    declined: u32,
    refuted: u32,
    ratings: [[u32; 3]; 3],
    seconds: u64,
    usd: f64,
    /// Findings shared, by the other reviewer.
    with: BTreeMap<String, u32>,
    /// Accepted findings that nobody else found.
    missed_without: u32,
}

/// Prints.
pub(crate) fn run(session: &Session, format: Option<StatsFormat>) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let store = Session::store(&repository)?;
    let failed = |error: store::Error| store_error(&error);
    let index = store.index().map_err(failed)?;
    let decisions = store.decisions().map_err(failed)?;
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for run in store.runs().map_err(failed)?.iter().filter(|run| run.state == RunState::Finished) {
        let Ok(Some(report)) = run.run.report() else { continue };
        let report = engine::as_of_today(report, &decisions);
        for reviewer in &report.reviewers {
            let row = rows.entry(reviewer.name.clone()).or_default();
            row.usd += reviewer.usd.unwrap_or(0.0);
            row.runs += 1;
            row.seconds += reviewer.ms / 1000;
            let raised = report.dispositions.iter().filter(|it| it.reviewer == reviewer.name);
            row.raised += raised.count() as u32;
        }
        for finding in &report.findings {
            let mut names: Vec<&str> = finding.sources.iter().map(|it| it.reviewer.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let accepted =
                matches!(finding.state, model::FindingState::Fixed | model::FindingState::Deferred);
            for name in &names {
                let row = rows.entry((*name).to_owned()).or_default();
                row.credited += 1;
                row.alone += u32::from(names.len() == 1);
                row.missed_without += u32::from(names.len() == 1 && accepted);
                for other in names.iter().filter(|other| *other != name) {
                    *row.with.entry((*other).to_owned()).or_default() += 1;
                }
            }
        }
    }
    for (name, record) in index.reviewer_records().map_err(failed)? {
        let row = rows.entry(name).or_default();
        (row.accepted, row.declined, row.refuted) = (record.accepted, record.declined, record.refuted);
        row.ratings = record.ratings;
    }
    match format {
        Some(StatsFormat::Html) => session.ui.result(&report::stats_page(&plotted(&rows))),
        None => print(session, &rows),
    }
    Ok(Exit::Passed)
}

/// The same for the page.
fn plotted(rows: &BTreeMap<String, Row>) -> Vec<report::ReviewerStats> {
    let plot = |(name, row): (&String, &Row)| report::ReviewerStats {
        reviewer: name.clone(),
        runs: row.runs,
        credited: row.credited,
        alone: row.alone,
        accepted: row.accepted,
        refused: row.declined + row.refuted,
        usd: row.usd,
    };
    rows.iter().map(plot).collect()
}

fn print(session: &Session, rows: &BTreeMap<String, Row>) {
    if session.ui.json {
        let rows: Vec<_> = rows.iter().map(|(name, row)| as_json(name, row)).collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return;
    }
    let mut text = format!(
        "{:<16} {:>4} {:>6} {:>8} {:>5} {:>8} {:>8} {:>6} {:>9}\n",
        "reviewer", "runs", "raised", "credited", "alone", "accepted", "declined", "not so", "precision"
    );
    for (name, row) in rows {
        let precision = precision(row).map_or("-".to_owned(), |share| format!("{:.0} %", share * 100.0));
        writeln!(
            text,
            "{name:<16} {:>4} {:>6} {:>8} {:>5} {:>8} {:>8} {:>6} {precision:>9}",
            row.runs, row.raised, row.credited, row.alone, row.accepted, row.declined, row.refuted
        )
        .unwrap_or_default();
    }
    session.ui.result(&report::safe_text(&text));
}

/// Accepted of all that were decided or proved not to be so.
fn precision(row: &Row) -> Option<f64> {
    let all = row.accepted + row.declined + row.refuted;
    (all > 0).then(|| f64::from(row.accepted) / f64::from(all))
}

/// Mean levels that its ratings ended above or below what it claimed.
fn calibration(row: &Row) -> Option<f64> {
    let mut count = 0;
    let mut levels = 0.0;
    for (claimed, ended) in row.ratings.iter().enumerate() {
        for (to, times) in ended.iter().enumerate() {
            count += times;
            levels += f64::from(*times) * (to as f64 - claimed as f64);
        }
    }
    (count > 0).then(|| levels / f64::from(count))
}

fn as_json(name: &str, row: &Row) -> serde_json::Value {
    let cost = (row.accepted > 0).then(|| row.usd / f64::from(row.accepted));
    json!({
        "reviewer": name,
        "runs": row.runs,
        "raised": row.raised,
        "credited": row.credited,
        "alone": row.alone,
        "accepted": row.accepted,
        "declined": row.declined,
        "refuted": row.refuted,
        "precision": precision(row),
        "precision_between": report::interval(row.accepted, row.declined + row.refuted),
        "ratings": row.ratings,
        "calibration": calibration(row),
        "seconds": row.seconds,
        "usd": row.usd,
        "usd_per_accepted": cost,
        "shared_with": row.with,
        "accepted_that_nobody_else_found": row.missed_without,
    })
}
