//! The keeper's mouth: standard output, which the supervisor reads when it has time.
//!
//! In: messages. Out: lines. Never waits for a slow supervisor but to tell it the ending, and then not for long.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::message::{Message, Tell};
use crate::os::unix;

/// How long a slow supervisor is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells messages.
pub(crate) struct Teller {
    mute: bool,
}

impl Teller {
    /// From now on writes never block.
    pub(crate) fn new() -> Self {
        Self { mute: unix::never_block(std::io::stdout()).is_err() }
    }

    /// Tells it even if the supervisor is slow, for a few seconds.
    pub(crate) fn tell_surely(&mut self, message: &Message) {
        let line = message.line();
        let mut rest = &line[..];
        let deadline = Instant::now() + PATIENCE;
        while !self.mute && !rest.is_empty() && Instant::now() < deadline {
            match rustix::io::write(std::io::stdout(), rest) {
                Ok(count) => rest = &rest[count..],
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                    self.mute =
                        unix::wait_writable(std::io::stdout().as_fd(), Duration::from_millis(100)).is_err();
                }
                Err(_) => self.mute = true,
            }
        }
    }
}

impl Tell for Teller {
    /// Short lines are written whole or not at all.
    fn tell(&mut self, message: &Message) {
        if !self.mute
            && let Err(error) = rustix::io::write(std::io::stdout(), &message.line())
        {
            self.mute = error != rustix::io::Errno::AGAIN;
        }
    }
}
