//! `run.json`: what a run is about and how far it came.
//!
//! In: nothing. Out: [`RunRecord`], small enough to read hundreds of them for a list. What it says about being alive
//! is never believed: the lock decides that.

use jiff::Timestamp;
use model::{Report, RunId, Series, SeverityCounts, Sha, Target, TargetKind, VerdictValue};
use serde::{Deserialize, Serialize};

/// The schema name of `run.json`.
pub const RUN_SCHEMA: &str = "deep-review/run/v1";

/// How far a run came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Its process is alive.
    #[default]
    Running,
    /// It has a report.
    Finished,
    /// It ended without a report.
    Interrupted,
    /// Its record cannot be read. Never removed without being asked for.
    Damaged,
}

impl RunState {
    /// The word for people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Damaged => "damaged",
        }
    }
}

/// The record of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Always [`RUN_SCHEMA`].
    pub schema: String,
    /// Its name.
    pub id: RunId,
    /// How far it came, as far as the writer could tell.
    pub state: RunState,
    /// When it began.
    pub started: Timestamp,
    /// When its report was made.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// What it is about.
    #[serde(default)]
    pub target: TargetSummary,
    /// Which review of the branch it is.
    #[serde(default)]
    pub series: Series,
    /// Who was asked.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// What came of it.
    #[serde(default)]
    pub outcome: Option<RunOutcome>,
    /// How often it was gone on with after an interruption.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resumed: u32,
    /// Reviewers that were cut off, or failed in a way that may pass; going on with the run asks them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// Why it ended without a report, where somebody could still say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A target in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// How the user named the change.
    pub kind: TargetKind,
    /// The branch.
    pub branch: Option<String>,
    /// What the base was found by.
    pub base_name: String,
    /// The tip of the base side.
    pub base: Sha,
    /// The reviewed commit.
    pub head: Sha,
    /// Where the change begins.
    pub merge_base: Sha,
    /// How many commits.
    pub commits: u32,
    /// How many changed files.
    pub files: u32,
    /// How far it is trusted, where somebody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<model::Trusted>,
}

impl From<&Target> for TargetSummary {
    fn from(target: &Target) -> Self {
        Self {
            kind: target.kind,
            branch: target.branch.clone(),
            base_name: target.base_name.clone(),
            base: target.base.clone(),
            head: target.head.clone(),
            merge_base: target.merge_base.clone(),
            commits: target.commits.len() as u32,
            files: target.changed.len() as u32,
            trust: target.trust.clone(),
        }
    }
}

/// What came of a run, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOutcome {
    /// The answer.
    pub verdict: VerdictValue,
    /// Whether quorum was reached.
    pub complete: bool,
    /// Its findings by severity.
    pub findings: SeverityCounts,
}

impl From<&Report> for RunOutcome {
    fn from(report: &Report) -> Self {
        let mut findings = SeverityCounts::default();
        for finding in &report.findings {
            findings.add(finding.severity);
        }
        Self { verdict: report.verdict.value, complete: report.run.complete, findings }
    }
}
