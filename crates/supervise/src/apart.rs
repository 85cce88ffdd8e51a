//! Programs of ours that live longer than the process that starts them: one for each folder, known by its seat there.
//!
//! In: a command and a folder. Out: a process in a session of its own, and later whether it is there and a way to end it.
//! Whether somebody sits is told by a lock, which ends with its holder; the file beside it only says whom to signal. Never a
//! signal to a process that is not verified to be the one that took the seat.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Stage;
use crate::os::{doing, here};
use crate::record::{Identity, Lock};

const LOCK: &str = "seat.lock";
const SITTER: &str = "seat.json";
const SCHEMA: &str = "deep-review/seat/v1";

/// Whether the end of a whole tree can be proven here. Elsewhere `tree_gone` is never true, and says nothing.
pub const PROVES_ENDS: bool = crate::os::tree::PROVES;

/// The seat of a folder, taken by this process for as long as it lives.
#[derive(Debug)]
#[must_use = "the seat is given back when this is dropped"]
pub struct Seat {
    _lock: Lock,
}

#[derive(Debug, Serialize, Deserialize)]
struct Sitter {
    schema: String,
    identity: Identity,
}

impl Seat {
    /// Takes the seat of `folder` for this process; `None` where somebody else has it.
    pub fn take(folder: &Path) -> io::Result<Option<Self>> {
        let path = folder.join(LOCK);
        let mut lock = Lock::take(&path)?;
        for _ in 0..50 {
            if lock.is_some() {
                break;
            }
            // It may be one who only looks.
            std::thread::sleep(Duration::from_millis(3));
            lock = Lock::take(&path)?;
        }
        let Some(lock) = lock else { return Ok(None) };
        let identity = here::own_identity()?;
        let sitter = Sitter { schema: SCHEMA.to_owned(), identity };
        let text = serde_json::to_string(&sitter).map_err(io::Error::from)?;
        let temporary = folder.join(format!("{SITTER}.{}.new", std::process::id()));
        fs::write(&temporary, text).map_err(|error| doing("writing who sits here", &error))?;
        fs::rename(&temporary, folder.join(SITTER)).map_err(|error| doing("saying who sits here", &error))?;
        Ok(Some(Self { _lock: lock }))
    }

    /// Whether somebody has the seat of `folder`.
    pub fn is_taken(folder: &Path) -> io::Result<bool> {
        let path = folder.join(LOCK);
        if !path.exists() {
            return Ok(false);
        }
        // Whoever looks holds the lock for a moment, and is not taken for one who sits.
        for _ in 0..3 {
            if Lock::take(&path)?.is_some() {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(true)
    }

    /// Asks who has the seat to end, or ends it: the very process that took it. `false` where it is gone.
    pub fn signal(folder: &Path, stage: Stage) -> Result<bool, String> {
        if !Self::is_taken(folder).map_err(|error| error.to_string())? {
            return Ok(false);
        }
        let text = fs::read_to_string(folder.join(SITTER))
            .map_err(|error| format!("it is not known who sits there: {error}"))?;
        let sitter: Sitter = serde_json::from_str(&text)
            .map_err(|error| format!("it is not understood who sits there: {error}"))?;
        if sitter.schema != SCHEMA {
            return Err(format!("unknown schema `{}`", sitter.schema));
        }
        here::signal(&sitter.identity, stage)
    }
}

/// Starts a program of ours in a session (on Windows: a process group) of its own, with nothing of this process but the
/// given environment. It goes on when this process ends. What it says goes to the end of `log`.
pub fn start_apart(
    command: &[OsString],
    folder: &Path,
    environment: &[(OsString, OsString)],
    log: &Path,
) -> io::Result<u32> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|error| doing("opening its log", &error))?;
    let mut child = here::spawn_apart(command, folder, environment, log)?;
    let number = child.id();
    // Where it ends before we do, nobody else would take note of its end. The thread ends with us.
    std::thread::Builder::new().name("apart".to_owned()).spawn(move || child.wait())?;
    Ok(number)
}

/// A lock file that is taken by one process at a time, and free when that process is gone, however it went.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct Exclusive {
    _lock: Lock,
}

impl Exclusive {
    /// Takes it; `None` where somebody alive holds it.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        let path: PathBuf = path.to_owned();
        Ok(Lock::take(&path)?.map(|lock| Self { _lock: lock }))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_free_seat_is_told_and_nobody_is_signalled_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!Seat::is_taken(folder.path()).expect("a look"));
        assert_eq!(Seat::signal(folder.path(), Stage::Kill), Ok(false));
        let seat = Seat::take(folder.path()).expect("a seat").expect("free");
        assert!(Seat::is_taken(folder.path()).expect("a look"));
        assert!(Seat::take(folder.path()).expect("a look").is_none());
        drop(seat);
        assert!(!Seat::is_taken(folder.path()).expect("a look"));
    }

    #[test]
    fn a_seat_whose_sitter_is_not_the_recorded_process_is_not_signalled() {
        let folder = tempfile::tempdir().expect("a folder");
        let _seat = Seat::take(folder.path()).expect("a seat").expect("free");
        // The number is ours, and the process that had it is another one: started at another time.
        let path = folder.path().join(SITTER);
        let mut sitter: Sitter = serde_json::from_str(&fs::read_to_string(&path).expect("text")).expect("it");
        sitter.identity.start += 1;
        fs::write(&path, serde_json::to_string(&sitter).expect("text")).expect("written");
        assert_eq!(Seat::signal(folder.path(), Stage::Kill), Ok(false), "we live, so nobody was killed");
    }

    #[test]
    fn a_program_apart_has_a_session_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let script = "cut -d' ' -f6 /proc/$$/stat; echo $$; pwd; echo \"$X\"";
        let command = ["/bin/sh".into(), "-c".into(), script.into()];
        let environment = [("X".into(), "y".into()), ("PATH".into(), "/usr/bin:/bin".into())];
        start_apart(&command, folder.path(), &environment, &log).expect("started");
        let begun = Instant::now();
        let said = loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if said.lines().count() >= 4 || begun.elapsed() > Duration::from_secs(20) {
                break said;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines[0], lines[1], "{said}");
        assert_eq!(lines[3], "y");
    }
}
