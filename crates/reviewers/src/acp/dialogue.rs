//! One conversation by the protocol, as a machine without a clock and without a process.
//!
//! In: the agent's lines, one after the other. Out: what to say back, and in the end an [`AgentAnswer`]. What is no message is
//! kept as a diagnostic; what is not understood is answered with an error, as the protocol wants. Never says yes to
//! anything but a read.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use model::{Failure, FailureClass, Tokens};
use serde_json::{Value, json};

use super::choice::{self, Wish};
use super::files;
use super::permission::decide;
use crate::agent::{AgentAnswer, ProcessEnd, ToolCalls, sentence, without_end_mark};
use crate::guess::class_of;

/// The version of the protocol that is spoken here.
const VERSION: u64 = 1;
/// JSON-RPC's own error numbers, and the protocol's for an agent that nobody is signed in to.
const NO_SUCH_METHOD: i64 = -32601;
const REFUSED: i64 = -32603;
const SIGN_IN: i64 = -32000;

/// The reason with which an agent says that its model will not answer.
const REFUSAL: &str = "refusal";
/// Diagnostics and refusals kept; more would only repeat.
const MOST_KEPT: usize = 20;
/// The longest answer that is kept. No review is that long.
const LONGEST_ANSWER: usize = 16 << 20;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Initialize,
    NewSession,
    Choice,
    Prompt,
    Done,
}

/// A conversation.
pub(super) struct Dialogue<'a> {
    root: &'a Path,
    prompt: &'a str,
    /// What is still to be chosen, the next one last.
    wishes: Vec<(Wish, &'a str)>,
    step: Step,
    /// The number and the method of what was asked last, with its parameters.
    asked: u64,
    asking: choice::Request,
    /// What the agent told of the session.
    session: Value,
    /// What the agent said of its calls.
    calls: HashMap<String, Value>,
    pub(super) heard: Heard,
}

/// What the agent said.
#[derive(Default)]
pub(super) struct Heard {
    /// Its words; a call of a tool begins a new paragraph.
    text: String,
    breaks: bool,
    /// Name and version, as it introduced itself.
    pub(super) introduced: Option<String>,
    /// The model that was chosen when the prompt was said, where it tells.
    model: Option<String>,
    stopped_for: Option<String>,
    failure: Option<Failure>,
    tokens: Option<Tokens>,
    usd: Option<f64>,
    tools: ToolCalls,
    diagnostics: Vec<String>,
    /// Requests that were refused, with how often.
    pub(super) refused: BTreeMap<String, u32>,
    /// Files read through us.
    pub(super) served: u32,
}

/// What follows from one line.
#[derive(Default)]
pub(super) struct Turn {
    /// To be said back, in order.
    pub(super) say: Vec<Value>,
    /// What the agent is doing, for people who watch.
    pub(super) doing: Option<String>,
    /// Going on is of no use.
    pub(super) hopeless: Option<String>,
    /// It has told its result.
    pub(super) done: bool,
}

impl<'a> Dialogue<'a> {
    /// A conversation about one prompt, with an agent that works in `root`.
    pub(super) fn new(root: &'a Path, prompt: &'a str) -> Self {
        Self {
            root,
            prompt,
            wishes: Vec::new(),
            step: Step::Initialize,
            asked: 0,
            asking: ("initialize", Value::Null),
            session: Value::Null,
            calls: HashMap::new(),
            heard: Heard::default(),
        }
    }

    /// Wants this model and this effort of it.
    pub(super) fn wanting(mut self, model: Option<&'a str>, effort: Option<&'a str>) -> Self {
        // The model comes first: it may decide which efforts there are.
        self.wishes.extend(effort.map(|effort| (Wish::Effort, effort)));
        self.wishes.extend(model.map(|model| (Wish::Model, model)));
        self
    }

    /// Tools it called so far.
    pub(crate) fn calls(&self) -> u32 {
        self.heard.tools.total()
    }

    /// The first words.
    pub(super) fn begin(&mut self) -> Value {
        let params = json!({
            "protocolVersion": VERSION,
            "clientCapabilities": { "fs": { "readTextFile": true, "writeTextFile": false }, "terminal": false },
            "clientInfo": { "name": "deep-review", "version": env!("CARGO_PKG_VERSION") },
        });
        self.request("initialize", params)
    }

    fn request(&mut self, method: &'static str, params: Value) -> Value {
        self.asked += 1;
        let message = json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params });
        self.asking = (method, params);
        message
    }

    /// Hears one line.
    pub(super) fn hear(&mut self, line: &[u8]) -> Turn {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() {
            return Turn::default();
        }
        let Ok(message @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
            self.diagnose(text);
            return Turn::default();
        };
        match (message["method"].as_str(), &message["id"]) {
            (Some("session/update"), _) => self.update(&message["params"]["update"]),
            (Some(_), Value::Null) => Turn::default(),
            (Some(method), id) => self.answer(method, id, &message["params"]),
            (None, id) if *id == json!(self.asked) && self.step != Step::Done => self.go_on(&message),
            (None, _) => {
                self.diagnose(text);
                Turn::default()
            }
        }
    }

    fn diagnose(&mut self, text: &str) {
        if self.heard.diagnostics.len() < MOST_KEPT {
            self.heard.diagnostics.push(text.chars().take(300).collect());
        }
    }

    /// The answer to what was asked last.
    fn go_on(&mut self, message: &Value) -> Turn {
        if let Some(error) = message.get("error") {
            return self.give_up(error_of(self.step, self.asking.0, error));
        }
        let result = &message["result"];
        match self.step {
            Step::Initialize => {
                if result["protocolVersion"] != json!(VERSION) {
                    let spoken = &result["protocolVersion"];
                    let why =
                        format!("it speaks version {spoken} of the protocol, and this program {VERSION}");
                    return self.give_up(failure(FailureClass::Configuration, &why));
                }
                self.heard.introduced = introduction(&result["agentInfo"]);
                self.step = Step::NewSession;
                self.say("session/new", json!({ "cwd": self.root, "mcpServers": [] }))
            }
            Step::NewSession => {
                if !result["sessionId"].is_string() {
                    let why = "it began a session without a name";
                    return self.give_up(failure(FailureClass::Configuration, why));
                }
                self.session = result.clone();
                self.choose_or_ask()
            }
            Step::Choice => {
                choice::chosen(&mut self.session, result, &self.asking);
                self.choose_or_ask()
            }
            Step::Prompt | Step::Done => {
                self.step = Step::Done;
                self.heard.stopped_for = Some(result["stopReason"].as_str().unwrap_or("nothing").to_owned());
                let usage = &result["usage"];
                if let (Some(input), Some(output)) =
                    (usage["inputTokens"].as_u64(), usage["outputTokens"].as_u64())
                {
                    self.heard.tokens = Some(Tokens { input, output });
                }
                Turn { done: true, ..Turn::default() }
            }
        }
    }

    /// Chooses what is still to be chosen, and then asks for the review.
    fn choose_or_ask(&mut self) -> Turn {
        while let Some((wish, value)) = self.wishes.pop() {
            match choice::request(&self.session, wish, value) {
                Ok(None) => {}
                Ok(Some((method, mut params))) => {
                    self.step = Step::Choice;
                    params["sessionId"] = self.session["sessionId"].clone();
                    return self.say(method, params);
                }
                Err(why) => return self.give_up(failure(FailureClass::Configuration, &why)),
            }
        }
        self.heard.model = choice::model(&self.session).map(sentence);
        self.step = Step::Prompt;
        let prompt = json!([{ "type": "text", "text": self.prompt }]);
        self.say("session/prompt", json!({ "sessionId": self.session["sessionId"], "prompt": prompt }))
    }

    fn say(&mut self, method: &'static str, params: Value) -> Turn {
        Turn { say: vec![self.request(method, params)], ..Turn::default() }
    }

    fn give_up(&mut self, failure: Failure) -> Turn {
        let hopeless = Some(failure.message.clone());
        self.heard.failure.get_or_insert(failure);
        Turn { hopeless, ..Turn::default() }
    }

    /// Answers a request of the agent.
    fn answer(&mut self, method: &str, id: &Value, params: &Value) -> Turn {
        let result = match method {
            "session/request_permission" => {
                let known = params["toolCall"]["toolCallId"].as_str().and_then(|call| self.calls.get(call));
                let decision = decide(params, known, self.root);
                if let Some(refused) = decision.refused {
                    self.heard.refuse(refused);
                }
                Ok(decision.outcome)
            }
            "fs/read_text_file" => match files::read(self.root, params) {
                Ok(content) => {
                    self.heard.served += 1;
                    Ok(json!({ "content": content }))
                }
                Err(why) => Err((REFUSED, why)),
            },
            "fs/write_text_file" => {
                let path = params["path"].as_str().unwrap_or_default();
                let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.heard.refuse(format!("write of “{name}”: only reading is allowed"));
                Err((REFUSED, "a review changes nothing: writing is refused".to_owned()))
            }
            _ => Err((
                NO_SUCH_METHOD,
                format!("`{}` is not offered", method.chars().take(60).collect::<String>()),
            )),
        };
        let reply = match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err((code, message)) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
            }
        };
        Turn { say: vec![reply], ..Turn::default() }
    }

    /// What the agent tells while it works.
    fn update(&mut self, update: &Value) -> Turn {
        let mut doing = None;
        let heard = &mut self.heard;
        match update["sessionUpdate"].as_str() {
            // Before the prompt, an agent may repeat an earlier conversation; that is no answer.
            Some("agent_message_chunk") if self.step == Step::Prompt => {
                if let Some(text) = update["content"]["text"].as_str() {
                    heard.add(text);
                }
            }
            Some("tool_call") => {
                heard.breaks = true;
                heard.tools.count(update["kind"].as_str().unwrap_or("other"));
                doing = update["title"].as_str().map(|title| title.chars().take(80).collect());
                if let Some(call) = update["toolCallId"].as_str() {
                    self.calls.insert(call.to_owned(), update.clone());
                }
            }
            Some("usage_update") => {
                let cost = &update["cost"];
                // Cumulative, so the last one counts.
                if cost["currency"] == "USD" {
                    heard.usd = cost["amount"].as_f64().or(heard.usd);
                }
            }
            _ => {}
        }
        Turn { doing, ..Turn::default() }
    }

    /// What came of it. `end` tells how the process ended.
    pub(super) fn finish(self, end: &ProcessEnd) -> AgentAnswer {
        let (text, _) = without_end_mark(&self.heard.text);
        let failure = self.failure(&text, end);
        AgentAnswer {
            complete: failure.is_none(),
            text,
            model: self.heard.model,
            tokens: self.heard.tokens,
            usd: self.heard.usd,
            tool_calls: self.heard.tools,
            failure,
            diagnostics: self.heard.diagnostics,
            ..AgentAnswer::default()
        }
    }

    /// Going on was of no use for a reason that it did not give itself.
    pub(super) fn broken_off(&mut self, reason: &str) {
        self.heard.failure.get_or_insert_with(|| failure(FailureClass::Crash, reason));
    }

    /// Whether its model declined.
    pub(super) fn is_declined(&self) -> bool {
        self.heard.stopped_for.as_deref() == Some(REFUSAL)
    }

    /// Whether it told its result, and nothing speaks against it.
    pub(super) fn is_whole(&self) -> bool {
        self.heard.failure.is_none() && self.heard.stopped_for.as_deref() == Some("end_turn")
    }

    fn failure(&self, text: &str, end: &ProcessEnd) -> Option<Failure> {
        if let Some(failure) = &self.heard.failure {
            return Some(failure.clone());
        }
        let asked = self.asking.0;
        let incomplete = |why: &str| Some(failure(FailureClass::Incomplete, why));
        match self.heard.stopped_for.as_deref() {
            Some("end_turn") if text.trim().is_empty() => incomplete("its answer is empty"),
            Some("end_turn") => None,
            Some(REFUSAL) => incomplete("its model declined to answer"),
            Some(reason) => incomplete(&format!("its answer was cut: it stopped for `{reason}`")),
            None if end.stopped => incomplete(&format!("it had not answered `{asked}`")),
            None if end.exit == Some(0) => incomplete(&format!("it ended before it had answered `{asked}`")),
            None => Some(self.died(end)),
        }
    }

    fn died(&self, end: &ProcessEnd) -> Failure {
        let said: Vec<&str> = end.stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = said[said.len().saturating_sub(12)..].join(" ");
        let how = match (end.exit, end.signal) {
            (Some(code), _) => format!("exited with code {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended in an unknown way".to_owned(),
        };
        let class = class_of(&last).unwrap_or(FailureClass::Crash);
        let before = self.asking.0;
        let why = if last.is_empty() { String::new() } else { format!(": {last}") };
        failure(class, &format!("{how} before it had answered `{before}`{why}"))
    }
}

impl Heard {
    fn add(&mut self, text: &str) {
        if std::mem::take(&mut self.breaks) && !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        if self.text.len() + text.len() <= LONGEST_ANSWER {
            self.text.push_str(text);
        }
    }

    fn refuse(&mut self, what: String) {
        if self.refused.len() < MOST_KEPT || self.refused.contains_key(&what) {
            *self.refused.entry(what).or_default() += 1;
        }
    }
}

fn introduction(info: &Value) -> Option<String> {
    let name = info["title"].as_str().or(info["name"].as_str())?;
    let version = info["version"].as_str().map(|version| format!(" {version}")).unwrap_or_default();
    Some(sentence(&format!("{name}{version}")))
}

fn failure(class: FailureClass, message: &str) -> Failure {
    Failure { class, message: sentence(message), retry_after_ms: None }
}

/// What an error in place of an answer means.
fn error_of(step: Step, method: &str, error: &Value) -> Failure {
    let said = error["message"].as_str().unwrap_or("no reason given");
    let details = match &error["data"] {
        Value::Null => String::new(),
        Value::String(text) => format!(" ({text})"),
        data => format!(" ({})", data["details"].as_str().map_or_else(|| data.to_string(), str::to_owned)),
    };
    let words = format!("{said}{details}");
    let class = match (error["code"].as_i64(), step) {
        (Some(SIGN_IN), _) => FailureClass::Auth,
        _ => class_of(&words).unwrap_or(match step {
            Step::Initialize | Step::Choice => FailureClass::Configuration,
            _ => FailureClass::Transient,
        }),
    };
    failure(class, &format!("it answered `{method}` with an error: {words}"))
}

#[cfg(test)]
#[path = "dialogue_tests.rs"]
mod tests;
