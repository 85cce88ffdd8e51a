//! Reviewers and how their attempts ended.
//!
//! In: what supervision and reading observed. Out: the reviewer rows of a report. Never an opinion about a reviewer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Failure, ParsedAs, Sha};

/// What kind of source of opinion a reviewer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewerKind {
    /// A program that reviews on its own: an agent CLI or any command.
    #[default]
    Agent,
    /// A language model over HTTP.
    Model,
    /// The reviewers inside `deep-review`.
    Builtin,
    /// A linter or compiler.
    Tool,
    /// A person.
    Human,
    /// A review that existed before the run.
    Imported,
}

/// Whether a reviewer's answer counts as a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewerState {
    /// It reviewed.
    Finished,
    /// It did not; what it wrote until then is read all the same. Never "no findings".
    #[default]
    Failed,
    /// It was not asked, and the report says why.
    Skipped,
    /// Its prompt was altered on the way, so its claims rest on something else than the change.
    TransportCorrupted,
}

/// How an attempt ended. Every value but `Finished` and `Leaky` costs the reviewer its vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The program exited with 0 and left a readable review.
    Finished,
    /// As `finished`, but a descendant still held its output open and was ended.
    Leaky,
    /// The program exited with another code than 0, or by a signal that was not ours.
    Failed,
    /// The wall limit was reached.
    TimedOut,
    /// Nothing was written for the silence limit.
    Stalled,
    /// More was written than the output limit allows.
    OutputLimit,
    /// Its processes together held more memory than the limit allows.
    MemoryLimit,
    /// A person or the run's deadline ended it.
    Cancelled,
    /// A person skipped it while the others went on: it does not count, and `resume` does not ask it again.
    Skipped,
    /// Its ending was not observed (the supervisor died).
    Lost,
    /// The program could not be started.
    NotStarted,
    /// It ended well and wrote nothing, or a headline and nothing else.
    Empty,
    /// It wrote an error, a refusal or a quota notice where the review should be.
    UnableToReview,
    /// Its answer breaks off in the middle.
    Truncated,
    /// The canary came back altered.
    #[default]
    Corrupted,
}

impl Ending {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Leaky => "leaky",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Stalled => "stalled",
            Self::OutputLimit => "output-limit",
            Self::MemoryLimit => "memory-limit",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Lost => "lost",
            Self::NotStarted => "not-started",
            Self::Empty => "empty",
            Self::UnableToReview => "unable-to-review",
            Self::Truncated => "truncated",
            Self::Corrupted => "corrupted",
        }
    }
}

/// What became of the canary line of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Canary {
    /// Came back as sent.
    Echoed,
    /// Did not come back; noted, the answer still counts.
    Missing,
    /// Came back changed: the transport rewrites text, and the answer is not a review.
    Altered,
    /// None was sent.
    #[default]
    #[serde(rename = "n/a")]
    NotApplicable,
}

/// What a reviewer was given and what came back: without it an answer is not a review.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Where the shown change begins; `null` where the reviewer was shown none (imported reviews).
    pub base: Option<Sha>,
    /// The reviewed commit.
    pub head: Option<Sha>,
    /// Changed files in the diff it was given.
    pub files_shown: u32,
    /// Added and removed lines in the diff it was given.
    pub lines_shown: u32,
    /// What became of the canary.
    pub canary: Canary,
    /// How its answer was read.
    pub parsed_as: ParsedAs,
    /// Bytes of the answer.
    pub bytes_out: u64,
    /// What confined its program (`bubblewrap`, `landlock`, `seatbelt`, `machine`; `restricted-token` is no sandbox); `null` where it ran without a sandbox, or is no program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confined_by: Option<String>,
}

/// Tokens of a reviewer, where it told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Tokens read.
    #[serde(rename = "in")]
    pub input: u64,
    /// Tokens written.
    #[serde(rename = "out")]
    pub output: u64,
}

/// One pass of a reviewer that was asked to look again. Labels of claims of the second begin with `pass 2`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pass {
    /// 1 or 2.
    pub number: u32,
    /// How it ended.
    pub ending: Ending,
    /// Milliseconds it took.
    pub ms: u64,
    /// Claims it raised.
    pub findings: u32,
    /// Why it is no review, where it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What kind of failure that was, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl Pass {
    /// Whether asking for it again could give a review.
    fn may_be_asked_again(&self) -> bool {
        self.ending == Ending::Cancelled
            || self.failure.as_ref().is_some_and(|failure| failure.class.may_pass())
    }
}

/// One reviewer's row in the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewerReport {
    /// Its name in this run: unique, as configured.
    pub name: String,
    /// What kind of source it is.
    pub kind: ReviewerKind,
    /// The model it said it is, where known.
    pub model: Option<String>,
    /// The effort it was asked for, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// Whether its answer counts.
    pub state: ReviewerState,
    /// How it ended.
    pub ending: Ending,
    /// Milliseconds from its start to its end, queueing excluded.
    pub ms: u64,
    /// Why it failed or was skipped, in one sentence a person can act on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What kind of failure it was, where that is known: it decides whether asking again can help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// How often it was asked; 0 where it was not asked in this run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// What it was given and what came back.
    pub receipt: Receipt,
    /// Whether it is counted towards the quorum.
    #[serde(default)]
    pub quorum: bool,
    /// Its own verdict, as it wrote it.
    #[serde(default)]
    pub verdict: Option<String>,
    /// Its own summary, as it wrote it.
    #[serde(default)]
    pub summary: Option<String>,
    /// Whether every process it started is proven gone; `null` where it ran none.
    #[serde(default)]
    pub tree_gone: Option<bool>,
    /// Tokens, where known. Unknown is `null`, never zero.
    #[serde(default)]
    pub tokens: Option<Tokens>,
    /// Cost in US dollars, where known. Unknown is `null`, never zero.
    #[serde(default)]
    pub usd: Option<f64>,
    /// Its passes, where it was asked to look again (`--thorough`); empty where it was asked once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<Pass>,
    /// Tools it called and how often, by name; empty where it called none or its stream does not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<(String, u32)>,
    /// Things about its attempt a reader should know (checkout edited, output cut, note of the reader…).
    #[serde(default)]
    pub notes: Vec<String>,
}

impl ReviewerReport {
    /// Whether asking it again could give a review that this run did not get: it was cut off, or what failed may pass.
    pub fn may_be_asked_again(&self) -> bool {
        let passes = self.failure.as_ref().is_some_and(|failure| failure.class.may_pass());
        let own = self.state != ReviewerState::Finished && (self.ending == Ending::Cancelled || passes);
        own || self.passes.iter().any(Pass::may_be_asked_again)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
