//! Ends what is left of an attempt whose keeper is gone, through the same ladder.
//!
//! In: its record. Out: how many processes were ended. Never a proof that nobody is left: without the keeper there is
//! only looking, and a look can miss. Never a signal to a process that is not verified to be of this attempt.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::Stage;
use crate::ladder::{Alive, Ended, Ladder, Step};
use crate::os::tree::{self, Member};
use crate::record::{Identity, Record};
use crate::run_folder::marked_as;

/// Looks in a row that must find nobody before the search ends.
const EMPTY_LOOKS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// Ends everyone who can be found. Also says it in sentences.
pub(crate) fn end_leftovers(record: &Record) -> (Ended, Vec<String>) {
    let clock = Instant::now();
    let mut ladder = Ladder::new(record.limits.grace.clone());
    let mut met = HashSet::new();
    let mut notes = Vec::new();
    let mut empty = 0;
    loop {
        let found = Found::look(record);
        empty = if found.is_empty() { empty + 1 } else { 0 };
        met.extend(found.pids());
        let alive = Alive { leader: found.leader.is_some(), anyone: empty < EMPTY_LOOKS };
        if empty == 0 || !alive.anyone {
            match ladder.step(clock.elapsed(), alive) {
                Step::Climb(stage) => notes.extend(found.signal(stage)),
                Step::Wait(_) if ladder.stage() == Some(Stage::Kill) => {
                    notes.extend(found.signal(Stage::Kill));
                }
                Step::Wait(_) => {}
                Step::Gone => break,
                Step::Unconfirmed => {
                    notes.push(format!("{} processes could not be ended", found.pids().count()));
                    break;
                }
            }
        }
        std::thread::sleep(PAUSE);
    }
    notes.sort();
    notes.dedup();
    notes.truncate(20);
    if !met.is_empty() {
        notes.push(format!("{} processes of it were still there and were ended", met.len()));
    }
    notes.push("its keeper is gone, so it is not proven that every process is gone".to_owned());
    (Ended { processes: met.len(), stage: ladder.stage(), gone: false }, notes)
}

/// Who was found in one look.
struct Found {
    leader: Option<Identity>,
    marked: Vec<Identity>,
    below: Vec<Member>,
}

impl Found {
    fn look(record: &Record) -> Self {
        let leader = record.leader.clone().filter(tree::is_alive);
        let marked: Vec<_> = tree::marked(&marked_as(record)).into_iter().filter(tree::is_alive).collect();
        let roots: Vec<i32> = leader.iter().chain(&marked).map(|identity| identity.pid).collect();
        Self { leader, below: tree::descendants(&roots), marked }
    }

    fn is_empty(&self) -> bool {
        self.leader.is_none() && self.marked.is_empty() && self.below.is_empty()
    }

    fn pids(&self) -> impl Iterator<Item = i32> {
        let identities = self.leader.iter().chain(&self.marked).map(|identity| identity.pid);
        identities.chain(self.below.iter().map(|member| member.pid))
    }

    fn signal(&self, stage: Stage) -> Vec<String> {
        let signal = match stage {
            Stage::Interrupt => {
                return self
                    .leader
                    .iter()
                    .filter_map(|leader| tree::send_to(leader, Signal::INT).err())
                    .collect();
            }
            Stage::Terminate => Signal::TERM,
            Stage::Kill => Signal::KILL,
        };
        let identities =
            self.leader.iter().chain(self.marked.iter().filter(|one| Some(*one) != self.leader.as_ref()));
        let told = identities.map(|identity| tree::send_to(identity, signal));
        // Members carry no identity; they must still be children of the one they were found under.
        let below = self.below.iter().map(|member| tree::send(*member, member.parent, signal));
        told.chain(below).filter_map(Result::err).collect()
    }
}
