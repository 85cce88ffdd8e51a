//! The choices of policy that settings and judgement share.
//!
//! In: nothing. Out: two small enums. Never a decision: `findings` decides by them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an open critical finding does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CriticalPolicy {
    /// The verdict is `rework`.
    #[default]
    Rework,
    /// The verdict is `merge-with-fixes`.
    Fixes,
}

/// What becomes of findings about code older than the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PreExistingPolicy {
    /// They move to the design observations.
    #[default]
    Design,
    /// They become suggestions.
    Suggestion,
    /// They stay as they are.
    Keep,
}
