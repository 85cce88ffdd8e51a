//! Whether trying again may help.
//!
//! In: an error of the system. Out: passing or lasting. Never the judge of what to do about it.

use std::io;

use serde::{Deserialize, Serialize};

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trouble {
    /// It may pass by itself: something is busy, full, or not quite gone.
    Passing,
    /// It stays until somebody changes something.
    Lasting,
}

/// The kind of an error. What is not known to pass is taken to last: trying again costs time, and is told.
pub(crate) fn trouble(error: &io::Error) -> Trouble {
    use io::ErrorKind::{
        DirectoryNotEmpty, ExecutableFileBusy, Interrupted, OutOfMemory, QuotaExceeded, ResourceBusy,
        StorageFull, TimedOut, WouldBlock,
    };
    let passing = matches!(
        error.kind(),
        ResourceBusy
            | DirectoryNotEmpty
            | ExecutableFileBusy
            | WouldBlock
            | Interrupted
            | StorageFull
            | QuotaExceeded
            | OutOfMemory
            | TimedOut
    );
    if passing || passes_here(error.raw_os_error()) { Trouble::Passing } else { Trouble::Lasting }
}

/// Too many open files, in this process (`EMFILE`) or on this machine (`ENFILE`).
#[cfg(unix)]
fn passes_here(code: Option<i32>) -> bool {
    let full = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    code.is_some_and(|code| full.iter().any(|errno| errno.raw_os_error() == code))
}

/// `ERROR_ACCESS_DENIED` of a file whose process is just ending, `ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`.
#[cfg(not(unix))]
fn passes_here(code: Option<i32>) -> bool {
    matches!(code, Some(5 | 32 | 33))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_busy_or_full_may_pass_and_what_is_forbidden_lasts() {
        use rustix::io::Errno;
        for errno in [
            Errno::BUSY,
            Errno::NOTEMPTY,
            Errno::TXTBSY,
            Errno::AGAIN,
            Errno::MFILE,
            Errno::NFILE,
            Errno::INTR,
            Errno::NOSPC,
            Errno::DQUOT,
            Errno::NOMEM,
            Errno::TIMEDOUT,
        ] {
            assert_eq!(trouble(&errno.into()), Trouble::Passing, "{errno}");
        }
        for errno in [Errno::ROFS, Errno::NOTDIR, Errno::ACCESS, Errno::PERM, Errno::XDEV, Errno::IO] {
            assert_eq!(trouble(&errno.into()), Trouble::Lasting, "{errno}");
        }
        assert_eq!(trouble(&io::Error::other("something else is mounted there")), Trouble::Lasting);
    }
}
