//! Anthropic Messages.
//!
//! In and out as its module says. Blocks go back as they came, because thoughts are signed.

use serde_json::{Value, json};

use super::{Call, Message, Question, Stop, Turn, object};
use crate::budget::Usage;

/// The most tokens of an answer where the user set none: the protocol wants a number, and every current model allows it.
const MAX_OUTPUT: u64 = 32_000;

pub(super) fn body(question: &Question<'_>) -> Value {
    let last = question.messages.len().saturating_sub(1);
    let messages: Vec<Value> =
        question.messages.iter().enumerate().map(|(at, one)| message(one, at == 0 || at == last)).collect();
    let mut body = json!({
        "model": question.endpoint.model, "max_tokens": question.max_output.unwrap_or(MAX_OUTPUT), "stream": true,
        "messages": messages,
    });
    if !question.tools.is_empty() {
        let tool = |tool: &super::Tool| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.schema });
        body["tools"] = question.tools.iter().map(tool).collect();
        if !question.may_call {
            body["tool_choice"] = json!({ "type": "none" });
        }
    }
    if let Some(effort) = question.effort {
        body["output_config"] = json!({ "effort": effort });
    }
    body
}

/// A message; what stands at a mark is kept by the vendor, so that the next turn costs less.
fn message(message: &Message, mark: bool) -> Value {
    let mut content: Vec<Value> = match message {
        Message::Assistant(back) => return back.clone(),
        Message::User(text) => vec![json!({ "type": "text", "text": text })],
        Message::Results(results) => results
            .iter()
            .map(|result| {
                json!({
                    "type": "tool_result", "tool_use_id": result.call.id, "content": result.text, "is_error": result.failed,
                })
            })
            .collect(),
    };
    if let (true, Some(last)) = (mark, content.last_mut()) {
        last["cache_control"] = json!({ "type": "ephemeral" });
    }
    json!({ "role": "user", "content": content })
}

#[derive(Debug, Default)]
pub(super) struct State {
    text: String,
    blocks: Vec<Block>,
    stop: Option<String>,
    ended: bool,
    usage: Option<Usage>,
    model: Option<String>,
}

#[derive(Debug)]
struct Block {
    value: Value,
    /// The JSON of a tool's input, as far as it came.
    input: String,
}

impl State {
    pub(super) fn event(&mut self, event: &Value) {
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => {
                self.model = event["message"]["model"].as_str().map(str::to_owned);
                self.count(&event["message"]["usage"]);
            }
            "content_block_start" => {
                let value = event["content_block"].clone();
                self.add(&value["text"]);
                self.blocks.push(Block { value, input: String::new() });
            }
            "content_block_delta" => self.delta(&event["delta"]),
            "message_delta" => {
                if let Some(stop) = event["delta"]["stop_reason"].as_str() {
                    self.stop = Some(stop.to_owned());
                }
                self.count(&event["usage"]);
            }
            "message_stop" => self.ended = true,
            // New kinds of events come without notice; the vendor asks to pass over them.
            _ => {}
        }
    }

    fn add(&mut self, text: &Value) {
        self.text.push_str(text.as_str().unwrap_or_default());
    }

    fn delta(&mut self, delta: &Value) {
        self.add(&delta["text"]);
        let Some(block) = self.blocks.last_mut() else { return };
        for field in ["text", "thinking", "signature"] {
            if let Some(more) = delta[field].as_str() {
                let text = block.value[field].as_str().unwrap_or_default();
                block.value[field] = format!("{text}{more}").into();
            }
        }
        block.input.push_str(delta["partial_json"].as_str().unwrap_or_default());
    }

    /// Counts are running totals: a later one replaces an earlier one.
    fn count(&mut self, usage: &Value) {
        let old = self.usage.unwrap_or_default();
        let of = |field: &str, old: u64| usage[field].as_u64().unwrap_or(old);
        if usage.is_object() {
            self.usage = Some(Usage {
                input: of("input_tokens", old.input),
                cached: of("cache_read_input_tokens", old.cached),
                cache_written: of("cache_creation_input_tokens", old.cache_written),
                output: of("output_tokens", old.output),
            });
        }
    }

    pub(super) fn whole(&mut self, body: &Value) {
        self.model = body["model"].as_str().map(str::to_owned);
        for value in body["content"].as_array().into_iter().flatten() {
            self.add(&value["text"]);
            let input = if value["input"].is_null() { String::new() } else { value["input"].to_string() };
            self.blocks.push(Block { value: value.clone(), input });
        }
        self.stop = body["stop_reason"].as_str().map(str::to_owned);
        self.ended = self.stop.is_some();
        self.count(&body["usage"]);
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    pub(super) fn finish(self) -> Option<Turn> {
        let stop = self.stop.filter(|_| self.ended)?;
        let mut calls = Vec::new();
        let mut back = Vec::new();
        for Block { mut value, input } in self.blocks {
            if value["type"] == "tool_use" {
                value["input"] = object(&input);
                let of = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
                calls.push(Call { id: of("id"), name: of("name"), arguments: input });
            }
            // An empty text is sent, but not accepted back.
            if value["text"] != "" {
                back.push(value);
            }
        }
        Some(Turn {
            text: self.text,
            calls,
            stop: match stop.as_str() {
                "max_tokens" | "model_context_window_exceeded" => Stop::MaxTokens,
                "refusal" => Stop::Refused(stop),
                _ => Stop::Done,
            },
            usage: self.usage,
            back: json!({ "role": "assistant", "content": back }),
            model: self.model,
        })
    }
}
