//! Settles one attempt whose supervisor died.
//!
//! In: its run folder. Out: how it ended. The keeper's word counts where it has spoken; otherwise what is left is
//! ended through the same ladder, and the record stays until the next start of the machine proves the rest.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use model::Ending;

use crate::leftovers::end_leftovers;
use crate::os::{here, tree};
use crate::record::{End, KEEPER_LOCK, Lock, Phase, Record, SUPERVISOR_LOCK};
use crate::recover::Recovered;
use crate::run::never_ran;
use crate::run_folder::{clear, kept};

/// How long a keeper may take to end that was killed.
const FAREWELL: Duration = Duration::from_secs(3);

/// Settles the attempt; `None` where its supervisor lives, or somebody else was quicker.
pub(crate) fn recover_one(folder: &Path, deadline: Instant) -> io::Result<Option<Recovered>> {
    let Some(_lock) = Lock::take(&folder.join(SUPERVISOR_LOCK))? else { return Ok(None) };
    let mut stuck = None;
    let mut keeper = wait_for_keeper(folder, deadline)?;
    if keeper.is_none() {
        stuck = Some(end_keeper(folder)?);
        keeper = wait_for_keeper(folder, Instant::now() + FAREWELL)?;
    }
    let Some(_keeper) = keeper else {
        return Err(io::Error::other("its keeper does not end; the next start will look again"));
    };
    let mut record = Record::read(folder)?;
    if record.is_settled() {
        return Ok(None);
    }
    let (mut end, ended_now) = settle(&record, folder);
    end.notes.extend(stuck);
    record.phase = Phase::Closed;
    record.looks += 1;
    record.end = Some(end.clone());
    record.write(folder)?;
    if end.tree_gone {
        clear(folder)?;
    }
    let run_folder = folder.to_owned();
    let (ending, tree_gone, notes, program) = (end.ending, end.tree_gone, end.notes, record.program);
    Ok(Some(Recovered { run_folder, program, ending, tree_gone, ended_now, notes }))
}

/// Ends a keeper that does not come to an end. Gives what a reader should know.
fn end_keeper(folder: &Path) -> io::Result<String> {
    let record = Record::read(folder)?;
    let unknown = || io::Error::other("its keeper still works; the next start will look again");
    let keeper = record.keeper.as_ref().ok_or_else(unknown)?;
    match here::end_keeper(keeper) {
        Ok(true) => Ok("its keeper was stuck and was killed".to_owned()),
        Ok(false) => Ok("its keeper had been stuck".to_owned()),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// A keeper that somebody has stopped is not waited for.
fn is_stopped(folder: &Path) -> bool {
    let keeper = Record::read(folder).ok().and_then(|record| record.keeper);
    keeper.is_some_and(|keeper| tree::is_alive(&keeper) && tree::is_stopped(keeper.pid))
}

/// The keeper's lock is free when the keeper is gone, and it goes when its tree is.
fn wait_for_keeper(folder: &Path, deadline: Instant) -> io::Result<Option<Lock>> {
    loop {
        if let Some(lock) = Lock::take(&folder.join(KEEPER_LOCK))? {
            return Ok(Some(lock));
        }
        if Instant::now() >= deadline || is_stopped(folder) {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn settle(record: &Record, folder: &Path) -> (End, usize) {
    let known = record.end.clone();
    if record.boot != tree::boot() {
        let note = "the machine was started anew since; nothing of it is left".to_owned();
        return (with(known, folder, true, vec![note]), 0);
    }
    match known {
        Some(end) if end.tree_gone => (end, 0),
        // Only the keeper starts the program, and it says so first.
        None if record.phase == Phase::Starting => {
            let note = "the supervisor died before the program was started".to_owned();
            (never_ran(Ending::NotStarted, note), 0)
        }
        known => {
            let (ended, notes) = end_leftovers(record);
            let mut end = with(known, folder, ended.proven, notes);
            if end.climbed.is_empty() {
                end.stopped_by = ended.climbed.last().copied();
                end.climbed = ended.climbed;
            }
            (end, ended.processes)
        }
    }
}

fn with(known: Option<End>, folder: &Path, tree_gone: bool, mut notes: Vec<String>) -> End {
    let lost =
        || End { bytes_out: kept(folder), notes: Vec::new(), ..never_ran(Ending::Lost, String::new()) };
    let mut end = known.unwrap_or_else(lost);
    notes.retain(|note| !end.notes.contains(note));
    end.notes.append(&mut notes);
    End { tree_gone, ..end }
}
