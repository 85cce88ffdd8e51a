//! Plants a defect that was copied: a function stands twice with one bug, and the change repairs one of the two.
//!
//! In: source files. Out: trees before and after a repair that forgot the copy, and after the repair of both. The repaired code is
//! what really stands there; the bug is written in. Chooses sites by what the files say and knows nothing of the rules.

use std::collections::{BTreeMap, BTreeSet};

use super::forgotten::plant;
use super::{Plant, Tree, sources};
use crate::functions::{Function, indent};
use crate::source::Source;
use crate::tokens::{TokenKind, calls, is_keyword};

/// Functions of a size that people copy, not within tests.
fn copied(source: &Source) -> Vec<&Function> {
    let tests = source.own_tests_start();
    let fits = |function: &&Function| {
        (6..60).contains(&(function.last - function.first))
            && function.first < tests
            && function.tokens(source).len() > 75
    };
    let outer = |function: &&Function| {
        !source.functions().iter().any(|other| {
            other.first != function.first && other.first <= function.last && other.last >= function.first
        })
    };
    source.functions().iter().filter(fits).filter(outer).collect()
}

fn body(source: &Source, function: &Function) -> Vec<String> {
    (function.first..=function.last).map(|line| source.line(line).to_owned()).collect()
}

/// Some variables of a function that nothing but the function knows, as far as its text tells.
fn variables(source: &Source, function: &Function) -> BTreeSet<String> {
    let tokens = source.tokens();
    let mut uses: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for at in function.tokens(source) {
        let text = source.slice(&tokens[at]);
        let next = tokens.get(at + 1).map_or("", |token| source.slice(token));
        let before = at.checked_sub(1).map_or("", |at| source.slice(&tokens[at]));
        let local = tokens[at].kind == TokenKind::Word
            && !is_keyword(text)
            && text.starts_with(char::is_lowercase)
            && !matches!(next, "(" | "!" | "::" | ":" | "{" | "=")
            && !matches!(before, "." | "::" | "->" | "{" | "$" | "@" | "&");
        let entry = uses.entry(text).or_insert((0, true));
        entry.0 += 1;
        let word = tokens[at].kind == TokenKind::Word && !is_keyword(text);
        entry.1 &= local
            || (word && matches!(next, "=" | ":") && !matches!(before, "," | "(" | "{" | "." | "->" | "::"));
    }
    let chosen = uses.iter().filter(|(_, (times, local))| *times >= 2 && *local);
    chosen.map(|(name, _)| (*name).to_owned()).take(2).collect()
}

/// The lines of a function with another name for it and for these variables.
fn renamed(lines: &[String], source: &Source, name: &str, variables: &BTreeSet<String>) -> Vec<String> {
    let alone = Source::new(source.path.clone(), &(lines.join("\n") + "\n"));
    let (mut text, mut done, mut named) = (String::new(), 0, false);
    for token in alone.tokens() {
        text.push_str(&alone.content()[done..token.start]);
        let own = alone.slice(token);
        text.push_str(own);
        if variables.contains(own) {
            text.push_str("_too");
        } else if own == name && !named {
            text.push_str("_again");
            named = true;
        }
        done = token.end;
    }
    text.push_str(&alone.content()[done..]);
    text.lines().map(str::to_owned).collect()
}

/// The function with another name and other names for some of its variables.
fn written_again(source: &Source, function: &Function) -> String {
    let lines = renamed(&body(source, function), source, &function.name, &variables(source, function));
    lines.join("\n") + "\n"
}

/// How a copy differs from what was copied, and where it stands.
#[derive(Clone, Copy, Debug)]
enum Copy {
    /// Below, in the same file, with other names for some variables.
    Beside,
    /// In another file, with other names.
    Renamed,
    /// In another file, to the letter.
    Same,
    /// In another file; a text and one line more are its own.
    Adapted,
}

const COPIES: [Copy; 4] = [Copy::Beside, Copy::Renamed, Copy::Same, Copy::Adapted];

impl Copy {
    fn path(self, source: &Source) -> String {
        match self {
            Self::Beside => source.path.as_str().to_owned(),
            Self::Renamed => format!("renamed/{}", source.path.file_name()),
            Self::Same => format!("same/{}", source.path.file_name()),
            Self::Adapted => format!("adapted/{}", source.path.file_name()),
        }
    }

    fn of(self, lines: &[String], source: &Source, function: &Function) -> Vec<String> {
        match self {
            Self::Beside | Self::Renamed => {
                renamed(lines, source, &function.name, &variables(source, function))
            }
            Self::Same => lines.to_vec(),
            Self::Adapted => {
                let mut lines = renamed(lines, source, &function.name, &BTreeSet::new());
                // One call of a line is written once more, one text is another.
                let last = lines.len().saturating_sub(2);
                let call = (lines.len() / 2..last).find(|at| is_statement(&lines[*at], &lines[at + 1]));
                if let Some(at) = call {
                    lines.insert(at, lines[at].replacen('(', "_first(", 1));
                }
                lines
            }
        }
    }
}

/// True for a line that is one call and nothing else, with a line of the same block below.
fn is_statement(line: &str, next: &str) -> bool {
    let text = line.trim();
    let plain = text.trim_end_matches(';');
    plain.ends_with(')')
        && plain.contains('(')
        && !plain.contains('=')
        && text.starts_with(char::is_alphabetic)
        && plain.matches('(').count() == plain.matches(')').count()
        && ![
            "if", "return", "for", "while", "with", "else", "elif", "assert", "raise", "throw", "switch",
            "catch", "match",
        ]
        .iter()
        .any(|word| plain.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
        && indent(line) == indent(next)
        && !next.trim().is_empty()
        && !next.trim().starts_with(['.', ')', '}', '?'])
}

/// Writes a bug into the lines of a function; `None` where its kind does not fit.
type Bug = fn(&Source, &[String]) -> Option<Vec<String>>;

/// One of these texts, the first that stands in code, becomes its other.
fn exchanged(source: &Source, lines: &[String], swaps: &[(&str, &str)]) -> Option<Vec<String>> {
    let alone = Source::new(source.path.clone(), &(lines.join("\n") + "\n"));
    (2..lines.len().saturating_sub(1)).find_map(|at| {
        let code = alone.code(at as u32 + 1);
        let (old, new) =
            swaps.iter().find(|(old, _)| code.contains(old) && lines[at].find(old) == code.find(old))?;
        let mut bad = lines.to_vec();
        bad[at] = lines[at].replacen(old, new, 1);
        Some(bad)
    })
}

fn question(source: &Source, lines: &[String]) -> Option<Vec<String>> {
    let swaps = [(" < ", " <= "), (" == ", " != "), (" > ", " >= "), (" <= ", " < "), (" !== ", " === ")];
    exchanged(source, lines, &swaps)
}

fn logic(source: &Source, lines: &[String]) -> Option<Vec<String>> {
    exchanged(source, lines, &[(" && ", " || "), (" and ", " or "), ("if not ", "if "), ("if (!", "if (")])
}

fn counting(source: &Source, lines: &[String]) -> Option<Vec<String>> {
    exchanged(
        source,
        lines,
        &[(" + 1", ""), (" - 1", ""), (" += 1", " += 2"), ("[0]", "[1]"), (", 0)", ", 1)")],
    )
}

fn answer(source: &Source, lines: &[String]) -> Option<Vec<String>> {
    let swaps = [
        ("return false", "return true"),
        ("return true", "return false"),
        ("return False", "return True"),
        ("return True", "return False"),
        ("return None", "return False"),
        ("return null", "return true"),
        ("return nil", "return err"),
        ("return -1", "return 0"),
    ];
    exchanged(source, lines, &swaps)
}

/// Two arguments of a call change places.
fn arguments(source: &Source, lines: &[String]) -> Option<Vec<String>> {
    let alone = Source::new(source.path.clone(), &(lines.join("\n") + "\n"));
    let tokens = alone.tokens();
    let is_name = |text: &str| {
        text.len() >= 2
            && text.starts_with(|c: char| c.is_alphabetic())
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
    };
    calls(&alone, 0..tokens.len()).into_iter().filter(|call| call.line > 2).find_map(|call| {
        let (open, close) = call.brackets;
        let (from, to) = (tokens[open].end, tokens[close].start);
        let inner = alone.content().get(from..to).filter(|_| tokens[open].line == tokens[close].line)?;
        let parts: Vec<&str> = inner.split(", ").collect();
        let fits = parts.len() >= 2 && parts[0] != parts[1] && is_name(parts[0]) && is_name(parts[1]);
        let (first, second) = fits.then(|| (parts[0], parts[1]))?;
        let rest = &inner[first.len() + second.len() + 2..];
        let text = format!("{}{second}, {first}{rest}{}", &alone.content()[..from], &alone.content()[to..]);
        Some(text.lines().map(str::to_owned).collect())
    })
}

/// A guard is missing.
fn guard(_: &Source, lines: &[String]) -> Option<Vec<String>> {
    (2..lines.len().saturating_sub(3)).find_map(|at| {
        let text = lines[at].trim();
        let begins = text.starts_with("if ") && text.ends_with(['{', ':']);
        let leaves = ["return", "continue", "raise", "throw", "break", "goto"]
            .iter()
            .any(|word| lines[at + 1].trim().starts_with(word));
        let closed = lines[at + 2].trim() == "}";
        let end = if closed { at + 3 } else { at + 2 };
        let alone =
            indent(lines.get(end)?) == indent(&lines[at]) && !lines[end].trim().starts_with(['e', '}']);
        (begins && leaves && alone && (closed == text.ends_with('{')))
            .then(|| [&lines[..at], &lines[end..]].concat())
    })
}

/// A statement is missing.
fn statement(_: &Source, lines: &[String]) -> Option<Vec<String>> {
    (2..lines.len().saturating_sub(2))
        .find(|at| is_statement(&lines[*at], &lines[at + 1]))
        .map(|at| [&lines[..at], &lines[at + 1..]].concat())
}

/// The same bug in a function and its copy; the change repairs the first.
fn copies(tree: &Tree, bug: Bug) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        for function in copied(&source) {
            let good = body(&source, function);
            let Some(bad) = bug(&source, &good).filter(|bad| *bad != good) else { continue };
            let kind = COPIES[plants.len() % COPIES.len()];
            let path = kind.path(&source);
            let with = |here: &[String], there: &[String]| {
                let mut tree = tree.clone();
                let copy = kind.of(there, &source, function).join("\n") + "\n";
                let all: Vec<&str> = source.content().lines().collect();
                let (first, last) = (function.first as usize - 1, function.last as usize);
                let before = all[..first].iter().copied();
                let mut lines: Vec<&str> = before.chain(here.iter().map(String::as_str)).collect();
                lines.extend(matches!(kind, Copy::Beside).then_some(""));
                lines.extend(copy.lines().filter(|_| matches!(kind, Copy::Beside)));
                lines.extend(&all[last..]);
                tree.insert(path.clone(), copy.clone());
                tree.insert(source.path.as_str().to_owned(), lines.join("\n") + "\n");
                tree
            };
            let (base, head, twin) = (with(&bad, &bad), with(&good, &bad), with(&good, &good));
            plants.push(plant(base, head, Some(twin), "sibling/unfixed", &path));
            if plants.len() >= 60 {
                return plants;
            }
        }
    }
    plants
}

/// The question is asked the other way.
pub(super) fn bug_of_question(tree: &Tree) -> Vec<Plant> {
    copies(tree, question)
}

/// Two conditions are joined the other way, or one is not turned.
pub(super) fn bug_of_logic(tree: &Tree) -> Vec<Plant> {
    copies(tree, logic)
}

/// It counts by one too few.
pub(super) fn bug_of_counting(tree: &Tree) -> Vec<Plant> {
    copies(tree, counting)
}

/// The answer is another one.
pub(super) fn bug_of_answer(tree: &Tree) -> Vec<Plant> {
    copies(tree, answer)
}

/// Arguments have changed places.
pub(super) fn bug_of_arguments(tree: &Tree) -> Vec<Plant> {
    copies(tree, arguments)
}

/// A guard is not there.
pub(super) fn bug_of_guard(tree: &Tree) -> Vec<Plant> {
    copies(tree, guard)
}

/// A statement is not there.
pub(super) fn bug_of_statement(tree: &Tree) -> Vec<Plant> {
    copies(tree, statement)
}

/// A function is written again instead of called.
pub(super) fn duplicate(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let works = |function: &&Function| calls(&source, function.tokens(&source)).len() >= 5;
        for function in copied(&source).into_iter().filter(works).take(2) {
            let path = format!("again/{}", source.path.file_name());
            let mut head = tree.clone();
            head.insert(path.clone(), written_again(&source, function));
            plants.push(plant(tree.clone(), head, None, "sibling/duplicated", &path));
        }
    }
    plants
}
