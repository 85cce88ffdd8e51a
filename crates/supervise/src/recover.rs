//! Finds attempts whose supervisor died, and ends what is left of them.
//!
//! (being built)

use std::path::{Path, PathBuf};

use model::Ending;

/// What [`recover`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Attempts whose supervisor died before it could take their result.
    pub attempts: Vec<Recovered>,
    /// What could not be read or done, in sentences for people.
    pub notes: Vec<String>,
}

/// One attempt that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Its folder.
    pub run_folder: PathBuf,
    /// How it ended; `Lost` where nobody saw it.
    pub ending: Ending,
    /// Whether its tree is proven gone.
    pub tree_gone: bool,
    /// How many processes were still there and were ended now.
    pub ended_now: usize,
    /// Everything a reader should know.
    pub notes: Vec<String>,
}

/// Looks through all run folders below `runs`, and ends what dead supervisors left behind.
///
/// Attempts of living supervisors are left alone.
pub fn recover(runs: &Path) -> Recovery {
    let _ = runs;
    Recovery::default()
}
