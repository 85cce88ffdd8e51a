//! Makes something once, however many processes want it at the same time.
//!
//! In: a path, a way to make it, a way to tell whether it is good. Out: it is there. Never removes a good one because
//! making another failed, never waits without a limit, never takes what a crash left half made for the whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::record::Lock;
use crate::recover::unique_name;
use crate::remove_tree;

const PAUSE: Duration = Duration::from_millis(20);
const UNFINISHED: &str = ".unfinished";

/// How it came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetUp {
    /// Somebody had made it before.
    Found,
    /// It was made now.
    Made,
}

/// Why it is not there.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// Another process is making it, and takes longer than we wait.
    #[error("another process has been setting up \"{}\" for more than {} s", place.display(), patience.as_secs())]
    Busy {
        /// What is made.
        place: PathBuf,
        /// How long was waited.
        patience: Duration,
    },
    /// It was made, and is not good.
    #[error("\"{}\" was set up, and is of no use", place.display())]
    Useless {
        /// What was made.
        place: PathBuf,
    },
    /// It could not be made.
    #[error("could not set up \"{}\": {source}", place.display())]
    Failed {
        /// What was made.
        place: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Makes the file or folder `place` with `make`, unless it `is_good` already. `make` is given a path beside it to make it
/// at; only what is good is moved to its place. One process at a time does this, the others wait for at most `patience`,
/// and find it made. `make` must come to an end by itself: tools belong into [`crate::run`], with limits.
pub fn set_up_once(
    place: &Path,
    patience: Duration,
    is_good: &dyn Fn(&Path) -> bool,
    make: &mut dyn FnMut(&Path) -> io::Result<()>,
) -> Result<SetUp, SetUpError> {
    if is_good(place) {
        return Ok(SetUp::Found);
    }
    let failed = |source| SetUpError::Failed { place: place.to_owned(), source };
    let name = place.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut lock = name.to_owned();
    lock.push(".lock");
    let busy = || SetUpError::Busy { place: place.to_owned(), patience };
    let _lock = wait_for(&folder.join(lock), patience).map_err(failed)?.ok_or_else(busy)?;
    if is_good(place) {
        return Ok(SetUp::Found);
    }
    let mut prefix = name.to_owned();
    prefix.push(".");
    // Nobody else makes it now, so whatever is unfinished was left by a crash.
    remove_unfinished(folder, &prefix).map_err(failed)?;
    prefix.push(unique_name() + UNFINISHED);
    let new = folder.join(prefix);
    let made = make(&new).map_err(failed).and_then(|()| {
        if is_good(&new) { Ok(()) } else { Err(SetUpError::Useless { place: place.to_owned() }) }
    });
    let moved = made.and_then(|()| put(&new, place).map_err(failed));
    if moved.is_err() {
        // The next one to make it removes it, where this fails.
        let _ = remove_tree(&new);
    }
    moved.map(|()| SetUp::Made)
}

fn wait_for(lock: &PathBuf, patience: Duration) -> io::Result<Option<Lock>> {
    let deadline = Instant::now().checked_add(patience);
    loop {
        if let Some(lock) = Lock::take(lock)? {
            return Ok(Some(lock));
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

fn remove_unfinished(folder: &Path, prefix: &std::ffi::OsStr) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(UNFINISHED.as_bytes()) {
            remove_tree(&entry.path()).map_err(io::Error::other)?;
        }
    }
    Ok(())
}

/// Moves it to its place. What is there is of no use; a file is replaced in one step, a folder cannot be.
fn put(new: &Path, place: &Path) -> io::Result<()> {
    match fs::rename(new, place) {
        Err(_) if place.is_dir() || new.is_dir() => {
            remove_tree(place).map_err(io::Error::other)?;
            fs::rename(new, place)
        }
        renamed => renamed,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn is_good(path: &Path) -> bool {
        fs::read_to_string(path).is_ok_and(|text| text == "good")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("listed");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("one").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn of_ten_at_once_one_makes_it_and_the_others_find_it() {
        let scratch = tempfile::tempdir().expect("a folder");
        let place = scratch.path().join("deep/key");
        let made = AtomicUsize::new(0);
        let come: Vec<SetUp> = std::thread::scope(|scope| {
            let one = || {
                set_up_once(&place, LONG, &is_good, &mut |new| {
                    made.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(50));
                    fs::write(new, "good")
                })
            };
            let all: Vec<_> = (0..10).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|one| one.join().expect("no panic").expect("set up")).collect()
        });
        assert_eq!(made.into_inner(), 1);
        assert_eq!(come.iter().filter(|come| **come == SetUp::Made).count(), 1);
        assert_eq!(names(&scratch.path().join("deep")), ["key", "key.lock"]);
    }

    #[test]
    fn a_good_one_stays_whatever_the_tool_would_do() {
        let scratch = tempfile::tempdir().expect("a folder");
        let place = scratch.path().join("key");
        fs::write(&place, "good").expect("a key");
        let come = set_up_once(&place, LONG, &is_good, &mut |_| panic!("nothing to make"));
        assert_eq!(come.expect("there"), SetUp::Found);
    }

    #[test]
    fn a_tool_that_fails_or_makes_rubbish_leaves_what_was_there() {
        let scratch = tempfile::tempdir().expect("a folder");
        let place = scratch.path().join("key");
        fs::write(&place, "old, and not good for us").expect("a key");
        let failed = set_up_once(&place, LONG, &is_good, &mut |_| Err(io::ErrorKind::TimedOut.into()));
        assert!(matches!(failed, Err(SetUpError::Failed { .. })), "{failed:?}");
        let useless = set_up_once(&place, LONG, &is_good, &mut |new| fs::write(new, "rubbish"));
        assert!(matches!(useless, Err(SetUpError::Useless { .. })), "{useless:?}");
        assert_eq!(fs::read_to_string(&place).expect("there"), "old, and not good for us");
        assert_eq!(names(scratch.path()), ["key", "key.lock"], "nothing half made is left");
    }

    #[test]
    fn what_a_crash_left_half_made_is_neither_taken_nor_in_the_way() {
        let scratch = tempfile::tempdir().expect("a folder");
        for name in ["key.0123.unfinished", "keys.0123.unfinished", "key[1].0.unfinished"] {
            fs::write(scratch.path().join(name), "go").expect("half a key");
        }
        // The lock file is there; whoever held it is not.
        fs::write(scratch.path().join("key.lock"), "").expect("a lock");
        let place = scratch.path().join("key");
        let come = set_up_once(&place, Duration::ZERO, &is_good, &mut |new| fs::write(new, "good"));
        assert_eq!(come.expect("made"), SetUp::Made);
        let left = ["key", "key.lock", "key[1].0.unfinished", "keys.0123.unfinished"];
        assert_eq!(names(scratch.path()), left, "and what is somebody else's stays");
    }

    #[test]
    fn one_that_takes_too_long_is_not_waited_for() {
        let scratch = tempfile::tempdir().expect("a folder");
        let place = scratch.path().join("key");
        let _held = Lock::take(&scratch.path().join("key.lock")).expect("a lock").expect("free");
        let busy = set_up_once(&place, Duration::ZERO, &is_good, &mut |_| panic!("somebody else does"));
        assert!(matches!(busy, Err(SetUpError::Busy { .. })), "{busy:?}");
    }

    #[test]
    fn a_folder_can_be_set_up_as_well() {
        let scratch = tempfile::tempdir().expect("a folder");
        let place = scratch.path().join("cache");
        fs::create_dir_all(place.join("damaged")).expect("a folder of no use");
        let is_good = |path: &Path| path.join("whole").exists();
        let come = set_up_once(&place, LONG, &is_good, &mut |new| {
            fs::create_dir(new)?;
            fs::write(new.join("whole"), "")
        });
        assert_eq!(come.expect("made"), SetUp::Made);
        assert!(place.join("whole").exists() && !place.join("damaged").exists());
    }
}
