//! No PID namespaces: systems other than Linux.
//!
//! In: nothing. Out: the answer that there is none. Never used where [`KNOWN`] is true.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::{Pid, Signal};

/// Whether this system has such namespaces at all.
pub(crate) const KNOWN: bool = false;

/// There is none.
pub(crate) fn first_process(_inside: impl FnOnce(UnixStream)) -> io::Result<(Pid, UnixStream)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nothing to leave.
pub(crate) fn leave() -> ! {
    std::process::exit(0)
}

/// There is none.
pub(crate) fn map_ids(_first: Pid) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is none.
pub(crate) fn die_with_keeper() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is none.
pub(crate) fn furnish(_hidden: Option<&Path>, _processes: Option<u32>) -> io::Result<Vec<String>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is none, and nobody to be told.
pub(crate) fn send_to_everyone(_signal: Signal) {}

/// There is none.
pub(crate) fn keep_only(_kept: &[i32]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There is none.
pub(crate) fn close(_number: i32) {}
