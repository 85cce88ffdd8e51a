//! Where reviewers' checkouts live while they are needed.
//!
//! In: a folder of the user's cache. Out: a fresh folder a run, removed at its end, or at the next start after a crash.
//! Never inside the repository: agents and build tools look for settings in the folders above them.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use model::RunId;

const LOCK: &str = "lock";

/// The scratch folder of one run. Its lock is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    lock: File,
}

impl Scratch {
    /// Makes the folder of a run below `base`.
    pub(crate) fn new(base: &Path, run: &RunId) -> io::Result<Self> {
        std::fs::create_dir_all(base)?;
        let name = format!("{run}-{}", std::process::id());
        let path = base.join(name);
        std::fs::create_dir(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, lock })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder with everything in it.
    pub(crate) fn remove(self) -> Result<(), String> {
        // Said aloud: a process forked at this moment in another thread holds a copy, and closing ours would not do.
        self.lock.unlock().map_err(|error| error.to_string())?;
        supervise::remove_tree(&self.path).map_err(|error| error.to_string())
    }
}

/// Removes what runs that died have left below `base`. Returns what could not be removed, one sentence each.
pub(crate) fn sweep(base: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(base) else { return Vec::new() };
    let mut troubles = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        // A folder whose lock is held belongs to a living run; one without a lock file is about to get it, or is not ours.
        let Ok(lock) = File::open(path.join(LOCK)) else { continue };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            Ok(()) => {
                if let Err(error) = supervise::remove_tree(&path) {
                    troubles.push(format!("an old scratch folder could not be removed: {error}"));
                }
            }
            Err(TryLockError::Error(error)) => {
                troubles.push(format!("an old scratch folder could not be looked at: {error}"));
            }
        }
    }
    troubles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_run_left_goes_and_a_living_one_stays() {
        let base = tempfile::tempdir().unwrap();
        let living = Scratch::new(base.path(), &RunId::new("a").unwrap()).unwrap();
        let dead = base.path().join("b-1");
        std::fs::create_dir_all(dead.join("deep")).unwrap();
        std::fs::write(dead.join(LOCK), "").unwrap();
        let stranger = base.path().join("stranger");
        std::fs::create_dir(&stranger).unwrap();
        assert_eq!(sweep(base.path()), Vec::<String>::new());
        assert!(!dead.exists() && stranger.exists() && living.path().exists());
        let path = living.path().to_owned();
        living.remove().unwrap();
        assert!(!path.exists());
    }
}
