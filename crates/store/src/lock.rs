//! Locks that tell the living from the dead.
//!
//! In: the path of a lock file. Out: a [`Lock`], released when dropped or when its process ends, however it ends. No
//! process id is ever compared: ids are used again, locks are not. Children do not inherit a lock as long as they are
//! started by `exec`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::{Error, Result};

/// A held lock.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Waits for the lock and takes it. Creates the file where needed.
pub(crate) fn take(path: &Path) -> Result<Lock> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = open.map_err(Error::failed("create", path))?;
    file.lock().map_err(Error::failed("lock", path))?;
    Ok(Lock { _file: file })
}

/// Waits until nobody holds the lock, where there is one; for readers, who may not be allowed to write.
pub(crate) fn wait(path: &Path) {
    if let Ok(file) = File::open(path) {
        let _ = file.lock_shared();
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
        let lock = take(&path).expect("free");
        assert!(is_held(&path).expect("readable"));
        drop(lock);
        assert!(!is_held(&path).expect("readable"));
    }
}
