//! The report as `report.json`.
//!
//! In: a [`Report`]. Out: one pretty-printed JSON document in field order, with a final newline. Never changes a
//! value: characters that would act on a terminal are written as `\u` escapes, which every reader undoes.

use model::Report;

use crate::safe::is_unsafe;

/// Writes the report as `deep-review/report/v1`.
pub fn json(report: &Report) -> String {
    let text = serde_json::to_string_pretty(report).expect("a report is plain data with text keys");
    inert(text)
}

/// Escapes what JSON allows raw but a terminal or a reader's eye does not bear, and ends the last line.
pub(crate) fn inert(mut text: String) -> String {
    text.push('\n');
    if !text.chars().any(needs_escape) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if needs_escape(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                put!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Outside strings JSON has no such characters, so escaping them wherever they stand is safe.
fn needs_escape(c: char) -> bool {
    c != '\n' && is_unsafe(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_document_reads_back_as_the_same_value() {
        let report = sample::report();
        let text = json(&report);
        let back: Report = serde_json::from_str(&text).expect("our own JSON reads back");
        assert_eq!(back, report);
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn hostile_characters_are_escaped_and_keep_their_value() {
        let text = json(&sample::report());
        assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)));
        assert!(text.contains("\\u202e"));
    }

    #[test]
    fn the_first_field_is_the_schema() {
        assert!(json(&sample::report()).starts_with("{\n  \"schema\": \"deep-review/report/v1\","));
    }
}
