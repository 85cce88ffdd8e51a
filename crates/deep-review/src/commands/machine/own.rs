//! What this program does when it is started again to look after a machine, or to run a job in one.
//!
//! In: folders and files of ours. Out: the work of crate `machine`, with the signals of this process. People never call these.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use machine::{Asked, How, Means, RunMachine};
use sandbox::{House, Possible};
use supervise::Cancel;

use super::{NOT_RUN, guest};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Interrupts and terminations, heard.
fn listen() -> Result<Asked, CommandError> {
    let asked = Asked::default();
    let listen = || {
        signal_hook::flag::register(signal_hook::consts::SIGINT, asked.interrupted.clone())?;
        signal_hook::flag::register(signal_hook::consts::SIGTERM, asked.terminated.clone())
    };
    listen().map_err(|error| CommandError::environment(format!("signals cannot be listened to: {error}")))?;
    Ok(asked)
}

/// The agent of one machine: what `__machine-agent` does.
pub(crate) fn agent(folder: &Path) -> Result<Exit, CommandError> {
    let asked = listen()?;
    let environment = std::env::vars_os().collect();
    machine::agent_main(folder, Session::keeper()?, environment, &asked)
        .map(|()| Exit::Passed)
        .map_err(CommandError::environment)
}

/// Runs one job in a machine of its own: what `__machine-job` does. `guest` is `-` where this system's kernel is meant.
pub(crate) fn job(guest: &Path, file: &Path) -> Result<Exit, CommandError> {
    let failed = |why: String| CommandError::new(Exit::Command(NOT_RUN), why);
    let guest = (guest != Path::new("-")).then_some(guest);
    let done = machine::run_alone(
        file,
        guest,
        Session::keeper()?,
        &mut std::io::stdout().lock(),
        &mut std::io::stderr().lock(),
    )
    .map_err(failed)?;
    match done.exit {
        Some(code) => Ok(Exit::Command(u8::try_from(code).unwrap_or(u8::MAX))),
        None => Err(failed(done.note.unwrap_or_else(|| "the machine went down under it".to_owned()))),
    }
}

/// Where a reviewer's script is confined by a machine of its own: the words that run it there, or why not.
pub(crate) fn as_sandbox(session: &Session) -> Result<Possible, CommandError> {
    let guest = guest(session, None)?;
    if let Err(why) = machine::can_run_alone(guest.as_deref()) {
        return Ok(Possible::No(why));
    }
    let own = Session::keeper()?.command.first().cloned().unwrap_or_default();
    let guest = guest.map_or_else(|| "-".into(), PathBuf::into_os_string);
    Ok(Possible::Machine(vec![own, "__machine-job".into(), guest]))
}

/// Hands a job to the machine of a run and passes on what it says: what `__machine-hand` does. An interrupt ends the job.
pub(crate) fn hand(folder: &Path, file: &Path) -> Result<Exit, CommandError> {
    let failed = |why: String| CommandError::new(Exit::Command(NOT_RUN), why);
    let asked = listen()?;
    let mut stdin = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut stdin)
        .map_err(|error| failed(format!("standard input: {error}")))?;
    let cancelled = || asked.interrupted.load(Ordering::SeqCst) || asked.terminated.load(Ordering::SeqCst);
    let done = machine::hand_over(
        folder,
        file,
        &stdin,
        &cancelled,
        &mut std::io::stdout().lock(),
        &mut std::io::stderr().lock(),
    )
    .map_err(failed)?;
    match (done.how, done.exit) {
        (How::Exited, Some(code)) => Ok(Exit::Command(u8::try_from(code).unwrap_or(u8::MAX))),
        (How::Cancelled, _) => Ok(Exit::Interrupted),
        _ => {
            let why = done.note.unwrap_or_default();
            Err(failed(format!("the machine went down under it: {why}")))
        }
    }
}

/// The machine of a run, which is booted when somebody is to be put into it. `expected` is what they will be shown.
pub(crate) fn house(
    session: &Session,
    expected: Vec<PathBuf>,
    cancel: &Cancel,
) -> Result<Arc<dyn House>, CommandError> {
    let keeper = Session::keeper()?;
    let own = keeper.command.first().cloned().unwrap_or_default();
    let words = |word: &str| vec![own.clone(), OsString::from(word)];
    Ok(Arc::new(RunMachine::new(Means {
        agent: words("__machine-agent"),
        hand: words("__machine-hand"),
        keeper,
        guest: guest(session, None)?,
        expected,
        cancel: cancel.clone(),
    })))
}
