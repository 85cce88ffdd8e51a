//! Do its names exist, does it say when it happens, do its look-ups hold?
//!
//! In: the words of a claim and the one search over the tree. Out: `fail` where a name of the title exists nowhere, where
//! a severe claim names no trigger, or where "never called" is contradicted by a call. Never takes a mention in prose for
//! a use, and never says "none" of a search that was cut.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use model::{CheckResult, Fault, Kind, RawFinding, Severity};
use regex::Regex;

use super::Answer;
use crate::absence::{Verdict, contradictions};
use crate::lookup::{LookUp, leaf};
use crate::names::{Name, found, statement};
use crate::text::{has_word, list};
use crate::world::World;

static TRIGGER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:when|whenever|if|while|whilst|after|before|during|once|until|unless|because|since|given|under|upon|as soon as|e\.g\.|for example|such as|on (?:every|each|any|a|an|the|windows|linux|macos)|every|each|any|all|always|never|for (?:a|an|any|every|each)|with(?:out)?|by (?:calling|passing|setting|sending)|can(?:not)?|will|so|in (?:the case|that case|case))\b",
    )
    .expect("the pattern is fixed")
});
// A title that says something is missing, or should be otherwise, names things that need not exist.
static WANTING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:missing|lacks?|lacking|without|no|not|never|should|must|needs?|add|use|prefer|rename[ds]?|instead|absent|undefined|unknown|non-?existent|does(?: not|n't) exist|removed|deleted|former|old|stale|typo|misspel\w+)\b",
    )
    .expect("the pattern is fixed")
});

/// Checks the specifics of a claim.
pub(crate) fn judge(world: &World<'_>, raw: &RawFinding, look_up: &LookUp) -> Answer {
    let parts: Vec<Answer> = [names(world, raw, look_up), trigger(raw)]
        .into_iter()
        .flatten()
        .chain(look_ups(world, raw, look_up))
        .collect();
    // What speaks against the claim is read first.
    let weight = |answer: &Answer| match answer.result {
        CheckResult::Fail => 0,
        CheckResult::Unknown => 1,
        _ => 2,
    };
    let Some(worst) = parts.iter().min_by_key(|answer| weight(answer)).map(|answer| answer.result) else {
        return Answer::not_applicable("it names nothing that could be looked up");
    };
    let mut parts = parts;
    parts.sort_by_key(weight);
    // A refutation weighs more than anything that is merely missing.
    let fault = [Fault::Refuted, Fault::UnknownName, Fault::NoTrigger]
        .into_iter()
        .find(|fault| parts.iter().any(|answer| answer.fault == Some(*fault)));
    let details: Vec<String> = parts.into_iter().map(|answer| answer.detail).collect();
    Answer { fault, ..Answer::new(worst, details.join("; ")) }
}

fn trigger(raw: &RawFinding) -> Option<Answer> {
    // A tool states a rule that it applies always; its messages do not argue.
    let is_of_a_tool = matches!(raw.known_by.as_deref(), Some("tool" | "comparison"));
    if is_of_a_tool || raw.severity < Severity::Important || raw.kind == Some(Kind::Enhancement) {
        return None;
    }
    if raw.trigger.as_deref().is_some_and(|trigger| !trigger.trim().is_empty()) {
        return Some(Answer::new(CheckResult::Pass, "a trigger is given"));
    }
    let said = statement(raw);
    let body = said.split_once('\n').map_or("", |(_, body)| body);
    Some(if TRIGGER.is_match(body) || TRIGGER.is_match(&raw.title) {
        Answer::new(CheckResult::Pass, "the text says when it happens")
    } else {
        let detail =
            format!("no trigger: rated {}, and the text does not say when it happens", raw.severity.as_str());
        Answer::fault(Fault::NoTrigger, detail)
    })
}

enum Seen {
    Exists,
    Removed,
    Foreign,
    Missing,
}

fn names(world: &World<'_>, raw: &RawFinding, look_up: &LookUp) -> Option<Answer> {
    let symbols: BTreeSet<String> =
        raw.locations.iter().filter_map(|location| leaf(location.symbol.as_deref()?)).collect();
    let mut named: Vec<Name> = found(raw).into_iter().filter(|name| name.code).collect();
    for symbol in symbols {
        let name = Name { leaf: symbol, scopes: Vec::new(), code: true, in_title: true };
        if named.iter().all(|known| known.leaf != name.leaf) {
            named.push(name);
        }
    }
    if named.is_empty() {
        return None;
    }
    let (mut exist, mut foreign, mut missing, mut asserted) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for name in &named {
        let shown = format!("`{}`", name.leaf);
        match seen(world, name, look_up) {
            Err(why) => return Some(Answer::unknown(why)),
            Ok(Seen::Exists) => exist.push(shown),
            Ok(Seen::Removed) => exist.push(format!("{shown} (removed by this change)")),
            Ok(Seen::Foreign) => foreign.push(shown),
            Ok(Seen::Missing) if name.in_title && !WANTING.is_match(&raw.title) => asserted.push(shown),
            Ok(Seen::Missing) => missing.push(shown),
        }
    }
    Some(told(&exist, &foreign, &missing, &asserted))
}

fn told(exist: &[String], foreign: &[String], missing: &[String], asserted: &[String]) -> Answer {
    let mut parts = Vec::new();
    if !asserted.is_empty() {
        parts.push(format!("not in the tree: {}, which the title names", list(asserted, 4)));
    }
    if !missing.is_empty() {
        parts.push(format!("not in the tree: {}", list(missing, 4)));
    }
    if !foreign.is_empty() {
        parts.push(format!("of a library, not looked up: {}", list(foreign, 4)));
    }
    if !exist.is_empty() {
        parts.push(format!("in the tree: {}", list(exist, 6)));
    }
    let result = if !asserted.is_empty() {
        CheckResult::Fail
    } else if exist.len() >= missing.len() && !exist.is_empty() {
        CheckResult::Pass
    } else {
        CheckResult::Unknown
    };
    let answer = Answer::new(result, parts.join("; "));
    Answer { fault: (result == CheckResult::Fail).then_some(Fault::UnknownName), ..answer }
}

fn seen(world: &World<'_>, name: &Name, look_up: &LookUp) -> Result<Seen, String> {
    if !look_up.of(&name.leaf)?.is_empty() {
        return Ok(Seen::Exists);
    }
    let removed = world
        .changes
        .files()
        .iter()
        .any(|file| file.diff.removed().any(|(_, text)| has_word(text, &name.leaf)));
    if removed {
        return Ok(Seen::Removed);
    }
    // `fmt.Errorf` in a tree that uses `fmt` but not this function of it: the tree cannot tell.
    let rooted =
        name.scopes.first().map(|root| look_up.of(root)).transpose()?.is_some_and(|hits| !hits.is_empty());
    Ok(if rooted || name.scopes.first().is_some_and(|root| STANDARD.contains(&root.as_str())) {
        Seen::Foreign
    } else {
        Seen::Missing
    })
}

const STANDARD: [&str; 34] = [
    "std",
    "core",
    "alloc",
    "os",
    "io",
    "fmt",
    "net",
    "http",
    "sync",
    "time",
    "errors",
    "strings",
    "strconv",
    "context",
    "path",
    "filepath",
    "sys",
    "re",
    "json",
    "math",
    "Math",
    "Object",
    "Array",
    "Promise",
    "console",
    "process",
    "fs",
    "java",
    "javax",
    "System",
    "boost",
    "asyncio",
    "typing",
    "collections",
];

fn look_ups(world: &World<'_>, raw: &RawFinding, look_up: &LookUp) -> Vec<Answer> {
    contradictions(world, raw, look_up)
        .into_iter()
        .map(|verdict| match verdict {
            Verdict::Contradicted(detail) => Answer::fault(Fault::Refuted, format!("contradicted: {detail}")),
            Verdict::Holds(detail) | Verdict::Open(detail) => {
                Answer::new(CheckResult::Pass, format!("looked up: {detail}"))
            }
            Verdict::Unknown(detail) => Answer::unknown(detail),
        })
        .take(4)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, check_one, claim};
    use model::Gate;

    const LIB: &str = "fn load_all() {}\nfn unused_helper() {}\nfn run() {\n    load_all();\n}\n";
    const TESTS: &str = "fn checks() {\n    load_all();\n}\n";

    fn ask(title: &str, body: &str, severity: Severity) -> (CheckResult, String) {
        let files = [("src/lib.rs", LIB), ("tests/all.rs", TESTS), ("README.md", "Call `unused_helper`.\n")];
        let memory = Memory::new(&files, &files);
        let mut raw = claim("src/lib.rs", Some((1, 1)), None);
        (raw.title, raw.body, raw.severity) = (title.to_owned(), body.to_owned(), severity);
        let finding = check_one(&memory, raw);
        let check = finding.check(Gate::Specifics).expect("a check");
        (check.result, check.detail.clone())
    }

    #[test]
    fn a_name_that_is_nowhere_fails_in_a_title_that_asserts_it() {
        let (result, detail) = ask("`load_everything` drops errors", "", Severity::Suggestion);
        assert_eq!(result, CheckResult::Fail, "{detail}");
        assert_eq!(ask("`load_all` drops errors", "", Severity::Suggestion).0, CheckResult::Pass);
        assert_eq!(ask("Missing `RetryOnConflict`", "", Severity::Suggestion).0, CheckResult::Unknown);
        assert_eq!(ask("It is wrong", "", Severity::Suggestion).0, CheckResult::NotApplicable);
    }

    #[test]
    fn a_severe_claim_needs_a_trigger() {
        let (result, detail) = ask("Errors are dropped", "This is bad.", Severity::Important);
        assert_eq!(result, CheckResult::Fail);
        assert!(detail.starts_with("no trigger"), "{detail}");
        assert_eq!(
            ask("Errors are dropped", "It fails when empty.", Severity::Critical).0,
            CheckResult::Pass
        );
    }

    #[test]
    fn claims_of_absence_are_looked_up() {
        for (title, expected, sign) in [
            (
                "`load_all` is never called",
                CheckResult::Fail,
                "contradicted: `load_all` is used at `src/lib.rs:4`",
            ),
            ("`unused_helper` is never called", CheckResult::Pass, "nothing uses `unused_helper`"),
            (
                "No test covers `load_all`",
                CheckResult::Fail,
                "contradicted: tests name `load_all` at `tests/all.rs:2`",
            ),
            ("No test covers the empty case of `load_all`", CheckResult::Pass, "tests name `load_all`"),
            ("`unused_helper` has no tests", CheckResult::Pass, "no test names `unused_helper`"),
            ("`load_all` is never called with an empty list", CheckResult::Pass, "is used at"),
        ] {
            let (result, detail) = ask(title, "", Severity::Suggestion);
            assert_eq!(result, expected, "{title}: {detail}");
            assert!(detail.contains(sign), "{title}: {detail}");
        }
    }
}
