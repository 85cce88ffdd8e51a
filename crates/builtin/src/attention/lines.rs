//! What one added line weighs.
//!
//! In: an added line and its file. Out: a weight with what it comes from. The weights follow where repairs later touched
//! lines of real changes (`docs/design/builtin-attention.md`).

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{FileDiff, Side};

use super::surprise::{Neighbours, Surprise};
use crate::context::{Context, path_before};
use crate::edits::blocks;
use crate::functions::around;
use crate::source::Source;
use crate::tokens::{TokenKind, calls, is_keyword};

/// One line with its weight.
#[derive(Clone, Debug, Default)]
pub(super) struct Weighed {
    pub(super) weight: f64,
    pub(super) condition: bool,
    pub(super) error: bool,
    pub(super) replaced: bool,
    pub(super) rare: bool,
    pub(super) unusual: bool,
}

/// What all lines of a file are compared with.
struct File<'a> {
    context: &'a Context<'a>,
    source: &'a Source,
    /// How often each word stands in the file.
    words: HashMap<&'a str, usize>,
    /// The words of the file as it was.
    known: HashSet<&'a str>,
    /// How often each line stands in the file.
    lines: HashMap<&'a str, usize>,
    surprise: Surprise,
}

/// The added lines of a file that do something.
pub(super) fn weigh(
    context: &Context<'_>,
    neighbours: &mut Neighbours,
    file: &FileDiff,
    source: &Source,
) -> BTreeMap<u32, Weighed> {
    let base = path_before(file).and_then(|path| context.source(Side::Base, path));
    let words_of = |source: &'_ Source| {
        source.tokens().iter().filter(|token| token.kind == TokenKind::Word).copied().collect::<Vec<_>>()
    };
    let mut words: HashMap<&str, usize> = HashMap::new();
    for token in words_of(source) {
        *words.entry(source.slice(&token)).or_default() += 1;
    }
    let mut lines: HashMap<&str, usize> = HashMap::new();
    for (_, line) in source.numbered_lines() {
        *lines.entry(line.trim()).or_default() += 1;
    }
    let known = base.as_deref().map(|base| words_of(base).iter().map(|token| base.slice(token)).collect());
    let told = File {
        context,
        source,
        words,
        known: known.unwrap_or_default(),
        lines,
        surprise: Surprise::of(context, neighbours, file, base.as_deref(), source),
    };
    let mut weights = BTreeMap::new();
    for block in blocks(file) {
        for line in &block.added {
            if let Some(weighed) = told.line_weight(*line, !block.removed.is_empty()) {
                weights.insert(*line, weighed);
            }
        }
    }
    weights
}

impl File<'_> {
    fn line_weight(&self, line: u32, replaced: bool) -> Option<Weighed> {
        let source = self.source;
        let text = source.line(line).trim();
        if text.is_empty() || text.len() > 400 {
            return None;
        }
        if !source.language.is_code() {
            return Some(Weighed { weight: 0.3, replaced, ..Weighed::default() });
        }
        let tokens = source.tokens();
        let first = tokens.partition_point(|token| token.line < line);
        let last = tokens.partition_point(|token| token.line <= line);
        let own: Vec<&str> = tokens[first..last].iter().map(|token| source.slice(token)).collect();
        if own.is_empty() {
            // A comment.
            return Some(Weighed { weight: 0.05, ..Weighed::default() });
        }
        let has = |wanted: &[&str]| own.iter().any(|token| wanted.contains(token));
        let names = own
            .iter()
            .filter(|token| token.starts_with(|c: char| c.is_alphabetic() || c == '_') && !is_keyword(token))
            .count();
        if names == 0 {
            // Brackets and `else`.
            return Some(Weighed { weight: 0.1, ..Weighed::default() });
        }
        let import =
            matches!(own[0], "import" | "from" | "use" | "require" | "package" | "using" | "include")
                || text.starts_with("#include")
                || (has(&["require"]) && matches!(own[0], "const" | "var" | "let"));
        if import {
            return Some(Weighed { weight: 0.15, ..Weighed::default() });
        }
        let condition = has(&[
            "if", "elif", "while", "unless", "switch", "match", "case", "&&", "||", "and", "or", "?", "not",
            "when",
        ]);
        let error = has(&[
            "except", "catch", "throw", "raise", "rescue", "finally", "Err", "err", "error", "panic", "goto",
        ]);
        let called = calls(source, first..last).len();
        let is_name =
            |token: &&&str| token.starts_with(|c: char| c.is_alphabetic() || c == '_') && !is_keyword(token);
        let rare = own
            .iter()
            .any(|token| token.len() >= 3 && self.words.get(token).is_some_and(|times| *times == 1));
        let unknown = own.iter().filter(is_name).filter(|token| !self.known.contains(**token)).count().min(5);
        let string = tokens[first..last].iter().any(|token| token.kind == TokenKind::Text);
        let repeated = self.lines.get(text).is_some_and(|times| *times > 1);
        let surprise = self.surprise.mean(source, first..last);
        let moved = self.context.is_moved(source, line);
        let inside = around(source, line).is_some_and(|function| function.first < line);
        let mut weight = 0.55 + 0.03 * (own.len().min(20) as f64);
        weight += if condition { 0.45 } else { 0.0 };
        weight += 0.2 * (called.min(3) as f64);
        weight += if replaced { 0.35 } else { 0.0 };
        weight += if error { 0.05 } else { 0.0 };
        weight += if rare { 0.3 } else { 0.0 };
        weight += 0.2 * (unknown as f64) / 5.0;
        weight += if string { 0.1 } else { 0.0 };
        weight -= if repeated { 0.4 } else { 0.0 };
        weight += 0.7 * (surprise - EXPECTED);
        weight = weight.max(0.02);
        weight *= if inside { 1.0 } else { 0.6 };
        weight *= if moved { 0.2 } else { 1.0 };
        Some(Weighed { weight, condition, error, replaced, rare, unusual: surprise > UNUSUAL })
    }
}

/// The surprise of everyday code, and of code that nobody expects there; shares of the most there is.
const EXPECTED: f64 = 0.4;
const UNUSUAL: f64 = 0.6;
