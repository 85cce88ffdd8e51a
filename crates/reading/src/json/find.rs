//! Finds the review document in whatever was printed around it.
//!
//! In: a text. Out: the documents that look like a review, in the order of the text. Looks inside JSON strings and
//! wrapper objects. Never scans a text more than a few times, however many braces it holds.

use model::ParsedAs;

use super::form::FINDINGS;
use super::lenient::{self, Node, Parsed};
use super::{elements, fields, yaml};

/// Wrappers inside wrappers that are opened.
const MAX_WRAPPERS: usize = 6;

/// A document that looks like a review.
#[derive(Debug)]
pub(crate) struct Found {
    /// The object.
    pub(crate) node: Node,
    /// Bytes of the text it takes; of the wrapper where it stood in a string.
    pub(crate) span: (usize, usize),
    /// True where it stood in a string, so that its own spans do not point into the text.
    pub(crate) inside_string: bool,
    /// True where the text breaks off inside.
    pub(crate) truncated: bool,
    /// Departures from JSON with their bytes.
    pub(crate) forgiven: Vec<(&'static str, usize)>,
    /// True where it carries the name of our schema.
    pub(crate) named: bool,
}

/// What the search saw.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// Documents that look like a review.
    pub(crate) found: Vec<Found>,
    /// The text of a wrapper's answer that is no JSON: Markdown inside `{"result": "…"}`.
    pub(crate) answer: Option<(String, (usize, usize))>,
    /// True where the search was given up before the end.
    pub(crate) cut: bool,
    /// An error that a wrapper object reports.
    pub(crate) error: Option<String>,
}

/// Searches a text.
pub(crate) fn search(text: &str) -> Search {
    let mut search = Search::default();
    let bytes = text.as_bytes();
    // Reading from a brace costs as much as the value is long; a text full of braces must not cost its square.
    let mut budget = text.len().saturating_mul(4) + 4096;
    let mut at = 0;
    while let Some(open) = next_opening(bytes, at) {
        if !promising(bytes, open) {
            at = open + 1;
            continue;
        }
        if budget == 0 {
            search.cut = true;
            break;
        }
        match lenient::parse(text, open) {
            Ok(parsed) => {
                budget = budget.saturating_sub(parsed.end - open);
                let end = parsed.end.max(open + 1);
                let before = search.found.len();
                let broken = parsed.truncated;
                take(parsed, (open, end), &mut search);
                // A brace of prose swallows the rest of the text; go on right behind it.
                at = if broken && search.found.len() == before { open + 1 } else { end };
            }
            Err(cost) => {
                budget = budget.saturating_sub(cost + 1);
                at = open + 1;
            }
        }
    }
    search
}

/// Searches a text without JSON for a review in YAML or in tags. One that is not most of the text is something that the text
/// tells of.
pub(crate) fn search_besides(text: &str) -> (Search, ParsedAs) {
    let mut search = Search::default();
    for document in yaml::documents(text) {
        let forgiven = document.lost.map(|at| ("a line that belongs to nothing was left out", at));
        let forgiven = forgiven.into_iter().collect();
        let setting =
            Setting { span: document.span, inside_string: false, truncated: document.open, forgiven };
        besides(document.node, setting, text, &mut search);
    }
    if !search.found.is_empty() {
        return (search, ParsedAs::Yaml);
    }
    if let Some((node, span)) = elements::document(text) {
        let setting = Setting { span, inside_string: false, truncated: false, forgiven: Vec::new() };
        besides(node, setting, text, &mut search);
    }
    (search, ParsedAs::Tags)
}

fn besides(node: Node, setting: Setting, text: &str, search: &mut Search) {
    let (from, to) = setting.span;
    if (to - from) * 2 >= text.trim().len() {
        let mut own = Search::default();
        unwrap(node, setting, 0, &mut own);
        search.found.extend(own.found.into_iter().filter(|found| is_listed(&found.node)));
    }
}

/// True where findings are listed and one names a place, or none is listed and something else is said: lines of prose with a
/// colon, and tags of another language, are no review.
fn is_listed(node: &Node) -> bool {
    let Some(items) = FINDINGS.iter().find_map(|name| node.get(name)).and_then(Node::list) else {
        return false;
    };
    items.is_empty() || items.iter().any(|item| is_finding(item) && fields::has_place(item))
}

fn next_opening(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| matches!(byte, b'{' | b'[')).map(|at| at + from)
}

/// True where what follows an opening bracket can be JSON at all.
fn promising(bytes: &[u8], open: usize) -> bool {
    let mut at = open + 1;
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    match (bytes[open], bytes.get(at)) {
        (b'{', Some(b'"' | b'\'' | b'}' | b'/')) | (b'[', Some(b'{' | b'/')) => true,
        (b'{', Some(byte)) => byte.is_ascii_alphabetic() || *byte == b'_',
        _ => false,
    }
}

fn take(parsed: Parsed, span: (usize, usize), search: &mut Search) {
    let Parsed { node, truncated, forgiven, .. } = parsed;
    unwrap(node, Setting { span, inside_string: false, truncated, forgiven }, 0, search);
}

struct Setting {
    span: (usize, usize),
    inside_string: bool,
    truncated: bool,
    forgiven: Vec<(&'static str, usize)>,
}

fn unwrap(node: Node, setting: Setting, depth: usize, search: &mut Search) {
    let named = node
        .get("schema")
        .and_then(Node::text)
        .is_some_and(|schema| schema.starts_with("deep-review/review"));
    if named || is_review(&node) {
        let Setting { span, inside_string, truncated, forgiven } = setting;
        search.found.push(Found { node, span, inside_string, truncated, forgiven, named });
        return;
    }
    if let Node::List(items) = &node
        && !items.is_empty()
        && items.iter().all(is_finding)
    {
        let whole = Node::Object(vec![("findings".to_owned(), node)], setting.span);
        let Setting { span, inside_string, truncated, forgiven } = setting;
        search.found.push(Found { node: whole, span, inside_string, truncated, forgiven, named: false });
        return;
    }
    if depth < MAX_WRAPPERS {
        open_wrapper(node, &setting, depth, search);
    }
}

/// Names under which programs put the answer of a model.
const ANSWERS: [&str; 16] = [
    "result",
    "response",
    "review",
    "answer",
    "output",
    "text",
    "content",
    "message",
    "completion",
    "data",
    "structured_output",
    "choices",
    "candidates",
    "parts",
    "final",
    "delta",
];

fn open_wrapper(node: Node, setting: &Setting, depth: usize, search: &mut Search) {
    if node.get("is_error").is_some_and(|flag| *flag == Node::Plain(serde_json::Value::Bool(true)))
        || node.get("error").is_some()
    {
        let said = node.get("error").or_else(|| node.get("result")).map(said);
        search.error = said.filter(|said| !said.is_empty() && said != "null").or(search.error.take());
    }
    let parts: Vec<Node> = match node {
        Node::Object(fields, _) => {
            let mut parts: Vec<(usize, Node)> = fields
                .into_iter()
                .filter_map(|(name, value)| {
                    ANSWERS.iter().position(|answer| *answer == name).map(|rank| (rank, value))
                })
                .collect();
            parts.sort_by_key(|(rank, _)| *rank);
            parts.into_iter().map(|(_, value)| value).collect()
        }
        Node::List(items) => items,
        _ => return,
    };
    for part in parts {
        match part {
            Node::Text(text) => answer(text, setting, search),
            part @ (Node::Object(..) | Node::List(_)) => {
                let inner = Setting {
                    span: setting.span,
                    inside_string: setting.inside_string,
                    truncated: setting.truncated,
                    forgiven: Vec::new(),
                };
                unwrap(part, inner, depth + 1, search);
            }
            Node::Plain(_) => {}
        }
    }
}

/// The answer of a wrapper: JSON inside a string, or prose.
fn answer(text: String, setting: &Setting, search: &mut Search) {
    let trimmed = text.trim_start();
    let json = trimmed.starts_with(['{', '['])
        || trimmed.contains("```json")
        || trimmed.contains("deep-review/review");
    let before = search.found.len();
    if json && !setting.inside_string {
        let inner = self::search(&text);
        for mut found in inner.found {
            found.span = setting.span;
            found.inside_string = true;
            found.truncated |= setting.truncated;
            search.found.push(found);
        }
    }
    let longer = search.answer.as_ref().is_none_or(|(known, _)| known.len() < text.len());
    if search.found.len() == before && longer && text.trim().len() > 1 {
        search.answer = Some((text, setting.span));
    }
}

fn said(node: &Node) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::Object(..) => node.get("message").map(said).unwrap_or_default(),
        Node::Plain(value) => value.to_string(),
        Node::List(_) => String::new(),
    }
}

/// An object with findings, or with several of the other parts of a review.
fn is_review(node: &Node) -> bool {
    let Node::Object(fields, _) = node else { return false };
    let findings = FINDINGS.iter().find_map(|name| node.get(name));
    if let Some(items) = findings.and_then(Node::list) {
        let other = fields.iter().filter(|(name, _)| is_part(name)).count();
        return if items.is_empty() { other >= 1 || fields.len() == 1 } else { items.iter().any(is_finding) };
    }
    fields.iter().filter(|(name, _)| is_part(name)).count() >= 3
}

fn is_part(name: &str) -> bool {
    matches!(
        name,
        "schema"
            | "summary"
            | "verdict"
            | "design"
            | "testing"
            | "docs"
            | "commits"
            | "limitations"
            | "prior"
            | "coverage"
            | "canary"
            | "overall_correctness"
            | "overall_explanation"
            | "overall_confidence_score"
    )
}

/// Fields of which an object that says what is wrong has one.
const SAYS: [&str; 11] = [
    "title",
    "headline",
    "problem",
    "description",
    "message",
    "issue",
    "body",
    "summary",
    "issue_header",
    "issue_content",
    "suggestion_content",
];

/// An object that says what is wrong.
fn is_finding(node: &Node) -> bool {
    SAYS.iter().any(|name| node.get(name).and_then(Node::text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_found_behind_prose_and_in_a_fence() {
        let text = "Here is my review {of sorts}:\n```json\n{\"findings\": [{\"title\": \"A\"}], \"summary\": \"s\"}\n```\nDone.";
        let search = search(text);
        assert_eq!(search.found.len(), 1);
        assert!(text[search.found[0].span.0..].starts_with("{\"findings\""));
    }

    #[test]
    fn a_document_inside_a_string_of_a_wrapper_is_found() {
        let inner = r#"{"schema":"deep-review/review/v1","findings":[]}"#;
        let text = serde_json::json!({"type": "result", "is_error": false, "result": inner}).to_string();
        let search = search(&text);
        assert!(search.found.first().is_some_and(|found| found.inside_string && found.named));
    }

    #[test]
    fn prose_inside_a_wrapper_is_handed_on() {
        let text = r###"{"type":"result","result":"## Findings\n\nNone."}"###;
        assert_eq!(search(text).answer.map(|answer| answer.0).as_deref(), Some("## Findings\n\nNone."));
    }

    #[test]
    fn other_json_is_not_a_review() {
        for text in [r#"{"name": "x", "version": "1"}"#, r#"{"findings": 3}"#, "[1, 2]", "{}"] {
            assert!(search(text).found.is_empty(), "{text}");
        }
    }
}
