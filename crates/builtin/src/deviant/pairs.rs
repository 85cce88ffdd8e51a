//! Calls that go together: who calls one calls the other, but not here.
//!
//! In: a call and its other sites. Out: the missing partner with its numbers. The partner must work on the same thing (an
//! argument, the receiver or the result of the first), or its name must be the known other half.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Deviation, HALF, PAIR, Site, Touched};
use crate::functions::Function;
use crate::language::Language;
use crate::names::words;
use crate::source::Source;
use crate::tokens::{Call, TokenKind, calls, is_keyword};
use crate::words::{code, count, shortened};

/// Words whose functions come in pairs.
const HALVES: &[(&str, &[&str])] = &[
    ("open", &["close"]),
    ("acquire", &["release"]),
    ("lock", &["unlock"]),
    ("begin", &["end", "commit", "finish"]),
    ("start", &["stop", "end", "finish", "complete"]),
    ("enter", &["leave", "exit"]),
    ("push", &["pop"]),
    ("alloc", &["free", "release"]),
    ("malloc", &["free"]),
    ("init", &["destroy", "cleanup", "deinit", "fini", "free", "uninit"]),
    ("create", &["destroy", "free", "delete", "release"]),
    ("new", &["free", "delete", "destroy"]),
    ("get", &["put", "release", "unref"]),
    ("ref", &["unref"]),
    ("retain", &["release"]),
    ("enable", &["disable"]),
    ("disable", &["enable"]),
    ("save", &["restore"]),
    ("suspend", &["resume"]),
    ("pause", &["resume"]),
    ("subscribe", &["unsubscribe"]),
    ("register", &["unregister", "deregister"]),
    ("attach", &["detach"]),
    ("connect", &["disconnect"]),
    ("mount", &["unmount"]),
    ("map", &["unmap"]),
    ("setup", &["teardown"]),
    ("freeze", &["thaw", "unfreeze"]),
    ("block", &["unblock"]),
];

/// True where the name has a known other half.
pub(super) fn is_half(name: &str) -> bool {
    words(name).iter().any(|word| HALVES.iter().any(|(first, _)| word == first))
}

/// `lock_user` and `unlock_user`, `open` and `close`.
pub(crate) fn are_halves(first: &str, second: &str) -> bool {
    let (left, right) = (words(first), words(second));
    HALVES.iter().any(|(one, others)| {
        let found =
            left.iter().any(|word| word == one) && right.iter().any(|word| others.contains(&word.as_str()));
        let rest = |all: &[String], known: &[&str]| -> BTreeSet<String> {
            all.iter().filter(|word| !known.contains(&word.as_str())).cloned().collect()
        };
        let (left, right) = (rest(&left, &[one]), rest(&right, others));
        found && (left.is_subset(&right) || right.is_subset(&left))
    })
}

/// What must be known before it is said: functions that call the first, and how many of ten call the partner too.
const FEWEST: usize = 5;
const FEWEST_REMOVED: usize = 3;

/// The partner that nearly all other sites have.
pub(super) fn judge(touched: &Touched, others: &[Site]) -> Option<Deviation> {
    let functions = by_function(others);
    let all = functions.len();
    if all < FEWEST_REMOVED || is_managed(touched) {
        return None;
    }
    // What is kept in a field or handed to another call belongs to somebody else from there on.
    let handed_on = is_handed_on(touched);
    let own = touched.function.tokens(&touched.source);
    let present: BTreeSet<&str> =
        touched.source.tokens()[own].iter().map(|token| touched.source.slice(token)).collect();
    let mut partners: BTreeMap<String, Vec<(Rc<Source>, u32)>> = BTreeMap::new();
    for site in &functions {
        for (name, line) in partners_of(site) {
            if !present.contains(name.as_str()) {
                partners.entry(name).or_default().push((Rc::clone(&site.source), line));
            }
        }
    }
    let best = partners
        .into_iter()
        .filter(|(name, with)| {
            let removed = touched.removed.contains(name);
            let halves = are_halves(&touched.name, name);
            let fewest = if removed { FEWEST_REMOVED } else { FEWEST };
            // What was never there must be a known half; what the change takes out may put anything right, if it does put right.
            let told = halves || (removed && (super::exits::cleans(name) || settles(name)));
            let known = told && !is_constructor(touched.source.language, name) && !is_talk(name);
            (removed || (touched.added && !handed_on)) && known && all >= fewest && with.len() * 10 >= all * 9
        })
        .max_by_key(|(name, with)| {
            (
                touched.removed.contains(name),
                are_halves(&touched.name, name),
                with.len(),
                std::cmp::Reverse(name.clone()),
            )
        })?;
    let removed = touched.removed.contains(&best.0);
    let rule = if !removed && best.1.len() == all && is_certain(touched) { HALF } else { PAIR };
    Some(describe(touched, rule, &best.0, best.1, all))
}

/// True where nothing but the other half can be meant: it is no matter of reading and writing, and what was taken stays here.
fn is_certain(touched: &Touched) -> bool {
    const READS: [&str; 5] = ["get", "put", "new", "create", "init"];
    let reads = words(&touched.name).iter().any(|word| READS.contains(&word.as_str()));
    !reads && !is_half_of(&touched.function, &touched.name) && !leaves(touched)
}

/// A function that by its own name opens or closes such a thing does it for others.
fn is_half_of(function: &Function, name: &str) -> bool {
    let (own, taken) = (words(&function.name), words(name));
    HALVES.iter().any(|(half, others)| {
        taken.iter().any(|word| word == half)
            && own.iter().any(|word| word == half || others.contains(&word.as_str()))
    })
}

/// True where what was taken leaves the function: it is returned, kept in a field or put into a collection.
fn leaves(touched: &Touched) -> bool {
    let source = &touched.source;
    let text = source.code(touched.line);
    let Some((left, _)) = text.split_once('=') else { return false };
    let Some(variable) =
        left.split(',').next().and_then(|left| left.trim().trim_end_matches(':').rsplit([' ', '*']).next())
    else {
        return false;
    };
    let keeps = ["append(", "push(", "add(", "insert(", "put(", "set(", "store("];
    (touched.line + 1..=touched.function.last).any(|line| {
        let text = source.code(line);
        let named = !crate::names::occurrences(&text, variable).is_empty();
        let trimmed = text.trim();
        let stored = trimmed
            .split_once(" = ")
            .is_some_and(|(_, right)| right.trim_end_matches(';').trim() == variable);
        named
            && (trimmed.starts_with("return")
                || trimmed.starts_with("yield")
                || stored
                || keeps.iter().any(|word| text.contains(word)))
    })
}

/// Ends what was begun without cleaning anything up.
fn settles(name: &str) -> bool {
    words(name).iter().any(|word| matches!(word.as_str(), "pop" | "commit" | "flush" | "save" | "notify"))
}

/// True where the result is stored in a field or an element, or is an argument itself.
fn is_handed_on(touched: &Touched) -> bool {
    let source = &touched.source;
    let tokens = source.tokens();
    let start = tokens.partition_point(|token| token.line < touched.line);
    let before = &tokens[start.min(touched.token)..touched.token];
    let equals = before.iter().position(|token| matches!(source.slice(token), "=" | ":="));
    let stored = equals.is_some_and(|at| {
        before[..at].iter().any(|token| matches!(source.slice(token), "." | "->" | "[" | "@"))
    });
    let behind = &before[equals.map_or(0, |at| at + 1)..];
    let depth = |mark: &str| behind.iter().filter(|token| source.slice(token) == mark).count();
    // `if (take(x))` asks, `keep(take(x))` hands on.
    let first = behind.first().map_or("", |token| source.slice(token));
    stored || (depth("(") > depth(")") && !is_keyword(first))
}

/// What is written to a log goes with everything and is missed by nothing.
pub(super) fn is_talk(name: &str) -> bool {
    const WORDS: [&str; 15] = [
        "log", "logger", "trace", "debug", "info", "warn", "warning", "print", "printf", "verbose", "notice",
        "msg", "message", "report", "perror",
    ];
    words(name).iter().any(|word| WORDS.contains(&word.to_lowercase().as_str()))
}

/// Making a value is no partner of a call; in most languages types begin with a capital.
pub(super) fn is_constructor(language: Language, name: &str) -> bool {
    !matches!(language, Language::Go | Language::CSharp | Language::C) && name.starts_with(char::is_uppercase)
}

/// One site a function, the first.
fn by_function(others: &[Site]) -> Vec<&Site> {
    let mut seen = BTreeSet::new();
    others.iter().filter(|site| seen.insert((site.source.path.clone(), site.function.first))).collect()
}

/// The calls behind the site's that work on the same thing.
fn partners_of(site: &Site) -> Vec<(String, u32)> {
    let source = &site.source;
    let all = calls(source, site.function.tokens(source));
    let Some(first) = all.iter().find(|call| call.token == site.token) else { return Vec::new() };
    let about = things(source, first, true);
    let mut seen = BTreeSet::new();
    all.iter()
        .filter(|call| call.token > first.token && call.name != first.name)
        .filter(|call| {
            are_halves(first.name, call.name)
                || things(source, call, false).iter().any(|word| about.contains(word))
        })
        .filter(|call| seen.insert(call.name))
        .map(|call| (call.name.to_owned(), call.line))
        .collect()
}

/// The names a call works on: receiver, arguments and, where wanted, what its result is assigned to.
fn things<'a>(source: &'a Source, call: &Call<'a>, result: bool) -> BTreeSet<&'a str> {
    let tokens = source.tokens();
    let mut names: BTreeSet<&str> = tokens[call.brackets.0..=call.brackets.1]
        .iter()
        .filter(|token| token.kind == TokenKind::Word)
        .map(|token| source.slice(token))
        .collect();
    names.extend(call.receiver);
    if result {
        let before = tokens[..call.token].iter().rev().take_while(|token| token.line == call.line);
        let mut assigned = before.skip_while(|token| !matches!(source.slice(token), "=" | ":=")).skip(1);
        names.extend(
            assigned.next().filter(|token| token.kind == TokenKind::Word).map(|token| source.slice(token)),
        );
    }
    names.retain(|name| !is_keyword(name) && *name != call.name);
    names
}

/// True where the language itself sees to the other half: at the call, or where what it works on was made.
fn is_managed(touched: &Touched) -> bool {
    let source = &touched.source;
    let manages = |text: &str| {
        ["with ", "async with ", "using ", "await using ", "try (", "defer "]
            .iter()
            .any(|word| text.starts_with(word))
            || text.contains("using (")
    };
    let line = source.code(touched.line);
    let about = || {
        let call = calls(source, touched.token..touched.token + 1).pop();
        call.map(|call| things(source, &call, true)).unwrap_or_default()
    };
    manages(line.trim_start())
        || line.trim_start().starts_with("return ")
        || is_of_the_same_kind(&touched.function, &touched.name)
        || (touched.function.first + 1..touched.line).any(|above| {
            let text = source.code(above);
            manages(text.trim_start())
                && about().into_iter().any(|name| !crate::names::occurrences(&text, name).is_empty())
        })
}

/// A function that is itself a half of its own: who opens for others does not close.
fn is_of_the_same_kind(function: &Function, name: &str) -> bool {
    let first = words(name);
    words(&function.name)
        .iter()
        .any(|word| HALVES.iter().any(|(half, _)| word == half) && first.contains(word))
}

fn describe(
    touched: &Touched,
    rule: &'static str,
    partner: &str,
    with: Vec<(Rc<Source>, u32)>,
    all: usize,
) -> Deviation {
    let removed = touched.removed.contains(partner);
    let (name, partner_code) = (code(&touched.name), code(&shortened(partner, 40)));
    let function = code(&shortened(&touched.function.name, 40));
    Deviation {
        rule,
        partner: partner.to_owned(),
        line: touched.line,
        support: with.len(),
        all,
        removed,
        title: format!(
            "{function} calls {name} {} {partner_code}, which {} of {all} other callers call with it",
            if removed { "and no longer" } else { "without" },
            with.len()
        ),
        problem: format!(
            "In this repository {} of the {} looked at that call {name} outside tests also call {partner_code} on the same thing afterwards. \
             {function} (line {} of `{}`) does not{}.",
            with.len(),
            count(all, "other function", "other functions"),
            touched.line,
            touched.source.path,
            if removed { "; the change removes the call" } else { "" },
        ),
        fix: format!("Call {partner_code} here as the others do, or say in a comment why it is not needed."),
        counter: with
            .into_iter()
            .map(|(source, line)| (source, line, format!("calls {partner_code}")))
            .collect(),
        source: Rc::clone(&touched.source),
    }
}
