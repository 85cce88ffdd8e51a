//! Reads an agent's output as it arrives, by its adapter's rules.
//!
//! In: bytes of standard output. Out: what to do about them now ([`Seen`]), and in the end an [`AgentAnswer`]. Events that
//! no rule knows are noise; lines that are no events are kept as diagnostics. Never trusts an exit code of 0.

use model::{Failure, FailureClass};
use serde_json::Value;

use super::adapter::{Adapter, Format, Rule};
use super::answer::{AgentAnswer, ToolCalls};
use super::failure::{Told, classify};
use super::figures::Figures;

/// How a program ended, as far as reading its output needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessEnd {
    /// Its exit code.
    pub exit: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether we ended it: then its exit code says nothing.
    pub stopped: bool,
    /// The end of what it wrote to standard error.
    pub stderr: String,
}

/// Something in the stream that matters while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// What it is doing, in a few words.
    Doing(String),
    /// It is about to try again, and trying again cannot help.
    Hopeless(Failure),
    /// Its model is offered tools that could change things.
    Unsafe(String),
    /// It has told its result; what runs on now is not needed.
    Done,
}

/// Reads one attempt's output.
#[derive(Debug)]
pub struct StreamReader<'a> {
    adapter: &'a Adapter,
    /// The line that has begun.
    pending: Vec<u8>,
    pub(crate) state: State,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) text: String,
    pub(crate) structured: Option<Value>,
    pub(crate) model: Option<String>,
    pub(crate) figures: Figures,
    pub(crate) tools: ToolCalls,
    pub(crate) blocked: u32,
    pub(crate) blocked_by: String,
    pub(crate) complete: bool,
    pub(crate) failed: Option<Told>,
    pub(crate) last_retry: Option<Told>,
    pub(crate) ended_for: Option<Failure>,
    pub(crate) diagnostics: Vec<String>,
    pub(crate) events: u64,
}

/// Diagnostics kept; more would only repeat.
const DIAGNOSTICS: usize = 20;

impl<'a> StreamReader<'a> {
    /// A reader at the beginning of a stream.
    pub fn new(adapter: &'a Adapter) -> Self {
        Self { adapter, pending: Vec::new(), state: State::default() }
    }

    /// Reads more of the stream.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Seen> {
        let mut seen = Vec::new();
        if self.adapter.stream.format == Format::Text {
            self.pending.extend_from_slice(bytes);
            return seen;
        }
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.pending.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            let line = std::mem::take(&mut self.pending);
            self.line(&line, &mut seen);
        }
        self.pending.extend_from_slice(rest);
        seen
    }

    /// What was told of tokens and cost so far.
    pub(crate) fn figures(&self) -> &Figures {
        &self.state.figures
    }

    /// The model that answers, as far as told.
    pub(crate) fn model(&self) -> Option<&str> {
        self.state.model.as_deref()
    }

    /// Reads a file that the program left as one more event.
    pub(crate) fn file(&mut self, bytes: &[u8]) {
        if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
            self.event(&serde_json::json!({ "file": value }), &mut Vec::new());
        }
    }

    /// Reads what is left at the end of the stream and says what came of it.
    pub fn finish(mut self, end: &ProcessEnd) -> AgentAnswer {
        let rest = std::mem::take(&mut self.pending);
        if self.adapter.stream.format == Format::Text {
            self.state.text = String::from_utf8_lossy(&rest).into_owned();
            self.state.complete = end.exit == Some(0) && !end.stopped;
        } else if !rest.is_empty() {
            // A last line without its end may be whole all the same.
            self.line(&rest, &mut Vec::new());
        }
        AgentAnswer::conclude(self.adapter, self.state, end)
    }

    fn line(&mut self, line: &[u8], seen: &mut Vec<Seen>) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match serde_json::from_str::<Value>(text) {
            Ok(event @ Value::Object(_)) => self.event(&event, seen),
            _ if self.state.diagnostics.len() < DIAGNOSTICS => {
                self.state.diagnostics.push(text.chars().take(300).collect());
            }
            _ => {}
        }
    }

    fn event(&mut self, event: &Value, seen: &mut Vec<Seen>) {
        self.state.events += 1;
        let adapter = self.adapter;
        for rule in &adapter.stream.rule {
            if !rule.when.all_hold(event) || rule.unless.any_holds(event) {
                continue;
            }
            let Some(each) = &rule.each else {
                self.obey(rule, event, seen);
                continue;
            };
            let elements: Vec<&Value> = match each.first(event) {
                Some(Value::Array(list)) => list.iter().collect(),
                _ => each.all(event),
            };
            for element in elements.into_iter().filter(|element| rule.of.all_hold(element)) {
                self.obey(rule, element, seen);
            }
        }
    }

    fn obey(&mut self, rule: &Rule, event: &Value, seen: &mut Vec<Seen>) {
        self.take_answer(rule, event);
        self.take_figures(rule, event);
        if let Some(name) = rule.tool.as_ref().and_then(|path| path.text(event)) {
            self.state.tools.count(&name);
        }
        if rule.tool_blocked {
            self.state.blocked += 1;
            self.state.blocked_by = first_text(&rule.message, event).unwrap_or_default();
        }
        if let Some(doing) = rule.doing.as_ref().and_then(|path| path.text(event)) {
            seen.push(Seen::Doing(doing.chars().take(80).collect()));
        }
        if let Some(offered) = &rule.offered {
            self.look_at_tools(offered.first(event), seen);
        }
        if rule.retry || rule.failed {
            self.take_failure(rule, event, seen);
        }
        if rule.complete {
            self.state.complete = true;
        }
        if (rule.complete || rule.failed) && !seen.contains(&Seen::Done) {
            seen.push(Seen::Done);
        }
    }

    fn take_answer(&mut self, rule: &Rule, event: &Value) {
        let state = &mut self.state;
        if rule.reset {
            state.text.clear();
        }
        if let Some(more) = rule.text.as_ref().and_then(|path| path.text(event)) {
            state.text.push_str(&more);
        }
        if let Some(answer) = rule.answer.as_ref().and_then(|path| path.text(event)) {
            state.text = answer;
        }
        if let Some(last) = rule.last.as_ref().and_then(|path| path.text(event))
            && !state.text.trim_end().ends_with(last.trim_end())
        {
            state.text = last;
        }
        if let Some(value) = rule.structured.as_ref().and_then(|path| path.first(event)) {
            state.structured = Some(value.clone());
        }
    }

    fn take_figures(&mut self, rule: &Rule, event: &Value) {
        let state = &mut self.state;
        if let Some(model) = rule.model.as_ref().and_then(|path| path.text(event)) {
            state.model = Some(model);
        }
        if let Some(Value::Object(models)) = rule.models.as_ref().and_then(|path| path.first(event))
            && !models.is_empty()
        {
            state.model = Some(models.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
        }
        state.figures.take(rule, event);
    }

    fn take_failure(&mut self, rule: &Rule, event: &Value, seen: &mut Vec<Seen>) {
        let codes: Vec<String> = rule.code.iter().filter_map(|path| path.text(event)).collect();
        let message = first_text(&rule.message, event).or_else(|| codes.first().cloned()).unwrap_or_default();
        let told = Told { exit: None, codes, message };
        if rule.failed {
            // The first failure is the reason; later ones often only say that there was one.
            self.state.failed.get_or_insert(told);
            return;
        }
        let failure = classify(self.adapter, &told, FailureClass::Transient);
        self.state.last_retry = Some(told);
        let hopeless = matches!(
            failure.class,
            FailureClass::Auth
                | FailureClass::Quota
                | FailureClass::Configuration
                | FailureClass::ContextTooLong
                | FailureClass::Budget
        );
        if hopeless && self.state.ended_for.is_none() {
            self.state.ended_for = Some(failure.clone());
            seen.push(Seen::Hopeless(failure));
        }
    }

    fn look_at_tools(&mut self, offered: Option<&Value>, seen: &mut Vec<Seen>) {
        let known = &self.adapter.isolation.tools;
        let Some(Value::Array(offered)) = offered else { return };
        if known.is_empty() {
            return;
        }
        let strange: Vec<&str> = offered
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| !known.iter().any(|known| known == name))
            .collect();
        if strange.is_empty() || self.state.ended_for.is_some() {
            return;
        }
        let message = format!(
            "it offers its model tools beyond reading, so it is not read-only: {}",
            strange.join(", ")
        );
        self.state.ended_for = Some(Failure {
            class: FailureClass::Configuration,
            message: message.clone(),
            retry_after_ms: None,
        });
        seen.push(Seen::Unsafe(message));
    }
}

fn first_text(paths: &[super::path::JsonPath], event: &Value) -> Option<String> {
    paths.iter().find_map(|path| path.text(event)).filter(|text| !text.trim().is_empty())
}
