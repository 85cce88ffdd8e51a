//! Claims that something is nowhere: "never called", "no test covers it".
//!
//! In: the sentences of a claim and where its names occur. Out: whether the tree agrees, with the places. Never
//! contradicts a claim about one path or one argument: "never called with nil" is not "never called".

use std::sync::LazyLock;

use model::{RawFinding, RepoPath, Side};
use regex::Regex;

use crate::facts::Hit;
use crate::lookup::{LookUp, is_prose_file, is_test_file};
use crate::names::{name, statement};
use crate::symbol::{defined_in, last_part};
use crate::text::{code_spans, is_comment, list};
use crate::world::World;

/// What the tree says about one claim of absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is what the claim says there is not.
    Contradicted(String),
    /// There is none.
    Holds(String),
    /// There is something, which does not settle a claim this narrow.
    Open(String),
    /// It could not be looked up.
    Unknown(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Uses,
    Tests,
}

static NO_USE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:(?:is|are|was|were)?\s*(?:never|not|n't|no longer)\s+(?:actually\s+)?(?:called|used|invoked|referenced|read|consumed|instantiated)\b|unused\b|dead code\b|(?:has |have |with )?no (?:other )?(?:callers?|references?|call sites?|usages?|uses|consumers?)\b|nothing (?:else )?(?:calls|uses|reads|references|invokes)\b|nobody (?:calls|uses)\b)(?P<rest>[^.;]*)",
    )
    .expect("the pattern is fixed")
});
static NO_TEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:no (?:\w+ )?tests? (?:covers?|exercises?|calls?|checks?|asserts?|references?|touch(?:es)?|hits?|for|of)\b|(?:is |are )?(?:untested|not (?:covered|tested|exercised)(?: by (?:any |a )?tests?)?)\b|(?:has|have|with) no (?:\w+ )?(?:tests?|test coverage)\b|lacks? (?:a |any )?(?:\w+ )?tests?(?: coverage)?\b|no test coverage\b)(?P<rest>[^.;]*)",
    )
    .expect("the pattern is fixed")
});
// What may follow without narrowing the claim.
static FLAT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*(?:(?:of|for|to|on|by)?\s*(?:the\s+)?`[^`]+`(?:\s+(?:function|method|type|helper|constant|class))?|anywhere(?: else)?|at all|(?:by|in|from|outside) (?:any(?:thing|one|where)?|the|this|its)\b[^,]*|(?:directly|either|yet|now|today|anymore|any more)|[(),:—–!-]|and\b.*|but\b.*|so\b.*|,.*)*\s*$",
    )
    .expect("the pattern is fixed")
});

/// Looks up every claim of absence that names something.
pub(crate) fn contradictions(world: &World<'_>, raw: &RawFinding, look_up: &LookUp) -> Vec<Verdict> {
    let said = statement(raw);
    let mut verdicts = Vec::new();
    for sentence in sentences(&said) {
        for (missing, pattern) in [(Missing::Tests, &NO_TEST), (Missing::Uses, &NO_USE)] {
            let Some(found) = pattern.captures(sentence) else { continue };
            let (Some(whole), Some(rest)) = (found.get(0), found.name("rest")) else { continue };
            let Some(subject) = subject(sentence, whole.start()) else { continue };
            let flat = FLAT.is_match(rest.as_str());
            let verdict = verdict(world, missing, &subject, flat, look_up);
            if !verdicts.contains(&verdict) {
                verdicts.push(verdict);
            }
            break;
        }
    }
    verdicts
}

// Sentences end at a full stop followed by a blank, which keeps `a.b()` whole.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.split_inclusive(". ")).filter(|sentence| sentence.len() < 600)
}

// The name the sentence speaks of: the nearest before the words, else the first behind them.
fn subject(sentence: &str, at: usize) -> Option<String> {
    let named = |text: &str, last: bool| {
        let mut names =
            code_spans(text).into_iter().filter_map(|span| name(span, false)).filter(|name| name.code);
        let name = if last { names.next_back() } else { names.next() };
        name.map(|name| name.leaf).filter(|leaf| leaf.len() >= 4)
    };
    let before = &sentence[..at];
    // An odd number of ticks means the words stand inside a code span.
    if before.matches('`').count() % 2 == 1 {
        return None;
    }
    named(before, true).or_else(|| named(&sentence[at..], false))
}

fn verdict(world: &World<'_>, missing: Missing, subject: &str, flat: bool, look_up: &LookUp) -> Verdict {
    let hits = match look_up.of(subject) {
        Ok(hits) => hits,
        Err(why) => return Verdict::Unknown(why),
    };
    let uses: Vec<&Hit> = hits.iter().filter(|hit| is_use(hit, subject)).collect();
    let (tests, others): (Vec<&Hit>, Vec<&Hit>) = uses.into_iter().partition(|hit| is_in_test(world, hit));
    let counted = match missing {
        Missing::Uses => &others,
        Missing::Tests => &tests,
    };
    let what = if missing == Missing::Uses { "uses" } else { "tests" };
    if counted.is_empty() {
        if look_up.is_cut(subject) {
            return Verdict::Unknown(format!("`{subject}` occurs too often to say that no place {what} it"));
        }
        let only = if missing == Missing::Uses && !tests.is_empty() {
            format!("; only tests use it: {}", places(&tests))
        } else {
            String::new()
        };
        return Verdict::Holds(match missing {
            Missing::Uses => format!("nothing uses `{subject}` besides its definition{only}"),
            Missing::Tests => format!("no test names `{subject}`"),
        });
    }
    let found = match missing {
        Missing::Uses => format!("`{subject}` is used at {}", places(counted)),
        Missing::Tests => format!("tests name `{subject}` at {}", places(counted)),
    };
    if flat { Verdict::Contradicted(found) } else { Verdict::Open(found) }
}

fn places(hits: &[&Hit]) -> String {
    let places: Vec<String> = hits.iter().map(|hit| format!("`{}:{}`", hit.path, hit.line)).collect();
    list(&places, 4)
}

fn is_use(hit: &Hit, subject: &str) -> bool {
    let text = hit.text.trim_start();
    let import =
        ["import ", "use ", "pub use ", "from ", "#include", "export {", "export *", "require", "mod "];
    let defines = defined_in(&hit.text).is_some_and(|name| last_part(name) == subject);
    !is_prose_file(&hit.path)
        && !is_comment(text)
        && !defines
        && !import.iter().any(|word| text.starts_with(word))
}

fn is_in_test(world: &World<'_>, hit: &Hit) -> bool {
    is_test_file(&hit.path) || in_rust_tests(world, &hit.path, hit.line)
}

// Rust keeps unit tests at the end of the file they test.
fn in_rust_tests(world: &World<'_>, path: &RepoPath, line: u32) -> bool {
    path.extension() == "rs"
        && world.view(Side::Head, path).is_some_and(|view| {
            view.lines.iter().take(line as usize).any(|text| text.trim() == "#[cfg(test)]")
        })
}
