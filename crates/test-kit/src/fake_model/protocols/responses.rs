//! OpenAI Responses.
//!
//! In and out as its module says. Never keeps a conversation: a client sends all of it.

use serde_json::{Value, json};

use super::super::USAGE;
use super::super::asked::{Asked, Stop, Tool, Turn, text_of};
use super::super::tools::Call;
use super::{arguments_text, event, pieces};

pub(super) fn read(body: &Value) -> Asked {
    let items = body["input"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_result = |item: &&Value| item["type"].as_str().is_some_and(|kind| kind.ends_with("_call_output"));
    let mut tools = Vec::new();
    for tool in body["tools"].as_array().into_iter().flatten() {
        add_tool(tool, &mut tools);
    }
    let schema = &body["text"]["format"]["schema"];
    let said = items.iter().map(text_of).collect::<Vec<_>>().join("\n");
    Asked {
        model: body["model"].as_str().unwrap_or("?").to_owned(),
        stream: body["stream"] == true,
        tools,
        results: items.iter().filter(is_result).map(|item| text_of(&item["output"])).collect(),
        text: format!(
            "{}\n{}\n{said}",
            text_of(&body["instructions"]),
            body["input"].as_str().unwrap_or_default()
        ),
        schema: (!schema.is_null()).then(|| schema.clone()),
        ..Asked::default()
    }
}

fn add_tool(tool: &Value, tools: &mut Vec<Tool>) {
    if tool["type"] == "namespace" {
        for inner in tool["tools"].as_array().into_iter().flatten() {
            add_tool(inner, tools);
        }
        return;
    }
    tools.push(Tool {
        name: tool["name"].as_str().or(tool["type"].as_str()).unwrap_or("?").to_owned(),
        schema: tool["parameters"].clone(),
        freeform: tool["type"] == "custom",
    });
}

/// The items of a turn, finished.
fn items(asked: &Asked, turn: &Turn) -> Vec<Value> {
    let at = asked.results.len();
    match turn {
        Turn::Calls(calls) => calls.iter().map(call_item).collect(),
        Turn::Text(text) if text.body.is_empty() => Vec::new(),
        Turn::Text(text) => {
            let part = match text.stop {
                Stop::Refused => json!({ "type": "refusal", "refusal": text.body }),
                Stop::Done | Stop::MaxTokens => {
                    json!({ "type": "output_text", "text": text.body, "annotations": [] })
                }
            };
            vec![json!({
                "type": "message", "id": format!("msg_{at}"), "role": "assistant", "status": "completed", "content": [part],
            })]
        }
        Turn::Fault(_) => Vec::new(),
    }
}

fn call_item(call: &Call) -> Value {
    let (kind, field, id) = if call.freeform {
        ("custom_tool_call", "input", "ctc")
    } else {
        ("function_call", "arguments", "fc")
    };
    let mut item = json!({
        "type": kind, "id": format!("{id}_{}", call.id), "call_id": call.id, "name": call.name, "status": "completed",
    });
    item[field] = arguments_text(&call.arguments).into();
    item
}

fn response(asked: &Asked, status: &str, output: &[Value]) -> Value {
    let mut response = json!({
        "id": format!("resp_{}", asked.results.len()), "object": "response", "status": status, "model": asked.model,
        "output": output, "usage": {
            "input_tokens": USAGE.input, "input_tokens_details": { "cached_tokens": USAGE.cached },
            "output_tokens": USAGE.output, "output_tokens_details": { "reasoning_tokens": USAGE.reasoning },
            "total_tokens": USAGE.input + USAGE.output,
        },
    });
    if status == "incomplete" {
        response["incomplete_details"] = json!({ "reason": "max_output_tokens" });
    }
    response
}

fn status(turn: &Turn) -> &'static str {
    match turn {
        Turn::Text(text) if text.stop == Stop::MaxTokens => "incomplete",
        _ => "completed",
    }
}

pub(super) fn body(asked: &Asked, turn: &Turn) -> Value {
    response(asked, status(turn), &items(asked, turn))
}

pub(super) fn events(asked: &Asked, turn: &Turn) -> Vec<String> {
    let items = items(asked, turn);
    let mut started = response(asked, "in_progress", &[]);
    started["usage"] = Value::Null;
    let mut events = vec![named("response.created", json!({ "response": started }))];
    for (at, item) in items.iter().enumerate() {
        let mut begun = item.clone();
        begun["status"] = "in_progress".into();
        if begun.get("content").is_some() {
            begun["content"] = json!([]);
        }
        events.push(named("response.output_item.added", json!({ "output_index": at, "item": begun })));
        for piece in pieces(item["content"][0]["text"].as_str().unwrap_or_default()) {
            let delta =
                json!({ "item_id": item["id"], "output_index": at, "content_index": 0, "delta": piece });
            events.push(named("response.output_text.delta", delta));
        }
        events.push(named("response.output_item.done", json!({ "output_index": at, "item": item })));
    }
    let status = status(turn);
    events.push(named(&format!("response.{status}"), json!({ "response": response(asked, status, &items) })));
    events
}

/// The event that ends a response with an error; `body` is the error as HTTP would carry it.
pub(super) fn failed(asked: &Asked, body: &Value) -> String {
    let mut failed = response(asked, "failed", &[]);
    let code = body["error"]["code"].as_str().unwrap_or("server_error");
    failed["error"] = json!({ "code": code, "message": body["error"]["message"] });
    named("response.failed", json!({ "response": failed }))
}

fn named(name: &str, mut body: Value) -> String {
    body["type"] = name.into();
    event(name, &body)
}
