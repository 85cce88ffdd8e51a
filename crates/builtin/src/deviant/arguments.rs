//! Named arguments that every caller passes but this one.
//!
//! In: a call and its other sites. Out: the missing argument with its numbers (`timeout=`, `check=`, `encoding:`).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{ARGUMENT, Deviation, Site, Touched};
use crate::language::Language;
use crate::source::Source;
use crate::tokens::{TokenKind, calls};
use crate::words::{code, count, shortened};

/// Calls that must pass it: fewer where the argument bounds or guards the call whatever it does, more for all others.
const FEWEST: usize = 4;
const FEWEST_OTHERWISE: usize = 10;
const BOUNDS: &[&str] = &[
    "timeout",
    "deadline",
    "signal",
    "encoding",
    "check",
    "verify",
    "shell",
    "context",
    "ctx",
    "limit",
    "retries",
    "strict",
    "errors",
    "daemon",
    "stacklevel",
    "loop",
    "transaction",
    "lock",
    "cwd",
    "env",
];

/// The missing argument.
pub(super) fn judge(touched: &Touched, others: &[Site]) -> Option<Deviation> {
    if !touched.added || others.len() < FEWEST {
        return None;
    }
    let own = named(&touched.source, touched.token)?;
    let receiver = receiver(&touched.source, touched.token);
    let mut passing: BTreeMap<String, Vec<(Rc<Source>, u32)>> = BTreeMap::new();
    let mut all = 0;
    for site in others.iter().filter(|site| self::receiver(&site.source, site.token) == receiver) {
        let Some(names) = named(&site.source, site.token) else { continue };
        all += 1;
        for name in names {
            passing.entry(name.to_owned()).or_default().push((Rc::clone(&site.source), site.line));
        }
    }
    let (missing, with) = passing
        .into_iter()
        .filter(|(name, with)| {
            !own.contains(name.as_str()) && with.len() >= fewest(name) && with.len() * 20 >= all * 19
        })
        .max_by_key(|(name, with)| (with.len(), std::cmp::Reverse(name.clone())))?;
    let (name, argument) = (code(&shortened(&touched.name, 40)), code(&missing));
    Some(Deviation {
        rule: ARGUMENT,
        partner: String::new(),
        line: touched.line,
        support: with.len(),
        all,
        removed: false,
        title: format!(
            "{} calls {name} without {argument}, which {} of {all} other calls pass",
            code(&shortened(&touched.function.name, 40)),
            with.len()
        ),
        problem: format!(
            "{} of the {} of {name} in this repository outside tests pass {argument}. The call on line {} of `{}` does not, so it \
             works with the default.",
            with.len(),
            count(all, "other call", "other calls"),
            touched.line,
            touched.source.path,
        ),
        fix: format!("Pass {argument} as the others do, or say in a comment why the default is right here."),
        counter: with
            .into_iter()
            .map(|(source, line)| (source, line, format!("passes {argument}")))
            .collect(),
        source: Rc::clone(&touched.source),
    })
}

fn fewest(name: &str) -> usize {
    if BOUNDS.contains(&name) { FEWEST } else { FEWEST_OTHERWISE }
}

/// The names of a call's named arguments; `None` where some cannot be seen (`**options`, `...rest`).
fn named(source: &Source, token: usize) -> Option<BTreeSet<&str>> {
    if !matches!(
        source.language,
        Language::Python | Language::Script | Language::Ruby | Language::Kotlin | Language::CSharp
    ) {
        return None;
    }
    let call = calls(source, token..token + 1).pop()?;
    let tokens = source.tokens();
    let (open, close) = call.brackets;
    let (mut depth, mut names) = (0usize, BTreeSet::new());
    // Options of JavaScript stand in braces, one level deeper.
    let level = if source.language == Language::Script { 2 } else { 1 };
    for at in open..=close {
        let text = source.slice(&tokens[at]);
        match text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "**" | "..." if depth <= level => return None,
            "*" if depth == 1 && source.language == Language::Python && at == open + 1 => return None,
            "=" | ":" if depth == level && tokens[at - 1].kind == TokenKind::Word => {
                let before = source.slice(&tokens[at - 2]);
                if matches!(before, "(" | "," | "{") {
                    names.insert(source.slice(&tokens[at - 1]));
                }
            }
            "," if depth == 2
                && level == 2
                && tokens[at - 1].kind == TokenKind::Word
                && matches!(source.slice(&tokens[at - 2]), "{" | ",") =>
            {
                names.insert(source.slice(&tokens[at - 1]));
            }
            _ => {}
        }
    }
    Some(names)
}

fn receiver(source: &Source, token: usize) -> Option<&str> {
    calls(source, token..token + 1).pop().and_then(|call| call.receiver)
}
