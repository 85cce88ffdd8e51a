//! The words of a conversation, and the vendors' JSON for them.
//!
//! In: what is asked, and events of an answer. Out: a request body, and a [`Turn`]. Pure: bytes come from and go to others.

mod anthropic;
mod chat;
mod gemini;
#[cfg(test)]
mod tests;

use config::Api;
use model::{Failure, FailureClass};
use serde_json::Value;

use super::endpoint::Endpoint;
use super::failure::{failure, told};
use crate::budget::Usage;

/// A tool as models are told about it.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// JSON schema of its arguments.
    pub(crate) schema: Value,
}

/// One message of a conversation.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// Of ours.
    User(String),
    /// Of the model: as the vendor wants it back, signatures of its thoughts included.
    Assistant(Value),
    /// What the tools returned for the calls of the message before.
    Results(Vec<ToolResult>),
}

/// What one tool call returned.
#[derive(Clone, Debug)]
pub(crate) struct ToolResult {
    pub(crate) call: Call,
    pub(crate) text: String,
    pub(crate) failed: bool,
}

/// One tool call of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    /// As the model wrote them: hopefully a JSON object.
    pub(crate) arguments: String,
}

/// What is asked.
pub(crate) struct Question<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) messages: &'a [Message],
    pub(crate) tools: &'a [Tool],
    /// Whether tools may be called in this turn; they stay declared, because earlier turns used them.
    pub(crate) may_call: bool,
    /// The most tokens of the answer, where the user set it.
    pub(crate) max_output: Option<u64>,
    pub(crate) effort: Option<&'a str>,
}

/// Why a model stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It was done, or wants its tools run.
    #[default]
    Done,
    /// It reached the limit on tokens.
    MaxTokens,
    /// It, or a filter before it, declined; in the vendor's word for it.
    Refused(String),
}

/// One finished answer of a model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn {
    pub(crate) text: String,
    pub(crate) calls: Vec<Call>,
    pub(crate) stop: Stop,
    /// Tokens; `None` where the server did not tell.
    pub(crate) usage: Option<Usage>,
    /// The message to send back.
    pub(crate) back: Value,
    /// The model that answered, as it names itself.
    pub(crate) model: Option<String>,
}

/// The body of a request.
pub(crate) fn body(question: &Question<'_>) -> Value {
    match question.endpoint.api {
        Api::Openai => chat::body(question),
        Api::Anthropic => anthropic::body(question),
        Api::Gemini => gemini::body(question),
    }
}

/// Takes an answer together from its events.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    endpoint: &'a Endpoint,
    state: State,
}

#[derive(Debug)]
enum State {
    Chat(chat::State),
    Anthropic(anthropic::State),
    Gemini(gemini::State),
}

impl<'a> Reader<'a> {
    pub(crate) fn new(endpoint: &'a Endpoint) -> Self {
        let state = match endpoint.api {
            Api::Openai => State::Chat(chat::State::default()),
            Api::Anthropic => State::Anthropic(anthropic::State::default()),
            Api::Gemini => State::Gemini(gemini::State::default()),
        };
        Self { endpoint, state }
    }

    /// Takes the data of one event.
    pub(crate) fn event(&mut self, data: &str) -> Result<(), Failure> {
        if data.trim() == "[DONE]" {
            return Ok(());
        }
        let event: Value = serde_json::from_str(data)
            .map_err(|_| failure(FailureClass::Transient, "an event of its stream is not readable"))?;
        if is_error(&event) {
            return Err(told(&event, None, self.endpoint));
        }
        match &mut self.state {
            State::Chat(state) => state.event(&event),
            State::Anthropic(state) => state.event(&event),
            State::Gemini(state) => state.event(&event),
        }
        Ok(())
    }

    /// Takes an answer that came in one piece, from a server that does not stream.
    pub(crate) fn whole(&mut self, body: &str) -> Result<(), Failure> {
        let not_ours = || {
            let why = format!("{} does not speak its protocol: check `api` and `url`", self.endpoint.shown());
            failure(FailureClass::Configuration, why)
        };
        let body: Value = serde_json::from_str(body).map_err(|_| not_ours())?;
        if is_error(&body) {
            return Err(told(&body, None, self.endpoint));
        }
        let chunks = body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
        for chunk in chunks {
            match &mut self.state {
                State::Chat(state) => state.whole(chunk),
                State::Anthropic(state) => state.whole(chunk),
                State::Gemini(state) => state.event(chunk),
            }
        }
        Ok(())
    }

    /// The text so far: what is kept of an answer that breaks off.
    pub(crate) fn text(&self) -> &str {
        match &self.state {
            State::Chat(state) => state.text(),
            State::Anthropic(state) => state.text(),
            State::Gemini(state) => state.text(),
        }
    }

    /// Tokens so far, where told.
    pub(crate) fn usage(&self) -> Option<Usage> {
        match &self.state {
            State::Chat(state) => state.usage(),
            State::Anthropic(state) => state.usage(),
            State::Gemini(state) => state.usage(),
        }
    }

    /// The finished answer; an error where the stream ended before the answer did.
    pub(crate) fn finish(self) -> Result<Turn, Failure> {
        let turn = match self.state {
            State::Chat(state) => state.finish(),
            State::Anthropic(state) => state.finish(),
            State::Gemini(state) => state.finish(),
        };
        turn.ok_or_else(|| failure(FailureClass::Transient, "the stream ended before its answer did"))
    }
}

fn is_error(event: &Value) -> bool {
    let event = event.as_array().and_then(|all| all.first()).unwrap_or(event);
    event.get("error").is_some_and(|error| !error.is_null())
}

/// The arguments of a call as an object; an empty one where the model wrote something else.
fn object(arguments: &str) -> Value {
    match serde_json::from_str(arguments) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => Value::Object(serde_json::Map::new()),
    }
}
