//! The one way an attempt is ended, whatever the cause.
//!
//! In: the time, and who of the tree is still there. Out: the next rung to climb. Never sends a signal itself and
//! reads no clock, so that every path through it is a plain test.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Grace;

/// A rung of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The program was asked to interrupt its work (`SIGINT` to its own group).
    Interrupt,
    /// Every process of the tree was asked to terminate (`SIGTERM`).
    Terminate,
    /// Every process of the tree is killed, again and again until none is left.
    Kill,
}

impl Stage {
    /// The name used in records and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::Terminate => "terminate",
            Self::Kill => "kill",
        }
    }
}

/// Who of the tree is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alive {
    /// The program itself.
    pub(crate) leader: bool,
    /// Anyone at all. Only a proof makes this `false`; "a scan found nothing" does not.
    pub(crate) anyone: bool,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send this rung's signal.
    Climb(Stage),
    /// Look again when the tree changes, at the latest at this time.
    Wait(Duration),
    /// Nobody is left.
    Gone,
    /// The patience of the last rung is over and somebody may be left.
    Unconfirmed,
}

/// What came of ending what a dead supervisor or keeper left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// How many processes were met.
    pub(crate) processes: usize,
    /// The rungs that were used, in order.
    pub(crate) climbed: Vec<Stage>,
    /// Whether it is proven that nobody is left.
    pub(crate) proven: bool,
}

/// A climb of the ladder. Times are counted from any fixed moment.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    grace: Grace,
    stage: Option<Stage>,
    until: Duration,
}

impl Ladder {
    /// At the foot: the first step asks for the first rung.
    pub(crate) fn new(grace: Grace) -> Self {
        Self { grace, stage: None, until: Duration::ZERO }
    }

    /// The rung that was climbed last.
    pub(crate) fn stage(&self) -> Option<Stage> {
        self.stage
    }

    /// Makes the present rung's patience end now; does not skip the confirmation of a kill.
    pub(crate) fn hurry(&mut self) {
        if self.stage != Some(Stage::Kill) {
            self.until = Duration::ZERO;
            self.grace.interrupt = Duration::ZERO;
            self.grace.terminate = Duration::ZERO;
        }
    }

    /// What to do at the time `now`.
    pub(crate) fn step(&mut self, now: Duration, alive: Alive) -> Step {
        if !alive.anyone {
            return Step::Gone;
        }
        // An interrupt is a talk with the program. When the program is gone, its descendants need the next rung.
        let talk_is_over = self.stage == Some(Stage::Interrupt) && !alive.leader;
        if self.stage.is_some() && now < self.until && !talk_is_over {
            return Step::Wait(self.until);
        }
        let Some(next) = self.next(alive) else { return Step::Unconfirmed };
        self.stage = Some(next);
        self.until = now.saturating_add(self.patience(next));
        Step::Climb(next)
    }

    fn next(&self, alive: Alive) -> Option<Stage> {
        let rungs = [Stage::Interrupt, Stage::Terminate, Stage::Kill];
        rungs.into_iter().filter(|rung| Some(*rung) > self.stage).find(|rung| match rung {
            Stage::Interrupt => alive.leader && !self.grace.interrupt.is_zero(),
            Stage::Terminate => !self.grace.terminate.is_zero(),
            Stage::Kill => true,
        })
    }

    fn patience(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Interrupt => self.grace.interrupt,
            Stage::Terminate => self.grace.terminate,
            Stage::Kill => self.grace.confirm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Alive = Alive { leader: true, anyone: true };
    const ORPHANS: Alive = Alive { leader: false, anyone: true };
    const NOBODY: Alive = Alive { leader: false, anyone: false };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn grace() -> Grace {
        Grace { drain: seconds(2), interrupt: seconds(5), terminate: seconds(3), confirm: seconds(4) }
    }

    #[test]
    fn a_stubborn_tree_meets_every_rung_and_is_given_up_only_after_the_last() {
        let mut ladder = Ladder::new(grace());
        assert_eq!(ladder.step(seconds(100), ALL), Step::Climb(Stage::Interrupt));
        assert_eq!(ladder.step(seconds(101), ALL), Step::Wait(seconds(105)));
        assert_eq!(ladder.step(seconds(105), ALL), Step::Climb(Stage::Terminate));
        assert_eq!(ladder.step(seconds(107), ALL), Step::Wait(seconds(108)));
        assert_eq!(ladder.step(seconds(108), ALL), Step::Climb(Stage::Kill));
        assert_eq!(ladder.step(seconds(111), ALL), Step::Wait(seconds(112)));
        assert_eq!(ladder.step(seconds(112), ALL), Step::Unconfirmed);
        assert_eq!(ladder.stage(), Some(Stage::Kill));
    }

    #[test]
    fn a_rung_ends_early_when_everyone_is_gone() {
        let mut ladder = Ladder::new(grace());
        assert_eq!(ladder.step(seconds(0), ALL), Step::Climb(Stage::Interrupt));
        assert_eq!(ladder.step(seconds(1), NOBODY), Step::Gone);
        assert_eq!(ladder.stage(), Some(Stage::Interrupt));
    }

    #[test]
    fn when_only_descendants_are_left_they_are_asked_to_terminate_at_once() {
        let mut ladder = Ladder::new(grace());
        assert_eq!(ladder.step(seconds(0), ALL), Step::Climb(Stage::Interrupt));
        assert_eq!(ladder.step(seconds(1), ORPHANS), Step::Climb(Stage::Terminate));
        assert_eq!(Ladder::new(grace()).step(seconds(0), ORPHANS), Step::Climb(Stage::Terminate));
    }

    #[test]
    fn hurry_goes_straight_to_the_kill_and_still_waits_for_the_proof() {
        let mut ladder = Ladder::new(grace());
        assert_eq!(ladder.step(seconds(0), ALL), Step::Climb(Stage::Interrupt));
        ladder.hurry();
        assert_eq!(ladder.step(seconds(1), ALL), Step::Climb(Stage::Kill));
        ladder.hurry();
        assert_eq!(ladder.step(seconds(2), ALL), Step::Wait(seconds(5)));
    }
}
