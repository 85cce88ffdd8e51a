//! What a run takes from earlier rounds.
//!
//! In: nothing. Out: [`History`] (`rounds.json`) and [`Open`] (`open.json`). Plain data.

use std::collections::BTreeSet;

use findings::Records;
use model::{Decision, Delta, DeltaScope, ReadBy, Remembered, RepoPath, Severity};
use serde::{Deserialize, Serialize};

/// Name of the file with what a run took from earlier rounds.
pub(crate) const HISTORY_FILE: &str = "rounds.json";

/// Name of the file with what a round leaves open.
pub(crate) const OPEN_FILE: &str = "open.json";

const HISTORY_SCHEMA: &str = "deep-review/rounds/v1";
const OPEN_SCHEMA: &str = "deep-review/open/v1";

/// A finding of an earlier round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// What is remembered of it.
    pub(crate) finding: Remembered,
    /// The round that told it first.
    pub(crate) first_round: u32,
    /// Whether it stood in the way of merging when it was told; not known of older runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blocks: Option<bool>,
    /// The round that found it fixed or gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closed_round: Option<u32>,
}

impl Item {
    /// Whether it stands in the way while it is open.
    pub(crate) fn blocks(&self) -> bool {
        self.blocks.unwrap_or(self.finding.severity >= Severity::Important)
    }
}

/// What a reviewer read of a change: one file as the change made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) path: RepoPath,
    /// A hash over what the change does to it, without line numbers.
    pub(crate) change: String,
    /// The whole file's object name at the head.
    pub(crate) file: String,
    /// Who, in which run.
    pub(crate) by: ReadBy,
    /// Whether this reviewer counts towards the quorum.
    pub(crate) counts: bool,
}

/// A decision that may keep a finding from being raised again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bound {
    pub(crate) decision: Decision,
    /// False where it was an accepted risk whose day had passed.
    pub(crate) holds: bool,
    /// Whether it was decided in this series.
    pub(crate) own: bool,
}

/// Lines of a file that changed: ranges `[first, last]`, from 1.
pub(crate) type ChangedLines = (RepoPath, Vec<(u32, u32)>);

/// What a run takes from earlier rounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct History {
    pub(crate) schema: String,
    /// What earlier runs taught about the reviewers.
    pub(crate) records: Records,
    /// Findings that are open.
    pub(crate) open: Vec<Item>,
    /// Findings that were fixed or gone; they may come back.
    pub(crate) closed: Vec<Item>,
    /// What people decided.
    pub(crate) bound: Vec<Bound>,
    /// Files by the names they had and have.
    pub(crate) moved: Vec<(RepoPath, RepoPath)>,
    /// What happened since the round before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delta: Option<Delta>,
    /// Lines at this head that changed since the round before, by file; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<Vec<ChangedLines>>,
    /// Who reviewed the round before.
    #[serde(default)]
    pub(crate) reviewed_before: BTreeSet<String>,
    /// Which files reviewers are given; `None` for the whole change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<DeltaScope>,
    /// What was read in earlier rounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) read: Vec<Read>,
    /// Whether this round is asked for like a first one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) full: bool,
    /// What could not be taken over.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
}

impl History {
    pub(crate) fn new(records: Records) -> Self {
        Self { schema: HISTORY_SCHEMA.to_owned(), records, ..Self::default() }
    }

    /// Whether this program understands it.
    pub(crate) fn is_known(&self) -> bool {
        self.schema == HISTORY_SCHEMA
    }
}

/// What a round leaves open.
#[expect(clippy::struct_field_names, reason = "open is what such findings are called everywhere")]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Open {
    schema: String,
    /// Findings that are open.
    pub(crate) open: Vec<Item>,
    /// Findings that were fixed or gone.
    pub(crate) closed: Vec<Item>,
    /// Who read which file of the change; `None` where an older version did not write it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) read: Option<Vec<Read>>,
}

impl Open {
    pub(crate) fn new(open: Vec<Item>, closed: Vec<Item>, read: Option<Vec<Read>>) -> Self {
        Self { schema: OPEN_SCHEMA.to_owned(), open, closed, read }
    }

    /// Whether this program understands it.
    pub(crate) fn is_known(&self) -> bool {
        self.schema == OPEN_SCHEMA
    }
}
