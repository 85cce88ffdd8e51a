//! Whether programs can be confined on this machine.
//!
//! In: this machine. Out: how, or why not. That a program is there does not mean that it works: [`Possible::probe`] is the
//! command that shows it.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::bubblewrap::Bubblewrap;
use crate::{Error, Profile};

/// How programs can be confined here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Possible {
    /// By bubblewrap, at this path.
    Bubblewrap(PathBuf),
    /// Not at all, and why.
    No(String),
}

/// Looks for a sandbox.
pub fn look() -> Possible {
    if cfg!(target_os = "linux") {
        match which::which("bwrap") {
            Ok(path) => Possible::Bubblewrap(path),
            Err(_) => Possible::No("`bwrap` was not found: install the package bubblewrap".to_owned()),
        }
    } else {
        Possible::No("there is a sandbox on Linux only, so far".to_owned())
    }
}

impl Possible {
    /// The command that runs `command` confined, with its generated files written. `None` where nothing can.
    pub fn confine(&self, profile: &Profile, command: &[OsString]) -> Result<Option<Vec<OsString>>, Error> {
        match self {
            Self::Bubblewrap(program) => Bubblewrap::new(program).command(profile, command).map(Some),
            Self::No(_) => Ok(None),
        }
    }

    /// A profile that shows nothing, and a command that succeeds where confinement works. Many systems have the program and
    /// forbid what it needs.
    pub fn probe(private: PathBuf) -> (Profile, Vec<OsString>) {
        let profile = Profile {
            start: "/tmp".into(),
            read: Vec::new(),
            scratch: Vec::new(),
            temporary: crate::Size::mebibytes(1),
            environment: Vec::new(),
            private,
        };
        (profile, vec!["/bin/sh".into(), "-c".into(), "exit 0".into()])
    }

    /// What it is, in one sentence that says what it does not stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::Bubblewrap(_) => "bubblewrap: no network, no other process, no home, the system's programs read-only, memory for \
                files; it does not hide the kernel, so a hole in that is a hole in it"
                .to_owned(),
            Self::No(why) => why.clone(),
        }
    }
}
