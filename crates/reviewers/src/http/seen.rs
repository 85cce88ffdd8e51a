//! What is known of all conversations of one reviewer: bytes, calls, tokens, money, and a line a turn for the record.
//!
//! In: turns and their cost. Out: sums. A sum of which one part is unknown is unknown.

use std::collections::BTreeMap;

use model::{Spend, Tokens};
use serde_json::{Value, json};

use super::protocol::Turn;
use crate::Doing;
use crate::budget::Usage;

/// What is known of all conversations of a reviewer.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Bytes received.
    pub(crate) bytes: u64,
    /// Tool calls by name.
    pub(crate) calls: BTreeMap<String, u32>,
    /// Requests made.
    pub(crate) requests: u64,
    /// Tokens; `None` once a server did not tell.
    tokens: Unknown<Tokens>,
    /// US dollars; unknown once a call's cost is.
    usd: Unknown<f64>,
    /// The model, as it names itself.
    pub(crate) model: Option<String>,
    /// One line a turn, for the record.
    pub(crate) transcript: String,
}

/// A sum that is unknown as soon as one of its parts is.
#[derive(Clone, Copy, Debug, Default)]
struct Unknown<T> {
    sum: T,
    is_unknown: bool,
}

impl Seen {
    /// Tokens, where every server told.
    pub(crate) fn tokens(&self) -> Option<Tokens> {
        (self.requests > 0 && !self.tokens.is_unknown).then_some(self.tokens.sum)
    }

    /// US dollars, where every call's cost is known.
    pub(crate) fn usd(&self) -> Option<f64> {
        (self.requests > 0 && !self.usd.is_unknown).then_some(self.usd.sum)
    }

    /// What was done and spent so far.
    pub(crate) fn taken(&self) -> Doing {
        Doing { note: None, calls: Some(self.calls.values().sum()), tokens: self.tokens(), usd: self.usd() }
    }

    /// Counts a call.
    pub(crate) fn count(&mut self, usage: Option<Usage>, spend: &Spend) {
        match usage {
            Some(usage) => {
                let read = usage.input.saturating_add(usage.cached).saturating_add(usage.cache_written);
                self.tokens.sum.input = self.tokens.sum.input.saturating_add(read);
                self.tokens.sum.output = self.tokens.sum.output.saturating_add(usage.output);
            }
            None => self.tokens.is_unknown = true,
        }
        self.usd.sum += spend.usd;
        self.usd.is_unknown |= spend.unpriced_calls > 0;
    }

    /// Writes a turn down.
    pub(crate) fn turn(&mut self, turn: &Turn) {
        if turn.model.is_some() {
            self.model.clone_from(&turn.model);
        }
        let usage = turn.usage.map(|usage| {
            json!({
                "input": usage.input, "cached": usage.cached, "cache_written": usage.cache_written, "output": usage.output,
            })
        });
        let stop = format!("{:?}", turn.stop);
        self.note(&json!({ "turn": self.requests, "text": turn.text, "stop": stop, "usage": usage }));
    }

    /// Writes a line down.
    pub(crate) fn note(&mut self, line: &Value) {
        self.transcript.push_str(&line.to_string());
        self.transcript.push('\n');
    }
}
