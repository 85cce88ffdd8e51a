//! Anthropic Messages.
//!
//! In and out as its module says. Never checks what a client sends.

use serde_json::{Value, json};

use super::super::USAGE;
use super::super::asked::{Asked, Stop, Tool, Turn, text_of, texts};
use super::super::scenario::Refusal;
use super::{arguments_text, event, pieces};

pub(super) fn read(body: &Value) -> Asked {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let blocks = messages.iter().filter_map(|message| message["content"].as_array()).flatten();
    let results = blocks.filter(|block| block["type"] == "tool_result");
    let format = &body["output_config"]["format"];
    let schema = if format.is_null() { &body["output_format"]["schema"] } else { &format["schema"] };
    Asked {
        model: body["model"].as_str().unwrap_or("?").to_owned(),
        stream: body["stream"] == true,
        tools: body["tools"].as_array().into_iter().flatten().map(tool).collect(),
        results: results.map(|block| text_of(&block["content"])).collect(),
        text: format!("{}\n{}", text_of(&body["system"]), texts(messages, "content")),
        schema: (!schema.is_null()).then(|| schema.clone()),
        thinking: matches!(body["thinking"]["type"].as_str(), Some("enabled" | "adaptive")),
        ..Asked::default()
    }
}

fn tool(tool: &Value) -> Tool {
    Tool {
        name: tool["name"].as_str().unwrap_or("?").to_owned(),
        schema: tool["input_schema"].clone(),
        freeform: false,
    }
}

fn usage(output: u64) -> Value {
    json!({
        "input_tokens": USAGE.input, "cache_read_input_tokens": USAGE.cached,
        "cache_creation_input_tokens": USAGE.cache_written, "output_tokens": output,
    })
}

/// The blocks of a turn and why it stops.
fn content(asked: &Asked, turn: &Turn) -> (Vec<Value>, &'static str) {
    match turn {
        Turn::Calls(calls) => {
            let thinking = json!({
                "type": "thinking", "thinking": "The file is worth reading.", "signature": "c2lnbmF0dXJl",
            });
            let calls = calls.iter().map(
                |call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments }),
            );
            (asked.thinking.then_some(thinking).into_iter().chain(calls).collect(), "tool_use")
        }
        Turn::Text(text) => {
            let stop = match text.stop {
                Stop::Done => "end_turn",
                Stop::MaxTokens => "max_tokens",
                Stop::Refused => "refusal",
            };
            let block = json!({ "type": "text", "text": text.body });
            (if text.body.is_empty() { Vec::new() } else { vec![block] }, stop)
        }
        Turn::Fault(_) => (Vec::new(), "end_turn"),
    }
}

fn message(asked: &Asked, content: &[Value], stop: Option<&str>, output: u64) -> Value {
    json!({
        "id": format!("msg_{}", asked.results.len()), "type": "message", "role": "assistant", "model": asked.model, "content": content,
        "stop_reason": stop, "stop_sequence": null, "usage": usage(output),
    })
}

pub(super) fn body(asked: &Asked, turn: &Turn) -> Value {
    let (content, stop) = content(asked, turn);
    message(asked, &content, Some(stop), USAGE.output)
}

pub(super) fn events(asked: &Asked, turn: &Turn) -> Vec<String> {
    let (content, stop) = content(asked, turn);
    let start = json!({ "type": "message_start", "message": message(asked, &[], None, 1) });
    let mut events = vec![event("message_start", &start), event("ping", &json!({ "type": "ping" }))];
    for (at, block) in content.iter().enumerate() {
        let mut empty = block.clone();
        for (field, value) in [("text", json!("")), ("input", json!({})), ("thinking", json!(""))] {
            if empty.get(field).is_some() {
                empty[field] = value;
            }
        }
        if empty.get("signature").is_some() {
            empty["signature"] = "".into();
        }
        events.push(event(
            "content_block_start",
            &json!({ "type": "content_block_start", "index": at, "content_block": empty }),
        ));
        for delta in deltas(block) {
            events.push(event(
                "content_block_delta",
                &json!({ "type": "content_block_delta", "index": at, "delta": delta }),
            ));
        }
        events.push(event("content_block_stop", &json!({ "type": "content_block_stop", "index": at })));
    }
    let delta = json!({
        "type": "message_delta", "delta": { "stop_reason": stop, "stop_sequence": null }, "usage": usage(USAGE.output),
    });
    events.push(event("message_delta", &delta));
    events.push(event("message_stop", &json!({ "type": "message_stop" })));
    events
}

fn deltas(block: &Value) -> Vec<Value> {
    let text = |field: &str| block[field].as_str().unwrap_or_default().to_owned();
    match block["type"].as_str() {
        Some("tool_use") => pieces(&arguments_text(&block["input"]))
            .into_iter()
            .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }))
            .collect(),
        Some("thinking") => vec![
            json!({ "type": "thinking_delta", "thinking": text("thinking") }),
            json!({ "type": "signature_delta", "signature": text("signature") }),
        ],
        _ => pieces(&text("text"))
            .into_iter()
            .map(|piece| json!({ "type": "text_delta", "text": piece }))
            .collect(),
    }
}

pub(super) fn refusal(refusal: Refusal) -> (u16, Value) {
    let (status, kind, message) = match refusal {
        Refusal::Auth => (401, "authentication_error", "invalid x-api-key"),
        Refusal::Forbidden => (403, "permission_error", "Your API key lacks permission for this resource."),
        Refusal::NoModel => (404, "not_found_error", "model: no-such-model"),
        Refusal::Rate => (
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit of input tokens per minute.",
        ),
        Refusal::Quota => (
            429,
            "rate_limit_error",
            "You have reached your specified API usage limits. You will regain access on 2099-01-01 at 00:00 UTC.",
        ),
        Refusal::Credit => (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
        ),
        Refusal::Server => (500, "api_error", "Internal server error"),
        Refusal::Unavailable => (503, "api_error", "Service unavailable"),
        Refusal::Overload => (529, "overloaded_error", "Overloaded"),
        Refusal::Context => {
            (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
        }
        Refusal::BadRequest => {
            (400, "invalid_request_error", "messages.0.nonsense: Extra inputs are not permitted")
        }
    };
    (
        status,
        json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_fake" }),
    )
}
