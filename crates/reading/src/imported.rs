//! A published report, read back into data.
//!
//! In: nothing. Out: [`ImportedReport`] and its parts. Plain data: what a report says about a review that happened
//! before, exactly as far as it says it. Nothing here is checked or computed anew.

use model::{
    CoverageItem, DesignItem, LimitationItem, Note, PriorItem, Ran, RawFinding, Reading, Severity, TextItem,
};
use serde::{Deserialize, Serialize};

/// Everything read from one published report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportedReport {
    /// The name in its title: `20260412-203409-pr-295`.
    pub name: Option<String>,
    /// Rows of the header table as written, name and value.
    pub header: Vec<(String, String)>,
    /// When the review was made, as written: `2026-04-12 20:34`.
    pub date: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    /// Web address of the repository.
    pub repository_url: Option<String>,
    /// Which review of its branch or pull request it says it is.
    pub round: Option<u32>,
    /// How the review was run, as written.
    pub mode: Option<String>,
    /// Who wrote the change.
    pub author: Option<String>,
    /// Number of the pull request.
    pub pull_request: Option<u64>,
    /// Title of the pull request.
    pub pull_request_title: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// Commits it lists, in the order it lists them.
    pub commits: Vec<ImportedCommit>,
    /// The reviewed commit, where it says so.
    pub review_sha: Option<String>,
    /// Who reviewed.
    pub reviewers: Vec<ImportedReviewer>,
    /// The verdict: label and reason.
    pub verdict: Option<ImportedVerdict>,
    /// How long it took, in milliseconds.
    pub wall_clock_ms: Option<u64>,
    /// When it was last edited, as written.
    pub updated: Option<String>,
    /// The executive summary as Markdown.
    pub summary: Option<String>,
    /// The consolidated findings, in the order of the report.
    pub findings: Vec<ImportedFinding>,
    /// Concerns and strengths.
    pub design: Vec<ImportedDesign>,
    /// Testing items.
    pub testing: Vec<TextItem>,
    /// Commands it says were run.
    pub ran: Vec<Ran>,
    /// Documentation items.
    pub documentation: Vec<TextItem>,
    /// Remarks on the commit structure.
    pub commit_remarks: Vec<TextItem>,
    /// Limitations somebody admits.
    pub limitations: Vec<LimitationItem>,
    /// Findings that people declined in earlier rounds.
    pub declined: Vec<TextItem>,
    /// Remarks of people that nobody answered.
    pub feedback: Vec<TextItem>,
    /// Status of findings of earlier rounds.
    pub prior: Vec<PriorItem>,
    /// What each changed file got, where the report itself says so.
    pub coverage: Vec<CoverageItem>,
    /// Tables about the reviewers.
    pub retro: Vec<RetroTable>,
    /// What the report says about each reviewer, name and Markdown.
    pub retro_remarks: Vec<(String, String)>,
    /// Changes of severity and place, with their reasons.
    pub reconciliation: Vec<ReconciliationEntry>,
    /// Proposals about the process.
    pub process: Vec<TextItem>,
    /// What became of the findings afterwards.
    pub resolution: Option<ImportedResolution>,
    /// The reviews it rests on.
    pub originals: Vec<ImportedOriginal>,
    /// What could not be read, and where.
    pub notes: Vec<Note>,
}

/// One commit of the header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedCommit {
    /// Its object name as written, mostly abbreviated.
    pub sha: String,
    /// First line of its message.
    pub subject: String,
}

/// One reviewer of the header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedReviewer {
    /// Its short name: the first word, lower case (`claude`).
    pub key: String,
    /// Its name as written, without effort and remarks (`Claude Opus 4.7`).
    pub name: String,
    /// The effort it was asked for.
    pub effort: Option<String>,
    /// Why it gave no review, for one that is struck through.
    pub failed: Option<String>,
}

/// The verdict of the header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedVerdict {
    /// The label as written: `Merge with fixes`.
    pub label: String,
    /// What stands behind it.
    pub reason: String,
}

/// One consolidated finding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportedFinding {
    /// Its label in the report: `I1`; made from severity and number where the report only counts.
    pub id: String,
    /// What it says. `withdrawn` is false for struck-through findings: they were fixed, see `resolved`.
    pub finding: RawFinding,
    /// Reviewers it is attributed to, as written.
    pub attributed: Vec<String>,
    /// The short names of those reviewers, in the order of the roster.
    pub reviewers: Vec<String>,
    /// What became of it, for findings that the report strikes through: `FIXED: in abc1234`.
    pub resolved: Option<String>,
}

/// One design observation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedDesign {
    /// What it says.
    pub item: DesignItem,
    /// Short names of the reviewers it is attributed to.
    pub reviewers: Vec<String>,
}

/// One table about the reviewers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetroTable {
    /// The reviewers, as written in the head of the table.
    pub columns: Vec<String>,
    /// Metric and its values, one a column.
    pub rows: Vec<(String, Vec<String>)>,
}

/// One sentence of the reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationEntry {
    /// Short name of the reviewer whose finding it is about.
    pub reviewer: Option<String>,
    /// Labels of that reviewer's findings.
    pub labels: Vec<String>,
    /// The severity before.
    pub from: Option<Severity>,
    /// The severity after.
    pub to: Option<Severity>,
    /// Where it went: a label of the report, or `design`, `testing`, `documentation`, `dropped`.
    pub into: Option<String>,
    /// The sentence as written.
    pub text: String,
}

/// What became of the findings of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedResolution {
    /// When, as written.
    pub addressed: Option<String>,
    /// In which commits, as written.
    pub commit: Option<String>,
    /// One row a finding or gap.
    pub rows: Vec<ResolutionRow>,
}

/// One row of the resolution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolutionRow {
    /// Its number as written.
    pub number: String,
    /// What it is about, as written: `Suggestion #2: …`.
    pub finding: String,
    /// The label of the finding of this report it is about: `S2`; `None` for testing and documentation gaps.
    pub id: Option<String>,
    /// What was done: `Fixed`, `Skipped`, `Test written`, `Auto-resolved by I2`…
    pub action: String,
    /// Why, or how.
    pub reason: Option<String>,
}

/// One review as it was written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportedOriginal {
    /// Short name of the reviewer.
    pub reviewer: String,
    /// The heading it stands under.
    pub heading: String,
    /// Which pass, for reviewers that were asked twice.
    pub pass: Option<u32>,
    /// The text of the review, without fence, indentation or `<details>` around it.
    pub text: String,
    /// Bytes of the report it stands in.
    pub span: (usize, usize),
    /// What was read from it. Spans in it point into `text`.
    pub reading: Reading,
}
