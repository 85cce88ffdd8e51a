//! The containment of one attempt on macOS: its process group, and everyone who descends from the keeper by the numbers
//! that the kernel gives to processes and never uses twice.
//!
//! In: the program's group and the kernel's list of processes. Out: signals to verified members. Never a proof: who was
//! born and gone between two looks hides those who came from there, so an attempt here always ends as "not proven
//! gone". There are no process handles: a signal follows its check at once, and the number could only be given away in
//! between. Compiled and linked, not yet run on such a machine.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::{c_int, c_void};
use std::io;
use std::mem::size_of;
use std::os::fd::AsFd;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::descent::{Listed, of_the_tree};
use super::{Reaped, printable};
use crate::Level;
use crate::ending::Exit;
use crate::record::Identity;

/// Whether an empty tree is proven by this platform.
pub(crate) const PROVES: bool = false;

/// Whether processes outside the program's group can be seen.
pub(crate) const SEES: bool = true;

/// What holds a tree together without a namespace.
pub(crate) const LEVEL: Level = Level::Group;

/// `PROC_PIDUNIQIDENTIFIERINFO` of `<sys/proc_info.h>`.
const UNIQUE_IDENTIFIERS: c_int = 17;

/// `struct proc_uniqidentifierinfo` of `<sys/proc_info.h>`.
#[repr(C)]
#[derive(Default)]
struct UniqueIdentifiers {
    executable: [u8; 16],
    unique: u64,
    maker: u64,
    version: i32,
    maker_version: i32,
    reserved: [u64; 2],
}

thread_local! {
    /// The numbers of everyone ever seen in the tree of this keeper, which has one thread.
    static KNOWN: RefCell<HashSet<u64>> = RefCell::default();
}

/// Nothing to do: orphans go to the first process of the system, and are still found by the number of their maker.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

/// Nothing to do: there is no death signal.
pub(crate) fn die_with(_keeper: Pid) -> io::Result<()> {
    Ok(())
}

/// Not known here.
pub(crate) fn be_first_to_go() {}

/// Keys are not handed on here.
pub(crate) fn leave_keys_behind() -> io::Result<()> {
    Ok(())
}

/// Whether somebody has stopped the process.
pub(crate) fn is_stopped(pid: i32) -> bool {
    information(pid).is_some_and(|information| information.pbi_status == libc::SSTOP)
}

/// The children of a process, as far as they have not been adopted by somebody else.
pub(crate) fn children(parent: i32) -> Vec<i32> {
    let Some(maker) = listed(parent).map(|parent| parent.unique) else { return Vec::new() };
    everyone().into_iter().filter(|one| one.maker == maker).map(|one| one.pid).collect()
}

/// What is known about a process that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// It runs.
    Alive,
    /// It has ended.
    Gone,
    /// The system does not tell.
    #[expect(dead_code, reason = "the other systems of this pair know less")]
    Unknown,
}

/// Whether the very process runs.
pub(crate) fn life(recorded: &Identity) -> Life {
    if is_alive(recorded) { Life::Alive } else { Life::Gone }
}

/// Learns how the program exited, but leaves it unreaped: as long as it is, its number and that of its group are
/// nobody else's. Also learns who is of the tree now: who is not seen in time takes its children out of sight.
pub(crate) fn reap(leader: Pid) -> Reaped {
    let looked = rustix::process::waitid(
        WaitId::Pid(leader),
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT,
    );
    let exit = looked
        .ok()
        .flatten()
        .map(|status| Exit { code: status.exit_status(), signal: status.terminating_signal() });
    let keeper = rustix::process::getpid().as_raw_pid();
    let seen = descendants(&[keeper]).iter().any(|member| member.pid != leader.as_raw_pid());
    Reaped { exit, anyone: exit.is_none() || seen }
}

/// Sends a signal to the program's group, which its unreaped leader reserves, and to everyone seen outside it.
pub(crate) fn send_to_all(
    keeper: i32,
    leader: Pid,
    signal: Signal,
) -> impl Iterator<Item = Result<bool, String>> {
    let group = match rustix::process::kill_process_group(leader, signal) {
        Ok(()) => Ok(true),
        // Said of a group in which only the unreaped are left.
        Err(rustix::io::Errno::SRCH | rustix::io::Errno::PERM) => Ok(false),
        Err(error) => Err(format!("the program's group took no signal: {error}")),
    };
    let members = descendants(&[keeper]).into_iter().filter(move |member| member.pid != leader.as_raw_pid());
    std::iter::once(group).chain(members.map(move |member| send(member, keeper, signal)))
}

/// One process of a tree, and whose child it was when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    unique: u64,
}

/// Everyone seen below the given processes. A look, not a proof.
pub(crate) fn descendants(roots: &[i32]) -> Vec<Member> {
    let everyone = everyone();
    let roots: Vec<u64> = roots.iter().filter_map(|pid| Some(listed(*pid)?.unique)).collect();
    let found = KNOWN.with_borrow_mut(|known| {
        known.extend(roots);
        of_the_tree(&everyone, known)
    });
    let member = |one: Listed| {
        let information = information(one.pid).filter(|information| information.pbi_status != libc::SZOMB)?;
        Some(Member { pid: one.pid, parent: information.pbi_ppid.cast_signed(), unique: one.unique })
    };
    found.into_iter().filter_map(member).collect()
}

/// Sends a signal to a member of our tree, if it still is the very process that was seen. `false` where it is gone.
pub(crate) fn send(member: Member, _keeper: i32, signal: Signal) -> Result<bool, String> {
    let (Some(pid), Some(now)) = (Pid::from_raw(member.pid), listed(member.pid)) else { return Ok(false) };
    if now.unique != member.unique {
        return Ok(false);
    }
    told(rustix::process::kill_process(pid, signal), member.pid)
}

/// Sends a signal to the very process that was recorded, or to nobody.
pub(crate) fn send_to(recorded: &Identity, signal: Signal) -> Result<bool, String> {
    match Pid::from_raw(recorded.pid) {
        Some(pid) if is_alive(recorded) => told(rustix::process::kill_process(pid, signal), recorded.pid),
        _ => Ok(false),
    }
}

fn told(sent: rustix::io::Result<()>, pid: i32) -> Result<bool, String> {
    match sent {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(format!("process {pid} ({}) took no signal: {error}", name(pid))),
    }
}

/// What tells one process from every other that has or had its number; `None` where it is gone or unreadable.
pub(crate) fn identity(pid: i32) -> Option<Identity> {
    let information = information(pid)?;
    let start = information.pbi_start_tvsec.saturating_mul(1_000_000) + information.pbi_start_tvusec;
    Some(Identity { boot: boot(), pid, start, unique: Some(listed(pid)?.unique) })
}

/// Which start of the machine this is.
#[expect(unsafe_code, reason = "the system has no other door")]
pub(crate) fn boot() -> String {
    let mut text = [0_u8; 64];
    let mut length = text.len();
    let name = c"kern.bootsessionuuid";
    // SAFETY: the name ends with 0, the place is as long as is said, and nothing is set.
    let answer = unsafe {
        libc::sysctlbyname(name.as_ptr(), text.as_mut_ptr().cast(), &raw mut length, std::ptr::null_mut(), 0)
    };
    let told = if answer == 0 { &text[..length.min(text.len())] } else { &[] };
    String::from_utf8_lossy(told).trim_end_matches('\0').to_owned()
}

/// The name of a process, for people.
#[expect(unsafe_code, reason = "the system has no other door")]
pub(crate) fn name(pid: i32) -> String {
    let mut text = [0_u8; 256];
    // SAFETY: the place is as long as is said.
    let length = unsafe { libc::proc_name(pid, text.as_mut_ptr().cast(), 256) };
    match usize::try_from(length) {
        Ok(length) if length > 0 => printable(&String::from_utf8_lossy(&text[..length.min(text.len())])),
        _ => "gone".to_owned(),
    }
}

/// Who holds a pipe is not asked here.
pub(crate) fn holders(_members: &[Member], _read_end: impl AsFd) -> Vec<i32> {
    Vec::new()
}

/// Environments of others are not read here.
pub(crate) fn marked(_mark: &str) -> Vec<Identity> {
    Vec::new()
}

/// Whether the very process that was recorded still runs.
pub(crate) fn is_alive(recorded: &Identity) -> bool {
    identity(recorded.pid).as_ref() == Some(recorded)
        && information(recorded.pid).is_some_and(|information| information.pbi_status != libc::SZOMB)
}

/// Everyone who runs, with their numbers.
#[expect(unsafe_code, reason = "the system has no other door")]
fn everyone() -> Vec<Listed> {
    // SAFETY: without a place the call tells how many there are.
    let expected = unsafe { libc::proc_listallpids(std::ptr::null_mut(), 0) };
    // Some are born until the next call.
    let mut pids = vec![0_i32; usize::try_from(expected).unwrap_or(0) + 256];
    let bytes = c_int::try_from(pids.len() * size_of::<i32>()).unwrap_or(c_int::MAX);
    // SAFETY: the place is as long as is said.
    let count = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), bytes) };
    pids.truncate(usize::try_from(count).unwrap_or(0));
    pids.into_iter().filter_map(listed).collect()
}

fn listed(pid: i32) -> Option<Listed> {
    let mut numbers = UniqueIdentifiers::default();
    ask(pid, UNIQUE_IDENTIFIERS, &mut numbers)?;
    Some(Listed { pid, unique: numbers.unique, maker: numbers.maker })
}

#[expect(unsafe_code, reason = "the structure comes from a system call")]
fn information(pid: i32) -> Option<libc::proc_bsdinfo> {
    // SAFETY: a structure of plain numbers, for which zero is a value.
    let mut information: libc::proc_bsdinfo = unsafe { std::mem::zeroed() };
    ask(pid, libc::PROC_PIDTBSDINFO, &mut information)?;
    Some(information)
}

/// `None` where the process is gone, or belongs to somebody whose processes are not shown.
#[expect(unsafe_code, reason = "the system has no other door")]
fn ask<T>(pid: i32, what: c_int, place: &mut T) -> Option<()> {
    let size = c_int::try_from(size_of::<T>()).ok()?;
    let place: *mut T = place;
    let place: *mut c_void = place.cast();
    // SAFETY: the callers pair each question with its structure, and the place is as long as is said.
    (unsafe { libc::proc_pidinfo(pid, what, 0, place, size) } == size).then_some(())
}
