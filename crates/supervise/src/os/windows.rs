//! Windows: not implemented yet.
//!
//! In: a program. Out: an ending that says so. The plan is a job object that kills on close and allows no breakaway,
//! with the program started suspended, put into the job, then resumed; until that is written and run, nothing is
//! started at all, because a program without a container is one we could not end.

use std::ffi::OsString;
use std::process::ExitCode;

/// Why nothing runs here.
pub(crate) const NOT_YET: &str = "command reviewers are not supported on Windows yet";

/// There is no keeper on Windows: the job object will be held by this process itself.
pub fn keeper_main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    drop(arguments);
    ExitCode::FAILURE
}
