//! (being built)

use std::ffi::OsString;
use std::process::ExitCode;

/// The keeper of one attempt: the whole work of the process that [`crate::Keeper::command`] starts.
///
/// Takes the arguments after that command, lives as long as the program's tree, and must be called before the
/// process starts any thread.
pub fn keeper_main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    drop(arguments);
    ExitCode::FAILURE
}
