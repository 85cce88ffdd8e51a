//! Code as a pattern, whatever its local names.
//!
//! In: a run of tokens. Out: a [`Pattern`] that finds the same code elsewhere, with other local names. Called functions,
//! fields, types, literals and operators are compared to the letter; only names of variables may differ, each in one way.

use std::collections::HashMap;
use std::ops::Range;

use crate::names::is_uncommon;
use crate::source::Source;
use crate::tokens::{TokenKind, is_keyword};

/// One token of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Exact(String),
    /// A local name, by order of first occurrence.
    Local(usize),
}

/// A run of code to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    /// Where the rarest exact word stands, if there is one worth looking up.
    anchor: Option<usize>,
}

impl Pattern {
    /// The pattern of these tokens; `None` where there is nothing to compare.
    pub(super) fn new(source: &Source, range: Range<usize>) -> Option<Self> {
        let mut locals: HashMap<&str, usize> = HashMap::new();
        let mut pieces = Vec::with_capacity(range.len());
        for at in range {
            let text = source.slice(source.tokens().get(at)?);
            pieces.push(if is_local(source, at) {
                let next = locals.len();
                Piece::Local(*locals.entry(text).or_insert(next))
            } else {
                Piece::Exact(text.to_owned())
            });
        }
        let anchor = pieces
            .iter()
            .enumerate()
            .filter_map(|(at, piece)| Some((at, as_word(piece)?)))
            .filter(|(_, word)| word.len() >= 4 && is_uncommon(word) && !is_keyword(word))
            .max_by_key(|(at, word)| (word.len(), usize::MAX - at))
            .map(|(at, _)| at);
        (!pieces.is_empty()).then_some(Self { pieces, anchor })
    }

    /// Number of tokens.
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The word to look up; empty where none is rare enough.
    pub(super) fn needle(&self) -> &str {
        self.anchor.and_then(|at| as_word(&self.pieces[at])).unwrap_or_default()
    }

    /// How many different words and literals of it must be the same to the letter.
    pub(super) fn exact_words(&self) -> usize {
        let words = self.pieces.iter().filter_map(as_word).filter(|word| !is_keyword(word));
        words.collect::<std::collections::BTreeSet<_>>().len()
    }

    /// Where the pattern stands in a file with its anchor on this line.
    pub(super) fn at_line(&self, source: &Source, line: u32) -> Option<Range<usize>> {
        let tokens = source.tokens();
        let anchor = self.anchor?;
        let first = tokens.partition_point(|token| token.line < line);
        let last = tokens.partition_point(|token| token.line <= line);
        (first..last)
            .filter(|at| source.slice(&tokens[*at]) == self.needle())
            .filter_map(|at| at.checked_sub(anchor))
            .find(|start| self.matches(source, *start))
            .map(|start| start..start + self.len())
    }

    fn matches(&self, source: &Source, start: usize) -> bool {
        let tokens = source.tokens();
        if start + self.len() > tokens.len() {
            return false;
        }
        let mut names: HashMap<usize, &str> = HashMap::new();
        let mut taken: HashMap<&str, usize> = HashMap::new();
        self.pieces.iter().enumerate().all(|(offset, piece)| {
            let text = source.slice(&tokens[start + offset]);
            match piece {
                Piece::Exact(wanted) => wanted == text,
                Piece::Local(name) => {
                    is_local(source, start + offset)
                        && *names.entry(*name).or_insert(text) == text
                        && *taken.entry(text).or_insert(*name) == *name
                }
            }
        })
    }
}

fn as_word(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Exact(text) if text.starts_with(|c: char| c.is_alphabetic() || c == '_') => Some(text),
        _ => None,
    }
}

/// A name that starts small, is not called, is no field and no key: most likely a variable.
pub(super) fn is_local(source: &Source, at: usize) -> bool {
    let tokens = source.tokens();
    let token = &tokens[at];
    let text = source.slice(token);
    if token.kind != TokenKind::Word
        || is_keyword(text)
        || !text.starts_with(|c: char| c.is_lowercase() || c == '_')
    {
        return false;
    }
    let next = tokens.get(at + 1).map_or("", |next| source.slice(next));
    let before = at.checked_sub(1).map_or("", |before| source.slice(&tokens[before]));
    !matches!(next, "(" | "!" | "::" | "{") && !matches!(before, "." | "->" | "::" | "?." | "@" | "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("a.py".into(), text)
    }

    #[test]
    fn local_names_may_differ_in_one_way_only() {
        let one = source("if value.expired_at is None: drop_entry(value, key)");
        let pattern = Pattern::new(&one, 0..one.tokens().len()).expect("has words");
        assert_eq!(pattern.needle(), "expired_at");
        for (text, expected) in [
            ("if v.expired_at is None: drop_entry(v, k)", true),
            ("if v.expired_at is None: drop_entry(w, k)", false),
            ("if v.expired_at is None: drop_entry(v, v)", false),
            ("if v.expires_at is None: drop_entry(v, k)", false),
            ("if v.expired_at is None: keep_entry(v, k)", false),
        ] {
            assert_eq!(pattern.at_line(&source(text), 1).is_some(), expected, "{text}");
        }
    }
}
