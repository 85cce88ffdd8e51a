//! What to run, and where.
//!
//! In: the caller's wishes. Out: plain data. Never started here.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Voice;

/// A foreign program, ready to be run once.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments; never passed through a shell.
    pub command: Vec<OsString>,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// Its complete environment: nothing of ours is added but one variable that marks the attempt.
    /// [`crate::harmless_environment`] makes a good beginning.
    pub environment: Vec<(OsString, OsString)>,
    /// What it reads.
    pub stdin: Stdin,
    /// The folder of this attempt, for it alone: `stdout`, `stderr`, `record.json` and two locks go there.
    pub run_folder: PathBuf,
    /// How to start the keeper.
    pub keeper: Keeper,
}

/// What a program reads from its standard input. Never our own: programs wait on a terminal for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Null,
    /// The content of a file.
    File(PathBuf),
    /// What is said to it while it runs. One voice speaks to one attempt.
    Dialogue(Voice),
}

/// The command that starts a keeper: a program that calls [`crate::keeper_main`] with the arguments after these,
/// first thing, before it starts any thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeper {
    /// For the real binary: its own path, then `__keeper`.
    pub command: Vec<OsString>,
}
