//! Where reviewers' checkouts live while they are needed.
//!
//! In: a folder of the user's cache. Out: a fresh folder a run, removed at its end, or at the next start after a crash: the
//! promise to remove it is on disk before it is. Never inside the repository: agents and build tools look for settings in the
//! folders above them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use supervise::{Leftover, Promise};

/// How long a removal that fails in a way that may pass is tried again before the next start takes over.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where an earlier folder of the same run could not be removed, this many others are tried.
const MOST: u32 = 100;

/// The scratch folder of one run.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    promise: Promise,
}

impl Scratch {
    /// Makes the folder, or one beside it where something could not be removed. Its removal is written down in `promises`
    /// first, and waits until every attempt recorded in `attempts` is proven gone.
    pub(crate) fn new(wanted: &Path, promises: &Path, attempts: &Path) -> io::Result<Self> {
        if let Some(base) = wanted.parent() {
            std::fs::create_dir_all(base)?;
        }
        let beside = |number| match number {
            0 => wanted.to_owned(),
            _ => wanted.with_extension(number.to_string()),
        };
        if let Some(path) = (0..MOST).map(beside).find(|path| path.symlink_metadata().is_err()) {
            let promise = Promise::make(promises, &path, Some(attempts))?;
            std::fs::create_dir(&path)?;
            return Ok(Self { path, promise });
        }
        Err(io::Error::other(format!("{} and those beside it are taken", wanted.display())))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder with everything in it; what cannot be removed now stays promised.
    pub(crate) fn remove(self) -> Result<(), Leftover> {
        self.promise.keep(PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promise_is_there_before_the_folder_and_goes_with_it() {
        let base = tempfile::tempdir().unwrap();
        let (promises, attempts) = (base.path().join("promises"), base.path().join("attempts"));
        let scratch = Scratch::new(&base.path().join("checkouts/a"), &promises, &attempts).unwrap();
        let path = scratch.path().to_owned();
        std::fs::create_dir_all(path.join("deep/er")).unwrap();
        assert_eq!(supervise::keep_promises(&promises, Duration::ZERO), [], "its process lives");
        assert!(path.exists());
        scratch.remove().unwrap();
        assert!(!path.exists());
        assert_eq!(std::fs::read_dir(&promises).unwrap().count(), 0);
    }

    #[test]
    fn what_a_dead_run_left_goes_at_the_next_start() {
        let base = tempfile::tempdir().unwrap();
        let (promises, attempts) = (base.path().join("promises"), base.path().join("attempts"));
        let scratch = Scratch::new(&base.path().join("a"), &promises, &attempts).unwrap();
        let path = scratch.path().to_owned();
        // As if its process had died: nobody keeps the promise.
        drop(scratch);
        assert_eq!(supervise::keep_promises(&promises, Duration::ZERO), []);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_is_in_the_way_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let (promises, attempts) = (base.path().join("promises"), base.path().join("attempts"));
        let wanted = base.path().join("a");
        std::fs::create_dir_all(wanted.join("precious")).unwrap();
        let scratch = Scratch::new(&wanted, &promises, &attempts).unwrap();
        assert_ne!(scratch.path(), wanted);
        scratch.remove().unwrap();
        assert!(wanted.join("precious").exists());
    }
}
