//! Results that every caller tests but this one.
//!
//! In: a call whose result is kept and its other sites. Out: the missing test with its numbers.

use std::rc::Rc;

use super::{CHECK, Deviation, Site, Touched};
use crate::functions::Function;
use crate::source::Source;
use crate::tokens::{TokenKind, is_keyword};
use crate::words::{code, count, shortened};

/// Callers that must test the result, and how far behind the call a test may stand, in lines.
const FEWEST: usize = 4;
const REACH: u32 = 3;

const EVERYBODYS: &[&str] = &[
    "getattr",
    "setdefault",
    "next",
    "iter",
    "find",
    "index",
    "indexOf",
    "match",
    "search",
    "split",
    "parse",
    "require",
    "join",
    "keys",
    "values",
    "filter",
    "slice",
    "pop",
    "remove",
    "get",
    "insert",
    "shift",
    "strip",
    "lower",
    "format",
    "isinstance",
    "querySelector",
    "exec",
    "test",
    "type",
    "list",
    "dict",
];

/// Names of results that say whether it worked.
const ERRORS: &[&str] = &["err", "error", "rc", "ret", "rv", "status", "errno", "ok"];

/// The missing test of a result.
pub(super) fn judge(touched: &Touched, others: &[Site]) -> Option<Deviation> {
    // Everybody's functions are tested for reasons of their own.
    if EVERYBODYS.contains(&touched.name.as_str())
        || super::pairs::is_constructor(touched.source.language, &touched.name)
    {
        return None;
    }
    let variable = assigned(&touched.source, touched.token)?;
    let last = until_assigned(&touched.source, variable, touched.line, touched.function.last);
    if mentions_in_test(&touched.source, variable, touched.line, last).is_some() {
        return None;
    }
    // Whether new code must test is for those who know it; what is called an error, and what was tested before the change, must be.
    if touched.added && !ERRORS.contains(&variable) {
        return None;
    }
    let kept: Vec<(&Site, Option<u32>)> = others
        .iter()
        .filter_map(|site| {
            let variable = assigned(&site.source, site.token)?;
            let last = site.function.last.min(site.line + REACH + 3);
            Some((site, tested(&site.source, variable, site.line, last)))
        })
        .collect();
    let all = kept.len();
    let testing: Vec<(Rc<Source>, u32)> =
        kept.iter().filter_map(|(site, line)| Some((Rc::clone(&site.source), (*line)?))).collect();
    if testing.len() < FEWEST
        || testing.len() * 10 < all * 9
        || is_handed_on(&touched.source, variable, touched.line, &touched.function)
        || (touched.added && is_given_away(&touched.source, variable, touched.token, &touched.function))
    {
        return None;
    }
    let (name, shown) = (code(&shortened(&touched.name, 40)), code(variable));
    Some(Deviation {
        rule: CHECK,
        partner: String::new(),
        line: touched.line,
        support: testing.len(),
        all,
        removed: !touched.added,
        title: format!(
            "{} uses the result of {name} untested, which {} of {all} other callers test",
            code(&shortened(&touched.function.name, 40)),
            testing.len()
        ),
        problem: format!(
            "Line {} of `{}` keeps what {name} returns in {shown} and no condition in the function asks what it is. {} of the {} in \
             this repository that keep the result test it within the next lines.",
            touched.line,
            touched.source.path,
            testing.len(),
            count(all, "other call", "other calls"),
        ),
        fix: format!(
            "Test {shown} before it is used, as the others do, or say in a comment why it cannot fail here."
        ),
        counter: testing
            .into_iter()
            .map(|(source, line)| (source, line, "tests the result".to_owned()))
            .collect(),
        source: Rc::clone(&touched.source),
    })
}

/// The name that a call's result is assigned to, where the statement is nothing but that.
fn assigned(source: &Source, call: usize) -> Option<&str> {
    let tokens = source.tokens();
    let line = tokens[call].line;
    let start = tokens[..call].iter().rposition(|token| token.line != line).map_or(0, |at| at + 1);
    let before = &tokens[start..call];
    let equals = before.iter().position(|token| matches!(source.slice(token), "=" | ":="))?;
    // Anything but names and dots between the two makes the result part of something larger.
    let plain = before[equals + 1..].iter().all(|token| {
        matches!(source.slice(token), "." | "->" | "::" | "await" | "*" | "&")
            || token.kind == TokenKind::Word
    });
    let name = before[..equals]
        .iter()
        .rev()
        .find(|token| token.kind == TokenKind::Word)
        .map(|token| source.slice(token))?;
    let fields = before[..equals].iter().any(|token| matches!(source.slice(token), "." | "->" | "["));
    (plain && !fields && !is_keyword(name) && name != "_").then_some(name)
}

/// The line of a condition that asks about the variable right behind the call.
fn tested(source: &Source, variable: &str, line: u32, last: u32) -> Option<u32> {
    let mut seen = 0;
    for number in line + 1..=last {
        let text = source.code(number);
        if text.trim().is_empty() {
            continue;
        }
        if is_test(&text, variable) {
            return Some(number);
        }
        seen += 1;
        if seen >= REACH {
            break;
        }
    }
    None
}

/// The line before the one that gives the variable another value.
fn until_assigned(source: &Source, variable: &str, line: u32, last: u32) -> u32 {
    let assigns = |number: &u32| {
        let text = source.code(*number);
        let Some((left, right)) = text.split_once('=') else { return false };
        let plain = !left.ends_with(['!', '<', '>', '=']) && !right.starts_with('=');
        plain && !left.contains('(') && !crate::names::occurrences(left, variable).is_empty()
    };
    // What the other branch assigns instead is tested together with it.
    let is_other_branch = |number: &u32| {
        let above = source.code(*number - 1);
        above.split(|c: char| !c.is_alphanumeric()).any(|word| word == "else")
    };
    (line + 1..=last)
        .find(|number| assigns(number) && !is_other_branch(number))
        .map_or(last, |number| number - 1)
}

fn mentions_in_test(source: &Source, variable: &str, line: u32, last: u32) -> Option<u32> {
    (line..=last.min(line + 80)).find(|number| is_test(&source.code(*number), variable))
}

fn is_test(code: &str, variable: &str) -> bool {
    const WORDS: [&str; 12] = [
        "if", "unless", "assert", "while", "when", "match", "switch", "guard", "elif", "expect", "require",
        "case",
    ];
    let names = |word: &str| !crate::names::occurrences(code, word).is_empty();
    let asks = WORDS.iter().any(|word| names(word))
        || code.contains('?')
        || code.contains("&&")
        || code.contains("||")
        || names("or")
        || names("and");
    asks && names(variable)
}

/// True where new code first of all gives the result to another function, whose business it is then.
fn is_given_away(source: &Source, variable: &str, call: usize, function: &Function) -> bool {
    let tokens = source.tokens();
    let line = tokens[call].line;
    let next = (call + 1..function.tokens(source).end.min(tokens.len()))
        .find(|at| tokens[*at].line > line && source.slice(&tokens[*at]) == variable);
    next.is_some_and(|at| {
        let around = [at.checked_sub(1), Some(at + 1)]
            .map(|at| at.and_then(|at| tokens.get(at)).map_or("", |token| source.slice(token)));
        matches!(around[0], "(" | ",") && matches!(around[1], ")" | ",")
    })
}

/// A result that is returned or passed on is for others to test.
fn is_handed_on(source: &Source, variable: &str, line: u32, function: &Function) -> bool {
    (line + 1..=function.last).any(|number| {
        let code = source.code(number);
        let text = code.trim_start();
        (text.starts_with("return") || text.starts_with("yield"))
            && !crate::names::occurrences(&code, variable).is_empty()
    })
}
