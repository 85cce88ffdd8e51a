//! Guards that the change takes out and puts nothing in their place.
//!
//! In: blocks of a change that remove a whole `if … return` from a function and add nothing to it. Out: the ones that other
//! functions of the file still begin with, and the ones whose value the function still uses untested. Silent where the
//! test, or the function, moved.

use std::collections::BTreeSet;
use std::rc::Rc;

use model::{FileDiff, Side};

use super::{Deviation, GUARD, LOST, UNCHECKED};
use crate::context::{Context, path_before};
use crate::edits::{Block, blocks};
use crate::functions::{Function, around, indent};
use crate::language::{Language, Role};
use crate::names::occurrences;
use crate::source::Source;
use crate::tokens::is_keyword;
use crate::words::{code, shortened};

/// Functions of the file that keep the guard.
const FEWEST: usize = 3;
/// Longer blocks do more than guard.
const MOST_LINES: usize = 6;

/// What was found of one file.
pub(super) fn findings(context: &Context<'_>, file: &FileDiff, after: &Rc<Source>) -> Vec<Deviation> {
    let Some(before) = path_before(file).and_then(|path| context.source(Side::Base, path)) else {
        return Vec::new();
    };
    let tests = before.own_tests_start();
    let all = blocks(file);
    let taken_out: Vec<Vec<String>> =
        all.iter().filter_map(|block| Guard::of(block, &before)).map(|guard| guard.lines).collect();
    let mut found = Vec::new();
    for block in all.iter().filter(|block| block.removed.first().is_some_and(|line| *line < tests)) {
        let Some(guard) = Guard::of(block, &before) else { continue };
        // Who takes the same test out in two places means it. In Go, all errors are tested alike.
        let twice = taken_out.iter().filter(|lines| **lines == guard.lines).count() > 1;
        if twice && !is_error_of_go(&guard, after) {
            continue;
        }
        let Some(function) = function_now(&before, after, &guard, block) else { continue };
        let function = &function;
        if is_tested_elsewhere(context, &guard) {
            continue;
        }
        let written: Vec<String> = file
            .added()
            .filter(|(line, _)| (function.first..=function.last).contains(line))
            .map(|(line, _)| after.code(line))
            .collect();
        let runs = context.settings.runs(UNCHECKED);
        if is_error_of_go(&guard, after) {
            if let Some(line) = ignored(after, function, block, "err").filter(|line| {
                runs && !written.iter().any(|text| names(text, "err") || *text == after.code(*line))
            }) {
                found.push(used(after, function, block, &guard, "err", line, true));
            }
            continue;
        }
        // It may have stood there twice.
        if held_at(after, function, &guard).is_some() {
            continue;
        }
        // What is written into the function may do the same in another way.
        let kept = if written.is_empty() { keepers(after, function, &guard) } else { Vec::new() };
        if kept.len() >= FEWEST && context.settings.runs(GUARD) {
            found.push(kept_by_others(after, function, block, &guard, kept));
        } else if runs
            && let Some((name, line, is_ignored)) = unchecked(after, function, block, &guard, &written)
        {
            found.push(used(after, function, block, &guard, &name, line, is_ignored));
        } else if context.settings.runs(LOST)
            && all.len() == 1
            && (guard.refuses() || guard.is_plain())
            && let Some((name, line)) = relied_on(after, function, block, &guard)
        {
            found.push(lost(after, function, block, &guard, &name, line));
        }
    }
    found
}

/// A test that leaves, as it stood at the merge base.
struct Guard {
    first: u32,
    /// Its lines of code without white space around them.
    lines: Vec<String>,
    /// What it asks.
    condition: String,
}

impl Guard {
    /// The guard that a block takes out, where it takes out nothing else and puts nothing in its place.
    fn of(block: &Block, source: &Source) -> Option<Self> {
        let blank = |line: &u32| source.code(*line).trim().is_empty();
        let removed: Vec<u32> = block.removed.iter().copied().filter(|line| !blank(line)).collect();
        let first = *removed.first()?;
        let lines: Vec<String> = removed.iter().map(|line| source.code(*line).trim().to_owned()).collect();
        if !block.added.is_empty() || lines.len() > MOST_LINES || lines.len() < 2 {
            return None;
        }
        let start = lines[0].strip_prefix("if").or_else(|| lines[0].strip_prefix("unless"))?;
        let condition = start.trim().trim_end_matches(['{', ':']).trim().to_owned();
        let braces = |c: char| lines.iter().map(|line| line.matches(c).count()).sum::<usize>();
        let whole = start.starts_with([' ', '('])
            && braces('{') == braces('}')
            && !lines.iter().any(|line| line.starts_with("else") || line.starts_with("} else"))
            && (source.language != Language::Ruby || lines.last().is_some_and(|line| line == "end"));
        let leaves = lines.iter().rposition(|line| !matches!(line.as_str(), "}" | "end" | "fi"))?;
        // What leaves a loop within it leaves nothing else; the first line may be the rest of the question.
        let depth = |at: usize| indent(source.line(removed[at]));
        let inner = (1..leaves).any(|at| depth(at) < depth(leaves) && depth(at) > depth(0));
        (whole && leaves > 0 && !inner && is_exit(&lines[leaves])).then_some(Self { first, lines, condition })
    }
}

/// How a condition asks about one variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Whether there is anything at all: `row == NULL`, `entry is None`.
    Absent,
    /// Whether it is good for anything: `!row`, `fd < 0`.
    Failed,
    /// Whether it tells of anything: `rc != 0`, `errors`. Without, it can still be used, but somebody must look at it.
    Told,
}

impl Guard {
    /// The variables that the condition asks about, where it asks whether one of them is there or whether it worked.
    fn asked(&self) -> Vec<(String, Asked)> {
        let plain = self.condition.trim();
        let plain = plain.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(plain).trim();
        if plain.contains("&&") || plain.contains(" and ") {
            return Vec::new();
        }
        plain.split("||").flat_map(|part| part.split(" or ")).filter_map(asked).collect()
    }
}

impl Guard {
    /// True where it leaves because something is wrong, and not because there is nothing to do.
    fn refuses(&self) -> bool {
        const WORDS: [&str; 15] = [
            "raise", "throw", "goto", "die", "abort", "bail", "panic", "panic!", "Err", "NULL", "null",
            "None", "nil", "false", "False",
        ];
        const PARTS: [&str; 10] =
            ["-1", "err", "Err", "ERR", "fail", "FAIL", "invalid", "INVALID", "EINVAL", "ENOMEM"];
        let says = |line: &String| {
            WORDS.iter().any(|word| names(line, word)) || PARTS.iter().any(|part| line.contains(part))
        };
        let asks_for_nothing =
            ["NULL", "null", "None", "nil", "nullptr"].iter().any(|word| names(&self.condition, word));
        asks_for_nothing || self.lines[1..].iter().any(says)
    }
}

impl Guard {
    /// True where it asks whether there is anything at all, or for less than nothing; `!wide` may be a switch.
    fn is_plain(&self) -> bool {
        self.asked().iter().any(|(_, asked)| *asked == Asked::Absent)
            || [" < 0", " <= 0"].iter().any(|end| self.condition.trim_end_matches(')').ends_with(end))
    }
}

/// A parameter, a variable or a field of its own that the guard asked about and the function goes on to use, and where. What is
/// known to all (a version, a platform) may have been settled elsewhere.
fn relied_on(after: &Source, function: &Function, block: &Block, guard: &Guard) -> Option<(String, u32)> {
    let body = (function.first + 1..=function.last)
        .find(|line| {
            after.code(*line - 1).trim_end().ends_with(['{', ':']) || after.code(*line).trim() == "{"
        })
        .unwrap_or(function.first + 1);
    let signature: String = (function.first..body).map(|line| after.line(line)).collect();
    let parameters = signature.replacen(&function.name, " ", 1);
    // Whether it is there at all is often asked once more further on.
    let condition = guard.condition.trim_start_matches(['(', ' ']);
    let denied = condition.starts_with('!') || condition.starts_with("not ");
    let is_absence = guard.asked().iter().any(|(_, asked)| *asked == Asked::Absent || denied);
    let words = guard.condition.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    words
        .filter(|word| {
            !word.is_empty()
                && !word.starts_with(|c: char| c.is_ascii_digit() || c.is_uppercase())
                && !is_keyword(word)
        })
        .filter(|word| {
            !matches!(*word, "self" | "this" | "len" | "err" | "isinstance" | "typeof" | "size" | "length")
        })
        .find_map(|word| {
            let owned = ["self.", "this.", "this->", "@"]
                .iter()
                .any(|own| guard.condition.contains(&format!("{own}{word}")));
            let local = names(&parameters, word)
                || (body..=block.head_before)
                    .any(|line| gives(&after.code(line), word) || is_bound(&after.code(line), word));
            let line =
                (block.head_before + 1..=function.last).find(|line| names(&after.code(*line), word))?;
            let text = after.code(line);
            let anew = gives(&text, word) && (is_absence || !names(behind_equals(&text), word));
            let asked = is_absence && is_asked(after, function, block, word);
            ((owned || local) && !anew && !asked && !is_handed_on(&text, word))
                .then(|| (word.to_owned(), line))
        })
}

/// True where a loop binds the variable.
fn is_bound(text: &str, name: &str) -> bool {
    text.trim_start().starts_with("for") && names(text, name)
}

/// What a plain condition asks about.
fn asked(plain: &str) -> Option<(String, Asked)> {
    const NOTHING: [&str; 6] = ["NULL", "null", "None", "nil", "nullptr", "undefined"];
    const FAILED: [&str; 3] = [" < 0", " <= 0", " == -1"];
    const TOLD: [&str; 6] = [" != 0", " !== 0", " != nil", " != null", " is not None", " != NULL"];
    let plain = plain.trim();
    let word = |text: &str| {
        let text = text.trim();
        let name = !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit() || c.is_uppercase())
            && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        // Python calls a variable `match` as well.
        let free = !is_keyword(text) || text == "match";
        (name && free && !matches!(text, "self" | "this" | "true" | "false")).then(|| text.to_owned())
    };
    for mark in [" === ", " == ", " is "] {
        if let Some((left, right)) = plain.split_once(mark) {
            let (left, right) = (left.trim(), right.trim());
            let of = if NOTHING.contains(&right) {
                word(left)
            } else {
                word(right).filter(|_| NOTHING.contains(&left))
            };
            return of.map(|name| (name, Asked::Absent));
        }
    }
    for (marks, asked) in [(&FAILED[..], Asked::Failed), (&TOLD[..], Asked::Told)] {
        if let Some(left) = marks.iter().find_map(|mark| plain.strip_suffix(mark)) {
            return word(left).map(|name| (name, asked));
        }
    }
    if let Some(left) = plain.strip_suffix(".nil?") {
        return word(left).map(|name| (name, Asked::Absent));
    }
    if let Some(left) = plain.strip_suffix(".is_none()").or_else(|| plain.strip_suffix(".is_err()")) {
        return word(left).map(|name| (name, Asked::Absent));
    }
    if let Some(denied) = plain.strip_prefix('!').or_else(|| plain.strip_prefix("not ")) {
        return word(denied).map(|name| (name, Asked::Failed));
    }
    word(plain).map(|name| (name, Asked::Told))
}

fn is_exit(line: &str) -> bool {
    ["return", "raise", "throw", "continue", "break", "goto", "die", "exit", "bail!", "panic!", "abort"]
        .iter()
        .any(|word| {
            line.strip_prefix(word)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
}

/// The function at head; for a function without a name of its own, all that stands around it.
fn function_now(before: &Source, after: &Source, guard: &Guard, block: &Block) -> Option<Function> {
    match around(before, guard.first) {
        Some(old) => same_function(before, old, after).cloned(),
        None => crate::cleanups::both(before, after, guard.first, block.head_before).map(|(_, now)| now),
    }
}

/// The function at head, where it is still there with the same signature.
fn same_function<'a>(before: &Source, old: &Function, after: &'a Source) -> Option<&'a Function> {
    let alike = |source: &Source, function: &Function| {
        function.name == old.name && source.line(function.first).trim() == before.line(old.first).trim()
    };
    let mut old_ones = before.functions().iter().filter(|function| alike(before, function));
    let at = old_ones.position(|function| function.first == old.first)?;
    let now: Vec<&Function> = after.functions().iter().filter(|function| alike(after, function)).collect();
    // Of several of one name the order tells which is which.
    (now.len() == at + 1 + old_ones.count()).then(|| now.get(at).copied()).flatten()
}

/// True where the change writes the same question somewhere else.
fn is_tested_elsewhere(context: &Context<'_>, guard: &Guard) -> bool {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let asked = plain(&guard.condition);
    let telling: Vec<&String> =
        guard.lines[1..].iter().filter(|line| line.len() >= 16 && line.contains(['"', '\''])).collect();
    context.change.diff().iter().flat_map(FileDiff::added).any(|(_, text)| {
        plain(text).contains(&asked) || telling.iter().any(|line| text.trim() == line.as_str())
    })
}

/// Where a function has the guard to the letter.
fn held_at(after: &Source, function: &Function, guard: &Guard) -> Option<u32> {
    (function.first + 1..=function.last).find(|line| {
        let mut lines = (*line..=function.last)
            .map(|line| after.code(line).trim().to_owned())
            .filter(|text| !text.is_empty());
        guard.lines.iter().all(|wanted| lines.next().is_some_and(|text| text == *wanted))
    })
}

/// The other functions of the file that have the guard to the letter.
fn keepers(after: &Source, own: &Function, guard: &Guard) -> Vec<u32> {
    let mut found = Vec::new();
    let own_lines = own.first..=own.last;
    for function in after.functions().iter().filter(|other| !own_lines.contains(&other.first)) {
        found.extend(held_at(after, function, guard));
    }
    found
}

fn is_error_of_go(guard: &Guard, source: &Source) -> bool {
    source.language == Language::Go && guard.condition == "err != nil"
}

/// The line whose answer nobody looks at now: the one before the guard's place gives the variable what a call returns, and nothing
/// behind reads it before it gets another value.
fn ignored(after: &Source, function: &Function, block: &Block, name: &str) -> Option<u32> {
    let code = |line: u32| after.code(line);
    let reads = |text: &str| {
        let right = if gives(text, name) { behind_equals(text) } else { text };
        names(right, name)
    };
    // The call may go on over several lines.
    let given = (block.head_before.saturating_sub(8).max(function.first + 1)..=block.head_before)
        .rev()
        .take_while(|line| !after.line(*line).trim().is_empty())
        .find(|line| gives(&code(*line), name))?;
    let called = behind_equals(&code(given)).contains('(') || code(given + 1).contains('(');
    let signature = after.line(function.first);
    let named = names(signature, name);
    for line in block.head_before + 1..=function.last {
        let text = code(line);
        if reads(&text) || (named && text.trim() == "return") {
            return None;
        }
        if gives(&text, name) && indent(after.line(line)) <= indent(after.line(given)) {
            break;
        }
    }
    // A loop may come back to it.
    let depth = indent(after.line(given));
    let is_loop = |line: &u32| {
        let text = code(*line);
        indent(after.line(*line)) < depth
            && ["for ", "while", "loop", "do "].iter().any(|word| text.trim().starts_with(word))
    };
    let from = (function.first + 1..given).rev().find(is_loop).unwrap_or(given);
    let again = (from..given).any(|line| reads(&code(line)) && !gives(&code(line), name));
    (called && !again).then_some(given)
}

fn names(text: &str, name: &str) -> bool {
    !occurrences(text, name).is_empty()
}

/// Where a line gives a value to something: the byte of its `=`.
fn equals(text: &str) -> Option<usize> {
    text.char_indices().map(|(at, _)| at).find(|at| {
        text[*at..].starts_with('=')
            && !text[at + 1..].starts_with(['=', '>', '~'])
            && !text[..*at].ends_with(['=', '!', '<', '>', '+', '-', '*', '/', '|', '&', '^', '%'])
    })
}

fn behind_equals(text: &str) -> &str {
    equals(text).map_or("", |at| &text[at + 1..])
}

/// True where the line gives the variable a value.
fn gives(text: &str, name: &str) -> bool {
    equals(text).is_some_and(|at| {
        let left = &text[..at];
        occurrences(left, name).into_iter().any(|start| {
            !left[..start].ends_with(['.', '>', '('])
                && !left[start + name.len()..].starts_with(['.', '-', '[', '('])
        })
    })
}

/// What the guard asked about, where the function goes on with it unasked or no longer looks at it; and the line.
fn unchecked(
    after: &Source,
    function: &Function,
    block: &Block,
    guard: &Guard,
    written: &[String],
) -> Option<(String, u32, bool)> {
    let all = if after.role == Role::Source { guard.asked() } else { Vec::new() };
    all.into_iter()
        .find_map(|(name, asked)| unchecked_variable(after, function, block, (name, asked), written))
}

fn unchecked_variable(
    after: &Source,
    function: &Function,
    block: &Block,
    (name, asked): (String, Asked),
    written: &[String],
) -> Option<(String, u32, bool)> {
    let given = (function.first + 1..=block.head_before).rev().find(|line| gives(&after.code(*line), &name));
    let about = given.map(|line| after.code(line)).unwrap_or_default();
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.filter(|word| !word.is_empty() && !is_keyword(word)).map(str::to_owned).collect()
    };
    // What is written into the function may do the same in another way.
    let about = words(&about);
    if written.iter().any(|text| names(text, &name) || words(text).iter().any(|word| about.contains(word))) {
        return None;
    }
    if let Some(line) = ignored(after, function, block, &name) {
        return Some((name, line, true));
    }
    let called = given.is_some_and(|line| behind_equals(&after.code(line)).contains('('));
    let (line, goes_into) = used_untested(after, function, block, &name)?;
    let missed = match asked {
        // What a caller gives and nobody goes into may be a switch.
        Asked::Absent | Asked::Failed => called || goes_into,
        Asked::Told => false,
    };
    missed.then_some((name, line, false))
}

/// The first use behind the guard's place of a variable that nothing else in the function tests.
fn used_untested(after: &Source, function: &Function, block: &Block, name: &str) -> Option<(u32, bool)> {
    let tokens = after.tokens();
    let start = tokens.partition_point(|token| token.line <= block.head_before);
    let end = tokens.partition_point(|token| token.line <= function.last);
    let text = |at: usize| tokens.get(at).map_or("", |token| after.slice(token));
    let used = (start..end).find(|at| {
        let before = at.checked_sub(1).map_or("", text);
        text(*at) == name && !matches!(before, "." | "->" | "::")
    })?;
    // What is given a value first is another thing by then; so is `name = checked(name)`.
    let line = tokens[used].line;
    let first = tokens.partition_point(|token| token.line < line);
    let whole = (first..end).take_while(|at| tokens[*at].line == line);
    let goes_into = whole.filter(|at| text(*at) == name).any(|at| {
        let before = at.checked_sub(1).map_or("", text);
        matches!(text(at + 1), "." | "->" | "[") || before == "*"
    });
    let text = after.code(line);
    let goes_on = goes_into || !gives(&text, name);
    (goes_on && !is_handed_on(&text, name) && !is_asked(after, function, block, name))
        .then_some((line, goes_into))
}

/// True where the line gives the variable to whoever called.
fn is_handed_on(text: &str, name: &str) -> bool {
    text.trim().trim_end_matches(';').strip_prefix("return ").is_some_and(|rest| rest.trim() == name)
}

/// True where anything in the function asks about the variable as a whole.
fn is_asked(after: &Source, function: &Function, block: &Block, name: &str) -> bool {
    // Before it is given, another value was asked about.
    let given = (function.first + 1..=block.head_before).rev().find(|line| gives(&after.code(*line), name));
    (given.unwrap_or(function.first + 1)..=function.last).any(|line| {
        let text = after.code(line);
        // What it is called may be a word that asks (`match`); where it is given, the value may ask something else.
        let bare = text.replace(name, "");
        // Whoever asks about a part of it takes for granted that it is there.
        let whole = occurrences(&text, name).into_iter().any(|at| {
            !text[at + name.len()..].starts_with(['.', '[']) && !text[at + name.len()..].starts_with("->")
        });
        whole && is_question(&bare) && (!gives(&text, name) || names(behind_equals(&text), name))
    })
}

fn is_question(code: &str) -> bool {
    ["if", "unless", "while", "assert", "guard", "elif", "when", "match", "switch"]
        .iter()
        .any(|word| !occurrences(code, word).is_empty())
        || [
            "?",
            "&&",
            "||",
            " or ",
            " and ",
            " is None",
            " is not None",
            "== null",
            "!= null",
            "== nil",
            "!= nil",
            "== NULL",
        ]
        .iter()
        .any(|mark| code.contains(mark))
}

fn kept_by_others(
    after: &Rc<Source>,
    function: &Function,
    block: &Block,
    guard: &Guard,
    kept: Vec<u32>,
) -> Deviation {
    let (owner, test) = (code(&shortened(&function.name, 40)), code(&shortened(&guard.lines[0], 50)));
    Deviation {
        rule: GUARD,
        partner: String::new(),
        line: block.head_before.max(function.first),
        support: kept.len(),
        all: kept.len(),
        removed: true,
        title: format!(
            "{owner} loses the guard {test}, which {} other functions of its file keep",
            kept.len()
        ),
        problem: format!(
            "The change takes {test} with its exit (line {} of `{}` before the change) out of {owner} and changes nothing else there. \
             {} other functions of the file still begin with the same guard.",
            guard.first,
            after.path,
            kept.len(),
        ),
        fix: "Keep the guard, or say why this function alone does without it.".to_owned(),
        counter: kept
            .into_iter()
            .map(|line| (Rc::clone(after), line, "keeps the guard".to_owned()))
            .collect(),
        source: Rc::clone(after),
    }
}

fn lost(
    after: &Rc<Source>,
    function: &Function,
    block: &Block,
    guard: &Guard,
    name: &str,
    line: u32,
) -> Deviation {
    let (owner, test) = (code(&shortened(&function.name, 40)), code(&shortened(&guard.lines[0], 50)));
    let name = code(name);
    Deviation {
        rule: LOST,
        partner: String::new(),
        line,
        support: 1,
        all: 1,
        removed: true,
        title: format!("{owner} loses the guard {test} and still uses {name}"),
        problem: format!(
            "All that the change does to `{}` is to take {test} with its exit (line {} before the change) out of {owner}. Line {line} still \
             uses {name}, and the change asks that question nowhere else.",
            after.path, guard.first,
        ),
        fix: "Keep the guard, or say in a comment why it is not needed.".to_owned(),
        counter: vec![(Rc::clone(after), block.head_before.max(1), "stands where the guard was".to_owned())],
        source: Rc::clone(after),
    }
}

fn used(
    after: &Rc<Source>,
    function: &Function,
    block: &Block,
    guard: &Guard,
    name: &str,
    line: u32,
    is_ignored: bool,
) -> Deviation {
    let (owner, test) = (code(&shortened(&function.name, 40)), code(&shortened(&guard.lines[0], 50)));
    let name = code(name);
    let (title, still) = if is_ignored {
        (
            format!("{owner} no longer looks at {name} of line {line}"),
            format!(
                "Line {line} still gives {name} a value, and nothing reads it before it gets another one or the function ends"
            ),
        )
    } else {
        (
            format!("{owner} no longer tests {name} and still uses it"),
            format!("Line {line} still uses {name}, and nothing else in the function asks about it"),
        )
    };
    Deviation {
        rule: UNCHECKED,
        partner: String::new(),
        line,
        support: 1,
        all: 1,
        removed: true,
        title,
        problem: format!(
            "The change takes {test} with its exit (line {} of `{}` before the change) out of {owner} and puts nothing in its place. {still}.",
            guard.first, after.path,
        ),
        fix: format!("Keep the test, or say in a comment why {name} needs none here."),
        counter: vec![(Rc::clone(after), block.head_before.max(1), "stands where the test was".to_owned())],
        source: Rc::clone(after),
    }
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn rules(path: &str, old: &str, new: &str) -> Vec<String> {
        let change = MemoryChange::new(&[(path, old)], &[(path, new)]);
        let settings = Settings { enable: vec!["deviant/*".into()], ..Settings::default() };
        crate::review(&change, &settings).findings.into_iter().filter_map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_guard_that_its_siblings_keep_is_missed() {
        let one = |name: &str| {
            format!(
                "def {name}(self, key):\n    if self.is_closed:\n        raise Closed(\"store\")\n    return self.{name}_now(key)\n\n\n"
            )
        };
        let old = ["get", "put", "drop", "list"].map(one).concat();
        let guard = "    if self.is_closed:\n        raise Closed(\"store\")\n";
        let at = old.rfind(guard).unwrap();
        let new = format!("{}{}", &old[..at], &old[at + guard.len()..]);
        assert_eq!(rules("a.py", &old, &new), [super::GUARD]);
        assert_eq!(rules("a.py", &old, &old.replace(guard, "")), [""; 0], "all go");
        let double = old.replacen(guard, &guard.repeat(2), 1);
        assert_eq!(rules("a.py", &double, &old), [""; 0], "it stood there twice");
        let other = new.replace("self.list_now(key)", "self.open().list_now(key)");
        assert_eq!(rules("a.py", &old, &other), [""; 0], "something else is written");
    }

    #[test]
    fn a_test_that_goes_while_its_value_is_still_used_is_missed() {
        let old = "int size(struct box *box)\n{\n\tstruct row *row = first(box);\n\tif (row == NULL) {\n\t\treturn 0;\n\t}\n\treturn row->size;\n}\n";
        let new = old.replace("\tif (row == NULL) {\n\t\treturn 0;\n\t}\n", "");
        assert_eq!(rules("a.c", old, &new), [super::UNCHECKED]);
        let still = old.replace("return row->size;", "return row ? row->size : 0;");
        let without = still.replace("\tif (row == NULL) {\n\t\treturn 0;\n\t}\n", "");
        assert_eq!(rules("a.c", &still, &without), [""; 0], "it is asked elsewhere");
        let checked = old.replace("\treturn row->size;", "\trow = checked(box, row);\n\treturn row->size;");
        let without = checked.replace("\tif (row == NULL) {\n\t\treturn 0;\n\t}\n", "");
        assert_eq!(rules("a.c", &checked, &without), [""; 0], "what was checked stands in its place");
        let twice = format!("{old}{}", old.replace("size(struct", "width(struct"));
        let guard = "\tif (row == NULL) {\n\t\treturn 0;\n\t}\n";
        assert_eq!(rules("a.c", &twice, &twice.replacen(guard, "", 1)), [super::UNCHECKED], "one of two");
        assert_eq!(rules("a.c", &twice, &twice.replace(guard, "")), [""; 0], "both, so it is meant");
        let go = "package a\n\nfunc load(key string) error {\n\tentry, err := lookUp(key)\n\tif err != nil {\n\t\treturn err\n\t}\n\tuse(entry)\n\treturn \
                  nil\n}\n";
        let guard = "\tif err != nil {\n\t\treturn err\n\t}\n";
        assert_eq!(rules("a.go", go, &go.replace(guard, "")), [super::UNCHECKED], "an error nobody looks at");
        let handed = go.replace("return nil", "return err");
        assert_eq!(rules("a.go", &handed, &handed.replace(guard, "")), [""; 0], "it is handed on");
        let moved = format!(
            "{new}int safe(struct row *row)\n{{\n\tif (row == NULL) {{\n\t\treturn 0;\n\t}}\n\treturn size(row);\n}}\n"
        );
        assert_eq!(rules("a.c", old, &moved), [""; 0], "the test moved");
    }

    #[test]
    fn an_answer_that_nobody_looks_at_any_more_is_missed() {
        let status = "int save(struct box *box)\n{\n\tint rc = write_box(box);\n\tif (rc < 0) {\n\t\treturn rc;\n\t}\n\ttell(box);\n\treturn 0;\n}\n";
        let guard = "\tif (rc < 0) {\n\t\treturn rc;\n\t}\n";
        assert_eq!(rules("a.c", status, &status.replace(guard, "")), [super::UNCHECKED]);
        let handed = status.replace("return 0;", "return rc;");
        assert_eq!(rules("a.c", &handed, &handed.replace(guard, "")), [""; 0], "it is handed on");
        let python = "def show(table, key):\n    match = table.find(key)\n    if not match:\n        raise Missing(key)\n    return match.title\n";
        let guard = "    if not match:\n        raise Missing(key)\n";
        let gone = python.replace(guard, "");
        assert_eq!(
            rules("a.py", python, &gone),
            [super::UNCHECKED],
            "a name that is a word of the language elsewhere"
        );
        let beside = gone.replace("def show(table, key):\n", "def show(table, key):\n    count(1)\n");
        assert_eq!(rules("a.py", python, &beside), [super::UNCHECKED], "beside another edit");
        let other = gone.replace("table.find(key)", "table.find(key, make=True)");
        assert_eq!(rules("a.py", python, &other), [""; 0], "it is given in another way");
        let flag =
            "def show(table, wide):\n    if not wide:\n        return ''\n    return table.title(wide)\n";
        let guard = "    if not wide:\n        return ''\n";
        assert_eq!(rules("a.py", flag, &flag.replace(guard, "")), [""; 0], "a switch is no answer");
        let own = "def show(table, kind):\n    if kind == 'old':\n        raise Old(kind)\n    return table.title(kind)\n";
        let guard = "    if kind == 'old':\n        raise Old(kind)\n";
        assert_eq!(
            rules("a.py", own, &own.replace(guard, "")),
            [super::LOST],
            "another question, another rule"
        );
    }

    #[test]
    fn a_guard_that_goes_alone_is_missed() {
        let old = "def grow(self, wide):\n    if wide > self.limit:\n        raise TooWide(wide)\n    self.width = wide\n\n\ndef other(self):\n    one(self)\n";
        let guard = "    if wide > self.limit:\n        raise TooWide(wide)\n";
        let new = old.replace(guard, "");
        assert_eq!(rules("a.py", old, &new), [super::LOST]);
        assert_eq!(
            rules("a.py", old, &new.replace("one(self)", "two(self)")),
            [""; 0],
            "the file changes elsewhere too"
        );
        let version = old.replace("wide > self.limit", "VERSION < 3");
        assert_eq!(rules("a.py", &version, &new), [""; 0], "what all know may be settled");
        let idle = old.replace("raise TooWide(wide)", "return");
        assert_eq!(rules("a.py", &idle, &new), [""; 0], "there was nothing to do");
        let moved = format!("{new}\n\ndef check(self, wide):\n{guard}");
        assert_eq!(rules("a.py", old, &moved), [""; 0], "it moved");
        let search = guard.replace("        raise TooWide(wide)\n", "        for one in wide:\n            self.limit = one\n            if one:\n                break\n");
        assert_eq!(
            rules("a.py", &old.replace(guard, &search), &new),
            [""; 0],
            "it leaves a loop of its own only"
        );
    }
}
