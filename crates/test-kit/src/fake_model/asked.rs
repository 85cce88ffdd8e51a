//! One request, whatever its protocol, and the turn that answers it.
//!
//! In: what a protocol read from a body. Out: the next turn of a scenario. Never touches a socket.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use super::review;
use super::scenario::{Fault, Say, Scenario, Step, Want};
use super::tools::{self, Call};

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The model's name.
    pub(crate) model: String,
    /// Whether the answer comes as events.
    pub(crate) stream: bool,
    /// The offered tools and the schemas of their arguments, in the order offered.
    pub(crate) tools: Vec<Tool>,
    /// The results of all tool calls so far.
    pub(crate) results: Vec<String>,
    /// Every text of the request, to look for the canary in.
    pub(crate) text: String,
    /// The schema that the answer must have, where the client gave one.
    pub(crate) schema: Option<Value>,
    /// Whether the client wants to see the model think (Anthropic).
    pub(crate) thinking: bool,
    /// The server's root.
    pub(crate) root: PathBuf,
}

/// An offered tool.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
    /// Its argument is plain text and not an object (a `custom` tool of OpenAI).
    pub(crate) freeform: bool,
}

/// What the model does in one turn.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    Calls(Vec<Call>),
    Text(Text),
    Fault(Fault),
}

/// A final text and how it ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) body: String,
    pub(crate) stop: Stop,
    /// Spread over so much time.
    pub(crate) over: std::time::Duration,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    #[default]
    Done,
    MaxTokens,
    Refused,
}

impl Asked {
    /// The tool of that name.
    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The turn of a scenario that comes next; `count` is how many requests the instance had before.
    pub(crate) fn turn(&self, scenario: &Scenario, count: usize) -> Turn {
        if let Some(fault) = scenario.first.get(count) {
            return Turn::Fault(*fault);
        }
        if let (true, Some(schema), false) =
            (self.tools.is_empty(), &self.schema, matches!(scenario.steps[..], [Step::Fault(_)]))
        {
            // A side request of a client that wants a small object, to route the real one.
            return Turn::Text(Text { body: tools::instance(schema).to_string(), ..Text::default() });
        }
        let pointed = self.named("Your instructions are in the file ");
        let mut seen = self.results.len().saturating_sub(usize::from(pointed.is_some()));
        let mut last = Turn::Text(self.say(&Say::Text("There is nothing to do.".to_owned())));
        for step in &scenario.steps {
            let Some((turn, takes)) = self.play(step) else { continue };
            if let (Some(file), true, false) =
                (&pointed, self.results.is_empty(), matches!(turn, Turn::Fault(_)))
                && let Some(call) = tools::call(self, &Want::Read(file.clone()), false, 0)
            {
                // A client that keeps its instructions in a file: a model reads them first.
                return Turn::Calls(vec![call]);
            }
            if seen < takes || takes == 0 {
                return turn;
            }
            seen -= takes;
            last = turn;
        }
        last
    }

    /// A step as a turn, with how many tool results it brings about; `None` where the client lacks the tool.
    fn play(&self, step: &Step) -> Option<(Turn, usize)> {
        match step {
            Step::Fault(fault) => Some((Turn::Fault(*fault), 0)),
            Step::Say(say) => Some((Turn::Text(self.say(say)), 0)),
            Step::Calls(actions) => {
                let calls: Option<Vec<Call>> = (self.results.len()..)
                    .zip(actions)
                    .map(|(at, action)| match &action.want {
                        Want::Structured => {
                            tools::structured(self, review::document(self.canary().as_deref()), at)
                        }
                        want => tools::call(self, want, action.forced, at),
                    })
                    .collect();
                calls.map(|calls| (Turn::Calls(calls), actions.len()))
            }
        }
    }

    fn say(&self, say: &Say) -> Text {
        let canary = self.canary();
        let json = || {
            serde_json::to_string_pretty(&review::document(canary.as_deref()))
                .expect("a document is plain data")
        };
        let plain = |text: String| Text { body: text, ..Text::default() };
        match say {
            Say::Json => plain(json()),
            Say::Markdown => {
                let mark = self.named("nothing was cut off:").map(|_| "\n<!-- end of review -->\n");
                plain(review::markdown(canary.as_deref()) + mark.unwrap_or_default())
            }
            Say::Canary => plain(canary.unwrap_or_default()),
            Say::Results => {
                plain(format!("TOOL RESULTS BEGIN\n{}\nTOOL RESULTS END\n", self.results.join("\n---\n")))
            }
            Say::Empty => plain(String::new()),
            Say::Truncated => {
                let whole = json();
                let half = (0..=whole.len() / 2).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
                Text { body: whole[..half].to_owned(), stop: Stop::MaxTokens, ..Text::default() }
            }
            Say::Refused => {
                Text { body: "I cannot help with that.".to_owned(), stop: Stop::Refused, ..Text::default() }
            }
            Say::Huge(bytes) => {
                // Numbered, because some clients take a repeated line for a model that went round in circles.
                let mut long = String::new();
                for number in 1_u64.. {
                    if long.len() >= *bytes {
                        break;
                    }
                    let _ = writeln!(
                        long,
                        "Line {number}, {:x}, says nothing.",
                        number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    );
                }
                plain(format!("{long}\n{}", json()))
            }
            Say::Slow(over) => Text { over: *over, ..plain(json()) },
            Say::Text(text) => plain(text.clone()),
        }
    }

    /// The canary line of the prompt, or of the file with the instructions.
    fn canary(&self) -> Option<String> {
        Some(format!("dr-canary {}", self.named("dr-canary ")?))
    }

    /// What follows these words on their line, in the prompt or in what tools returned. A file's lines may have numbers in
    /// front of them, and a path a full stop behind it.
    pub(crate) fn named(&self, words: &str) -> Option<String> {
        let texts = std::iter::once(&self.text).chain(&self.results);
        let line = texts.flat_map(|text| text.lines()).find(|line| line.contains(words))?;
        let rest = line.split_once(words)?.1.trim();
        Some(rest.strip_suffix('.').unwrap_or(rest).to_owned())
    }
}

/// All text in a JSON value that stands under `text` or `content`, or is a string itself.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        Value::Object(fields) => match (fields.get("text"), fields.get("content"), fields.get("output")) {
            (Some(text), _, _) | (None, Some(text), _) | (None, None, Some(text)) => text_of(text),
            (None, None, None) => content.to_string(),
        },
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The texts of one field of many objects, a line each.
pub(crate) fn texts<'a>(objects: impl IntoIterator<Item = &'a Value>, field: &str) -> String {
    objects.into_iter().map(|object| text_of(&object[field])).collect::<Vec<_>>().join("\n")
}
