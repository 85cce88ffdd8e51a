//! Finds attempts whose supervisor died, takes what their keepers brought to an end, and ends what is left.
//!
//! In: a folder with run folders somewhere in it. Out: what was found and done. Never touches an attempt whose
//! supervisor lives: its lock says so, and ends with it. Never guesses about a record it cannot read.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::Ending;

use crate::record::{Phase, RECORD, Record, SUPERVISOR_LOCK};
use crate::recover_one::recover_one;

/// Records lie at most this deep below the folder of all runs.
const DEEPEST: usize = 5;
/// All keepers together have this long to finish; each needs a second or so.
const PATIENCE: Duration = Duration::from_secs(15);
/// Attempts that are not proven gone are looked for at so many starts.
const MOST_LOOKS: u32 = 20;

/// What [`recover`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Attempts whose supervisor died before it could take their result, and those not yet proven gone.
    pub attempts: Vec<Recovered>,
    /// What could not be read or done, in sentences for people.
    pub notes: Vec<String>,
}

/// One attempt that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Its folder.
    pub run_folder: PathBuf,
    /// The program's name, without its folder.
    pub program: String,
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
/// Attempts of living supervisors are left alone, and so is everything that is settled.
pub fn recover(runs: &Path) -> Recovery {
    let mut recovery = Recovery::default();
    let deadline = Instant::now() + PATIENCE;
    for folder in folders_with_records(runs) {
        match Record::read(&folder) {
            Ok(record) if record.is_settled() || record.looks >= MOST_LOOKS => {}
            Ok(_) => match recover_one(&folder, deadline) {
                Ok(found) => recovery.attempts.extend(found),
                Err(error) => recovery.notes.push(format!("{}: {error}", folder.display())),
            },
            Err(error) => {
                let path = folder.join(RECORD);
                recovery.notes.push(format!("{} is not understood and was kept: {error}", path.display()));
            }
        }
    }
    recovery
}

/// Folders below `top` that hold the record of an attempt. Links and checkouts are not entered.
fn folders_with_records(top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = vec![(top.to_owned(), 0)];
    while let Some((folder, depth)) = next.pop() {
        let entries: Vec<_> =
            std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok).collect();
        if entries.iter().any(|entry| entry.file_name() == RECORD)
            && entries.iter().any(|entry| is_of_an_attempt(&entry.file_name()))
        {
            found.push(folder.clone());
        }
        if depth < DEEPEST && !entries.iter().any(|entry| entry.file_name() == ".git") {
            let folders = entries.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            next.extend(folders.map(|entry| (entry.path(), depth + 1)));
        }
    }
    found.sort();
    found
}

/// A settled attempt has given its lock back, and need not be read again.
fn is_of_an_attempt(name: &std::ffi::OsStr) -> bool {
    name == SUPERVISOR_LOCK
}

impl Record {
    /// Whether nothing is left to do about the attempt.
    pub(crate) fn is_settled(&self) -> bool {
        self.phase == Phase::Closed && self.end.as_ref().is_none_or(|end| end.tree_gone)
    }
}
