//! The keeper's view of the tree it keeps: who is left, how the program exited, and signals to all of them.
//!
//! In: what the platform tells. Out: facts and sent signals. Never a decision when to send one.

use std::io;

use rustix::process::{Pid, Signal};

use crate::Stage;
use crate::ending::Exit;
use crate::ladder::Alive;
use crate::os::{tree, unix};

/// The tree of one attempt.
pub(crate) struct Tree {
    keeper: i32,
    leader: Pid,
    exit: Option<Exit>,
    anyone: bool,
    killed: bool,
}

impl Tree {
    /// The tree that begins with this process's child `leader`.
    pub(crate) fn of(leader: Pid) -> Self {
        let keeper = rustix::process::getpid().as_raw_pid();
        Self { keeper, leader, exit: None, anyone: true, killed: false }
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
        let reaped = tree::reap(self.leader);
        self.exit = self.exit.or(reaped.exit);
        // Where nothing can be proven, the kill is the last that can be done, and the program's own exit all there is.
        let given_up = !tree::PROVES && self.killed && self.exit.is_some();
        self.anyone = reaped.anyone && !given_up;
    }

    /// Sends the signal of a rung. Gives how many were reached, and what failed.
    pub(crate) fn climb(&mut self, stage: Stage) -> (usize, Vec<String>) {
        match stage {
            Stage::Interrupt => self.to_leader(Signal::INT),
            Stage::Terminate => {
                let told = self.to_all(Signal::TERM);
                // A stopped process hears nothing until it goes on.
                let _ = self.to_all(Signal::CONT);
                told
            }
            Stage::Kill => {
                self.killed = true;
                self.to_all(Signal::KILL)
            }
        }
    }

    fn to_leader(&self, signal: Signal) -> (usize, Vec<String>) {
        if self.exit.is_some() {
            return (0, Vec::new());
        }
        match unix::signal_leader(self.leader, signal) {
            Ok(()) => (1, Vec::new()),
            Err(rustix::io::Errno::SRCH) => (0, Vec::new()),
            Err(error) => (0, vec![format!("the program took no signal: {error}")]),
        }
    }

    fn to_all(&self, signal: Signal) -> (usize, Vec<String>) {
        let mut reached = 0;
        let mut failed = Vec::new();
        for sent in tree::send_to_all(self.keeper, self.leader, signal) {
            match sent {
                Ok(true) => reached += 1,
                Ok(false) => {}
                Err(note) => failed.push(note),
            }
        }
        (reached, failed)
    }

    /// Everyone who can be seen now, for people: name and number.
    pub(crate) fn seen(&self) -> Vec<String> {
        let members = tree::descendants(&[self.keeper]);
        members.iter().map(|member| format!("{} ({})", tree::name(member.pid), member.pid)).collect()
    }

    /// Who holds one of the pipes open, for people.
    pub(crate) fn holders(&self, pipe: &io::PipeReader) -> Vec<String> {
        let members = tree::descendants(&[self.keeper]);
        let pids = tree::holders(&members, pipe);
        pids.into_iter().map(|pid| format!("{} ({pid})", tree::name(pid))).collect()
    }
}
