//! What differs between platforms: starting, signalling, waiting, and knowing who is left.
//!
//! In: plain requests. Out: plain answers. Decisions are made elsewhere; `unsafe` occurs in this folder only.
//!
//! `tree` is the containment of one attempt. Today it is the keeper as child subreaper (Linux) or the program's
//! process group (other unix systems). A stronger container (a PID namespace, a cgroup) is a wrapper around the
//! command or a second implementation of the functions of `tree`; nothing above this folder knows which one it is.

#[cfg(unix)]
pub(crate) mod unix;

/// What the loop of an attempt needs of this platform.
#[cfg(unix)]
pub(crate) use unix as here;
#[cfg(windows)]
pub(crate) use windows as here;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
pub(crate) mod tree;

#[cfg(all(unix, not(target_os = "linux")))]
#[path = "group.rs"]
pub(crate) mod tree;

#[cfg(windows)]
pub(crate) mod windows;
#[cfg(windows)]
pub(crate) use windows::process as tree;

/// What one look at the children of this process brought.
#[cfg(unix)]
pub(crate) struct Reaped {
    /// How the program exited, if it was found to have exited now.
    pub(crate) exit: Option<crate::ending::Exit>,
    /// Whether anybody of the tree may be left.
    pub(crate) anyone: bool,
}

/// The text without characters that a terminal would obey: programs name themselves as they like.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}

/// The error, with what was being done.
pub(crate) fn doing(what: &str, error: &std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{what}: {error}"))
}
