//! Who had a hand in what is reviewed.
//!
//! In: what the rule found. Out: plain data. Says nothing about whether the change is good.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a change is trusted, least cautious first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The user wrote all of it.
    Mine,
    /// People who have a hand in the repository wrote it.
    Repository,
    /// Somebody else had a hand in it.
    #[default]
    Stranger,
}

impl Trust {
    /// The name used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Repository => "repository",
            Self::Stranger => "stranger",
        }
    }

    /// For people: "your own change".
    pub fn whose(self) -> &'static str {
        match self {
            Self::Mine => "your own change",
            Self::Repository => "a change of your repository",
            Self::Stranger => "a stranger's change",
        }
    }
}

/// How far a change is trusted, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trusted {
    /// How far.
    pub level: Trust,
    /// What decided, in one sentence.
    pub why: String,
}

impl Trusted {
    /// Level and reason in one line.
    pub fn sentence(&self) -> String {
        format!("trust: {} ({})", self.level.whose(), self.why)
    }
}
