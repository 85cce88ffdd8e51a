//! What was tried during a run, besides asking for opinions.
//!
//! In: nothing. Out: scripts that were run, the project's own tests, proposed fixes under those tests, and small mutations that the tests
//! noticed or did not. Facts about what programs did; never a judgement of a finding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{RepoPath, Reproduction, Trial};

/// Everything that was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Trials {
    /// Scripts of reviewers, by reviewer and finding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reproductions: Vec<Reproduction>,
    /// The project's own tests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestRun>,
    /// Proposed fixes under these tests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<FixTrial>,
    /// Mutations of changed lines under these tests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Probe>,
}

impl Trials {
    /// True where nothing was tried.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the tests say of the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestOutcome {
    /// They pass, with the change and without.
    Passes,
    /// They pass without the change and fail with it.
    Breaks,
    /// They fail without the change and pass with it.
    Mends,
    /// They fail both times: they say nothing of the change.
    FailsAnyway,
    /// They could not be run to their end.
    NotTried,
}

impl TestOutcome {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passes => "passes with the change",
            Self::Breaks => "fails with the change and passes without it",
            Self::Mends => "passes with the change and fails without it",
            Self::FailsAnyway => "fails with the change and without it",
            Self::NotTried => "could not be tried",
        }
    }
}

/// The project's own tests, at the head of the change and where it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestRun {
    /// What was run, as the user named it.
    pub command: String,
    /// What it says.
    pub outcome: TestOutcome,
    /// What kept it from touching the machine.
    pub confined_by: String,
    /// At the head.
    pub head: Option<Trial>,
    /// Where the change begins.
    pub base: Option<Trial>,
}

/// What the tests say of a proposed fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FixOutcome {
    /// They pass with it, as they do without it.
    Passes,
    /// They fail at the head and pass with it.
    Mends,
    /// They pass at the head and fail with it.
    Breaks,
    /// They fail with it and without it.
    FailsAnyway,
    /// The patch does not apply.
    DoesNotApply,
    /// They could not be run to their end.
    NotTried,
}

impl FixOutcome {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passes => "the tests pass with it",
            Self::Mends => "the tests fail at the head and pass with it",
            Self::Breaks => "the tests pass at the head and fail with it",
            Self::FailsAnyway => "the tests fail with it and without it",
            Self::DoesNotApply => "it does not apply",
            Self::NotTried => "it could not be tried",
        }
    }
}

/// A proposed fix under the tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixTrial {
    /// Whose.
    pub reviewer: String,
    /// Of which of its raw findings.
    pub index: u32,
    /// SHA-256 of the patch, so that a result is never taken for that of another.
    pub patch_sha256: String,
    /// What the tests say.
    pub outcome: FixOutcome,
    /// The run with it.
    pub trial: Option<Trial>,
}

/// What was done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mutation {
    /// A condition was turned into its opposite.
    Negated,
    /// An operator was replaced.
    Operator,
    /// A number became one more.
    OffByOne,
    /// A truth value became the other.
    Flipped,
    /// A call was taken out.
    Removed,
}

/// Whether the tests noticed a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeOutcome {
    /// They failed.
    Noticed,
    /// They passed all the same.
    NotNoticed,
    /// They did not end in time; a loop without end is what some mutations make.
    TimedOut,
    /// They could not be run.
    NotTried,
}

/// One mutation of a changed line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// The file.
    pub path: RepoPath,
    /// The line at head, 1-based.
    pub line: u32,
    /// What was done.
    pub mutation: Mutation,
    /// What stood there.
    pub from: String,
    /// What stood there instead.
    pub to: String,
    /// What the tests said.
    pub outcome: ProbeOutcome,
    /// Milliseconds.
    pub ms: u64,
}
