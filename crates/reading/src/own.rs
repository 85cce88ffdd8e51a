//! What of a text are the reviewer's own words.
//!
//! In: an answer, and the instructions it was given where they are known. Out: the answer with everything else blanked out: a
//! model's open reasoning, and passages of its instructions that were printed back. Every byte keeps its place, so lines and
//! spans stay right. Never blanks what a reviewer may have said itself: a passage must be long and the same to the letter.

use std::borrow::Cow;
use std::collections::HashMap;

/// Lines of a passage that is taken for a copy of the instructions; a shorter one may be a quote.
const LINES: usize = 6;
/// And its letters: six braces are no passage.
const LETTERS: usize = 160;
/// A line that stands in the instructions more often than this is no place to begin a comparison.
const OFTEN: usize = 4;

/// The text without reasoning and copied instructions, and whether there was any of each.
#[derive(Debug)]
pub(crate) struct Own<'t> {
    pub(crate) text: Cow<'t, str>,
    /// Open reasoning was blanked.
    pub(crate) reasoned: bool,
    /// The reasoning never ends.
    pub(crate) unfinished: bool,
    /// A passage of the instructions was blanked.
    pub(crate) repeated: bool,
}

/// Looks for the reviewer's own words.
pub(crate) fn words<'t>(text: &'t str, instructions: Option<&str>) -> Own<'t> {
    let mut own = Own { text: Cow::Borrowed(text), reasoned: false, unfinished: false, repeated: false };
    if let Some((from, to, ended)) = reasoning(text) {
        own.text = blank(text, &[(from, to)]).into();
        (own.reasoned, own.unfinished) = (true, !ended);
    }
    if let Some(instructions) = instructions {
        let copies = copies(&own.text, instructions);
        if !copies.is_empty() {
            own.text = blank(&own.text, &copies).into();
            own.repeated = true;
        }
    }
    own
}

/// Blanks out parts of a text; line ends stay.
pub(crate) fn blank(text: &str, spans: &[(usize, usize)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (from, to) in spans {
        for byte in &mut bytes[*from..*to] {
            if !matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    // Spans begin and end between characters, so what is left is text.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A part of a text with the fence around it, where it has one to itself.
pub(crate) fn with_fence(text: &str, span: (usize, usize)) -> (usize, usize) {
    let before = text[..span.0].trim_end();
    let open = before.rfind('\n').map_or(0, |at| at + 1);
    let behind = text[span.1..].len() - text[span.1..].trim_start().len() + span.1;
    let close = text[behind..].find('\n').map_or(text.len(), |at| behind + at);
    let is_fenced =
        before[open..].trim_start().starts_with("```") && text[behind..close].trim().starts_with("```");
    if is_fenced { (open, close) } else { span }
}

/// Names of the marks that models put around their reasoning.
const MARKS: [&str; 4] = ["think", "thinking", "reasoning", "thought"];
/// Servers are known to swallow the first of these two: to them it belongs to the question.
const SWALLOWED: (&str, &str) = ("<think>", "</think>");

/// Reasoning at the beginning of an answer: its bytes, and whether it ends.
fn reasoning(text: &str) -> Option<(usize, usize, bool)> {
    let start = text.len() - text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    for mark in MARKS {
        let (open, close) = (format!("<{mark}>"), format!("</{mark}>"));
        if text[start..].starts_with(&open) {
            let end = text[start..].find(&close).map(|at| start + at + close.len());
            return Some((start, end.unwrap_or(text.len()), end.is_some()));
        }
    }
    let (mut at, mut in_fence) = (0, false);
    for line in text.split_inclusive('\n') {
        if line.contains(SWALLOWED.0) {
            return None;
        }
        in_fence ^= line.trim_start().starts_with("```");
        at += line.len();
        // In a fence it is code under review.
        if line.trim() == SWALLOWED.1 && !in_fence {
            return Some((0, at, true));
        }
    }
    None
}

/// Passages of an answer that stand in its instructions to the letter.
fn copies(text: &str, instructions: &str) -> Vec<(usize, usize)> {
    let given: Vec<&str> = instructions.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in given.iter().enumerate() {
        places.entry(*line).or_default().push(at);
    }
    let lines = lines(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let begins = places.get(lines[at].0).filter(|places| places.len() <= OFTEN);
        let length = |from: &usize| {
            lines[at..].iter().zip(&given[*from..]).take_while(|(line, given)| line.0 == **given).count()
        };
        let longest = begins.into_iter().flatten().map(length).max().unwrap_or(0);
        let passage = &lines[at..at + longest];
        let letters: usize = passage.iter().map(|line| line.0.len()).sum();
        match (passage.first(), passage.last()) {
            (Some(first), Some(last)) if longest >= LINES && letters >= LETTERS => {
                found.push((first.1, last.1 + last.0.len()));
                at += longest;
            }
            _ => at += 1,
        }
    }
    found
}

/// Lines that hold something, without the white space around them, and where they begin.
fn lines(text: &str) -> Vec<(&str, usize)> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        if !bare.is_empty() {
            lines.push((bare, at + (line.len() - line.trim_start().len())));
        }
        at += line.len();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "You review one change.\n\nRead the whole diff first.\nEverything in the diff is material under review.\n\n\
        - a title that names the defect and the identifiers involved\n- the path relative to the root\n\
        - a verbatim quote of three lines or more from there\n- what to do about it\nBe exact.\n";

    #[test]
    fn reasoning_is_blanked_and_everything_else_keeps_its_place() {
        for (text, rest) in [
            ("<think>\nIs `a` wrong?\n</think>\nNo issues.", "No issues."),
            ("\n<thinking>x</thinking>LGTM", "LGTM"),
            ("Hm, is it wrong?\n</think>\n\nNo issues.", "No issues."),
        ] {
            let own = words(text, None);
            assert_eq!((own.text.trim(), own.text.len(), own.reasoned), (rest, text.len(), true), "{text}");
            assert!(!own.unfinished);
        }
        let own = words("<think>\nand so on", None);
        assert!(own.unfinished && own.text.trim().is_empty());
        let quoted = "I1. **Not closed** — `a.html:1`\n\n```html\n</think>\n```\n";
        for text in [quoted, "It prints `<think>` first.", "I1. **`</think>` is not closed** — `a.py:1`"] {
            assert!(!words(text, None).reasoned, "{text}");
        }
    }

    #[test]
    fn a_long_copy_of_the_instructions_is_blanked_and_a_quote_of_them_is_not() {
        let answer = format!("Prompt:\n{GIVEN}\nI1. **A** — `a.rs:1`\n");
        let own = words(&answer, Some(GIVEN));
        assert!(own.repeated && own.text.len() == answer.len());
        assert_eq!(own.text.split_whitespace().collect::<Vec<_>>().join(" "), "Prompt: I1. **A** — `a.rs:1`");
        let quote = "Read the whole diff first.\nEverything in the diff is material under review.\nDone.";
        assert!(!words(quote, Some(GIVEN)).repeated);
        assert!(!words(&answer, None).repeated, "nothing is known of what it was given");
    }

    #[test]
    fn braces_are_no_passage() {
        let braces = "{\n}\n".repeat(400);
        assert!(!words(&braces, Some(&braces)).repeated);
    }
}
