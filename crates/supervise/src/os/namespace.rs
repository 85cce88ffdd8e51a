//! A PID namespace around the tree: when its first process ends, the kernel ends everyone in it.
//!
//! In: what to do inside. Out: the first process of a new namespace, as a child of this one, with a channel to it. Never
//! half a namespace: whatever step of the way fails, the first process ends and the caller learns which it was.
//!
//! A user namespace of its own makes this possible without privileges; everyone keeps the same user and group ids in it.
//! See `user_namespaces(7)`, `pid_namespaces(7)` and `mount_namespaces(7)`.

use std::fs;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{DumpableBehavior, Pid, Signal};

use super::doing;

/// Whether this system has such namespaces at all.
pub(crate) const KNOWN: bool = true;

/// The argument of `clone3`, as of its first version.
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
}

/// Starts the first process of a new namespace, which does `inside` and ends. Gives its number and our end of the
/// channel. It waits until [`map_ids`] was called and the channel has told it so.
///
/// To be called by a process with one thread only: the new process is a copy of it.
#[expect(unsafe_code, reason = "std has no door to `clone3`")]
pub(crate) fn first_process(inside: impl FnOnce(UnixStream)) -> io::Result<(Pid, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    let flags = libc::CLONE_NEWUSER | libc::CLONE_NEWPID | libc::CLONE_NEWNS;
    let arguments = CloneArguments {
        flags: flags.unsigned_abs().into(),
        exit_signal: libc::SIGCHLD.unsigned_abs().into(),
        ..CloneArguments::default()
    };
    // SAFETY: without a stack of its own the new process is a copy of this one, as with `fork`. The caller promises that
    // there is one thread, so no lock is held by anybody else, and the copy may do whatever this process may.
    let number =
        unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of::<CloneArguments>()) };
    match i32::try_from(number).ok().filter(|number| *number >= 0).and_then(Pid::from_raw) {
        Some(pid) => Ok((pid, ours)),
        None if number == 0 => {
            drop(ours);
            // Unwinding must not reach the code of the parent, which this process would go on with.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inside(theirs)));
            leave()
        }
        None => Err(doing("making a PID namespace", &io::Error::last_os_error())),
    }
}

/// Ends this process without running anything of the process it was copied from.
#[expect(unsafe_code, reason = "std runs exit handlers, which belong to the parent")]
pub(crate) fn leave() -> ! {
    // SAFETY: takes no memory and does not return.
    unsafe { libc::_exit(0) }
}

/// To be called by the first process: it is killed when the keeper, which has one thread, dies.
pub(crate) fn die_with_keeper() -> io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Gives everyone in the namespace of `first` the ids they have outside. Root keeps all of them, others their own.
pub(crate) fn map_ids(first: Pid) -> io::Result<()> {
    let folder = format!("/proc/{}", first.as_raw_pid());
    let groups = Path::new(&folder).join("setgroups");
    for (map, own) in
        [("uid_map", rustix::process::geteuid().as_raw()), ("gid_map", rustix::process::getegid().as_raw())]
    {
        let all = same_ids(&fs::read_to_string(Path::new("/proc/self").join(map))?);
        let path = Path::new(&folder).join(map);
        if all.is_empty() || fs::write(&path, all).is_err() {
            if map == "gid_map" {
                fs::write(&groups, "deny").map_err(|error| doing("keeping its groups", &error))?;
            }
            fs::write(&path, format!("{own} {own} 1")).map_err(|error| doing("keeping its ids", &error))?;
        }
    }
    Ok(())
}

/// A map that changes nothing, from a map of the form `inside outside count`.
fn same_ids(own: &str) -> String {
    let ranges = own.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        Some((words.next()?, words.nth(1)?))
    });
    ranges.flat_map(|(first, count)| [first, " ", first, " ", count, "\n"]).collect()
}

/// To be called by the first process: makes the namespace usable, hides `hidden`, and lets nobody inside look into this
/// process. Gives what could not be done and is no reason to do without the namespace.
pub(crate) fn furnish(hidden: Option<&Path>, processes: Option<u32>) -> io::Result<Vec<String>> {
    let mut notes = Vec::new();
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
        .map_err(|error| doing("making its mounts its own", &error.into()))?;
    let plain = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", plain, None).map_err(|error| doing("mounting /proc", &error.into()))?;
    if let Some(hidden) = hidden
        && let Err(error) = mount("tmpfs", hidden, "tmpfs", plain | MountFlags::RDONLY, c"size=4k,mode=555")
    {
        notes.push(format!("the folder of its record could not be hidden from it: {error}"));
    }
    if let Some(most) = processes
        && has_own_pid_max()
    {
        // At least 301 (`RESERVED_PIDS`), at most what the system has; both refusals leave the limit as it was.
        let most = most.clamp(301, pid_max().unwrap_or(u32::MAX).max(301));
        if let Err(error) = fs::write(PID_MAX, most.to_string()) {
            notes.push(format!("its number of processes could not be limited: {error}"));
        }
    }
    super::tree::be_first_to_go();
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| doing("closing itself to others", &error.into()))?;
    Ok(notes)
}

const PID_MAX: &str = "/proc/sys/kernel/pid_max";

fn pid_max() -> Option<u32> {
    fs::read_to_string(PID_MAX).ok()?.trim().parse().ok()
}

/// Linux 6.14 and newer have this number for each namespace; before that it is the machine's, and must not be touched.
fn has_own_pid_max() -> bool {
    fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|release| is_at_least(&release, (6, 14)))
}

fn is_at_least(release: &str, wanted: (u32, u32)) -> bool {
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    let mut number = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    matches!((number(), number()), (Some(major), Some(minor)) if (major, minor) >= wanted)
}

/// To be called by the first process of a namespace: a signal to everyone else in it.
#[expect(unsafe_code, reason = "a signal to everybody has no safe door")]
pub(crate) fn send_to_everyone(signal: Signal) {
    if rustix::process::getpid() != Pid::INIT {
        return;
    }
    // SAFETY: takes no memory. This process is the first of its namespace (looked at above), so the signal reaches
    // nobody outside of it, and not this process.
    unsafe { libc::kill(-1, signal.as_raw()) };
}

/// To be called by the first process: closes everything that is not named. What it was copied from holds locks, files
/// and the ends of pipes that must end with that process.
pub(crate) fn keep_only(kept: &[i32]) -> io::Result<()> {
    let null = fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    let listing = rustix::fs::open(
        "/proc/self/fd",
        rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?;
    let own = [listing.as_raw_fd(), null.as_raw_fd()];
    let numbers: Vec<i32> = rustix::fs::Dir::read_from(&listing)?
        .filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok())
        .filter(|number| *number > 2 && !own.contains(number) && !kept.contains(number))
        .collect();
    numbers.into_iter().for_each(close);
    Ok(())
}

/// To be called by the first process: closes its copy of a descriptor.
#[expect(unsafe_code, reason = "std closes only what it has opened")]
pub(crate) fn close(number: i32) {
    // SAFETY: the copy of a descriptor whose owner in this process is never used or dropped: the first process only
    // goes on with what it named, and leaves without unwinding.
    unsafe { libc::close(number) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_changes_nothing_for_any_of_our_own_ids() {
        assert_eq!(same_ids("         0          0 4294967295\n"), "0 0 4294967295\n");
        assert_eq!(same_ids("0 1000 1\n1 100000 65536\n"), "0 0 1\n1 1 65536\n");
        assert_eq!(same_ids("nonsense"), "");
    }

    #[test]
    fn only_kernels_that_have_the_number_for_each_namespace_are_asked_to_change_it() {
        for (release, expected) in [
            ("6.14.0", true),
            ("6.18.44-fc-v657", true),
            ("7.0-rc1", true),
            ("6.13.9", false),
            ("5.15.0-100-generic", false),
            ("", false),
            ("unknown", false),
        ] {
            assert_eq!(is_at_least(release, (6, 14)), expected, "{release}");
        }
    }
}
