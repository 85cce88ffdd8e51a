//! The run's answer.
//!
//! In: nothing. Out: [`Verdict`]. Derived from findings by policy in `findings`; never written by a reviewer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The scale, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictValue {
    /// Nothing to do.
    MergeAsIs,
    /// Suggestions only.
    MergeWithOptionalFixes,
    /// Something important is open.
    MergeWithFixes,
    /// Something critical is open.
    Rework,
    /// Too few reviews to say anything. Never a pass.
    #[default]
    Incomplete,
}

impl VerdictValue {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MergeAsIs => "merge-as-is",
            Self::MergeWithOptionalFixes => "merge-with-optional-fixes",
            Self::MergeWithFixes => "merge-with-fixes",
            Self::Rework => "rework",
            Self::Incomplete => "incomplete",
        }
    }

    /// The label for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::MergeAsIs => "Merge as-is",
            Self::MergeWithOptionalFixes => "Merge with optional fixes",
            Self::MergeWithFixes => "Merge with fixes",
            Self::Rework => "Rework",
            Self::Incomplete => "Incomplete",
        }
    }
}

/// The answer with what it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The answer.
    pub value: VerdictValue,
    /// Why, in one or two sentences: counts, what was contested, what was not reviewed.
    pub reason: String,
    /// Ids of the findings that block.
    pub blocking: Vec<String>,
    /// The rule that decided, for `--json` readers: `critical>0`, `important>0`, `quorum 1/2`…
    #[serde(default)]
    pub policy: String,
}
