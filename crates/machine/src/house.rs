//! The machine of a run: booted when the first program is to run in it, used by one after the other, ended with the run.
//!
//! In: what programs are to be shown. Out: a machine that shows it, for one at a time. It is no machine of the user's: its agent is
//! held by a keeper of this process, so that it ends with this process however that ends. One that went down is booted again for
//! whoever comes next; whoever was in it has failed.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sandbox::{House, Key, Place};
use supervise::{Cancel, Grace, Hold, Keeper, Limits, Outcome, Program, Resources, Seat, Stdin, remove_tree};

use crate::folder::{make_private, write_record};
use crate::places::{AgentEnded, AgentState, Places, read_json};
use crate::qemu;
use crate::reconcile::Failed;
use crate::words::{DriverKind, Name, Pool, Record, Template};

/// Memory in MiB: the scratch of whoever is inside is in it.
const MEMORY: u32 = 3072;
const LOOK: Duration = Duration::from_millis(20);
/// An agent ends its machine within this, when it is asked.
const GRACE: Duration = Duration::from_secs(10);
/// Its folder, in that of the run.
const FOLDER: &str = "machine";

/// How this program is started again, for the machine of a run.
#[derive(Clone, Debug)]
pub struct Means {
    /// As an agent: these words, then the machine's folder.
    pub agent: Vec<OsString>,
    /// To hand over a job: these words, then the machine's folder and the file of the job.
    pub hand: Vec<OsString>,
    /// As a keeper.
    pub keeper: Keeper,
    /// Folder of the kernel; without it this system's own.
    pub guest: Option<PathBuf>,
    /// What programs of this run will be shown, as far as it is known before.
    pub expected: Vec<PathBuf>,
    /// Ends everything: nobody waits for a machine any more.
    pub cancel: Cancel,
}

/// The machine of a run.
#[derive(Debug)]
pub struct RunMachine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    means: Means,
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Somebody is in it.
    taken: bool,
    /// Every folder that was asked for so far.
    wanted: Vec<PathBuf>,
    running: Option<Running>,
    /// How many were booted.
    booted: u32,
}

/// A machine that runs, or did.
#[derive(Debug)]
struct Running {
    folder: PathBuf,
    shown: Vec<PathBuf>,
    cancel: Cancel,
    thread: JoinHandle<Outcome>,
}

impl RunMachine {
    /// None runs yet.
    pub fn new(means: Means) -> Self {
        Self(Arc::new(Inner { means, state: Mutex::default(), left: Condvar::new() }))
    }
}

impl Drop for RunMachine {
    /// Where nobody closed it: on the way out of an error.
    fn drop(&mut self) {
        drop(self.close());
    }
}

impl House for RunMachine {
    fn enter(&self, place: &Place<'_>, read: &[PathBuf]) -> Result<Key, String> {
        let inner = &self.0;
        let folder = place.folder;
        let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
        inner.wait()?;
        // From here on it is given back, whatever happens.
        let turn = Turn(Arc::clone(inner));
        let wanted = inner.want(folders(read.iter().chain(&inner.means.expected), &folder));
        let fit = inner.fit(&folder, &wanted);
        let own = match fit {
            Some(own) => own,
            None => inner.replace(&folder, place.records, wanted)?,
        };
        let mut words = inner.means.hand.clone();
        words.push(own.into());
        Ok(Key::new(words, Box::new(turn)))
    }

    fn close(&self) -> Vec<String> {
        let running = self.0.lock().running.take();
        running.map(Running::end).unwrap_or_default()
    }
}

/// Whoever is in the machine; leaves when this is dropped.
struct Turn(Arc<Inner>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.lock().taken = false;
        self.0.left.notify_one();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody is in it, and takes it.
    fn wait(&self) -> Result<(), String> {
        let mut state = self.lock();
        while state.taken {
            if self.means.cancel.is_cancelled() {
                return Err("it was stopped while it waited for the machine".to_owned());
            }
            let waited = self.left.wait_timeout(state, Duration::from_millis(100));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.taken = true;
        Ok(())
    }

    /// Remembers these folders; all that were ever wanted.
    fn want(&self, folders: Vec<PathBuf>) -> Vec<PathBuf> {
        let mut state = self.lock();
        state.wanted.extend(folders);
        state.wanted = sandbox::outermost(std::mem::take(&mut state.wanted));
        state.wanted.clone()
    }

    /// The folder of the machine that runs, where it shows all of this.
    fn fit(&self, place: &Path, wanted: &[PathBuf]) -> Option<PathBuf> {
        let state = self.lock();
        let running = state.running.as_ref()?;
        let shows = |folder: &PathBuf| running.shown.iter().any(|shown| folder.starts_with(shown));
        let places = Places::of(&running.folder);
        let is_up = !running.thread.is_finished()
            && Seat::is_taken(&places.agent()).unwrap_or(false)
            && read_json::<AgentState>(&places.state()).is_some_and(|state| state.ready);
        let is_fit = is_up && running.folder.starts_with(place) && wanted.iter().all(shows);
        is_fit.then(|| running.folder.clone())
    }

    /// Ends the one that is of no use, where there is one, and boots another.
    fn replace(&self, place: &Path, records: &Path, wanted: Vec<PathBuf>) -> Result<PathBuf, String> {
        let old = self.lock().running.take();
        // What it did not clear away lies in the run's folder, which goes with the run.
        drop(old.map(Running::end));
        let running = match self.boot(place, records, wanted.clone()) {
            // One that did not come up where much else goes on is no reason to leave a reviewer out.
            Err(failed) if !failed.lasting && !self.means.cancel.is_cancelled() => {
                let again = self.boot(place, records, wanted);
                again.map_err(|again| format!("{again}; before that: {failed}"))?
            }
            booted => booted.map_err(|failed| failed.message)?,
        };
        let folder = running.folder.clone();
        self.lock().running = Some(running);
        Ok(folder)
    }

    /// Boots one, and waits until it takes commands.
    fn boot(&self, place: &Path, records: &Path, wanted: Vec<PathBuf>) -> Result<Running, Failed> {
        let number = {
            let mut state = self.lock();
            state.booted += 1;
            state.booted
        };
        let folder = place.join(FOLDER).join(number.to_string());
        let failed = |error: io::Error| {
            Failed::passing(format!("the machine could not be made: {}: {error}", folder.display()))
        };
        let mut pools = vec![Pool { outside: place.to_owned(), still: false }];
        pools.extend(wanted.iter().map(|outside| Pool { outside: outside.clone(), still: true }));
        let template = Template {
            memory: MEMORY,
            pools,
            guest: self.means.guest.clone(),
            ..Template::new(DriverKind::Qemu)
        };
        // Said here and not by an agent that has gone.
        qemu::check(&template)?;
        let ready_within = Duration::from_secs(template.ready_within) + GRACE;
        let name = Name::try_from(format!("run-{number}")).expect("letters and digits");
        let places = Places::of(&folder);
        make_private(&folder).map_err(failed)?;
        for needed in [places.order(""), places.jobs(), places.commands()] {
            fs::create_dir_all(needed).map_err(failed)?;
        }
        write_record(&folder, &Record::new(name, template)).map_err(failed)?;
        let running =
            self.start(folder.clone(), records.join(format!("machine-{number}")), wanted).map_err(failed)?;
        let deadline = Instant::now() + ready_within;
        loop {
            let state: Option<AgentState> = read_json(&places.state());
            if state.is_some_and(|state| state.ready) {
                return Ok(running);
            }
            let why = if self.means.cancel.is_cancelled() {
                "it was stopped while the machine booted".to_owned()
            } else if running.thread.is_finished() {
                let ended: Option<AgentEnded> = read_json(&places.ended());
                let why = ended.map_or_else(|| "its agent ended".to_owned(), |ended| ended.why);
                format!("the machine could not be booted: {why}")
            } else if Instant::now() >= deadline {
                "the machine could not be booted: it was not ready in time".to_owned()
            } else {
                std::thread::sleep(LOOK);
                continue;
            };
            let notes = running.end();
            return Err(Failed::passing(if notes.is_empty() {
                why
            } else {
                format!("{why}; {}", notes.join("; "))
            }));
        }
    }

    fn start(&self, folder: PathBuf, record: PathBuf, shown: Vec<PathBuf>) -> io::Result<Running> {
        let Means { agent, keeper, .. } = &self.means;
        let program = Program {
            command: agent.iter().cloned().chain([folder.clone().into()]).collect(),
            folder: folder.clone(),
            environment: supervise::harmless_environment(&[]),
            stdin: Stdin::Null,
            run_folder: record,
            keeper: keeper.clone(),
        };
        // Not the run's own: the reviewers are ended first, and the machine when nobody is in it any more.
        let cancel = Cancel::new();
        let own = cancel.clone();
        let thread = std::thread::Builder::new()
            .name("machine".to_owned())
            .spawn(move || supervise::run(&program, &limits(), &own, &mut |_| {}))?;
        Ok(Running { folder, shown, cancel, thread })
    }
}

impl Running {
    /// Ends it at once: nothing in it is kept. Says what did not go as it should.
    fn end(self) -> Vec<String> {
        self.cancel.kill();
        let mut notes = Vec::new();
        match self.thread.join() {
            Ok(outcome) if outcome.tree_gone || !supervise::PROVES_ENDS => {
                if let Err(error) = remove_tree(&self.folder) {
                    notes.push(format!("what belonged to the machine was not removed: {error}"));
                }
            }
            Ok(outcome) => {
                notes
                    .push(format!("it is not proven that the machine is gone: {}", outcome.notes.join("; ")));
            }
            Err(_) => notes.push("looking after the machine failed; this is a defect".to_owned()),
        }
        notes
    }
}

fn limits() -> Limits {
    let for_ever = Duration::from_hours(24 * 365);
    Limits {
        wall: for_ever,
        silence: for_ever,
        grace: Grace { interrupt: GRACE, ..Grace::default() },
        hold: Hold::Firm,
        resources: Resources { processes: None, memory: None, file: None },
        ..Limits::default()
    }
}

/// Folders to show: real ones, outside of the run's own and of the system's.
fn folders<'a>(wanted: impl Iterator<Item = &'a PathBuf>, place: &Path) -> Vec<PathBuf> {
    let real = wanted.filter_map(|path| path.canonicalize().ok());
    real.filter(|path| path.is_dir() && !path.starts_with(place) && !path.starts_with("/usr")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_another_needs_no_share_of_its_own() {
        let paths = ["/b/c", "/a", "/b", "/ab", "/a/x"].map(PathBuf::from);
        assert_eq!(sandbox::outermost(paths.to_vec()), ["/a", "/ab", "/b"].map(PathBuf::from));
    }

    #[test]
    fn only_what_is_there_and_not_shown_anyway_is_shown() {
        let scratch = tempfile::tempdir().expect("a folder");
        let root = scratch.path().canonicalize().expect("a path");
        let place = root.join("place");
        fs::create_dir_all(place.join("tree")).expect("a folder");
        fs::create_dir(root.join("tools")).expect("a folder");
        fs::write(root.join("tool"), "").expect("a file");
        let wanted =
            [root.join("tools"), root.join("tool"), place.join("tree"), root.join("none"), "/usr/bin".into()];
        assert_eq!(folders(wanted.iter(), &place), [root.join("tools")]);
    }
}
