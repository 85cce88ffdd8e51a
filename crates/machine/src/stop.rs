//! The one way in which a machine is stopped, whatever the reason: a user's stop, a restart, a deletion, the end of
//! everything, an agent without a service.
//!
//! In: an agent and what is behind it. Out: nobody is left, nothing is left, or a sentence that says what. In order: ask the
//! agent's own group, wait, ask harder, wait, end it, and its whole tree with it; confirm; have the manager stop the machine;
//! and only then remove files that say that somebody runs, by their literal names. Never a file removed while a process may
//! still need it, never an error dropped.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use supervise::{PROVES_ENDS, Seat, Stage};

use crate::places::{Places, left_in};
use crate::reconcile::Failed;

/// How often is looked whether the agent is gone.
const LOOK: Duration = Duration::from_millis(25);
/// An agent that was asked harder ends its program at once, through the ladder of its keeper.
const AFTER_TERMINATE: Duration = Duration::from_secs(8);
/// After a kill only the kernel is waited for.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// What is behind an agent: the manager of the machine, where there is one.
pub(crate) trait Behind {
    /// Has the manager bring the machine to rest, with whatever it cleans up itself. Nothing running is a success.
    fn rest(&self) -> Result<(), Failed>;
    /// Folders in which agents and managers leave files while they run.
    fn folders(&self) -> Vec<PathBuf>;
}

/// Stops it all. `grace` is the agent's own time to bring the machine down in peace.
pub(crate) fn stop(
    places: &Places,
    behind: &dyn Behind,
    grace: Duration,
    said: &mut dyn FnMut(&str),
) -> Result<(), Failed> {
    end_agent(places, grace, said)?;
    confirm(places, said)?;
    behind.rest()?;
    remove_left(behind)
}

fn end_agent(places: &Places, grace: Duration, said: &mut dyn FnMut(&str)) -> Result<(), Failed> {
    let agent = places.agent();
    let rungs = [(Stage::Interrupt, grace), (Stage::Terminate, AFTER_TERMINATE), (Stage::Kill, AFTER_KILL)];
    for (stage, patience) in rungs {
        if is_free(places)? {
            return Ok(());
        }
        if stage != Stage::Interrupt {
            said(&format!("its agent did not end in time; {}", harder(stage)));
        }
        let order = match stage {
            Stage::Interrupt => Some("stop"),
            Stage::Terminate => Some("stop-now"),
            Stage::Kill => None,
        };
        if let Some(order) = order
            && let Err(error) = write_order(places, order)
        {
            said(&format!("its agent could not be told by a file: {error}"));
        }
        // Systems without signals have the file.
        match Seat::signal(&agent, stage) {
            Err(error) if cfg!(unix) || stage == Stage::Kill => {
                said(&format!("its agent took no signal: {error}"));
            }
            Ok(_) | Err(_) => {}
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if is_free(places)? {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
    }
    if is_free(places)? { Ok(()) } else { Err(Failed::passing("its agent was killed and does not end")) }
}

fn harder(stage: Stage) -> &'static str {
    if stage == Stage::Kill { "it was killed, and its keeper ends the rest" } else { "it was told to hurry" }
}

fn is_free(places: &Places) -> Result<bool, Failed> {
    Seat::is_taken(&places.agent()).map(|taken| !taken).map_err(|error| {
        // Not known is not gone.
        Failed::passing(format!("it is not known whether its agent is there: {error}"))
    })
}

pub(crate) fn write_order(places: &Places, name: &str) -> io::Result<()> {
    let path = places.order(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, "")
}

/// Nobody of the agent's tree is left, port forwarders included; whoever is, is ended now.
fn confirm(places: &Places, said: &mut dyn FnMut(&str)) -> Result<(), Failed> {
    for runs in [places.runs(), places.helpers()] {
        let recovery = supervise::recover(&runs);
        for attempt in &recovery.attempts {
            if attempt.ended_now > 0 {
                said(&format!(
                    "{} processes of `{}` were left and were ended",
                    attempt.ended_now, attempt.program
                ));
            }
            if !attempt.tree_gone {
                let notes = attempt.notes.join("; ");
                let sentence = format!("it is not proven that `{}` is gone: {notes}", attempt.program);
                if PROVES_ENDS {
                    return Err(Failed::passing(sentence));
                }
                said(&sentence);
            }
        }
        if let Some(note) = recovery.notes.first() {
            return Err(Failed::passing(note.clone()));
        }
    }
    Ok(())
}

fn remove_left(behind: &dyn Behind) -> Result<(), Failed> {
    let mut failed = Vec::new();
    for folder in behind.folders() {
        match left_in(&folder) {
            Ok(left) => {
                for path in left {
                    match fs::remove_file(&path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            failed.push(format!("{} could not be removed: {error}", path.display()));
                        }
                        _ => {}
                    }
                }
            }
            Err(error) => failed.push(format!("{} could not be looked into: {error}", folder.display())),
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Failed::passing(failed.join("; "))) }
}
