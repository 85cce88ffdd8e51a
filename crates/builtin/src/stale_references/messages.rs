//! Texts that the change reworded and tests or documents still expect.
//!
//! In: string literals that an edit exchanged for others. Out: the lines that still quote the old text. Silent where
//! the old text is still produced anywhere, or is too short to be anybody's in particular.

use std::collections::BTreeMap;

use model::{DiffLine, FileDiff, Severity, Side};

use super::literals::literals;
use super::renames::{Renames, Replacement};
use super::{Gone, MESSAGE, Use, speaks_of_the_past};
use crate::change::Hit;
use crate::context::{Context, line_pairs, path_before};
use crate::language::{Language, Role};
use crate::lex::Part;
use crate::source::Source;

/// Shorter texts occur by chance.
const SHORTEST: usize = 12;
/// More reworded texts than this are a translation or a new style.
const MOST_TEXTS: usize = 150;

/// The texts that the change reworded.
pub(super) fn gone(context: &Context<'_>, _renames: &Renames) -> Vec<Gone> {
    let mut found: BTreeMap<String, Gone> = BTreeMap::new();
    for file in context.changed().filter(|file| Role::of(&file.path) == Role::Source) {
        let Some(before) = path_before(file).and_then(|path| context.source(Side::Base, path)) else {
            continue;
        };
        let Some(after) = context.source(Side::Head, &file.path) else { continue };
        if !before.language.is_code() {
            continue;
        }
        for (old, new) in reworded(file, &before, &after) {
            if let Some(gone) = exchanged(&old, &new, &before, after.content()) {
                found.entry(gone.needle.clone()).or_insert(gone);
            }
        }
    }
    found.into_values().take(MOST_TEXTS).collect()
}

struct Literal {
    line: u32,
    text: String,
}

/// Literals that stand for each other on paired lines, in order.
fn reworded(file: &FileDiff, before: &Source, after: &Source) -> Vec<(Literal, Literal)> {
    let of = |source: &Source, line: Option<u32>| -> Vec<Literal> {
        let Some(line) = line else { return Vec::new() };
        literals(source, line).into_iter().map(|(_, text)| Literal { line, text: text.to_owned() }).collect()
    };
    line_pairs(file)
        .into_iter()
        .flat_map(|(old, new): (&DiffLine, &DiffLine)| {
            let (old, new) = (of(before, old.old_line), of(after, new.new_line));
            let pairs: Vec<(Literal, Literal)> =
                if old.len() == new.len() { old.into_iter().zip(new).collect() } else { Vec::new() };
            pairs
        })
        .filter(|(old, new)| old.text != new.text)
        .collect()
}

/// The constant pieces of the old text that neither the new text nor the file has any more.
fn exchanged(old: &Literal, new: &Literal, before: &Source, head: &str) -> Option<Gone> {
    let piece = pieces(&old.text)
        .into_iter()
        .filter(|piece| is_a_message(piece) && !new.text.contains(piece) && !head.contains(piece))
        .max_by_key(|piece| piece.len())?;
    let whole = pieces(&old.text).len() == 1 && pieces(&new.text).len() == 1;
    Some(Gone {
        rule: MESSAGE,
        what: "message",
        needle: piece.to_owned(),
        name: piece.to_owned(),
        path: before.path.clone(),
        line: old.line,
        language: before.language,
        declaration: None,
        replacement: Some(Replacement {
            text: if whole { new.text.trim().to_owned() } else { new.text.clone() },
            certain: whole && is_a_message(&new.text),
            lines: 1,
        }),
    })
}

/// True where the line is the new text as well, with something in place of its placeholders.
fn says_the_new(gone: &Gone, line: &str) -> bool {
    let Some(new) = &gone.replacement else { return false };
    let mut rest = line;
    pieces(&new.text).into_iter().all(|piece| {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
        true
    })
}

/// What stands between placeholders: `%s`, `{}`, `{name}`, `${name}`, `#{name}`, `\n`.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = match bytes[at] {
            b'%' => placeholder(&bytes[at + 1..]).map(|length| length + 1),
            b'{' => text[at..].find('}').map(|end| end + 1),
            b'\\' => Some(2),
            _ => None,
        };
        match length {
            Some(length) if text.is_char_boundary((at + length).min(text.len())) => {
                pieces.push(&text[start..at]);
                at = (at + length).min(text.len());
                start = at;
            }
            _ => at += 1,
        }
    }
    pieces.push(&text[start..]);
    pieces
        .into_iter()
        .map(|piece| {
            piece
                .trim()
                .trim_start_matches([':', ',', ';', '.', ')'])
                .trim_end_matches(['$', '#', '(', ':', '"', '\''])
                .trim()
        })
        .filter(|piece| !piece.is_empty())
        .collect()
}

fn placeholder(rest: &[u8]) -> Option<usize> {
    let flags = rest
        .iter()
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'#' | b'l' | b'z'))
        .count();
    rest.get(flags).filter(|byte| byte.is_ascii_alphabetic()).map(|_| flags + 1)
}

/// Two words or more, and not a path, a query or markup.
fn is_a_message(text: &str) -> bool {
    let words = text
        .split_whitespace()
        .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 2)
        .count();
    text.len() >= SHORTEST && words >= 2 && !text.contains(['<', '>', '/', '=', '{', '}', ';', '|'])
}

/// The lines that still quote the old text; none where it is still produced.
pub(super) fn uses(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    let mut uses = Vec::new();
    for hit in hits {
        let (role, language) = (Role::of(&hit.path), Language::of(&hit.path));
        let Some(source) = context.source(Side::Head, &hit.path) else { continue };
        let at = hit.text.find(&gone.needle).unwrap_or(0);
        let part = source.part_at(hit.line, at);
        match role {
            Role::Source | Role::Config | Role::Example
                if part != Part::Comment && language != Language::Markdown =>
            {
                // Another place still produces the old text, so the quotes may mean that one.
                return Vec::new();
            }
            Role::Test if context.is_added(&hit.path, hit.line) => {
                // The tests of this change expect the old text on purpose.
                return Vec::new();
            }
            Role::Test
                if part != Part::Comment && asserts(&source, hit.line) && is_expected(gone, &source, hit) =>
            {
                uses.push(Use {
                    path: hit.path.clone(),
                    line: hit.line,
                    severity: Severity::Important,
                    how: "still expects it",
                    consequence: "the assertion on the old text fails",
                    prose: false,
                });
            }
            Role::Docs
                if !speaks_of_the_past(&hit.text)
                    && !says_the_new(gone, &hit.text)
                    && is_long(&gone.needle)
                    && !context.is_added(&hit.path, hit.line) =>
            {
                uses.push(Use {
                    path: hit.path.clone(),
                    line: hit.line,
                    severity: Severity::Suggestion,
                    how: "still quotes it",
                    consequence: "who searches for the message that the program prints does not find it here",
                    prose: true,
                });
            }
            _ => {}
        }
    }
    uses
}

/// A short text must be the whole literal, and the name of a test expects nothing.
fn is_expected(gone: &Gone, source: &Source, hit: &Hit) -> bool {
    const TITLES: [&str; 6] = ["test(", "it(", "describe(", "t.test(", "suite(", "context("];
    let text = hit.text.trim_start();
    let titled = TITLES.iter().any(|word| text.starts_with(word));
    let whole = || literals(source, hit.line).into_iter().any(|(_, literal)| literal.trim() == gone.needle);
    let long = gone.needle.len() >= 20 && gone.needle.split_whitespace().count() >= 3;
    !titled && (long || whole())
}

/// Documents share everyday phrases with messages; long ones hardly.
fn is_long(text: &str) -> bool {
    text.len() >= 24 && text.split_whitespace().count() >= 4
}

/// True where the line or the two before it compare something.
fn asserts(source: &Source, line: u32) -> bool {
    const WORDS: [&str; 22] = [
        "assert",
        "expect",
        "should",
        "contain",
        "match",
        "equal",
        "raises",
        "throw",
        "grep",
        "want",
        "==",
        "!=",
        "-eq",
        "output",
        "stderr",
        "stdout",
        "verify",
        "predicate",
        "must",
        "error",
        "Error",
        "message",
    ];
    (line.saturating_sub(2)..=line).any(|number| WORDS.iter().any(|word| source.line(number).contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_the_new_text_fits_as_well_is_not_stale() {
        let gone = |new: &str| Gone {
            rule: MESSAGE,
            what: "message",
            needle: "run apt install gcc python".to_owned(),
            name: "run apt install gcc python".to_owned(),
            path: "setup.py".into(),
            line: 1,
            language: Language::Python,
            declaration: None,
            replacement: Some(Replacement { text: new.to_owned(), certain: false, lines: 1 }),
        };
        let line = "Please run apt install gcc python3-dev first.";
        assert!(says_the_new(&gone("run apt install gcc %s%s-dev"), line));
        assert!(!says_the_new(&gone("run apt install clang %s-dev"), line));
    }

    #[test]
    fn a_text_falls_apart_at_its_placeholders() {
        assert_eq!(pieces("cannot open %s: no such file"), ["cannot open", "no such file"]);
        assert_eq!(pieces("{name} is {0:>5} too long\\n"), ["is", "too long"]);
        assert_eq!(pieces("plain text"), ["plain text"]);
        assert_eq!(pieces("100%"), ["100%"]);
    }
}
