//! What was spent on models.
//!
//! In: nothing. Out: [`Spend`]. An unknown cost is counted as unknown, never as nothing.

use serde::{Deserialize, Serialize};

/// A sum of what requests to models cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spend {
    /// Requests.
    pub calls: u64,
    /// Tokens read and written, cached ones included; an estimate where a server did not tell.
    pub tokens: u64,
    /// US dollars, as far as known.
    pub usd: f64,
    /// Requests whose cost is unknown: `usd` is the least that was spent.
    pub unpriced_calls: u64,
    /// Milliseconds that reviewers took.
    pub ms: u64,
}

impl std::ops::AddAssign for Spend {
    fn add_assign(&mut self, more: Self) {
        self.calls = self.calls.saturating_add(more.calls);
        self.tokens = self.tokens.saturating_add(more.tokens);
        self.usd += more.usd;
        self.unpriced_calls = self.unpriced_calls.saturating_add(more.unpriced_calls);
        self.ms = self.ms.saturating_add(more.ms);
    }
}

impl std::iter::Sum for Spend {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum += one;
            sum
        })
    }
}
