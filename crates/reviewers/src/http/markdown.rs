//! A review document written out as Markdown.
//!
//! In: a document as a model wrote it, perhaps with other types than asked for. Out: text in the form that readers of reviews
//! understand. Whatever has no place of its own there follows as it was, so nothing is lost.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Fields with a place of their own.
const PLACED: &[&str] = &["schema", "canary", "summary", "verdict", "findings"];

/// Writes a document out.
pub(super) fn written_out(document: &Map<String, Value>) -> String {
    let mut out = String::new();
    let text = |field: &str| document.get(field).and_then(Value::as_str).unwrap_or_default();
    for paragraph in [indented(text("canary")), text("summary").to_owned()] {
        if !paragraph.trim().is_empty() {
            let _ = write!(out, "{paragraph}\n\n");
        }
    }
    let findings = document.get("findings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !findings.is_empty() {
        out.push_str("## Findings\n\n");
    }
    for (at, finding) in findings.iter().enumerate() {
        write_finding(&mut out, at, finding);
    }
    if !text("verdict").is_empty() {
        let _ = write!(out, "## Verdict\n\n{}\n\n", text("verdict"));
    }
    for (field, value) in document.iter().filter(|(field, _)| !PLACED.contains(&field.as_str())) {
        let _ = write!(out, "## {field}\n\n{}\n\n", list(value));
    }
    out
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("    {line}") }
}

fn write_finding(out: &mut String, at: usize, finding: &Value) {
    let of = |field: &str| finding[field].as_str().unwrap_or_default();
    let id = if of("id").is_empty() { format!("I{}", at + 1) } else { of("id").to_owned() };
    let tags: Vec<&str> = [of("severity"), of("kind")].into_iter().filter(|tag| !tag.is_empty()).collect();
    let tags = if tags.is_empty() { String::new() } else { format!("[{}] ", tags.join(", ")) };
    let _ = write!(out, "### {id}. {tags}{}\n\n", one_line(of("title")));
    for place in finding["locations"].as_array().into_iter().flatten() {
        let lines = match (place["start"].as_u64(), place["end"].as_u64()) {
            (Some(start), Some(end)) => format!(":{start}-{end}"),
            (Some(start), None) => format!(":{start}"),
            _ => String::new(),
        };
        let _ = write!(out, "`{}{lines}`\n\n", one_line(place["path"].as_str().unwrap_or_default()));
        write_fenced(out, "", place["quote"].as_str().unwrap_or_default());
    }
    let _ = write!(out, "{}\n\n", of("problem"));
    for (name, value) in finding["scenario"].as_object().into_iter().flatten() {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            let _ = write!(out, "**{name}**: {text}\n\n");
        }
    }
    if let Some(text) =
        finding["fix"]["text"].as_str().or(finding["fix"].as_str()).filter(|text| !text.is_empty())
    {
        let _ = write!(out, "**Fix**: {text}\n\n");
    }
    write_fenced(out, "diff", finding["fix"]["patch"].as_str().unwrap_or_default());
}

fn write_fenced(out: &mut String, language: &str, text: &str) {
    if !text.trim().is_empty() {
        let fence = super::ask::fence(text);
        let _ = write!(out, "{fence}{language}\n{}\n{fence}\n\n", text.trim_end_matches('\n'));
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Anything else as nested bullets.
fn list(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().fold(String::new(), |mut lines, item| {
            let _ = writeln!(lines, "- {}", in_a_line(item));
            lines
        }),
        other => in_a_line(other),
    }
}

fn in_a_line(value: &Value) -> String {
    match value {
        Value::String(text) => one_line(text),
        Value::Object(fields) => {
            let each = fields.iter().filter(|(_, value)| !value.is_null());
            each.map(|(name, value)| format!("{name}: {}", in_a_line(value))).collect::<Vec<_>>().join("; ")
        }
        Value::Array(items) => items.iter().map(in_a_line).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
