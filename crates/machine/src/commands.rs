//! Commands for a machine that runs: how a command line hands them to the agent, and gets back what came of them.
//!
//! In: a job and what it reads. Out: its streams as they come, and how it ended. By files in the machine's folder: a command
//! whose sender is gone is ended, and one whose agent is gone is said to be lost. What a job's line carries is the sender's.

use std::cell::Cell;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use supervise::{Exclusive, Seat, remove_tree};

use crate::job::{Done, How, Job};
use crate::line::{Carry, Door};
use crate::places::{Places, read_json, write_json};
use crate::reconcile::Failed;

const LOOK: Duration = Duration::from_millis(10);
const JOB: &str = "job.json";
const STDIN: &str = "stdin";
const DONE: &str = "done.json";
/// Files that the job is shown, by their numbers.
pub(crate) const SHOWN: &str = "shown";
const CANCEL: &str = "cancel";
const SENDER: &str = "sender.lock";
/// What the first process of a job reads about its line.
const ABOUT_LINE: &str = "line";
const UNSENT: &str = ".unsent";
/// A command that is not whole after this time never will be.
const UNSENT_FOR: Duration = Duration::from_mins(1);

/// A name that nobody else has, and nobody can guess.
pub fn unique() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
}

/// A command with what goes with it.
pub struct Parcel<'a> {
    /// The command.
    pub job: &'a Job,
    /// Its standard input.
    pub stdin: &'a [u8],
    /// It is shown these, as `shown/0` and so on.
    pub files: &'a [PathBuf],
    /// What is done with its line, where it has one.
    pub carry: Option<Carry>,
}

/// Hands a job to the agent of a machine and waits for its end.
pub(crate) fn send(
    places: &Places,
    Parcel { job, stdin, files, carry }: Parcel<'_>,
    cancelled: &dyn Fn() -> bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Done, Failed> {
    let failed = |error: io::Error| Failed::passing(format!("the command could not be handed over: {error}"));
    let id = unique();
    let unsent = places.commands().join(format!("{id}{UNSENT}"));
    let folder = places.commands().join(&id);
    fs::create_dir_all(&unsent).map_err(failed)?;
    let _sender = hold(&unsent.join(SENDER)).map_err(failed)?;
    fs::write(unsent.join(STDIN), stdin).map_err(failed)?;
    for (number, file) in files.iter().enumerate() {
        give(file, &unsent.join(SHOWN), number).map_err(failed)?;
    }
    write_json(&unsent.join(JOB), job).map_err(failed)?;
    // Closed when this function ends, however that is.
    let _door = carry.map(|carry| Door::open(&unsent, carry)).transpose().map_err(failed)?;
    fs::rename(&unsent, &folder).map_err(failed)?;
    let mut tails = [Tail::new(folder.join("stdout")), Tail::new(folder.join("stderr"))];
    let mut told = false;
    let done = loop {
        // Looked at first: what was written before it is there then.
        let done: Option<Done> = read_json(&folder.join(DONE));
        let mut news = tails[0].show(out).map_err(failed)?;
        news |= tails[1].show(err).map_err(failed)?;
        if let Some(done) = done {
            if news {
                continue;
            }
            break done;
        }
        if !Seat::is_taken(&places.agent()).unwrap_or(true) && !folder.join(DONE).exists() {
            break Done { how: How::Lost, exit: None, ms: 0, note: Some("the machine went down".to_owned()) };
        }
        if !told && cancelled() {
            fs::write(folder.join(CANCEL), "").map_err(failed)?;
            told = true;
        }
        if !news {
            std::thread::sleep(LOOK);
        }
    };
    // Under a name at which the agent does not look: half removed, it would be taken for a new one.
    if fs::rename(&folder, &unsent).is_ok() {
        // The agent removes what is left where this fails.
        drop(remove_tree(&unsent));
    }
    Ok(done)
}

/// Takes the lock that says that the sender lives. An agent that looks whether it does holds it for a moment.
fn hold(path: &Path) -> io::Result<Exclusive> {
    for _ in 0..1000 {
        if let Some(lock) = Exclusive::take(path)? {
            return Ok(lock);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err(io::Error::other("somebody else holds its lock"))
}

/// Copies a file to where everybody in the machine may read it, and run it where somebody may.
fn give(file: &Path, folder: &Path, number: usize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let to = folder.join(number.to_string());
    fs::copy(file, &to)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let is_program = fs::metadata(file)?.permissions().mode() & 0o111 != 0;
        fs::set_permissions(&to, fs::Permissions::from_mode(if is_program { 0o755 } else { 0o644 }))?;
    }
    Ok(())
}

/// A file that grows.
pub(crate) struct Tail {
    path: PathBuf,
    file: Option<File>,
}

impl Tail {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Shows what is new; whether there was something.
    pub(crate) fn show(&mut self, to: &mut dyn Write) -> io::Result<bool> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else { return Ok(false) };
        let mut bytes = [0; 16384];
        let mut some = false;
        loop {
            let count = file.read(&mut bytes)?;
            if count == 0 {
                break;
            }
            some = true;
            to.write_all(&bytes[..count])?;
        }
        if some {
            to.flush()?;
        }
        Ok(some)
    }
}

/// The next command for the agent; those whose senders are gone are cleared away.
pub(crate) fn next(places: &Places) -> Option<Taken> {
    let entries = fs::read_dir(places.commands()).ok()?;
    let mut folders: Vec<(std::time::SystemTime, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    folders.sort();
    for (changed, folder) in folders {
        let is_unsent = folder.to_string_lossy().ends_with(UNSENT);
        // One that is being made has no holder yet, and one that is being removed none any more.
        if is_unsent && changed.elapsed().is_ok_and(|age| age < UNSENT_FOR) {
            continue;
        }
        if is_sender_gone(&folder) {
            drop(remove_tree(&folder));
        } else if !is_unsent && !folder.join(DONE).exists() {
            return Some(Taken { folder, looked: Cell::new(Instant::now()) });
        }
    }
    None
}

/// A folder without the lock is one that is being made or removed.
fn is_sender_gone(folder: &Path) -> bool {
    let lock = folder.join(SENDER);
    lock.exists() && matches!(Exclusive::take(&lock), Ok(Some(_)))
}

/// A command that the agent works on.
pub(crate) struct Taken {
    folder: PathBuf,
    looked: Cell<Instant>,
}

impl Taken {
    /// The job; an error is an answer.
    pub(crate) fn job(&self) -> Result<Job, String> {
        let text = fs::read_to_string(self.folder.join(JOB)).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    /// Makes the files that the machine sees. Gives the job's name there.
    pub(crate) fn show(&self, job: &Job, jobs: &Path) -> Result<String, String> {
        let id = unique();
        let folder = jobs.join(&id);
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(failed)?;
        fs::copy(self.folder.join(STDIN), folder.join("stdin")).map_err(failed)?;
        match fs::rename(self.folder.join(SHOWN), folder.join(SHOWN)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        put(job, &folder, &id)?;
        Ok(id)
    }

    /// Whether nobody waits for it any more. Looked at now and then.
    pub(crate) fn is_cancelled(&self) -> bool {
        if self.looked.get().elapsed() < Duration::from_millis(100) {
            return false;
        }
        self.looked.set(Instant::now());
        self.folder.join(CANCEL).exists() || is_sender_gone(&self.folder)
    }

    /// Where its streams go.
    pub(crate) fn streams(&self) -> io::Result<[File; 2]> {
        Ok([File::create(self.folder.join("stdout"))?, File::create(self.folder.join("stderr"))?])
    }

    /// The line of the job, to whoever sent it.
    #[cfg(unix)]
    pub(crate) fn line(&self) -> io::Result<std::os::unix::net::UnixStream> {
        crate::line::knock(&self.folder)
    }

    /// Gives the answer.
    pub(crate) fn answer(&self, done: &Done) -> io::Result<()> {
        write_json(&self.folder.join(DONE), done)
    }
}

/// Writes the scripts of a job.
pub(crate) fn put(job: &Job, folder: &Path, id: &str) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    fs::write(folder.join("mounts"), job.mounts(id)?).map_err(failed)?;
    if let Some(about) = job.line()? {
        fs::write(folder.join(ABOUT_LINE), about).map_err(failed)?;
    }
    fs::write(folder.join("run"), job.script()?).map_err(failed)
}
