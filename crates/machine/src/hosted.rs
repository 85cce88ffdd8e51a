//! A machine with an agent of ours: the driver of both kinds.
//!
//! In: the folder of a machine and what is behind it. Out: looks and actions, as the reconciler asks for them. The agent is this
//! program again, in a session of its own; it runs what makes the machine, and goes on when we end.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use supervise::Seat;

use crate::places::{AgentEnded, AgentState, Places, left_in, read_json};
use crate::reconcile::{Driver, Failed};
use crate::step::{Agent, Guest, Health, StopWhy, World};
use crate::stop::{Behind, stop, write_order};
use crate::words::Record;

/// An agent that is asked and does not answer for so long is of no use.
const ANSWER: Duration = Duration::from_secs(10);
/// An agent takes its seat as the first thing it does.
const SEAT: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(10);
/// Agents have so much longer than the grace of the machine to end.
const OWN_GRACE: Duration = Duration::from_secs(10);

/// One kind of machine.
pub(crate) trait Backend: Behind {
    /// The machine, as whoever manages it sees it. `agent` is what our own agent says.
    fn guest(&self, agent: Option<&Health>) -> Guest;
    /// Makes it.
    fn create(&self, record: &Record) -> Result<(), Failed>;
    /// What must be there before the agent is started.
    fn prepare(&self, record: &Record) -> Result<(), Failed>;
    /// Removes it, and confirms that it is gone.
    fn delete(&self) -> Result<(), Failed>;
    /// The command with which a person removes it.
    fn by_hand(&self) -> String;
}

/// How this program is started again.
#[derive(Clone, Debug)]
pub struct Own {
    /// As an agent: these words, then the machine's folder.
    pub agent: Vec<OsString>,
    /// As a keeper.
    pub keeper: supervise::Keeper,
    /// The environment for it and for managers.
    pub environment: Vec<(OsString, OsString)>,
}

pub(crate) struct Hosted {
    pub(crate) places: Places,
    pub(crate) own: Own,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) digest: String,
    pub(crate) restarts: u64,
}

impl Hosted {
    fn agent(&self) -> Option<Agent> {
        match Seat::is_taken(&self.places.agent()) {
            Ok(false) => None,
            Ok(true) => Some(self.seated()),
            Err(error) => Some(Agent {
                health: Health::Sick(format!("its seat cannot be looked at: {error}")),
                template: self.digest.clone(),
                restarts: self.restarts,
            }),
        }
    }

    fn seated(&self) -> Agent {
        let answers = self.answers();
        let state: Option<AgentState> = read_json(&self.places.state());
        let health = match (answers, &state) {
            (Err(why), _) => Health::Sick(why),
            (Ok(()), Some(state)) if state.ready => Health::Ready,
            _ => Health::Starting,
        };
        let (template, restarts) =
            state.map_or_else(|| (self.digest.clone(), self.restarts), |it| (it.template, it.restarts));
        Agent { health, template, restarts }
    }

    /// It removes the file that asks. One that ends meanwhile is seen by its seat.
    fn answers(&self) -> Result<(), String> {
        write_order(&self.places, "ping").map_err(|error| format!("it cannot be asked: {error}"))?;
        let path = self.places.order("ping");
        let deadline = Instant::now() + ANSWER;
        loop {
            if !path.exists() {
                return Ok(());
            }
            if !Seat::is_taken(&self.places.agent()).unwrap_or(true) {
                return Err("it ended while it was asked".to_owned());
            }
            if Instant::now() >= deadline {
                return Err(format!("it did not answer for {} s", ANSWER.as_secs()));
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Driver for Hosted {
    fn observe(&mut self) -> World {
        let agent = self.agent();
        let guest = self.backend.guest(agent.as_ref().map(|agent| &agent.health));
        let mut stale = Vec::new();
        let mut remains = false;
        if agent.is_none() {
            let left =
                self.backend.folders().into_iter().flat_map(|folder| left_in(&folder).unwrap_or_default());
            stale = left.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
            let nowhere = self.places.agent().join("promises");
            let runs = [self.places.runs(), self.places.helpers()];
            remains = runs.iter().any(|runs| !supervise::leftovers(runs, &nowhere).is_empty());
        }
        let ended: Option<AgentEnded> = read_json(&self.places.ended());
        let last_words = ended.filter(|ended| !ended.asked).map(|ended| ended.why);
        World { agent, guest, stale, remains, last_words }
    }

    fn create(&mut self, record: &Record) -> Result<(), Failed> {
        self.backend.create(record)
    }

    fn start(&mut self, record: &Record) -> Result<(), Failed> {
        self.backend.prepare(record)?;
        let agent = self.places.agent();
        let failed = |error: io::Error| Failed::passing(format!("its agent could not be started: {error}"));
        fs::create_dir_all(self.places.order("")).map_err(failed)?;
        for path in [self.places.state(), self.places.ended()] {
            remove_if_there(&path).map_err(failed)?;
        }
        for name in ["stop", "stop-now", "ping"] {
            remove_if_there(&self.places.order(name)).map_err(failed)?;
        }
        let mut command = self.own.agent.clone();
        command.push(self.places.0.clone().into());
        supervise::start_apart(&command, &self.places.0, &self.own.environment, &self.places.agent_log())
            .map_err(failed)?;
        let deadline = Instant::now() + SEAT;
        while Instant::now() < deadline {
            if Seat::is_taken(&agent).map_err(failed)? {
                return Ok(());
            }
            if let Some(ended) = read_json::<AgentEnded>(&self.places.ended()) {
                return Err(Failed::passing(ended.why));
            }
            std::thread::sleep(LOOK);
        }
        Err(Failed::passing("its agent did not take its seat"))
    }

    fn stop(&mut self, record: &Record, _: StopWhy, said: &mut dyn FnMut(&str)) -> Result<(), Failed> {
        let grace = Duration::from_secs(record.template.grace) + OWN_GRACE;
        stop(&self.places, self.backend.as_ref(), grace, said)
    }

    fn delete(&mut self) -> Result<(), Failed> {
        self.backend.delete()
    }

    fn by_hand(&self) -> String {
        self.backend.by_hand()
    }
}

fn remove_if_there(path: &PathBuf) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
