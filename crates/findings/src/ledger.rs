//! The ledger: what became of every raw finding.
//!
//! In: all raw findings, then their fates one by one. Out: one row each, and whether the books balance. That is
//! counted from the rows, not assumed.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    CheckedFinding, DesignObservation, Disposition, Finding, Invariants, Lane, LedgerRow, ReasonCode, Source,
};

use crate::contest;

/// The rows, by position of the claim.
pub(crate) struct Ledger {
    rows: Vec<LedgerRow>,
    settled: Vec<bool>,
}

impl Ledger {
    /// Opens a row for every claim. A claim that nobody settles stays marked as dropped without a reason, and the
    /// invariant says so.
    pub(crate) fn new(checked: &[CheckedFinding]) -> Self {
        let rows = checked
            .iter()
            .map(|finding| LedgerRow {
                reviewer: finding.reviewer.clone(),
                index: finding.raw.index,
                raw: finding.raw.id.clone(),
                title: finding.raw.title.clone(),
                severity: finding.raw.severity,
                disposition: Disposition::Dropped,
                into: None,
                code: None,
                why: "Nothing was decided about it; this is a defect of the program.".to_owned(),
            })
            .collect();
        Self { rows, settled: vec![false; checked.len()] }
    }

    pub(crate) fn dropped(&mut self, index: usize, code: ReasonCode, why: String) {
        self.settle(index, Disposition::Dropped, None, Some(code), why);
    }

    pub(crate) fn moved(&mut self, index: usize, section: &str, code: ReasonCode, why: String) {
        self.settle(index, Disposition::Moved, Some(section.to_owned()), Some(code), why);
    }

    /// Writes the rows of all claims of one finding; `indices` in the order of its sources.
    pub(crate) fn settled(&mut self, finding: &Finding, indices: &[usize]) {
        for (source, index) in finding.sources.iter().zip(indices) {
            let into = Some(finding.id.clone());
            if !source.shown {
                let twin =
                    finding.sources.iter().any(|other| other.shown && other.reviewer == source.reviewer);
                let shown = finding
                    .sources
                    .iter()
                    .find(|other| other.shown)
                    .map_or("", |other| other.reviewer.as_str());
                let (code, why) = if twin {
                    (
                        Some(ReasonCode::Duplicate),
                        format!("The same reviewer says it twice; see {}.", finding.id),
                    )
                } else {
                    (None, format!("It is the defect that {} shows in the words of `{shown}`.", finding.id))
                };
                let (code, why) = rated(finding, source, code, why);
                self.settle(*index, Disposition::Merged, into, code, why);
                continue;
            }
            let last = finding.reconciliation.last();
            let (disposition, code) = match finding.severity.cmp(&source.severity) {
                std::cmp::Ordering::Equal => (Disposition::Kept, None),
                std::cmp::Ordering::Greater => (Disposition::Promoted, last.map(|row| row.code)),
                std::cmp::Ordering::Less => (Disposition::Downgraded, last.map(|row| row.code)),
            };
            let contested = (finding.lane == Lane::Contested).then(|| contest::why(finding)).flatten();
            let code = code.or(contested.as_ref().map(|reason| reason.0));
            let why = match (disposition, last) {
                (Disposition::Kept, _) | (_, None) => match contested {
                    Some((_, why)) => {
                        format!("It stands as {}, contested and not blocking: {why}", finding.id)
                    }
                    None => format!("It stands as {}.", finding.id),
                },
                (_, Some(_)) => {
                    finding.reconciliation.iter().map(|row| row.why.as_str()).collect::<Vec<_>>().join(" ")
                }
            };
            self.settle(*index, disposition, into, code, why);
        }
    }

    fn settle(
        &mut self,
        index: usize,
        disposition: Disposition,
        into: Option<String>,
        code: Option<ReasonCode>,
        why: String,
    ) {
        let row = &mut self.rows[index];
        row.disposition = disposition;
        row.into = into;
        row.code = code;
        row.why = why;
        self.settled[index] = true;
    }

    /// The rows, in roster order.
    pub(crate) fn rows(&self) -> Vec<LedgerRow> {
        self.rows.clone()
    }

    /// Counts the rows against what was raised, and the ids against the findings.
    pub(crate) fn invariants(
        &self,
        raised: &[CheckedFinding],
        rows: &[LedgerRow],
        findings: &[Finding],
        design: &[DesignObservation],
    ) -> Invariants {
        Invariants {
            dispositions_balance: self.settled.iter().all(|settled| *settled)
                && balances(raised, rows, findings)
                && has_arrived(rows, design),
            ids_contiguous: ids_are_contiguous(findings),
        }
    }
}

/// A merged claim that is rated otherwise than it asked for carries the reason.
fn rated(
    finding: &Finding,
    source: &Source,
    code: Option<ReasonCode>,
    why: String,
) -> (Option<ReasonCode>, String) {
    if code.is_some() || source.severity == finding.severity {
        return (code, why);
    }
    let own = finding.reconciliation.iter().find(|row| row.from == source.severity);
    let code = own.or(finding.reconciliation.last()).map_or(ReasonCode::MajorityAlignment, |row| row.code);
    let (to, from) = (finding.severity.as_str(), source.severity.as_str());
    (Some(code), format!("{why} It is rated {to} there, not {from}."))
}

/// Every raised claim has one row, and every source of a finding has a row that leads to it.
fn balances(raised: &[CheckedFinding], rows: &[LedgerRow], findings: &[Finding]) -> bool {
    let mut expected: Vec<(&str, u32)> = raised.iter().map(|f| (f.reviewer.as_str(), f.raw.index)).collect();
    let mut written: Vec<(&str, u32)> = rows.iter().map(|row| (row.reviewer.as_str(), row.index)).collect();
    expected.sort_unstable();
    written.sort_unstable();
    let unique = expected.windows(2).all(|pair| pair[0] != pair[1]);
    let mut led: Vec<(&str, u32, &str)> = rows
        .iter()
        .filter(|row| !matches!(row.disposition, Disposition::Dropped | Disposition::Moved))
        .map(|row| (row.reviewer.as_str(), row.index, row.into.as_deref().unwrap_or("")))
        .collect();
    let mut sources: Vec<(&str, u32, &str)> = findings
        .iter()
        .flat_map(|finding| {
            finding.sources.iter().map(|s| (s.reviewer.as_str(), s.index, finding.id.as_str()))
        })
        .collect();
    led.sort_unstable();
    sources.sort_unstable();
    let reasons = rows.iter().all(|row| row.disposition != Disposition::Dropped || row.code.is_some());
    unique && expected == written && led == sources && reasons
}

/// Every row that says "moved" leads to an observation that says where it came from, and the other way round.
fn has_arrived(rows: &[LedgerRow], design: &[DesignObservation]) -> bool {
    let moved = rows.iter().filter(|row| row.disposition == Disposition::Moved);
    let mut left: Vec<String> = moved.map(|row| format!("{}:{}", row.reviewer, row.index)).collect();
    let from = design.iter().filter_map(|observation| observation.moved_from.as_deref());
    let mut arrived: Vec<String> = from.flat_map(|from| from.split(", ")).map(str::to_owned).collect();
    left.sort_unstable();
    arrived.sort_unstable();
    left == arrived
}

fn ids_are_contiguous(findings: &[Finding]) -> bool {
    let mut numbers: BTreeMap<char, BTreeSet<u32>> = BTreeMap::new();
    let parsed = findings.iter().all(|finding| {
        let letter = finding.severity.letter();
        let number = finding.id.strip_prefix(letter).and_then(|rest| rest.parse().ok());
        number.is_some_and(|number| numbers.entry(letter).or_default().insert(number))
    });
    parsed && numbers.values().all(|set| set.iter().copied().eq(1..=set.len() as u32))
}
