//! What consolidation is given and what it gives back.
//!
//! In: nothing. Out: [`Input`] and [`Consolidated`]. Plain data.

use std::collections::BTreeMap;

use model::{
    Challenge, ChangedFile, ChangedSymbol, CheckedFinding, Commit, CommitRemark, CommitsSection,
    CoverageSection, DesignObservation, DocumentationSection, Finding, Invariants, LedgerRow, Limitation,
    Reading, Retro, ReviewerReport, Sha, TestingSection, Verdict,
};

use crate::{Policy, Records};

/// How many reviews a run needs before it may say anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// `review.quorum`: as many reviews, or as many as were asked where fewer were.
    Wanted(u32),
    /// The reviews were handed in as files: each counts, and only one that could not be read leaves a hole.
    Given,
}

impl Default for Quorum {
    fn default() -> Self {
        Self::Wanted(2)
    }
}

/// What is known beside what the reviewers say in their reviews.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Merge base and head that every counted reviewer must have been shown; `None` where nobody was shown anything.
    pub shown: Option<(Sha, Sha)>,
    /// Remarks on the commits that follow from their diffs.
    pub commits: Vec<CommitRemark>,
    /// Functions that the change adds or edits and that no test names.
    pub untested: Vec<ChangedSymbol>,
    /// Claims that were put to somebody else.
    pub challenges: Vec<Challenge>,
    /// Claims, by reviewer and index, that tell a finding of an earlier round again: a number for each such finding.
    pub told_before: BTreeMap<(String, u32), usize>,
}

/// Everything that is known when the reviewers have ended, or so far.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Who was asked, in the order of the configuration. This order, never that of arrival, breaks ties of display.
    pub roster: &'a [ReviewerReport],
    /// What each reviewer wrote, as read. In any order.
    pub readings: &'a [(String, Reading)],
    /// Every raw finding with its checks. In any order.
    pub checked: Vec<CheckedFinding>,
    /// The changed files, in path order. Empty where no repository is used.
    pub changed: &'a [ChangedFile],
    /// The commits of the change, oldest first.
    pub commits: &'a [Commit],
    /// What the user wants to be strict about.
    pub policy: &'a Policy,
    /// What earlier runs taught about the reviewers. May be empty.
    pub records: &'a Records,
    /// Limitations that the change itself admits.
    pub limitations: &'a [Limitation],
    /// What else is known of the change.
    pub known: &'a Known,
    /// How many reviews are needed.
    pub quorum: Quorum,
    /// False where reviews are merged without any repository: then every check is unknown.
    pub repository_used: bool,
}

/// The parts of a report that follow from what was said and checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consolidated {
    /// The findings, in report order, with their ids.
    pub findings: Vec<Finding>,
    /// One row for every raw finding, in roster order.
    pub dispositions: Vec<LedgerRow>,
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
    /// Who looked at which changed file.
    pub coverage: CoverageSection,
    /// Numbers about the reviewers, in roster order.
    pub retro: Vec<Retro>,
    /// The answer.
    pub verdict: Verdict,
    /// Laws computed over this very value.
    pub invariants: Invariants,
    /// One to three paragraphs.
    pub summary: String,
    /// What a reader should know about the consolidation itself.
    pub notes: Vec<String>,
    /// Reviews needed and reviews counted.
    pub quorum: (u32, u32),
}
