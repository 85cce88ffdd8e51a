//! One try of one reviewer, as it came back.
//!
//! In: what the asker observed. Out: plain data that can be written down and read again. Never says whether the answer is a
//! review: [`crate::conclude`] does.

use std::time::Instant;

use config::ReviewerSettings;
use model::{Ending, Failure, Receipt, ReviewerKind, Spend, Tokens};
use serde::{Deserialize, Serialize};

/// One try of one reviewer. As JSON it is what stands beside the raw material: the bytes are files of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempt {
    /// The reviewer's name.
    pub name: String,
    /// What kind of source it is.
    pub kind: ReviewerKind,
    /// How its process ended, before anybody read the answer.
    pub ending: Ending,
    /// The exit code of its program, where it had one.
    pub exit: Option<i32>,
    /// The signal that ended its program, where one did.
    pub signal: Option<i32>,
    /// How often it was asked until this answer, this try included.
    pub attempts: u32,
    /// Milliseconds from start to end of this try.
    pub ms: u64,
    /// The answer exactly as written; of an agent, its last word, taken from its event stream.
    #[serde(skip)]
    pub answer: Vec<u8>,
    /// The event stream the answer was taken from, without secrets; empty where the answer is all there is.
    #[serde(skip)]
    pub stream: Vec<u8>,
    /// What it reached and tried to reach in its sandbox, one JSON line each; empty where it had no network or no sandbox.
    #[serde(skip)]
    pub network: Vec<u8>,
    /// Tokens, where told.
    pub tokens: Option<Tokens>,
    /// Cost in US dollars, where known.
    pub usd: Option<f64>,
    /// It called no tool that could have read the change.
    pub read_nothing: bool,
    /// Requests to a model, where its program tells each.
    #[serde(skip)]
    pub requests: u64,
    /// What of its cost was counted while it ran.
    #[serde(skip)]
    pub charged: Spend,
    /// Tools it called and how often, by name.
    pub tool_calls: Vec<(String, u32)>,
    /// What it wrote to standard error, its last 64 KiB.
    #[serde(skip)]
    pub stderr: Vec<u8>,
    /// The prompt it was given, where it takes one.
    #[serde(skip)]
    pub prompt: Option<String>,
    /// The canary it was sent.
    pub canary: Option<String>,
    /// What it was given; canary and reading are filled in by [`crate::conclude`].
    pub receipt: Receipt,
    /// Whether every process it started is proven gone; `None` where it ran none.
    pub tree_gone: Option<bool>,
    /// Why it could not be asked or how it failed, where known.
    pub error: Option<String>,
    /// What kind of failure it was, where that is known.
    pub failure: Option<Failure>,
    /// Things a reader should know.
    pub notes: Vec<String>,
    /// Paths of this machine that may stand in the answer and mean the repository's root.
    #[serde(skip)]
    pub roots: Vec<String>,
    /// Whether it counts towards the quorum.
    pub quorum: bool,
    /// Model and effort as configured.
    pub model: Option<String>,
    /// See `model`.
    pub effort: Option<String>,
}

impl Attempt {
    /// A try that begins: not started until somebody says more.
    pub(crate) fn begun(name: &str, kind: ReviewerKind, settings: &ReviewerSettings) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            quorum: settings.quorum,
            model: settings.model.clone(),
            effort: settings.effort.clone(),
            ending: Ending::NotStarted,
            ..Self::default()
        }
    }

    /// The try after somebody worked on it; `Err` means that it could not be started.
    pub(crate) fn after(
        mut self,
        started: Instant,
        work: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Self {
        if let Err(why) = work(&mut self) {
            self.ending = Ending::NotStarted;
            self.error = Some(why);
        }
        self.ms = started.elapsed().as_millis() as u64;
        self
    }
}
