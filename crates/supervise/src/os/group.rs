//! The containment of one attempt on unix systems without a subreaper (the BSDs): its process group.
//!
//! In: the program's group. Out: signals to it. Never a proof: a descendant in a session of its own is not seen, so
//! an attempt here always ends as "not proven gone". Compiled by the type checker, not yet run on such a machine.

use std::io;
use std::os::fd::AsFd;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::Reaped;
use crate::Level;
use crate::ending::Exit;
use crate::record::Identity;

/// Whether an empty tree is proven by this platform.
pub(crate) const PROVES: bool = false;

/// Whether processes outside the program's group can be seen.
pub(crate) const SEES: bool = false;

/// What holds a tree together without a namespace.
pub(crate) const LEVEL: Level = Level::Group;

/// Nothing to do: orphans go to the first process of the system.
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

/// Not known here.
pub(crate) fn is_stopped(_pid: i32) -> bool {
    false
}

/// Nobody: descendants cannot be listed here.
pub(crate) fn children(_parent: i32) -> Vec<i32> {
    Vec::new()
}

/// What is known about a process that was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "the other systems of this pair know more")]
pub(crate) enum Life {
    /// It runs.
    Alive,
    /// It has ended.
    Gone,
    /// The system does not tell.
    Unknown,
}

/// Not known here.
pub(crate) fn life(_recorded: &Identity) -> Life {
    Life::Unknown
}

/// Learns how the program exited, but leaves it unreaped: as long as it is, its number and that of its group are
/// nobody else's.
pub(crate) fn reap(leader: Pid) -> Reaped {
    let looked = rustix::process::waitid(
        WaitId::Pid(leader),
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT,
    );
    let exit = looked
        .ok()
        .flatten()
        .map(|status| Exit { code: status.exit_status(), signal: status.terminating_signal() });
    // A group in which only the unreaped are left takes no signal on most of these systems.
    let anyone = exit.is_none() || rustix::process::test_kill_process_group(leader).is_ok();
    Reaped { exit, anyone }
}

/// Sends a signal to the program's group, which its unreaped leader reserves.
pub(crate) fn send_to_all(
    _keeper: i32,
    leader: Pid,
    signal: Signal,
) -> impl Iterator<Item = Result<bool, String>> {
    std::iter::once(match rustix::process::kill_process_group(leader, signal) {
        Ok(()) => Ok(true),
        // Some systems say so of a group in which only the unreaped are left.
        Err(rustix::io::Errno::SRCH | rustix::io::Errno::PERM) => Ok(false),
        Err(error) => Err(format!("the program's group took no signal: {error}")),
    })
}

/// One process of a tree, and whose child it was when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
}

/// Nobody: descendants cannot be listed here, the group is signalled as a whole.
pub(crate) fn descendants(_roots: &[i32]) -> Vec<Member> {
    Vec::new()
}

/// Not used: there are no members.
pub(crate) fn send(_member: Member, _keeper: i32, _signal: Signal) -> Result<bool, String> {
    Ok(false)
}

/// Never: without a handle the number may be somebody else's by now.
pub(crate) fn send_to(_identity: &Identity, _signal: Signal) -> Result<bool, String> {
    Err("this system has no process handles; the process was not signalled".to_owned())
}

/// Not known here.
pub(crate) fn identity(_pid: i32) -> Option<Identity> {
    None
}

/// Not known here.
pub(crate) fn boot() -> String {
    String::new()
}

/// Not known here.
pub(crate) fn name(_pid: i32) -> String {
    "unknown".to_owned()
}

/// Not known here.
pub(crate) fn holders(_members: &[Member], _read_end: impl AsFd) -> Vec<i32> {
    Vec::new()
}

/// Not known here.
pub(crate) fn marked(_mark: &str) -> Vec<Identity> {
    Vec::new()
}

/// Not known here.
pub(crate) fn is_alive(_recorded: &Identity) -> bool {
    false
}
