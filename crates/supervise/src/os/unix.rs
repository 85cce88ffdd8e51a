//! Starting the keeper and the program, waiting for descriptors, and hearing signals, on every unix.
//!
//! In: commands and descriptors. Out: processes in sessions and groups of their own. Never a signal to our own group.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::io::PipeReader;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::process::{Pid, Resource, Rlimit, Signal};
use signal_hook::consts::signal;

use super::doing;
use crate::job::{Feed, Job};
use crate::program::Program;
use crate::record::Identity;
use crate::tree::Tree;
use crate::{Limits, Resources, Stage};

/// Where orders come from; its end means that the supervisor is gone.
pub(crate) type Lifeline = OwnedFd;

/// Starts the keeper in a session of its own: a Ctrl-C at our terminal does not reach it or the program.
///
/// Its standard input is the lifeline: it ends when we do, however we do. Its standard output carries its messages. The
/// `ear` is for the program, which gets it from the keeper.
#[expect(clippy::disallowed_methods, reason = "this crate starts the programs")]
#[expect(
    unsafe_code,
    reason = "std has no stable way to start a process in a new session, or with one more descriptor"
)]
pub(crate) fn start_keeper(
    program: &Program,
    arguments: &[OsString],
    log: File,
    ear: Option<&PipeReader>,
) -> io::Result<Child> {
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
    let ear = ear.map(PipeReader::as_raw_fd);
    // SAFETY: between fork and exec the closure makes async-signal-safe system calls and allocates nothing. The descriptor
    // is open in the child: the caller lends it for the whole call.
    unsafe {
        command.pre_exec(move || {
            if let Some(ear) = ear {
                // Only in this child: whoever else is started at the same time does not inherit it.
                rustix::io::fcntl_setfd(BorrowedFd::borrow_raw(ear), rustix::io::FdFlags::empty())?;
            }
            rustix::process::setsid().map(drop).map_err(io::Error::from)
        });
    }
    command.spawn()
}

/// Starts the program as a child of this process, leader of its own process group, with this process's environment and
/// folder. It dies with this process where the kernel can promise that.
#[expect(clippy::disallowed_methods, reason = "this crate starts the programs")]
#[expect(unsafe_code, reason = "the death signal must be set between fork and exec")]
pub(crate) fn start_leader(
    job: &Job,
    limits: &Limits,
    mark: (&str, &str),
    streams: &Streams,
) -> io::Result<Pid> {
    let Some((executable, arguments)) = job.command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    };
    let mut command = Command::new(executable);
    command.args(arguments).env(mark.0, mark.1).process_group(0);
    command.stdin(match &streams.stdin {
        Some(file) => file.try_clone()?.into(),
        None => Stdio::null(),
    });
    command.stdout(streams.stdout_writer.try_clone()?).stderr(streams.stderr_writer.try_clone()?);
    let parent = rustix::process::getpid();
    let resources = limits.resources.clone();
    let is_shielded = limits.is_shielded;
    let is_keyless = limits.is_keyless;
    // SAFETY: between fork and exec the closure makes async-signal-safe system calls and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            super::tree::die_with(parent)?;
            super::tree::be_first_to_go();
            limit(&resources);
            if is_keyless {
                super::tree::leave_keys_behind()?;
            }
            if is_shielded {
                libc::signal(libc::SIGINT, libc::SIG_IGN);
                libc::signal(libc::SIGTERM, libc::SIG_IGN);
            }
            Ok(())
        });
    }
    let name = Path::new(executable).file_name().unwrap_or(executable).display().to_string();
    let child = command.spawn().map_err(|error| doing(&format!("starting `{name}`"), &error))?;
    Ok(Pid::from_child(&child))
}

/// To be called by a child between fork and exec. A limit that the system does not know, or that is already lower, is
/// left as it is: these limits are a courtesy to the machine, and the end of nothing.
fn limit(resources: &Resources) {
    let root = rustix::process::geteuid().is_root();
    let limits = [
        // A core file is of no use to anybody and may be as large as the memory.
        (Resource::Core, Some(0)),
        (Resource::Fsize, resources.file),
        (Resource::Data, resources.memory),
        (Resource::Nproc, resources.processes.filter(|_| !root).map(u64::from)),
    ];
    for (resource, most) in limits {
        let Some(most) = most else { continue };
        let now = rustix::process::getrlimit(resource);
        let most = now.maximum.map_or(most, |maximum| maximum.min(most));
        let lower = Rlimit { current: Some(most), maximum: Some(most) };
        let _ = rustix::process::setrlimit(resource, lower);
    }
}

/// What the program reads, and two pipes for what it writes, whose read ends never block.
pub(crate) struct Streams {
    stdin: Option<File>,
    stdout: PipeReader,
    stdout_writer: io::PipeWriter,
    stderr: PipeReader,
    stderr_writer: io::PipeWriter,
}

impl Streams {
    /// Opens the file, or takes over the descriptor, and makes both pipes. To be called once.
    #[expect(unsafe_code, reason = "std cannot name a descriptor that it inherited")]
    pub(crate) fn new(stdin: &Feed) -> io::Result<Self> {
        let stdin = match stdin {
            Feed::Null => None,
            Feed::Inherited(number) => {
                // SAFETY: the supervisor gave this process the descriptor for this; nobody else here uses it. It is only
                // borrowed until it is known to be open.
                rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(*number) })
                    .map_err(|error| doing("taking over its standard input", &error.into()))?;
                // SAFETY: it is open, and taken over once.
                Some(File::from(unsafe { OwnedFd::from_raw_fd(*number) }))
            }
            Feed::File(path) => Some(
                File::open(path).map_err(|error| doing("opening the file for its standard input", &error))?,
            ),
        };
        let (stdout, stdout_writer) = io::pipe()?;
        let (stderr, stderr_writer) = io::pipe()?;
        never_block(&stdout)?;
        never_block(&stderr)?;
        Ok(Self { stdin, stdout, stdout_writer, stderr, stderr_writer })
    }

    /// The read ends. Our copies of the write ends are closed; only the program's tree holds them then.
    pub(crate) fn into_read_ends(self) -> (PipeReader, PipeReader) {
        (self.stdout, self.stderr)
    }

    /// All of its descriptors.
    pub(crate) fn descriptors(&self) -> Vec<i32> {
        let pipes = [
            self.stdout.as_raw_fd(),
            self.stdout_writer.as_raw_fd(),
            self.stderr.as_raw_fd(),
            self.stderr_writer.as_raw_fd(),
        ];
        pipes.into_iter().chain(self.stdin.as_ref().map(File::as_raw_fd)).collect()
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

/// Waits until there is output, something to hear, an order or news of the tree, or the time is over.
pub(crate) fn wait<'a>(
    output: impl Iterator<Item = &'a PipeReader>,
    ears: &'a Ears,
    lifeline: Option<&'a Lifeline>,
    tree: &'a Tree,
    longest: Duration,
) -> io::Result<bool> {
    let others = [Some(ears.bell()), lifeline.map(AsFd::as_fd), tree.bell()];
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

/// The process that may be suspended: our parent.
pub(crate) fn supervisor() -> i32 {
    rustix::process::getppid().map_or(0, Pid::as_raw_pid)
}

/// Ends a keeper that does not end by itself; `false` where it was gone already.
pub(crate) fn end_keeper(keeper: &Identity) -> Result<bool, String> {
    super::tree::send_to(keeper, Signal::KILL)
}

/// What tells this process from every other.
pub(crate) fn own_identity() -> io::Result<Identity> {
    let own = rustix::process::getpid().as_raw_pid();
    super::tree::identity(own).ok_or_else(|| io::Error::other("this system does not tell who we are"))
}

/// Asks the very process that was recorded to end, or ends it; `false` where it is gone.
pub(crate) fn signal(recorded: &Identity, stage: Stage) -> Result<bool, String> {
    let signal = match stage {
        Stage::Interrupt => Signal::INT,
        Stage::Terminate => Signal::TERM,
        Stage::Kill => Signal::KILL,
    };
    super::tree::send_to(recorded, signal)
}

/// Starts a program that goes on without us, in a session of its own. All that sets it up is in this one place.
#[expect(clippy::disallowed_methods, reason = "this crate starts the programs")]
#[expect(unsafe_code, reason = "std has no stable way to start a process in a new session")]
pub(crate) fn spawn_apart(
    words: &[OsString],
    folder: &Path,
    environment: &[(OsString, OsString)],
    log: File,
) -> io::Result<Child> {
    let Some((executable, arguments)) = words.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    };
    let mut command = Command::new(executable);
    command
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    // SAFETY: between fork and exec the closure makes one async-signal-safe system call and allocates nothing.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(io::Error::from));
    }
    command.spawn()
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

    /// As [`Ears::new`], but only for children that ended.
    pub(crate) fn for_children() -> io::Result<Self> {
        let (bell, rope) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(signal::SIGCHLD, rope)?;
        Ok(Self { bell, asked: Arc::new(AtomicBool::new(false)) })
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

/// A name for an open folder that leads to it as long as it is open, whatever happens to its path; the path where the
/// system has no such name.
pub(crate) fn steady(folder: &File, path: &Path) -> PathBuf {
    let name = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    if cfg!(target_os = "linux") && name.is_dir() { name } else { path.to_owned() }
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
