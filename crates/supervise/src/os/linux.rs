//! The containment of one attempt on Linux: a child subreaper inherits every orphan, so no child means no descendant.
//!
//! In: the tree of this process. Out: who is in it, and signals through verified handles. Never "nothing was found,
//! so nothing is there": the only proof that the tree is gone is that the kernel knows no child of ours.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};

use super::{Reaped, printable};
use crate::Level;
use crate::ending::Exit;
use crate::record::Identity;

/// Whether an empty tree is proven by this platform.
pub(crate) const PROVES: bool = true;

/// Whether processes outside the program's group can be seen.
pub(crate) const SEES: bool = true;

/// What holds a tree together without a namespace.
pub(crate) const LEVEL: Level = Level::Keeper;

/// The magic number of the file system of process handles, whose inode numbers are never used twice.
const PIDFS: i64 = 0x5049_4446;

/// More processes than this are not listed in one look; the next look finds the rest.
const MOST: usize = 50_000;

/// Makes this process inherit every orphan of its descendants. Not itself inherited, and of this process only.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// To be called by a child between fork and exec: it is killed when its parent, the single thread of the keeper, dies.
pub(crate) fn die_with(keeper: Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() == Some(keeper) {
        Ok(())
    } else {
        Err(io::Error::from(rustix::io::Errno::SRCH))
    }
}

/// Makes this process and those it starts the first to be killed when the machine's memory is full, and not us. Makes
/// system calls only, so that it may be called between fork and exec.
pub(crate) fn be_first_to_go() {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let Ok(score) = rustix::fs::open(c"/proc/self/oom_score_adj", flags, Mode::empty()) else { return };
    let mut now = [0; 8];
    // A higher score has three digits and no sign; whoever set it wanted it.
    let higher = matches!(rustix::io::read(&score, &mut now[..]), Ok(4) if now[0] >= b'5' && now[0] <= b'9');
    if !higher {
        // Where it is refused, the kernel chooses as it likes.
        let _ = rustix::io::pwrite(&score, b"500", 0);
    }
}

/// Gives this process a session keyring of its own, empty. Makes one system call only, so that it may be called between fork and
/// exec. Where the system has no keys, or lets nobody near them, nothing has to be left.
#[expect(unsafe_code, reason = "this system call has no safe door")]
pub(crate) fn leave_keys_behind() -> io::Result<()> {
    const JOIN_SESSION_KEYRING: libc::c_long = 1;
    // SAFETY: a null name asks for a new keyring without one; no memory is read.
    let joined = unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, std::ptr::null::<u8>()) };
    if joined >= 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EPERM | libc::EACCES) => Ok(()),
        _ => Err(error),
    }
}

/// Whether a process is stopped (not: traced). `false` where it is gone.
pub(crate) fn is_stopped(pid: i32) -> bool {
    stat(pid).is_ok_and(|stat| stat.stopped)
}

/// What is known about a process that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// It runs.
    Alive,
    /// It has ended, or its number is free or somebody else's.
    Gone,
    /// The system does not tell. Neither signal it nor take it for dead.
    Unknown,
}

/// Whether the very process that was recorded has ended. For the first process of a namespace, that it has is the proof
/// that everyone in the namespace has: the kernel lets it end last.
pub(crate) fn life(recorded: &Identity) -> Life {
    if recorded.boot != boot() {
        return Life::Gone;
    }
    let Some(pid) = Pid::from_raw(recorded.pid) else { return Life::Unknown };
    let handle = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => handle,
        Err(rustix::io::Errno::SRCH) => return Life::Gone,
        Err(_) => return Life::Unknown,
    };
    match (recorded.unique, number_of(&handle)) {
        (Some(recorded), Some(now)) if recorded != now => return Life::Gone,
        (Some(_), Some(_)) => {}
        _ => match stat(recorded.pid) {
            Ok(stat) if stat.start != recorded.start => return Life::Gone,
            Ok(_) => {}
            Err(_) => return Life::Unknown,
        },
    }
    // A process handle can be read when its process has ended, reaped or not.
    match super::unix::wait_readable(std::iter::once(handle.as_fd()), std::time::Duration::ZERO) {
        Ok(true) => Life::Gone,
        Ok(false) => Life::Alive,
        Err(_) => Life::Unknown,
    }
}

/// Takes the exits of all children that have ended. Where the kernel says that this process has no child at all, nobody
/// is left: every orphan of the tree would be our child.
pub(crate) fn reap(leader: Pid) -> Reaped {
    let mut exit = None;
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == leader => {
                exit = Some(Exit { code: status.exit_status(), signal: status.terminating_signal() });
            }
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::CHILD) => return Reaped { exit, anyone: false },
            Ok(None) | Err(_) => return Reaped { exit, anyone: true },
        }
    }
}

/// Sends a signal to everyone who can be seen in the tree of `keeper`.
pub(crate) fn send_to_all(
    keeper: i32,
    _leader: Pid,
    signal: Signal,
) -> impl Iterator<Item = Result<bool, String>> {
    descendants(&[keeper]).into_iter().map(move |member| send(member, keeper, signal))
}

/// One process of a tree, and whose child it was when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
}

/// Everyone seen below the given processes, parents before their children. A look, not a proof.
pub(crate) fn descendants(roots: &[i32]) -> Vec<Member> {
    let mut seen: HashSet<i32> = roots.iter().copied().collect();
    let mut members = Vec::new();
    let mut next: Vec<i32> = roots.to_vec();
    while let Some(parent) = next.pop() {
        for pid in children(parent) {
            if seen.insert(pid) && members.len() < MOST {
                members.push(Member { pid, parent });
                next.push(pid);
            }
        }
    }
    members
}

/// The children of a process; none where it is gone. Children of each of its threads are its children.
pub(crate) fn children(parent: i32) -> Vec<i32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{parent}/task")) else { return Vec::new() };
    let mut all = Vec::new();
    for task in tasks.filter_map(Result::ok) {
        match std::fs::read_to_string(task.path().join("children")) {
            Ok(line) => all.extend(line.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok())),
            // The kernel may be built without this file; then every process is asked for its parent.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !has_children_file() => {
                return children_by_asking_everyone(parent);
            }
            Err(_) => {}
        }
    }
    all
}

fn has_children_file() -> bool {
    let own = rustix::process::getpid().as_raw_pid();
    Path::new(&format!("/proc/{own}/task/{own}/children")).exists()
}

fn children_by_asking_everyone(parent: i32) -> Vec<i32> {
    everyone().filter(|pid| stat(*pid).is_ok_and(|stat| stat.parent == parent)).collect()
}

/// Every process this one can see.
fn everyone() -> impl Iterator<Item = i32> {
    let listed = std::fs::read_dir("/proc").into_iter().flatten();
    listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// Sends a signal to a member of our tree, if it still is one. `false` where it is already gone.
///
/// The handle is opened first and the membership read after: whatever happens to the number in between, the signal
/// reaches a process of the tree or nobody.
pub(crate) fn send(member: Member, keeper: i32, signal: Signal) -> Result<bool, String> {
    let Some(pid) = Pid::from_raw(member.pid) else { return Ok(false) };
    let handle = match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => handle,
        Err(rustix::io::Errno::SRCH | rustix::io::Errno::INVAL) => return Ok(false),
        // No handles here (an old kernel, a filter). Our own unreaped children keep their number; others become ours
        // when their parents are gone.
        Err(_) if member.parent == keeper => return told(rustix::process::kill_process(pid, signal), member),
        Err(error) => return Err(format!("no handle for process {}: {error}", member.pid)),
    };
    match stat(member.pid) {
        Ok(stat) if stat.parent == member.parent || stat.parent == keeper => {
            told(rustix::process::pidfd_send_signal(&handle, signal), member)
        }
        _ => Ok(false),
    }
}

/// Sends a signal to the very process that was recorded, or to nobody.
pub(crate) fn send_to(identity: &Identity, signal: Signal) -> Result<bool, String> {
    let Some(pid) = Pid::from_raw(identity.pid) else { return Ok(false) };
    let Ok(handle) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return Ok(false) };
    if self::identity(identity.pid).as_ref() != Some(identity) {
        return Ok(false);
    }
    told(rustix::process::pidfd_send_signal(&handle, signal), Member { pid: identity.pid, parent: 0 })
}

fn told(sent: rustix::io::Result<()>, member: Member) -> Result<bool, String> {
    match sent {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(format!("process {} ({}) took no signal: {error}", member.pid, name(member.pid))),
    }
}

/// What tells one process from every other that has or had its number; `None` where it is gone or unreadable.
pub(crate) fn identity(pid: i32) -> Option<Identity> {
    let stat = stat(pid).ok()?;
    Some(Identity { boot: boot(), pid, start: stat.start, unique: unique(pid) })
}

/// Which start of the machine this is.
pub(crate) fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// The inode of the process handle, on kernels where it is unique.
fn unique(pid: i32) -> Option<u64> {
    number_of(&rustix::process::pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?)
}

fn number_of(handle: &OwnedFd) -> Option<u64> {
    let system = rustix::fs::fstatfs(handle.as_fd()).ok()?;
    if system.f_type != PIDFS {
        return None;
    }
    Some(rustix::fs::fstat(handle).ok()?.st_ino)
}

struct Stat {
    parent: i32,
    start: u64,
    zombie: bool,
    stopped: bool,
}

fn stat(pid: i32) -> io::Result<Stat> {
    let text = std::fs::read(format!("/proc/{pid}/stat"))?;
    parse_stat(&String::from_utf8_lossy(&text)).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name may hold blanks and parentheses, so the fields are counted from the last one.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
        zombie: matches!(*fields.first()?, "Z" | "X"),
        stopped: *fields.first()? == "T",
    })
}

/// The name of a process, for people.
pub(crate) fn name(pid: i32) -> String {
    std::fs::read(format!("/proc/{pid}/comm"))
        .map_or_else(|_| "gone".to_owned(), |name| printable(String::from_utf8_lossy(&name).trim()))
}

/// Which of the members hold the pipe open whose read end is given.
pub(crate) fn holders(members: &[Member], read_end: impl AsFd) -> Vec<i32> {
    let Ok(pipe) = rustix::fs::fstat(&read_end) else { return Vec::new() };
    let wanted = format!("pipe:[{}]", pipe.st_ino);
    let holds = |pid: i32| {
        let ends = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().filter_map(Result::ok);
        ends.filter_map(|end| std::fs::read_link(end.path()).ok())
            .any(|target| target.as_os_str() == &*wanted)
    };
    members.iter().map(|member| member.pid).filter(|pid| holds(*pid)).collect()
}

/// Living processes whose environment carries `mark`: a hint where to look, given that they did not clear it.
pub(crate) fn marked(mark: &str) -> Vec<Identity> {
    let own = rustix::process::getpid().as_raw_pid();
    let carries = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    everyone().filter(|pid| *pid != own).filter(carries).filter_map(identity).collect()
}

/// Whether the very process that was recorded still runs.
pub(crate) fn is_alive(recorded: &Identity) -> bool {
    identity(recorded.pid).as_ref() == Some(recorded) && stat(recorded.pid).is_ok_and(|stat| !stat.zombie)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_does_not_shift_the_fields() {
        let rest = "S 7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0";
        let stat = parse_stat(&format!("42 (a) R 1 (b)) {rest}")).expect("a stat line");
        assert_eq!((stat.parent, stat.start, stat.zombie), (7, 4711, false));
    }

    #[test]
    fn an_identity_with_another_start_or_handle_is_somebody_else() {
        let own = std::process::id() as i32;
        let identity = identity(own).expect("our own identity");
        assert!(is_alive(&identity));
        for stranger in [
            Identity { start: identity.start + 1, ..identity.clone() },
            Identity { unique: Some(1), ..identity.clone() },
            Identity { boot: "another".to_owned(), ..identity.clone() },
        ] {
            assert!(!is_alive(&stranger));
            assert_eq!(send_to(&stranger, Signal::KILL), Ok(false), "a stranger gets no signal");
        }
    }

    #[test]
    fn a_process_that_is_not_of_the_tree_gets_no_signal() {
        let own = std::process::id() as i32;
        let member = Member { pid: own, parent: own };
        assert_eq!(send(member, own, Signal::KILL), Ok(false), "we would not be here otherwise");
    }
}
