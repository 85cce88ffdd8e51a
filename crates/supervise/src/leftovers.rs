//! Ends what is left of an attempt whose keeper is gone, through the same ladder.
//!
//! In: its record. Out: how many processes were ended, and whether it is proven that nobody is left: by the end of the
//! first process of its namespace. Without one there is only looking, and a look can miss. Never a signal to a process
//! that is not verified to be of this attempt.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::ladder::{Alive, Ended, Ladder, Step};
use crate::os::tree::{self, Life, Member};
use crate::record::{Identity, Record};
use crate::run_folder::marked_as;
use crate::{Interrupt, Stage};

/// Looks in a row that must find nobody before the search ends.
const EMPTY_LOOKS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// Ends everyone who can be found. Also says it in sentences.
pub(crate) fn end_leftovers(record: &Record) -> (Ended, Vec<String>) {
    let clock = Instant::now();
    let mut ladder = Ladder::new(record.limits.grace.clone());
    let mut met = HashSet::new();
    let mut climbed = Vec::new();
    let mut notes = Vec::new();
    let mut empty = 0;
    loop {
        let found = Found::look(record);
        empty = if found.is_empty() { empty + 1 } else { 0 };
        met.extend(found.pids());
        // A namespace is empty when its first process has ended, and not before.
        let anyone = found.init.map_or(empty < EMPTY_LOOKS, |life| life != Life::Gone);
        let alive = Alive { leader: found.leader.is_some(), anyone };
        if empty == 0 || !anyone || found.init.is_some() {
            match ladder.step(clock.elapsed(), alive) {
                Step::Climb(stage) => {
                    climbed.push(stage);
                    notes.extend(found.signal(record, stage));
                }
                Step::Wait(_) if ladder.stage() == Some(Stage::Kill) => {
                    notes.extend(found.signal(record, Stage::Kill));
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
    let proven = record.init.as_ref().is_some_and(|init| tree::life(init) == Life::Gone);
    notes.sort();
    notes.dedup();
    notes.truncate(20);
    if !met.is_empty() {
        notes.push(format!("{} processes of it were still there and were ended", met.len()));
    }
    if !proven {
        notes.push("its keeper is gone, so it is not proven that every process is gone".to_owned());
    }
    (Ended { processes: met.len(), climbed, proven }, notes)
}

/// Who was found in one look.
struct Found {
    /// What is known of the first process of its namespace; `None` where it has none.
    init: Option<Life>,
    leader: Option<Identity>,
    marked: Vec<Identity>,
    below: Vec<Member>,
}

impl Found {
    fn look(record: &Record) -> Self {
        let leader = record.leader.clone().filter(tree::is_alive);
        let marked: Vec<_> = tree::marked(&marked_as(record)).into_iter().filter(tree::is_alive).collect();
        let init = record.init.as_ref().map(tree::life);
        let first = record.init.as_ref().filter(|_| init == Some(Life::Alive)).map(|init| init.pid);
        let leader = leader.or_else(|| tree::children(first?).first().copied().and_then(tree::identity));
        let marked: Vec<_> = marked.into_iter().filter(|one| Some(one.pid) != first).collect();
        let roots: Vec<i32> =
            first.into_iter().chain(leader.iter().chain(&marked).map(|identity| identity.pid)).collect();
        Self { init, leader, below: tree::descendants(&roots), marked }
    }

    fn is_empty(&self) -> bool {
        self.leader.is_none() && self.marked.is_empty() && self.below.is_empty()
    }

    fn pids(&self) -> impl Iterator<Item = i32> {
        let identities = self.leader.iter().chain(&self.marked).map(|identity| identity.pid);
        identities.chain(self.below.iter().map(|member| member.pid))
    }

    fn signal(&self, record: &Record, stage: Stage) -> Vec<String> {
        let signal = match stage {
            Stage::Interrupt => {
                let signal = match record.limits.interrupt {
                    Interrupt::Int => Signal::INT,
                    Interrupt::Term => Signal::TERM,
                };
                return self.leader.iter().filter_map(|leader| tree::send_to(leader, signal).err()).collect();
            }
            Stage::Terminate => Signal::TERM,
            Stage::Kill => Signal::KILL,
        };
        if stage == Stage::Kill
            && let Some(init) = &record.init
        {
            // The kernel ends all the others before it.
            return tree::send_to(init, signal).err().into_iter().collect();
        }
        let identities =
            self.leader.iter().chain(self.marked.iter().filter(|one| Some(*one) != self.leader.as_ref()));
        let told = identities.map(|identity| tree::send_to(identity, signal));
        // Members carry no identity; they must still be children of the one they were found under.
        let below = self.below.iter().map(|member| tree::send(*member, member.parent, signal));
        told.chain(below).filter_map(Result::err).collect()
    }
}
