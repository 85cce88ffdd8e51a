//! The words of `deep-review`: plain data that every other crate speaks.
//!
//! In: nothing. Out: types for targets, reviewers, raw findings, checks, findings, verdicts and reports, with
//! the JSON names that `docs/reference/schemas.md` promises. This crate never does I/O, reads no clock and
//! decides nothing.

mod challenge;
mod check;
mod clock;
mod decision;
mod diff;
mod document;
mod event;
mod failure;
mod finding;
mod ids;
mod policy;
mod raw;
mod remembered;
mod report;
mod reproduction;
mod retro;
mod reviewer;
mod spend;
mod target;
mod trials;
mod trust;
mod verdict;

pub use challenge::{Challenge, ChallengeOutcome};
pub use check::{Check, CheckResult, CheckedFinding, Claim, Fault, Gate, Scope};
pub use clock::{Clock, FixedClock};
pub use decision::{Action, DECISION_SCHEMA, Decision};
pub use diff::{CommitDiff, DiffLine, FileDiff, Hunk, LineKind};
pub use document::{
    DocumentCommits, DocumentCoverage, DocumentDesign, DocumentDocs, DocumentEvidence, DocumentFinding,
    DocumentFix, DocumentGap, DocumentLimitation, DocumentLocation, DocumentOrigin, DocumentPrior,
    DocumentScenario, DocumentTesting, REVIEW_SCHEMA, ReviewDocument,
};
pub use event::{Event, EventKind};
pub use failure::{Failure, FailureClass};
pub use finding::{
    Contradiction, Disposition, Excerpt, Finding, FindingState, Fix, Kind, Lane, LedgerRow, Location, Origin,
    OriginValue, ReasonCode, Reconciliation, Repair, Severity, Side, Source, Term,
};
pub use ids::{Fingerprint, RepoPath, RunId, Sha};
pub use policy::{CriticalPolicy, PreExistingPolicy};
pub use raw::{
    CoverageItem, CoverageStatus, DesignItem, DesignKind, DesignScope, LimitationItem, Note, ParsedAs,
    PriorItem, RAW_FINDINGS_SCHEMA, RawFinding, RawFindings, RawLocation, Reading, ReadingState, TextItem,
};
pub use remembered::{
    CallSite, Callers, Now, PlaceNow, Remembered, RememberedPlace, Standing, Strength, Telling,
};
pub use report::{
    Attention, ChangedSymbol, CommitRemark, CommitsSection, CoverageFile, CoverageSection, Delta,
    DeltaCommit, DeltaScope, DesignObservation, DocumentationSection, EarlierRead, Invariants, Limitation,
    Original, Prior, PriorStatus, PriorWord, REPORT_SCHEMA, Ran, ReadBy, Report, Resolution, ResolutionRow,
    Run, ScopedFile, SectionRemark, Series, TestingGap, TestingSection, Tool,
};
pub use reproduction::{REPRODUCTION_SCHEMA, ReproClaim, ReproOutcome, Reproduction, Trial};
pub use retro::{Retro, SeverityCounts};
pub use reviewer::{Canary, Ending, Pass, Receipt, ReviewerKind, ReviewerReport, ReviewerState, Tokens};
pub use spend::Spend;
pub use target::{ChangeStatus, ChangedFile, Commit, Target, TargetKind};
pub use trials::{FixOutcome, FixTrial, Mutation, Probe, ProbeOutcome, TestOutcome, TestRun, Trials};
pub use trust::{Trust, Trusted};
pub use verdict::{Verdict, VerdictValue};
