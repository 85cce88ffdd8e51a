//! Which edits repair something.
//!
//! In: one block of a change with the file before and after it. Out: whether it changes what the code asks, how it counts or what
//! it does with a failure. New designs, signatures, types, renames and rearrangements are no repairs.

use std::collections::BTreeMap;

use crate::edits::Block;
use crate::functions::{Function, around};
use crate::language::Language;
use crate::source::Source;

/// Longer edits are new designs, not repairs.
const MOST_REMOVED: usize = 6;
const MOST_ADDED: usize = 12;

/// An edit of few lines within a function that changes what the code does.
pub(super) fn is_a_repair(block: &Block, before: &Source, after: &Source) -> bool {
    if block.added.is_empty() || block.removed.len() > MOST_REMOVED || block.added.len() > MOST_ADDED {
        return false;
    }
    let code_of = |source: &Source, lines: &[u32]| -> Vec<String> {
        let tokens = source.tokens();
        let within = |line: &u32| {
            let first = tokens.partition_point(|token| token.line < *line);
            tokens[first..]
                .iter()
                .take_while(|token| token.line == *line)
                .map(|token| source.slice(token).to_owned())
                .collect::<Vec<_>>()
        };
        lines.iter().flat_map(within).collect()
    };
    let (old, new) = (code_of(before, &block.removed), code_of(after, &block.added));
    let declares = |source: &Source, lines: &[u32]| {
        lines.iter().any(|line| {
            let text = source.line(*line).trim_start();
            source.functions().iter().any(|function| function.first == *line)
                || ["import ", "from ", "use ", "#include", "require", "package "]
                    .iter()
                    .any(|word| text.starts_with(word))
        })
    };
    let inside = around(before, block.base_before.max(1)).is_some();
    if !inside
        || declares(before, &block.removed)
        || declares(after, &block.added)
        || meaning(&old) == meaning(&new)
    {
        return false;
    }
    // A type that is written down changes nothing, nor does an assertion made for a type checker.
    let typed = |line: &u32| {
        let text = after.line(*line);
        text.contains("@type") || (text.trim_start().starts_with("assert ") && text.contains("is not None"))
    };
    let in_signature =
        |line: &u32| around(after, *line).is_some_and(|function| *line <= signature_end(after, function));
    if block.added.iter().any(typed)
        || block.added.iter().any(in_signature)
        || after.path.extension() == "pyi"
        || same_words(&old, &new)
        || exchanges_names(&old, &new)
    {
        return false;
    }
    // A pure addition is a repair where it guards something, an exchange where it asks or counts otherwise.
    if block.removed.is_empty() { is_a_guard(&new) } else { !old.is_empty() && repairs(&old, &new) }
}

/// True where an edit changes what code asks, how it counts or what it does with a failure, and little else. Other exchanges
/// are new designs more often than repairs.
fn repairs(old: &[String], new: &[String]) -> bool {
    let (lost, fresh) = (only_in(old, new), only_in(new, old));
    // What is asked about the platform is one place's business.
    let of_platform = |token: &String| {
        matches!(
            token.as_str(),
            "cfg" | "platform" | "target_os" | "target_arch" | "version_info" | "GOOS" | "ifdef"
        )
    };
    if fresh.iter().chain(&lost).any(of_platform) {
        return false;
    }
    let has =
        |tokens: &[String], wanted: &[&str]| tokens.iter().any(|token| wanted.contains(&token.as_str()));
    let is_name = |token: &&String| {
        token.starts_with(|c: char| c.is_alphabetic() || c == '_') && !crate::tokens::is_keyword(token)
    };
    let names = |tokens: &[String]| tokens.iter().filter(is_name).count();
    let asks = [
        "<", "<=", ">", ">=", "==", "!=", "===", "!==", "&&", "||", "and", "or", "not", "!", "+", "-", "??",
        "?.", "is", "in",
    ];
    let hands_on = has(&fresh, &["?"]) && has(&lost, &["unwrap", "expect"]);
    let number =
        |tokens: &[String]| tokens.iter().all(|token| token.starts_with(|c: char| c.is_ascii_digit()));
    let counts = !fresh.is_empty() && !lost.is_empty() && number(&fresh) && number(&lost);
    let guards = is_a_guard(&fresh) && lost.len() <= 4;
    let otherwise = (has(&lost, &asks) || has(&fresh, &asks)) && names(&fresh) <= 2 && names(&lost) <= 2;
    // A literal of words, a type or a new argument alone is what one place says or takes.
    (hands_on || counts || guards || otherwise) && lost.len() + fresh.len() <= MOST_TOKENS_CHANGED
}

/// More exchanged tokens make another design.
const MOST_TOKENS_CHANGED: usize = 30;

/// The tokens of one side that the other has not, by number.
fn only_in(one: &[String], other: &[String]) -> Vec<String> {
    let mut left: Vec<&String> = other.iter().collect();
    let mut only = Vec::new();
    for token in one {
        if let Some(at) = left.iter().position(|own| *own == token) {
            left.swap_remove(at);
        } else {
            only.push(token.clone());
        }
    }
    only
}

/// The line on which the signature of a function ends: its parameters, and where a body begins with a bracket, what
/// stands before that (`where`, `throws`, base constructors).
fn signature_end(source: &Source, function: &Function) -> u32 {
    let tokens = source.tokens();
    let range = function.tokens(source);
    let open =
        range.clone().find(|at| source.slice(&tokens[*at]) == "(" && tokens[*at].line <= function.first + 1);
    open.map_or(function.first, |open| {
        let close = crate::tokens::closing(source, open);
        let braces = !matches!(source.language, Language::Python | Language::Ruby | Language::Shell);
        let body = (close..range.end.min(close + MOST_BOUNDS))
            .take_while(|at| !matches!(source.slice(&tokens[*at]), ";" | "=" | "=>"))
            .find(|at| braces && source.slice(&tokens[*at]) == "{");
        tokens[body.unwrap_or(close)].line
    })
}

/// Tokens between the parameters and the body.
const MOST_BOUNDS: usize = 120;

/// True where names stand for other names and nothing else changes: a rename, or what one of two copies is there for.
fn exchanges_names(old: &[String], new: &[String]) -> bool {
    let is_name = |token: &str| {
        token.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && (!crate::tokens::is_keyword(token) || matches!(token, "this" | "self" | "super"))
            && !matches!(
                token,
                "true"
                    | "false"
                    | "True"
                    | "False"
                    | "None"
                    | "null"
                    | "nil"
                    | "and"
                    | "or"
                    | "not"
                    | "in"
                    | "is"
            )
    };
    old.len() == new.len()
        && old.iter().zip(new).all(|(old, new)| old == new || (is_name(old) && is_name(new)))
}

/// True where names, literals and comparisons are the same before and after: a rearrangement.
fn same_words(old: &[String], new: &[String]) -> bool {
    let telling = |tokens: &[String]| -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let rest = tokens.iter().filter(|token| {
            !crate::tokens::is_keyword(token)
                && !matches!(token.as_str(), "(" | ")" | "{" | "}" | "[" | "]" | "," | ";" | ":")
        });
        for token in rest {
            *counts.entry(token.clone()).or_default() += 1;
        }
        counts
    };
    let logic = |tokens: &[String]| -> Vec<String> {
        let is_logic = |token: &&String| matches!(token.as_str(), "and" | "or" | "not" | "in" | "is");
        tokens.iter().filter(is_logic).cloned().collect()
    };
    let mut left = logic(old);
    // A word of logic that was not there makes it another question.
    let asks_alike = logic(new).iter().all(|word| {
        let at = left.iter().position(|own| own == word);
        at.map(|at| left.remove(at)).is_some()
    });
    !old.is_empty() && asks_alike && telling(old) == telling(new)
}

/// Tokens without what changes with style only.
fn meaning(tokens: &[String]) -> Vec<String> {
    tokens
        .iter()
        .filter(|token| {
            !matches!(token.as_str(), "var" | "let" | "const" | ";" | "," | "(" | ")" | "{" | "}")
        })
        .map(|token| token.replace('\'', "\""))
        .collect()
}

/// True for code that tests something and leaves or corrects.
fn is_a_guard(tokens: &[String]) -> bool {
    let has = |words: &[&str]| tokens.iter().any(|token| words.contains(&token.as_str()));
    has(&["if", "unless", "assert", "guard"])
        && has(&[
            "return", "raise", "throw", "continue", "break", "goto", "panic", "exit", "None", "null", "nil",
            "=",
        ])
}
