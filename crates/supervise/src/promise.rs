//! Promises to remove a folder: on disk before the folder is, and there until it is gone.
//!
//! In: a folder of promises, a folder to remove, and the runs that must be over before. Out: the folder removed, or a
//! promise that says why not and is kept for the next start. Never lost because a removal failed, never in the way of
//! other work, never a folder that was not named literally.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::os::doing;
use crate::record::Lock;
use crate::recover::{is_over, unique_name};
use crate::trouble::{Trouble, trouble};
use crate::{RemoveError, remove_tree};

const SCHEMA: &str = "deep-review/promise/v1";
const ENDING: &str = ".promise.json";
const LOCK: &str = ".lock";
/// A promise longer than this is not one of ours.
const LONGEST: u64 = 1 << 18;
/// The first pause between two tries; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A trouble that passes by itself has passed after so many tries…
const MANY_TRIES: u32 = 20;
/// …over so many seconds, or it does not pass by itself.
const LONG: u64 = 24 * 60 * 60;
/// More different reasons than these are of no use to anybody.
const MOST_REASONS: usize = 20;

/// A promise of this process. When the process dies, the next start keeps it ([`keep_promises`]).
#[derive(Debug)]
#[must_use = "a promise wants to be kept"]
pub struct Promise {
    file: PathBuf,
    content: Content,
    lock: Lock,
}

/// What a promise says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    schema: String,
    /// The folder, as text in which every byte that is not printable is `%` and two digits.
    folder: String,
    /// Every attempt below this folder must be proven gone before.
    after: Option<String>,
    tries: u32,
    /// When it failed for the first time, in seconds since 1970.
    failing_since: Option<u64>,
    trouble: Option<Trouble>,
    /// Each different reason once, the latest last.
    reasons: Vec<String>,
}

/// How a promise stands that is not kept yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The next start tries again.
    Pending,
    /// Trying again has not helped and will hardly help: a person must look.
    Blocked,
}

/// Something an earlier run left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// What it is: `folder` or `processes`.
    pub kind: LeftoverKind,
    /// The folder, or the run folder of the processes' record.
    pub path: PathBuf,
    /// How it stands.
    pub state: State,
    /// How often it was tried.
    pub tries: u32,
    /// Why it is still there, in a sentence.
    pub why: String,
    /// What a person can do.
    pub mend: String,
}

/// What was left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftoverKind {
    /// A folder.
    Folder,
    /// Processes that are not proven gone.
    Processes,
}

impl Promise {
    /// Promises, in `promises`, that `folder` will be removed, once everything recorded below `after` is proven gone.
    /// To be called before `folder` is made.
    pub fn make(promises: &Path, folder: &Path, after: Option<&Path>) -> io::Result<Self> {
        let absolute = |path: &Path| std::path::absolute(path).map(|path| to_text(&path));
        let content = Content {
            schema: SCHEMA.to_owned(),
            folder: absolute(folder)?,
            after: after.map(absolute).transpose()?,
            tries: 0,
            failing_since: None,
            trouble: None,
            reasons: Vec::new(),
        };
        fs::create_dir_all(promises).map_err(|error| doing("creating the folder of promises", &error))?;
        let file = promises.join(unique_name() + ENDING);
        let lock = Lock::take(&lock_of(&file))?.ok_or_else(|| io::Error::other("the name is in use"))?;
        content.write(&file)?;
        Ok(Self { file, content, lock })
    }

    /// Removes the folder. Tries again for at most `patience` where the trouble may pass. What is not gone then stays
    /// promised, and is told.
    pub fn keep(self, patience: Duration) -> Result<(), Leftover> {
        keep(self, patience, &mut remove_tree, &mut std::thread::sleep)
    }
}

/// Keeps the promises of processes that died, and those that could not be kept before. Each is tried, for at most
/// `patience`; promises of living processes are left alone. Gives what is still there.
pub fn keep_promises(promises: &Path, patience: Duration) -> Vec<Leftover> {
    let mut left = Vec::new();
    for file in files(promises) {
        match adopt(&file) {
            Ok(Some(promise)) => left.extend(promise.keep(patience).err()),
            Ok(None) => {}
            Err(error) => left.push(unreadable(&file, &error)),
        }
    }
    left
}

/// The promises that are not kept, without trying.
pub(crate) fn unkept(promises: &Path) -> Vec<Leftover> {
    let look = |file: PathBuf| match adopt(&file) {
        Ok(None) => None,
        Ok(Some(promise)) => Some(promise.content.leftover(now())),
        Err(error) => Some(unreadable(&file, &error)),
    };
    files(promises).into_iter().filter_map(look).collect()
}

fn unreadable(file: &Path, error: &io::Error) -> Leftover {
    Leftover {
        kind: LeftoverKind::Folder,
        path: file.to_owned(),
        state: State::Blocked,
        tries: 0,
        why: format!("the promise is not understood and was kept: {error}"),
        mend: "remove the folder it names, then this file".to_owned(),
    }
}

/// `None` where its process lives.
fn adopt(file: &Path) -> io::Result<Option<Promise>> {
    let Some(lock) = Lock::take(&lock_of(file))? else { return Ok(None) };
    match Content::read(file) {
        Ok(content) => Ok(Some(Promise { file: file.to_owned(), content, lock })),
        // Somebody else was quicker, and has kept it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            remove_lock(&lock_of(file));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn files(promises: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(promises).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.ends_with(ENDING)))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn lock_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(LOCK);
    name.into()
}

/// A lock without a promise guards nothing: where it cannot be removed, nobody is hurt.
fn remove_lock(path: &Path) {
    let _ = fs::remove_file(path);
}

fn keep(
    mut promise: Promise,
    patience: Duration,
    remove: &mut dyn FnMut(&Path) -> Result<(), RemoveError>,
    sleep: &mut dyn FnMut(Duration),
) -> Result<(), Leftover> {
    let mut slept = Duration::ZERO;
    let mut pause = FIRST_PAUSE;
    while let Err((trouble, reason)) = promise.content.try_once(remove) {
        promise.content.failed(trouble, reason, now());
        if let Err(error) = promise.content.write(&promise.file) {
            // The promise itself is still there, as it was.
            promise.content.say(format!("its promise could not be brought up to date: {error}"));
        }
        if trouble == Trouble::Lasting || slept + pause > patience {
            return Err(promise.content.leftover(now()));
        }
        sleep(pause);
        slept += pause;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    match fs::remove_file(&promise.file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            // Kept, and not struck off: the next start finds nothing to do and strikes it off.
            promise.content.say(format!("its promise could not be struck off: {error}"));
            return Err(promise.content.leftover(now()));
        }
        _ => {}
    }
    let lock = lock_of(&promise.file);
    remove_lock(&lock);
    drop(promise.lock);
    Ok(())
}

impl Content {
    fn try_once(
        &mut self,
        remove: &mut dyn FnMut(&Path) -> Result<(), RemoveError>,
    ) -> Result<(), (Trouble, String)> {
        self.tries += 1;
        if let Some(after) = self.after.as_deref().map(to_path)
            && let Err(why) = is_over(&after)
        {
            return Err((Trouble::Passing, why));
        }
        remove(&to_path(&self.folder)).map_err(|error| (trouble(&error.source), error.to_string()))
    }

    fn failed(&mut self, trouble: Trouble, reason: String, now: u64) {
        self.failing_since.get_or_insert(now);
        self.trouble = Some(trouble);
        self.say(reason);
    }

    fn say(&mut self, reason: String) {
        self.reasons.retain(|known| *known != reason);
        self.reasons.push(reason);
        let surplus = self.reasons.len().saturating_sub(MOST_REASONS);
        self.reasons.drain(..surplus);
    }

    fn state(&self, now: u64) -> State {
        let since = self.failing_since.unwrap_or(now);
        let long = self.tries >= MANY_TRIES && now.saturating_sub(since) >= LONG;
        if long || self.trouble == Some(Trouble::Lasting) { State::Blocked } else { State::Pending }
    }

    fn leftover(&self, now: u64) -> Leftover {
        let path = to_path(&self.folder);
        let why = self.reasons.last().cloned();
        Leftover {
            kind: LeftoverKind::Folder,
            state: self.state(now),
            tries: self.tries,
            why: why.unwrap_or_else(|| "the process that promised to remove it died".to_owned()),
            mend: "remove the folder by hand; the next start then forgets it".to_owned(),
            path,
        }
    }

    fn read(file: &Path) -> io::Result<Self> {
        let mut text = String::new();
        io::Read::read_to_string(&mut io::Read::take(File::open(file)?, LONGEST), &mut text)?;
        let content: Self = serde_json::from_str(&text).map_err(io::Error::from)?;
        if content.schema == SCHEMA {
            Ok(content)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("unknown schema `{}`", content.schema)))
        }
    }

    fn write(&self, file: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::from)?;
        let temporary = file.with_extension("new");
        let mut new = File::create(&temporary).map_err(|error| doing("creating the promise", &error))?;
        new.write_all(text.as_bytes()).map_err(|error| doing("writing the promise", &error))?;
        new.sync_all().map_err(|error| doing("syncing the promise", &error))?;
        drop(new);
        fs::rename(&temporary, file).map_err(|error| doing("renaming the promise", &error))
    }
}

/// Seconds since 1970. A clock that was set back makes a promise look younger, and it is tried longer.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// A path as text from which it can be read again, whatever bytes it has.
#[cfg(unix)]
fn to_text(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b' '..=b'~' if *byte != b'%' => text.push(char::from(*byte)),
            // Writing to a string does not fail.
            _ => drop(write!(text, "%{byte:02x}")),
        }
    }
    text
}

#[cfg(unix)]
fn to_path(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn to_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn to_path(text: &str) -> PathBuf {
    text.into()
}

#[cfg(test)]
#[path = "promise_tests.rs"]
mod tests;
