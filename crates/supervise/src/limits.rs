//! How long, how silent and how talkative a program may be.
//!
//! In: configuration. Out: plain data. Limits are enforced by the keeper, not here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The limits of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest time from start to end.
    pub wall: Duration,
    /// Longest time without a byte on stdout or stderr.
    pub silence: Duration,
    /// Most bytes kept of stdout and stderr together; the byte after these ends the attempt.
    pub output: u64,
    /// Most bytes of memory that all processes of the tree hold together. On Linux the keeper looks several times a second, ends
    /// the tree at once where it is more, and never lets it have more than three quarters of the machine; on Windows the job
    /// refuses more; elsewhere it has no effect.
    #[serde(default)]
    pub memory: Option<u64>,
    /// Patience while ending the attempt.
    pub grace: Grace,
    /// What counts against [`Limits::silence`].
    #[serde(default)]
    pub pulse: Pulse,
    /// The signal of the first rung of the ladder. Has no effect on Windows, where there is only one.
    #[serde(default)]
    pub interrupt: Interrupt,
    /// How often at most is told that there is output: shorter for a program that waits for an answer to what it writes.
    #[serde(default = "usual_news")]
    pub news: Duration,
    /// How firmly the program's tree is held.
    #[serde(default)]
    pub hold: Hold,
    /// What the tree may use up. Enforced on Linux only.
    #[serde(default)]
    pub resources: Resources,
    /// The program starts with `SIGINT` and `SIGTERM` ignored: for a wrapper that would take what it holds along if it died of
    /// them. What it holds must heed them again by itself.
    #[serde(default)]
    pub is_shielded: bool,
    /// The program starts without the keys of its user's session (Linux): those are handed on to whoever is started, whatever is
    /// hidden from it besides.
    #[serde(default)]
    pub is_keyless: bool,
}

/// Which output shows that a program is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pulse {
    /// Standard output or standard error.
    #[default]
    Either,
    /// Standard output only: for programs whose standard output is a stream of events, and that go on complaining or
    /// drawing a progress bar on standard error while they hang.
    Stdout,
}

/// The signal that asks a program to interrupt its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interrupt {
    /// `SIGINT`, as from a Ctrl-C.
    #[default]
    Int,
    /// `SIGTERM`, for programs that save their work only then.
    Term,
}

/// How firmly the tree of a program is held. What was reached is told in [`crate::Outcome::level`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// As firmly as the system allows; the note of an outcome says where that is less than the best.
    #[default]
    Firm,
    /// Without a PID namespace, for a program that must see the processes of its user.
    Loose,
}

/// What a tree may use up; `None` is as much as there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Most threads and processes at once. Holds inside a PID namespace on Linux 6.14 and newer, where at least 301 are
    /// allowed, and elsewhere for users other than root, whose other processes count as well.
    pub processes: Option<u32>,
    /// Most bytes of memory that one process may allocate (`RLIMIT_DATA`).
    pub memory: Option<u64>,
    /// Most bytes one file may grow to (`RLIMIT_FSIZE`).
    pub file: Option<u64>,
}

impl Default for Resources {
    /// Far more than a review needs, far less than what takes a machine down.
    fn default() -> Self {
        Self { processes: Some(8192), memory: None, file: Some(16 << 30) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_mins(20),
            silence: Duration::from_mins(5),
            output: 64 << 20,
            memory: None,
            grace: Grace::default(),
            pulse: Pulse::default(),
            interrupt: Interrupt::default(),
            news: usual_news(),
            hold: Hold::default(),
            resources: Resources::default(),
            is_shielded: false,
            is_keyless: false,
        }
    }
}

fn usual_news() -> Duration {
    Duration::from_millis(250)
}

/// Patience at each rung of the ladder. A rung ends early when everything is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    /// After the program has exited: time for its descendants to close its output and exit.
    pub drain: Duration,
    /// After the interrupt.
    pub interrupt: Duration,
    /// After the request to terminate.
    pub terminate: Duration,
    /// After the kill: time until the tree must be proven gone, or is reported as unconfirmed.
    pub confirm: Duration,
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            drain: Duration::from_secs(2),
            interrupt: Duration::from_secs(5),
            terminate: Duration::from_secs(3),
            confirm: Duration::from_secs(5),
        }
    }
}

impl Grace {
    /// Patience for a tree whose supervisor is gone: nobody reads the result, and it must not run on for a second.
    pub(crate) fn hurried(&self) -> Self {
        let short = Duration::from_millis(200);
        Self {
            drain: self.drain.min(short),
            interrupt: self.interrupt.min(short),
            terminate: self.terminate.min(short),
            confirm: self.confirm,
        }
    }

    /// The longest a whole ladder takes.
    #[cfg(unix)]
    pub(crate) fn total(&self) -> Duration {
        [self.interrupt, self.terminate, self.confirm].into_iter().fold(self.drain, Duration::saturating_add)
    }
}
