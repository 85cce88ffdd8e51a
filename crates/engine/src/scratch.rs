//! Where reviewers' checkouts live while they are needed.
//!
//! In: a folder of the user's cache. Out: a fresh folder a run, removed at its end, or at the next start after a crash.
//! Never inside the repository: agents and build tools look for settings in the folders above them.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
/// How often a folder that is swept away under our hands is made again.
const TRIES: u32 = 5;

/// The scratch folder of one run. Its lock is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    lock: File,
}

impl Scratch {
    /// Makes the folder. What a dead process left at that place has been swept away before; where it could not be, or lives,
    /// this fails.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        if let Some(base) = path.parent() {
            std::fs::create_dir_all(base)?;
        }
        let lock = (0..TRIES)
            .find_map(|_| claim(path).transpose())
            .unwrap_or_else(|| Err(io::Error::other("somebody removes the folder as soon as it is made")))?;
        Ok(Self { path: path.to_owned(), lock })
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

/// Makes the folder with its lock. Between the making and the locking a sweeper may take it for one of the dead and remove it:
/// then there is nothing, and it is made again.
fn claim(path: &Path) -> io::Result<Option<File>> {
    std::fs::create_dir(path)?;
    let lock = match File::create(path.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    lock.lock()?;
    Ok(path.join(LOCK).exists().then_some(lock))
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
        let living = Scratch::new(&base.path().join("a-1")).unwrap();
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
