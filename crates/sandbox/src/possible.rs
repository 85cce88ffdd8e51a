//! Whether programs can be confined on this machine.
//!
//! In: this machine. Out: how, or why not. That a program is there does not mean that it works: [`Possible::probe`] is the
//! command that shows it.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use crate::bubblewrap::Bubblewrap;
use crate::inside::PORT;
use crate::{Error, Key, Profile, Room, machine, review, seatbelt, walled};

/// How programs can be confined here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Possible {
    /// By bubblewrap.
    Bubblewrap(Bwrap),
    /// Reviewers and linters by Landlock and seccomp (Linux); scripts not at all.
    Landlock,
    /// Reviewers and linters by the sandbox of macOS; scripts not at all.
    Seatbelt,
    /// Reviewers and linters by a token that can do less than its user (Windows), which is no sandbox; scripts not at all.
    Token,
    /// By a machine: scripts by one of their own each (the words that run the job of a file there), reviewers and linters by one that
    /// a [`crate::House`] holds.
    Machine(Vec<OsString>),
    /// Not at all, and why.
    No(String),
}

/// The program of bubblewrap on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bwrap {
    /// Where it is.
    pub program: PathBuf,
    /// Whether it can keep those inside from making user namespaces, in which they could use what of the kernel needs privileges: it
    /// can since 0.8.
    pub closes_namespaces: bool,
}

impl Bwrap {
    /// One that is asked for everything it may be able to do.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), closes_namespaces: true }
    }
}

/// Where whoever is inside finds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Its home.
    pub home: PathBuf,
    /// Its folder for temporary files.
    pub temporary: PathBuf,
    /// The configuration of its git.
    pub git: PathBuf,
}

/// Looks for a sandbox that can hold anything.
pub fn look() -> Possible {
    if cfg!(target_os = "linux") {
        match which::which("bwrap") {
            Ok(path) => Possible::Bubblewrap(Bwrap::new(path)),
            Err(_) => Possible::No("`bwrap` was not found: install the package bubblewrap".to_owned()),
        }
    } else {
        Possible::No("there is a sandbox on Linux only, so far".to_owned())
    }
}

/// What can hold reviewers and linters where there is no better one; it is to be tried.
pub fn fallback() -> Possible {
    if cfg!(target_os = "linux") {
        Possible::Landlock
    } else if cfg!(target_os = "macos") && Path::new(seatbelt::PROGRAM).is_file() {
        Possible::Seatbelt
    } else if cfg!(windows) {
        Possible::Token
    } else {
        Possible::No("there is none for this system".to_owned())
    }
}

impl Possible {
    /// The command that runs `command` confined, with its generated files written. `None` where nothing can hold it.
    pub fn confine(&self, profile: &Profile, command: &[OsString]) -> Result<Option<Vec<OsString>>, Error> {
        match self {
            Self::Bubblewrap(bwrap) => Bubblewrap::new(bwrap).command(profile, command).map(Some),
            Self::Machine(words) => {
                let file = machine::write(profile, command)?;
                Ok(Some(words.iter().cloned().chain([file.into()]).collect()))
            }
            Self::Landlock | Self::Seatbelt | Self::Token | Self::No(_) => Ok(None),
        }
    }

    /// The command that runs `command` in a room. `own` is this program and the word that makes it the one that lives inside.
    /// `None` where nothing can.
    pub fn furnish(
        &self,
        room: &Room,
        own: &[OsString],
        command: &[OsString],
    ) -> Result<Option<Vec<OsString>>, Error> {
        match self {
            Self::Bubblewrap(bwrap) => review::command(bwrap, own, room, command).map(Some),
            Self::Landlock => walled::command(own, room, command).map(Some),
            Self::Seatbelt => seatbelt::command(own, room, command).map(Some),
            Self::Token => walled::lowered(own, room, command).map(Some),
            Self::Machine(_) | Self::No(_) => Ok(None),
        }
    }

    /// The command that runs `command` in a room of a house, which `key` opens.
    pub fn lodge(
        key: &Key,
        room: &Room,
        environment: &[(OsString, OsString)],
        command: &[OsString],
    ) -> Result<Vec<OsString>, Error> {
        let file = machine::write_room(room, environment, command)?;
        Ok(key.words.iter().cloned().chain([file.into()]).collect())
    }

    /// Where whoever is inside finds what; `private` is that of its room.
    pub fn places(&self, private: &Path) -> Places {
        match self {
            Self::Bubblewrap(_) | Self::Machine(_) | Self::No(_) => Places {
                home: Room::home().to_owned(),
                temporary: "/tmp".into(),
                git: "/etc/gitconfig".into(),
            },
            Self::Landlock | Self::Seatbelt | Self::Token => Places {
                home: walled::home(private),
                temporary: walled::temporary(private),
                git: private.join("gitconfig"),
            },
        }
    }

    /// A port on which the proxy can be reached inside. Where the network is everybody's, one that is free now.
    pub fn port(&self) -> u16 {
        if matches!(self, Self::Bubblewrap(_) | Self::Machine(_)) {
            return PORT;
        }
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        free.map_or(PORT, |address| address.port())
    }

    /// Its name, in a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bubblewrap(_) => "bubblewrap",
            Self::Landlock => "landlock",
            Self::Seatbelt => "seatbelt",
            Self::Token => "restricted-token",
            Self::Machine(_) => "machine",
            Self::No(_) => "nothing",
        }
    }

    /// Whether it keeps whoever is inside from reading the home and reaching the network: only that is a sandbox.
    pub fn is_sandbox(&self) -> bool {
        !matches!(self, Self::Token | Self::No(_))
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
            Self::Bubblewrap(bwrap) => {
                let namespaces = if bwrap.closes_namespaces {
                    ""
                } else {
                    "; older than 0.8, it does not keep scripts and linters from making user namespaces"
                };
                format!(
                    "bubblewrap: no network, no other process, no home, the system's programs read-only, memory for files; it does not \
                     hide the kernel, so a hole in that is a hole in it{namespaces}"
                )
            }
            Self::Landlock => "Landlock and seccomp, for reviewers and linters: files of a list, no network but the proxy; names of \
                files and command lines of processes everywhere can be seen, what is written stands on disk, and scripts are refused"
                .to_owned(),
            Self::Seatbelt => "the sandbox of macOS, for reviewers and linters: files of a list, no network but the proxy; nobody has \
                tried this yet, names of files everywhere can be seen, and scripts are refused"
                .to_owned(),
            Self::Token => "a restricted token in the job object, for reviewers and linters: no administrator's rights, no privileges, \
                nothing written but in folders of ours, a home of their own, and no API key where its server can be named; it holds back \
                neither what is read nor what is reached, so it is no sandbox: where one is required nobody runs so, and scripts never do. \
                Use WSL 2 or a virtual machine"
                .to_owned(),
            Self::Machine(_) => "a machine of its own, by QEMU: a kernel of its own, no network but the proxy, the system's programs read-only, \
                memory for files; a hole in QEMU would be a hole in it"
                .to_owned(),
            Self::No(why) => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_back_neither_reading_nor_the_network_is_no_sandbox_and_says_so() {
        assert!(!Possible::Token.is_sandbox() && !Possible::No(String::new()).is_sandbox());
        assert!(Possible::Token.sentence().contains("neither what is read nor what is reached"));
        for sandbox in [Possible::Bubblewrap(Bwrap::new("/b")), Possible::Landlock, Possible::Seatbelt] {
            assert!(sandbox.is_sandbox(), "{sandbox:?}");
        }
        let old = Possible::Bubblewrap(Bwrap { closes_namespaces: false, ..Bwrap::new("/b") });
        assert!(old.sentence().contains("older than 0.8"));
    }
}
