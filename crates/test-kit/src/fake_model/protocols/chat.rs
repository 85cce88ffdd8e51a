//! OpenAI Chat Completions.
//!
//! In and out as its module says. Never sends usage in a stream that did not ask for it, as the vendors do not.

use serde_json::{Value, json};

use super::super::USAGE;
use super::super::asked::{Asked, Stop, Tool, Turn, text_of, texts};
use super::super::tools::Call;
use super::{arguments_text, data, pieces};

pub(super) fn read(body: &Value) -> Asked {
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    let schema = &body["response_format"]["json_schema"]["schema"];
    Asked {
        model: body["model"].as_str().unwrap_or("?").to_owned(),
        stream: body["stream"] == true,
        tools: body["tools"].as_array().into_iter().flatten().map(tool).collect(),
        results: results.map(|message| text_of(&message["content"])).collect(),
        text: texts(messages, "content"),
        schema: (!schema.is_null()).then(|| schema.clone()),
        ..Asked::default()
    }
}

fn tool(tool: &Value) -> Tool {
    let function = &tool["function"];
    Tool {
        name: function["name"].as_str().unwrap_or("?").to_owned(),
        schema: function["parameters"].clone(),
        freeform: false,
    }
}

fn usage() -> Value {
    json!({
        "prompt_tokens": USAGE.input, "completion_tokens": USAGE.output, "total_tokens": USAGE.input + USAGE.output,
        "prompt_tokens_details": { "cached_tokens": USAGE.cached },
        "completion_tokens_details": { "reasoning_tokens": USAGE.reasoning },
    })
}

fn finish(turn: &Turn) -> &'static str {
    match turn {
        Turn::Calls(_) => "tool_calls",
        Turn::Text(text) => match text.stop {
            Stop::Done => "stop",
            Stop::MaxTokens => "length",
            Stop::Refused => "content_filter",
        },
        Turn::Fault(_) => "stop",
    }
}

fn tool_call(call: &Call) -> Value {
    json!({
        "id": call.id, "type": "function",
        "function": { "name": call.name, "arguments": arguments_text(&call.arguments) },
    })
}

pub(super) fn body(asked: &Asked, turn: &Turn) -> Value {
    let message = match turn {
        Turn::Calls(calls) => {
            let calls: Vec<Value> = calls.iter().map(tool_call).collect();
            json!({ "role": "assistant", "content": null, "tool_calls": calls })
        }
        Turn::Text(text) => json!({ "role": "assistant", "content": text.body }),
        Turn::Fault(_) => json!({ "role": "assistant", "content": "" }),
    };
    json!({
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 1, "model": asked.model,
        "choices": [{ "index": 0, "message": message, "finish_reason": finish(turn) }], "usage": usage(),
    })
}

fn chunk(asked: &Asked, choices: &Value) -> Value {
    json!({
        "id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": asked.model, "choices": choices,
    })
}

pub(super) fn events(asked: &Asked, turn: &Turn) -> Vec<String> {
    let piece =
        |delta: Value| data(&chunk(asked, &json!([{ "index": 0, "delta": delta, "finish_reason": null }])));
    let mut events = vec![piece(json!({ "role": "assistant", "content": "" }))];
    match turn {
        Turn::Calls(calls) => {
            for (at, call) in calls.iter().enumerate() {
                let mut begun = tool_call(call);
                begun["index"] = at.into();
                begun["function"]["arguments"] = "".into();
                events.push(piece(json!({ "tool_calls": [begun] })));
                for part in pieces(&arguments_text(&call.arguments)) {
                    let more = json!({ "index": at, "function": { "arguments": part } });
                    events.push(piece(json!({ "tool_calls": [more] })));
                }
            }
        }
        Turn::Text(text) => {
            events.extend(pieces(&text.body).into_iter().map(|part| piece(json!({ "content": part }))));
        }
        Turn::Fault(_) => {}
    }
    let end = json!([{ "index": 0, "delta": {}, "finish_reason": finish(turn) }]);
    events.push(data(&chunk(asked, &end)));
    let mut tail = chunk(asked, &json!([]));
    tail["usage"] = usage();
    events.push(data(&tail));
    events.push("data: [DONE]\n\n".to_owned());
    events
}
