//! Tokens and cost as a program tells them: request by request while it runs, as a sum in the end.
//!
//! In: rules and events. Out: the sum where it was told, else what is certain so far. Never guesses: what was not told is unknown.

use std::collections::BTreeMap;

use model::Tokens;
use serde_json::Value;

use super::adapter::{Rule, Term};
use crate::budget::Usage;

/// What is known of one request, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Told {
    read: Option<u64>,
    written: Option<u64>,
    cached: Option<u64>,
    cache_written: Option<u64>,
    usd: Option<f64>,
}

/// What was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    sum: Told,
    requests: BTreeMap<String, Told>,
    /// The sum of the requests is all that will be told.
    adds_up: bool,
}

impl Figures {
    /// Takes what an event tells.
    pub(crate) fn take(&mut self, rule: &Rule, event: &Value) {
        let told = Told {
            read: count(&rule.tokens_in, event),
            written: count(&rule.tokens_out, event),
            cached: count(&rule.tokens_cached, event),
            cache_written: count(&rule.tokens_cache_written, event),
            usd: rule.usd.as_ref().and_then(|path| path.first(event)).and_then(Value::as_f64),
        };
        if told == Told::default() {
            return;
        }
        match &rule.request {
            Some(path) => {
                let name = path.text(event).unwrap_or_else(|| format!("#{}", self.requests.len()));
                let request = self.requests.entry(name).or_default();
                *request = request.larger(told);
                self.adds_up |= rule.add;
            }
            None if rule.add => self.sum = self.sum.plus(told),
            None => self.sum = told.or(self.sum),
        }
    }

    /// Tokens, where both sides are known.
    pub(crate) fn tokens(&self) -> Option<Tokens> {
        let told = self.so_far();
        Some(Tokens { input: told.read?, output: told.written? })
    }

    /// Tokens by what they cost.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let told = self.so_far();
        let (cached, cache_written) = (told.cached.unwrap_or(0), told.cache_written.unwrap_or(0));
        Some(Usage {
            input: told.read?.saturating_sub(cached).saturating_sub(cache_written),
            cached,
            cache_written,
            output: told.written?,
        })
    }

    /// Cost in US dollars, where told.
    pub(crate) fn usd(&self) -> Option<f64> {
        self.so_far().usd
    }

    /// Whether this is all: the sum was told, or the requests of a program that is done add up to it. Before, there is only
    /// what is certain so far.
    pub(crate) fn is_final(&self, is_done: bool) -> bool {
        self.sum_is_told() || (self.adds_up && is_done)
    }

    fn sum_is_told(&self) -> bool {
        self.sum.read.is_some() && self.sum.written.is_some()
    }

    /// Requests to the model, where each is told; 0 where none is.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.len() as u64
    }

    fn so_far(&self) -> Told {
        if self.sum_is_told() {
            return self.sum;
        }
        self.requests.values().fold(self.sum, |sum, one| sum.plus(*one))
    }
}

impl Told {
    fn plus(self, more: Self) -> Self {
        let add = |one: Option<u64>, two: Option<u64>| match (one, two) {
            (Some(one), Some(two)) => Some(one.saturating_add(two)),
            (one, two) => one.or(two),
        };
        Self {
            read: add(self.read, more.read),
            written: add(self.written, more.written),
            cached: add(self.cached, more.cached),
            cache_written: add(self.cache_written, more.cache_written),
            usd: match (self.usd, more.usd) {
                (Some(one), Some(two)) => Some(one + two),
                (one, two) => one.or(two),
            },
        }
    }

    fn or(self, before: Self) -> Self {
        Self {
            read: self.read.or(before.read),
            written: self.written.or(before.written),
            cached: self.cached.or(before.cached),
            cache_written: self.cache_written.or(before.cache_written),
            usd: self.usd.or(before.usd),
        }
    }

    /// A request is told once for each part of its answer, and what it wrote grows.
    fn larger(self, other: Self) -> Self {
        Self {
            read: self.read.max(other.read),
            written: self.written.max(other.written),
            cached: self.cached.max(other.cached),
            cache_written: self.cache_written.max(other.cache_written),
            usd: match (self.usd, other.usd) {
                (Some(one), Some(two)) => Some(one.max(two)),
                (one, two) => one.or(two),
            },
        }
    }
}

/// The sum of places; one with a `-` before it counts against. `None` where none of them is there.
fn count(terms: &[Term], event: &Value) -> Option<u64> {
    let counted: Vec<(u64, bool)> =
        terms.iter().filter_map(|term| Some((term.path.sum(event)?, term.minus))).collect();
    if counted.is_empty() {
        return None;
    }
    let sum = |minus| counted.iter().filter(|(_, m)| *m == minus).map(|(n, _)| n).sum::<u64>();
    Some(sum(false).saturating_sub(sum(true)))
}
