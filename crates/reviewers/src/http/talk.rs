//! One conversation with a model: asks, runs the tools it calls, asks again, within bounds.
//!
//! In: a prompt. Out: the model's last word, or why there is none, with what it had said by then. Never asks again after a
//! failure: whether that helps is decided by who asked.

use std::time::Instant;

use config::ReviewerSettings;
use git::Snapshot;
use model::{Ending, Failure, FailureClass, Spend};
use serde_json::json;
use supervise::Cancel;

use super::endpoint::Endpoint;
use super::failure::{self, failure};
use super::hearing::{BYTES_PER_TOKEN, Hearing};
use super::protocol::{self, Message, Question, Stop, Tool, ToolResult, Turn};
use super::seen::Seen;
use super::tape::Tape;
use super::tools;
use super::wire::{self, Bounds, Broken, Head, Outcome, Request};
use crate::budget::{Purse, Usage};
use crate::prices::Price;

/// What a conversation goes on with.
pub(crate) struct Talk<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) settings: &'a ReviewerSettings,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) purse: &'a Purse,
    pub(crate) price: Option<&'a Price>,
    pub(crate) tape: &'a Tape,
    pub(crate) cancel: &'a Cancel,
    pub(crate) deadline: Instant,
    /// Told bytes received so far and what the model does.
    pub(crate) progress: &'a mut dyn FnMut(u64, Option<String>),
    pub(crate) seen: Seen,
}

/// Why a conversation has no last word.
#[derive(Clone, Debug)]
pub(crate) struct Stopped {
    pub(crate) ending: Ending,
    pub(crate) failure: Option<Failure>,
    pub(crate) error: String,
    /// What it had said of its answer.
    pub(crate) partial: String,
}

impl Stopped {
    fn of(ending: Ending, failure: Failure, partial: &str) -> Self {
        let error = match failure.class {
            FailureClass::Incomplete | FailureClass::Budget => failure.message.clone(),
            class => format!("{}: {}", class.as_str(), failure.message),
        };
        Self { ending, failure: Some(failure), error, partial: partial.to_owned() }
    }

    fn ours(ending: Ending, error: impl Into<String>, partial: &str) -> Self {
        Self { ending, failure: None, error: error.into(), partial: partial.to_owned() }
    }
}

impl Talk<'_> {
    /// Talks until the model has said its last word. `timeless` is the prompt without what changes from one run to the next: a
    /// recorded conversation about the same change is found by it.
    pub(crate) fn talk(&mut self, prompt: &str, timeless: &str) -> Result<String, Stopped> {
        let tools = if self.settings.tools { tools::declarations() } else { Vec::new() };
        let mut messages = vec![Message::User(prompt.to_owned())];
        let mut room = self.tool_bytes();
        for round in 0..=self.settings.max_turns {
            let may_call = round < self.settings.max_turns && room > 0;
            let turn = self.ask(&messages, timeless, &tools, may_call)?;
            self.seen.turn(&turn);
            if let Some(stopped) = broken_off(&turn) {
                return Err(stopped);
            }
            if turn.calls.is_empty() {
                return last_word(turn);
            }
            if !may_call {
                let why = format!("it went on calling tools after {round} rounds and gave no answer");
                return Err(Stopped::of(
                    Ending::Truncated,
                    failure(FailureClass::Incomplete, why),
                    &turn.text,
                ));
            }
            let last_chance = round + 1 == self.settings.max_turns;
            let results = self.run_tools(&turn, &mut room, last_chance);
            messages.push(Message::Assistant(turn.back));
            messages.push(Message::Results(results));
        }
        unreachable!("the last round may not call tools")
    }

    /// How much tools may return in one conversation: a third of the context, so that the change and the answer fit too.
    fn tool_bytes(&self) -> u64 {
        self.settings.context_tokens.saturating_mul(BYTES_PER_TOKEN) / 3
    }

    fn run_tools(&mut self, turn: &Turn, room: &mut u64, last_chance: bool) -> Vec<ToolResult> {
        let mut results = Vec::new();
        for (at, call) in turn.calls.iter().enumerate() {
            *self.seen.calls.entry(tool_name(&call.name)).or_default() += 1;
            (self.progress)(
                self.seen.bytes,
                Some(format!("{} {}", tool_name(&call.name), short(&call.arguments))),
            );
            let mut returned = if *room == 0 {
                tools::Returned { text: "not done: there is no room for more".to_owned(), failed: true }
            } else {
                tools::run(self.snapshot, call)
            };
            *room = room.saturating_sub(returned.text.len() as u64);
            let is_last = at + 1 == turn.calls.len();
            if is_last && (last_chance || *room == 0) {
                returned.text.push_str("\n[No tool can be called any more: give your answer now.]\n");
            }
            self.seen.note(&json!({
                "call": call.name, "arguments": call.arguments, "failed": returned.failed, "bytes": returned.text.len(),
            }));
            results.push(ToolResult { call: call.clone(), text: returned.text, failed: returned.failed });
        }
        results
    }

    /// Asks once and counts what it cost.
    fn ask(
        &mut self,
        messages: &[Message],
        timeless: &str,
        tools: &[Tool],
        may_call: bool,
    ) -> Result<Turn, Stopped> {
        self.purse
            .check(&Spend::default())
            .map_err(|over| Stopped::of(budget_ending(&self.seen), over, ""))?;
        let body = self.body(messages, tools, may_call);
        let other = matches!(self.tape, Tape::Replay(_)).then(|| {
            let first = Message::User(timeless.to_owned());
            let messages: Vec<Message> =
                std::iter::once(first).chain(messages.iter().skip(1).cloned()).collect();
            self.body(&messages, tools, may_call)
        });
        self.seen.requests += 1;
        let keep = matches!(self.tape, Tape::Record(_));
        let mut hearing = Hearing::new(self.endpoint, self.purse, self.price, body.len(), keep);
        let outcome = self.exchange(&body, other.as_deref(), &mut hearing);
        let outcome = outcome.map_err(|why| Stopped::of(Ending::NotStarted, why, ""))?;
        let kept = self.tape.keep(&body, &outcome, &hearing.head, &hearing.came, self.endpoint);
        self.charge(&outcome, &hearing);
        kept.map_err(|why| Stopped::of(Ending::Failed, why, hearing.text()))?;
        self.conclude(outcome, hearing)
    }

    fn body(&self, messages: &[Message], tools: &[Tool], may_call: bool) -> String {
        protocol::body(&Question {
            endpoint: self.endpoint,
            messages,
            tools,
            may_call,
            max_output: self.settings.max_output_tokens,
            effort: self.settings.effort.as_deref(),
        })
        .to_string()
    }

    fn exchange(
        &mut self,
        body: &str,
        other: Option<&str>,
        hearing: &mut Hearing<'_>,
    ) -> Result<Outcome, Failure> {
        let before = self.seen.bytes;
        let mut bytes = before;
        let progress = &mut *self.progress;
        let mut sink = |head: &Head, piece: &[u8]| {
            bytes += piece.len() as u64;
            progress(bytes, None);
            hearing.take(head, piece)
        };
        let outcome = if let Some(played) = self.tape.play(body, other, &mut sink) {
            played
        } else {
            let request = Request {
                url: self.endpoint.url.clone(),
                headers: self.endpoint.headers(),
                body: Some(body.to_owned()),
                is_loopback: self.endpoint.is_loopback,
            };
            let bounds = Bounds {
                deadline: self.deadline,
                silence: self.settings.silence,
                bytes: self.settings.output_limit.saturating_sub(before),
            };
            Ok(wire::exchange(request, bounds, self.cancel, &mut sink))
        };
        self.seen.bytes = bytes;
        outcome
    }

    /// Counts what the call cost, as far as the server told; a request it refused cost nothing.
    fn charge(&mut self, outcome: &Outcome, hearing: &Hearing<'_>) {
        let refused = matches!(outcome, Outcome::Refused(_));
        let usage = if refused { Some(Usage::default()) } else { hearing.usage() };
        let spend = hearing.spend(usage, refused);
        self.purse.charge(&spend);
        self.seen.count(usage, &spend);
    }

    fn conclude(&self, outcome: Outcome, hearing: Hearing<'_>) -> Result<Turn, Stopped> {
        let partial = hearing.text().to_owned();
        match outcome {
            Outcome::Done(_) => {
                hearing.finish().map_err(|why| Stopped::of(ending_of(why.class), why, &partial))
            }
            Outcome::Refused(refused) => {
                let why = failure::refused(&refused, self.endpoint);
                Err(Stopped::of(ending_of(why.class), why, ""))
            }
            Outcome::Broken(Broken::Stopped) => {
                let why = hearing
                    .failed
                    .unwrap_or_else(|| failure(FailureClass::Transient, "its answer is not readable"));
                let ending =
                    if why.class == FailureClass::Budget { Ending::Cancelled } else { ending_of(why.class) };
                Err(Stopped::of(ending, why, &partial))
            }
            Outcome::Broken(broken) => Err(self.broken(&broken, &partial)),
        }
    }

    fn broken(&self, broken: &Broken, partial: &str) -> Stopped {
        if let Some(why) = failure::broken(broken, self.endpoint) {
            return Stopped::of(Ending::Failed, why, partial);
        }
        match broken {
            Broken::OutOfTime => {
                let limit = config::format_duration(self.settings.timeout);
                Stopped::ours(Ending::TimedOut, format!("it was not done within {limit}"), partial)
            }
            Broken::Silent(limit) => Stopped::ours(Ending::Stalled, failure::silence(*limit), partial),
            Broken::TooMuch(_) => {
                let limit = config::format_bytes(self.settings.output_limit);
                Stopped::ours(Ending::OutputLimit, format!("its server sent more than {limit}"), partial)
            }
            Broken::Cancelled | Broken::Stopped | Broken::Network(_) => {
                Stopped::ours(Ending::Cancelled, "it was stopped before it was done", partial)
            }
        }
    }
}

/// Before the first request nothing was begun.
fn budget_ending(seen: &Seen) -> Ending {
    if seen.requests == 0 { Ending::NotStarted } else { Ending::Cancelled }
}

fn ending_of(class: FailureClass) -> Ending {
    match class {
        FailureClass::Transient | FailureClass::Overload | FailureClass::Crash => Ending::Failed,
        FailureClass::Incomplete => Ending::Truncated,
        _ => Ending::UnableToReview,
    }
}

fn broken_off(turn: &Turn) -> Option<Stopped> {
    match &turn.stop {
        Stop::Done => None,
        Stop::MaxTokens => {
            let why = "its answer reached the limit on tokens (`max_output_tokens` raises it)";
            Some(Stopped::of(Ending::Truncated, failure(FailureClass::Incomplete, why), &turn.text))
        }
        Stop::Refused(word) => {
            let why = format!("the model declined to answer: {}", failure::sentence(word));
            Some(Stopped::of(Ending::UnableToReview, failure(FailureClass::Incomplete, why), &turn.text))
        }
    }
}

fn last_word(turn: Turn) -> Result<String, Stopped> {
    if turn.text.trim().is_empty() {
        let why = "it ended well and wrote nothing";
        return Err(Stopped::of(Ending::Empty, failure(FailureClass::Incomplete, why), ""));
    }
    Ok(turn.text)
}

/// A name as it may be shown: models write anything there.
fn tool_name(name: &str) -> String {
    if tools::declarations().iter().any(|tool| tool.name == name) {
        name.to_owned()
    } else {
        "unknown tool".to_owned()
    }
}

fn short(arguments: &str) -> String {
    failure::sentence(arguments).chars().take(80).collect()
}
