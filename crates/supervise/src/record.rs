//! The record of one attempt: on disk before there is a process, and there until the tree is proven gone.
//!
//! In: what supervisor and keeper know. Out: `record.json`, replaced as a whole, never edited in place. Never the
//! judge of who is alive: that is told by the locks beside it, which end with their holders.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::Ending;
use serde::{Deserialize, Serialize};

use crate::os::doing;
use crate::{Level, Limits, Stage};

/// The name of the record in a run folder.
pub(crate) const RECORD: &str = "record.json";
/// Held by the process that called [`crate::run`], as long as it lives.
pub(crate) const SUPERVISOR_LOCK: &str = "supervisor.lock";
/// Held by the keeper, as long as it lives.
pub(crate) const KEEPER_LOCK: &str = "keeper.lock";
/// What the keeper itself had to say; normally nothing.
pub(crate) const KEEPER_LOG: &str = "keeper.log";
/// The variable that marks the processes of an attempt, where they are looked for by it.
#[cfg(unix)]
pub(crate) const MARK: &str = "DEEP_REVIEW_ATTEMPT";

const SCHEMA: &str = "deep-review/attempt/v1";
/// A record longer than this is not one of ours.
const LONGEST: u64 = 1 << 20;

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// A keeper may exist.
    Starting,
    /// The program may exist.
    Running,
    /// The keeper has done its work; nobody has taken the result yet.
    Ended,
    /// The result was taken, or there is none. Nothing is left to do unless the tree is not proven gone.
    Closed,
}

/// What tells one process from every other that has or had its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Which start of the machine.
    pub(crate) boot: String,
    /// The number.
    pub(crate) pid: i32,
    /// When it started. Ticks since the boot on Linux, coarse enough for two processes to share one; units of 100 ns on
    /// Windows.
    pub(crate) start: u64,
    /// The inode of its handle, where that is unique.
    pub(crate) unique: Option<u64>,
}

/// How an attempt ended, as the keeper saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) ending: Ending,
    pub(crate) exit: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) ms: u64,
    pub(crate) bytes_out: u64,
    pub(crate) tree_gone: bool,
    pub(crate) stopped_by: Option<Stage>,
    /// Every rung that was climbed, in order: the same for every cause.
    #[serde(default)]
    pub(crate) climbed: Vec<Stage>,
    #[serde(default)]
    pub(crate) broken_off: Option<String>,
    #[serde(default)]
    pub(crate) level: Option<Level>,
    pub(crate) notes: Vec<String>,
}

/// The record of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) schema: String,
    pub(crate) phase: Phase,
    /// The program's name, for people. Its arguments and environment may hold secrets and stay in memory.
    pub(crate) program: String,
    /// What marks this attempt's processes: the value of a variable of theirs, or the name of their job object.
    pub(crate) mark: String,
    pub(crate) limits: Limits,
    /// Which start of the machine: after the next one nothing of this attempt can be alive.
    pub(crate) boot: String,
    pub(crate) keeper: Option<Identity>,
    pub(crate) leader: Option<Identity>,
    /// What holds the tree together; known before there is a program.
    #[serde(default)]
    pub(crate) level: Option<Level>,
    /// The first process of the tree's namespace: when it has ended, so has everyone in it.
    #[serde(default)]
    pub(crate) init: Option<Identity>,
    pub(crate) end: Option<End>,
    /// How often a later start has looked for what is left of it.
    #[serde(default)]
    pub(crate) looks: u32,
}

impl Record {
    /// The record of an attempt that does not exist yet.
    pub(crate) fn starting(program: String, mark: String, limits: Limits, boot: String) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            phase: Phase::Starting,
            program,
            mark,
            limits,
            boot,
            keeper: None,
            leader: None,
            level: None,
            init: None,
            end: None,
            looks: 0,
        }
    }

    /// Reads the record in a run folder. An unknown or damaged one is an error: nobody guesses what it meant.
    pub(crate) fn read(run_folder: &Path) -> io::Result<Self> {
        let path = run_folder.join(RECORD);
        let file = File::open(&path)?;
        let mut text = String::new();
        io::Read::read_to_string(&mut io::Read::take(file, LONGEST), &mut text)?;
        let record: Self = serde_json::from_str(&text).map_err(io::Error::from)?;
        if record.schema == SCHEMA {
            Ok(record)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("unknown schema `{}`", record.schema)))
        }
    }

    /// Puts the record on disk: when this returns, it survives a crash of the machine.
    pub(crate) fn write(&self, run_folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::from)?;
        let temporary = run_folder.join(format!("{RECORD}.{}.new", std::process::id()));
        let mut file = File::create(&temporary).map_err(|error| doing("creating the record", &error))?;
        file.write_all(text.as_bytes()).map_err(|error| doing("writing the record", &error))?;
        file.sync_all().map_err(|error| doing("syncing the record", &error))?;
        drop(file);
        std::fs::rename(&temporary, run_folder.join(RECORD))
            .map_err(|error| doing("renaming the record", &error))?;
        sync_folder(run_folder)
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A lock that ends with its holder, however that ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Gives it back for everyone who shares it: a process that another thread is about to start holds a copy until it
    /// runs its own program, and the lock would look taken for that moment.
    fn drop(&mut self) {
        // Where this fails, closing the file gives the lock back as well.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock; `None` where somebody alive holds it.
    pub(crate) fn take(path: &PathBuf) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::starting("tool".to_owned(), "m".to_owned(), Limits::default(), "b".to_owned())
    }

    #[test]
    fn a_record_comes_back_as_written_and_leaves_no_other_file() {
        let folder = tempfile::tempdir().expect("a folder");
        record().write(folder.path()).expect("written");
        assert_eq!(Record::read(folder.path()).expect("read"), record());
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_damaged_or_newer_record_is_an_error_and_not_a_guess() {
        let folder = tempfile::tempdir().expect("a folder");
        let newer = Record { schema: "deep-review/attempt/v9".to_owned(), ..record() };
        newer.write(folder.path()).expect("written");
        assert!(Record::read(folder.path()).is_err());
        std::fs::write(folder.path().join(RECORD), "{\"schema\":").expect("written");
        assert!(Record::read(folder.path()).is_err());
    }

    #[test]
    fn a_lock_is_taken_once_and_is_free_when_its_holder_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(KEEPER_LOCK);
        let held = Lock::take(&path).expect("a lock").expect("free");
        assert!(Lock::take(&path).expect("a look").is_none());
        drop(held);
        assert!(Lock::take(&path).expect("a look").is_some());
    }
}
