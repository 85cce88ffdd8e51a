//! Gemini generateContent.
//!
//! In and out as its module says. Its streams have no closing event: the last chunk has a `finishReason`.

use serde_json::{Value, json};

use super::super::USAGE;
use super::super::asked::{Asked, Stop, Tool, Turn, text_of};
use super::super::scenario::Refusal;
use super::{data, pieces};

pub(super) fn read(path: &str, body: &Value) -> Asked {
    let tail = path.rsplit("/models/").next().unwrap_or_default();
    let (model, verb) = tail.split_once(':').unwrap_or((tail, ""));
    let turns = body["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parts: Vec<&Value> = turns.iter().filter_map(|turn| turn["parts"].as_array()).flatten().collect();
    let result = |part: &&Value| {
        let response = part.get("functionResponse")?.get("response")?;
        Some(
            ["output", "result", "error"]
                .iter()
                .find_map(|name| response.get(*name))
                .map_or_else(|| response.to_string(), text_of),
        )
    };
    let tools = body["tools"].as_array().into_iter().flatten();
    let declared = tools.filter_map(|tool| tool["functionDeclarations"].as_array()).flatten();
    let generation = &body["generationConfig"];
    let schema = generation.get("responseJsonSchema").or(generation.get("responseSchema"));
    let texts = parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n");
    let system = body["systemInstruction"]["parts"].as_array().into_iter().flatten();
    let system = system.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n");
    Asked {
        model: model.to_owned(),
        stream: verb.starts_with("stream"),
        tools: declared.map(tool).collect(),
        results: parts.iter().filter_map(result).collect(),
        text: format!("{system}\n{texts}"),
        schema: schema.cloned(),
        ..Asked::default()
    }
}

fn tool(function: &Value) -> Tool {
    let schema = function.get("parametersJsonSchema").or(function.get("parameters"));
    Tool {
        name: function["name"].as_str().unwrap_or("?").to_owned(),
        schema: schema.cloned().unwrap_or_default(),
        freeform: false,
    }
}

fn chunk(asked: &Asked, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({ "content": { "role": "model", "parts": parts }, "index": 0 });
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    json!({
        "candidates": [candidate], "modelVersion": asked.model, "responseId": "response-fake",
        "usageMetadata": {
            "promptTokenCount": USAGE.input, "cachedContentTokenCount": USAGE.cached,
            "candidatesTokenCount": USAGE.output - USAGE.reasoning, "thoughtsTokenCount": USAGE.reasoning,
            "totalTokenCount": USAGE.input + USAGE.output,
        },
    })
}

fn parts(turn: &Turn) -> (Vec<Value>, &'static str) {
    match turn {
        Turn::Calls(calls) => {
            let part = |call: &super::super::tools::Call| {
                json!({
                    "functionCall": { "id": call.id, "name": call.name, "args": call.arguments },
                    "thoughtSignature": "c2lnbmF0dXJl",
                })
            };
            (calls.iter().map(part).collect(), "STOP")
        }
        Turn::Text(text) => {
            let finish = match text.stop {
                Stop::Done => "STOP",
                Stop::MaxTokens => "MAX_TOKENS",
                Stop::Refused => "PROHIBITED_CONTENT",
            };
            let parts = pieces(&text.body).into_iter().map(|piece| json!({ "text": piece }));
            (parts.collect(), finish)
        }
        Turn::Fault(_) => (Vec::new(), "STOP"),
    }
}

pub(super) fn body(asked: &Asked, turn: &Turn) -> Value {
    let (parts, finish) = parts(turn);
    chunk(asked, &parts, Some(finish))
}

pub(super) fn events(asked: &Asked, turn: &Turn) -> Vec<String> {
    let (parts, finish) = parts(turn);
    if matches!(turn, Turn::Calls(_)) {
        return vec![data(&chunk(asked, &parts, Some(finish)))];
    }
    let mut events: Vec<String> =
        parts.iter().map(|part| data(&chunk(asked, std::slice::from_ref(part), None))).collect();
    events.push(data(&chunk(asked, &[json!({ "text": "" })], Some(finish))));
    events
}

pub(super) fn refusal(refusal: Refusal) -> (u16, Value) {
    let (status, name, message) = match refusal {
        Refusal::Auth => (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        Refusal::Forbidden => (403, "PERMISSION_DENIED", "The caller does not have permission"),
        Refusal::NoModel => (
            404,
            "NOT_FOUND",
            "models/no-such-model is not found for API version v1beta, or is not supported for generateContent.",
        ),
        Refusal::Rate => (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        Refusal::Quota => (
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        Refusal::Credit => (403, "PERMISSION_DENIED", "Billing account is disabled."),
        Refusal::Server => (500, "INTERNAL", "An internal error has occurred."),
        Refusal::Unavailable => (503, "UNAVAILABLE", "The service is currently unavailable."),
        Refusal::Overload => (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        Refusal::Context => (
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        ),
        Refusal::BadRequest => {
            (400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unknown name \"nonsense\".")
        }
    };
    let error = json!({ "code": status, "message": message, "status": name, "details": details(refusal) });
    (status, json!({ "error": error }))
}

fn details(refusal: Refusal) -> Value {
    let quota = |metric: &str, id: &str| {
        json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{ "quotaMetric": format!("generativelanguage.googleapis.com/{metric}"), "quotaId": id }],
        })
    };
    match refusal {
        Refusal::Auth => json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
        }]),
        Refusal::Rate => json!([
            quota("generate_content_requests", "GenerateRequestsPerMinutePerProjectPerModel"),
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s" },
        ]),
        Refusal::Quota => {
            json!([quota("generate_requests_per_model_per_day", "GenerateRequestsPerDayPerProjectPerModel")])
        }
        _ => json!([]),
    }
}
