//! The reviewers' records: what a report teaches about those who made it, and the sum over all runs.
//!
//! In: one report. Out: rows; and rows added up by reviewer. Never what a policy made of a reviewer's word alone: a rating
//! counts where other reviewers, evidence or people had a say in it, and never where the record itself moved it, or a
//! record would prove itself.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Action, Disposition, Finding, FindingState, LedgerRow, ReasonCode, Report, ReviewerKind, Severity, Source,
};
use rusqlite::{Connection, Transaction, params};

/// One reviewer's record over all runs of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewerRecord {
    /// How often a claim of one severity (row: suggestion, important, critical) ended as another (column).
    pub ratings: [[u32; 3]; 3],
    /// Findings that people acted on.
    pub accepted: u32,
    /// Findings that people decided against.
    pub declined: u32,
    /// Claims that proved not to be so.
    pub refuted: u32,
}

/// What one report says about each of its reviewers.
fn of_report(report: &Report) -> BTreeMap<&str, ReviewerRecord> {
    let mut records: BTreeMap<&str, ReviewerRecord> = BTreeMap::new();
    let imported = !report.reviewers.is_empty()
        && report.reviewers.iter().all(|reviewer| reviewer.kind == ReviewerKind::Imported);
    for finding in &report.findings {
        for source in &finding.sources {
            let record = records.entry(source.reviewer.as_str()).or_default();
            if is_rated_by_more_than_its_author(finding, source, imported) {
                record.ratings[source.severity as usize][finding.severity as usize] += 1;
            }
        }
        let said = finding.sources.iter().map(|source| source.reviewer.as_str());
        let names: BTreeSet<&str> = said.chain(finding.credited.iter().map(String::as_str)).collect();
        for name in names {
            let record = records.entry(name).or_default();
            match finding.state {
                FindingState::Fixed | FindingState::Deferred => record.accepted += 1,
                FindingState::Declined => record.declined += 1,
                FindingState::Open | FindingState::Stale | FindingState::Superseded => {}
            }
        }
    }
    for row in report.dispositions.iter().filter(|row| is_refuted(row)) {
        records.entry(row.reviewer.as_str()).or_default().refuted += 1;
    }
    records
}

fn is_rated_by_more_than_its_author(finding: &Finding, source: &Source, imported: bool) -> bool {
    let by_record = finding.reconciliation.iter().any(|step| step.code == ReasonCode::ReviewerRecord);
    let decided = finding.state != FindingState::Open;
    let others = finding.sources.iter().any(|other| other.reviewer != source.reviewer);
    // A report of people was rated by people.
    !by_record && (imported || decided || others || !finding.reconciliation.is_empty())
}

fn is_refuted(row: &LedgerRow) -> bool {
    row.disposition == Disposition::Dropped
        && matches!(row.code, Some(ReasonCode::FactuallyFalse | ReasonCode::QuoteAbsent))
}

const SEVERITIES: [Severity; 3] = [Severity::Suggestion, Severity::Important, Severity::Critical];

/// Writes what one report teaches.
pub(crate) fn insert(transaction: &Transaction<'_>, run: &str, report: &Report) -> rusqlite::Result<()> {
    let mut ratings = transaction.prepare("INSERT OR REPLACE INTO ratings VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut outcomes = transaction.prepare("INSERT OR REPLACE INTO outcomes VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (reviewer, record) in of_report(report) {
        for claimed in SEVERITIES {
            for ended in SEVERITIES {
                let count = record.ratings[claimed as usize][ended as usize];
                if count > 0 {
                    ratings.execute(params![run, reviewer, claimed.as_str(), ended.as_str(), count])?;
                }
            }
        }
        if record.accepted + record.declined + record.refuted > 0 {
            outcomes.execute(params![run, reviewer, record.accepted, record.declined, record.refuted])?;
        }
    }
    Ok(())
}

/// The records of all runs, by reviewer.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<BTreeMap<String, ReviewerRecord>> {
    let mut records: BTreeMap<String, ReviewerRecord> = BTreeMap::new();
    let mut ratings =
        connection.prepare("SELECT reviewer, claimed, ended, SUM(count) FROM ratings GROUP BY 1, 2, 3")?;
    let mut rows = ratings.query([])?;
    while let Some(row) = rows.next()? {
        let (claimed, ended): (String, String) = (row.get(1)?, row.get(2)?);
        if let (Some(claimed), Some(ended)) = (level(&claimed), level(&ended)) {
            records.entry(row.get(0)?).or_default().ratings[claimed][ended] = row.get(3)?;
        }
    }
    let mut outcomes = connection
        .prepare("SELECT reviewer, SUM(accepted), SUM(declined), SUM(refuted) FROM outcomes GROUP BY 1")?;
    let mut rows = outcomes.query([])?;
    while let Some(row) = rows.next()? {
        let record = records.entry(row.get(0)?).or_default();
        (record.accepted, record.declined, record.refuted) = (row.get(1)?, row.get(2)?, row.get(3)?);
    }
    add_decisions(connection, &mut records)?;
    Ok(records)
}

/// What people decided since. A report that already carries a decision (an imported one) has counted it.
fn add_decisions(
    connection: &Connection,
    records: &mut BTreeMap<String, ReviewerRecord>,
) -> rusqlite::Result<()> {
    let mut decided = connection.prepare(
        "SELECT d.action, f.reviewers FROM decisions d JOIN findings f ON f.run = d.run AND f.id = d.finding \
         WHERE f.state = 'open'",
    )?;
    let mut rows = decided.query([])?;
    while let Some(row) = rows.next()? {
        let (action, reviewers): (String, String) = (row.get(0)?, row.get(1)?);
        let reviewers: Vec<String> = serde_json::from_str(&reviewers).unwrap_or_default();
        let Some(action) = Action::ALL.into_iter().find(|known| known.as_str() == action) else { continue };
        for reviewer in reviewers {
            let record = records.entry(reviewer).or_default();
            match action.state() {
                FindingState::Fixed | FindingState::Deferred => record.accepted += 1,
                FindingState::Declined => record.declined += 1,
                FindingState::Open | FindingState::Stale | FindingState::Superseded => {}
            }
        }
    }
    Ok(())
}

fn level(word: &str) -> Option<usize> {
    SEVERITIES.iter().position(|severity| severity.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Reconciliation, ReviewerReport};

    fn source(reviewer: &str, severity: Severity) -> Source {
        Source { reviewer: reviewer.to_owned(), severity, ..Source::default() }
    }

    fn finding(severity: Severity, sources: Vec<Source>) -> Finding {
        Finding { severity, sources, ..Finding::default() }
    }

    #[test]
    fn a_word_that_nobody_weighed_teaches_nothing() {
        let alone = finding(Severity::Important, vec![source("ada", Severity::Important)]);
        let report = Report { findings: vec![alone], ..Report::default() };
        assert_eq!(of_report(&report)["ada"], ReviewerRecord::default());
    }

    #[test]
    fn what_others_evidence_or_people_decided_counts() {
        let both = finding(
            Severity::Important,
            vec![source("ada", Severity::Critical), source("bob", Severity::Important)],
        );
        let mut fixed = finding(Severity::Suggestion, vec![source("ada", Severity::Suggestion)]);
        fixed.state = FindingState::Fixed;
        let mut adjusted = finding(Severity::Suggestion, vec![source("ada", Severity::Important)]);
        adjusted.reconciliation = vec![Reconciliation {
            from: Severity::Important,
            to: Severity::Suggestion,
            code: ReasonCode::ReviewerRecord,
            by: "policy".to_owned(),
            why: String::new(),
        }];
        let report = Report { findings: vec![both, fixed, adjusted], ..Report::default() };
        let records = of_report(&report);
        assert_eq!(records["ada"].ratings, [[1, 0, 0], [0, 0, 0], [0, 1, 0]]);
        assert_eq!(records["bob"].ratings, [[0, 0, 0], [0, 1, 0], [0, 0, 0]]);
        assert_eq!(records["ada"].accepted, 1);
    }

    #[test]
    fn a_report_of_people_counts_whoever_said_it() {
        let reviewer = ReviewerReport { kind: ReviewerKind::Imported, ..ReviewerReport::default() };
        let alone = finding(Severity::Suggestion, vec![source("ada", Severity::Important)]);
        let report = Report { findings: vec![alone], reviewers: vec![reviewer], ..Report::default() };
        assert_eq!(of_report(&report)["ada"].ratings[1], [1, 0, 0]);
    }
}
