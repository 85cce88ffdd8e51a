//! Findings: claims that were checked, merged and weighed.
//!
//! In: nothing. Out: [`Finding`] and the ledger entry of every raw finding. Never decides: `findings` does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Check, Fingerprint, RepoPath, Sha};

/// How much a finding matters. Ordered: `Suggestion < Important < Critical`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// True and worth knowing; never blocks.
    #[default]
    Suggestion,
    /// A real defect with a plausible trigger and a bounded effect.
    Important,
    /// A realistic trigger in a shipped configuration with a crash, data loss, exposure, hang, or a change that
    /// defeats its own purpose.
    Critical,
}

impl Severity {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suggestion => "suggestion",
            Self::Important => "important",
            Self::Critical => "critical",
        }
    }

    /// The letter that finding ids start with.
    pub fn letter(self) -> char {
        match self {
            Self::Suggestion => 'S',
            Self::Important => 'I',
            Self::Critical => 'C',
        }
    }

    /// One level down; a suggestion stays one.
    pub fn lower(self) -> Self {
        match self {
            Self::Critical => Self::Important,
            Self::Important | Self::Suggestion => Self::Suggestion,
        }
    }
}

/// What a reviewer claims a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The change makes behaviour wrong.
    Regression,
    /// The change should have covered it, or exposes an older hole.
    Gap,
    /// An optional improvement.
    Enhancement,
}

impl Kind {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Gap => "gap",
            Self::Enhancement => "enhancement",
        }
    }
}

/// A side of the change.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The reviewed commit.
    #[default]
    Head,
    /// The merge base.
    Base,
}

/// A place after the evidence stage looked at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// Repository-relative path; as claimed where it could not be resolved.
    pub path: RepoPath,
    /// First line, 1-based; `null` where the claim has none.
    pub start: Option<u32>,
    /// Last line, inclusive.
    pub end: Option<u32>,
    /// Which side of the change it stands on.
    #[serde(default)]
    pub side: Side,
    /// True where a gate found the file (and, if quoted, the quote) there.
    #[serde(default)]
    pub verified: bool,
    /// Set where the claimed place was corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired: Option<Repair>,
    /// The enclosing function or type, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Code quoted from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Web address of the lines at the reviewed commit, where the forge is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink: Option<String>,
}

/// How a place was corrected.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Repair {
    /// The place as claimed: `path:start-end`.
    pub from: String,
    /// Lines between the claimed and the real start; `null` where the path changed or no line was claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<i64>,
}

/// Where the code at fault came from, computed from git.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OriginValue {
    /// All its lines are new in this change.
    Introduced,
    /// Some of its lines are new.
    Modified,
    /// None of its lines is new.
    PreExisting,
    /// It cites code that the change removes.
    Deleted,
    /// There is no line: something is missing.
    Absent,
    /// Old lines that this change gave a new caller.
    Worsened,
    /// It could not be computed; the method says why.
    #[default]
    Unknown,
}

impl OriginValue {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Introduced => "introduced",
            Self::Modified => "modified",
            Self::PreExisting => "pre-existing",
            Self::Deleted => "deleted",
            Self::Absent => "absent",
            Self::Worsened => "worsened",
            Self::Unknown => "unknown",
        }
    }
}

/// The computed origin with what it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The answer.
    pub value: OriginValue,
    /// Commits of the change that wrote the new lines, in the order of the change.
    pub commits: Vec<Sha>,
    /// What was looked at: `blame`, `text at the merge base`, `no line`… with a reason where unknown.
    pub method: String,
}

/// How far the evidence carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Its decisive checks passed.
    Confirmed,
    /// Nothing could be checked.
    #[default]
    Unverified,
    /// A gate or another reviewer contradicts it; shown, does not block.
    Contested,
}

impl Lane {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Unverified => "unverified",
            Self::Contested => "contested",
        }
    }
}

/// What became of a finding afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// Nobody has decided yet.
    #[default]
    Open,
    /// A later commit repaired it.
    Fixed,
    /// Somebody decided against it, with a reason.
    Declined,
    /// Accepted for later.
    Deferred,
    /// Its code is gone.
    Stale,
    /// Another finding took its place.
    Superseded,
}

/// One raw finding that a finding rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Who said it.
    pub reviewer: String,
    /// Which of its raw findings, from 0.
    pub index: u32,
    /// The reviewer's own label.
    pub raw: String,
    /// The severity it claimed.
    pub severity: Severity,
    /// The title it gave.
    #[serde(default)]
    pub title: String,
    /// Its body, as written.
    #[serde(default)]
    pub body: String,
    /// True for the one whose text the finding shows.
    #[serde(default)]
    pub shown: bool,
    /// The rule that raised it (built-in reviewers and tools).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The web page that explains that rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_url: Option<String>,
}

/// A sentence of another reviewer that says the opposite of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Contradiction {
    /// Who says it.
    pub reviewer: String,
    /// Where it says it, in words: `its design strengths`.
    #[serde(rename = "where")]
    pub wherein: String,
    /// The sentence as written.
    pub said: String,
}

/// Why a severity, a lane or a place in the report was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonCode {
    /// What it says about the text is not so.
    FactuallyFalse,
    /// The quoted code is not in the file.
    QuoteAbsent,
    /// The quoted code stands there in another form.
    QuoteAltered,
    /// The named file does not exist.
    PathUnresolved,
    /// The code is older than the change and the change does not make it worse.
    PreExisting,
    /// People declined it in an earlier round and nothing material changed.
    DeclinedPriorRound,
    /// A comment or commit already admits it.
    DocumentedTradeoff,
    /// The trigger is rare or unreachable today.
    NarrowTrigger,
    /// The effect is smaller than claimed.
    ImpactOverstated,
    /// The other reviewers of the same defect rate it otherwise.
    MajorityAlignment,
    /// What is known about this repository speaks against it.
    ProjectContext,
    /// It does not touch the change.
    OutOfScope,
    /// It is too slight to list.
    BelowBar,
    /// The same reviewer said it twice.
    Duplicate,
    /// It was shown by running code.
    ProofByExecution,
    /// A maintainer asked for it.
    MaintainerRequest,
    /// The reviewer took it back.
    Withdrawn,
    /// A severe claim without a trigger.
    NoTrigger,
    /// This reviewer's record of over- or underrating.
    ReviewerRecord,
    /// A missing test alone is never important.
    CoverageGap,
    /// Another reviewer says the opposite.
    Contradicted,
    /// The transport altered the prompt of the reviewer.
    TransportCorrupted,
    /// The reviewer's text is a remark on design rather than a defect.
    DesignRemark,
}

impl ReasonCode {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FactuallyFalse => "factually-false",
            Self::QuoteAbsent => "quote-absent",
            Self::QuoteAltered => "quote-altered",
            Self::PathUnresolved => "path-unresolved",
            Self::PreExisting => "pre-existing",
            Self::DeclinedPriorRound => "declined-prior-round",
            Self::DocumentedTradeoff => "documented-tradeoff",
            Self::NarrowTrigger => "narrow-trigger",
            Self::ImpactOverstated => "impact-overstated",
            Self::MajorityAlignment => "majority-alignment",
            Self::ProjectContext => "project-context",
            Self::OutOfScope => "out-of-scope",
            Self::BelowBar => "below-bar",
            Self::Duplicate => "duplicate",
            Self::ProofByExecution => "proof-by-execution",
            Self::MaintainerRequest => "maintainer-request",
            Self::Withdrawn => "withdrawn",
            Self::NoTrigger => "no-trigger",
            Self::ReviewerRecord => "reviewer-record",
            Self::CoverageGap => "coverage-gap",
            Self::Contradicted => "contradicted",
            Self::TransportCorrupted => "transport-corrupted",
            Self::DesignRemark => "design-remark",
        }
    }
}

/// One change of severity, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reconciliation {
    /// The severity before.
    pub from: Severity,
    /// The severity after.
    pub to: Severity,
    /// Why.
    pub code: ReasonCode,
    /// Who changed it: `policy` or `human`.
    pub by: String,
    /// The same in a sentence, with its evidence.
    pub why: String,
}

/// What a finding proposes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The proposal as Markdown.
    pub text: String,
    /// A unified diff, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Whether the patch applies at head; `null` where there is none or nobody tried.
    #[serde(default)]
    pub applies: Option<bool>,
}

/// Code at the reviewed commit, for showing a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// The file.
    pub path: RepoPath,
    /// Which side of the change it is taken from.
    pub side: Side,
    /// Line number of the first line shown, 1-based.
    pub first_line: u32,
    /// First line of the finding itself.
    pub start: u32,
    /// Last line of the finding itself, inclusive.
    pub end: u32,
    /// The lines, without line ends. Long excerpts are cut in the middle, with a line `…`.
    pub lines: Vec<String>,
}

/// One term of a finding's confidence, so that the number can be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Term {
    /// What it is, in words.
    pub name: String,
    /// What it adds to the log-odds; negative lowers the confidence.
    pub weight: f64,
}

/// One defect, once, with everything known about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `C1`, `I1`, `S1`…: unique in this report, contiguous per severity.
    pub id: String,
    /// The same across reports.
    pub fingerprint: Fingerprint,
    /// The severity after policy.
    pub severity: Severity,
    /// What its reviewers say it is.
    pub kind: Option<Kind>,
    /// Where the code at fault came from.
    pub origin: Origin,
    /// The defect in one line (Markdown inline code kept).
    pub title: String,
    /// Where; the first is primary.
    pub locations: Vec<Location>,
    /// The text of the best-supported source, as Markdown, fix included.
    pub body: String,
    /// What it proposes.
    pub fix: Option<Fix>,
    /// The raw findings it rests on, in roster order.
    pub sources: Vec<Source>,
    /// Every check of every source.
    pub checks: Vec<Check>,
    /// How far the evidence carries.
    pub lane: Lane,
    /// Chance in 0–1 that a maintainer would accept it.
    pub confidence: f64,
    /// What the confidence is made of, heaviest first.
    #[serde(default)]
    pub confidence_terms: Vec<Term>,
    /// Distinct reviewers that say it.
    pub agreement: u32,
    /// How its severity came about; empty where all sources and the policy agree.
    pub reconciliation: Vec<Reconciliation>,
    /// What became of it.
    pub state: FindingState,
    /// What other reviewers say against it, in roster order. Where there is any, the lane is `contested`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<Contradiction>,
    /// Reviewers that an imported report credits with it although no raw finding of theirs was found for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credited: Vec<String>,
    /// The round that told it first, where that was an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_round: Option<u32>,
    /// Why it came back although people had declined it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_back: Option<String>,
    /// Ids of findings that may be the same defect: the five most alike.
    #[serde(default)]
    pub possibly_same: Vec<String>,
    /// Why each of `possibly_same` was not merged, in plain words and in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart_because: Vec<String>,
    /// Why its sources were merged, in plain words; one entry a merged source.
    #[serde(default)]
    pub merged_because: Vec<String>,
    /// Details that only sources not shown mention: reviewer and detail.
    #[serde(default)]
    pub also_noted: Vec<(String, String)>,
    /// The rule that raised it, for built-in reviewers and tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The web page that explains the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_url: Option<String>,
    /// Correctness, concurrency, security…, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Code at its primary place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

/// The one terminal fate of a raw finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// Its text stands in the report, at its severity.
    Kept,
    /// It joined a finding that shows another reviewer's text.
    Merged,
    /// Kept at a higher severity.
    Promoted,
    /// Kept at a lower severity.
    Downgraded,
    /// It stands in another section.
    Moved,
    /// It is not in the report but here, with its reason.
    Dropped,
}

impl Disposition {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Merged => "merged",
            Self::Promoted => "promoted",
            Self::Downgraded => "downgraded",
            Self::Moved => "moved",
            Self::Dropped => "dropped",
        }
    }
}

/// The ledger row of one raw finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerRow {
    /// Who raised it.
    pub reviewer: String,
    /// Which of its raw findings, from 0.
    pub index: u32,
    /// The reviewer's own label.
    #[serde(default)]
    pub raw: String,
    /// Its title.
    pub title: String,
    /// The severity it claimed.
    #[serde(default)]
    pub severity: Severity,
    /// Its fate.
    pub disposition: Disposition,
    /// The finding or section it went into; `null` where dropped.
    pub into: Option<String>,
    /// Why, as a code; `null` where kept or merged unchanged.
    pub code: Option<ReasonCode>,
    /// Why, in a sentence.
    pub why: String,
}
