//! Finds attempts whose supervisor died, takes what their keepers brought to an end, and ends what is left.
//!
//! In: a folder with run folders somewhere in it. Out: what was found and done. Never touches an attempt whose
//! supervisor lives: its lock says so, and ends with it. Never guesses about a record it cannot read.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use model::Ending;

use crate::promise::{Leftover, LeftoverKind, State};
use crate::record::{Lock, Phase, RECORD, Record, SUPERVISOR_LOCK};
use crate::recover_one::recover_one;

/// Records lie at most this deep below the folder of all runs.
const DEEPEST: usize = 5;
/// All keepers together have this long to finish; each needs a second or so.
const PATIENCE: Duration = Duration::from_secs(15);
/// After so many starts that could not prove it, it is unlikely that the next one can.
const MANY_LOOKS: u32 = 20;
/// So many attempts are ended at the same time.
const AT_ONCE: usize = 32;

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

/// Looks through all run folders below `runs`, and ends what dead supervisors left behind: all at the same time.
///
/// Attempts of living supervisors are left alone, and so is everything that is settled.
pub fn recover(runs: &Path) -> Recovery {
    let mut recovery = Recovery::default();
    let deadline = Instant::now() + PATIENCE;
    let mut open = Vec::new();
    for found in folders_with_records(runs) {
        match found.and_then(|folder| is_open(&folder).map(|open| open.then_some(folder))) {
            Ok(folder) => open.extend(folder),
            Err(trouble) => recovery.notes.push(trouble),
        }
    }
    for some in open.chunks(AT_ONCE) {
        for (folder, settled) in some.iter().zip(recover_all(some, deadline)) {
            match settled {
                Ok(found) => recovery.attempts.extend(found),
                Err(error) => recovery.notes.push(format!("{}: {error}", folder.display())),
            }
        }
    }
    recovery
}

fn recover_all(folders: &[PathBuf], deadline: Instant) -> Vec<std::io::Result<Option<Recovered>>> {
    std::thread::scope(|scope| {
        let mut started = Vec::new();
        for folder in folders {
            let thread = std::thread::Builder::new();
            // No room for a thread: one after the other will do.
            started.push(
                thread
                    .spawn_scoped(scope, move || recover_one(folder, deadline))
                    .map_err(|_| recover_one(folder, deadline)),
            );
        }
        let lost = |_| Err(std::io::Error::other("looking after it failed; this is a defect of deep-review"));
        let done = started.into_iter();
        done.map(|one| one.map_or_else(|done| done, |one| one.join().unwrap_or_else(lost))).collect()
    })
}

/// Whether something is left to do about the attempt; a sentence where that is not known.
fn is_open(folder: &Path) -> Result<bool, String> {
    match Record::read(folder) {
        Ok(record) => Ok(!record.is_settled()),
        // Settled and removed since it was listed.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            Err(format!("{} is not understood and was kept: {error}", folder.join(RECORD).display()))
        }
    }
}

/// Whether every attempt recorded below `runs` is proven gone; a sentence where it is not.
pub(crate) fn is_over(runs: &Path) -> Result<(), String> {
    for found in folders_with_records(runs) {
        match found.and_then(|folder| is_open(&folder).map(|open| open.then_some(folder))) {
            Ok(None) => {}
            Ok(Some(folder)) => return Err(format!("an attempt in {} is not proven gone", folder.display())),
            Err(why) => return Err(format!("it is not proven that every attempt is gone: {why}")),
        }
    }
    Ok(())
}

/// What is left of attempts whose supervisors died, and of promises of processes that died: without doing anything
/// about it. `runs` holds run folders, `promises` what [`crate::Promise::make`] was given.
pub fn leftovers(runs: &Path, promises: &Path) -> Vec<Leftover> {
    let mut left: Vec<Leftover> = folders_with_records(runs).into_iter().filter_map(leftover).collect();
    left.extend(crate::promise::unkept(promises));
    left
}

fn leftover(found: Result<PathBuf, String>) -> Option<Leftover> {
    let left = |path: PathBuf, state, tries, why| Leftover {
        kind: LeftoverKind::Processes,
        path,
        state,
        tries,
        why,
        mend: "the next run looks for them again; after a restart of the machine nothing of them can be left"
            .to_owned(),
    };
    let folder = match found {
        Ok(folder) => folder,
        Err(why) => return Some(left(PathBuf::new(), State::Blocked, 0, why)),
    };
    let lives = || !matches!(Lock::take(&folder.join(SUPERVISOR_LOCK)), Ok(Some(_)));
    match Record::read(&folder) {
        Ok(record) if record.is_settled() || lives() => None,
        Ok(record) => {
            let state = if record.looks >= MANY_LOOKS { State::Blocked } else { State::Pending };
            let why = format!("processes of `{}` are not proven gone", record.program);
            Some(left(folder, state, record.looks, why))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(left(
            folder,
            State::Blocked,
            0,
            format!("its record is not understood and was kept: {error}"),
        )),
    }
}

/// A name no other file of ours has.
pub(crate) fn unique_name() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}

/// Folders below `top` that hold the record of an attempt; a sentence for each that could not be looked into. Links and
/// checkouts are not entered.
fn folders_with_records(top: &Path) -> Vec<Result<PathBuf, String>> {
    let mut found = Vec::new();
    let mut next = vec![(top.to_owned(), 0)];
    while let Some((folder, depth)) = next.pop() {
        let entries: Vec<_> = match list(&folder) {
            Ok(entries) => entries.filter_map(Result::ok).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                found.push(Err(format!("{} could not be looked into: {error}", folder.display())));
                continue;
            }
        };
        if entries.iter().any(|entry| entry.file_name() == RECORD)
            && entries.iter().any(|entry| is_of_an_attempt(&entry.file_name()))
        {
            found.push(Ok(folder.clone()));
        }
        if depth < DEEPEST && !entries.iter().any(|entry| entry.file_name() == ".git") {
            let folders = entries.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            next.extend(folders.map(|entry| (entry.path(), depth + 1)));
        }
    }
    found.sort();
    found
}

/// A program may have closed its run folder; it is ours, so it can be opened again.
fn list(folder: &Path) -> std::io::Result<std::fs::ReadDir> {
    match std::fs::read_dir(folder) {
        #[cfg(unix)]
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
            std::fs::read_dir(folder)
        }
        listed => listed,
    }
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
