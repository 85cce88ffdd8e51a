//! The supervisor's view of the tree in its job: who is left, how the program exited, and what can be asked of it.
//!
//! In: what the system tells. Out: facts and requests. Never a decision when to make one, and never an event to our own
//! console group: only a living leader of a group of its own is asked.

use std::io;
use std::os::windows::io::{AsHandle as _, OwnedHandle};
use std::rc::Rc;
use std::time::Duration;

use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};

use super::handles::done;
use super::process::{self, exit_code, has_exited};
use super::{Job, Port};
use crate::ending::Exit;
use crate::ladder::Alive;
use crate::{Interrupt, Level, Stage};

/// The tree of one attempt.
pub(crate) struct Tree {
    job: Job,
    /// The messages of the job; `None` for one that was opened by name, whose count has to do.
    port: Option<Rc<Port>>,
    leader: Option<(OwnedHandle, u32)>,
    exit: Option<Exit>,
    anyone: bool,
}

impl Tree {
    /// The tree in this job that begins with this process.
    pub(crate) fn of(job: Job, port: Rc<Port>, leader: OwnedHandle, number: u32) -> Self {
        Self { job, port: Some(port), leader: Some((leader, number)), exit: None, anyone: true }
    }

    /// The tree in a job that another supervisor made. Its leader is known only where it was verified.
    pub(crate) fn found(job: Job, leader: Option<(OwnedHandle, u32)>) -> Self {
        Self { job, port: None, leader, exit: None, anyone: true }
    }

    /// What holds it together.
    #[expect(clippy::unused_self, reason = "the equal of a function that knows several levels elsewhere")]
    pub(crate) fn level(&self) -> Level {
        Level::Job
    }

    /// Nobody is frozen here: see [`super::supervisor`].
    #[expect(clippy::unused_self, reason = "the equal of a function that sends signals elsewhere")]
    pub(crate) fn freeze(&mut self, _frozen: bool) -> Vec<String> {
        Vec::new()
    }

    /// The number of the program, for people.
    pub(crate) fn number(&self) -> u32 {
        self.leader.as_ref().map_or(0, |(_, number)| *number)
    }

    /// How the program exited, once it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// Who is left, as of the last [`Tree::reap`].
    pub(crate) fn alive(&self) -> Alive {
        Alive { leader: self.leader.is_some() && self.exit.is_none(), anyone: self.anyone }
    }

    /// Takes the messages of the job, and learns who is left.
    ///
    /// Nobody is left when the job has said so *and* counts nobody. A job whose members are gone gets no new ones: only
    /// its members start processes in it. A count that cannot be read proves nothing.
    pub(crate) fn reap(&mut self) {
        if let Some((leader, _)) = &self.leader
            && self.exit.is_none()
            && has_exited(leader.as_handle())
        {
            self.exit = Some(Exit { code: exit_code(leader.as_handle()).ok(), signal: None });
        }
        let says_empty = self.port.as_ref().is_none_or(|port| {
            while port.wait(Duration::ZERO).is_ok_and(|told| told) {}
            port.says_empty()
        });
        let is_empty = says_empty && self.job.active().is_ok_and(|count| count == 0);
        // The job may be empty a moment before the program's exit can be seen.
        self.anyone = !is_empty || self.alive().leader;
    }

    /// Asks or ends. Gives how many were reached, and what failed.
    ///
    /// There is one polite request on Windows, so it is made on both polite rungs; where it cannot be made, the rung's
    /// patience is kept all the same: the program may be about to end by itself.
    pub(crate) fn climb(&mut self, stage: Stage, _interrupt: Interrupt) -> (usize, Vec<String>) {
        match stage {
            Stage::Interrupt | Stage::Terminate => self.interrupt(),
            Stage::Kill => match self.job.terminate() {
                Ok(()) => (0, Vec::new()),
                Err(error) => (0, vec![format!("the job could not be ended: {error}")]),
            },
        }
    }

    #[expect(unsafe_code, reason = "the system has no other door")]
    fn interrupt(&self) -> (usize, Vec<String>) {
        let Some((leader, number)) = &self.leader else { return (0, Vec::new()) };
        // The number is that of its group as long as we hold the handle; zero would mean everyone at our console.
        if has_exited(leader.as_handle()) || *number == 0 {
            return (0, Vec::new());
        }
        // SAFETY: no pointers are involved.
        match done(unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, *number) }) {
            Ok(()) => (1, Vec::new()),
            Err(error) => {
                (0, vec![format!("interrupt unavailable (no console is shared with the program): {error}")])
            }
        }
    }

    /// Nobody looks here: the job itself refuses its members more ([`Job::end_with_its_handle`]).
    pub(crate) fn most_memory(_wanted: Option<u64>) -> Option<u64> {
        None
    }

    /// See [`Tree::most_memory`].
    #[expect(clippy::unused_self, reason = "the equal of a function that looks at processes elsewhere")]
    pub(crate) fn too_much_memory(&self, _most: u64) -> Option<u64> {
        None
    }

    /// Everyone in the job, for people: name and number.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.job.members().into_iter().map(|number| format!("{} ({number})", process::name(number))).collect()
    }

    /// Who holds a pipe cannot be asked here.
    #[expect(clippy::unused_self, reason = "the equal of a function that looks at descriptors elsewhere")]
    pub(crate) fn holders(&self, _pipe: &io::PipeReader) -> Vec<String> {
        Vec::new()
    }
}
