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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::here::Prepared;
    use crate::{Grace, Keeper, Limits, Program, Stdin, harmless_environment};

    fn record() -> Record {
        let soon = Duration::from_millis(200);
        let grace = Grace { drain: soon, interrupt: soon, terminate: soon, confirm: Duration::from_secs(20) };
        let limits = Limits { grace, ..Limits::default() };
        Record::starting("agent".to_owned(), crate::recover::unique_name(), limits, tree::boot())
    }

    #[test]
    fn a_job_that_somebody_else_holds_open_is_ended_through_the_ladder_and_proven_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("script");
        std::fs::write(&script, "quiet-child 60s\nsetsid-child 60s\nedit ready\nsleep 60s")
            .expect("a script");
        let program = Program {
            command: vec![test_kit::fake_agent_path().into(), "--script".into(), script.into()],
            folder: folder.path().to_owned(),
            environment: harmless_environment(&[]),
            stdin: Stdin::Null,
            run_folder: folder.path().to_owned(),
            keeper: Keeper { command: Vec::new() },
        };
        let mut record = record();
        let (prepared, ends) = Prepared::new(&record.mark, None).expect("pipes");
        let (mut held, _streams) = prepared
            .launch(&program, ends, |leader| {
                record.leader = Some(leader);
                Ok(())
            })
            .expect("started");
        while !folder.path().join("ready").exists() {
            std::thread::sleep(PAUSE);
        }
        let (ended, notes) = end_leftovers(&record);
        assert!(ended.proven && ended.processes >= 3, "{ended:?} {notes:?}");
        assert_eq!(ended.climbed.last(), Some(&crate::Stage::Kill), "{ended:?} {notes:?}");
        held.reap();
        assert!(!held.alive().anyone && held.exit().is_some(), "those who hold it agree");
    }

    #[test]
    fn without_a_job_nobody_is_left() {
        let (ended, _) = end_leftovers(&record());
        assert_eq!(ended, Ended { proven: true, ..Ended::default() });
    }
}
