//! A token with which anyone can ask attempts to end.
//!
//! In: a wish. Out: a flag, and on unix a descriptor that wakes those who wait. Never ends anything itself.

use std::io::{PipeReader, PipeWriter};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Asks attempts to end. Clones are the same token; a [`Cancel::child`] hears its parent as well.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Token>);

#[derive(Debug, Default)]
struct Token {
    wish: AtomicU8,
    // Closing the write end makes the read end ready for ever: one event for any number of waiters.
    #[cfg_attr(windows, expect(dead_code, reason = "waiters on Windows look at the flag"))]
    bell: Option<PipeReader>,
    rope: Mutex<Option<PipeWriter>>,
    reason: Mutex<Option<String>>,
    parent: Option<Cancel>,
}

/// How urgently an end is wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    Run,
    Stop,
    Kill,
}

impl Cancel {
    /// A token nobody has used yet.
    pub fn new() -> Self {
        Self::under(None)
    }

    /// A token of its own that also hears this one.
    pub fn child(&self) -> Self {
        Self::under(Some(self.clone()))
    }

    fn under(parent: Option<Self>) -> Self {
        // Without a pipe (no descriptors left) waiters look at the flag now and then.
        let (bell, rope) = std::io::pipe().map_or((None, None), |(bell, rope)| (Some(bell), Some(rope)));
        Self(Arc::new(Token {
            wish: AtomicU8::new(0),
            bell,
            rope: Mutex::new(rope),
            reason: Mutex::new(None),
            parent,
        }))
    }

    /// Ends attempts through the whole ladder: interrupt, terminate, kill.
    pub fn cancel(&self) {
        self.wish(1);
    }

    /// Ends attempts at once: the ladder begins with the kill.
    pub fn kill(&self) {
        self.wish(2);
    }

    /// Ends attempts through the whole ladder because going on is of no use: their ending is `failed`, not
    /// `cancelled`, and [`crate::Outcome::broken_off`] is the reason. The first reason counts, and only where nobody had
    /// cancelled before. Use a [`Cancel::child`] for one attempt.
    pub fn break_off(&self, reason: impl Into<String>) {
        if !self.is_cancelled() {
            self.0.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.into());
        }
        self.wish(1);
    }

    /// Why attempts under this very token were broken off; `None` where they were not, or were cancelled.
    pub(crate) fn reason(&self) -> Option<String> {
        let above = self.0.parent.as_ref().is_some_and(Self::is_cancelled);
        if above { None } else { self.0.reason.lock().unwrap_or_else(PoisonError::into_inner).clone() }
    }

    /// Whether an end is wished.
    pub fn is_cancelled(&self) -> bool {
        self.level() > Wish::Run
    }

    pub(crate) fn level(&self) -> Wish {
        let own = match self.0.wish.load(Ordering::SeqCst) {
            0 => Wish::Run,
            1 => Wish::Stop,
            _ => Wish::Kill,
        };
        self.0.parent.as_ref().map_or(own, |parent| own.max(parent.level()))
    }

    /// The pipes that become ready when this token or one above it is used; `None` for one without a pipe.
    #[cfg(unix)]
    pub(crate) fn bells(&self) -> Vec<Option<&PipeReader>> {
        let mut bells = vec![self.0.bell.as_ref()];
        let mut next = self.0.parent.as_ref();
        while let Some(cancel) = next {
            bells.push(cancel.0.bell.as_ref());
            next = cancel.0.parent.as_ref();
        }
        bells
    }

    fn wish(&self, level: u8) {
        self.0.wish.fetch_max(level, Ordering::SeqCst);
        drop(self.0.rope.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_hears_its_parent_and_not_the_other_way_round() {
        let parent = Cancel::new();
        let child = parent.child();
        let sibling = parent.child();
        child.cancel();
        assert!(child.is_cancelled() && !parent.is_cancelled() && !sibling.is_cancelled());
        parent.kill();
        assert_eq!(sibling.level(), Wish::Kill);
        assert_eq!(child.level(), Wish::Kill, "the more urgent wish counts");
    }

    #[test]
    fn a_reason_is_kept_for_the_token_it_was_given_to_unless_somebody_had_cancelled() {
        let parent = Cancel::new();
        let (first, second) = (parent.child(), parent.child());
        first.break_off("the key is refused");
        first.break_off("and again");
        assert_eq!(first.reason().as_deref(), Some("the key is refused"));
        assert_eq!((second.reason(), parent.is_cancelled()), (None, false));
        second.cancel();
        second.break_off("too late");
        assert_eq!(second.reason(), None);
        parent.cancel();
        assert_eq!(first.reason(), None, "everybody is cancelled, so this is no failure of its own");
    }

    #[test]
    fn a_kill_is_not_taken_back_by_a_later_cancel() {
        let cancel = Cancel::new();
        cancel.kill();
        cancel.cancel();
        assert_eq!(cancel.level(), Wish::Kill);
    }
}
