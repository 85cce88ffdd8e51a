//! Which edits repair something.
//!
//! In: one block of a change with the file before and after it. Out: whether it changes what the code asks, how it counts or what
//! it does with a failure. New designs, signatures, types, renames and rearrangements are no repairs.

use std::collections::{BTreeMap, BTreeSet};

use super::aligned::Aligned;
use crate::declarations::declarations;
use crate::edits::Block;
use crate::functions::{Function, around};
use crate::language::Language;
use crate::source::Source;

/// Longer edits are new designs, not repairs.
const MOST_REMOVED: usize = 6;
const MOST_ADDED: usize = 12;

/// What one block of a change takes out and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Tokens that only the old lines have.
    lost: Vec<String>,
    /// Tokens that only the new lines have.
    fresh: Vec<String>,
    /// The new lines, token by token.
    lines: Vec<Vec<String>>,
    kind: Repair,
}

/// What makes an edit a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repair {
    /// It asks something else, counts in another way or does something else with a failure.
    Asks,
    /// It asks first and leaves: nothing else of the function changes.
    Guards,
    /// It does something else with what the function knows already.
    OwnWords,
}

/// More exchanged tokens of the function's own words make another design.
const MOST_OWN_WORDS: usize = 12;

impl Edit {
    /// An edit of few lines within a function that changes what the code does; `None` where it is no repair.
    pub(super) fn of(block: &Block, before: &Source, after: &Source) -> Option<Self> {
        if block.added.is_empty() || block.removed.len() > MOST_REMOVED || block.added.len() > MOST_ADDED {
            return None;
        }
        let (gone, lines) = (by_line(before, &block.removed), by_line(after, &block.added));
        let (old, new): (Vec<String>, Vec<String>) = (gone.concat(), lines.concat());
        let declares = |source: &Source, lines: &[u32]| {
            lines.iter().any(|line| {
                let text = source.line(*line).trim_start();
                source.functions().iter().any(|function| function.first == *line)
                    || ["import ", "from ", "use ", "#include", "require", "package "]
                        .iter()
                        .any(|word| text.starts_with(word))
            })
        };
        // A type that is written down changes nothing, nor does an assertion made for a type checker.
        let typed = |line: &u32| {
            let text = after.line(*line);
            text.contains("@type")
                || (text.trim_start().starts_with("assert ") && text.contains("is not None"))
        };
        let in_signature =
            |line: &u32| around(after, *line).is_some_and(|function| *line <= signature_end(after, function));
        if around(before, block.base_before.max(1)).is_none()
            || declares(before, &block.removed)
            || declares(after, &block.added)
            || meaning(&old) == meaning(&new)
            || block.added.iter().any(typed)
            || block.added.iter().any(in_signature)
            || (after.path.extension() == "pyi" || after.path.as_str().ends_with(".d.ts"))
        {
            return None;
        }
        let (lost, fresh) = (only_in(&old, &new), only_in(&new, &old));
        // One of two copies waits and the other does not: that is what they are there for.
        let waits = |token: &String| matches!(token.as_str(), "await" | "async");
        if lost.iter().chain(&fresh).any(waits) {
            return None;
        }
        let marks = [".", ",", "(", ")", "[", "]", "{", "}", ";", ":", "->", "::"];
        let changed = || lost.iter().chain(&fresh);
        let kind = if changed().all(|token| marks.contains(&token.as_str())) {
            // Where marks came or went, the same words are written in another way.
            (changed().count() == 0 && same_words(&old, &new)).then_some(Repair::OwnWords)
        } else if exchanges_names(&old, &new) || old.is_empty() && !block.removed.is_empty() {
            None
        } else if block.removed.is_empty() {
            if is_a_guard(&new) {
                Some(Repair::Guards)
            } else {
                lines.iter().all(|line| is_a_call(line)).then_some(Repair::Asks)
            }
        } else if repairs(&old, &new) {
            Some(Repair::Asks)
        } else {
            (lost.len() + fresh.len() <= MOST_OWN_WORDS).then_some(Repair::OwnWords)
        };
        kind.map(|kind| Self { lost, fresh, lines, kind })
    }

    /// True where one of several copies may do so on purpose: it only answers something else with its own words.
    pub(super) fn is_of_one(&self) -> bool {
        self.kind == Repair::OwnWords
    }

    /// True where a text is part of what is exchanged.
    pub(super) fn is_of_texts(&self) -> bool {
        self.lost.iter().any(|token| token.starts_with(['"', '\'', '`']))
    }

    /// True where all that the edit wrote stands in the other function as often as it stands here now.
    pub(super) fn stands_in(
        &self,
        (after, here): (&Source, &Function),
        (source, there): (&Source, &Function),
        aligned: &Aligned<'_>,
    ) -> bool {
        let (own, other) = (joined(after, here), joined(source, there));
        let lines = self.lines.iter().filter(|line| line.concat().len() > 2);
        lines.into_iter().all(|line| {
            let called: Vec<&str> = line.iter().map(|word| aligned.called(word)).collect();
            let times = |text: &str, line: &str| text.matches(line).count();
            let here = times(&own, &format!(" {} ", line.join(" ")));
            times(&other, &format!(" {} ", called.join(" "))) >= here.max(1)
        })
    }

    /// True where the other function can make the edit as well: it knows the names that are new in it.
    pub(super) fn fits(
        &self,
        (after, here): (&Source, &Function),
        (source, there): (&Source, &Function),
        aligned: &Aligned<'_>,
    ) -> bool {
        // Two classes of one file differ in what they have.
        let of_one = || after.path != source.path || container(after, here) == container(source, there);
        let tokens = source.tokens();
        let own: BTreeSet<&str> = there.tokens(source).map(|at| source.slice(&tokens[at])).collect();
        let words: Vec<&str> = self.lines.iter().flatten().map(String::as_str).collect();
        (0..words.len()).filter(|at| self.fresh.iter().any(|word| word == words[*at])).all(|at| {
            let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at]);
            let name = aligned.called(words[at]);
            let known = !is_name(name) || own.contains(name) || is_everybodys(name);
            // Fields of other things are there for both; one's own are not where the classes differ.
            let is_member = matches!(before(1), "." | "->" | "::" | "?.");
            let of_itself = is_member && matches!(before(2), "self" | "this" | "cls" | "super" | "Self");
            let is_made = words.get(at + 1).is_some_and(|next| matches!(*next, "=" | ":="));
            let in_file = || tokens.iter().any(|token| source.slice(token) == name);
            let may_ask = self.kind == Repair::Guards
                || self.kind == Repair::Asks && (is_member || is_made || in_file());
            known || may_ask && (!of_itself || of_one())
        })
    }
}

/// The type that a function belongs to.
fn container(source: &Source, function: &Function) -> Option<String> {
    declarations(source).into_iter().find(|found| found.line == function.first)?.container
}

/// True for words that people choose.
fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && !crate::tokens::is_keyword(token)
}

/// True for words that a language knows everywhere.
fn is_everybodys(word: &str) -> bool {
    const WORDS: [&str; 40] = [
        "true",
        "false",
        "True",
        "False",
        "None",
        "null",
        "nil",
        "undefined",
        "NULL",
        "Some",
        "Ok",
        "Err",
        "len",
        "isinstance",
        "is_empty",
        "is_none",
        "is_some",
        "length",
        "size",
        "isEmpty",
        "typeof",
        "sizeof",
        "min",
        "max",
        "abs",
        "int",
        "str",
        "bool",
        "Number",
        "String",
        "Object",
        "Array",
        "Math",
        "Boolean",
        "assert",
        "panic",
        "nullptr",
        "strlen",
        "empty",
        "isset",
    ];
    WORDS.contains(&word)
        || word.starts_with(char::is_uppercase)
            && ["Error", "Exception"].iter().any(|end| word.ends_with(end))
}

/// The tokens of a function, each with a blank around it.
fn joined(source: &Source, function: &Function) -> String {
    let words = function.tokens(source).map(|at| source.slice(&source.tokens()[at]));
    format!("  {}  ", words.collect::<Vec<_>>().join(" "))
}

/// The tokens of lines.
fn by_line(source: &Source, lines: &[u32]) -> Vec<Vec<String>> {
    let tokens = source.tokens();
    let within = |line: &u32| {
        let first = tokens.partition_point(|token| token.line < *line);
        let own = tokens[first..].iter().take_while(|token| token.line == *line);
        own.map(|token| source.slice(token).to_owned()).collect()
    };
    lines.iter().map(within).collect()
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
    let names = |tokens: &[String]| tokens.iter().filter(|token| is_name(token)).count();
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
pub(super) fn signature_end(source: &Source, function: &Function) -> u32 {
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

/// True for a line that calls something and does nothing with what it gives.
fn is_a_call(line: &[String]) -> bool {
    let text: Vec<&str> = line.iter().map(String::as_str).collect();
    let open = text.iter().position(|token| *token == "(").unwrap_or(0);
    let end = text.len() - usize::from(text.last() == Some(&";"));
    let named = text[..open].iter().all(|token| {
        matches!(*token, "." | "->" | "::" | "?." | "self" | "this" | "defer") || is_name(token)
    });
    open > 0 && named && end > 0 && text[end - 1] == ")"
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
