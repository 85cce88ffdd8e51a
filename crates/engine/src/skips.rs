//! Lets whoever watches a run skip single reviewers.
//!
//! In: names, from any thread and at any time. Out: a token a reviewer, which ends its attempt and no other. Never touches
//! what a skipped reviewer would have counted for: it was asked, so the quorum stays what it was.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use supervise::Cancel;

/// Reviewers that somebody wishes to skip. Clones are the same wish list.
#[derive(Clone, Debug, Default)]
pub struct Skips(Arc<Mutex<BTreeMap<String, Wish>>>);

#[derive(Debug, Default)]
struct Wish {
    is_skipped: bool,
    cancel: Option<Cancel>,
}

impl Skips {
    /// Nobody is skipped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends a reviewer, or keeps it from being asked. One that is done already stays as it is.
    pub fn skip(&self, reviewer: &str) {
        let mut wishes = self.locked();
        let wish = wishes.entry(reviewer.to_owned()).or_default();
        wish.is_skipped = true;
        if let Some(cancel) = &wish.cancel {
            cancel.cancel();
        }
    }

    /// The token of one reviewer, which hears the run's own as well.
    pub(crate) fn token(&self, reviewer: &str, run: &Cancel) -> Cancel {
        let mut wishes = self.locked();
        let wish = wishes.entry(reviewer.to_owned()).or_default();
        let cancel = run.child();
        if wish.is_skipped {
            cancel.cancel();
        }
        wish.cancel = Some(cancel.clone());
        cancel
    }

    /// Whether a reviewer is skipped.
    pub(crate) fn is_skipped(&self, reviewer: &str) -> bool {
        self.locked().get(reviewer).is_some_and(|wish| wish.is_skipped)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Wish>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_skipped_ends_alone_whether_it_was_asked_already_or_not() {
        let (skips, run) = (Skips::new(), Cancel::new());
        let first = skips.token("first", &run);
        let other = skips.token("other", &run);
        skips.skip("first");
        skips.skip("later");
        assert!(first.is_cancelled() && !other.is_cancelled() && !run.is_cancelled());
        assert!(skips.token("later", &run).is_cancelled(), "it is not even asked");
        assert!(skips.is_skipped("first") && !skips.is_skipped("other"));
    }
}
