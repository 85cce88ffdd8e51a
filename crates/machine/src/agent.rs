//! The agent of a machine: the process that looks after it for as long as it runs.
//!
//! In: the folder of a machine, and whether somebody asked it to end. Out: the machine, until it is to end or ends by itself, and
//! a word about why. It takes the seat first, so there is one at most; when it is killed, the keeper ends all it started.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use supervise::{Cancel, Keeper, Program, Seat, Stdin, Voice, remove_tree};

use crate::places::{AgentEnded, AgentState, Places, write_json};
use crate::words::{DriverKind, Record};
use crate::{lima, qemu};

/// How often an agent looks for orders and commands.
const LOOK: Duration = Duration::from_millis(20);

/// What somebody asked an agent, by a signal or a file.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// To end in peace.
    pub interrupted: Arc<AtomicBool>,
    /// To end at once.
    pub terminated: Arc<AtomicBool>,
}

/// The whole work of an agent. Returns when nothing of its machine is left. An error is for its log.
pub fn agent_main(
    folder: &Path,
    keeper: Keeper,
    environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    asked: &Asked,
) -> Result<(), String> {
    let places = Places::of(folder);
    // Sockets are reached by their bare names: the path of the folder may be longer than the system takes.
    std::env::set_current_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let Some(_seat) = Seat::take(&places.agent()).map_err(|error| error.to_string())? else {
        return Ok(());
    };
    let over = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        // From the first moment on, so that it is not taken for dead.
        scope.spawn(|| obey(&places, asked, &over));
        let _over = Over(&over);
        work(&places, keeper, environment, asked)
    });
    let was_asked = asked.interrupted.load(Ordering::SeqCst) || asked.terminated.load(Ordering::SeqCst);
    let why = ended.err().unwrap_or_else(|| "the machine went down by itself".to_owned());
    write_json(&places.ended(), &AgentEnded { asked: was_asked, why: why.clone() })
        .map_err(|error| format!("{why}; and this could not be written down: {error}"))?;
    if was_asked { Ok(()) } else { Err(why) }
}

/// Says that it is over, also where the work ended in a panic: nobody waits for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Reads orders until it is over.
fn obey(places: &Places, asked: &Asked, over: &AtomicBool) {
    while !over.load(Ordering::SeqCst) {
        if places.order("stop").exists() {
            asked.interrupted.store(true, Ordering::SeqCst);
        }
        // Without its folder nobody can find the machine any more.
        if places.order("stop-now").exists() || !places.agent().exists() {
            asked.terminated.store(true, Ordering::SeqCst);
        }
        // Taking the question away is the answer. Where that fails, whoever asks thinks the worst.
        drop(fs::remove_file(places.order("ping")));
        std::thread::sleep(LOOK);
    }
}

fn work(
    places: &Places,
    keeper: Keeper,
    environment: Vec<(std::ffi::OsString, std::ffi::OsString)>,
    asked: &Asked,
) -> Result<(), String> {
    let record = crate::folder::read(&places.0)
        .map_err(|error| error.to_string())?
        .ok_or("there is no record of the machine")?;
    state(places, &record, false)?;
    let current = places.runs().join("current");
    remove_tree(&current).map_err(|error| error.to_string())?;
    let (command, limits) = match record.template.driver {
        DriverKind::Qemu => {
            let template = crate::line::with_own_program(&record.template, places)
                .map_err(|error| format!("what the machine sees of this program: {error}"))?;
            let command =
                qemu::command(&template, &places.0, &places.jobs(), false).map_err(|it| it.message)?;
            (command, qemu::limits())
        }
        DriverKind::Lima => (lima::agent_command(&record).map_err(|it| it.message)?, lima::limits(&record)),
    };
    let program = Program {
        command,
        folder: places.0.clone(),
        environment: environment.clone(),
        // An open pipe on which nothing is said: without one QEMU's console does not start.
        stdin: Stdin::Dialogue(Voice::new()),
        run_folder: current,
        keeper: keeper.clone(),
    };
    let cancel = Cancel::new();
    let is_down = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let run = std::thread::Builder::new().name("machine".to_owned()).spawn_scoped(scope, || {
            let outcome = supervise::run(&program, &limits, &cancel, &mut |_| {});
            is_down.store(true, Ordering::SeqCst);
            outcome
        });
        let run = run.map_err(|error| error.to_string())?;
        let host = Host { places, record: &record, asked, is_down: &is_down, cancel: &cancel };
        let served = match record.template.driver {
            DriverKind::Qemu => host.qemu(),
            DriverKind::Lima => host.lima(&lima::Manager::new(places, &record, keeper, environment)),
        };
        // From here on nobody is told that it takes commands. Where this cannot be written, its end says so.
        drop(state(places, &record, false));
        // Whatever happened: what still runs is brought to an end.
        host.bring_down();
        let outcome = run.join().map_err(|_| "looking after the machine failed; this is a defect")?;
        let mut why = served.err().unwrap_or_default();
        if !outcome.tree_gone && supervise::PROVES_ENDS {
            why = format!("{why}; not everything of it is proven gone: {}", outcome.notes.join("; "));
        }
        if why.is_empty() {
            return Ok(());
        }
        let words = qemu::last_words(&places.console(), &places.complaints());
        Err(if words.is_empty() { why } else { format!("{why}: {words}") })
    })
}

fn state(places: &Places, record: &Record, ready: bool) -> Result<(), String> {
    let state = AgentState { ready, template: record.template.digest(), restarts: record.restarts };
    write_json(&places.state(), &state).map_err(|error| format!("its state could not be written: {error}"))
}

struct Host<'a> {
    places: &'a Places,
    record: &'a Record,
    asked: &'a Asked,
    is_down: &'a AtomicBool,
    cancel: &'a Cancel,
}

impl Host<'_> {
    /// Why the machine is not to be served any more.
    fn leave(&self) -> Option<String> {
        if self.asked.interrupted.load(Ordering::SeqCst) || self.asked.terminated.load(Ordering::SeqCst) {
            return Some("it was asked to stop".to_owned());
        }
        self.is_down.load(Ordering::SeqCst).then(|| "the machine went down".to_owned())
    }

    fn ready_within(&self) -> Duration {
        Duration::from_secs(self.record.template.ready_within)
    }

    /// The ladder of the keeper, shortened where somebody is in a hurry.
    fn bring_down(&self) {
        if self.is_down.load(Ordering::SeqCst) {
            return;
        }
        if self.asked.terminated.load(Ordering::SeqCst) {
            self.cancel.kill();
            return;
        }
        self.cancel.cancel();
        let terminated = || self.asked.terminated.load(Ordering::SeqCst);
        wait_until(Duration::from_hours(1), || self.is_down.load(Ordering::SeqCst) || terminated());
        if terminated() {
            self.cancel.kill();
        }
    }

    #[cfg(not(unix))]
    fn qemu(&self) -> Result<(), String> {
        Err("QEMU machines are for unix systems so far".to_owned())
    }

    #[cfg(unix)]
    fn qemu(&self) -> Result<(), String> {
        let mut channel = qemu::Channel::open(self.ready_within(), &|| self.leave())?;
        state(self.places, self.record, true)?;
        while self.leave().is_none() {
            if let Some(taken) = crate::commands::next(self.places) {
                self.command(&mut channel, &taken)?;
            } else {
                // Noticed at once, and not only when everything of it is proven gone.
                channel.is_there()?;
                std::thread::sleep(LOOK);
            }
        }
        if self.is_down.load(Ordering::SeqCst) {
            return Ok(());
        }
        // In peace, if it listens.
        if channel.power_off().is_ok() {
            let grace = Duration::from_secs(self.record.template.grace);
            wait_until(grace, || {
                self.is_down.load(Ordering::SeqCst) || self.asked.terminated.load(Ordering::SeqCst)
            });
        }
        Ok(())
    }

    /// Runs one command. An error is one of ours, after which the machine is of no use.
    #[cfg(unix)]
    fn command(&self, channel: &mut qemu::Channel, taken: &crate::commands::Taken) -> Result<(), String> {
        use crate::job::{Done, How};
        let jobs = self.places.jobs();
        let lost = |why: String| Done { how: How::Lost, exit: None, ms: 0, note: Some(why) };
        let mut is_useless = false;
        let shown = taken.job().and_then(|job| taken.show(&job, &jobs).map(|id| (job, id)));
        let done = match shown {
            Err(why) => lost(format!("the command is not understood: {why}")),
            Ok((job, id)) => {
                let line = job.line.as_ref().map(|_| Self::line(taken)).transpose();
                let done = match (taken.streams(), &line) {
                    (Err(error), _) => lost(format!("its output cannot be kept: {error}")),
                    (_, Err(why)) => lost(format!("its line cannot be laid: {why}")),
                    (Ok([mut out, mut err]), Ok(_)) => {
                        let done = channel.run(
                            &id,
                            &crate::commands::unique(),
                            &job,
                            &|| taken.is_cancelled(),
                            &|| self.leave(),
                            &mut out,
                            &mut err,
                        );
                        is_useless = channel.is_stuck() || done.how == How::Lost;
                        done
                    }
                };
                // Removed with the machine at the latest.
                drop(remove_tree(&jobs.join(id)));
                done
            }
        };
        if is_useless {
            // Before whoever waits is told, and asks again.
            drop(state(self.places, self.record, false));
        }
        // Whoever waited may have gone; then there is nobody to answer.
        drop(taken.answer(&done));
        match self.leave() {
            None if is_useless => Err(done.note.unwrap_or_default()),
            _ => Ok(()),
        }
    }

    /// Joins the line of a job with the port of the machine, until it is dropped.
    #[cfg(unix)]
    fn line(taken: &crate::commands::Taken) -> Result<crate::line::Splice, String> {
        let joined = || {
            let port = std::os::unix::net::UnixStream::connect(qemu::socket(qemu::LINE))?;
            crate::line::Splice::new(port, taken.line()?)
        };
        joined().map_err(|error| error.to_string())
    }

    /// Lima's own agent looks after the machine; we wait until it takes commands, and then until it is to end.
    fn lima(&self, manager: &lima::Manager) -> Result<(), String> {
        let deadline = Instant::now() + self.ready_within();
        loop {
            if let Some(why) = self.leave() {
                return if self.is_down.load(Ordering::SeqCst) { Err(why) } else { Ok(()) };
            }
            if manager.is_ready(&|| self.leave().is_some()) {
                break;
            }
            if Instant::now() >= deadline {
                return Err("the machine was not ready in time".to_owned());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        state(self.places, self.record, true)?;
        while self.leave().is_none() {
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

/// Waits until it is enough, and no longer than this.
fn wait_until(longest: Duration, is_enough: impl Fn() -> bool) {
    let deadline = Instant::now() + longest;
    while Instant::now() < deadline && !is_enough() {
        std::thread::sleep(LOOK);
    }
}
