//! Time as an input.
//!
//! In: nothing. Out: the moment "now", from whoever implements [`Clock`]. Never read elsewhere, so that the same
//! inputs give the same bytes.

use jiff::Timestamp;

/// Tells the time. The binary brings the system's, tests bring a fixed one.
pub trait Clock: Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
