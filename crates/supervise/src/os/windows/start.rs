//! Starting a program in its job: suspended, put into the job, recorded, and only then let run.
//!
//! In: a program. Out: its tree and what it writes, or the stage that failed with nothing left behind. Never a program
//! that runs outside its job, and never one in our own console group.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::windows::io::{AsHandle as _, OwnedHandle};
use std::os::windows::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use windows_sys::Win32::System::Console::GetConsoleCP;
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED};

use super::pipe::pipe;
use super::process::{exits_within, identity_of, resume};
use super::{Job, Port, Streams, Tree};
use crate::launch::{LaunchError, Machine, launch};
use crate::os::doing;
use crate::program::{Program, Stdin};
use crate::record::Identity;

/// How long a process that never ran may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of an attempt's job object. Not told to the program; known to whoever reads the record.
pub(crate) fn job_name(mark: &str) -> String {
    format!("Global\\deep-review-{mark}")
}

/// Everything but the program.
pub(crate) struct Prepared {
    name: String,
    port: Rc<Port>,
    memory: Option<u64>,
    stdout: PipeReader,
    stderr: PipeReader,
}

impl Prepared {
    /// Makes what the program will need; [`Prepared::launch`] uses it up. Gives the ends for the program as well.
    pub(crate) fn new(mark: &str, memory: Option<u64>) -> io::Result<(Self, Ends)> {
        let (stdout, stdout_writer) = pipe()?;
        let (stderr, stderr_writer) = pipe()?;
        let port = Rc::new(Port::new()?);
        Ok((Self { name: job_name(mark), port, memory, stdout, stderr }, Ends(stdout_writer, stderr_writer)))
    }

    /// Where the messages of the job will arrive.
    pub(crate) fn port(&self) -> Rc<Port> {
        Rc::clone(&self.port)
    }

    /// Starts the program. `record` is called when it is in its job and before it runs.
    pub(crate) fn launch(
        self,
        program: &Program,
        ends: Ends,
        record: impl FnOnce(Identity) -> io::Result<()>,
    ) -> Result<(Tree, Streams), LaunchError> {
        let mut command = command(program, ends).map_err(LaunchError::Start)?;
        let (port, memory) = (Rc::clone(&self.port), self.memory);
        let mut machine = Windows { name: self.name, port, memory, command: &mut command };
        let (job, child) =
            launch(&mut machine, |child: &Child| record(identity_of(child.as_handle(), child.id())?))?;
        // Our copies of the write ends go with the command: only the program's tree holds them now.
        drop(command);
        let number = child.id();
        let tree = Tree::of(job, self.port, OwnedHandle::from(child), number);
        Ok((tree, Streams { stdout: self.stdout, stderr: self.stderr }))
    }
}

/// The ends of both pipes that the program gets.
pub(crate) struct Ends(PipeWriter, PipeWriter);

/// std knows how arguments and environments are written on Windows, and that scripts need more quoting than programs.
#[expect(clippy::disallowed_methods, reason = "this crate starts the programs")]
fn command(program: &Program, ends: Ends) -> io::Result<Command> {
    let Some((executable, arguments)) = program.command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    };
    std::fs::read_dir(&program.folder).map_err(|error| doing("entering its folder", &error))?;
    let input = match &program.stdin {
        Stdin::Null => Stdio::null(),
        Stdin::File(path) => {
            File::open(path).map_err(|error| doing("opening the file for its standard input", &error))?.into()
        }
        Stdin::Dialogue(voice) => voice.connect()?.into(),
    };
    let mut command = Command::new(executable);
    command
        .args(arguments)
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&program.folder)
        .stdin(input)
        .stdout(ends.0)
        .stderr(ends.1)
        .creation_flags(flags());
    Ok(command)
}

/// A group of its own: a Ctrl-C at our console does not reach it, and a break event to it does not reach us. It shares
/// our console, where there is one, because events only travel inside a console; without one no window is opened.
#[expect(unsafe_code, reason = "the system has no other door")]
fn flags() -> u32 {
    // SAFETY: no pointers are involved.
    let has_console = unsafe { GetConsoleCP() } != 0;
    CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP | if has_console { 0 } else { CREATE_NO_WINDOW }
}

/// The system itself, as the stages of a launch see it.
struct Windows<'a> {
    name: String,
    port: Rc<Port>,
    /// The most bytes of memory of everyone in the job.
    memory: Option<u64>,
    command: &'a mut Command,
}

impl Machine for Windows<'_> {
    type Job = Job;
    type Process = Child;

    fn create(&mut self) -> io::Result<Job> {
        Job::create(Some(&self.name))
    }

    fn configure(&mut self, job: &Job) -> io::Result<()> {
        job.end_with_its_handle(self.memory)?;
        job.tell(&self.port)
    }

    fn start_suspended(&mut self) -> io::Result<Child> {
        let name = name(self.command.get_program());
        self.command.spawn().map_err(|error| doing(&format!("starting `{name}`"), &error))
    }

    fn assign(&mut self, job: &Job, process: &Child) -> io::Result<()> {
        job.assign(process.as_handle())
    }

    fn resume(&mut self, process: &Child) -> io::Result<()> {
        resume(process.id())
    }

    fn terminate(&mut self, process: &mut Child) -> io::Result<()> {
        process.kill()?;
        if exits_within(process.as_handle(), PATIENCE) {
            Ok(())
        } else {
            Err(io::Error::other("it was killed and does not end"))
        }
    }
}

fn name(path: &OsStr) -> String {
    Path::new(path).file_name().unwrap_or(path).display().to_string()
}

#[cfg(test)]
#[path = "start_tests.rs"]
mod tests;
