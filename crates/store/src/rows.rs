//! Rows of the index.
//!
//! In: a report. Out: rows, and rows read back. Never opens or repairs anything: that is `index`.

use std::collections::BTreeSet;

use model::{Report, ReviewerReport};
use rusqlite::{Transaction, params};

/// One finding of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingRow {
    /// The run.
    pub run: String,
    /// Its id there.
    pub id: String,
    /// Its identity.
    pub fingerprint: String,
    /// Its severity.
    pub severity: String,
    /// Its state when the report was made.
    pub state: String,
    /// Its title.
    pub title: String,
    /// Its primary file.
    pub path: Option<String>,
    /// The first line there.
    pub start: Option<u32>,
}

/// One reviewer in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRow {
    /// The run.
    pub run: String,
    /// The reviewer.
    pub reviewer: String,
    /// The model it said it is.
    pub model: Option<String>,
    /// How it ended.
    pub ending: String,
    /// Milliseconds it took.
    pub ms: u64,
    /// Raw findings it raised.
    pub raised: u32,
    /// Findings that credit it.
    pub credited: u32,
    /// Raw findings that were dropped.
    pub dropped: u32,
    /// Dropped because they are not so.
    pub false_positives: u32,
}

/// Writes everything the index keeps of one report.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    run: &str,
    stamp: &str,
    report: &Report,
) -> rusqlite::Result<()> {
    insert_run(transaction, run, stamp, report)?;
    insert_findings(transaction, run, report)?;
    insert_attempts(transaction, run, report)
}

fn insert_run(transaction: &Transaction<'_>, id: &str, stamp: &str, report: &Report) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            id,
            stamp,
            report.series.key,
            report.series.round,
            report.run.started.to_string(),
            report.run.ended.to_string(),
            report.target.branch,
            report.target.base.as_str(),
            report.target.head.as_str(),
            report.target.merge_base.as_str(),
            report.verdict.value.as_str(),
            report.run.complete,
        ],
    )?;
    Ok(())
}

fn insert_findings(transaction: &Transaction<'_>, run: &str, report: &Report) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    let mut statement = transaction.prepare(sql)?;
    for finding in &report.findings {
        let place = finding.locations.first();
        let reviewers: BTreeSet<&str> =
            finding.sources.iter().map(|source| source.reviewer.as_str()).collect();
        statement.execute(params![
            run,
            finding.id,
            finding.fingerprint.as_str(),
            finding.severity.as_str(),
            finding.kind.map(model::Kind::as_str),
            finding.lane.as_str(),
            word(&finding.state),
            finding.title,
            place.map(|place| place.path.as_str()),
            place.and_then(|place| place.start),
            place.and_then(|place| place.end),
            place.and_then(|place| place.symbol.as_deref()),
            finding.confidence,
            serde_json::json!(reviewers).to_string(),
        ])?;
    }
    Ok(())
}

fn insert_attempts(transaction: &Transaction<'_>, run: &str, report: &Report) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let mut statement = transaction.prepare(sql)?;
    for ReviewerReport { name, kind, model, state, ending, ms, .. } in &report.reviewers {
        let retro = report.retro.iter().find(|retro| retro.reviewer == *name).cloned().unwrap_or_default();
        statement.execute(params![
            run,
            name,
            word(kind),
            model,
            word(state),
            ending.as_str(),
            i64::try_from(*ms).unwrap_or(i64::MAX),
            retro.raised.total(),
            retro.credited.total(),
            retro.dropped,
            retro.false_positives,
            retro.unique,
        ])?;
    }
    Ok(())
}

/// The name an enum has in JSON.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => other.map(|value| value.to_string()).unwrap_or_default(),
    }
}

pub(crate) fn finding(row: &rusqlite::Row<'_>) -> rusqlite::Result<FindingRow> {
    Ok(FindingRow {
        run: row.get(0)?,
        id: row.get(1)?,
        fingerprint: row.get(2)?,
        severity: row.get(3)?,
        state: row.get(4)?,
        title: row.get(5)?,
        path: row.get(6)?,
        start: row.get(7)?,
    })
}

pub(crate) fn attempt(row: &rusqlite::Row<'_>) -> rusqlite::Result<AttemptRow> {
    Ok(AttemptRow {
        run: row.get(0)?,
        reviewer: row.get(1)?,
        model: row.get(2)?,
        ending: row.get(3)?,
        ms: row.get::<_, i64>(4)?.max(0) as u64,
        raised: row.get(5)?,
        credited: row.get(6)?,
        dropped: row.get(7)?,
        false_positives: row.get(8)?,
    })
}
