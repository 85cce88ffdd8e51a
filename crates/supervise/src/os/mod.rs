//! What differs between platforms: starting, signalling, waiting, and knowing who is left.
//!
//! In: plain requests. Out: plain answers. Decisions are made elsewhere; `unsafe` occurs in this folder only.
//!
//! `tree` is the containment of one attempt by the keeper alone: as child subreaper (Linux), by the program's process
//! group (other unix systems), and by the numbers of makers besides (macOS). On Windows it is a job object. `namespace` is the stronger one: a PID namespace with a first process of ours in it.

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

#[cfg(target_os = "macos")]
#[path = "macos.rs"]
pub(crate) mod tree;

#[cfg(any(target_os = "macos", test))]
pub(crate) mod descent;

#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
#[path = "group.rs"]
pub(crate) mod tree;

#[cfg(target_os = "linux")]
pub(crate) mod memory;

#[cfg(all(unix, not(target_os = "linux")))]
#[path = "no_memory.rs"]
pub(crate) mod memory;

#[cfg(target_os = "linux")]
pub(crate) mod namespace;

#[cfg(all(unix, not(target_os = "linux")))]
#[path = "no_namespace.rs"]
pub(crate) mod namespace;

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
