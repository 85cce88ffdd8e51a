//! The document that reviewers are asked for: `deep-review/review/v1`.
//!
//! In: nothing. Out: typed fields of the schema, used to write it (built-in reviewers) and to print the JSON Schema
//! that goes into prompts. Reading what others wrote is tolerant and lives in `reading`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CoverageStatus, DesignKind, DesignScope, Kind, Ran, Severity, Side};

/// The schema name.
pub const REVIEW_SCHEMA: &str = "deep-review/review/v1";

/// One review.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReviewDocument {
    /// Always [`REVIEW_SCHEMA`].
    pub schema: String,
    /// The canary line of the prompt, echoed to the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// `merge-as-is`, `merge-with-optional-fixes`, `merge-with-fixes` or `rework`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// What the change does and what matters most; 120 words at most.
    pub summary: String,
    /// The claims.
    pub findings: Vec<DocumentFinding>,
    /// Concerns and strengths.
    pub design: Vec<DocumentDesign>,
    /// What ran, what no test covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub testing: Option<DocumentTesting>,
    /// What the documentation lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docs: Option<DocumentDocs>,
    /// Remarks on the commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commits: Option<DocumentCommits>,
    /// Admitted limitations.
    pub limitations: Vec<DocumentLimitation>,
    /// A verdict on every prior item the prompt lists.
    pub prior: Vec<DocumentPrior>,
    /// Every changed file.
    pub coverage: Vec<DocumentCoverage>,
}

/// One claim.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentFinding {
    /// Unique in this document.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is.
    pub kind: Option<Kind>,
    /// correctness, concurrency, security, data-loss, resource, error-handling, api, compat, performance, test, docs,
    /// build, style or ux.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The defect, not the fix; 120 characters at most.
    pub title: String,
    /// Where; the first is primary. At least one, unless the claim is about the whole change.
    pub locations: Vec<DocumentLocation>,
    /// True where the defect is that something is missing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// The mechanism.
    pub problem: String,
    /// When it happens and what follows; asked for from important upwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<DocumentScenario>,
    /// Where the code came from, as claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<DocumentOrigin>,
    /// How the reviewer knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<DocumentEvidence>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<DocumentFix>,
    /// The rule that raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The web page that explains the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_url: Option<String>,
}

/// One place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentLocation {
    /// Path relative to the repository's root.
    pub path: String,
    /// First line, 1-based.
    pub start: Option<u32>,
    /// Last line, inclusive.
    pub end: Option<u32>,
    /// Which side of the change.
    pub side: Side,
    /// primary, evidence, related or fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The enclosing function or type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Three lines or more, to the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// When it happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentScenario {
    /// What sets it off.
    pub trigger: String,
    /// What happens then.
    pub result: String,
    /// What should happen.
    pub expected: String,
    /// always, common, uncommon, rare or hypothetical.
    pub likelihood: String,
    /// default, option, platform:NAME, test-only or unshipped.
    pub reach: String,
}

/// A claimed origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentOrigin {
    /// introduced, worsened, pre-existing or unknown.
    pub claim: String,
    /// The commit, abbreviated or full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Why.
    pub because: String,
}

/// How the reviewer knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentEvidence {
    /// ran, read or reasoned.
    pub how: String,
    /// The command or the place.
    pub what: String,
    /// What it showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// A file it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A line there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A proposal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentFix {
    /// In words.
    pub text: String,
    /// As a unified diff against head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// trivial, small, medium or large.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
}

/// A concern or strength.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentDesign {
    /// Which.
    #[serde(rename = "type")]
    pub kind: DesignKind,
    /// Now or later.
    pub scope: DesignScope,
    /// In one line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// Where.
    pub locations: Vec<DocumentLocation>,
}

/// The testing part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentTesting {
    /// In prose.
    pub text: String,
    /// Commands that ran.
    pub ran: Vec<Ran>,
    /// Scenarios without a test, riskiest first.
    pub gaps: Vec<DocumentGap>,
}

/// A scenario without a test, or a hole in the documentation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentGap {
    /// The scenario, or the title of the hole.
    #[serde(alias = "title")]
    pub scenario: String,
    /// 1 is the riskiest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<u32>,
    /// The finding it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<DocumentLocation>,
}

/// The documentation part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentDocs {
    /// In prose.
    pub text: String,
    /// What is missing or stale.
    pub gaps: Vec<DocumentGap>,
}

/// The commits part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentCommits {
    /// In prose.
    pub text: String,
    /// Remarks as `sha: remark` or plain sentences.
    pub issues: Vec<serde_json::Value>,
}

/// An admitted limitation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentLimitation {
    /// code, commit, pr-body or pr-comment.
    pub source: String,
    /// The file, for code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// First line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// Last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u32>,
    /// The words.
    pub quote: String,
    /// unchanged, worse or resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// A verdict on a finding of an earlier round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentPrior {
    /// As the prompt names it.
    pub finding: String,
    /// fixed, not-fixed, partial or superseded.
    pub status: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// What one changed file got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DocumentCoverage {
    /// The file.
    pub path: String,
    /// What it got.
    pub status: CoverageStatus,
    /// Labels of the findings there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Anything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
