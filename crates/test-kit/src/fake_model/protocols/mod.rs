//! The wire formats: a body in, a request in common words out; a turn in, events or a body out.
//!
//! Never decides what happens; that is the scenario's work.

mod anthropic;
mod chat;
mod gemini;
mod openai;
mod responses;

use serde_json::Value;

use super::asked::{Asked, Turn};
use super::scenario::Refusal;

/// A protocol, chosen by the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Anthropic,
    Responses,
    Chat,
    Gemini,
}

impl Protocol {
    /// The protocol of a path without its query.
    pub(crate) fn of(path: &str) -> Option<Self> {
        if path.ends_with("/messages") {
            Some(Self::Anthropic)
        } else if path.ends_with("/responses") {
            Some(Self::Responses)
        } else if path.ends_with("/chat/completions") {
            Some(Self::Chat)
        } else if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") {
            Some(Self::Gemini)
        } else {
            None
        }
    }

    /// What a client asks for.
    pub(crate) fn read(self, path: &str, body: &Value) -> Asked {
        match self {
            Self::Anthropic => anthropic::read(body),
            Self::Responses => responses::read(body),
            Self::Chat => chat::read(body),
            Self::Gemini => gemini::read(path, body),
        }
    }

    /// A turn as events, in the order sent.
    pub(crate) fn events(self, asked: &Asked, turn: &Turn) -> Vec<String> {
        match self {
            Self::Anthropic => anthropic::events(asked, turn),
            Self::Responses => responses::events(asked, turn),
            Self::Chat => chat::events(asked, turn),
            Self::Gemini => gemini::events(asked, turn),
        }
    }

    /// A turn as one body.
    pub(crate) fn body(self, asked: &Asked, turn: &Turn) -> Value {
        match self {
            Self::Anthropic => anthropic::body(asked, turn),
            Self::Responses => responses::body(asked, turn),
            Self::Chat => chat::body(asked, turn),
            Self::Gemini => gemini::body(asked, turn),
        }
    }

    /// An error: status and body.
    pub(crate) fn refusal(self, refusal: Refusal) -> (u16, Value) {
        match self {
            Self::Anthropic => anthropic::refusal(refusal),
            Self::Responses | Self::Chat => openai::refusal(refusal),
            Self::Gemini => gemini::refusal(refusal),
        }
    }

    /// The event that tells of an error inside of a stream.
    pub(crate) fn refusal_event(self, asked: &Asked, refusal: Refusal) -> String {
        let (_, body) = self.refusal(refusal);
        match self {
            Self::Anthropic => event("error", &body),
            Self::Responses => responses::failed(asked, &body),
            Self::Chat | Self::Gemini => data(&body),
        }
    }
}

/// An event with a name.
fn event(name: &str, body: &Value) -> String {
    format!("event: {name}\ndata: {body}\n\n")
}

/// An event without a name.
fn data(body: &Value) -> String {
    format!("data: {body}\n\n")
}

/// A text in the pieces it is streamed in: three at least where it is long enough, 2,000 bytes at most.
fn pieces(text: &str) -> Vec<&str> {
    let size = text.len().div_ceil(3).clamp(1, 2000);
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let end = (size.min(rest.len())..=rest.len()).find(|at| rest.is_char_boundary(*at));
        let (piece, behind) = rest.split_at(end.unwrap_or(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Arguments as the text that OpenAI's protocols and Anthropic's stream carry.
fn arguments_text(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
