//! Small readers for values of uncertain type.
//!
//! In: a JSON value. Out: text, a number, a list, or nothing. Never complains: the caller notes what is missing.

use model::{DesignScope, Kind, RawLocation, Severity, Side};
use serde_json::Value;

use super::lenient::Node;
use crate::location::{self, Paths};
use crate::words;

/// The first of several names.
pub(crate) fn any<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    names.iter().find_map(|name| node.get(name)).filter(|value| **value != Node::Plain(Value::Null))
}

/// A text: a string, a number, a truth value, or the lines of a list of strings.
pub(crate) fn text(node: &Node) -> Option<String> {
    let text = match node {
        Node::Text(text) => text.trim().to_owned(),
        Node::Plain(Value::Null) | Node::Object(..) => return None,
        Node::Plain(value) => value.to_string(),
        Node::List(items) => items.iter().filter_map(Node::text).collect::<Vec<_>>().join("\n"),
    };
    (!text.is_empty()).then_some(text)
}

/// The text of the first of several names.
pub(crate) fn text_at(node: &Node, names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| node.get(name)).find_map(text)
}

/// A line number: positive, as number or text.
pub(crate) fn number(node: &Node) -> Option<u32> {
    match node {
        Node::Plain(Value::Number(number)) => {
            let whole = number
                .as_u64()
                .or_else(|| number.as_f64().filter(|float| *float >= 1.0).map(|float| float as u64));
            whole.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0)
        }
        Node::Text(text) => {
            text.trim().trim_start_matches(['L', 'l']).parse().ok().filter(|value| *value > 0)
        }
        _ => None,
    }
}

/// The first number of several names.
pub(crate) fn number_at(node: &Node, names: &[&str]) -> Option<u32> {
    names.iter().filter_map(|name| node.get(name)).find_map(number)
}

/// A truth value.
pub(crate) fn flag(node: &Node, name: &str) -> bool {
    match node.get(name) {
        Some(Node::Plain(Value::Bool(flag))) => *flag,
        Some(Node::Text(text)) => matches!(text.to_lowercase().as_str(), "true" | "yes"),
        _ => false,
    }
}

/// A severity, from a word or from a number that counts from 0 (worst), with the word.
pub(crate) fn severity(node: &Node) -> Option<(Option<Severity>, String)> {
    let word = match node {
        Node::Plain(Value::Number(number)) => format!("p{number}"),
        _ => text(node)?,
    };
    let lower = word.to_lowercase();
    Some((words::severity(lower.trim_matches(['[', ']', '*', ' '])), word))
}

/// A kind.
pub(crate) fn kind(node: &Node) -> Option<Kind> {
    words::kind(&text(node)?.to_lowercase())
}

/// A scope.
pub(crate) fn scope(node: &Node) -> Option<DesignScope> {
    words::scope(&text(node)?.to_lowercase())
}

/// A side of the change.
fn side(node: &Node) -> Option<Side> {
    match text(node)?.to_lowercase().as_str() {
        "head" | "new" | "right" | "after" => Some(Side::Head),
        "base" | "old" | "left" | "before" => Some(Side::Base),
        _ => None,
    }
}

const PATHS: [&str; 9] = [
    "path",
    "file",
    "filename",
    "file_path",
    "absolute_file_path",
    "filepath",
    "uri",
    "relative_path",
    "relevant_file",
];
const LINES: [&str; 5] = ["lines", "line_range", "range", "line_numbers", "region"];

/// Places: a list, one object, or texts such as `a.go:10-14`.
pub(crate) fn locations(node: &Node, paths: Paths<'_>, unread: &mut Vec<String>) -> Vec<RawLocation> {
    match node {
        Node::List(items) => items.iter().flat_map(|item| locations(item, paths, unread)).collect(),
        Node::Text(text) => location::places(text, true, paths).unwrap_or_else(|| {
            unread.push(text.clone());
            Vec::new()
        }),
        Node::Object(..) => location_of(node, paths).map_or_else(
            || {
                unread.push("an object without a path".to_owned());
                Vec::new()
            },
            |place| vec![place],
        ),
        Node::Plain(_) => Vec::new(),
    }
}

/// True where an object names a file, or has a field for places.
pub(crate) fn has_place(node: &Node) -> bool {
    text_at(node, &PATHS).is_some() || any(node, &["location", "locations", "code_location"]).is_some()
}

/// A place in an object: its own fields, however they are called.
pub(crate) fn location_of(node: &Node, paths: Paths<'_>) -> Option<RawLocation> {
    let written = text_at(node, &PATHS)?;
    let read = location::places(&written, true, paths)
        .and_then(|mut found| (found.len() == 1).then(|| found.remove(0)));
    let mut place = read
        .unwrap_or_else(|| RawLocation { path: location::plain(&written, paths), ..RawLocation::default() });
    let (from, to) = any(node, &LINES).map_or((None, None), lines);
    place.start = number_at(
        node,
        &[
            "start",
            "line",
            "start_line",
            "line_start",
            "from",
            "line_number",
            "lineno",
            "begin_line",
            "begin",
        ],
    )
    .or(from)
    .or(place.start);
    place.end = number_at(node, &["end", "end_line", "line_end", "to", "end_line_number"])
        .or(to)
        .or(place.end)
        .or(place.start);
    if let Some(Node::Text(range)) = any(node, &["line", "start"])
        && place.start.is_none()
        && let Some((start, end)) = location::range(range)
    {
        (place.start, place.end) = (Some(start), Some(end));
    }
    if let (Some(start), Some(end)) = (place.start, place.end) {
        place.end = Some(end.max(start));
    }
    place.quote = any(node, &["quote", "snippet", "code", "excerpt", "existing_code"])
        .and_then(Node::text)
        .map(str::to_owned);
    place.symbol = text_at(node, &["symbol", "function"]);
    place.role = text_at(node, &["role"]).map(|role| role.to_lowercase());
    place.side = node.get("side").and_then(side);
    Some(place)
}

/// `"10-14"`, `[10, 14]`, `{"start": 10, "end": 14}`, `10`.
fn lines(node: &Node) -> (Option<u32>, Option<u32>) {
    match node {
        Node::Text(text) => {
            location::range(text).map_or((None, None), |(start, end)| (Some(start), Some(end)))
        }
        Node::List(items) => (items.first().and_then(number), items.last().and_then(number)),
        Node::Object(..) => (
            number_at(node, &["start", "start_line", "from", "begin"]),
            number_at(node, &["end", "end_line", "to"]),
        ),
        Node::Plain(_) => (number(node), number(node)),
    }
}
