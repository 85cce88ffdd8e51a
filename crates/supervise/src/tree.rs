//! The keeper's view of the tree it keeps: who is left, how the program exited, and signals to all of them.
//!
//! In: what the platform tells. Out: facts and sent signals. Never a decision when to send one.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::ending::Exit;
use crate::ladder::Alive;
use crate::os::tree::Member;
use crate::os::{memory, tree, unix};
use crate::shim::Shim;
use crate::{Interrupt, Level, Stage};

/// Milliseconds in which a process ends that has nothing else to do, on a busy machine.
const MOMENT: u32 = 200;

/// The tree of one attempt.
pub(crate) struct Tree {
    keeper: i32,
    /// The program, or the first process of its namespace: our child.
    child: Pid,
    shim: Option<Shim>,
    exit: Option<Exit>,
    anyone: bool,
    killed: bool,
}

impl Tree {
    /// The tree that begins with this process's child `leader`.
    pub(crate) fn of(leader: Pid) -> Self {
        Self::new(leader, None)
    }

    /// Everyone in the namespace.
    pub(crate) fn inside(shim: Shim) -> Self {
        Self::new(shim.pid, Some(shim))
    }

    fn new(child: Pid, shim: Option<Shim>) -> Self {
        let keeper = rustix::process::getpid().as_raw_pid();
        Self { keeper, child, shim, exit: None, anyone: true, killed: false }
    }

    /// What holds it together.
    pub(crate) fn level(&self) -> Level {
        match self.shim {
            Some(_) => Level::Namespace,
            None => tree::LEVEL,
        }
    }

    /// What becomes readable when there is news of it, besides the signal of a child's end.
    pub(crate) fn bell(&self) -> Option<BorrowedFd<'_>> {
        // After its end the channel would ring for ever.
        let speaks = self.anyone && self.exit.is_none() && !self.killed;
        self.shim.as_ref().filter(|_| speaks).map(Shim::bell)
    }

    /// How the program exited, once it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// Who is left, as of the last [`Tree::reap`].
    pub(crate) fn alive(&self) -> Alive {
        Alive { leader: self.exit.is_none(), anyone: self.anyone }
    }

    /// Takes the exits of everyone who has ended, and learns who is left.
    pub(crate) fn reap(&mut self) {
        let mut reaped = tree::reap(self.child);
        if let Some(shim) = &mut self.shim {
            self.exit = shim.exit();
            // It has said that it is ending: a moment, and there is nobody who would have to be asked to.
            for _ in 0..MOMENT {
                if reaped.anyone && shim.is_ending() {
                    std::thread::sleep(Duration::from_millis(1));
                    reaped = tree::reap(self.child);
                }
            }
            if !reaped.anyone && self.exit.is_none() && self.killed {
                // The kernel ended it together with everyone else in the namespace.
                self.exit = Some(Exit { code: None, signal: Some(Signal::KILL.as_raw()) });
            }
            self.anyone = reaped.anyone;
            return;
        }
        self.exit = self.exit.or(reaped.exit);
        // Where nobody else can be seen, the kill is the last that can be done, and the program's own exit all there is.
        let given_up = !tree::SEES && self.killed && self.exit.is_some();
        self.anyone = reaped.anyone && !given_up;
    }

    /// Sends the signal of a rung. Gives how many were reached, and what failed.
    pub(crate) fn climb(&mut self, stage: Stage, interrupt: Interrupt) -> (usize, Vec<String>) {
        self.killed |= stage == Stage::Kill;
        if let Some(shim) = &mut self.shim {
            let told = match stage {
                Stage::Interrupt => shim.interrupt(interrupt),
                Stage::Terminate => shim.terminate(),
                // Our child, not yet reaped, and everyone else in the namespace ends before it.
                Stage::Kill if self.anyone => {
                    rustix::process::kill_process(shim.pid, Signal::KILL).map_err(io::Error::from)
                }
                Stage::Kill => Ok(()),
            };
            return (0, told.err().map(|error| error.to_string()).into_iter().collect());
        }
        match stage {
            Stage::Interrupt => self.to_leader(match interrupt {
                Interrupt::Int => Signal::INT,
                Interrupt::Term => Signal::TERM,
            }),
            Stage::Terminate => {
                let told = self.to_all(Signal::TERM);
                // A stopped process hears nothing until it goes on.
                let _ = self.to_all(Signal::CONT);
                told
            }
            Stage::Kill => self.to_all(Signal::KILL),
        }
    }

    /// Stops everyone, or lets everyone go on. Gives what failed.
    pub(crate) fn freeze(&mut self, frozen: bool) -> Vec<String> {
        if let Some(shim) = &mut self.shim {
            let told = if frozen { shim.pause() } else { shim.resume() };
            return told.err().map(|error| error.to_string()).into_iter().collect();
        }
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        // A second look finds those who were born during the first; their stopped parents have no more.
        let (_, mut failed) = self.to_all(signal);
        failed.extend(self.to_all(signal).1);
        failed
    }

    fn to_leader(&self, signal: Signal) -> (usize, Vec<String>) {
        if self.exit.is_some() {
            return (0, Vec::new());
        }
        match unix::signal_leader(self.child, signal) {
            Ok(()) => (1, Vec::new()),
            Err(rustix::io::Errno::SRCH) => (0, Vec::new()),
            Err(error) => (0, vec![format!("the program took no signal: {error}")]),
        }
    }

    fn to_all(&self, signal: Signal) -> (usize, Vec<String>) {
        let mut reached = 0;
        let mut failed = Vec::new();
        for sent in tree::send_to_all(self.keeper, self.child, signal) {
            match sent {
                Ok(true) => reached += 1,
                Ok(false) => {}
                Err(note) => failed.push(note),
            }
        }
        (reached, failed)
    }

    /// The program's tree, without what is ours.
    fn members(&self) -> Vec<Member> {
        let mut members = tree::descendants(&[self.keeper]);
        if let Some(shim) = &self.shim {
            members.retain(|member| member.pid != shim.pid.as_raw_pid());
        }
        members
    }

    /// The most memory that the tree may hold, of what is wanted and what this machine can bear. `None` where nobody looks.
    pub(crate) fn most_memory(wanted: Option<u64>) -> Option<u64> {
        memory::most().map(|most| wanted.map_or(most, |wanted| wanted.min(most)))
    }

    /// The memory that it holds, where that is more than `most`.
    pub(crate) fn too_much_memory(&self, most: u64) -> Option<u64> {
        Some(memory::held(&self.members(), most)).filter(|held| *held > most)
    }

    /// Everyone who can be seen now, for people: name and number.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.members().iter().map(|member| format!("{} ({})", tree::name(member.pid), member.pid)).collect()
    }

    /// Who holds one of the pipes open, for people.
    pub(crate) fn holders(&self, pipe: &io::PipeReader) -> Vec<String> {
        let pids = tree::holders(&self.members(), pipe);
        pids.into_iter().map(|pid| format!("{} ({pid})", tree::name(pid))).collect()
    }
}
