//! Starting the keeper and the program, waiting for descriptors, and hearing signals, on every unix.
//!
//! In: commands and descriptors. Out: processes in sessions and groups of their own. Never a signal to our own group.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::io::PipeReader;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal};
use signal_hook::consts::signal;

use super::doing;
use crate::program::{Program, Stdin};
use crate::tree::Tree;

/// Where orders come from; its end means that the supervisor is gone.
pub(crate) type Lifeline = OwnedFd;

/// Starts the keeper in a session of its own: a Ctrl-C at our terminal does not reach it or the program.
///
/// Its standard input is the lifeline: it ends when we do, however we do. Its standard output carries its messages.
#[expect(clippy::disallowed_methods, reason = "this crate starts the programs")]
#[expect(unsafe_code, reason = "std has no stable way to start a process in a new session")]
pub(crate) fn start_keeper(program: &Program, arguments: &[OsString], log: File) -> io::Result<Child> {
    let Some((executable, first)) = program.keeper.command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the keeper's command is empty"));
    };
    let mut command = Command::new(executable);
    command
        .args(first)
        .args(arguments)
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&program.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log);
    // SAFETY: between fork and exec the closure makes one async-signal-safe system call and allocates nothing.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(io::Error::from));
    }
    command.spawn()
}

/// The started program and the read ends of what it writes.
pub(crate) struct Leader {
    pub(crate) pid: Pid,
    pub(crate) stdout: PipeReader,
    pub(crate) stderr: PipeReader,
}

/// Starts the program as a child of this keeper, leader of its own process group, with the keeper's environment and
/// folder. It dies with the keeper where the kernel can promise that.
#[expect(clippy::disallowed_methods, reason = "this crate starts the programs")]
#[expect(unsafe_code, reason = "the death signal must be set between fork and exec")]
pub(crate) fn start_leader(
    line: &[OsString],
    stdin: &Stdin,
    mark: (&str, &str),
    output: Streams,
) -> io::Result<Leader> {
    let Some((executable, arguments)) = line.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    };
    let input = match stdin {
        Stdin::Null => Stdio::null(),
        Stdin::File(path) => {
            File::open(path).map_err(|error| doing("opening the file for its standard input", &error))?.into()
        }
    };
    let mut command = Command::new(executable);
    command.args(arguments).env(mark.0, mark.1).stdin(input).process_group(0);
    command.stdout(output.stdout_writer).stderr(output.stderr_writer);
    let keeper = rustix::process::getpid();
    // SAFETY: between fork and exec the closure makes async-signal-safe system calls and allocates nothing.
    unsafe {
        command.pre_exec(move || super::tree::die_with(keeper));
    }
    let name = Path::new(executable).file_name().unwrap_or(executable).display().to_string();
    let child = command.spawn().map_err(|error| doing(&format!("starting `{name}`"), &error))?;
    // Dropping `command` closes our copies of the write ends; only the program's tree holds them now.
    Ok(Leader { pid: Pid::from_child(&child), stdout: output.stdout, stderr: output.stderr })
}

impl Leader {
    /// The tree that begins with it, and what it writes.
    pub(crate) fn into_tree(self) -> (Tree, PipeReader, PipeReader) {
        (Tree::of(self.pid), self.stdout, self.stderr)
    }
}

/// Two pipes whose read ends never block.
pub(crate) struct Streams {
    stdout: PipeReader,
    stdout_writer: io::PipeWriter,
    stderr: PipeReader,
    stderr_writer: io::PipeWriter,
}

impl Streams {
    /// Makes both pipes.
    pub(crate) fn new() -> io::Result<Self> {
        let (stdout, stdout_writer) = io::pipe()?;
        let (stderr, stderr_writer) = io::pipe()?;
        never_block(&stdout)?;
        never_block(&stderr)?;
        Ok(Self { stdout, stdout_writer, stderr, stderr_writer })
    }
}

/// Makes reads or writes through this end return at once.
pub(crate) fn never_block(end: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&end)?;
    Ok(rustix::fs::fcntl_setfl(&end, flags | OFlags::NONBLOCK)?)
}

/// Waits until one of the descriptors can be read or has ended, or the time is over. Which of them is told by
/// reading them: they never block.
pub(crate) fn wait_readable<'a>(
    ends: impl Iterator<Item = BorrowedFd<'a>>,
    longest: Duration,
) -> io::Result<bool> {
    poll(ends, PollFlags::IN, longest)
}

/// Waits until there is output, something to hear or an order, or the time is over.
pub(crate) fn wait<'a>(
    output: impl Iterator<Item = &'a PipeReader>,
    ears: &'a Ears,
    lifeline: Option<&'a Lifeline>,
    longest: Duration,
) -> io::Result<bool> {
    let others = [Some(ears.bell()), lifeline.map(AsFd::as_fd)];
    wait_readable(output.map(AsFd::as_fd).chain(others.into_iter().flatten()), longest)
}

/// Reads what is in a pipe; `WouldBlock` where that is nothing, 0 where there will be no more.
pub(crate) fn read_now(pipe: &PipeReader, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(pipe, buffer)?)
}

/// Reads orders, as [`read_now`] does.
pub(crate) fn read_orders(lifeline: &Lifeline, orders: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(lifeline, orders)?)
}

/// Waits until the descriptor takes bytes, or the time is over.
pub(crate) fn wait_writable(end: BorrowedFd<'_>, longest: Duration) -> io::Result<bool> {
    poll(std::iter::once(end), PollFlags::OUT, longest)
}

fn poll<'a>(
    ends: impl Iterator<Item = BorrowedFd<'a>>,
    wanted: PollFlags,
    longest: Duration,
) -> io::Result<bool> {
    let mut ends: Vec<_> = ends.map(|end| PollFd::from_borrowed_fd(end, wanted)).collect();
    // At least a millisecond, so that a wait for "almost now" does not spin; at most what every system can count.
    let longest = longest.clamp(Duration::from_millis(1), Duration::from_hours(1));
    let longest = Timespec { tv_sec: longest.as_secs() as _, tv_nsec: longest.subsec_nanos().into() };
    match rustix::event::poll(&mut ends, Some(&longest)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Hears the signals that concern a keeper: children that ended, and requests to end itself.
pub(crate) struct Ears {
    bell: UnixStream,
    asked: Arc<AtomicBool>,
}

impl Ears {
    /// Listens from now on. Handlers are not inherited by the program.
    pub(crate) fn new() -> io::Result<Self> {
        let (bell, rope) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [signal::SIGTERM, signal::SIGINT, signal::SIGHUP, signal::SIGQUIT] {
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
            signal_hook::low_level::pipe::register(signal, rope.try_clone()?)?;
        }
        signal_hook::low_level::pipe::register(signal::SIGCHLD, rope)?;
        Ok(Self { bell, asked })
    }

    /// What becomes readable when there is something to hear.
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// Silences the bell.
    pub(crate) fn quiet(&self) {
        let mut rings = [0; 64];
        while rustix::io::read(&self.bell, &mut rings[..]).is_ok_and(|read| read > 0) {}
    }

    /// Whether somebody asked this keeper to end.
    pub(crate) fn asked_to_end(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Keeps descriptors that came from whoever started us out of the program: a log pipe of a build system held open by
/// a forgotten daemon makes that build hang.
#[expect(unsafe_code, reason = "std cannot name a descriptor it did not open")]
pub(crate) fn keep_descriptors_from_children() -> io::Result<()> {
    let listed = std::fs::read_dir("/proc/self/fd")
        .or_else(|_| std::fs::read_dir("/dev/fd"))
        .map_err(|error| doing("listing open descriptors (is /proc mounted?)", &error))?;
    let numbers: Vec<i32> = listed
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for number in numbers {
        // SAFETY: the descriptor is only borrowed for one call that changes a flag; where it has been closed since
        // it was listed (the listing's own), the call fails with EBADF.
        let end = unsafe { BorrowedFd::borrow_raw(number) };
        match rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC) {
            Ok(()) | Err(rustix::io::Errno::BADF) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Standard input as the lifeline: reads never block, and the end means that the supervisor is gone.
pub(crate) fn lifeline() -> io::Result<OwnedFd> {
    let end = io::stdin().as_fd().try_clone_to_owned()?;
    never_block(&end)?;
    Ok(end)
}

/// Signals the program's own group, or the program alone where it has left that group. The caller has not reaped
/// it, so neither number can belong to anybody else.
pub(crate) fn signal_leader(leader: Pid, signal: Signal) -> rustix::io::Result<()> {
    if rustix::process::getpgid(Some(leader)) == Ok(leader) {
        rustix::process::kill_process_group(leader, signal)
    } else {
        rustix::process::kill_process(leader, signal)
    }
}
