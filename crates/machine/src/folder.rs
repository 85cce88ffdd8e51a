//! Where machines are written down: one folder each, one lock each.
//!
//! In: the user's data folder. Out: records, events and locks. A record is replaced as a whole; a lock is free when its holder is
//! gone, however it went. Never a guess about a record that is not understood.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use supervise::{Exclusive, remove_tree};

use crate::reconcile::{Book, Event, Failed};
use crate::words::{Name, Record, SCHEMA};

const RECORD: &str = "machine.json";
const EVENTS: &str = "events.jsonl";
/// A record longer than this is not one of ours.
const LONGEST: u64 = 1 << 20;

/// Why a machine's folder is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such machine.
    #[error("there is no machine \"{0}\"")]
    NoSuch(Name),
    /// Somebody else works on it.
    #[error("another command is at work on the machine \"{0}\"")]
    Busy(Name),
    /// Its record is not understood. It was kept.
    #[error("the record {} is not understood, and was kept: {source}", path.display())]
    Damaged {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Our own files could not be read or written.
    #[error("{}: {source}", path.display())]
    Files {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// All machines of a user.
#[derive(Clone, Debug)]
pub struct Machines {
    root: PathBuf,
}

impl Machines {
    /// Those below this folder, which is made when the first machine is.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Their names, in order.
    pub fn names(&self) -> Result<Vec<Name>, Error> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::Files { path: self.root.clone(), source }),
        };
        let mut names: Vec<Name> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join(RECORD).exists())
            .filter_map(|entry| Name::try_from(entry.file_name().into_string().ok()?).ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// The folder of a machine.
    pub fn folder(&self, name: &Name) -> PathBuf {
        self.root.join(name.as_str())
    }

    /// What is written down about a machine; `None` where nothing is.
    pub fn read(&self, name: &Name) -> Result<Option<Record>, Error> {
        read(&self.folder(name))
    }

    /// Takes a machine for this process alone, and waits at most so long for it.
    pub fn take(&self, name: &Name, patience: Duration) -> Result<Taken, Error> {
        let locks = self.root.join("locks");
        let files = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Files { path, source }
        };
        make_private(&self.root).map_err(files(&self.root))?;
        fs::create_dir_all(&locks).map_err(files(&locks))?;
        let path = locks.join(format!("{name}.lock"));
        let begun = Instant::now();
        let lock = loop {
            if let Some(lock) = Exclusive::take(&path).map_err(files(&path))? {
                break lock;
            }
            if begun.elapsed() >= patience {
                return Err(Error::Busy(name.clone()));
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        Ok(Taken { folder: self.folder(name), on_event: None, _lock: lock })
    }
}

/// Makes a folder that nobody else may enter.
#[cfg(unix)]
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a folder.
#[cfg(not(unix))]
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// What is written down in the folder of a machine.
pub(crate) fn read(folder: &Path) -> Result<Option<Record>, Error> {
    let path = folder.join(RECORD);
    let read = || -> io::Result<Record> {
        let mut text = String::new();
        File::open(&path)?.take(LONGEST).read_to_string(&mut text)?;
        let record: Record = serde_json::from_str(&text).map_err(io::Error::from)?;
        if record.schema == SCHEMA {
            Ok(record)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("unknown schema `{}`", record.schema)))
        }
    };
    match read() {
        Ok(record) => Ok(Some(record)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Damaged { path, source }),
    }
}

/// Writes a file as a whole: when this returns, it survives a crash.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = PathBuf::from(name);
    let written = (|| {
        let mut file = File::create(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if written.is_err() {
        // On a full disk the half that was written is in the way of everybody else.
        drop(fs::remove_file(&new));
    }
    written
}

/// Writes the record of a machine into its folder.
pub(crate) fn write_record(folder: &Path, record: &Record) -> io::Result<()> {
    let text = serde_json::to_string_pretty(record).expect("plain data");
    write_whole(&folder.join(RECORD), text.as_bytes())
}

/// Is shown events.
pub(crate) type Listener = Box<dyn FnMut(&Event) + Send>;

/// A machine that belongs to this process alone.
pub struct Taken {
    folder: PathBuf,
    on_event: Option<Listener>,
    _lock: Exclusive,
}

impl Taken {
    /// Shows each event to somebody as well.
    pub fn show_events(&mut self, on_event: Listener) {
        self.on_event = Some(on_event);
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is written down about it; `None` where nothing is.
    pub fn read(&self) -> Result<Option<Record>, Error> {
        read(&self.folder)
    }

    /// Forgets the machine, whatever is left of it: its folder is removed, and nothing else.
    pub fn abandon(mut self) -> Result<(), Failed> {
        self.remove()
    }
}

impl Book for Taken {
    fn write(&mut self, record: &Record) -> Result<(), Failed> {
        let written = make_private(&self.folder).and_then(|()| write_record(&self.folder, record));
        written.map_err(|error| {
            Failed::passing(format!("the record in {} could not be written: {error}", self.folder.display()))
        })
    }

    /// The record goes last: until then it says that there is something to remove.
    fn remove(&mut self) -> Result<(), Failed> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Failed::passing(format!("{}: {error}", self.folder.display()))),
        };
        for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_name() != RECORD) {
            remove_tree(&entry.path()).map_err(|error| Failed::passing(error.to_string()))?;
        }
        remove_tree(&self.folder).map_err(|error| Failed::passing(error.to_string()))
    }

    fn event(&mut self, event: Event) {
        if let Some(on_event) = &mut self.on_event {
            on_event(&event);
        }
        let line = serde_json::to_string(&event).expect("plain data") + "\n";
        let path = self.folder.join(EVENTS);
        let written = File::options()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        if let (Err(error), Some(on_event)) = (written, &mut self.on_event) {
            // It was shown; that it is not kept is shown as well.
            let message = format!("an event could not be kept: {error}");
            on_event(&Event { step: "events".to_owned(), message, ..event });
        }
    }
}

/// The events of a machine as they were written, one JSON object a line.
pub fn events(folder: &Path) -> io::Result<String> {
    match fs::read_to_string(folder.join(EVENTS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{DriverKind, Template};

    fn name() -> Name {
        Name::try_from("a".to_owned()).expect("a name")
    }

    #[test]
    fn a_record_comes_back_and_goes_last() {
        let scratch = tempfile::tempdir().expect("a folder");
        // What means something to a pattern means nothing here.
        let machines = Machines::at(scratch.path().join("vm[1]*"));
        assert!(machines.names().expect("none").is_empty());
        let mut taken = machines.take(&name(), Duration::ZERO).expect("free");
        let record = Record::new(name(), Template::new(DriverKind::Qemu));
        taken.write(&record).expect("written");
        assert_eq!(machines.read(&name()).expect("read"), Some(record));
        assert_eq!(machines.names().expect("one"), [name()]);
        assert!(matches!(machines.take(&name(), Duration::ZERO), Err(Error::Busy(_))));
        taken.remove().expect("removed");
        assert!(!machines.folder(&name()).exists());
        drop(taken);
        assert!(machines.take(&name(), Duration::ZERO).is_ok());
    }

    #[test]
    fn a_damaged_or_newer_record_is_kept_and_not_guessed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let machines = Machines::at(scratch.path().to_owned());
        let mut taken = machines.take(&name(), Duration::ZERO).expect("free");
        let newer = Record {
            schema: "deep-review/machine/v9".to_owned(),
            ..Record::new(name(), Template::new(DriverKind::Qemu))
        };
        taken.write(&newer).expect("written");
        assert!(matches!(machines.read(&name()), Err(Error::Damaged { .. })));
        fs::write(taken.folder().join(RECORD), "{\"schema\":").expect("written");
        assert!(matches!(taken.read(), Err(Error::Damaged { .. })));
    }
}
