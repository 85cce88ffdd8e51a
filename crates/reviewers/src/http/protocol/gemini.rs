//! Gemini `generateContent`.
//!
//! In and out as its module says. Its streams have no last event: the last chunk carries a `finishReason`.

use serde_json::{Map, Value, json};

use super::{Call, Message, Question, Stop, Turn, object};
use crate::budget::Usage;

pub(super) fn body(question: &Question<'_>) -> Value {
    let contents: Vec<Value> = question.messages.iter().map(message).collect();
    let mut body = json!({ "contents": contents });
    if !question.tools.is_empty() {
        let tool = |tool: &super::Tool| json!({ "name": tool.name, "description": tool.description, "parametersJsonSchema": tool.schema });
        let tools: Vec<Value> = question.tools.iter().map(tool).collect();
        body["tools"] = json!([{ "functionDeclarations": tools }]);
        if !question.may_call {
            body["toolConfig"] = json!({ "functionCallingConfig": { "mode": "NONE" } });
        }
    }
    let mut generation = Map::new();
    if let Some(most) = question.max_output {
        generation.insert("maxOutputTokens".to_owned(), most.into());
    }
    if let Some(effort) = question.effort {
        // Older models take a number of tokens, newer ones a word.
        let thinking = match effort.parse::<i64>() {
            Ok(tokens) => json!({ "thinkingBudget": tokens }),
            Err(_) => json!({ "thinkingLevel": effort }),
        };
        generation.insert("thinkingConfig".to_owned(), thinking);
    }
    if !generation.is_empty() {
        body["generationConfig"] = generation.into();
    }
    body
}

fn message(message: &Message) -> Value {
    match message {
        Message::User(text) => json!({ "role": "user", "parts": [{ "text": text }] }),
        Message::Assistant(back) => back.clone(),
        Message::Results(results) => {
            let part = |result: &super::ToolResult| {
                let field = if result.failed { "error" } else { "output" };
                let mut response = json!({ "name": result.call.name, "response": { field: result.text } });
                if !result.call.id.is_empty() {
                    response["id"] = result.call.id.clone().into();
                }
                json!({ "functionResponse": response })
            };
            json!({ "role": "user", "parts": results.iter().map(part).collect::<Vec<_>>() })
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    text: String,
    parts: Vec<Value>,
    calls: Vec<Call>,
    finish: Option<String>,
    usage: Option<Usage>,
    model: Option<String>,
}

impl State {
    pub(super) fn event(&mut self, event: &Value) {
        let candidate = &event["candidates"][0];
        for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
            self.part(part);
        }
        if let Some(reason) = candidate["finishReason"].as_str() {
            self.finish = Some(reason.to_owned());
        }
        if let Some(reason) = event["promptFeedback"]["blockReason"].as_str() {
            self.finish = Some(reason.to_owned());
        }
        if let Some(model) = event["modelVersion"].as_str() {
            self.model = Some(model.to_owned());
        }
        if event["usageMetadata"].is_object() {
            self.count(&event["usageMetadata"]);
        }
    }

    fn part(&mut self, part: &Value) {
        if let Some(call) = part.get("functionCall") {
            let of = |field: &str| call[field].as_str().unwrap_or_default().to_owned();
            let arguments = match &call["args"] {
                Value::Null => "{}".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            self.calls.push(Call { id: of("id"), name: of("name"), arguments });
        } else if let (Some(text), false) = (part["text"].as_str(), part["thought"] == true) {
            self.text.push_str(text);
        }
        let mut part = part.clone();
        if part["functionCall"].is_object() && !part["functionCall"]["args"].is_object() {
            part["functionCall"]["args"] = object("");
        }
        // Empty parts are sent, but not accepted back.
        if part["text"] != "" || part.get("thoughtSignature").is_some() {
            self.parts.push(part);
        }
    }

    fn count(&mut self, usage: &Value) {
        let of = |field: &str| usage[field].as_u64().unwrap_or_default();
        let cached = of("cachedContentTokenCount");
        self.usage = Some(Usage {
            input: (of("promptTokenCount") + of("toolUsePromptTokenCount")).saturating_sub(cached),
            cached,
            cache_written: 0,
            // Thoughts are paid like an answer and counted beside it.
            output: of("candidatesTokenCount") + of("thoughtsTokenCount"),
        });
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }

    pub(super) fn finish(self) -> Option<Turn> {
        let finish = self.finish?;
        let stop = match finish.as_str() {
            "STOP" | "FINISH_REASON_UNSPECIFIED" => Stop::Done,
            "MAX_TOKENS" => Stop::MaxTokens,
            _ => Stop::Refused(finish),
        };
        Some(Turn {
            text: self.text,
            calls: self.calls,
            stop,
            usage: self.usage,
            back: json!({ "role": "model", "parts": self.parts }),
            model: self.model,
        })
    }
}
