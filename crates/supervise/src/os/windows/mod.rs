//! Windows: a job object that ends its whole tree when its last handle closes, held by the supervisor itself.
//!
//! In: a program and a cancel token. Out: the program in its job, its output, and what the loop of an attempt waits for.
//! There is no keeper process: the kernel closes our handles however we end, and the tree ends with the job.

mod handles;
mod job;
mod lifeline;
mod pipe;
pub(crate) mod process;
mod start;
pub(crate) mod tree;

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

pub(crate) use job::{Job, Port};
pub(crate) use lifeline::die_together;
pub(crate) use pipe::read_now;
pub(crate) use start::{Prepared, job_name};
pub(crate) use tree::Tree;

use crate::cancel::Wish;
use crate::message::{BREAK_OFF, KILL, STOP};
use crate::record::Identity;
use crate::{Cancel, Stage};

/// Pipes and cancel tokens cannot be waited for together with the job: they are looked at this often.
const LOOK: Duration = Duration::from_millis(15);

/// There is no keeper on Windows: the job object is held by the supervisor itself.
pub fn keeper_main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    drop(arguments);
    ExitCode::FAILURE
}

/// The read ends of what the program writes.
pub(crate) struct Streams {
    stdout: PipeReader,
    stderr: PipeReader,
}

impl Streams {
    /// Standard output and standard error.
    pub(crate) fn into_read_ends(self) -> (PipeReader, PipeReader) {
        (self.stdout, self.stderr)
    }
}

/// Where orders come from: the cancel token itself. It never ends before we do.
pub(crate) struct Lifeline {
    cancel: Cancel,
    obeyed: std::cell::Cell<Wish>,
}

impl Lifeline {
    /// Orders of this token.
    pub(crate) fn of(cancel: &Cancel) -> Self {
        Self { cancel: cancel.clone(), obeyed: std::cell::Cell::new(Wish::Run) }
    }
}

/// Gives each order once; `WouldBlock` where there is none.
pub(crate) fn read_orders(lifeline: &Lifeline, orders: &mut [u8]) -> io::Result<usize> {
    let wish = lifeline.cancel.level();
    if wish <= lifeline.obeyed.get() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    lifeline.obeyed.set(wish);
    orders[0] = match wish {
        Wish::Kill => KILL,
        _ if lifeline.cancel.reason().is_some() => BREAK_OFF,
        _ => STOP,
    };
    Ok(1)
}

/// Hears the messages of the job.
pub(crate) struct Ears(pub(crate) Rc<Port>);

impl Ears {
    /// Nobody can ask the supervisor's thread to end but through the token.
    #[expect(clippy::unused_self, reason = "the equal of a function that hears signals elsewhere")]
    pub(crate) fn asked_to_end(&self) -> bool {
        false
    }

    /// Nothing to silence: messages are taken one by one.
    #[expect(clippy::unused_self, reason = "the equal of a function that empties a pipe elsewhere")]
    pub(crate) fn quiet(&self) {}
}

/// Nobody is asked whether it is suspended: consoles here have no Ctrl-Z.
pub(crate) fn supervisor() -> i32 {
    0
}

/// There are no keepers here.
pub(crate) fn end_keeper(_keeper: &Identity) -> Result<bool, String> {
    Ok(false)
}

/// What tells this process from every other.
pub(crate) fn own_identity() -> io::Result<Identity> {
    process::own_identity()
}

/// Ends the very process that was recorded; `false` where it is gone. Nobody can be asked to end who shares no console with
/// us: that is an error, and whoever asks has to say it another way.
pub(crate) fn signal(recorded: &Identity, stage: Stage) -> Result<bool, String> {
    match stage {
        Stage::Interrupt | Stage::Terminate => {
            Err("a process without our console takes no interrupt".to_owned())
        }
        Stage::Kill => process::terminate(recorded),
    }
}

/// Starts a program that goes on without us, without a console and in a group of its own.
#[expect(clippy::disallowed_methods, reason = "this crate starts the programs")]
pub(crate) fn spawn_apart(
    words: &[OsString],
    folder: &std::path::Path,
    environment: &[(OsString, OsString)],
    log: std::fs::File,
) -> io::Result<std::process::Child> {
    use std::os::windows::process::CommandExt as _;
    use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};
    let Some((executable, arguments)) = words.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    };
    let mut command = std::process::Command::new(executable);
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(std::process::Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .creation_flags(CREATE_NEW_PROCESS_GROUP | DETACHED_PROCESS);
    command.spawn()
}

/// Waits until there is output, a message of the job, or the time for a look is over.
pub(crate) fn wait<'a>(
    mut output: impl Iterator<Item = &'a PipeReader>,
    ears: &Ears,
    _lifeline: Option<&Lifeline>,
    _tree: &Tree,
    longest: Duration,
) -> io::Result<bool> {
    if output.any(pipe::has_news) {
        return Ok(true);
    }
    ears.0.wait(longest.clamp(Duration::from_millis(1), LOOK))
}
