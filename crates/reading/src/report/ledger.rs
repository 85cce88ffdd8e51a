//! What a report says about fates: reconciliation and resolution.
//!
//! In: sentences and table rows. Out: entries with reviewer, labels, severities and target. Keeps every sentence as
//! written; never invents a fate that is not said.

use model::Severity;

use crate::imported::{ImportedReviewer, ReconciliationEntry, ResolutionRow};
use crate::parts::labels;
use crate::words;

/// Splits the text of a reconciliation into entries.
pub(super) fn entries(text: &str, roster: &[ImportedReviewer]) -> Vec<ReconciliationEntry> {
    let text = text
        .trim()
        .trim_start_matches("**Reconciliation.**")
        .trim_start_matches("**Reconciliation:**")
        .trim();
    let starts = starts(text, roster);
    let mut found = Vec::new();
    for (at, start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).copied().unwrap_or(text.len());
        found.push(entry(text[*start..end].trim().trim_end_matches(';'), roster));
    }
    if found.is_empty() && !text.is_empty() && !super::body::is_none(text) {
        found.push(ReconciliationEntry { text: text.to_owned(), ..ReconciliationEntry::default() });
    }
    found
}

/// An entry starts where a sentence or clause opens with a reviewer's name and goes on with a fate.
fn starts(text: &str, roster: &[ImportedReviewer]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut opens = true;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if opens && c.is_alphabetic() {
            let rest = &text[at..];
            if roster.iter().any(|reviewer| names(rest, reviewer)) && says_fate(rest) {
                found.push(at);
            }
            opens = false;
        }
        if c == '\n' || matches!(before, '.' | ';' | ')' | '*') && c.is_whitespace() {
            opens = true;
        } else if !(c.is_whitespace() || matches!(c, '-' | '*' | '`' | '•')) {
            opens = false;
        }
        before = c;
    }
    found
}

fn names(rest: &str, reviewer: &ImportedReviewer) -> bool {
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    word.to_lowercase() == reviewer.key
}

/// The sentence holds an arrow or a word of change.
fn says_fate(rest: &str) -> bool {
    let sentence = rest.split(['\n', ';']).next().unwrap_or_default();
    let near: String = sentence.chars().take(400).collect::<String>().to_lowercase();
    [
        "→",
        "->",
        "downgraded",
        "upgraded",
        "promoted",
        "demoted",
        "dropped",
        "moved",
        "merged",
        "raised",
        "lowered",
    ]
    .iter()
    .any(|sign| near.contains(sign))
}

fn entry(text: &str, roster: &[ImportedReviewer]) -> ReconciliationEntry {
    let reviewer = roster.iter().find(|reviewer| names(text, reviewer)).map(|reviewer| reviewer.key.clone());
    let arrow = text.find('→').map(|at| (at, '→'.len_utf8())).or_else(|| text.find("->").map(|at| (at, 2)));
    let lower = text.to_lowercase();
    let change =
        ["downgraded", "upgraded", "promoted", "demoted", "dropped", "moved", "merged", "raised", "lowered"]
            .iter()
            .filter_map(|word| lower.find(word).map(|at| (at, *word)))
            .min();
    let (head, tail) = match (arrow, change) {
        (Some((at, width)), _) => (&text[..at], &text[at + width..]),
        (None, Some((at, word))) if text.is_char_boundary(at) && text.len() == lower.len() => {
            (&text[..at], &text[at + word.len()..])
        }
        _ => (text, ""),
    };
    let own: Vec<String> =
        labels(head).into_iter().filter(|label| label.len() <= 4 && !is_pass(label)).collect();
    let near: String = tail.chars().take(80).collect();
    let target = labels(&near).into_iter().find(|label| !is_pass(label));
    let near_lower = near.to_lowercase();
    let into = target.or_else(|| {
        ["design", "testing", "documentation", "dropped"]
            .iter()
            .find(|word| near_lower.contains(**word))
            .map(|word| (*word).to_owned())
    });
    let dropped = change.is_some_and(|(_, word)| word == "dropped");
    ReconciliationEntry {
        reviewer,
        labels: own,
        from: last_severity(head),
        to: first_severity(&near),
        into: into.or_else(|| dropped.then(|| "dropped".to_owned())),
        text: text.to_owned(),
    }
}

/// `P1` and `P2` stand for passes in reconciliations.
fn is_pass(label: &str) -> bool {
    label.starts_with('P')
}

fn severities(text: &str) -> impl DoubleEndedIterator<Item = Severity> {
    let words: Vec<Severity> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 3)
        .filter_map(|word| {
            words::is_own_severity(word).then(|| words::severity(&word.to_lowercase())).flatten()
        })
        .collect();
    words.into_iter()
}

fn last_severity(text: &str) -> Option<Severity> {
    severities(text).next_back()
}

fn first_severity(text: &str) -> Option<Severity> {
    severities(text).next()
}

/// One row of the resolution table; three or four columns.
pub(super) fn resolution_row(cells: &[String], head: &[String]) -> Option<ResolutionRow> {
    let at = |name: &str| head.iter().position(|cell| cell.to_lowercase().trim_matches('*').trim() == name);
    let cell =
        |index: Option<usize>| index.and_then(|index| cells.get(index)).map(|cell| cell.trim().to_owned());
    let finding = cell(at("finding").or(Some(1)))?;
    let action = cell(at("action").or(at("status")).or(Some(2)))?;
    let reason = cell(at("reason").or(at("notes"))).filter(|reason| !reason.is_empty());
    let (action, aside) = split_action(&action);
    Some(ResolutionRow {
        number: cell(at("#").or(Some(0))).unwrap_or_default(),
        id: finding_id(&finding),
        finding,
        action,
        reason: reason.or(aside),
    })
}

/// `Skipped — reason`, `Fixed (how)`.
fn split_action(text: &str) -> (String, Option<String>) {
    let split = text.split_once('—').or_else(|| text.split_once(" - ")).or_else(|| text.split_once(": "));
    if let Some((action, why)) = split.filter(|(action, _)| action.trim().len() <= 40) {
        return (action.trim().to_owned(), Some(why.trim().to_owned()));
    }
    match text.split_once('(') {
        Some((action, why)) if text.trim_end().ends_with(')') && !action.trim().is_empty() => {
            (action.trim().to_owned(), Some(why.trim_end().trim_end_matches(')').to_owned()))
        }
        _ => (text.trim().to_owned(), None),
    }
}

/// `Important #2: …`, `Suggestion S1: …`, `I3: …` name a finding of the report.
pub(super) fn finding_id(text: &str) -> Option<String> {
    let head = text.split(':').next().unwrap_or_default().trim().trim_matches(['*', '`']);
    let mut words = head.split_whitespace();
    let first = words.next()?;
    if let Some(label) = crate::markdown::label(first).filter(|_| words.clone().next().is_none()) {
        return Some(label);
    }
    let level = words::severity(&first.to_lowercase())?;
    let number = words.next()?.trim_start_matches('#');
    if let Some(label) = crate::markdown::label(number) {
        return Some(label);
    }
    number.parse::<u32>().ok().map(|number| format!("{}{number}", level.letter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Vec<ImportedReviewer> {
        ["claude", "codex"]
            .map(|key| ImportedReviewer {
                key: key.to_owned(),
                name: key.to_owned(),
                ..ImportedReviewer::default()
            })
            .to_vec()
    }

    #[test]
    fn a_sentence_of_the_reconciliation_names_its_parts() {
        let text = "**Reconciliation.** Codex C1 (lost job): critical → important I2 because it is rare. Claude I3 (shared lock) → design observation.";
        let found = entries(text, &roster());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].reviewer.as_deref(), Some("codex"));
        assert_eq!(found[0].labels, ["C1"]);
        assert_eq!((found[0].from, found[0].to), (Some(Severity::Critical), Some(Severity::Important)));
        assert_eq!(found[0].into.as_deref(), Some("I2"));
        assert_eq!(found[1].into.as_deref(), Some("design"));
    }

    #[test]
    fn resolution_rows_have_three_or_four_columns() {
        let row = |cells: &[&str], head: &[&str]| {
            let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
            resolution_row(&own(cells), &own(head)).unwrap_or_default()
        };
        let three = row(&["5", "Suggestion #1: x", "Skipped — not now"], &["#", "Finding", "Action"]);
        assert_eq!(
            (three.action.as_str(), three.reason.as_deref(), three.id.as_deref()),
            ("Skipped", Some("not now"), Some("S1"))
        );
        let four = row(&["1", "Important I1: y", "Fixed", ""], &["#", "Finding", "Action", "Reason"]);
        assert_eq!((four.action.as_str(), four.reason, four.id.as_deref()), ("Fixed", None, Some("I1")));
        assert_eq!(finding_id("Testing Gap #3: z"), None);
    }
}
