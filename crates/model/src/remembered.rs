//! What is remembered of a finding, so that later rounds know it again and see what became of it.
//!
//! In: nothing. Out: [`Remembered`] and what a later look finds of it. Never decides: `findings` does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Fingerprint, Kind, RepoPath, RunId, Severity, Sha};

/// How a claim is known.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Thought out.
    #[default]
    Reasoned,
    /// The code it speaks of is quoted and stands there.
    Read,
    /// Something was run, and its script or output is given.
    Ran,
}

impl Strength {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reasoned => "reasoned",
            Self::Read => "read",
            Self::Ran => "ran",
        }
    }
}

/// One place of a remembered finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RememberedPlace {
    /// The file at the commit it was remembered at.
    pub path: RepoPath,
    /// The same file at the merge base of that round, where it was called otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<RepoPath>,
    /// First line there, 1-based.
    pub start: Option<u32>,
    /// Last line, inclusive.
    pub end: Option<u32>,
    /// The enclosing function or type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The lines that stood there; empty where it names no line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// How often they stood in that file.
    #[serde(default)]
    pub times: u32,
    /// True where the reviewer quoted code there, rather than naming a range.
    #[serde(default)]
    pub quoted: bool,
    /// Lines that stood right before them, blank ones left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Lines that stood right behind them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}

/// One place that uses a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CallSite {
    /// The name.
    pub name: String,
    /// The file.
    pub path: RepoPath,
    /// The line as it stands there, white space collapsed.
    pub text: String,
}

/// Who uses what a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Callers {
    /// The names that were looked for.
    pub names: Vec<String>,
    /// Where they are used, by name, path and line; tests are left out.
    pub sites: Vec<CallSite>,
    /// Where tests name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<CallSite>,
}

/// One way in which a finding was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Telling {
    /// Its title.
    pub title: String,
    /// Its body, cut to about a thousand characters.
    pub body: String,
}

/// A finding as later rounds remember it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Remembered {
    /// The run whose report told it last.
    pub run: RunId,
    /// Its id there.
    pub id: String,
    /// The round of that run.
    #[serde(default)]
    pub round: u32,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Its severity there.
    pub severity: Severity,
    /// What its reviewers said it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Its title.
    pub title: String,
    /// Its body, cut to a few thousand characters.
    pub body: String,
    /// Titles that other reviewers gave it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_told: Vec<String>,
    /// Other ways in which it was told, in its round and before; older files have only the titles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tellings: Vec<Telling>,
    /// Where; the first is primary.
    pub places: Vec<RememberedPlace>,
    /// Lines that its proposed patch adds and that were not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fix_adds: Vec<String>,
    /// Who uses what it is about.
    #[serde(default)]
    pub callers: Callers,
    /// How it was known.
    #[serde(default)]
    pub strength: Strength,
    /// Who said it.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// The commit all this is told of.
    pub head: Sha,
}

impl Remembered {
    /// `<run>:I1`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.run, self.id)
    }
}

/// What stands of remembered lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// All of them, unchanged but for white space.
    Stands,
    /// The lines were changed: some are gone, or others stand between them.
    Changed,
    /// None of them.
    Gone,
    /// The file is gone, or it has nothing left of the function.
    Removed,
    /// It names no line, so there is nothing to look for.
    #[default]
    Nothing,
}

/// What a later look finds of one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceNow {
    /// The file now; `None` where it is gone.
    pub path: Option<RepoPath>,
    /// Where its lines stand now, or would.
    pub line: Option<u32>,
    /// What stands of its lines.
    pub standing: Standing,
    /// Lines of it that stand, and lines that were remembered.
    pub lines: (u32, u32),
    /// Whether the lines before or after it differ from what they were; `None` where that is not known.
    #[serde(default)]
    pub around_changed: Option<bool>,
}

/// What a later look finds of a remembered finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Now {
    /// One for each of its places.
    pub places: Vec<PlaceNow>,
    /// Who uses what it is about now: the names that were remembered and can still be looked up.
    pub callers: Callers,
    /// Whether all lines that its patch adds stand in its file now; `None` where it has no patch.
    pub fix_stands: Option<bool>,
}
