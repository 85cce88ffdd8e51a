//! Whose turn it is to be asked.
//!
//! In: who waits, of which vendor, and how many may run at once. Out: one turn after another, in roster order. Never starts
//! anything, and never lets a reviewer that only waits keep others from working.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use supervise::Cancel;

/// How soon a cancellation is noticed by those who wait.
const LOOK: Duration = Duration::from_millis(50);

/// One place of the roster.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Whose model it calls; `None` shares with nobody.
    pub(crate) vendor: Option<String>,
    /// How long after the start of another reviewer of that vendor it may start.
    pub(crate) gap: Duration,
}

/// How many may run at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// All together.
    pub(crate) jobs: usize,
    /// Of one vendor.
    pub(crate) vendor_jobs: usize,
}

/// Hands out turns.
#[derive(Debug)]
pub(crate) struct Turns {
    places: Vec<Place>,
    limits: Limits,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeSet<usize>,
    running: usize,
    vendors: BTreeMap<String, Vendor>,
}

#[derive(Debug, Default)]
struct Vendor {
    running: usize,
    last_start: Option<Instant>,
}

/// The right to run; given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    at: usize,
}

impl Turns {
    /// Everybody in `queue` waits from the beginning, so that who comes first does not depend on who asks first.
    pub(crate) fn new(places: Vec<Place>, queue: impl IntoIterator<Item = usize>, limits: Limits) -> Self {
        let state = State { waiting: queue.into_iter().collect(), ..State::default() };
        Self { places, limits, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits for the turn of the reviewer at a place; `None` where the run is cancelled first.
    pub(crate) fn take(&self, at: usize, cancel: &Cancel) -> Option<Turn<'_>> {
        let mut state = self.locked();
        state.waiting.insert(at);
        loop {
            if cancel.is_cancelled() {
                state.waiting.remove(&at);
                return None;
            }
            let now = Instant::now();
            let first = state.waiting.iter().copied().find(|at| self.may_run(&state, *at, now));
            if first == Some(at) {
                self.start(&mut state, at, now);
                self.changed.notify_all();
                return Some(Turn { turns: self, at });
            }
            let (next, _) = self.changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner);
            state = next;
        }
    }

    fn may_run(&self, state: &State, at: usize, now: Instant) -> bool {
        let place = &self.places[at];
        let vendor = place.vendor.as_ref().and_then(|vendor| state.vendors.get(vendor));
        state.running < self.limits.jobs.max(1)
            && vendor.is_none_or(|vendor| {
                vendor.running < self.limits.vendor_jobs.max(1)
                    && vendor.last_start.is_none_or(|last| now >= last + place.gap)
            })
    }

    fn start(&self, state: &mut State, at: usize, now: Instant) {
        state.waiting.remove(&at);
        state.running += 1;
        if let Some(vendor) = &self.places[at].vendor {
            let vendor = state.vendors.entry(vendor.clone()).or_default();
            vendor.running += 1;
            vendor.last_start = Some(now);
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.locked();
        state.running -= 1;
        if let Some(vendor) = &self.turns.places[self.at].vendor
            && let Some(vendor) = state.vendors.get_mut(vendor)
        {
            vendor.running -= 1;
        }
        drop(state);
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(vendors: &[Option<&str>], jobs: usize, vendor_jobs: usize, gap: Duration) -> Turns {
        let place = |vendor: Option<&str>| Place { vendor: vendor.map(str::to_owned), gap };
        let places: Vec<Place> = vendors.iter().copied().map(place).collect();
        let queue = 0..places.len();
        Turns::new(places, queue, Limits { jobs, vendor_jobs })
    }

    /// Whether the reviewer would get its turn right now.
    fn may(turns: &Turns, at: usize) -> bool {
        let state = turns.locked();
        let now = Instant::now();
        state.waiting.iter().copied().find(|at| turns.may_run(&state, *at, now)) == Some(at)
    }

    #[test]
    fn turns_come_in_roster_order_and_no_more_than_jobs_at_once() {
        let turns = turns(&[None, None, None], 2, 9, Duration::ZERO);
        let cancel = Cancel::new();
        assert!(may(&turns, 0) && !may(&turns, 1), "the first is first, whoever asks");
        let first = turns.take(0, &cancel).unwrap();
        let _second = turns.take(1, &cancel).unwrap();
        assert!(!may(&turns, 2));
        drop(first);
        assert!(may(&turns, 2));
    }

    #[test]
    fn a_vendor_that_is_full_lets_others_pass() {
        let turns = turns(&[Some("a"), Some("a"), Some("b"), None], 9, 1, Duration::ZERO);
        let cancel = Cancel::new();
        let first = turns.take(0, &cancel).unwrap();
        assert!(may(&turns, 2), "the second of vendor a waits, vendor b does not");
        let _third = turns.take(2, &cancel).unwrap();
        let _fourth = turns.take(3, &cancel).unwrap();
        assert!(!may(&turns, 1));
        drop(first);
        assert!(may(&turns, 1));
    }

    #[test]
    fn starts_of_one_vendor_are_apart() {
        let turns = turns(&[Some("a"), Some("a"), Some("b")], 9, 9, Duration::from_hours(1));
        let cancel = Cancel::new();
        let _first = turns.take(0, &cancel).unwrap();
        assert!(!may(&turns, 1) && may(&turns, 2));
    }

    #[test]
    fn who_waits_in_vain_hears_of_the_cancellation() {
        let turns = turns(&[None, None], 1, 1, Duration::ZERO);
        let cancel = Cancel::new();
        let _first = turns.take(0, &cancel).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| turns.take(1, &cancel).is_none());
            cancel.cancel();
            assert!(second.join().unwrap());
        });
    }
}
