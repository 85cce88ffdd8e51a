//! The keeper process of one attempt: set up, start the program, keep it, write down how it ended.
//!
//! In: a job on its command line, limits in the record, orders on its standard input. Out: the record, messages on
//! its standard output. Never more than one thread, never an answer to a terminal, never the end before the tree's.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use model::Ending;

use crate::job::Job;
use crate::keeping::Keeping;
use crate::message::{Message, Tell as _};
use crate::os::unix::{Ears, Streams};
use crate::os::{doing, namespace, tree, unix};
use crate::record::{End, KEEPER_LOCK, Lock, MARK, Phase, Record};
use crate::run::never_ran;
use crate::shim::Shim;
use crate::spool::Spool;
use crate::teller::Teller;
use crate::tree::Tree;
use crate::{Hold, Level};

/// The keeper of one attempt: the whole work of the process that [`crate::Keeper::command`] starts.
///
/// Takes the arguments after that command, lives as long as the program's tree, and must be called before the
/// process starts any thread.
pub fn keeper_main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(job) = Job::from_arguments(arguments) else { return ExitCode::from(2) };
    let mut teller = Teller::new();
    let end = match Attempt::prepare(&job) {
        Ok(attempt) => attempt.keep(&job, &mut teller),
        Err(error) => not_started(&error),
    };
    teller.tell_surely(&Message::Ended(end));
    ExitCode::SUCCESS
}

fn not_started(error: &io::Error) -> End {
    never_ran(Ending::NotStarted, format!("not started: {error}"))
}

/// Everything but the program.
struct Attempt {
    record: Record,
    lifeline: OwnedFd,
    spool: Spool,
    /// The run folder by a name that nobody can take away or give to another.
    place: PathBuf,
    _folder: File,
    _lock: Lock,
}

/// A program that was just started.
struct Started {
    pid: Option<i32>,
    tree: Tree,
    streams: Streams,
    ears: Ears,
    notes: Vec<String>,
}

impl Attempt {
    fn prepare(job: &Job) -> io::Result<Self> {
        let lock = Lock::take(&job.run_folder.join(KEEPER_LOCK))
            .map_err(|error| doing("taking the keeper's lock", &error))?
            .ok_or_else(|| io::Error::other("another keeper works in this folder"))?;
        let record = Record::read(&job.run_folder).map_err(|error| doing("reading the record", &error))?;
        unix::keep_descriptors_from_children()?;
        tree::adopt_orphans().map_err(|error| doing("becoming the reaper of the tree", &error))?;
        let lifeline = unix::lifeline()?;
        let spool = Spool::open(&job.run_folder, record.limits.output)
            .map_err(|error| doing("opening the files for its output", &error))?;
        let folder = File::open(&job.run_folder).map_err(|error| doing("opening the run folder", &error))?;
        let place = unix::steady(&folder, &job.run_folder);
        Ok(Self { record, lifeline, spool, place, _folder: folder, _lock: lock })
    }

    fn keep(self, job: &Job, teller: &mut Teller) -> End {
        let Self { mut record, lifeline, spool, place, _folder, _lock } = self;
        let end = match start(job, &mut record, &place, &lifeline) {
            Ok(started) => {
                teller.tell(&Message::Started { pid: started.pid.unwrap_or_default().unsigned_abs() });
                let Started { tree, streams, ears, notes, .. } = started;
                let mut keeping = Keeping::new(&record.limits, tree, streams, spool, lifeline, ears);
                for note in notes {
                    keeping.note(note);
                }
                keeping.keep(teller)
            }
            Err(error) => not_started(&error),
        };
        finish(record, end, &place)
    }
}

fn start(job: &Job, record: &mut Record, place: &Path, lifeline: &OwnedFd) -> io::Result<Started> {
    let mut byte = [0];
    if rustix::io::read(lifeline, &mut byte[..]) == Ok(0) {
        return Err(io::Error::other("the supervisor was gone before the program was started"));
    }
    let streams = Streams::new(&job.stdin)?;
    let mut notes = Vec::new();
    if namespace::KNOWN && record.limits.hold == Hold::Firm {
        match Shim::make(job, &record.limits, &record.mark, &streams) {
            Ok((shim, said)) => return start_inside(place, record, streams, shim, said),
            Err(error) => notes.push(format!(
                "its processes were held by a keeper alone, as a PID namespace could not be made: {error}"
            )),
        }
    }
    start_alone(job, place, record, streams, notes)
}

/// The record knows the first process of the namespace before there is a program in it.
fn start_inside(
    place: &Path,
    record: &mut Record,
    streams: Streams,
    mut shim: Shim,
    notes: Vec<String>,
) -> io::Result<Started> {
    record.init = tree::identity(shim.pid.as_raw_pid());
    let begun = running(place, record, Level::Namespace).and_then(|()| shim.start());
    let pid = match begun.and_then(|pid| shim.never_wait().map(|()| pid)) {
        Ok(pid) => pid,
        Err(error) => {
            shim.end();
            return Err(error);
        }
    };
    record.leader = pid.and_then(tree::identity);
    Ok(Started { pid, tree: Tree::inside(shim), streams, ears: Ears::new()?, notes })
}

fn start_alone(
    job: &Job,
    place: &Path,
    record: &mut Record,
    streams: Streams,
    mut notes: Vec<String>,
) -> io::Result<Started> {
    running(place, record, tree::LEVEL)?;
    let ears = Ears::new()?;
    let leader = unix::start_leader(job, &record.limits, (MARK, &record.mark), &streams)?;
    record.leader = tree::identity(leader.as_raw_pid());
    if let Err(error) = record.write(place) {
        notes.push(format!("the record does not know the program's process: {error}"));
    }
    Ok(Started { pid: Some(leader.as_raw_pid()), tree: Tree::of(leader), streams, ears, notes })
}

/// From here on there may be a program, and a later start has to look for it.
fn running(place: &Path, record: &mut Record, level: Level) -> io::Result<()> {
    record.phase = Phase::Running;
    record.level = Some(level);
    record.keeper = tree::identity(rustix::process::getpid().as_raw_pid());
    record.write(place)
}

fn finish(mut record: Record, mut end: End, place: &Path) -> End {
    record.phase = Phase::Ended;
    record.end = Some(end.clone());
    // A full disk may have room again in a moment; the supervisor learns the ending anyway.
    for pause in [50, 200, 0] {
        match record.write(place) {
            Ok(()) => break,
            Err(_) if pause > 0 => std::thread::sleep(Duration::from_millis(pause)),
            Err(error) => end.notes.push(format!("the ending is not on disk: {error}")),
        }
    }
    end
}
