//! What to do next about a machine: the whole of the reconciler's judgement.
//!
//! In: the record, what was seen of the world, the time. Out: one action. A pure function: asked again after any crash it
//! gives the right answer for what is there then, whatever was done before. Never does anything.

use std::time::Duration;

use jiff::Timestamp;

use crate::words::{Desired, Record, Tries};

/// So often is a start, stop or deletion tried before a person must look.
pub const MOST_TRIES: u32 = 6;

/// The pause after the first failure; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What was seen of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The process that looks after it, where there is one.
    pub agent: Option<Agent>,
    /// The machine itself.
    pub guest: Guest,
    /// Names of files that an agent left which is gone.
    pub stale: Vec<String>,
    /// Processes of an agent that is gone may still be there.
    pub remains: bool,
    /// What the last agent said when it ended by itself.
    pub last_words: Option<String>,
}

/// The process that looks after a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// How it is.
    pub health: Health,
    /// The digest of the template it was started with.
    pub template: String,
    /// The number of restarts the user had asked for when it was started.
    pub restarts: u64,
}

/// How an agent is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers, and the machine is not ready yet.
    Starting,
    /// It answers, and the machine takes commands.
    Ready,
    /// It is there, and of no use; why.
    Sick(String),
}

/// What is known of the machine itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guest {
    /// It does not exist.
    Absent,
    /// It exists and is off.
    Stopped,
    /// It exists and runs.
    Running,
    /// It could not be found out; why.
    Unknown(String),
}

/// Why a machine is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopWhy {
    /// The user wants it off.
    Wanted,
    /// It is to be removed.
    Deleting,
    /// It was changed, or a restart is wanted.
    Restart,
    /// Nobody who is of use looks after it.
    Orphan,
    /// Only files and processes of an agent that is gone are left.
    Leftovers,
}

impl StopWhy {
    /// For events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Deleting => "deleting",
            Self::Restart => "restart",
            Self::Orphan => "orphan",
            Self::Leftovers => "leftovers",
        }
    }
}

/// The next thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make the machine.
    Create,
    /// Start its agent.
    Start,
    /// Stop it, by the one way there is.
    Stop(StopWhy),
    /// Have it removed.
    Delete,
    /// It is confirmed gone: remove the record.
    Forget,
    /// Look again soon: something is under way.
    Look,
    /// Try again after this long.
    Pause(Duration),
    /// It is as wanted.
    Done,
    /// It could not be made so; a person must look. Why.
    GiveUp(String),
}

/// The next action.
pub fn step(record: &Record, world: &World, now: Timestamp) -> Action {
    let is_left = world.remains || !world.stale.is_empty();
    match record.desired {
        Desired::Absent => {
            if world.agent.is_some() || world.guest == Guest::Running {
                stop(record, StopWhy::Deleting, now)
            } else if is_left {
                stop(record, StopWhy::Leftovers, now)
            } else if world.guest == Guest::Absent || !record.finalizer && is_unknown(&world.guest) {
                // What nobody ever began to make needs no manager's word that it is gone.
                tried(&record.forgetting, Action::Forget, now)
            } else {
                // Also where it is not known whether it exists: "not found" is an answer of the deletion.
                tried(&record.deleting, Action::Delete, now)
            }
        }
        Desired::Stopped => {
            if world.agent.is_some() || world.guest == Guest::Running {
                stop(record, StopWhy::Wanted, now)
            } else if is_left {
                stop(record, StopWhy::Leftovers, now)
            } else {
                match &world.guest {
                    Guest::Absent => tried(&record.creating, Action::Create, now),
                    Guest::Unknown(why) => unknown(&record.starting, why, now),
                    Guest::Stopped | Guest::Running => Action::Done,
                }
            }
        }
        Desired::Running => running(record, world, now),
    }
}

fn running(record: &Record, world: &World, now: Timestamp) -> Action {
    let Some(agent) = &world.agent else {
        return if world.guest == Guest::Running {
            stop(record, StopWhy::Orphan, now)
        } else if world.remains || !world.stale.is_empty() {
            stop(record, StopWhy::Leftovers, now)
        } else {
            match &world.guest {
                Guest::Absent => tried(&record.creating, Action::Create, now),
                Guest::Unknown(why) => unknown(&record.starting, why, now),
                Guest::Stopped | Guest::Running => tried(&record.starting, Action::Start, now),
            }
        };
    };
    if matches!(agent.health, Health::Sick(_)) {
        return stop(record, StopWhy::Orphan, now);
    }
    if agent.template != record.template.digest() || agent.restarts != record.restarts {
        return stop(record, StopWhy::Restart, now);
    }
    match (&agent.health, &world.guest) {
        (Health::Ready, Guest::Running) => Action::Done,
        (Health::Ready, Guest::Absent | Guest::Stopped) => stop(record, StopWhy::Orphan, now),
        (_, Guest::Unknown(why)) => unknown(&record.starting, why, now),
        _ => Action::Look,
    }
}

fn is_unknown(guest: &Guest) -> bool {
    matches!(guest, Guest::Unknown(_))
}

fn stop(record: &Record, why: StopWhy, now: Timestamp) -> Action {
    tried(&record.stopping, Action::Stop(why), now)
}

/// What cannot be looked at is not acted upon.
fn unknown(tries: &Tries, why: &str, now: Timestamp) -> Action {
    match tried(tries, Action::Look, now) {
        Action::GiveUp(_) => Action::GiveUp(format!("its state cannot be found out: {why}")),
        action => action,
    }
}

/// The action, after the pause that earlier failures ask for, or nothing more.
fn tried(tries: &Tries, action: Action, now: Timestamp) -> Action {
    if tries.count >= MOST_TRIES {
        let why = tries.why.as_deref().unwrap_or("it failed again and again");
        // What no other try could mend was tried once.
        let times = if tries.lasting { String::new() } else { format!(" (tried {} times)", tries.count) };
        return Action::GiveUp(format!("{why}{times}"));
    }
    let pause = pause_after(tries, now);
    if pause.is_zero() { action } else { Action::Pause(pause) }
}

/// How much of the pause after the last failure is left. A clock that was set back must not make it longer: whoever
/// failed in the future is tried now.
fn pause_after(tries: &Tries, now: Timestamp) -> Duration {
    let (Some(last), Some(doublings)) = (tries.last, tries.count.checked_sub(1)) else {
        return Duration::ZERO;
    };
    let whole = FIRST_PAUSE.saturating_mul(1 << doublings.min(8)).min(LONGEST_PAUSE);
    match Duration::try_from(now.duration_since(last)) {
        Ok(passed) => whole.saturating_sub(passed),
        Err(_) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{DriverKind, Name, Template};

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).expect("a time")
    }

    fn record(desired: Desired) -> Record {
        let name = Name::try_from("a".to_owned()).expect("a name");
        Record { desired, ..Record::new(name, Template::new(DriverKind::Qemu)) }
    }

    fn world(agent: Option<Health>, guest: Guest) -> World {
        let template = Template::new(DriverKind::Qemu).digest();
        let agent = agent.map(|health| Agent { health, template, restarts: 0 });
        World { agent, guest, stale: Vec::new(), remains: false, last_words: None }
    }

    #[test]
    fn every_state_has_its_next_action() {
        let sick = || Some(Health::Sick("it does not answer".to_owned()));
        let unknown = || Guest::Unknown("no answer".to_owned());
        let (ready, starting) = (Some(Health::Ready), Some(Health::Starting));
        let orphan = || Action::Stop(StopWhy::Orphan);
        let table = [
            (Desired::Running, None, Guest::Absent, Action::Create),
            (Desired::Running, None, Guest::Stopped, Action::Start),
            (Desired::Running, None, Guest::Running, orphan()),
            (Desired::Running, ready.clone(), Guest::Running, Action::Done),
            (Desired::Running, starting.clone(), Guest::Running, Action::Look),
            (Desired::Running, starting.clone(), Guest::Stopped, Action::Look),
            (Desired::Running, ready.clone(), Guest::Stopped, orphan()),
            (Desired::Running, sick(), Guest::Running, orphan()),
            (Desired::Running, ready.clone(), unknown(), Action::Look),
            (Desired::Running, None, unknown(), Action::Look),
            (Desired::Stopped, None, Guest::Absent, Action::Create),
            (Desired::Stopped, None, Guest::Stopped, Action::Done),
            (Desired::Stopped, None, unknown(), Action::Look),
            (Desired::Stopped, sick(), Guest::Stopped, Action::Stop(StopWhy::Wanted)),
            (Desired::Stopped, None, Guest::Running, Action::Stop(StopWhy::Wanted)),
            (Desired::Absent, ready, Guest::Running, Action::Stop(StopWhy::Deleting)),
            (Desired::Absent, starting, Guest::Absent, Action::Stop(StopWhy::Deleting)),
            (Desired::Absent, None, Guest::Stopped, Action::Delete),
            (Desired::Absent, None, unknown(), Action::Forget),
            (Desired::Absent, None, Guest::Absent, Action::Forget),
        ];
        for (desired, agent, guest, wanted) in table {
            let said = format!("{desired:?} {agent:?} {guest:?}");
            assert_eq!(step(&record(desired), &world(agent, guest), at(0)), wanted, "{said}");
        }
    }

    #[test]
    fn what_may_have_been_made_is_deleted_although_nobody_says_that_it_is_there() {
        let made = Record { finalizer: true, ..record(Desired::Absent) };
        let unknown = world(None, Guest::Unknown("no answer".to_owned()));
        assert_eq!(step(&made, &unknown, at(0)), Action::Delete);
    }

    #[test]
    fn what_an_agent_left_is_removed_before_anything_else_is_done() {
        for desired in [Desired::Running, Desired::Stopped, Desired::Absent] {
            for guest in [Guest::Absent, Guest::Stopped] {
                let stale = World { stale: vec!["ha.pid".to_owned()], ..world(None, guest.clone()) };
                let remains = World { remains: true, ..world(None, guest) };
                for world in [stale, remains] {
                    assert_eq!(step(&record(desired), &world, at(0)), Action::Stop(StopWhy::Leftovers));
                }
            }
        }
    }

    #[test]
    fn another_template_or_a_wish_is_a_restart() {
        let mut changed = record(Desired::Running);
        changed.template.memory += 1;
        let world = world(Some(Health::Ready), Guest::Running);
        assert_eq!(step(&changed, &world, at(0)), Action::Stop(StopWhy::Restart));
        let wanted = Record { restarts: 1, ..record(Desired::Running) };
        assert_eq!(step(&wanted, &world, at(0)), Action::Stop(StopWhy::Restart));
    }

    #[test]
    fn pauses_grow_and_end_in_a_word_to_the_user() {
        let mut record = record(Desired::Absent);
        let world = world(None, Guest::Stopped);
        let mut pauses = Vec::new();
        for count in 1..MOST_TRIES {
            let why = Some("it timed out".to_owned());
            record.deleting = Tries { count, last: Some(at(1000)), why, lasting: false };
            let Action::Pause(pause) = step(&record, &world, at(1000)) else { panic!("a pause") };
            pauses.push(pause.as_millis());
        }
        assert_eq!(pauses, [200, 400, 800, 1600, 3200]);
        record.deleting.count = MOST_TRIES;
        let Action::GiveUp(why) = step(&record, &world, at(1000)) else { panic!("the end") };
        assert_eq!(why, "it timed out (tried 6 times)");
        record.deleting.lasting = true;
        assert_eq!(step(&record, &world, at(1000)), Action::GiveUp("it timed out".to_owned()));
    }

    #[test]
    fn a_clock_that_jumps_makes_no_pause_longer() {
        let mut record = record(Desired::Absent);
        record.deleting = Tries { count: 3, last: Some(at(1_000_000)), why: None, lasting: false };
        let world = world(None, Guest::Stopped);
        // Set back by a year, set forward by a year.
        for jumped in [1_000_000 - 31_536_000_000, 1_000_000 + 31_536_000_000] {
            assert_eq!(step(&record, &world, at(jumped)), Action::Delete);
        }
    }
}
