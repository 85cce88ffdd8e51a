//! A clock that can be stopped, so that time in which everything was suspended counts for nothing.
//!
//! In: pauses. Out: time since the start without them. Never the time of day: that jumps.

use std::time::{Duration, Instant};

/// Time since the start, without the pauses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    begun: Instant,
    paused: Option<Instant>,
    lost: Duration,
}

impl Clock {
    /// Runs from now on.
    pub(crate) fn start() -> Self {
        Self { begun: Instant::now(), paused: None, lost: Duration::ZERO }
    }

    /// Time since the start, without the pauses.
    pub(crate) fn now(&self) -> Duration {
        self.paused
            .unwrap_or_else(Instant::now)
            .saturating_duration_since(self.begun)
            .saturating_sub(self.lost)
    }

    /// Whether it stands still.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Stands still from now on.
    pub(crate) fn pause(&mut self) {
        self.paused.get_or_insert_with(Instant::now);
    }

    /// Goes on.
    pub(crate) fn resume(&mut self) {
        if let Some(paused) = self.paused.take() {
            self.lost += paused.elapsed();
        }
    }

    /// All pauses that are over.
    pub(crate) fn lost(&self) -> Duration {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_do_not_count() {
        let mut clock = Clock::start();
        clock.pause();
        let stood = clock.now();
        std::thread::sleep(Duration::from_millis(30));
        assert_eq!((clock.now(), clock.is_paused()), (stood, true));
        clock.pause();
        clock.resume();
        assert!(clock.lost() >= Duration::from_millis(30) && !clock.is_paused());
        assert!(clock.now() >= stood);
        clock.resume();
    }
}
