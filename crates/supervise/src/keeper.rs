//! The keeper process of one attempt: set up, start the program, keep it, write down how it ended.
//!
//! In: a job on its command line, limits in the record, orders on its standard input. Out: the record, messages on
//! its standard output. Never more than one thread, never an answer to a terminal, never the end before the tree's.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Duration;

use model::Ending;

use crate::job::Job;
use crate::keeping::Keeping;
use crate::message::{Message, Tell as _};
use crate::os::unix::{Ears, Leader, Streams};
use crate::os::{doing, tree, unix};
use crate::record::{End, KEEPER_LOCK, Lock, MARK, Phase, Record};
use crate::run::never_ran;
use crate::spool::Spool;
use crate::teller::Teller;

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
    ears: Ears,
    spool: Spool,
    _lock: Lock,
}

impl Attempt {
    fn prepare(job: &Job) -> io::Result<Self> {
        let lock = Lock::take(&job.run_folder.join(KEEPER_LOCK))
            .map_err(|error| doing("taking the keeper's lock", &error))?
            .ok_or_else(|| io::Error::other("another keeper works in this folder"))?;
        let mut record =
            Record::read(&job.run_folder).map_err(|error| doing("reading the record", &error))?;
        unix::keep_descriptors_from_children()?;
        tree::adopt_orphans().map_err(|error| doing("becoming the reaper of the tree", &error))?;
        let ears = Ears::new()?;
        let lifeline = unix::lifeline()?;
        let spool = Spool::create(&job.run_folder, record.limits.output)
            .map_err(|error| doing("creating the files for its output", &error))?;
        record.phase = Phase::Running;
        record.keeper = tree::identity(rustix::process::getpid().as_raw_pid());
        record.write(&job.run_folder)?;
        Ok(Self { record, lifeline, ears, spool, _lock: lock })
    }

    fn keep(self, job: &Job, teller: &mut Teller) -> End {
        let Self { mut record, lifeline, ears, spool, _lock } = self;
        let end = match start(job, &record.mark, &lifeline) {
            Ok(leader) => {
                record.leader = tree::identity(leader.pid.as_raw_pid());
                let unwritten = record.write(&job.run_folder).err();
                teller.tell(&Message::Started { pid: leader.pid.as_raw_pid().unsigned_abs() });
                let mut keeping = Keeping::new(&record.limits, leader, spool, lifeline, ears);
                if let Some(error) = unwritten {
                    keeping.note(format!("the record does not know the program's process: {error}"));
                }
                keeping.keep(teller)
            }
            Err(error) => not_started(&error),
        };
        finish(record, end, job)
    }
}

fn start(job: &Job, mark: &str, lifeline: &OwnedFd) -> io::Result<Leader> {
    let mut byte = [0];
    if rustix::io::read(lifeline, &mut byte[..]) == Ok(0) {
        return Err(io::Error::other("the supervisor was gone before the program was started"));
    }
    unix::start_leader(&job.command, &job.stdin, (MARK, mark), Streams::new()?)
}

fn finish(mut record: Record, mut end: End, job: &Job) -> End {
    record.phase = Phase::Ended;
    record.end = Some(end.clone());
    // A full disk may have room again in a moment; the supervisor learns the ending anyway.
    for pause in [50, 200, 0] {
        match record.write(&job.run_folder) {
            Ok(()) => break,
            Err(_) if pause > 0 => std::thread::sleep(Duration::from_millis(pause)),
            Err(error) => end.notes.push(format!("the ending is not on disk: {error}")),
        }
    }
    end
}
