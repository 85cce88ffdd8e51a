//! What came of one attempt of an agent: its answer, its figures, or why there is none.
//!
//! In: what its stream said and how its process ended. Out: an [`AgentAnswer`]. A partial, repeated, cut or empty answer
//! is kept as material and is never a review.

use std::collections::BTreeMap;

use model::{Failure, FailureClass, Tokens};
use serde_json::Value;

use super::adapter::{Adapter, Feed, Proof};
use super::failure::{Told, classify, sentence};
use super::stream::{ProcessEnd, State, StreamReader};
use crate::budget::Usage;

/// The line that ends an answer which is no JSON document. An HTML comment: invisible wherever Markdown is shown.
pub(crate) const END_MARK: &str = "<!-- end of review -->";

/// Calls without which nothing of the change was read: one, and one more where the prompt is in a file too.
fn least_calls(adapter: &Adapter) -> u32 {
    match adapter.run.stdin {
        Feed::Prompt => 1,
        Feed::Pointer => 2,
    }
}

/// How often each tool was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCalls(BTreeMap<String, u32>);

impl ToolCalls {
    pub(crate) fn count(&mut self, name: &str) {
        *self.0.entry(name.to_owned()).or_default() += 1;
    }

    /// Calls of all tools.
    pub fn total(&self) -> u32 {
        self.0.values().sum()
    }

    /// `Read 3, Grep 1`.
    pub fn sentence(&self) -> String {
        self.0.iter().map(|(name, times)| format!("{name} {times}")).collect::<Vec<_>>().join(", ")
    }
}

/// What came of one attempt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentAnswer {
    /// The answer as far as it came, without its end mark.
    pub text: String,
    /// The answer as a JSON value, where the program hands one out.
    pub structured: Option<Value>,
    /// The model that answered.
    pub model: Option<String>,
    /// Tokens, where told.
    pub tokens: Option<Tokens>,
    /// Tokens by what they cost, where told.
    pub usage: Option<Usage>,
    /// Whether tokens and cost are the sum that the program told at its end; else they are the least that it took.
    pub is_counted: bool,
    /// Requests to the model, where each is told.
    pub requests: u64,
    /// Cost in US dollars, where told.
    pub usd: Option<f64>,
    /// Tools it called.
    pub tool_calls: ToolCalls,
    /// It called no tool that could have read the change, which is in a file.
    pub read_nothing: bool,
    /// Why this is no review; `None` where it may be one.
    pub failure: Option<Failure>,
    /// Whether it is proven that the answer is all of it.
    pub complete: bool,
    /// Lines of its output that were no events, at most twenty.
    pub diagnostics: Vec<String>,
}

/// Reads a whole stream at once.
pub fn read_stream(adapter: &Adapter, stdout: &[u8], end: &ProcessEnd) -> AgentAnswer {
    let mut reader = StreamReader::new(adapter);
    reader.feed(stdout);
    reader.finish(end)
}

impl AgentAnswer {
    pub(crate) fn conclude(adapter: &Adapter, state: State, end: &ProcessEnd) -> Self {
        let (text, marked) = without_end_mark(&state.text);
        let whole = marked || state.structured.is_some() || holds_whole_json(&text);
        let proven = state.complete && (adapter.stream.proof == Proof::Event || whole);
        let failure = failure(adapter, &state, &text, proven, end);
        let is_counted = state.figures.is_final(state.complete);
        let tells_tools = adapter.stream.rule.iter().any(|rule| rule.tool.is_some());
        let read_nothing = tells_tools && state.tools.total() < least_calls(adapter);
        Self {
            complete: proven && failure.is_none(),
            tokens: state.figures.tokens(),
            usage: state.figures.usage(),
            is_counted,
            requests: state.figures.requests(),
            text: match &state.structured {
                Some(value) if text.trim().is_empty() => value.to_string(),
                _ => text,
            },
            structured: state.structured,
            model: state.model,
            usd: state.figures.usd().filter(|_| is_counted),
            tool_calls: state.tools,
            read_nothing,
            failure,
            diagnostics: state.diagnostics,
        }
    }
}

/// Why this is no review. The order matters: what ended it comes before what its end looks like.
fn failure(adapter: &Adapter, state: &State, text: &str, proven: bool, end: &ProcessEnd) -> Option<Failure> {
    if let Some(failure) = &state.ended_for {
        return Some(failure.clone());
    }
    if let Some(told) = &state.failed {
        let told = Told { exit: end.exit.filter(|_| !end.stopped), ..told.clone() };
        return Some(classify(adapter, &told, otherwise(&told)));
    }
    if !end.stopped && (end.exit != Some(0) || end.signal.is_some()) {
        return Some(died(adapter, state, end));
    }
    let incomplete = |message: &str| {
        Some(Failure { class: FailureClass::Incomplete, message: message.to_owned(), retry_after_ms: None })
    };
    if !state.complete {
        if let Some(told) = &state.last_retry {
            return Some(classify(adapter, told, FailureClass::Transient));
        }
        return incomplete("its output ends without a result");
    }
    if state.blocked > 0 && state.blocked >= state.tools.total() {
        let message = format!("its own sandbox could not start, so it read nothing: {}", state.blocked_by);
        return Some(Failure {
            class: FailureClass::Sandbox,
            message: sentence(&message),
            retry_after_ms: None,
        });
    }
    if text.trim().is_empty() && state.structured.is_none() {
        return incomplete("its answer is empty");
    }
    if !proven {
        return incomplete(
            "its answer has neither a whole JSON document nor the end mark: it may have been cut",
        );
    }
    None
}

/// The class of a failure event that no case covers: by an HTTP status as its code, else unknown trouble on the way.
fn otherwise(told: &Told) -> FailureClass {
    match told.codes.iter().find_map(|code| code.parse::<u16>().ok()) {
        Some(401 | 403) => FailureClass::Auth,
        Some(402) => FailureClass::Quota,
        Some(404) => FailureClass::Configuration,
        Some(413) => FailureClass::ContextTooLong,
        Some(429) => FailureClass::RateLimit,
        Some(503 | 529) => FailureClass::Overload,
        _ => FailureClass::Transient,
    }
}

/// It ended badly without an event that says why.
fn died(adapter: &Adapter, state: &State, end: &ProcessEnd) -> Failure {
    let said: Vec<&str> = end.stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = said.iter().rev().take(12).rev().copied().collect::<Vec<_>>().join(" ");
    let message = match (&state.last_retry, last.is_empty(), state.diagnostics.last()) {
        (Some(told), _, _) => told.message.clone(),
        (None, false, _) => last,
        (None, true, Some(line)) => line.clone(),
        (None, true, None) => match (end.exit, end.signal) {
            (Some(code), _) => format!("exited with code {code} and said nothing"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended in an unknown way".to_owned(),
        },
    };
    let codes = state.last_retry.as_ref().map(|told| told.codes.clone()).unwrap_or_default();
    classify(adapter, &Told { exit: end.exit, codes, message }, FailureClass::Crash)
}

/// The text before its end mark, and whether it had one. Only the last line counts: a review may quote the mark.
pub(crate) fn without_end_mark(text: &str) -> (String, bool) {
    let body = text.trim_end();
    match body.strip_suffix(END_MARK) {
        Some(rest) => (rest.trim_end().to_owned() + "\n", true),
        None => (text.to_owned(), false),
    }
}

/// Whether the text holds a whole review document: an object at the beginning of a line whose braces close. Looser than
/// JSON on purpose: trailing commas are forgiven when the answer is read, and do not mean that it was cut.
fn holds_whole_json(text: &str) -> bool {
    let mut at = 0;
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |found| at + found + 1);
        if text[at..].starts_with('{') {
            let Some(close) = closing_brace(&text[at..]) else { return false };
            let object = &text[at..=at + close];
            if object.contains("\"schema\"") || object.contains("\"findings\"") {
                return true;
            }
            at += close + 1;
        } else {
            at = line_end;
        }
    }
    false
}

/// Where the brace closes that opens the text.
fn closing_brace(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mark_at_the_end_ends_an_answer() {
        assert_eq!(without_end_mark("a\n\n<!-- end of review -->\n"), ("a\n".to_owned(), true));
        let quoted = "says `<!-- end of review -->` early\nand goes on";
        assert_eq!(without_end_mark(quoted), (quoted.to_owned(), false));
    }

    #[test]
    fn a_whole_document_is_told_from_a_cut_one() {
        let whole = "Here it is:\n```json\n{\"schema\": \"deep-review/review/v1\", \"findings\": [{\"id\": \"I1\"}]}\n```\n";
        assert!(holds_whole_json(whole));
        for cut in (30..whole.len() - 5).step_by(7) {
            assert!(!holds_whole_json(&whole[..cut]), "{}", &whole[..cut]);
        }
        assert!(!holds_whole_json("{\"other\": 1}"));
        assert!(holds_whole_json("{\"note\": \"}\"}\n{\"findings\": [{\"title\": \"a { b\"},],}"));
    }
}
