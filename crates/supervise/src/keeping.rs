//! The keeper's loop: copies output, hears orders, minds the limits, and climbs the ladder.
//!
//! In: a started program. Out: how it ended, when the tree is proven gone or patience is over. One thread, one place
//! where it waits, and one ladder for every cause.

use std::io::{self, PipeReader};
use std::time::Duration;

use crate::clock::Clock;
use crate::ending::{self, Cause};
use crate::gulp::{Gulp, gulp};
use crate::ladder::{Ladder, Step};
use crate::message::{BREAK_OFF, KILL, Message, STOP, Tell};
use crate::os::here::{self, Ears, Lifeline, Streams};
use crate::os::tree::{PROVES, is_stopped};
use crate::record::End;
use crate::spool::{Spool, Stream};
use crate::tree::Tree;
use crate::{Grace, Level, Limits, Pulse, Stage};

/// How often is looked whether the supervisor was suspended.
const SUPERVISOR_LOOK: Duration = Duration::from_millis(500);
/// How often is looked whether it goes on.
const FROZEN_LOOK: Duration = Duration::from_millis(50);
/// How often is looked how much memory the tree holds.
const MEMORY_LOOK: Duration = Duration::from_millis(200);
/// Looking takes at most one part in so many of the keeper's time, however many processes there are.
const MEMORY_PAUSES: u32 = 10;
/// More notes than these are of no use to anybody.
const MOST_NOTES: usize = 40;

/// A running attempt.
pub(crate) struct Keeping<'a> {
    limits: &'a Limits,
    clock: Clock,
    supervisor: i32,
    supervisor_look: Duration,
    most_memory: Option<u64>,
    memory_look: Duration,
    tree: Tree,
    spool: Spool,
    stdout: Option<PipeReader>,
    stderr: Option<PipeReader>,
    buffer: Vec<u8>,
    lifeline: Option<Lifeline>,
    ears: Ears,
    last_byte: Duration,
    last_news: Duration,
    told: u64,
    exited: Option<Duration>,
    cause: Option<Cause>,
    held: bool,
    ladder: Option<Ladder>,
    climbed: Vec<Stage>,
    notes: Vec<String>,
}

/// What the loop does next.
enum Next {
    Look(Duration),
    Done { gone: bool },
}

impl<'a> Keeping<'a> {
    /// Takes over a program that was just started.
    pub(crate) fn new(
        limits: &'a Limits,
        tree: Tree,
        streams: Streams,
        spool: Spool,
        lifeline: Lifeline,
        ears: Ears,
    ) -> Self {
        let (stdout, stderr) = streams.into_read_ends();
        Self {
            limits,
            clock: Clock::start(),
            supervisor: here::supervisor(),
            supervisor_look: Duration::ZERO,
            most_memory: Tree::most_memory(limits.memory),
            memory_look: Duration::ZERO,
            tree,
            spool,
            stdout: Some(stdout),
            stderr: Some(stderr),
            buffer: vec![0; 1 << 16],
            lifeline: Some(lifeline),
            ears,
            last_byte: Duration::ZERO,
            last_news: Duration::ZERO,
            told: 0,
            exited: None,
            cause: None,
            held: false,
            ladder: None,
            climbed: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Keeps the program until nothing of it is left.
    pub(crate) fn keep(mut self, teller: &mut impl Tell) -> End {
        let mut look = Duration::ZERO;
        let gone = loop {
            self.wait(look);
            self.hear();
            self.copy();
            self.tree.reap();
            self.news(teller);
            self.mind_the_supervisor();
            self.mind_the_memory();
            match self.next(teller) {
                Next::Look(until) => look = until,
                Next::Done { gone } => break gone,
            }
        };
        self.copy();
        self.end(gone)
    }

    /// Something a reader should know.
    pub(crate) fn note(&mut self, note: String) {
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn wait(&mut self, until: Duration) {
        let now = self.clock.now();
        let until = if self.is_news() { until.min(self.last_news + self.limits.news) } else { until };
        let look = if self.clock.is_paused() { FROZEN_LOOK } else { SUPERVISOR_LOOK };
        let longest = if self.lifeline.is_some() { look } else { Duration::MAX };
        let memory =
            if self.minds_the_memory() { self.memory_look.saturating_sub(now) } else { Duration::MAX };
        let longest = until.saturating_sub(now).min(longest).min(memory);
        let output = [&self.stdout, &self.stderr].into_iter().flatten();
        let output = output.filter(|_| !self.spool.is_over());
        if let Err(error) = here::wait(output, &self.ears, self.lifeline.as_ref(), &self.tree, longest) {
            self.note(format!("the keeper could not wait: {error}"));
            std::thread::sleep(Duration::from_millis(20));
        }
        self.ears.quiet();
    }

    fn hear(&mut self) {
        if self.ears.asked_to_end() && self.ladder.is_none() {
            self.note("somebody sent the keeper a signal to end".to_owned());
            self.stop(Cause::Asked);
        }
        let Some(lifeline) = &self.lifeline else { return };
        let mut orders = [0; 16];
        match here::read_orders(lifeline, &mut orders) {
            Ok(0) => self.left_alone(),
            Ok(count) => {
                for order in &orders[..count] {
                    self.obey(*order);
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => {
                self.note(format!("the lifeline could not be read: {error}"));
                self.left_alone();
            }
        }
    }

    fn obey(&mut self, order: u8) {
        match order {
            STOP => self.stop(Cause::Cancelled),
            BREAK_OFF => self.stop(Cause::BrokenOff),
            KILL => {
                self.stop(Cause::Cancelled);
                self.ladder.iter_mut().for_each(Ladder::hurry);
            }
            _ => {}
        }
    }

    fn left_alone(&mut self) {
        self.lifeline = None;
        self.note("the supervisor was gone; the keeper ended the attempt".to_owned());
        self.stop(Cause::Alone);
        self.ladder = Some(match self.ladder.take() {
            Some(ladder) if ladder.stage().is_some() => {
                let mut ladder = ladder;
                ladder.hurry();
                ladder
            }
            _ => Ladder::new(self.limits.grace.hurried()),
        });
    }

    /// Begins the ladder. A program that has already exited ended by itself: only its descendants are ended then.
    fn stop(&mut self, cause: Cause) {
        if self.ladder.is_none() {
            if self.exited.is_none() {
                self.cause = Some(cause);
            }
            self.ladder = Some(Ladder::new(self.grace()));
        }
        // Who is stopped cannot obey.
        self.thaw();
    }

    /// A supervisor that is suspended (Ctrl-Z) suspends its programs, and the time does not count.
    fn mind_the_supervisor(&mut self) {
        let look = self.clock.is_paused() || self.clock.now() >= self.supervisor_look;
        if self.lifeline.is_none() || self.ladder.is_some() || !look {
            return;
        }
        self.supervisor_look = self.clock.now() + SUPERVISOR_LOOK;
        match (is_stopped(self.supervisor), self.clock.is_paused()) {
            (true, false) => {
                self.clock.pause();
                let failed = self.tree.freeze(true);
                for note in failed {
                    self.note(note);
                }
            }
            (false, true) => self.thaw(),
            _ => {}
        }
    }

    /// Who stands still takes no more, and who is being killed gives everything back.
    fn minds_the_memory(&self) -> bool {
        let is_killed = self.ladder.as_ref().is_some_and(|ladder| ladder.stage() == Some(Stage::Kill));
        self.most_memory.is_some() && !is_killed && !self.clock.is_paused()
    }

    /// A tree that holds too much memory is killed at once: in the time of a talk it would take more.
    fn mind_the_memory(&mut self) {
        let (Some(most), now) = (self.most_memory, self.clock.now()) else { return };
        if !self.minds_the_memory() || now < self.memory_look {
            return;
        }
        let too_much = self.tree.too_much_memory(most);
        let took = self.clock.now().saturating_sub(now);
        self.memory_look = self.clock.now() + MEMORY_LOOK.max(took * MEMORY_PAUSES);
        if let Some(held) = too_much {
            self.note(format!(
                "its processes together held {} MiB of memory, more than their limit of {} MiB",
                held >> 20,
                most >> 20
            ));
            self.stop(Cause::Memory);
            self.ladder.iter_mut().for_each(Ladder::hurry);
        }
    }

    fn thaw(&mut self) {
        if self.clock.is_paused() {
            self.clock.resume();
            let failed = self.tree.freeze(false);
            for note in failed {
                self.note(note);
            }
        }
    }

    fn grace(&self) -> Grace {
        if self.lifeline.is_some() { self.limits.grace.clone() } else { self.limits.grace.hurried() }
    }

    fn copy(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if !self.spool.is_over() {
                self.copy_one(stream);
            }
        }
    }

    fn copy_one(&mut self, stream: Stream) {
        let pipe = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let Some(end) = pipe else { return };
        match gulp(end, &mut self.buffer, |bytes| self.spool.keep(stream, bytes)) {
            Gulp::Later { taken: 0 } => {}
            Gulp::Later { .. } => {
                if stream == Stream::Stdout || self.limits.pulse == Pulse::Either {
                    self.last_byte = self.clock.now();
                }
            }
            Gulp::Closed => *pipe = None,
            Gulp::Unreadable(error) => {
                *pipe = None;
                self.note(format!("its output could not be read: {error}"));
            }
            Gulp::NotKept(error) => {
                *pipe = None;
                self.note(format!("its output could not be written: {error}"));
                self.cause.get_or_insert(Cause::Spool);
                self.stop(Cause::Spool);
            }
        }
    }

    fn news(&mut self, teller: &mut impl Tell) {
        let now = self.clock.now();
        if self.is_news() && now >= self.last_news + self.limits.news {
            let (stdout, stderr) = self.spool.kept();
            teller.tell(&Message::Output { stdout, stderr });
            self.last_news = now;
            self.told = stdout + stderr;
        }
    }

    fn is_news(&self) -> bool {
        self.spool.total() != self.told
    }

    fn next(&mut self, teller: &mut impl Tell) -> Next {
        let now = self.clock.now();
        if self.exited.is_none() && self.tree.exit().is_some() {
            self.exited = Some(now);
        }
        if self.ladder.is_none() {
            if self.spool.is_over() {
                self.stop(Cause::Output);
            } else if let Some(exited) = self.exited {
                return self.drain(now, exited);
            } else if !self.tree.alive().anyone {
                // Somebody killed the first process of the namespace, which would have told how the program exited.
                return Next::Done { gone: true };
            } else {
                return self.mind_the_clock(now);
            }
        }
        self.climb(now, teller)
    }

    /// The program runs: how long may it go on?
    fn mind_the_clock(&mut self, now: Duration) -> Next {
        let silence = self.last_byte.saturating_add(self.limits.silence);
        if now >= self.limits.wall {
            self.note(format!("it ran longer than its limit of {}", time(self.limits.wall)));
            self.stop(Cause::Wall);
        } else if now >= silence {
            self.note(format!("it wrote nothing for {}", time(self.limits.silence)));
            self.stop(Cause::Silence);
        } else {
            return Next::Look(self.limits.wall.min(silence));
        }
        Next::Look(now)
    }

    /// The program has exited: its descendants have a moment to close its output and exit too.
    fn drain(&mut self, now: Duration, exited: Duration) -> Next {
        let closed = self.stdout.is_none() && self.stderr.is_none();
        if closed && !self.tree.alive().anyone {
            return Next::Done { gone: true };
        }
        let until = exited.saturating_add(self.limits.grace.drain);
        if now < until {
            return Next::Look(until);
        }
        self.name_what_is_left();
        if !self.tree.alive().anyone {
            return Next::Done { gone: true };
        }
        self.ladder = Some(Ladder::new(self.grace()));
        Next::Look(now)
    }

    fn name_what_is_left(&mut self) {
        let holders: Vec<String> = [&self.stdout, &self.stderr]
            .into_iter()
            .flatten()
            .flat_map(|pipe| self.tree.holders(pipe))
            .collect();
        self.held = self.stdout.is_some() || self.stderr.is_some();
        if self.held {
            self.note(format!("its output was still held open after it exited, by {}", list(&holders)));
        }
        let left = self.tree.seen();
        if !left.is_empty() {
            self.note(format!("processes outlived the program and were ended: {}", list(&left)));
        }
    }

    fn climb(&mut self, now: Duration, teller: &mut impl Tell) -> Next {
        let alive = self.tree.alive();
        let Some(ladder) = &mut self.ladder else { return Next::Look(now) };
        match ladder.step(now, alive) {
            Step::Gone => Next::Done { gone: true },
            Step::Unconfirmed => Next::Done { gone: false },
            Step::Climb(stage) => {
                teller.tell(&Message::Stopping { stage });
                self.climbed.push(stage);
                self.send(stage);
                Next::Look(now)
            }
            // Processes are born while others are killed: look and kill again until the kernel says nobody is left.
            Step::Wait(_) if ladder.stage() == Some(Stage::Kill) => {
                let pause = if self.send(Stage::Kill) > 0 { 1 } else { 10 };
                Next::Look(now + Duration::from_millis(pause))
            }
            Step::Wait(until) => Next::Look(until),
        }
    }

    fn send(&mut self, stage: Stage) -> usize {
        let (reached, failed) = self.tree.climb(stage, self.limits.interrupt);
        for note in failed {
            self.note(note);
        }
        reached
    }

    fn end(mut self, gone: bool) -> End {
        if !gone {
            let left = list(&self.tree.seen());
            self.note(format!("not proven that every process is gone; still seen: {left}"));
        } else if !PROVES {
            self.note("this system cannot prove that every process is gone".to_owned());
        }
        if self.spool.is_over() {
            // Also where the last bytes were read after its exit: what is kept is not all it said.
            self.cause.get_or_insert(Cause::Output);
            self.note(format!("its output was cut at {} bytes", self.limits.output));
        }
        let suspended = self.clock.lost();
        if suspended > Duration::ZERO {
            self.note(format!("it was suspended together with deep-review for {}", time(suspended)));
        }
        let exit = self.tree.exit();
        if exit.is_none() && self.cause.is_none() && self.tree.level() == Level::Namespace {
            self.note("the first process of its namespace was killed, and everyone with it".to_owned());
        }
        End {
            ending: ending::name(self.cause, exit, self.held),
            exit: exit.and_then(|exit| exit.code),
            signal: exit.and_then(|exit| exit.signal),
            ms: u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX),
            bytes_out: self.spool.total(),
            tree_gone: gone && PROVES,
            climbed: self.climbed,
            broken_off: None,
            level: Some(self.tree.level()),
            stopped_by: self.ladder.and_then(|ladder| ladder.stage()),
            notes: self.notes,
        }
    }
}

/// A limit, for people.
fn time(limit: Duration) -> String {
    match limit.as_secs() {
        seconds if seconds >= 120 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        _ => format!("{} s", limit.as_secs_f64()),
    }
}

/// At most ten of them.
fn list(names: &[String]) -> String {
    match names {
        [] => "nobody that could be seen".to_owned(),
        [first @ .., _] if first.len() >= 10 => {
            format!("{} and {} more", names[..10].join(", "), names.len() - 10)
        }
        _ => names.join(", "),
    }
}
