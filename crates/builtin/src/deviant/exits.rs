//! Early exits of one function that all clean up but one.
//!
//! In: a function with an exit that the change adds or edits. Out: the call that the other exits make first and this one
//! does not. Looks only at exits before which another one already cleaned up, so that there is something to clean.

use std::collections::BTreeSet;
use std::rc::Rc;

use model::{FileDiff, Side};

use super::{Deviation, EXIT};
use crate::context::{Context, path_before};
use crate::edits::blocks;
use crate::functions::{Function, around, indent};
use crate::names::words;
use crate::source::Source;
use crate::tokens::{Call, calls};
use crate::words::{code, count, shortened};

/// An exit in touched code.
pub(crate) struct Exit {
    pub(super) source: Rc<Source>,
    pub(super) function: Function,
    pub(super) line: u32,
    /// What the change no longer calls right before it.
    pub(super) removed: BTreeSet<String>,
}

/// The early exits that the change added or whose neighbours it removed.
pub(super) fn touched(context: &Context<'_>, file: &FileDiff, source: &Rc<Source>) -> Vec<Exit> {
    let removed_at: BTreeSet<u32> = blocks(file)
        .iter()
        .filter(|block| !block.removed.is_empty())
        .map(|block| block.head_before)
        .collect();
    let before = path_before(file).and_then(|path| context.source(Side::Base, path));
    let no_longer = |line: u32| -> BTreeSet<String> {
        let near = blocks(file);
        let near = near.iter().filter(|block| (block.head_before..=block.head_before + 3).contains(&line));
        let gone: Vec<u32> = near.flat_map(|block| block.removed.iter().copied()).collect();
        before
            .as_ref()
            .map(|before| super::called_on(before, &gone))
            .unwrap_or_default()
            .into_iter()
            .collect()
    };
    let tests = source.own_tests_start();
    let mut lines: BTreeSet<u32> = file.added().map(|(line, _)| line).collect();
    lines.extend(removed_at.iter().flat_map(|line| *line + 1..=*line + 2));
    lines
        .into_iter()
        .filter(|line| *line < tests && is_exit(source, *line) && !context.is_moved(source, *line))
        .filter_map(|line| {
            let function = around(source, line)?.clone();
            Some(Exit { source: Rc::clone(source), function, line, removed: no_longer(line) })
        })
        .filter(|exit| is_early(exit.source.as_ref(), &exit.function, exit.line))
        .collect()
}

fn is_exit(source: &Source, line: u32) -> bool {
    let text = source.code(line);
    let text = text.trim();
    ["return", "throw", "raise", "goto", "exit", "os.Exit", "sys.exit", "process.exit"].iter().any(|word| {
        text.strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// Within a block of the function, not its last statement.
fn is_early(source: &Source, function: &Function, line: u32) -> bool {
    let first = (function.first + 1..=function.last).find(|number| {
        let text = source.code(*number);
        !text.trim().is_empty()
            && !text.trim().starts_with('{')
            && indent(source.line(*number)) > indent(source.line(function.first))
    });
    first.is_some_and(|first| indent(source.line(line)) > indent(source.line(first)))
}

/// The lines of the block that ends with this exit, above it.
fn block(source: &Source, line: u32) -> (u32, u32) {
    let depth = indent(source.line(line));
    let mut first = line;
    while first > 1 && line - first < 8 {
        let above = source.line(first - 1);
        if !above.trim().is_empty() && indent(above) < depth {
            break;
        }
        first -= 1;
    }
    (first, line)
}

/// What is called on these lines, with what it is called on: `free(buf)` and `free(row)` are two things.
fn called(source: &Source, lines: (u32, u32)) -> BTreeSet<String> {
    let tokens = source.tokens();
    let range = tokens.partition_point(|token| token.line < lines.0)
        ..tokens.partition_point(|token| token.line <= lines.1);
    // What leaves with the function is its answer: an error that is made there cleans nothing up.
    let is_answer = |call: &Call<'_>| {
        call.line == lines.1
            && (call.receiver.is_some_and(|of| of.starts_with(char::is_uppercase))
                || hands_on(source, call.line))
    };
    // What stands deeper is done on another way out.
    let depth = indent(source.line(lines.1));
    let own = |call: &Call<'_>| indent(source.line(call.line)) <= depth;
    let whole = |call: &Call<'_>| {
        let first = if call.receiver.is_some() { call.token.saturating_sub(2) } else { call.token };
        let text = &source.content()[tokens[first].start..tokens[call.brackets.1].end];
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    calls(source, range).iter().filter(|call| own(call) && !is_answer(call)).map(whole).collect()
}

/// The function's own name in such a text.
fn function_name(call: &str) -> &str {
    let before = call.split('(').next().unwrap_or(call).trim_end_matches('!');
    before.rsplit(['.', ':', '>', '?']).next().unwrap_or(before)
}

/// True for names of functions that set things right.
pub(crate) fn cleans(name: &str) -> bool {
    const WORDS: [&str; 21] = [
        "free", "close", "release", "unlock", "cleanup", "clean", "destroy", "dispose", "abort", "rollback",
        "cancel", "stop", "shutdown", "kill", "delete", "remove", "reset", "restore", "end", "finish",
        "unref",
    ];
    let words = words(name);
    // `node_put` gives back, `put_message` talks.
    let puts = words.len() > 1 && words.last().is_some_and(|word| word == "put");
    (puts || words.iter().any(|word| WORDS.contains(&word.as_str()))) && !super::pairs::is_talk(name)
}

/// `return True`, `return 0`, `return Ok(..)`: what is kept on such a way out may be kept on purpose.
fn succeeds(source: &Source, line: u32) -> bool {
    let text = source.code(line);
    let answer = text.trim().strip_prefix("return").unwrap_or("").trim().trim_end_matches(';');
    matches!(answer.to_lowercase().as_str(), "true" | "0" | "nil" | "ok" | "success")
        || answer.starts_with("Ok(")
}

/// Hands the error on to whoever called.
fn hands_on(source: &Source, line: u32) -> bool {
    let text = source.code(line);
    ["raise", "throw"].iter().any(|word| text.trim().starts_with(word))
}

/// True where this way out is of another kind than those that clean up: it succeeds where they fail, or hands an error on
/// where they deal with it.
fn is_of_another_kind(source: &Source, line: u32, with: &[u32]) -> bool {
    let alone =
        |kind: fn(&Source, u32) -> bool| kind(source, line) && !with.iter().any(|other| kind(source, *other));
    alone(succeeds) || alone(hands_on)
}

/// The call that the other early exits make.
pub(super) fn judge(exit: &Exit) -> Option<Deviation> {
    let (source, function) = (&exit.source, &exit.function);
    let own = called(source, block(source, exit.line));
    let own_names: BTreeSet<&str> =
        own.iter().map(|call| function_name(call)).filter(|name| cleans(name)).collect();
    let others: Vec<(u32, BTreeSet<String>)> = (function.first + 1..=function.last)
        .filter(|line| *line != exit.line && is_exit(source, *line) && is_early(source, function, *line))
        .filter(|line| around(source, *line).is_some_and(|inner| inner.first == function.first))
        .map(|line| (line, called(source, block(source, line))))
        .collect();
    let all_calls: BTreeSet<&String> = others.iter().flat_map(|(_, calls)| calls).collect();
    let (name, with, all) = all_calls
        .into_iter()
        .filter(|call| cleans(function_name(call)) && !own.contains(*call))
        // It cleans up in a way of its own, unless by the same function, or the change took just that out.
        .filter(|call| {
            let name = function_name(call);
            own_names.is_empty() || own_names.contains(name) || exit.removed.contains(name)
        })
        .filter_map(|call| {
            let with: Vec<u32> =
                others.iter().filter(|(_, calls)| calls.contains(call)).map(|(line, _)| *line).collect();
            // Before the first exit that cleans up there may be nothing to clean.
            let first = *with.first()?;
            let from_there = others.iter().filter(|(line, _)| *line >= first).count();
            // Where it is called on the way from the last of them, it is done already.
            let last = with.iter().rev().find(|line| **line < exit.line).copied().unwrap_or(first);
            let own_block = block(source, exit.line).0;
            let done = called(source, (last + 1, own_block.max(last + 1) - 1)).contains(call);
            let kept =
                !exit.removed.contains(function_name(call)) && is_of_another_kind(source, exit.line, &with);
            let clear = exit.line > first && with.len() >= 2 && with.len() == from_there && !done && !kept;
            clear.then_some((call.as_str(), with, from_there))
        })
        .max_by_key(|(call, with, _)| (with.len(), std::cmp::Reverse(*call)))?;
    let (shown, owner) = (code(&shortened(name, 40)), code(&shortened(&function.name, 40)));
    Some(Deviation {
        rule: EXIT,
        partner: String::new(),
        line: exit.line,
        support: with.len(),
        all,
        removed: false,
        title: format!(
            "{owner} leaves at line {} without {shown}, which its {all} other early exits call first",
            exit.line
        ),
        problem: format!(
            "From line {} on, {} of {owner} call {shown} before they leave. The one on line {} of `{}` does not.",
            with[0],
            count(all, "other early exit", "other early exits"),
            exit.line,
            source.path,
        ),
        fix: format!("Call {shown} before leaving, or say in a comment why there is nothing to clean up."),
        counter: with
            .into_iter()
            .map(|line| (Rc::clone(source), line, format!("calls {shown} first")))
            .collect(),
        source: Rc::clone(source),
    })
}
