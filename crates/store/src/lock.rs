//! Locks that tell the living from the dead.
//!
//! In: the path of a lock file. Out: a [`Lock`], released when dropped or when its process ends, however it ends. No
//! process id is ever compared: ids are used again, locks are not. Children do not inherit a lock as long as they are
//! started by `exec`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// A held lock.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Given back aloud: a process that another thread is just starting holds a copy of the file until it runs its own
    /// program, and the lock would look taken for that moment.
    fn drop(&mut self) {
        // Where this fails, closing the file gives the lock back as well.
        let _ = self.file.unlock();
    }
}

/// How often a lock that somebody holds is tried again.
const LOOK: Duration = Duration::from_millis(10);

/// Takes the lock, waiting for it as long as is told; `None` where somebody holds it all that time. Creates the file where
/// needed.
pub(crate) fn take_within(path: &Path, patience: Duration) -> Result<Option<Lock>> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = open.map_err(Error::failed("create", path))?;
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Lock { file })),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(None),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
            Err(TryLockError::Error(error)) => return Err(Error::failed("lock", path)(error)),
        }
    }
}

/// The same for a lock that nobody holds for long: whoever holds it all that time hangs, and is an error.
pub(crate) fn take(path: &Path, patience: Duration) -> Result<Lock> {
    let busy = || Error::Busy { path: path.to_path_buf(), waited: patience };
    take_within(path, patience)?.ok_or_else(busy)
}

/// Waits until nobody holds the lock, where there is one; for readers, who may not be allowed to write. Goes on without it
/// where somebody holds it longer than is told.
pub(crate) fn wait(path: &Path, patience: Duration) {
    let Ok(file) = File::open(path) else { return };
    let deadline = Instant::now() + patience;
    while matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) && Instant::now() < deadline {
        std::thread::sleep(LOOK);
    }
}

/// Whether somebody holds the lock right now.
pub(crate) fn is_held(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    // A shared lock: two readers asking at once must not take each other for the writer.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let scratch = tempfile::tempdir().expect("scratch");
        let path = scratch.path().join("lock");
        assert!(!is_held(&path).expect("no file is no lock"));
        let lock = take(&path, Duration::ZERO).expect("free");
        assert!(is_held(&path).expect("readable"));
        drop(lock);
        assert!(!is_held(&path).expect("readable"));
    }

    #[test]
    fn nobody_waits_for_ever_for_a_lock_that_is_held() {
        let scratch = tempfile::tempdir().expect("scratch");
        let path = scratch.path().join("lock");
        let held = take(&path, Duration::ZERO).expect("free");
        let short = Duration::from_millis(30);
        assert!(take_within(&path, short).expect("readable").is_none());
        let error = take(&path, short).expect_err("is held");
        assert!(matches!(error, Error::Busy { .. }) && error.hint().is_some(), "{error}");
        wait(&path, short);
        drop(held);
        assert!(take_within(&path, Duration::ZERO).expect("readable").is_some());
    }
}
