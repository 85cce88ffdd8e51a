//! The report: the one value that every form shows.
//!
//! In: nothing. Out: [`Report`] with the names of `deep-review/report/v1`. Arrays are sorted, paths are relative to
//! the repository; no path of the machine ever stands in it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Challenge, CoverageStatus, DesignKind, DesignScope, Finding, Fingerprint, LedgerRow, Location, Retro,
    ReviewerReport, RunId, Sha, Target, Verdict,
};

/// The schema name of `report.json`.
pub const REPORT_SCHEMA: &str = "deep-review/report/v1";

/// Everything one review found out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always [`REPORT_SCHEMA`].
    pub schema: String,
    /// One to three paragraphs: what the change does, what matters, counts.
    pub summary: String,
    /// What made the report.
    #[serde(default)]
    pub tool: Tool,
    /// This execution.
    pub run: Run,
    /// What was reviewed.
    pub target: Target,
    /// Which review of this branch it is.
    pub series: Series,
    /// Who was asked and how it ended, in roster order.
    pub reviewers: Vec<ReviewerReport>,
    /// The answer.
    pub verdict: Verdict,
    /// The findings, in report order: severity, lane, agreement, confidence, place.
    pub findings: Vec<Finding>,
    /// One row for every raw finding of every reviewer.
    pub dispositions: Vec<LedgerRow>,
    /// Places worth a look, riskiest first. Never findings.
    pub attention: Vec<Attention>,
    /// What became of findings of earlier rounds.
    pub prior: Vec<Prior>,
    /// Concerns and strengths.
    pub design: Vec<DesignObservation>,
    /// What ran and what no test covers.
    pub testing: TestingSection,
    /// What the documentation lacks.
    pub documentation: DocumentationSection,
    /// Remarks on the commits.
    pub commits: CommitsSection,
    /// Limitations that code, commits or authors admit.
    pub limitations: Vec<Limitation>,
    /// Which changed file got whose attention.
    pub coverage: CoverageSection,
    /// Numbers about the reviewers, in roster order.
    pub retro: Vec<Retro>,
    /// Laws that this value was checked against when it was made.
    pub invariants: Invariants,
    /// Blocking claims that were put to a reviewer of another vendor (`review.cross_examine`), in report order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub challenges: Vec<Challenge>,
    /// What was tried: scripts of reviewers, the project's tests, proposed fixes and mutations under them.
    #[serde(default, skip_serializing_if = "crate::Trials::is_empty")]
    pub trials: crate::Trials,
    /// Who wrote the summary, where it is not our own (`editor.reviewer`). Its last paragraph always is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary_by: Option<String>,
    /// What people decided about its findings since; filled in where the report is shown, never stored with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// Things a reader should know about the run itself.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What people decided about the findings of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// One row a finding, in report order; undecided ones are left out.
    pub rows: Vec<ResolutionRow>,
}

/// What people decided about one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolutionRow {
    /// The finding.
    pub finding: String,
    /// Its title.
    pub title: String,
    /// What was decided.
    pub action: crate::Action,
    /// Why.
    pub reason: Option<String>,
    /// Who decided.
    pub by: Option<String>,
    /// Who answers for an accepted risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub until: Option<jiff::civil::Date>,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// The program that made the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Version of `deep-review`.
    pub version: String,
    /// SHA-256 over the effective configuration.
    #[serde(default)]
    pub config_sha256: Option<String>,
    /// SHA-256 over the prompt.
    #[serde(default)]
    pub prompt_sha256: Option<String>,
}

/// One execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// When it began.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// When the report was made.
    #[schemars(with = "String")]
    pub ended: Timestamp,
    /// Milliseconds of work; waiting for a person is not counted.
    pub active_ms: u64,
    /// Milliseconds from the last reviewer's end to the report.
    pub consolidation_ms: u64,
    /// True where quorum was reached and every reviewer asked was waited for.
    pub complete: bool,
    /// Reviews needed and reviews counted.
    #[serde(default)]
    pub quorum: (u32, u32),
    /// How often it was interrupted and gone on with.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resumed: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Which review of this branch or pull request it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// What the runs have in common.
    pub key: String,
    /// 1 for the first.
    pub round: u32,
    /// The run before.
    #[serde(default)]
    pub previous: Option<RunId>,
    /// Other keys of the same series: names the branch had before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What happened since the run before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Delta>,
    /// Which files reviewers were given; none where it was the whole change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<DeltaScope>,
}

/// What a later round looks at again, and what the rest stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeltaScope {
    /// Files of the change that reviewers are given, in path order.
    pub files: Vec<ScopedFile>,
    /// Places outside of these files that use what was edited since the round before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<crate::CallSite>,
    /// Files of the change that are not given again, in path order.
    pub rest: Vec<EarlierRead>,
}

impl DeltaScope {
    /// Whether a file of the change is given to reviewers.
    pub fn shows(&self, path: &crate::RepoPath) -> bool {
        self.files.binary_search_by(|file| file.path.cmp(path)).is_ok()
    }
}

/// A file that is looked at again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScopedFile {
    /// The file.
    pub path: crate::RepoPath,
    /// Why, one clause each.
    pub why: Vec<String>,
}

/// A file that was read in an earlier round and whose change is the same since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EarlierRead {
    /// The file.
    pub path: crate::RepoPath,
    /// Who read it, and when.
    pub by: Vec<ReadBy>,
    /// True where the whole file is what it was; false where only what the change does to it is, because its base moved.
    pub same_file: bool,
}

/// Who read a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadBy {
    /// The reviewer.
    pub reviewer: String,
    /// The round.
    pub round: u32,
    /// Its run.
    pub run: RunId,
    /// True where it says so itself; false where it was shown the file and gave no list.
    pub listed: bool,
}

/// What happened to a branch between two rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delta {
    /// The head of the round before.
    pub from: Sha,
    /// True where it is the same commit.
    #[serde(default)]
    pub same_commit: bool,
    /// Commits then and now, in the order of `git range-diff`.
    #[serde(default)]
    pub commits: Vec<DeltaCommit>,
    /// Files that differ between the two heads, as far as the change touches them.
    #[serde(default)]
    pub files: Vec<crate::RepoPath>,
}

/// A commit then and now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeltaCommit {
    /// `same`, `changed`, `new` or `gone`.
    pub state: String,
    /// Its first line.
    pub subject: String,
}

/// A place worth a look, with reasons. It guides, it does not claim.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attention {
    /// The file.
    pub path: crate::RepoPath,
    /// First line at head, 1-based.
    pub start: u32,
    /// Last line, inclusive.
    pub end: u32,
    /// Relative weight in 0–1.
    pub score: f64,
    /// Why.
    pub why: Vec<String>,
}

/// What became of a finding of an earlier round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PriorStatus {
    /// Repaired.
    Fixed,
    /// Still there.
    #[default]
    NotFixed,
    /// In part.
    Partial,
    /// Its code is gone.
    Stale,
    /// Another finding took its place.
    Superseded,
    /// People decided against it.
    Declined,
}

impl PriorStatus {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::NotFixed => "not-fixed",
            Self::Partial => "partial",
            Self::Stale => "stale",
            Self::Superseded => "superseded",
            Self::Declined => "declined",
        }
    }
}

/// A finding of an earlier round and its status now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prior {
    /// `<run>:I1`.
    pub finding: String,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Its status.
    pub status: PriorStatus,
    /// What it rests on.
    pub why: String,
    /// The round that told it first.
    #[serde(default)]
    pub round: u32,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its severity then.
    #[serde(default)]
    pub severity: crate::Severity,
    /// The finding of this report that says it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// Where its code stands now, or would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<crate::RepoPath>,
    /// The line there, 1-based.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// True where it stood in the way then, is not settled, and nothing of this report says it again: it still does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocks: bool,
    /// What reviewers of this round say of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<PriorWord>,
}

impl Prior {
    /// Whether it is not settled and nothing of this report says it again.
    pub fn is_still_open(&self) -> bool {
        matches!(self.status, PriorStatus::NotFixed | PriorStatus::Partial) && self.now.is_none()
    }

    /// Whether it was settled before this round and is told again in it. What came back in an earlier round and is open since
    /// then is not meant: its row tells of its code, and not of why it is back.
    pub fn came_back(&self, findings: &[Finding]) -> bool {
        let now = findings.iter().find(|finding| self.now.as_deref() == Some(finding.id.as_str()));
        let why = now.and_then(|finding| finding.came_back.as_deref());
        why.is_some_and(|why| self.why == why || self.why.contains(", and back because "))
    }
}

/// A reviewer's word on a finding of an earlier round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriorWord {
    /// Who.
    pub reviewer: String,
    /// The status as written.
    pub said: String,
    /// Why, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// A concern or strength with its attribution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesignObservation {
    /// Concern or strength.
    #[serde(rename = "type")]
    pub kind: DesignKind,
    /// Now or later.
    pub scope: DesignScope,
    /// In one line.
    pub title: String,
    /// The rest, as Markdown.
    pub body: String,
    /// Where.
    pub locations: Vec<Location>,
    /// Who said it, in roster order.
    pub reviewers: Vec<String>,
    /// Findings it belongs to.
    #[serde(default)]
    pub related: Vec<String>,
    /// Set where it is a raw finding that was moved here: `claude:3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
}

/// The testing assessment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestingSection {
    /// One paragraph from what is known.
    pub text: String,
    /// Commands that ran.
    pub ran: Vec<Ran>,
    /// What no test covers, riskiest first.
    pub gaps: Vec<TestingGap>,
    /// What else reviewers say about testing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<SectionRemark>,
}

/// A remark of a section that asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SectionRemark {
    /// The remark as Markdown.
    pub text: String,
    /// Who made it, in roster order.
    pub reviewers: Vec<String>,
}

/// A function or type that the change adds or edits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ChangedSymbol {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: crate::RepoPath,
    /// The line it begins on at head, 1-based.
    pub line: u32,
}

/// A command somebody ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// The command line.
    pub command: String,
    /// Its exit code, where told.
    pub exit: Option<i32>,
    /// What came of it.
    #[serde(default)]
    pub note: Option<String>,
    /// Who ran it; empty while it is still the reviewer's own reading.
    #[serde(default)]
    pub reviewer: String,
}

/// A scenario without a test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestingGap {
    /// The scenario as Markdown.
    pub scenario: String,
    /// The finding it belongs to.
    pub finding: Option<String>,
    /// Who named it; `deep-review` for what the code itself shows.
    pub reviewers: Vec<String>,
}

/// The documentation assessment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentationSection {
    /// One paragraph from what is known.
    pub text: String,
    /// What is missing or stale.
    pub gaps: Vec<TestingGap>,
    /// What else reviewers say about the documentation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<SectionRemark>,
}

/// Remarks on the commits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitsSection {
    /// One paragraph from what is known.
    pub text: String,
    /// Single remarks.
    pub remarks: Vec<CommitRemark>,
}

/// A remark on one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitRemark {
    /// Which, where it concerns one.
    pub sha: Option<Sha>,
    /// The remark.
    pub text: String,
    /// Who made it; `deep-review` for what the history itself shows.
    pub reviewers: Vec<String>,
}

/// A limitation somebody admits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limitation {
    /// `code`, `commit`, `pr-body`, `pr-comment`.
    pub source: String,
    /// Where it stands, for code.
    pub location: Option<Location>,
    /// The words.
    pub quote: String,
    /// Who pointed at it; `deep-review` where it was found in the change.
    pub reviewers: Vec<String>,
    /// The finding it belongs to.
    #[serde(default)]
    pub finding: Option<String>,
}

/// Which changed file got whose attention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageSection {
    /// One row a changed file, in path order.
    pub files: Vec<CoverageFile>,
    /// Changed files that no reviewer says it looked at, in this round or, where they are not given again, in an earlier one.
    pub uncovered: Vec<crate::RepoPath>,
    /// `path: codex says reviewed, I1 of claude stands there`.
    pub contradictions: Vec<String>,
}

/// Who looked at one changed file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageFile {
    /// The file.
    pub path: crate::RepoPath,
    /// Reviewer and what it says, in roster order; reviewers without a statement are left out.
    pub by: Vec<(String, CoverageStatus)>,
}

/// Laws checked when the report was made. A `false` is a defect of `deep-review` and is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invariants {
    /// Every raw finding of every reviewer has exactly one disposition.
    pub dispositions_balance: bool,
    /// Ids count from 1 without holes, per severity.
    pub ids_contiguous: bool,
}

/// A review as it was written: kept beside the report, shown in its appendix, never edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Original {
    /// Who wrote it.
    pub reviewer: String,
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// True where it is JSON and should be shown as code.
    pub json: bool,
}
