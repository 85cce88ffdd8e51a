//! OpenAI Chat Completions, as its many imitations understand them.
//!
//! In and out as its module says. Never relies on what only the vendor's own server does.

use serde_json::{Value, json};

use super::{Call, Message, Question, Stop, Turn};
use crate::budget::Usage;

pub(super) fn body(question: &Question<'_>) -> Value {
    let messages: Vec<Value> = question.messages.iter().flat_map(message).collect();
    let mut body = json!({
        "model": question.endpoint.model, "messages": messages, "stream": true,
        "stream_options": { "include_usage": true },
    });
    if !question.tools.is_empty() {
        let tool = |tool: &super::Tool| {
            json!({ "type": "function", "function": {
                "name": tool.name, "description": tool.description, "parameters": tool.schema } })
        };
        body["tools"] = question.tools.iter().map(tool).collect();
        if !question.may_call {
            body["tool_choice"] = "none".into();
        }
    }
    if let Some(most) = question.max_output {
        // The vendor's newer models refuse the old name, other servers do not know the new one.
        let name = if question.endpoint.is_vendor { "max_completion_tokens" } else { "max_tokens" };
        body[name] = most.into();
    }
    if let Some(effort) = question.effort {
        body["reasoning_effort"] = effort.into();
    }
    body
}

fn message(message: &Message) -> Vec<Value> {
    match message {
        Message::User(text) => vec![json!({ "role": "user", "content": text })],
        Message::Assistant(back) => vec![back.clone()],
        Message::Results(results) => results
            .iter()
            .map(|result| json!({ "role": "tool", "tool_call_id": result.call.id, "content": result.text }))
            .collect(),
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    text: String,
    refusal: String,
    calls: Vec<Call>,
    finish: Option<String>,
    usage: Option<Usage>,
    model: Option<String>,
}

impl State {
    pub(super) fn event(&mut self, event: &Value) {
        let choice = &event["choices"][0];
        self.take(event, choice, &choice["delta"]);
    }

    pub(super) fn whole(&mut self, body: &Value) {
        let choice = &body["choices"][0];
        self.take(body, choice, &choice["message"]);
    }

    fn take(&mut self, event: &Value, choice: &Value, delta: &Value) {
        if let Some(model) = event["model"].as_str().filter(|model| !model.is_empty()) {
            self.model = Some(model.to_owned());
        }
        if event["usage"].is_object() {
            self.count(&event["usage"]);
        }
        self.text.push_str(delta["content"].as_str().unwrap_or_default());
        self.refusal.push_str(delta["refusal"].as_str().unwrap_or_default());
        for (at, piece) in delta["tool_calls"].as_array().into_iter().flatten().enumerate() {
            self.call(at, piece);
        }
        if let Some(finish) = choice["finish_reason"].as_str() {
            self.finish = Some(finish.to_owned());
        }
    }

    /// A piece of a call. Some servers leave out the index, or send every call whole with an id of its own.
    fn call(&mut self, at: usize, piece: &Value) {
        let id = piece["id"].as_str().filter(|id| !id.is_empty());
        let known = id.and_then(|id| self.calls.iter().position(|call| call.id == id));
        let index = match (piece["index"].as_u64(), known) {
            (Some(index), _) => index as usize,
            (None, Some(known)) => known,
            (None, None) if id.is_some() => self.calls.len(),
            (None, None) => at.max(self.calls.len().saturating_sub(1)),
        };
        // No model calls so many tools at once; a hostile server would have us reserve memory for them.
        if index > 255 {
            return;
        }
        while self.calls.len() <= index {
            self.calls.push(Call::default());
        }
        let call = &mut self.calls[index];
        if let (Some(id), true) = (id, call.id.is_empty()) {
            id.clone_into(&mut call.id);
        }
        if call.name.is_empty() {
            call.name.push_str(piece["function"]["name"].as_str().unwrap_or_default());
        }
        match &piece["function"]["arguments"] {
            Value::String(more) => call.arguments.push_str(more),
            Value::Null => {}
            // Some servers send the object itself.
            other => call.arguments = other.to_string(),
        }
    }

    fn count(&mut self, usage: &Value) {
        let of = |value: &Value| value.as_u64().unwrap_or_default();
        let cached = of(&usage["prompt_tokens_details"]["cached_tokens"]);
        self.usage = Some(Usage {
            input: of(&usage["prompt_tokens"]).saturating_sub(cached),
            cached,
            cache_written: 0,
            output: of(&usage["completion_tokens"]),
        });
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    pub(super) fn finish(mut self) -> Option<Turn> {
        let finish = self.finish?;
        self.calls.retain(|call| !call.name.is_empty());
        for (at, call) in self.calls.iter_mut().enumerate() {
            if call.id.is_empty() {
                call.id = format!("call_{at}");
            }
        }
        let calls: Vec<Value> = self
            .calls
            .iter()
            .map(|call| {
                // A server may read them again, and fail on what is no JSON.
                let arguments = super::object(&call.arguments).to_string();
                json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": arguments } })
            })
            .collect();
        let mut back = json!({ "role": "assistant", "content": self.text });
        if !calls.is_empty() {
            back["tool_calls"] = calls.into();
        }
        let stop = match finish.as_str() {
            "length" => Stop::MaxTokens,
            "content_filter" => Stop::Refused(finish),
            _ if !self.refusal.is_empty() && self.text.is_empty() => Stop::Refused(self.refusal),
            _ => Stop::Done,
        };
        Some(Turn { text: self.text, calls: self.calls, stop, usage: self.usage, back, model: self.model })
    }
}
