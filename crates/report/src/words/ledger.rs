//! The ledger in sentences: what became of a raw finding, how a severity came about.
//!
//! In: dispositions and reconciliations. Out: text in the order *who: before → after — why*. Never leaves a row out.

use model::{Disposition, LedgerRow, Reconciliation};

/// Where a raw finding went: `merged into I1`, `design observation`, `dropped`.
fn destination(row: &LedgerRow) -> String {
    let into = row.into.as_deref().unwrap_or_default();
    match row.disposition {
        Disposition::Kept if into.is_empty() => "kept".to_owned(),
        Disposition::Kept => format!("kept as {into}"),
        Disposition::Merged => format!("merged into {into}"),
        Disposition::Promoted => format!("promoted to {into}"),
        Disposition::Downgraded => format!("downgraded to {into}"),
        Disposition::Moved => format!("moved to {into}"),
        Disposition::Dropped => "dropped".to_owned(),
    }
}

/// One row of the ledger after *who*: the raw title, what it was, where it went, why.
pub(crate) struct RowInWords {
    /// `claude I1`.
    pub(crate) who: String,
    /// The raw title.
    pub(crate) title: String,
    /// `important → dropped`.
    pub(crate) fate: String,
    /// `quote-absent: closest line …`; empty where there is nothing to say.
    pub(crate) why: String,
}

/// The words of one row.
pub(crate) fn row(row: &LedgerRow) -> RowInWords {
    let label = if row.raw.is_empty() { format!("#{}", row.index + 1) } else { row.raw.clone() };
    let why = match (row.code, row.why.as_str()) {
        (Some(code), "") => code.as_str().to_owned(),
        (Some(code), why) => format!("{}: {why}", code.as_str()),
        (None, why) => why.to_owned(),
    };
    RowInWords {
        who: format!("{} {label}", row.reviewer),
        title: row.title.clone(),
        fate: format!("{} → {}", row.severity.as_str(), destination(row)),
        why,
    }
}

/// `critical → important, impact-overstated: nothing fails (policy)`.
pub(crate) fn severity_note(note: &Reconciliation) -> String {
    let change = if note.from == note.to {
        format!("kept {}", note.to.as_str())
    } else {
        format!("{} → {}", note.from.as_str(), note.to.as_str())
    };
    let why = if note.why.is_empty() { String::new() } else { format!(": {}", note.why) };
    let by = if note.by.is_empty() { String::new() } else { format!(" ({})", note.by) };
    format!("{change}, {}{why}{by}", note.code.as_str())
}
