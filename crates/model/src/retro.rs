//! What the run teaches about its reviewers.
//!
//! In: nothing. Out: one [`Retro`] a reviewer. Numbers only; prose is made from them when rendering.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeverityCounts {
    /// Critical ones.
    pub critical: u32,
    /// Important ones.
    pub important: u32,
    /// Suggestions.
    pub suggestion: u32,
}

impl SeverityCounts {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.critical + self.important + self.suggestion
    }

    /// Counts one.
    pub fn add(&mut self, severity: crate::Severity) {
        match severity {
            crate::Severity::Critical => self.critical += 1,
            crate::Severity::Important => self.important += 1,
            crate::Severity::Suggestion => self.suggestion += 1,
        }
    }

    /// `1C 2I 3S`, zeros left out; `none` where empty.
    pub fn compact(&self) -> String {
        let parts: Vec<String> = [(self.critical, 'C'), (self.important, 'I'), (self.suggestion, 'S')]
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, letter)| format!("{count}{letter}"))
            .collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(" ") }
    }
}

/// One reviewer's numbers in this run. `null` for a reviewer that did not review.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retro {
    /// Whose.
    pub reviewer: String,
    /// Whether it reviewed; a failed reviewer is left out of every share.
    pub reviewed: bool,
    /// Raw findings it raised, at the severity it claimed.
    pub raised: SeverityCounts,
    /// Findings that credit it, at their final severity.
    pub credited: SeverityCounts,
    /// Raw findings kept with its own text and severity.
    pub kept: u32,
    /// Raw findings merged into another reviewer's text.
    pub merged: u32,
    /// Raw findings kept at a higher severity.
    pub promoted: u32,
    /// Raw findings kept at a lower severity.
    pub downgraded: u32,
    /// Changes of severity among them, as `I→S` with their number.
    pub transitions: Vec<(String, u32)>,
    /// Raw findings moved to another section.
    pub moved: u32,
    /// Raw findings dropped.
    pub dropped: u32,
    /// Dropped because what they say of the text is not so.
    pub false_positives: u32,
    /// Findings and design observations credited to it alone.
    pub unique: u32,
    /// Design observations credited to it.
    pub design: u32,
    /// Changed files it says it reviewed.
    pub files_reviewed: u32,
    /// Changed files missing from its coverage; `null` where it gave none.
    pub files_omitted: Option<u32>,
    /// Files it calls fine where another's important finding was kept.
    pub contradicted: u32,
    /// Raw findings with a place that could be checked.
    pub located: u32,
    /// Those whose place was right as given.
    pub located_exactly: u32,
    /// Findings it shares, by the other reviewer that says them too; in roster order.
    #[serde(default)]
    pub overlap: Vec<(String, u32)>,
    /// Findings that only this reviewer's presence brought in, at important or above.
    pub missed_without: u32,
}
