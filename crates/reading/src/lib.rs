//! Reads what reviewers wrote: any style of Markdown, or JSON of the schema we ask for; and whole published reports.
//!
//! In: the text of one review. Out: its claims as [`model::Reading`], with a note for everything that could not be
//! read. Never fails, never drops a claim in silence, never looks at the repository.

mod canary;
mod ids;
mod imported;
mod json;
mod location;
mod markdown;
mod own;
mod parts;
mod report;
mod review;
mod state;
mod tags;
mod unseen;
mod words;

pub use imported::{
    ImportedCommit, ImportedDesign, ImportedFinding, ImportedOriginal, ImportedReport, ImportedResolution,
    ImportedReviewer, ImportedVerdict, ReconciliationEntry, ResolutionRow, RetroTable,
};
pub use report::read_report;
pub use review::{Context, Parser, read};
