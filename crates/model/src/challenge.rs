//! Cross-examination: one blocking claim, put to a reviewer of another vendor.
//!
//! In: nothing. Out: [`Challenge`]. Plain data; what a challenge is worth is decided in `findings`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Location;

/// What came of a challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeOutcome {
    /// Counter-evidence was quoted, and stands in the code: the claim is contested.
    Refuted,
    /// It was said to be wrong without counter-evidence that stands in the code: nothing changes.
    Doubted,
    /// It was said to hold.
    Upheld,
    /// Nothing was said that can be used.
    #[default]
    Unanswered,
}

impl ChallengeOutcome {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuted => "refuted",
            Self::Doubted => "doubted",
            Self::Upheld => "upheld",
            Self::Unanswered => "unanswered",
        }
    }
}

/// One challenge of one claim. Evidence, never a vote: the claim stays where it is, with what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Challenge {
    /// The finding that rests on the claim.
    pub finding: String,
    /// Whose claim was challenged.
    pub reviewer: String,
    /// Which of its raw findings.
    pub index: u32,
    /// Who challenged it.
    pub by: String,
    /// What came of it.
    pub outcome: ChallengeOutcome,
    /// What the challenger says, in one line.
    pub said: String,
    /// Where its counter-evidence stands, as far as the gates found it.
    pub evidence: Option<Location>,
    /// Why the outcome is what it is, with what the gates saw.
    pub why: String,
}
