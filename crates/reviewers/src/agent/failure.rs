//! Why an agent gave no review, told from its exit code, its events and its words, in the order its adapter gives.
//!
//! In: what was observed at the end. Out: a class, a sentence, how long to wait. Looks at failure messages and standard
//! error only, never at a review: a review may speak of quotas.

use model::{Failure, FailureClass};

use super::adapter::Adapter;
use super::redact::without_addresses;

/// What is known about a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The program's exit code.
    pub(crate) exit: Option<i32>,
    /// The program's own names for it.
    pub(crate) codes: Vec<String>,
    /// What it says.
    pub(crate) message: String,
}

/// The class of a failure that no case of the adapter covers.
pub(crate) fn classify(adapter: &Adapter, told: &Told, otherwise: FailureClass) -> Failure {
    let case = adapter.failures.iter().find(|case| {
        (case.exit.is_empty() || told.exit.is_some_and(|exit| case.exit.contains(&exit)))
            && (case.code.is_empty() || told.codes.iter().any(|code| case.code.contains(code)))
            && case.text.as_ref().is_none_or(|pattern| pattern.0.is_match(&told.message))
    });
    Failure {
        class: case.map_or(otherwise, |case| case.class),
        message: sentence(&told.message),
        retry_after_ms: retry_after(adapter, &told.message),
    }
}

/// One line without addresses and control characters, 300 characters at most.
pub(crate) fn sentence(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = without_addresses(&line);
    let mut words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = words.char_indices().nth(300) {
        words.truncate(cut);
        words.push('…');
    }
    words
}

fn retry_after(adapter: &Adapter, message: &str) -> Option<u64> {
    let seconds = adapter.stream.retry_after.iter().find_map(|pattern| {
        pattern
            .0
            .captures(message)?
            .get(1)?
            .as_str()
            .parse::<f64>()
            .ok()
            .filter(|s| (0.0..=86_400.0).contains(s))
    })?;
    Some((seconds * 1000.0).round() as u64)
}
