//! The reconciler against a model of the world: random sequences of commands, crashes and faults.
//!
//! In: a seed. Out: after every sequence, and one more command when the faults are over, the machine is as wanted, or visibly
//! stranded with the command that removes it; nothing is left of one that is gone; and no status lies.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use machine::{
    Agent, Answer, Book, Desired, Driver, DriverKind, Event, Failed, Guest, Health, Name, Patience, Question,
    Reached, Record, StopWhy, Template, Time, World, reconcile,
};
use proptest::prelude::*;

/// A crash of the process that drives.
struct Crash;

/// What goes wrong, once each time it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The action fails and did nothing.
    Fails,
    /// It did what it should, and says that it failed (a time-out).
    DoneAndFails,
    /// It did half of it, and fails.
    Half,
    /// The process dies before, or after it.
    CrashBefore,
    CrashAfter,
    /// The record cannot be written: the disk is full.
    DiskFull,
    /// The agent that was started never becomes ready, or dies.
    StillBorn,
    Hangs,
    /// Looking does not work.
    Blind,
    /// The action is said to be done, and nothing was.
    Lies,
    /// The manager hangs until its limit, and then it did or did not do it.
    Slow,
    /// The process dies right before the record is written, or right after.
    CrashBeforeWrite,
    CrashAfterWrite,
    /// The clock is set back by an hour, or forward, while it is worked.
    ClockBack,
    ClockForward,
}

const FAULTS: &[Fault] = &[
    Fault::None,
    Fault::None,
    Fault::None,
    Fault::Fails,
    Fault::DoneAndFails,
    Fault::Half,
    Fault::CrashBefore,
    Fault::CrashAfter,
    Fault::DiskFull,
    Fault::StillBorn,
    Fault::Hangs,
    Fault::Blind,
    Fault::Lies,
    Fault::Slow,
    Fault::CrashBeforeWrite,
    Fault::CrashAfterWrite,
    Fault::ClockBack,
    Fault::ClockForward,
];

/// Everything there is, besides the memory of the process that drives.
#[derive(Default)]
struct Real {
    /// What the disk remembers.
    record: Option<Record>,
    exists: bool,
    /// The guest is up.
    up: bool,
    agent: Option<(Agent, u32)>,
    processes: BTreeSet<&'static str>,
    files: BTreeSet<&'static str>,
    ports: BTreeSet<u16>,
    faults: Vec<Fault>,
    /// Every deletion fails from now on.
    never_deletes: bool,
    /// Whatever is asked is said to be done, and is not.
    always_lies: bool,
    /// Nothing is ever seen.
    never_seen: bool,
    now: i64,
    passed: i64,
}

impl Real {
    fn fault(&mut self) -> Fault {
        if self.always_lies {
            return Fault::Lies;
        }
        self.faults.pop().unwrap_or(Fault::None)
    }

    /// Takes the next fault where it is this one.
    fn is_next(&mut self, fault: Fault) -> bool {
        let is_it = self.faults.last() == Some(&fault);
        if is_it {
            self.faults.pop();
        }
        is_it
    }

    fn launch(&mut self, record: &Record, health: Health) {
        let agent = Agent { health, template: record.template.digest(), restarts: record.restarts };
        self.agent = Some((agent, 3));
        self.processes.extend(["agent", "forwarder"]);
        self.files.extend(["ha.pid", "ha.sock"]);
        self.ports.insert(60022);
        self.up = true;
    }

    fn end_processes(&mut self) {
        self.agent = None;
        self.processes.clear();
        self.ports.clear();
        self.up = false;
    }
}

#[derive(Clone, Default)]
struct Sim(Rc<RefCell<Real>>);

impl Sim {
    /// Does `whole`, or goes wrong.
    fn attempt(&self, whole: impl FnOnce(&mut Real), half: impl FnOnce(&mut Real)) -> Result<Fault, Failed> {
        let fault = self.0.borrow_mut().fault();
        match fault {
            Fault::CrashBefore => std::panic::panic_any(Crash),
            Fault::Fails => return Err(Failed::passing("it failed")),
            Fault::Lies => return Ok(fault),
            Fault::Slow => {
                let mut real = self.0.borrow_mut();
                (real.now, real.passed) = (real.now + 20_000, real.passed + 20_000);
                return Err(Failed::passing("it did not come to an end"));
            }
            Fault::Half => {
                half(&mut self.0.borrow_mut());
                return Err(Failed::passing("it stopped half way"));
            }
            _ => whole(&mut self.0.borrow_mut()),
        }
        match fault {
            Fault::DoneAndFails => Err(Failed::passing("it timed out")),
            Fault::CrashAfter => std::panic::panic_any(Crash),
            other => Ok(other),
        }
    }
}

impl Driver for Sim {
    fn observe(&mut self) -> World {
        let mut real = self.0.borrow_mut();
        let guest = match real.faults.last() {
            Some(Fault::Blind) => {
                real.faults.pop();
                Guest::Unknown("no answer".to_owned())
            }
            _ if real.never_seen => Guest::Unknown("it never answers".to_owned()),
            _ if !real.exists => Guest::Absent,
            _ if real.up => Guest::Running,
            _ => Guest::Stopped,
        };
        // An agent that starts becomes ready in its time; one that hangs is found out.
        if let Some((agent, looks)) = &mut real.agent {
            *looks = looks.saturating_sub(1);
            if *looks == 0 && agent.health == Health::Starting {
                agent.health = Health::Ready;
            }
        }
        let stale = real.agent.is_none().then(|| real.files.iter().map(|name| (*name).to_owned()).collect());
        World {
            agent: real.agent.clone().map(|(agent, _)| agent),
            guest,
            stale: stale.unwrap_or_default(),
            remains: real.agent.is_none() && !real.processes.is_empty(),
            last_words: None,
        }
    }

    fn create(&mut self, record: &Record) -> Result<(), Failed> {
        assert!(self.0.borrow().record.as_ref().is_some_and(|kept| kept.finalizer), "made without a record");
        assert_eq!(self.0.borrow().record.as_ref().map(|kept| &kept.name), Some(&record.name));
        self.attempt(|real| real.exists = true, |real| real.exists = true).map(drop)
    }

    fn start(&mut self, record: &Record) -> Result<(), Failed> {
        {
            let real = self.0.borrow();
            assert!(real.exists, "started before it was made");
            assert!(real.processes.is_empty() && real.ports.is_empty(), "started over another");
            assert!(real.files.is_empty(), "a stale file blocks the start: {:?}", real.files);
        }
        let fault = self.attempt(
            |real| real.launch(record, Health::Starting),
            |real| {
                real.files.insert("ha.tmp");
            },
        )?;
        let mut real = self.0.borrow_mut();
        match fault {
            Fault::StillBorn => {
                real.agent = None;
                real.processes.remove("agent");
                real.up = false;
            }
            Fault::Hangs => {
                if let Some((agent, _)) = &mut real.agent {
                    agent.health = Health::Sick("it does not answer".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn stop(&mut self, _: &Record, _: StopWhy, said: &mut dyn FnMut(&str)) -> Result<(), Failed> {
        said("a step that decided nothing");
        self.attempt(
            |real| {
                real.end_processes();
                real.files.clear();
            },
            Real::end_processes,
        )
        .map(drop)
    }

    fn delete(&mut self) -> Result<(), Failed> {
        {
            let real = self.0.borrow();
            assert!(real.processes.is_empty(), "deleted while it ran");
            if real.never_deletes {
                return Err(Failed::passing("the manager says no"));
            }
        }
        self.attempt(|real| real.exists = false, |_| {}).map(drop)
    }

    fn by_hand(&self) -> String {
        "rm it".to_owned()
    }
}

impl Book for Sim {
    fn write(&mut self, record: &Record) -> Result<(), Failed> {
        let mut real = self.0.borrow_mut();
        if real.is_next(Fault::DiskFull) {
            return Err(Failed::passing("no space left on the device"));
        }
        let is_before = real.is_next(Fault::CrashBeforeWrite);
        if !is_before {
            real.record = Some(record.clone());
        }
        let is_crash = is_before || real.is_next(Fault::CrashAfterWrite);
        drop(real);
        if is_crash {
            std::panic::panic_any(Crash);
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<(), Failed> {
        assert!(!self.0.borrow().exists, "the record was dropped while the machine exists");
        // The disk may fail; it does not lie.
        let lies = std::mem::take(&mut self.0.borrow_mut().always_lies);
        self.0.borrow_mut().faults.retain(|fault| *fault != Fault::Lies);
        let removed = self.attempt(|real| real.record = None, |_| {}).map(drop);
        self.0.borrow_mut().always_lies = lies;
        removed
    }

    fn event(&mut self, event: Event) {
        assert!(!event.step.is_empty());
    }
}

impl Time for Sim {
    fn now(&mut self) -> Timestamp {
        let mut real = self.0.borrow_mut();
        real.now += 1;
        if real.is_next(Fault::ClockBack) {
            real.now = (real.now - 3_600_000).max(0);
        } else if real.is_next(Fault::ClockForward) {
            real.now += 3_600_000;
        }
        Timestamp::from_millisecond(real.now).expect("a time")
    }

    fn elapsed(&mut self) -> Duration {
        let mut real = self.0.borrow_mut();
        real.passed += 1;
        Duration::from_millis(real.passed.unsigned_abs())
    }

    fn sleep(&mut self, how_long: Duration) {
        let mut real = self.0.borrow_mut();
        let passed = i64::try_from(how_long.as_millis()).expect("a pause");
        real.now += passed;
        real.passed += passed;
    }
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Happening {
    Command(Desired, Vec<Fault>, bool),
    Restart(Vec<Fault>),
    Change(Vec<Fault>),
    /// Somebody kills the agent; what it held is left.
    AgentDies,
    /// Somebody kills everything of it.
    TreeDies,
    /// The manager's process is stopped and does not answer.
    AgentStops,
    /// The machine goes down under its agent.
    GuestDies,
    ClockJumps(i64),
    NeverDeletes(bool),
    AlwaysLies(bool),
    NeverSeen(bool),
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    prop::collection::vec(prop::sample::select(FAULTS), 0..8)
}

fn desired() -> impl Strategy<Value = Desired> {
    prop::sample::select(&[Desired::Running, Desired::Stopped, Desired::Absent][..])
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (desired(), faults(), any::<bool>()).prop_map(|(d, f, w)| Happening::Command(d, f, w)),
        2 => faults().prop_map(Happening::Restart),
        2 => faults().prop_map(Happening::Change),
        1 => Just(Happening::AgentDies),
        1 => Just(Happening::TreeDies),
        1 => Just(Happening::AgentStops),
        1 => Just(Happening::GuestDies),
        1 => (-100_000_000_i64..100_000_000).prop_map(Happening::ClockJumps),
        1 => prop::bool::weighted(0.3).prop_map(Happening::NeverDeletes),
        1 => prop::bool::weighted(0.3).prop_map(Happening::AlwaysLies),
        1 => prop::bool::weighted(0.3).prop_map(Happening::NeverSeen),
    ]
}

const LONG: Duration = Duration::from_mins(10);

/// Runs a command as a process of its own would: it knows what the disk remembers, and may die.
fn command(sim: &mut Sim, wait: bool, wish: impl FnOnce(&mut Record)) -> Option<Reached> {
    let kept = sim.0.borrow().record.clone();
    let name = Name::try_from("a".to_owned()).expect("a name");
    let mut record = kept.unwrap_or_else(|| Record::new(name, Template::new(DriverKind::Qemu)));
    wish(&mut record);
    sim.0.borrow_mut().passed = 0;
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let (mut driver, mut book, mut time) = (sim.clone(), sim.clone(), sim.clone());
        book.write(&record).ok()?;
        reconcile(&mut record, &mut driver, &mut book, &mut time, Patience { longest: LONG, wait }).ok()
    }));
    match ran {
        Ok(reached) => reached,
        Err(crash) if crash.is::<Crash>() => None,
        Err(other) => std::panic::resume_unwind(other),
    }
}

fn happen(sim: &mut Sim, happening: Happening) {
    let set = |faults: Vec<Fault>| sim.0.borrow_mut().faults = faults;
    let reached = match happening {
        Happening::Command(desired, faults, wait) => {
            set(faults);
            command(sim, wait, |record| record.wish(desired)).map(|reached| (reached, desired))
        }
        Happening::Restart(faults) => {
            set(faults);
            let wish = |record: &mut Record| {
                record.wish(Desired::Running);
                record.restarts += 1;
            };
            command(sim, true, wish).map(|reached| (reached, Desired::Running))
        }
        Happening::Change(faults) => {
            set(faults);
            let wish = |record: &mut Record| {
                record.wish(Desired::Running);
                record.template.memory += 1;
            };
            command(sim, true, wish).map(|reached| (reached, Desired::Running))
        }
        Happening::AgentDies => {
            let mut real = sim.0.borrow_mut();
            if real.agent.take().is_some() {
                real.processes.remove("agent");
            }
            None
        }
        Happening::TreeDies => {
            sim.0.borrow_mut().end_processes();
            None
        }
        Happening::AgentStops => {
            if let Some((agent, _)) = &mut sim.0.borrow_mut().agent {
                agent.health = Health::Sick("it does not answer".to_owned());
            }
            None
        }
        Happening::GuestDies => {
            sim.0.borrow_mut().up = false;
            None
        }
        Happening::ClockJumps(by) => {
            let mut real = sim.0.borrow_mut();
            real.now = (real.now + by).clamp(0, 1_000_000_000_000);
            None
        }
        Happening::NeverDeletes(never) => {
            sim.0.borrow_mut().never_deletes = never;
            None
        }
        Happening::AlwaysLies(always) => {
            sim.0.borrow_mut().always_lies = always;
            None
        }
        Happening::NeverSeen(never) => {
            sim.0.borrow_mut().never_seen = never;
            None
        }
    };
    sim.0.borrow_mut().faults.clear();
    if let Some((reached, desired)) = reached {
        check(sim, &reached, desired);
    }
}

/// What is said is so.
fn check(sim: &Sim, reached: &Reached, desired: Desired) {
    let real = sim.0.borrow();
    match reached {
        Reached::AsWanted => {
            let record = real.record.as_ref().expect("a record");
            let up = real.exists && real.up && real.agent.is_some();
            assert_eq!(up, desired == Desired::Running, "as wanted, and it is not");
            assert_eq!(record.status.answer(Question::Running), Answer::of(up));
            assert_eq!(record.status.answer(Question::Degraded), Answer::False);
            if desired == Desired::Stopped {
                assert!(real.processes.is_empty() && real.files.is_empty() && real.ports.is_empty());
            }
            if let Some((agent, _)) = &real.agent {
                assert_eq!(agent.template, record.template.digest(), "an old template");
                assert_eq!(agent.restarts, record.restarts);
            }
        }
        Reached::Gone => {
            assert!(real.record.is_none() && !real.exists, "gone, and it is not");
            assert!(real.processes.is_empty() && real.files.is_empty() && real.ports.is_empty());
        }
        Reached::GaveUp(why) => {
            let record = real.record.as_ref().expect("what was given up is remembered");
            assert!(!why.is_empty());
            assert_eq!(record.status.answer(Question::Degraded), Answer::True);
            assert_eq!(record.stranded.is_some(), desired == Desired::Absent);
        }
        Reached::UnderWay => assert!(real.record.is_some()),
        Reached::TimedOut(missing) => panic!("ten minutes were not enough: {missing}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// 4000 sequences of up to 30 happenings, each with up to 8 faults.
    #[test]
    fn whatever_happens_it_becomes_as_wanted_or_is_visibly_stranded(
        happenings in prop::collection::vec(happening(), 1..30),
        last in desired(),
    ) {
        // A crash is meant; its message would only be in the way.
        std::panic::set_hook(Box::new(|info| if !info.payload().is::<Crash>() { eprintln!("{info}") }));
        let mut sim = Sim::default();
        for happening in happenings {
            happen(&mut sim, happening);
        }
        // The faults are over.
        let reached = command(&mut sim, true, |record| record.wish(last)).expect("nobody crashes it now");
        check(&sim, &reached, last);
        match reached {
            Reached::AsWanted => prop_assert!(last != Desired::Absent),
            Reached::Gone => prop_assert_eq!(last, Desired::Absent),
            Reached::GaveUp(_) => {
                let real = sim.0.borrow();
                let is_hopeless = real.never_deletes && last == Desired::Absent;
                prop_assert!(is_hopeless || real.always_lies || real.never_seen, "given up without need");
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn two_deletions_that_time_out_are_followed_by_one_that_does_not() {
    let mut sim = Sim::default();
    let made = command(&mut sim, true, |record| record.wish(Desired::Stopped));
    assert_eq!(made, Some(Reached::AsWanted));
    sim.0.borrow_mut().faults = vec![Fault::Fails, Fault::Fails];
    assert_eq!(command(&mut sim, true, |record| record.wish(Desired::Absent)), Some(Reached::Gone));
}

#[test]
fn one_that_cannot_be_removed_is_stranded_and_can_be_tried_again() {
    let mut sim = Sim::default();
    command(&mut sim, true, |record| record.wish(Desired::Running));
    sim.0.borrow_mut().never_deletes = true;
    let reached = command(&mut sim, true, |record| record.wish(Desired::Absent));
    assert_eq!(reached, Some(Reached::GaveUp("the manager says no (tried 6 times)".to_owned())));
    {
        let real = sim.0.borrow();
        let record = real.record.as_ref().expect("kept");
        assert_eq!(record.stranded.as_deref(), Some("rm it"));
        assert!(record.finalizer);
        assert_eq!(record.status.troubles.len(), 7, "{:?}", record.status.troubles);
    }
    sim.0.borrow_mut().never_deletes = false;
    assert_eq!(command(&mut sim, true, |record| record.wish(Desired::Absent)), Some(Reached::Gone));
}

#[test]
fn a_healthy_agent_is_adopted_and_a_second_command_changes_nothing() {
    let mut sim = Sim::default();
    // The process dies right after it has started the agent.
    sim.0.borrow_mut().faults = vec![Fault::CrashAfter, Fault::None];
    assert_eq!(command(&mut sim, true, |record| record.wish(Desired::Running)), None);
    assert!(sim.0.borrow().agent.is_some(), "the agent lives on");
    let before = sim.0.borrow().files.clone();
    for _ in 0..2 {
        let again = command(&mut sim, true, |record| record.wish(Desired::Running));
        assert_eq!(again, Some(Reached::AsWanted));
    }
    assert_eq!(sim.0.borrow().files, before);
}
