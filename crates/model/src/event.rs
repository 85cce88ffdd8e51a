//! What happens during a run, as it happens.
//!
//! In: what the engine does. Out: one [`Event`] a line in `events.jsonl`, read by progress displays as well.
//! Never carries reviewer text beyond titles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Ending, Failure, Lane, Severity, SeverityCounts, Tokens, Verdict};

/// One event with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum EventKind {
    /// The target is pinned and the run folder exists.
    RunStarted {
        /// The run's id.
        run: String,
        /// One line about the target.
        target: String,
        /// Names of the reviewers that will be asked.
        reviewers: Vec<String>,
    },
    /// A reviewer was started.
    ReviewerStarted {
        /// Which.
        reviewer: String,
    },
    /// A reviewer wrote something.
    ReviewerProgress {
        /// Which.
        reviewer: String,
        /// Bytes so far.
        bytes: u64,
        /// What it is doing, where its stream tells.
        note: Option<String>,
        /// Tools it called so far, where its stream tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calls: Option<u32>,
        /// Tokens so far, where told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens: Option<Tokens>,
        /// US dollars so far, where told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usd: Option<f64>,
    },
    /// A reviewer failed in a way that may pass, and is asked again.
    ReviewerRetry {
        /// Which.
        reviewer: String,
        /// How often it was asked so far.
        attempts: u32,
        /// How it failed.
        failure: Failure,
        /// Milliseconds until it is asked again.
        wait_ms: u64,
    },
    /// A reviewer ended.
    ReviewerEnded {
        /// Which.
        reviewer: String,
        /// How.
        ending: Ending,
        /// Milliseconds it took.
        ms: u64,
        /// Raw findings read from it.
        findings: u32,
        /// Why it failed, where it did.
        error: Option<String>,
    },
    /// A claim went through the gates.
    FindingChecked {
        /// Who said it.
        reviewer: String,
        /// The claimed severity.
        severity: Severity,
        /// Its title.
        title: String,
        /// Its place after repair, `path:line`.
        place: Option<String>,
        /// How far the evidence carries.
        lane: Lane,
    },
    /// What all reviewers that ended so far say together. Ids are given at the end.
    SoFar {
        /// Reviewers that ended.
        ended: u32,
        /// Reviewers asked.
        asked: u32,
        /// Raw findings of those that ended.
        raised: u32,
        /// Distinct findings among them, as they are rated now.
        findings: SeverityCounts,
        /// How many of these would block.
        blocking: u32,
        /// How many of these are contested.
        contested: u32,
    },
    /// Something a reader should know (HEAD moved, a record could not be written…).
    Note {
        /// The sentence.
        text: String,
    },
    /// The report is written.
    RunEnded {
        /// The verdict.
        verdict: Verdict,
        /// Whether quorum was reached.
        complete: bool,
    },
}
