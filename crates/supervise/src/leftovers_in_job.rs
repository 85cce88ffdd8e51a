//! Ends what is left of an attempt whose supervisor is gone, through the same ladder, where attempts live in jobs.
//!
//! In: its record. Out: how many processes were ended, and whether nobody is left. Normally there is no job any more:
//! it went with its supervisor, and took everyone along. It is there when somebody else has opened it.

use std::collections::HashSet;
use std::os::windows::io::{AsHandle as _, OwnedHandle};
use std::time::{Duration, Instant};

use crate::ladder::{Ended, Ladder, Step};
use crate::os::here::{Job, Tree, job_name};
use crate::os::tree;
use crate::record::Record;

const PAUSE: Duration = Duration::from_millis(20);

/// Ends everyone in the job. Also says it in sentences.
pub(crate) fn end_leftovers(record: &Record) -> (Ended, Vec<String>) {
    let leader = record.leader.as_ref().and_then(|one| Some((tree::open(one)?, one.pid.cast_unsigned())));
    match Job::open(&job_name(&record.mark)) {
        Ok(Some(job)) => climb(Tree::found(job, leader), record),
        Ok(None) => after_the_job(leader, record),
        Err(error) => {
            let note = format!("its job object could not be opened, so nothing is proven: {error}");
            (Ended::default(), vec![note])
        }
    }
}

/// The system ends the members of a job with its last handle, and they may take a moment.
fn after_the_job(leader: Option<(OwnedHandle, u32)>, record: &Record) -> (Ended, Vec<String>) {
    let patience = record.limits.grace.confirm;
    let gone = leader.is_none_or(|(leader, _)| tree::exits_within(leader.as_handle(), patience));
    let note = if gone {
        "its job object went with its supervisor, and everyone in it"
    } else {
        "its job object is gone, but the program does not end"
    };
    (Ended { proven: gone, ..Ended::default() }, vec![note.to_owned()])
}

fn climb(mut tree: Tree, record: &Record) -> (Ended, Vec<String>) {
    let clock = Instant::now();
    let mut ladder = Ladder::new(record.limits.grace.clone());
    let mut met = HashSet::new();
    let mut climbed = Vec::new();
    let mut notes = Vec::new();
    let proven = loop {
        tree.reap();
        met.extend(tree.seen());
        match ladder.step(clock.elapsed(), tree.alive()) {
            Step::Climb(stage) => {
                climbed.push(stage);
                notes.extend(tree.climb(stage, record.limits.interrupt).1);
            }
            Step::Wait(_) => std::thread::sleep(PAUSE),
            Step::Gone => break true,
            Step::Unconfirmed => break false,
        }
    };
    notes.sort();
    notes.dedup();
    if !met.is_empty() {
        notes.push(format!("{} processes of it were still there and were ended", met.len()));
    }
    if !proven {
        notes.push(format!("not proven that every process is gone; still seen: {}", tree.seen().join(", ")));
    }
    (Ended { processes: met.len(), climbed, proven }, notes)
}
