//! The record of runs.
//!
//! In: what a run is about, what reviewers wrote, the report. Out: run folders in `<git common dir>/deep-review/`, and
//! what is known about earlier runs. The folders are the record; `index.sqlite` is made from them and can be thrown
//! away at any time. This crate never decides what a finding is worth, reads no clock, and writes nowhere else.
//!
//! ```text
//! deep-review/                    0700
//!   store.lock                    held while a run begins or runs are removed
//!   index.sqlite                  made from the run folders
//!   promises/                     what is to be removed outside of the runs, until it is
//!   decisions.jsonl               what people decided, a line each, only ever added to
//!   spend/2026-04-12.jsonl        what was spent on models that day, an expense a line
//!   runs/20260412-203409-topic/
//!     run.lock                    held by the process that writes the run: free and no report = interrupted
//!     run.json  target.json       what it is about and how far it came
//!     plan.json                   who is asked, under which settings: what going on with it needs
//!     events.jsonl                what happened, as it happened
//!     raw/<reviewer>/             what it was given and what it wrote, written once; attempt.json last
//!     raw/<reviewer>/try-1/       what it wrote before it was asked again
//!     report.{json,md,html,sarif} report.json last: where it stands, the report is complete
//! ```
//!
//! What people decide about findings later is no part of the index either: it goes to an append-only file beside `runs/`,
//! so that losing the index loses nothing.

mod decisions;
mod error;
mod files;
mod find;
mod gc;
mod index;
mod lock;
mod names;
mod raw;
mod record;
mod remove;
mod reproductions;
mod resume;
mod reviewer_records;
mod rows;
mod run_folder;
mod series;
mod spend;
mod store;
mod stored_run;
#[cfg(test)]
mod testing;

pub use decisions::{DECISIONS_FILE, Decisions, decision_lines};
pub use error::Error;
pub use gc::{Policy, Removed};
pub use index::Index;
pub use names::{reviewer_folder, slug};
pub use record::{RUN_SCHEMA, RunOutcome, RunRecord, RunState, TargetSummary};
pub use reviewer_records::ReviewerRecord;
pub use rows::{AttemptRow, FindingRow};
pub use run_folder::RunFolder;
pub use series::{same_series, series_key, series_keys};
pub use spend::SpendLog;
pub use store::{RunEntry, Store};
pub use stored_run::{ATTEMPT_FILE, PLAN_FILE, StoredRun};

/// The result of anything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
