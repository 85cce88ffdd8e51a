//! Gates and their answers.
//!
//! In: nothing. Out: [`Check`] and [`CheckedFinding`]. Never a judgement: a check says what was looked at and seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Location, Origin, RawFinding};

/// A question asked of every raw finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Does the named file exist?
    File,
    /// Does the quoted code stand in it?
    Quote,
    /// Does it stand at the named lines?
    Location,
    /// Does it touch the change?
    Scope,
    /// Is the code new?
    Origin,
    /// Did people decline it before?
    Declined,
    /// Does the code, a commit or the author admit it?
    Acknowledged,
    /// Does the proposed fix apply?
    Fix,
    /// Does its script show the defect?
    Repro,
    /// Do the names it uses exist, does it say when it happens, do its look-ups hold?
    Specifics,
}

impl Gate {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Quote => "quote",
            Self::Location => "location",
            Self::Scope => "scope",
            Self::Origin => "origin",
            Self::Declined => "declined",
            Self::Acknowledged => "acknowledged",
            Self::Fix => "fix",
            Self::Repro => "repro",
            Self::Specifics => "specifics",
        }
    }
}

/// A gate's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It holds after a correction that the detail names.
    Repaired,
    /// It could not be answered; the detail says why.
    Unknown,
    /// The question does not arise.
    #[serde(rename = "n/a")]
    NotApplicable,
}

impl CheckResult {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Repaired => "repaired",
            Self::Unknown => "unknown",
            Self::NotApplicable => "n/a",
        }
    }
}

/// What a failed check found to be wrong: the part of its answer that rules act on, while the detail is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The quoted code is not in the file, and nothing comes close.
    Absent,
    /// The quoted code stands there in another form.
    Altered,
    /// "Never used" or "never tested" was looked up, and a use or a test was found.
    Refuted,
    /// A name that the claim rests on is nowhere in the tree.
    UnknownName,
    /// A severe claim does not say when the defect shows.
    NoTrigger,
    /// It touches nothing that changed since the round before, and its reviewer had seen that code then.
    Late,
}

/// One answer of one gate for one raw finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Whose claim.
    pub reviewer: String,
    /// Which of its raw findings.
    pub index: u32,
    /// The question.
    pub gate: Gate,
    /// The answer.
    pub result: CheckResult,
    /// What was looked at and seen, with names and numbers, so that a person can look too.
    pub detail: String,
    /// What is wrong, where the check failed and the gate tells such things apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// What kind of statement a claim is, and so what could ever verify it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// About the text of the code.
    #[default]
    CodeFact,
    /// About compiling, linking, packaging.
    BuildFact,
    /// About behaviour when it runs.
    RuntimeFact,
    /// About something outside the repository: a version, a CVE, a vendor.
    ExternalFact,
}

/// Where a claim stands relative to the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// On changed lines.
    ChangedLines,
    /// In a changed file, or an unchanged one that uses what changed.
    BlastRadius,
    /// Neither.
    Outside,
    /// It names no place, or none that exists.
    #[default]
    Unknown,
}

/// A raw finding with everything the gates found out about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckedFinding {
    /// Who said it.
    pub reviewer: String,
    /// The claim as read.
    pub raw: RawFinding,
    /// One check a gate, in gate order.
    pub checks: Vec<Check>,
    /// The places after resolution and repair, same order as `raw.locations`.
    pub locations: Vec<Location>,
    /// The computed origin of the primary place.
    pub origin: Origin,
    /// Where it stands relative to the change.
    pub scope: Scope,
    /// What kind of statement it is.
    pub claim: Claim,
    /// Enclosing symbol of the primary place at the side it stands on, where found.
    pub symbol: Option<String>,
    /// Hash over the verified quote's normalised lines, where the quote was found: equal anchors mean equal code.
    pub anchor: Option<String>,
}

impl CheckedFinding {
    /// The answer of one gate, `None` where it was not asked.
    pub fn check(&self, gate: Gate) -> Option<&Check> {
        self.checks.iter().find(|check| check.gate == gate)
    }

    /// The result of one gate; `Unknown` where it was not asked.
    pub fn result(&self, gate: Gate) -> CheckResult {
        self.check(gate).map_or(CheckResult::Unknown, |check| check.result)
    }
}
