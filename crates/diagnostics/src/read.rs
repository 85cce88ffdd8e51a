//! One output of a tool, from text to reading.
//!
//! In: a text and its format. Out: a [`Reading`]. Never fails: what is not of the format is a note, and the state says whether
//! the text is an answer at all. A tool that says it failed is never a tool that found nothing.

use model::{ParsedAs, Reading, ReadingState};
use serde_json::Value;

use crate::draft::Draft;
use crate::places::{Roots, settle};
use crate::shape::{self, Shape};
use crate::{Format, cargo, checkstyle, github, lines, rdformat, sarif, shapes};

/// More bytes than this are not one tool's output about one change.
const MOST: usize = 64 << 20;

/// Reads what a tool wrote.
pub fn read(text: &str, format: Format, roots: Roots<'_>) -> Reading {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut draft = Draft::default();
    let understood = if text.len() > MOST {
        Err(format!("it is longer than {} MiB", MOST >> 20))
    } else {
        fill(text, format, &mut draft)
    };
    draft.close();
    settle(&mut draft, roots);
    reading(draft, understood, format)
}

fn fill(text: &str, format: Format, draft: &mut Draft) -> Result<(), String> {
    match format {
        Format::Checkstyle => checkstyle::read(text, draft),
        Format::Github => github::read(text, draft),
        Format::Tsc | Format::Yamllint | Format::Text => lines::read(text, format, draft),
        Format::Cargo => cargo::read(text, draft),
        Format::Rdjson => rdformat::read(text, draft),
        Format::Sarif => sarif::read(&json(text)?, draft),
        other => {
            let shape = shapes::of(other).ok_or("its format is not known")?;
            shape::read(text, shape, draft)
        }
    }
}

/// A JSON document. Its depth is bounded by the parser.
pub(crate) fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no JSON document: {error}"))
}

fn reading(draft: Draft, understood: Result<(), String>, format: Format) -> Reading {
    let Draft { tools, findings, mut notes, failed, .. } = draft;
    let who = if tools.is_empty() { format.title().to_owned() } else { tools.join(", ") };
    let why = understood.err().map(|why| format!("not read as {}: {why}", format.title()));
    let state = match why.or(failed) {
        Some(why) if findings.is_empty() => ReadingState::UnableToReview { why },
        Some(why) => {
            notes.push(model::Note { line: 0, text: why });
            ReadingState::Reviewed
        }
        None => ReadingState::Reviewed,
    };
    let count = match findings.len() {
        0 => "no diagnostics".to_owned(),
        1 => "one diagnostic".to_owned(),
        many => format!("{many} diagnostics"),
    };
    fold_notes(&mut notes);
    Reading {
        summary: matches!(state, ReadingState::Reviewed).then(|| format!("{who}: {count}.")),
        state,
        parsed_as: ParsedAs::Tool,
        findings,
        notes,
        ..Reading::default()
    }
}

/// The same note a thousand times says no more than once and a count.
fn fold_notes(notes: &mut Vec<model::Note>) {
    let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    notes.retain(|note| {
        let count = counts.entry(note.text.clone()).or_insert(0);
        *count += 1;
        *count == 1
    });
    for note in notes {
        let more = counts.get(&note.text).copied().unwrap_or(1) - 1;
        if more > 0 {
            note.text = format!("{} ({more} times more)", note.text);
        }
    }
}

/// What format a text is of, where it is plainly of one: the whole text, by what only that format has.
pub fn detect(text: &str) -> Option<Format> {
    let text = text.trim_start_matches('\u{feff}').trim();
    match text.as_bytes().first()? {
        b'<' => checkstyle::is_it(text).then_some(Format::Checkstyle),
        b'{' | b'[' => detect_json(text),
        _ if github::is_it(text) => Some(Format::Github),
        _ => lines::detect(text),
    }
}

/// The name of the schema that reviewers are asked for.
const REVIEW: &[u8] = b"deep-review/review/v1";

fn detect_json(text: &str) -> Option<Format> {
    // Most answers of reviewers say at once what they are.
    if text.as_bytes()[..text.len().min(4096)].windows(REVIEW.len()).any(|part| part == REVIEW) {
        return None;
    }
    // One document, or one a line: the first line tells.
    let first = text.split_once('\n').and_then(|(first, _)| serde_json::from_str::<Value>(first).ok());
    let (value, by_line) = match first {
        Some(value) => (value, true),
        None => (serde_json::from_str::<Value>(text).ok()?, false),
    };
    if !by_line && value.get("runs").is_some_and(Value::is_array) {
        let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
        let schema = value.get("$schema").and_then(Value::as_str).unwrap_or_default();
        return (version.starts_with("2.") || schema.contains("sarif")).then_some(Format::Sarif);
    }
    if cargo::is_it(&value) {
        return Some(Format::Cargo);
    }
    if rdformat::is_it(&value) {
        return Some(Format::Rdjson);
    }
    let fits = |shape: &&Shape| shape.is_lines() == by_line || !by_line;
    shapes::all().filter(fits).find(|shape| shape.is_it(&value)).map(|shape| shape.format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str, format: Format) -> Reading {
        read(text, format, Roots::default())
    }

    #[test]
    fn what_is_not_of_the_format_is_no_answer_and_says_why() {
        for format in Format::ALL {
            for text in ["", "no findings", "{", "[1", "<x", "\u{0}", "[[[["] {
                let reading = read_as(text, *format);
                let failed = matches!(reading.state, ReadingState::UnableToReview { .. });
                let silent = text.is_empty() && may_be_silent(*format);
                assert!(failed || silent, "{format:?} {text:?} {reading:?}");
            }
        }
    }

    /// Formats of lines: nothing to say is no line at all.
    fn may_be_silent(format: Format) -> bool {
        use Format::{Cargo, Github, Govet, Mypy, Rdjson, Staticcheck, Text, Tsc, Yamllint};
        matches!(format, Cargo | Github | Govet | Mypy | Rdjson | Staticcheck | Text | Tsc | Yamllint)
    }

    #[test]
    fn depth_and_odd_types_do_no_harm() {
        let deep = "[".repeat(100_000);
        let objects = "{\"runs\":".repeat(50_000);
        let odd = [
            r#"{"version":"2.1.0","runs":[null,1,"x",{"results":{"a":1}},{"results":[null,3,[],{}]}]}"#,
            r#"[{"filePath":1,"messages":[null,{"line":-3,"message":{}}]}]"#,
            r#"{"diagnostics":[{"message":1,"location":[]}]}"#,
            r#"{"reason":"compiler-message","message":{"spans":[{}],"message":null}}"#,
        ];
        for format in Format::ALL {
            for text in odd.iter().copied().chain([deep.as_str(), objects.as_str()]) {
                read_as(text, *format);
                detect(text);
            }
        }
    }

    #[test]
    fn reviews_are_not_taken_for_the_output_of_a_tool() {
        for text in [
            "# Review\n\nI1. **It breaks** — `a.rs:3`\n",
            r#"{"schema":"deep-review/review/v1","findings":[{"title":"x","locations":[]}]}"#,
            r#"[{"title":"x","file":"a.rs","line":3,"message":"m","severity":"high"}]"#,
            r#"{"findings":[],"summary":"fine"}"#,
            "a.rs:3: error: this is one line of a review\n\nAnd here it goes on in prose.\nAnd on.\n",
            "",
        ] {
            assert_eq!(detect(text), None, "{text}");
        }
    }
}
