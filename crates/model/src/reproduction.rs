//! What came of running a reviewer's script.
//!
//! In: nothing. Out: the claim beside a script, one trial a commit, and the outcome. Never a judgement of the finding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ending, Sha};

/// The schema of a stored reproduction.
pub const REPRODUCTION_SCHEMA: &str = "deep-review/reproduction/v1";

/// What a reviewer says its script shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReproClaim {
    /// The exit code it should end with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Texts its output should contain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    /// The output that the reviewer says it got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl ReproClaim {
    /// True where nothing is claimed, so that only a failure can show anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What came of running a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReproOutcome {
    /// It shows what was claimed.
    Reproduced,
    /// It runs, and shows something else.
    Differs,
    /// It runs, and shows nothing of what was claimed.
    NotReproduced,
    /// It did not end in time.
    TimedOut,
    /// It could not do its work: a program or a file that it needs is missing, or it fails without the change as well.
    HarnessError,
    /// It was not run.
    Refused,
}

impl ReproOutcome {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Differs => "differs",
            Self::NotReproduced => "not-reproduced",
            Self::TimedOut => "timed-out",
            Self::HarnessError => "harness-error",
            Self::Refused => "refused",
        }
    }

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Differs => "differs from what was claimed",
            Self::NotReproduced => "not reproduced",
            Self::TimedOut => "timed out",
            Self::HarnessError => "could not be tried",
            Self::Refused => "refused",
        }
    }
}

/// One run of a script at one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// The commit.
    pub commit: Sha,
    /// How it ended.
    pub ending: Ending,
    /// Its exit code, where it had one.
    pub exit: Option<i32>,
    /// Milliseconds.
    pub ms: u64,
    /// What it wrote, standard output before standard error, with paths, ports, times and addresses replaced.
    pub output: String,
    /// What a reader should know besides: cut output, what was left behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A script that was run, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reproduction {
    /// Always [`REPRODUCTION_SCHEMA`].
    pub schema: String,
    /// Whose script.
    pub reviewer: String,
    /// Of which of its raw findings.
    pub index: u32,
    /// SHA-256 of the script, so that a result is never taken for that of another.
    pub script_sha256: String,
    /// What it shows.
    pub outcome: ReproOutcome,
    /// True where it fails at the head and passes where the change begins: the change did it.
    pub regression: bool,
    /// Why, in one sentence.
    pub why: String,
    /// What kept it from touching the machine.
    pub confined_by: String,
    /// At the head of the change; `None` where it was refused.
    pub head: Option<Trial>,
    /// Where the change begins; `None` where that could not be run.
    pub base: Option<Trial>,
}
