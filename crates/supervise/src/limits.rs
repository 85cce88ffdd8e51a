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
    /// Patience while ending the attempt.
    pub grace: Grace,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_mins(20),
            silence: Duration::from_mins(5),
            output: 64 << 20,
            grace: Grace::default(),
        }
    }
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
