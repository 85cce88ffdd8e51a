//! Drives one machine to where it should be.
//!
//! In: its record, a driver that acts on the world, a book that keeps the record, a clock. Out: how far it came. Before each
//! action the record says what may exist afterwards, so a crash at any point loses nothing; each look begins anew. Every
//! failure is an event and stands in the status: none is dropped.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::step::{Action, Guest, Health, StopWhy, World, step};
use crate::words::{Answer, Desired, Question, Record, Tries};

/// How often is looked at what is under way.
const LOOK: Duration = Duration::from_millis(100);

/// An action that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failed {
    /// What went wrong, in a sentence.
    pub message: String,
    /// Trying again will not help: something is missing or wrong that only a person can put right.
    pub lasting: bool,
}

impl Failed {
    /// It may go better next time.
    pub fn passing(message: impl Into<String>) -> Self {
        Self { message: message.into(), lasting: false }
    }

    /// It will not.
    pub fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), lasting: true }
    }
}

/// What acts on the world, for one machine.
pub trait Driver {
    /// Looks. What cannot be seen is said to be unknown.
    fn observe(&mut self) -> World;
    /// Makes the machine. Making one that exists is a success.
    fn create(&mut self, record: &Record) -> Result<(), Failed>;
    /// Starts its agent and does not wait for it.
    fn start(&mut self, record: &Record) -> Result<(), Failed>;
    /// Stops agent and machine, and removes what they leave: a success only when it is confirmed. `said` takes what went
    /// wrong in steps that did not decide.
    fn stop(&mut self, record: &Record, why: StopWhy, said: &mut dyn FnMut(&str)) -> Result<(), Failed>;
    /// Removes the machine. One that is not found was removed.
    fn delete(&mut self) -> Result<(), Failed>;
    /// The command with which a person removes it.
    fn by_hand(&self) -> String;
}

/// What keeps the record and the events.
pub trait Book {
    /// Writes the record: when this returns, it survives a crash.
    fn write(&mut self, record: &Record) -> Result<(), Failed>;
    /// Removes the record and everything beside it.
    fn remove(&mut self) -> Result<(), Failed>;
    /// Notes what happened.
    fn event(&mut self, event: Event);
}

/// How loud an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loudness {
    /// As it should be.
    Info,
    /// Something went wrong and is dealt with.
    Warning,
    /// A person must look.
    Error,
}

/// Something that happened to a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// How loud.
    pub level: Loudness,
    /// The step.
    pub step: String,
    /// In a sentence.
    pub message: String,
}

/// Time, for somebody who waits.
pub trait Time {
    /// The time of day. It may jump.
    fn now(&mut self) -> Timestamp;
    /// How long it has been since the beginning. It does not jump.
    fn elapsed(&mut self) -> Duration;
    /// Lets time pass.
    fn sleep(&mut self, how_long: Duration);
}

/// How long to stay at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The longest time.
    pub longest: Duration,
    /// Wait until the machine is ready, and not only under way.
    pub wait: bool,
}

/// How far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It is as wanted.
    AsWanted,
    /// It is gone, and so is its record.
    Gone,
    /// It is under way, and was not waited for.
    UnderWay,
    /// Time is over before it was reached; what is missing.
    TimedOut(String),
    /// It could not be reached; a person must look. Why.
    GaveUp(String),
}

/// Drives a machine to where it should be, or as far as time allows. An error means that the record could not be kept, and
/// nothing more was done.
pub fn reconcile(
    record: &mut Record,
    driver: &mut dyn Driver,
    book: &mut dyn Book,
    time: &mut dyn Time,
    patience: Patience,
) -> Result<Reached, Failed> {
    loop {
        let world = driver.observe();
        let now = time.now();
        note_conditions(record, &world, now);
        // Words of an agent that ended before it could be asked.
        if let (None, Some(words), 1..) = (&world.agent, &world.last_words, record.starting.count)
            && record.starting.why.as_ref() != Some(words)
        {
            record.starting.why = Some(words.clone());
            record.status.trouble(now, "start", words);
            book.event(event(now, Loudness::Warning, "start", words));
        }
        settle(record, &world);
        let action = step(record, &world, now);
        match &action {
            Action::Done => {
                record.starting = Tries::default();
                healthy(record, now);
                book.write(record)?;
                return Ok(Reached::AsWanted);
            }
            Action::GiveUp(why) => {
                give_up(record, driver, why, now);
                book.event(event(now, Loudness::Error, "give-up", why));
                book.write(record)?;
                return Ok(Reached::GaveUp(why.clone()));
            }
            Action::Forget => match forget(record, book) {
                Ok(()) => return Ok(Reached::Gone),
                Err(failed) => failed_in(record, book, "forget", &failed, time.now())?,
            },
            Action::Look | Action::Pause(_) => {
                if !patience.wait && record.desired == Desired::Running && action == Action::Look {
                    book.write(record)?;
                    return Ok(Reached::UnderWay);
                }
                if let Guest::Unknown(why) = &world.guest {
                    count(&mut record.starting, why, now);
                }
            }
            Action::Create | Action::Start | Action::Stop(_) | Action::Delete => {
                let name = name(&action);
                book.event(event(now, Loudness::Info, name, &why(&action, &world)));
                // Before there is anything, the record says that there may be.
                record.finalizer |= matches!(action, Action::Create | Action::Start);
                if action == Action::Start {
                    // In vain until it is seen to be ready.
                    count(&mut record.starting, "its agent ended before the machine was ready", now);
                }
                book.write(record)?;
                let done = act(record, driver, book, &action, now);
                if let Err(failed) = done {
                    failed_in(record, book, name, &failed, time.now())?;
                } else {
                    unseen(record, &action, now);
                    book.write(record)?;
                    if !patience.wait && action == Action::Start {
                        return Ok(Reached::UnderWay);
                    }
                }
            }
        }
        if time.elapsed() >= patience.longest {
            let missing = missing(record, &world);
            book.event(event(time.now(), Loudness::Warning, "timeout", &missing));
            book.write(record)?;
            return Ok(Reached::TimedOut(missing));
        }
        let left = patience.longest.saturating_sub(time.elapsed());
        match action {
            Action::Pause(pause) => time.sleep(pause.min(left)),
            Action::Look => time.sleep(LOOK.min(left)),
            _ => {}
        }
    }
}

fn act(
    record: &mut Record,
    driver: &mut dyn Driver,
    book: &mut dyn Book,
    action: &Action,
    now: Timestamp,
) -> Result<(), Failed> {
    match action {
        Action::Create => driver.create(record),
        Action::Start => driver.start(record),
        Action::Stop(why) => {
            let mut said = Vec::new();
            let done = driver.stop(record, *why, &mut |sentence| said.push(sentence.to_owned()));
            for sentence in said {
                record.status.trouble(now, "stop", &sentence);
                book.event(event(now, Loudness::Warning, "stop", &sentence));
            }
            done
        }
        Action::Delete => driver.delete(),
        _ => Ok(()),
    }
}

/// The finalizer is taken back first: a crash between the two leaves a record that says that nothing is left.
fn forget(record: &mut Record, book: &mut dyn Book) -> Result<(), Failed> {
    if record.finalizer {
        record.finalizer = false;
        book.write(record)?;
    }
    book.remove()
}

fn failed_in(
    record: &mut Record,
    book: &mut dyn Book,
    step: &str,
    failed: &Failed,
    now: Timestamp,
) -> Result<(), Failed> {
    let (tries, counted) = match step {
        "stop" => (&mut record.stopping, 0),
        "delete" => (&mut record.deleting, 0),
        "forget" => (&mut record.forgetting, 0),
        "create" => (&mut record.creating, 0),
        "start" => (&mut record.starting, 1),
        _ => (&mut record.starting, 0),
    };
    tries.count -= counted;
    count(tries, &failed.message, now);
    if failed.lasting {
        tries.count = crate::step::MOST_TRIES;
        tries.lasting = true;
    }
    record.status.trouble(now, step, &failed.message);
    book.event(event(now, Loudness::Warning, step, &failed.message));
    book.write(record)
}

fn count(tries: &mut Tries, why: &str, now: Timestamp) {
    tries.count += 1;
    tries.last = Some(now);
    tries.why = Some(why.to_owned());
}

/// What is said to be done counts as tried until it is seen: a manager that says so and does nothing is not asked for ever.
fn unseen(record: &mut Record, action: &Action, now: Timestamp) {
    match action {
        Action::Create => count(&mut record.creating, "it was said to be made, and is not there", now),
        Action::Stop(_) => count(&mut record.stopping, "it was said to be stopped, and is not", now),
        Action::Delete => count(&mut record.deleting, "it was said to be removed, and is still there", now),
        _ => {}
    }
}

/// What is seen to be so was not tried in vain.
fn settle(record: &mut Record, world: &World) {
    if matches!(world.guest, Guest::Stopped | Guest::Running) {
        record.creating = Tries::default();
    }
    let is_left = world.remains || !world.stale.is_empty();
    if world.agent.is_none() && matches!(world.guest, Guest::Absent | Guest::Stopped) && !is_left {
        record.stopping = Tries::default();
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Start => "start",
        Action::Stop(_) => "stop",
        Action::Delete => "delete",
        Action::Forget => "forget",
        Action::Look | Action::Pause(_) => "look",
        Action::Done => "done",
        Action::GiveUp(_) => "give-up",
    }
}

fn why(action: &Action, world: &World) -> String {
    match action {
        Action::Create => "it does not exist".to_owned(),
        Action::Start => "it is off".to_owned(),
        Action::Stop(StopWhy::Leftovers) if world.stale.is_empty() => {
            "processes of an agent that is gone may be left".to_owned()
        }
        Action::Stop(StopWhy::Leftovers) => {
            format!("an agent that is gone left {}", world.stale.join(", "))
        }
        Action::Stop(StopWhy::Orphan) => match &world.agent {
            Some(agent) => match &agent.health {
                Health::Sick(why) => format!("its agent is of no use: {why}"),
                _ => "its agent is there and the machine is not".to_owned(),
            },
            None => "it runs and nobody looks after it".to_owned(),
        },
        Action::Stop(StopWhy::Wanted) => "it runs, and should not".to_owned(),
        Action::Stop(StopWhy::Deleting) | Action::Delete => "it is to be removed".to_owned(),
        Action::Stop(StopWhy::Restart) => "it was changed, or is to be restarted".to_owned(),
        _ => String::new(),
    }
}

/// Puts what was seen into the status, and nothing else.
pub fn note_conditions(record: &mut Record, world: &World, now: Timestamp) {
    let status = &mut record.status;
    let (created, message) = match &world.guest {
        Guest::Absent => (Answer::False, String::new()),
        Guest::Stopped | Guest::Running => (Answer::True, String::new()),
        Guest::Unknown(why) => (Answer::Unknown, why.clone()),
    };
    let reason = match created {
        Answer::True => "Found",
        Answer::False => "NotFound",
        Answer::Unknown => "NotSeen",
    };
    status.set(Question::Created, created, reason, &message, now);
    let (running, reason, message) = match (&world.agent, &world.guest) {
        (_, Guest::Unknown(why)) => (Answer::Unknown, "NotSeen", why.clone()),
        (Some(agent), guest) => match (&agent.health, guest) {
            (Health::Ready, Guest::Running) => (Answer::True, "Ready", String::new()),
            (Health::Sick(why), _) => (Answer::False, "AgentSick", why.clone()),
            _ => (Answer::False, "Starting", String::new()),
        },
        (None, Guest::Running) => (Answer::False, "NoAgent", "it runs and nobody looks after it".to_owned()),
        (None, _) => (Answer::False, "Off", String::new()),
    };
    status.set(Question::Running, running, reason, &message, now);
}

fn healthy(record: &mut Record, now: Timestamp) {
    record.status.set(Question::Degraded, Answer::False, "AsWanted", "", now);
}

fn give_up(record: &mut Record, driver: &dyn Driver, why: &str, now: Timestamp) {
    let reason = if record.desired == Desired::Absent { "Stranded" } else { "GaveUp" };
    record.status.set(Question::Degraded, Answer::True, reason, why, now);
    if record.desired == Desired::Absent {
        record.stranded = Some(driver.by_hand());
    }
}

fn missing(record: &Record, world: &World) -> String {
    let agent = match &world.agent {
        None => "it has no agent".to_owned(),
        Some(agent) => match &agent.health {
            Health::Starting => "its agent is starting it".to_owned(),
            Health::Ready => "its agent is ready".to_owned(),
            Health::Sick(why) => format!("its agent is of no use: {why}"),
        },
    };
    let guest = match &world.guest {
        Guest::Absent => "it does not exist".to_owned(),
        Guest::Stopped => "it is off".to_owned(),
        Guest::Running => "it runs".to_owned(),
        Guest::Unknown(why) => format!("its state is not known: {why}"),
    };
    format!("it should be {} and is not yet: {guest}, {agent}", record.desired.as_str())
}

fn event(at: Timestamp, level: Loudness, step: &str, message: &str) -> Event {
    Event { at, level, step: step.to_owned(), message: message.to_owned() }
}
