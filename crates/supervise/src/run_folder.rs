//! The folder of one attempt: claimed before it begins, closed when it is over.
//!
//! In: a path. Out: a lock, a closed record, and what is known from its files. Never a second attempt in a folder where
//! the first is not proven to have ended.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

use crate::os::doing;
use crate::record::{End, KEEPER_LOCK, KEEPER_LOG, Lock, Phase, RECORD, Record, SUPERVISOR_LOCK};
use crate::spool::{STDERR, STDOUT};

/// Makes the folder ours, and refuses one in which something may still be running.
pub(crate) fn claim(folder: &Path) -> io::Result<Lock> {
    create(folder).map_err(|error| doing("creating the run folder", &error))?;
    let lock = Lock::take(&folder.join(SUPERVISOR_LOCK)).map_err(|error| doing("taking the lock", &error))?;
    let keeper = Lock::take(&folder.join(KEEPER_LOCK)).map_err(|error| doing("taking the lock", &error))?;
    let (Some(lock), Some(_)) = (lock, keeper) else {
        return Err(io::Error::other("another attempt is running in its run folder"));
    };
    match Record::read(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(lock),
        Ok(record) if record.is_settled() => Ok(lock),
        _ => Err(io::Error::other("its run folder holds an attempt that is not proven to have ended")),
    }
}

#[cfg(unix)]
fn create(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Who may enter is inherited from the folder above: the user's own.
#[cfg(windows)]
fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(folder)
}

/// Closes the record, and clears away what only a living attempt needs.
pub(crate) fn close(folder: &Path, mut record: Record, end: &End) -> io::Result<()> {
    if let Ok(latest) = Record::read(folder) {
        record = latest;
    }
    record.phase = Phase::Closed;
    record.end = Some(end.clone());
    if record.write(folder).is_err() {
        // A program may have put something in its place; that goes, and the record comes.
        crate::remove_tree(&folder.join(RECORD)).map_err(io::Error::other)?;
        record.write(folder)?;
    }
    if end.tree_gone {
        clear(folder)?;
    }
    Ok(())
}

/// Removes the locks, and the keeper's log where it is empty.
pub(crate) fn clear(folder: &Path) -> io::Result<()> {
    let mut names = vec![SUPERVISOR_LOCK, KEEPER_LOCK];
    if std::fs::metadata(folder.join(KEEPER_LOG)).is_ok_and(|log| log.len() == 0) {
        names.push(KEEPER_LOG);
    }
    for name in names {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(doing(name, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// Bytes in both output files.
pub(crate) fn kept(folder: &Path) -> u64 {
    [STDOUT, STDERR].iter().filter_map(|name| Some(std::fs::metadata(folder.join(name)).ok()?.len())).sum()
}

/// The variable that marks the processes of an attempt, as it stands in their environment.
#[cfg(unix)]
pub(crate) fn marked_as(record: &Record) -> String {
    format!("{}={}", crate::record::MARK, record.mark)
}
