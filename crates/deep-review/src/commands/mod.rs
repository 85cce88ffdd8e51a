//! One command a file.
//!
//! In: a session and the command's arguments. Out: what it prints and how it ends. Commands fetch, call and print; the
//! work is done in the crates below.

pub(crate) mod accept_risk;
pub(crate) mod add_reviewer;
pub(crate) mod config;
pub(crate) mod consolidate;
pub(crate) mod decisions;
pub(crate) mod decline;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod dry_run;
pub(crate) mod gc;
pub(crate) mod import;
pub(crate) mod log;
pub(crate) mod machine;
pub(crate) mod open;
pub(crate) mod read;
pub(crate) mod reference;
pub(crate) mod reopen;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod repro;
pub(crate) mod resolve;
pub(crate) mod resume;
pub(crate) mod reviewers;
pub(crate) mod rule_list;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod shell;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod try_reviewer;
pub(crate) mod verify;
