//! What one reviewer wrote, as data: the output of reading.
//!
//! In: nothing. Out: [`Reading`] and the `deep-review/raw-findings/v1` document. Nothing here is checked against
//! code yet: these are claims.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Canary, Kind, ReproClaim, Severity, Side};

/// The schema name printed by `read --json`.
pub const RAW_FINDINGS_SCHEMA: &str = "deep-review/raw-findings/v1";

/// How an answer was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ParsedAs {
    /// The JSON schema we ask for, or something close to it.
    Json,
    /// The same fields in YAML.
    Yaml,
    /// The same fields in tags that look like XML.
    Tags,
    /// Prose in Markdown.
    Markdown,
    /// Diagnostics of a tool: SARIF, checkstyle, its own JSON…
    Tool,
    /// Nothing readable.
    #[default]
    None,
}

/// Whether a text is a review at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ReadingState {
    /// It is a review, perhaps one without findings.
    Reviewed,
    /// Nothing, or a headline and nothing else.
    #[default]
    Empty,
    /// An error message, a refusal, a quota notice.
    UnableToReview {
        /// What it says, in one line.
        why: String,
    },
    /// It breaks off in the middle; what stands before is read.
    Truncated {
        /// What shows that it breaks off.
        why: String,
    },
}

/// Everything read from one review.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// Whether the text is a review.
    pub state: ReadingState,
    /// How it was read.
    pub parsed_as: ParsedAs,
    /// What became of the canary.
    pub canary: Canary,
    /// The reviewer's summary.
    pub summary: Option<String>,
    /// The reviewer's verdict, as written.
    pub verdict: Option<String>,
    /// Its claims, in the order of the text.
    pub findings: Vec<RawFinding>,
    /// Concerns and strengths.
    pub design: Vec<DesignItem>,
    /// Testing items: gaps and remarks.
    pub testing: Vec<TextItem>,
    /// Commands the reviewer says it ran.
    #[serde(default)]
    pub ran: Vec<crate::Ran>,
    /// Documentation items.
    pub documentation: Vec<TextItem>,
    /// Remarks on the commits.
    #[serde(default)]
    pub commits: Vec<TextItem>,
    /// What each changed file got.
    pub coverage: Vec<CoverageItem>,
    /// Acknowledged limitations it quotes.
    #[serde(default)]
    pub limitations: Vec<LimitationItem>,
    /// Its word on findings of earlier rounds.
    #[serde(default)]
    pub prior: Vec<PriorItem>,
    /// What could not be read, and where.
    pub notes: Vec<Note>,
    /// The model it says it is, where the document carries it.
    #[serde(default)]
    pub model: Option<String>,
}

/// The document of `read --json` (`deep-review/raw-findings/v1`): a [`Reading`] with its schema name first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RawFindings {
    /// Always [`RAW_FINDINGS_SCHEMA`].
    pub schema: String,
    /// The claims. `notes` is a list of sentences in this document.
    pub findings: Vec<RawFinding>,
    /// Concerns and strengths.
    pub design: Vec<DesignItem>,
    /// Testing items.
    pub testing: Vec<TextItem>,
    /// Documentation items.
    pub documentation: Vec<TextItem>,
    /// What each changed file got.
    pub coverage: Vec<CoverageItem>,
    /// The reviewer's verdict, as written.
    pub verdict: Option<String>,
    /// What could not be read, and where.
    pub notes: Vec<String>,
    /// The reviewer's summary.
    pub summary: Option<String>,
    /// Whether the text is a review.
    pub state: ReadingState,
    /// How it was read.
    pub parsed_as: ParsedAs,
    /// Acknowledged limitations it quotes.
    pub limitations: Vec<LimitationItem>,
    /// Its word on findings of earlier rounds.
    pub prior: Vec<PriorItem>,
}

impl From<Reading> for RawFindings {
    fn from(reading: Reading) -> Self {
        Self {
            schema: RAW_FINDINGS_SCHEMA.to_owned(),
            findings: reading.findings,
            design: reading.design,
            testing: reading.testing,
            documentation: reading.documentation,
            coverage: reading.coverage,
            verdict: reading.verdict,
            notes: reading.notes.iter().map(Note::sentence).collect(),
            summary: reading.summary,
            state: reading.state,
            parsed_as: reading.parsed_as,
            limitations: reading.limitations,
            prior: reading.prior,
        }
    }
}

/// One claim in one raw review.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RawFinding {
    /// Its order in the text, from 0.
    pub index: u32,
    /// The reviewer's own label (`I1`), where it gave one; unique within the review.
    pub id: String,
    /// The claimed severity; `suggestion` with a note where none was given.
    pub severity: Severity,
    /// What the reviewer says it is.
    pub kind: Option<Kind>,
    /// The defect in one line: inline code kept, numbering, severity tags and locations removed.
    pub title: String,
    /// Where; the first is primary. Empty for a claim about the whole change.
    pub locations: Vec<RawLocation>,
    /// Everything it says below the title, as Markdown, quotes and fixes included.
    pub body: String,
    /// What it proposes, as Markdown: prose and diff.
    pub fix: Option<String>,
    /// True where the reviewer took it back in the same text.
    pub withdrawn: bool,
    /// True where the severity was stated rather than assumed.
    #[serde(default)]
    pub severity_stated: bool,
    /// A unified diff it proposes, without the fence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// When it happens, where told apart from the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// `ran`, `read` or `reasoned`: how it says it knows, where told. Of tools: `tool`, or `comparison` where it looked at both
    /// sides of the change and says that this is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_by: Option<String>,
    /// Correctness, concurrency, security…, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// True where the defect is that something is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// A script that shows the defect, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repro: Option<String>,
    /// What that script is said to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repro_claim: Option<ReproClaim>,
    /// A consolidation note found under it in an archived review; never part of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consolidation_note: Option<String>,
    /// Bytes of the original text it stands in: `[start, end)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
    /// The rule that raised it (built-in reviewers and tools).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The web page that explains the rule, where the tool names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_url: Option<String>,
    /// Fields we do not know, kept as they came.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// A place as the reviewer named it: worktree prefixes and link decoration removed, base names kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RawLocation {
    /// The path as claimed.
    pub path: String,
    /// First line, 1-based; `null` where none was given.
    pub start: Option<u32>,
    /// Last line, inclusive; equals `start` for a single line.
    pub end: Option<u32>,
    /// Code the reviewer quotes from there, without the fence.
    pub quote: Option<String>,
    /// The enclosing function or type, where named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// `primary`, `evidence`, `related` or `fix`, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Which side of the change it cites, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
}

/// Concern or strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DesignKind {
    /// Something structural that may hurt.
    #[default]
    Concern,
    /// Something that is right and should stay.
    Strength,
}

/// Whether a design observation asks for anything now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DesignScope {
    /// Belongs to this change.
    #[default]
    InScope,
    /// For later.
    Future,
}

/// One design observation of one reviewer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesignItem {
    /// Concern or strength.
    #[serde(rename = "type")]
    pub kind: DesignKind,
    /// Now or later; `null` where not told.
    pub scope: Option<DesignScope>,
    /// In one line.
    pub title: String,
    /// The rest, as Markdown.
    pub body: String,
    /// Where, if it says so.
    #[serde(default)]
    pub locations: Vec<RawLocation>,
}

/// One item of a testing, documentation or commits section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextItem {
    /// The item as Markdown.
    pub text: String,
    /// Places it names.
    #[serde(default)]
    pub locations: Vec<RawLocation>,
    /// True where it names something missing.
    #[serde(default)]
    pub gap: bool,
}

/// What a reviewer says about one changed file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageStatus {
    /// Reviewed, and it has findings.
    Findings,
    /// Reviewed, nothing found.
    Reviewed,
    /// Looked at as mechanical.
    Trivial,
    /// Not reviewed.
    #[default]
    NotReviewed,
}

/// One row of a reviewer's coverage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageItem {
    /// The path as written.
    pub path: String,
    /// What it got.
    pub status: CoverageStatus,
    /// Labels of the findings there.
    #[serde(default)]
    pub findings: Vec<String>,
    /// Anything else it says.
    #[serde(default)]
    pub note: Option<String>,
}

/// A limitation that the code, a commit or the author already admits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LimitationItem {
    /// Where it is admitted: `code`, `commit`, `pr-body`, `pr-comment`.
    pub source: String,
    /// The item as Markdown.
    pub text: String,
    /// Places it names.
    #[serde(default)]
    pub locations: Vec<RawLocation>,
}

/// A reviewer's word on a finding of an earlier round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriorItem {
    /// The finding, as the prompt named it.
    pub finding: String,
    /// Its status, as written.
    pub status: String,
    /// Why.
    #[serde(default)]
    pub evidence: Option<String>,
}

/// Something that could not be read, with its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Line of the original text, 1-based; 0 where it concerns the whole.
    pub line: u32,
    /// What could not be read and what was done instead.
    pub text: String,
}

impl Note {
    /// The note as one sentence with its place.
    pub fn sentence(&self) -> String {
        if self.line == 0 { self.text.clone() } else { format!("line {}: {}", self.line, self.text) }
    }
}
