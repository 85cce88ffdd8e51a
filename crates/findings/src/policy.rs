//! What the user wants to be strict about.
//!
//! In: nothing. Out: [`Policy`] with its defaults; `config` fills it from `[policy]`. Never reads a file.

use model::{CriticalPolicy, PreExistingPolicy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the user wants to be strict about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "snake_case")]
pub struct Policy {
    /// What an open critical finding means for the verdict.
    pub critical: CriticalPolicy,
    /// What becomes of findings in untouched old code.
    pub pre_existing: PreExistingPolicy,
    /// Whether a reviewer's record of over- and underrating may move a severity. Every move is written down.
    pub use_records: bool,
    /// Whether the priors for well-known model families stand in where the store has no record yet.
    pub use_priors: bool,
    /// Whether a severe claim without a trigger loses one level.
    pub require_trigger: bool,
    /// Whether a missing test alone may be important.
    pub coverage_gap_may_block: bool,
    /// Whether findings that no check could support may block.
    pub unverified_blocks: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            critical: CriticalPolicy::default(),
            pre_existing: PreExistingPolicy::default(),
            use_records: true,
            use_priors: true,
            require_trigger: true,
            coverage_gap_may_block: false,
            unverified_blocks: true,
        }
    }
}
