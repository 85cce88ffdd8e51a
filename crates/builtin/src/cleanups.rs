//! Clean-up that a change takes out while what it cleans up is still there.
//!
//! In: the functions that a change takes lines out of, before and after. Out: the ones that still open, lock, allocate or begin
//! something and no longer give it back, on one way out or on any. Asks the function's own past and no sibling; silent where the
//! change gives anything back by that name elsewhere, takes two such calls out, or touches the thing itself.

use std::collections::BTreeSet;
use std::rc::Rc;

use model::{FileDiff, Kind, Severity, Side};

use crate::context::Context;
use crate::deviant::are_halves;
use crate::edits::{Block, blocks};
use crate::family::{Draft, Family, Raised, read};
use crate::functions::{Function, around, indent};
use crate::language::Language;
use crate::names::{occurrences, words};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const DROPPED: &str = "lifecycle/cleanup-dropped";

/// The family.
pub(crate) struct Cleanups(Vec<Dropped>);

/// One clean-up that went.
struct Dropped {
    before: Rc<Source>,
    after: Rc<Source>,
    function: Function,
    /// Its line before the change, and the line after the change behind which it stood.
    was: u32,
    behind: u32,
    /// Where the thing is opened after the change, or else where it is used.
    opened: u32,
    is_opened: bool,
    /// A block gave it back by itself.
    is_unwrapped: bool,
    /// The exit that no longer cleans up, where others still do.
    exit: Option<u32>,
}

/// One statement that gives something back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cleanup {
    name: String,
    /// What it is called on.
    receiver: String,
    /// Its first argument, where that is a plain place (`&row->text`).
    argument: String,
}

impl Cleanups {
    /// Finds the clean-up that the change drops.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut dropped = Vec::new();
        if context.settings.runs(DROPPED) {
            for (file, before, after) in context.edited_code() {
                dropped.extend(of_file(context, file, &before, &after));
            }
        }
        Self(dropped)
    }
}

fn of_file(context: &Context<'_>, file: &FileDiff, before: &Rc<Source>, after: &Rc<Source>) -> Vec<Dropped> {
    let tests = before.own_tests_start();
    let mut found = Vec::new();
    for block in blocks(file) {
        for was in block.removed.iter().copied().filter(|line| *line < tests) {
            if before.line(was).len() >= LONGEST {
                continue;
            }
            found.extend(unwrapped(file, before, after, &block, was));
            let Some(call) = cleanup(before.language, &before.code(was)) else { continue };
            let Some((old, function)) = both(before, after, was, block.head_before) else { continue };
            if is_meant(context, file, &call, &function) {
                continue;
            }
            if let Some(dropped) = judge(before, after, (&old, &function), &block, was, &call) {
                found.push(dropped);
            }
        }
    }
    found
}

/// What a block closed by itself (`with open(path) as file:`) and is opened now without one.
fn unwrapped(
    file: &FileDiff,
    before: &Rc<Source>,
    after: &Rc<Source>,
    block: &Block,
    was: u32,
) -> Option<Dropped> {
    let (name, value) = scoped(before.line(was).trim())?;
    let (_, function) = both(before, after, was, block.head_before)?;
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let wanted = plain(&format!("{name}={value}"));
    let opened = file.added().map(|(line, _)| line).find(|line| {
        let text = plain(after.line(*line).trim().trim_end_matches(';'));
        (function.first..=function.last).contains(line)
            && text.ends_with(&wanted)
            && !["with", "using", "try("].iter().any(|word| text.starts_with(word))
    })?;
    let call = Cleanup { name: "close".to_owned(), receiver: name.clone(), argument: String::new() };
    let leaves = |line: u32| {
        let text = after.code(line);
        let text = text.trim();
        let returned =
            text.strip_prefix("return").or_else(|| text.strip_prefix("yield")).is_some_and(|rest| {
                rest.trim().trim_end_matches(';').split(',').any(|part| part.trim() == name)
                    || (mentions(rest, &name) && rest.trim().starts_with(char::is_uppercase))
            });
        let stored =
            text.split_once(" = ").is_some_and(|(_, right)| right.trim_end_matches(';').trim() == name);
        gives_back(after, line, &call) || returned || stored
    };
    // A later block may open another thing by the same name.
    let again = format!(" as {name}:");
    let mut here =
        (opened + 1..=function.last).take_while(|line| !after.line(*line).trim_end().ends_with(&again));
    here.all(|line| !leaves(line)).then(|| Dropped {
        before: Rc::clone(before),
        after: Rc::clone(after),
        function: function.clone(),
        was,
        behind: block.head_before.max(function.first),
        opened,
        is_opened: true,
        is_unwrapped: true,
        exit: None,
    })
}

/// The name and the value of a block that closes what it opens.
fn scoped(text: &str) -> Option<(String, String)> {
    let text = text.strip_prefix("async ").unwrap_or(text);
    if let Some(rest) = text.strip_prefix("with ") {
        let (value, name) = rest.strip_suffix(':')?.rsplit_once(" as ")?;
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        return (plain && !value.contains(" as ")).then(|| (name.to_owned(), value.to_owned()));
    }
    let rest = ["using (", "await using (", "try ("]
        .iter()
        .find_map(|start| text.strip_prefix(start)?.trim_end_matches(['{', ' ']).strip_suffix(')'))
        .or_else(|| {
            text.strip_prefix("using ").or_else(|| text.strip_prefix("await using "))?.strip_suffix(';')
        })?;
    let (left, value) = rest.split_once(" = ")?;
    let name = left.rsplit(' ').next()?;
    (!value.contains(';')).then(|| (name.to_owned(), value.to_owned()))
}

/// True where the change shows that it knows what it does: the call goes in two places, comes back somewhere, or the function
/// does something new with the thing.
fn is_meant(context: &Context<'_>, file: &FileDiff, call: &Cleanup, function: &Function) -> bool {
    let names = |text: &str| !occurrences(text, &call.name).is_empty();
    let diff = context.change.diff();
    let gone = diff.iter().flat_map(FileDiff::removed).filter(|(_, text)| names(text)).count();
    let thing = Some(call.thing()).filter(|thing| !matches!(*thing, "" | "self" | "this" | "super"));
    gone != 1
        || diff.iter().flat_map(FileDiff::added).any(|(_, text)| names(text))
        || file.added().any(|(line, text)| {
            (function.first..=function.last).contains(&line)
                && thing.is_some_and(|thing| mentions(text, thing))
        })
}

fn judge(
    before: &Rc<Source>,
    after: &Rc<Source>,
    (old, function): (&Function, &Function),
    block: &Block,
    was: u32,
    call: &Cleanup,
) -> Option<Dropped> {
    let behind = block.head_before.max(function.first);
    let added: BTreeSet<u32> = block.added.iter().copied().collect();
    let lines = (function.first + 1..=function.last)
        .filter(|line| !added.contains(line) && after.line(*line).len() < LONGEST);
    let opened = lines.clone().take_while(|line| *line <= behind).find(|line| opens(after, *line, call));
    // Where nobody sees it opened, or the name says little, only the clean-up must go; and the thing must be in use.
    let is_pure =
        || block.added.is_empty() && block.removed.iter().all(|line| is_clean_up_only(before, *line));
    let used = || {
        lines
            .clone()
            .find(|line| mentions(&after.code(*line), call.thing()))
            .filter(|_| !call.thing().is_empty())
    };
    let (opened, is_opened) = match opened {
        Some(line) if releases(&call.name) || is_pure() => (line, true),
        _ => (used().filter(|_| is_pure() && releases(&call.name))?, false),
    };
    let gives_back = |source: &Source, line: u32| gives_back(source, line, call);
    let kept: Vec<u32> = (function.first + 1..=function.last)
        .filter(|line| (!is_opened || *line > opened) && gives_back(after, *line))
        .collect();
    let dropped = |exit| Dropped {
        before: Rc::clone(before),
        after: Rc::clone(after),
        function: function.clone(),
        was,
        behind,
        opened,
        is_opened,
        is_unwrapped: false,
        exit,
    };
    let depth = indent(before.line(was));
    let deeper = |line: &u32| indent(after.line(*line)) > depth;
    // On the way to the end, where only the early exits clean up now; before the same thing is opened anew; less often than opened.
    let next = (was + 1..=old.last)
        .find(|line| !before.code(*line).trim().is_empty() && !block.removed.contains(line));
    let anew = next.is_some_and(|next| is_given(&before.code(next), call.thing(), &before.code(next + 1)));
    let shifted = |line: u32| {
        let shift = i64::from(behind) - i64::from(*block.removed.last()?);
        u32::try_from(i64::from(line) + shift).ok()
    };
    // Where the other branch still does it, this one has lost it.
    let end = (was + 1..=old.last)
        .find(|line| !before.code(*line).trim().is_empty() && indent(before.line(*line)) < depth);
    let is_else = |line: u32| {
        [line, line + 1]
            .iter()
            .any(|line| before.code(*line).trim_start_matches(['}', ' ', '\t']).starts_with("else"))
    };
    let other_branch = end
        .filter(|end| is_else(*end))
        .and_then(shifted)
        .is_some_and(|end| kept.iter().all(|line| *line >= end && indent(after.line(*line)) >= depth));
    let early_only = kept.iter().all(|line| deeper(line) && leaves_soon(after, *line));
    if early_only
        || other_branch
        || (anew && mentions(&before.code(next?), call.thing()))
        || is_unbalanced(before, after, old, function, call)
    {
        return Some(dropped(None));
    }
    // Others still clean up: the exit that it stood before must be there still.
    let exit = exit_behind(before, old, was)?;
    let now = shifted(exit)?;
    if block.removed.contains(&exit) || after.line(now).trim() != before.line(exit).trim() {
        return None;
    }
    let depth = indent(after.line(now));
    let done = kept
        .iter()
        .any(|line| *line < now && indent(after.line(*line)) <= depth && !leaves_soon(after, *line));
    (!done && !is_handed_on(after, function, now, call)).then(|| dropped(Some(now)))
}

/// True where the line is clean-up, or belongs to the block around it and nothing else.
fn is_clean_up_only(source: &Source, line: u32) -> bool {
    let text = source.code(line);
    let text = text.trim();
    text.is_empty()
        || cleanup(source.language, text).is_some()
        || matches!(
            text,
            "try:" | "finally:" | "} finally {" | "}" | "ensure" | "end" | "defer func() {" | "}()"
        )
}

/// The exit that the block of the line goes to a few statements further on.
fn exit_behind(source: &Source, function: &Function, line: u32) -> Option<u32> {
    let depth = indent(source.line(line));
    (line + 1..=function.last.min(line + 6))
        .filter(|next| !source.code(*next).trim().is_empty())
        .take_while(|next| indent(source.line(*next)) == depth)
        .find(|next| is_exit(&source.code(*next)))
}

/// True where the function opens it as often as it gave it back, and now opens it once more than that.
fn is_unbalanced(
    before: &Source,
    after: &Source,
    old: &Function,
    function: &Function,
    call: &Cleanup,
) -> bool {
    let count = |source: &Source, function: &Function| {
        let lines = || (function.first + 1..=function.last).map(|line| source.code(line));
        let names = |text: &String| call.thing().is_empty() || mentions(text, call.thing());
        let opened = lines().filter(|text| names(text) && halves(text, &call.name)).count();
        let closed = lines().filter(|text| names(text) && !occurrences(text, &call.name).is_empty()).count();
        (opened, closed)
    };
    let ((was_opened, was_closed), (opened, closed)) = (count(before, old), count(after, function));
    was_opened > 0 && was_opened <= was_closed && opened == was_opened && opened > closed
}

/// True where the statement is one of the last before an exit.
fn leaves_soon(source: &Source, line: u32) -> bool {
    let depth = indent(source.line(line));
    (line + 1..=line + 6)
        .filter(|next| !source.code(*next).trim().is_empty())
        .take_while(|next| indent(source.line(*next)) >= depth)
        .any(|next| is_exit(&source.code(next)))
}

/// True where the test around the exit gives the thing to somebody who keeps it: whose it is when that fails, the code does not say.
fn is_handed_on(source: &Source, function: &Function, exit: u32, call: &Cleanup) -> bool {
    let depth = indent(source.line(exit));
    let test = (function.first + 1..exit)
        .rev()
        .find(|line| !source.line(*line).trim().is_empty() && indent(source.line(*line)) < depth);
    let keeps = |name: &str| {
        words(name).iter().any(|word| {
            [
                "insert", "add", "push", "append", "set", "put", "attach", "register", "store", "enqueue",
                "link",
            ]
            .contains(&word.as_str())
        })
    };
    test.is_some_and(|line| {
        (line.saturating_sub(1)..=line).any(|line| {
            let text = source.code(line);
            mentions(&text, call.thing())
                && text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(keeps)
        })
    })
}

/// Longer lines are no statements.
const LONGEST: usize = 400;

impl Cleanup {
    /// What it gives back.
    fn thing(&self) -> &str {
        if self.argument.is_empty() { &self.receiver } else { &self.argument }
    }
}

/// The clean-up that a line consists of.
fn cleanup(language: Language, line: &str) -> Option<Cleanup> {
    let mut text = line.trim().trim_end_matches([';', '}', ' ']).trim_end();
    for start in
        ["defer func() {", "defer ", "await ", "try ", "(void)", "let _ =", "_ =", "yield from ", "if "]
    {
        text = text.strip_prefix(start).unwrap_or(text).trim_start();
    }
    // `if (x) free(x)`, `if x: x.close()`
    if line.trim_start().starts_with("if") {
        text = behind_condition(line.trim().trim_end_matches(';'))?;
    }
    for end in [".await", "?", ".unwrap()", ".ok()", "catch {}", " }()", "!"] {
        text = text.strip_suffix(end).unwrap_or(text).trim_end();
    }
    let (path, arguments) = match text.find('(') {
        Some(open) if text.ends_with(')') && closes_last(text, open) => {
            (text[..open].trim_end(), &text[open + 1..text.len() - 1])
        }
        None if language == Language::Ruby => (text, ""),
        _ => return None,
    };
    let plain = |c: char| c.is_alphanumeric() || "_.->:?!@$&*[]'()".contains(c);
    if path.is_empty() || !path.chars().all(plain) {
        return None;
    }
    let at = path.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    let name = &path[at..];
    let receiver = path[..at].trim_end_matches(['.', '>', '-', ':', '?', '!']).to_owned();
    let first = arguments.split(',').next().unwrap_or("").trim();
    let place = first.trim_start_matches(['&', '*']);
    let place = place.strip_prefix("mut ").unwrap_or(place);
    let is_place = place.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$' || c == '@')
        && place.chars().all(|c| c.is_alphanumeric() || "_.->$@".contains(c))
        && !matches!(place, "true" | "false" | "null" | "NULL" | "None" | "nil" | "self" | "this");
    let argument = if is_place { place.to_owned() } else { String::new() };
    cleans(name).then(|| Cleanup { name: name.to_owned(), receiver, argument })
}

/// What is done where a condition on the same line holds.
fn behind_condition(text: &str) -> Option<&str> {
    let open = text.find('(')?;
    if let Some((_, rest)) = text.split_once(": ") {
        return Some(rest.trim());
    }
    let mut depth = 0usize;
    for (at, c) in text.char_indices().skip(open) {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(text[at + 1..].trim().trim_start_matches('{').trim_end_matches('}').trim());
                }
            }
            _ => {}
        }
    }
    None
}

/// True where the bracket at `open` is closed by the text's last character.
fn closes_last(text: &str, open: usize) -> bool {
    let mut depth = 0usize;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1 == text.len();
                }
            }
            _ => {}
        }
    }
    false
}

/// True for names that can mean nothing else than to give back.
fn releases(name: &str) -> bool {
    const WORDS: [&str; 8] = ["free", "close", "release", "unlock", "destroy", "dispose", "unref", "unmap"];
    const ENDS: [&str; 6] = ["free", "close", "closedir", "unlock", "munmap", "unref"];
    words(name)
        .iter()
        .any(|word| WORDS.contains(&word.as_str()) || ENDS.iter().any(|end| word.ends_with(end)))
}

/// True for names of functions that give back, whatever was taken; some of them are things to do as well (`stop`).
fn gives_back_anything(name: &str) -> bool {
    const WORDS: [&str; 15] = [
        "cleanup",
        "rollback",
        "cancel",
        "stop",
        "shutdown",
        "unmount",
        "unregister",
        "unsubscribe",
        "disconnect",
        "teardown",
        "terminate",
        "deinit",
        "rmtree",
        "unlink",
        "rmdir",
    ];
    releases(name)
        || words(name).iter().any(|word| WORDS.contains(&word.as_str()))
        || matches!(name, "end" | "quit" | "clearTimeout" | "clearInterval" | "revokeObjectURL")
}

/// True for names of functions that give back what another call took.
fn cleans(name: &str) -> bool {
    const WORDS: [&str; 18] = [
        "delete",
        "reset",
        "restore",
        "end",
        "finish",
        "deregister",
        "detach",
        "pop",
        "leave",
        "exit",
        "fini",
        "uninit",
        "commit",
        "resume",
        "abort",
        "put",
        "remove",
        "disable",
    ];
    // `node_put` gives back, `map.put` keeps.
    let keeps = |word: &str| word == "put" && !name.ends_with("_put");
    gives_back_anything(name) || words(name).iter().any(|word| WORDS.contains(&word.as_str()) && !keeps(word))
}

/// True where the line opens what the call gives back.
fn opens(source: &Source, line: u32, call: &Cleanup) -> bool {
    let text = source.code(line);
    let of = |thing: &String| {
        let given = || gives_back_anything(&call.name) && is_given(&text, thing, &source.code(line + 1));
        let own = matches!(thing.as_str(), "" | "self" | "this" | "super");
        !own && mentions(&text, thing) && (halves(&text, &call.name) || given())
    };
    // Without a thing of its own the other half is called in the same way.
    let alone = call.argument.is_empty() && matches!(call.receiver.as_str(), "" | "self" | "this" | "super");
    let called = || {
        let start = if call.receiver.is_empty() {
            0
        } else {
            text.find(&call.receiver).map_or(text.len(), |at| at + call.receiver.len())
        };
        let (name, _) = text[start..].split_once('(').unwrap_or(("", ""));
        halves(name, &call.name)
    };
    of(&call.argument) || of(&call.receiver) || (alone && called())
}

/// True where the line names the other half.
fn halves(text: &str, name: &str) -> bool {
    let locks = name.to_lowercase().replace("unlock", "lock");
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| {
        word.len() >= 3 && word != name && (are_halves(word, name) || word.to_lowercase() == locks)
    })
}

/// True where the text names the whole path.
fn mentions(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        !text[..at].ends_with(word) && !text[at + path.len()..].starts_with(word)
    })
}

/// True where the line gives the thing the result of a call.
fn is_given(text: &str, thing: &str, next: &str) -> bool {
    let Some(at) = text.char_indices().position(|(at, c)| {
        c == '='
            && !text[at + 1..].starts_with(['=', '>'])
            && !text[..at].ends_with(['=', '!', '<', '>', '+', '-', '|', '&'])
    }) else {
        return false;
    };
    let Some(at) = text.char_indices().nth(at).map(|(at, _)| at) else { return false };
    let (left, right) = (&text[..at], &text[at + 1..]);
    let right = if right.trim().is_empty() { next } else { right };
    mentions(left, thing)
        && !left.trim_start_matches(' ').trim_start_matches('(').contains('(')
        && (right.contains('(') || right.contains("new "))
}

/// True where the line gives the same thing back.
fn gives_back(source: &Source, line: u32, call: &Cleanup) -> bool {
    let text = source.code(line);
    let thing = call.thing();
    let named = if thing.is_empty() { true } else { mentions(&text, thing) };
    let scoped =
        ["with ", "using ", "try (", "defer "].iter().any(|word| text.trim_start().starts_with(word));
    let names = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    named
        && (scoped || {
            let mut names = names;
            let alike = if gives_back_anything(&call.name) { gives_back_anything } else { cleans };
            if thing.is_empty() { names.any(|word| word == call.name) } else { names.any(alike) }
        })
}

fn is_exit(text: &str) -> bool {
    ["return", "raise", "throw", "continue", "break", "goto", "exit", "die"].iter().any(|word| {
        text.trim_start()
            .strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// What stands around the line before and after the change: the function, or where there is none, the whole block at the margin.
pub(crate) fn both(before: &Source, after: &Source, was: u32, behind: u32) -> Option<(Function, Function)> {
    if let Some(old) = around(before, was) {
        return Some((old.clone(), counterpart(before, old, after)?.clone()));
    }
    let margin = |source: &Source, line: u32| {
        let at_margin = |line: &u32| source.line(*line).starts_with(|c: char| c.is_alphabetic() || c == '_');
        let first = (1..=line).rev().find(at_margin)?;
        let last =
            (line + 1..=source.line_count()).find(at_margin).map_or(source.line_count(), |next| next - 1);
        let name = source.line(first).split(['=', '{', '(']).next().unwrap_or("").trim().to_owned();
        (last - first < 400).then_some(Function { name, first, last })
    };
    let (old, new) = (margin(before, was)?, margin(after, behind)?);
    (old.name == new.name).then_some((old, new))
}

/// The function after the change: of one name, of several by their order.
fn counterpart<'a>(before: &Source, old: &Function, after: &'a Source) -> Option<&'a Function> {
    let of_name = |source: &'a Source| source.functions().iter().filter(|other| other.name == old.name);
    let at = before
        .functions()
        .iter()
        .filter(|other| other.name == old.name)
        .position(|other| other.first == old.first)?;
    let all = before.functions().iter().filter(|other| other.name == old.name).count();
    let now: Vec<&Function> = of_name(after).collect();
    (now.len() == all).then(|| now[at])
}

impl Family for Cleanups {
    fn needles(&self, _: &mut Needles) {}

    fn findings(&self, _: &Context<'_>, _: &Found) -> Vec<Raised> {
        self.0.iter().map(report).collect()
    }
}

fn report(dropped: &Dropped) -> Raised {
    let Dropped { before, after, function, was, behind, opened, is_opened, is_unwrapped, exit } = dropped;
    let owner = code(&shortened(&function.name, 40));
    let shown = code(&shortened(before.line(*was).trim(), 60));
    let still = if *is_opened { "opens" } else { "uses" };
    let title = match exit {
        Some(line) => format!("{owner} leaves at line {line} without {shown}, which the change takes out"),
        None => format!("{owner} loses {shown} and still {still} it on line {opened}"),
    };
    let others = match exit {
        Some(line) => {
            format!("The other ways out of {owner} still give it back; the one on line {line} no longer does")
        }
        None => format!("Nothing else in {owner} gives it back there"),
    };
    Draft {
        rule: DROPPED,
        category: "resource",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 2.6,
        title,
        problem: format!(
            "The change takes {shown} (line {was} of `{}` before it) out of {owner}, which still {still} it on line {opened}. {others}, and \
             the change adds no such call anywhere.",
            before.path,
        ),
        locations: vec![
            at(after, exit.unwrap_or(*opened), Side::Head, PlaceRole::Primary),
            at(before, *was, Side::Base, PlaceRole::Evidence),
        ],
        evidence: vec![read(
            format!("{}:{opened} still {still} it", after.path),
            after.path.as_str(),
            *opened,
            Some(shortened(after.line(*opened).trim(), 200)),
        )],
        fix: format!("Keep {shown}, or say in a comment who gives it back now."),
        patch: (!is_unwrapped).then(|| crate::patch::replacing(after, behind + 1, *behind, &[before.line(*was)])),
        because: format!("The change takes line {was} of `{}` out.", before.path),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn titles(path: &str, old: &str, new: &str) -> Vec<String> {
        let change = MemoryChange::new(&[(path, old)], &[(path, new)]);
        let settings = Settings { enable: vec![super::DROPPED.into()], ..Settings::default() };
        crate::review(&change, &settings).findings.into_iter().map(|finding| finding.title).collect()
    }

    /// What is said where the change takes one line out.
    fn without(path: &str, old: &str, line: &str) -> usize {
        assert!(old.contains(line), "{line}");
        titles(path, old, &old.replacen(line, "", 1)).len()
    }

    #[test]
    fn a_clean_up_that_goes_while_its_thing_is_still_opened_is_told() {
        for (path, text, line) in [
            (
                "a.go",
                "func a(p string) error {\n\tf, err := os.Open(p)\n\tif err != nil {\n\t\treturn err\n\t}\n\tdefer f.Close()\n\treturn use(f)\n}\n",
                "\tdefer f.Close()\n",
            ),
            (
                "a.go",
                "func (s *S) a() {\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n\ts.n++\n}\n",
                "\tdefer s.mu.Unlock()\n",
            ),
            (
                "a.c",
                "int a(void)\n{\n\tchar *text = take(1);\n\tuse(text);\n\tfree(text);\n\treturn 0;\n}\n",
                "\tfree(text);\n",
            ),
            (
                "a.c",
                "int a(struct box *box)\n{\n\trcu_read_lock();\n\tuse(box);\n\trcu_read_unlock();\n\treturn 0;\n}\n",
                "\trcu_read_unlock();\n",
            ),
            (
                "a.py",
                "def a(pool):\n    lease = pool.acquire(1)\n    use(lease)\n    pool.release(lease)\n",
                "    pool.release(lease)\n",
            ),
            (
                "a.py",
                "def a(self):\n    self.tag_start('x')\n    self.body()\n    self.tag_end('x')\n",
                "    self.tag_end('x')\n",
            ),
            (
                "a.js",
                "function a() {\n  const fd = fs.openSync('x')\n  use(fd)\n  fs.closeSync(fd)\n}\n",
                "  fs.closeSync(fd)\n",
            ),
            (
                "A.java",
                "class A {\n  void a() {\n    Cursor c = query(1);\n    use(c);\n    if (c != null) c.close();\n  }\n}\n",
                "    if (c != null) c.close();\n",
            ),
            ("a.rb", "def a\n  f = File.open('x')\n  use(f)\n  f.close\nend\n", "  f.close\n"),
        ] {
            assert_eq!(without(path, text, line), 1, "{text}");
        }
    }

    const CLEANED: &str =
        "def a(pool):\n    lease = pool.acquire(1)\n    use(lease)\n    pool.release(lease)\n";

    #[test]
    fn a_clean_up_that_moved_or_is_not_missed_is_no_news() {
        let gone = CLEANED.replace("    pool.release(lease)\n", "");
        let say = |new: &str| titles("a.py", CLEANED, new).len();
        assert_eq!(say(&gone), 1);
        assert_eq!(say(&format!("{gone}\ndef b(pool, lease):\n    pool.release(lease)\n")), 0, "it moved");
        assert_eq!(say(&gone.replace("use(lease)", "return lease")), 0, "it is handed on now");
        assert_eq!(
            say(&gone.replace("    lease = pool.acquire(1)\n", "    lease = None\n")),
            0,
            "nothing is opened"
        );
        let twice = format!("{CLEANED}\n{}", CLEANED.replace("def a", "def b"));
        assert_eq!(
            titles("a.py", &twice, &twice.replace("    pool.release(lease)\n", "")).len(),
            0,
            "two go"
        );
        let doubled = CLEANED
            .replace("    pool.release(lease)\n", "    pool.release(lease)\n    pool.release(lease)\n");
        assert_eq!(titles("a.py", &doubled, CLEANED).len(), 0, "it stood there twice");
        let kept = "def a(pool):\n    lease = pool.acquire(1)\n    lease.stop()\n    pool.release(lease)\n";
        assert_eq!(without("a.py", kept, "    lease.stop()\n"), 0, "it is given back in another way");
    }

    const EXITS: &str = "int a(void)\n{\n\tchar *text = take(1);\n\tif (bad(text)) {\n\t\tfree(text);\n\t\treturn 1;\n\t}\n\tif (odd(text)) {\n\t\tfree(text);\n\t\treturn 2;\n\t}\n\tuse(text);\n\tfree(text);\n\treturn 0;\n}\n";

    #[test]
    fn one_exit_of_several_is_told() {
        let gone = EXITS.replacen("\t\tfree(text);\n\t\treturn 2;", "\t\treturn 2;", 1);
        assert_eq!(
            titles("a.c", EXITS, &gone),
            ["`a` leaves at line 9 without `free(text);`, which the change takes out"]
        );
        let last = EXITS.replace("\tfree(text);\n\treturn 0;", "\treturn 0;");
        assert_eq!(titles("a.c", EXITS, &last).len(), 1, "on the way to the end");
        let kept = EXITS.replace("odd(text)", "list_add(text)");
        let gone = kept.replacen("\t\tfree(text);\n\t\treturn 2;", "\t\treturn 2;", 1);
        assert_eq!(titles("a.c", &kept, &gone).len(), 0, "the list may own it");
    }

    #[test]
    fn a_block_that_closes_by_itself_and_is_none_any_more_is_told() {
        let old = "def a(p):\n    with open(p) as f:\n        text = f.read()\n    return text\n";
        let new = "def a(p):\n    f = open(p)\n    text = f.read()\n    return text\n";
        assert_eq!(titles("a.py", old, new).len(), 1);
        assert_eq!(
            titles("a.py", old, &new.replace("    return", "    f.close()\n    return")).len(),
            0,
            "closed by hand"
        );
        assert_eq!(titles("a.py", old, &new.replace("return text", "return f")).len(), 0, "handed on");
    }
}
