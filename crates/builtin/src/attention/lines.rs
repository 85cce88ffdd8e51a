//! What one added line weighs.
//!
//! In: an added line and its file. Out: a weight with what it comes from. The weights follow where repairs later touched
//! lines of real changes (`docs/design/builtin-attention.md`).

use std::collections::{BTreeMap, HashMap};

use model::FileDiff;

use crate::context::Context;
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
}

/// The added lines of a file that do something.
pub(super) fn weigh(context: &Context<'_>, file: &FileDiff, source: &Source) -> BTreeMap<u32, Weighed> {
    let mut words: HashMap<&str, usize> = HashMap::new();
    for token in source.tokens().iter().filter(|token| token.kind == TokenKind::Word) {
        *words.entry(source.slice(token)).or_default() += 1;
    }
    let mut weights = BTreeMap::new();
    for block in blocks(file) {
        for line in &block.added {
            if let Some(weighed) = line_weight(context, source, *line, !block.removed.is_empty(), &words) {
                weights.insert(*line, weighed);
            }
        }
    }
    weights
}

fn line_weight(
    context: &Context<'_>,
    source: &Source,
    line: u32,
    replaced: bool,
    words: &HashMap<&str, usize>,
) -> Option<Weighed> {
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
    let import = matches!(own[0], "import" | "from" | "use" | "require" | "package" | "using" | "include")
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
    let rare = own.iter().any(|token| token.len() >= 4 && words.get(token).is_some_and(|times| *times == 1));
    let moved = context.is_moved(source, line);
    let inside = around(source, line).is_some_and(|function| function.first < line);
    let mut weight = 0.55 + 0.03 * (own.len().min(20) as f64);
    weight += if condition { 0.45 } else { 0.0 };
    weight += 0.12 * (called.min(3) as f64);
    weight += if replaced { 0.35 } else { 0.0 };
    weight += if error { 0.05 } else { 0.0 };
    weight += if rare { 0.1 } else { 0.0 };
    weight *= if inside { 1.0 } else { 0.6 };
    weight *= if moved { 0.2 } else { 1.0 };
    Some(Weighed { weight, condition, error, replaced, rare })
}
