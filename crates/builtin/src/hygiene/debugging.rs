//! What was put in while looking for a fault, and focused tests.
//!
//! In: added lines and, for prints, the lines of the whole tree that print the same way. Out: findings about calls that
//! stop or print for a developer only. A print is a leftover only where the program's own code never prints that way.

use std::sync::LazyLock;

use model::Severity;
use regex::Regex;

use super::{DEBUGGING, ONLY, Spotted, raise};
use crate::family::Raised;
use crate::functions::around;
use crate::language::{Language, Role};
use crate::needles::{Found, Needles};
use crate::patch::{Edits, patch};
use crate::source::Source;
use crate::words::code;

/// A way to leave something behind.
struct Leftover {
    languages: &'static [Language],
    pattern: Regex,
    what: &'static str,
    consequence: &'static str,
    /// Stops or prints for nobody but a developer, whatever the rest of the program does.
    always: bool,
}

static LEFTOVERS: LazyLock<Vec<Leftover>> = LazyLock::new(|| {
    let leftover = |languages, pattern: &str, what, consequence, always| Leftover {
        languages,
        pattern: Regex::new(pattern).expect("a pattern written in this file"),
        what,
        consequence,
        always,
    };
    let stops = "the program stops and waits for a debugger that is not there";
    let prints = "every run prints it";
    vec![
        leftover(&[Language::Rust], r"\bdbg!\s*\(", "dbg!", prints, true),
        leftover(&[Language::Script], r"^\s*debugger\s*;?\s*$", "debugger", stops, true),
        leftover(&[Language::Python], r"\b(?:i?pdb|pudb)\.set_trace\(\)", "set_trace()", stops, true),
        leftover(&[Language::Python], r"^\s*breakpoint\(\)", "breakpoint()", stops, true),
        leftover(&[Language::Ruby], r"^\s*(?:binding\.(?:pry|irb)|byebug)\b", "binding.pry", stops, true),
        leftover(&[Language::Php], r"^\s*(?:var_dump|dd|dump)\(", "var_dump", prints, true),
        leftover(&[Language::Script], r"^\s*console\.(?:log|debug)\(", "console.log", prints, false),
    ]
});

static FOCUSED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:(?:it|test|describe|context|suite)\.only\s*\(|(?:fit|fdescribe|fcontext)\s*\()")
        .expect("a pattern written in this file")
});

/// Looks up the ways to print.
pub(super) fn needles(needles: &mut Needles) {
    needles.add("console.log");
    needles.add("console.debug");
}

/// Finds leftovers among the added lines.
pub(super) fn find(source: &Source, added: &[(u32, &str)], found: &Found) -> Vec<Raised> {
    if !source.language.is_code() {
        return Vec::new();
    }
    if source.role == Role::Test {
        return focused(source, added);
    }
    if source.role != Role::Source || is_a_tool(source) {
        return Vec::new();
    }
    let mut raised = Vec::new();
    for leftover in LEFTOVERS.iter().filter(|leftover| leftover.languages.contains(&source.language)) {
        let lines: Vec<u32> = added
            .iter()
            .filter(|(number, line)| {
                line.len() < 1000
                    && *number < source.own_tests_start()
                    && !is_in_a_test(source, *number)
                    && leftover.pattern.is_match(line)
                    && leftover.pattern.is_match(&source.code(*number))
            })
            .map(|(number, _)| *number)
            .collect();
        // Several prints in one file are how the file reports, not what somebody forgot.
        if lines.is_empty()
            || (!leftover.always && (lines.len() > 2 || is_customary(leftover.what, source, added, found)))
        {
            continue;
        }
        raised.push(report(source, leftover, &lines));
    }
    raised
}

/// A test that stands among the code, as Rust marks it: `#[test]`, `#[tokio::test]`.
fn is_in_a_test(source: &Source, line: u32) -> bool {
    let Some(function) = around(source, line) else { return false };
    (1..function.first)
        .rev()
        .map(|line| source.line(line).trim())
        .take_while(|text| text.starts_with("#["))
        .any(|text| text.contains("test"))
}

/// Scripts and command-line programs print for people.
fn is_a_tool(source: &Source) -> bool {
    let path = source.path.as_str();
    source.line(1).starts_with("#!")
        || [
            "bin/", "scripts/", "script/", "tools/", "cli", "cmd/", "build", "config", "webpack", "rollup",
            "gulp", "dev",
        ]
        .iter()
        .any(|word| path.contains(word))
}

fn is_customary(what: &str, source: &Source, added: &[(u32, &str)], found: &Found) -> bool {
    found.some(what).iter().any(|hit| {
        Role::of(&hit.path) == Role::Source
            && Language::of(&hit.path) == source.language
            && !hit.text.trim_start().starts_with(['/', '*'])
            && !(hit.path == source.path && added.iter().any(|(line, _)| *line == hit.line))
    })
}

fn report(source: &Source, leftover: &Leftover, lines: &[u32]) -> Raised {
    let line = lines[0];
    let whole_statement = |number: u32| {
        let text = source.line(number).trim().trim_end_matches(';');
        text.ends_with(')')
            && text.matches('(').count() == text.matches(')').count()
            && !text.starts_with("let")
            || text == "debugger"
            || text == "byebug"
    };
    let edits: Option<Edits> =
        lines.iter().map(|number| whole_statement(*number).then_some((*number, None))).collect();
    raise(
        source,
        Spotted {
            rule: DEBUGGING,
            severity: Severity::Suggestion,
            category: "style",
            line,
            title: format!("`{}` is left in `{}`", leftover.what, source.path),
            problem: format!(
                "Line {line} holds {}: {}.{}",
                code(source.line(line).trim()),
                leftover.consequence,
                if leftover.always { "" } else { " No other code of this repository prints that way." }
            ),
            fix: "Remove the line, or report through what the rest of the program uses.".to_owned(),
            patch: edits.map(|edits| patch(source, &edits)),
            rank: if leftover.always { 2.5 } else { 1.0 },
            consequence: leftover.consequence,
        },
    )
}

fn focused(source: &Source, added: &[(u32, &str)]) -> Vec<Raised> {
    let script = [Language::Script, Language::Ruby].contains(&source.language);
    added
        .iter()
        .filter(|(number, line)| script && line.len() < 1000 && FOCUSED.is_match(line) && FOCUSED.is_match(&source.code(*number)))
        .take(1)
        .map(|&(line, text)| {
            let freed = text.replacen(".only", "", 1);
            let freed = if freed == text { text.replacen("fit(", "it(", 1).replacen("fdescribe(", "describe(", 1).replacen("fcontext(", "context(", 1) } else { freed };
            raise(
                source,
                Spotted {
                    rule: ONLY,
                    severity: Severity::Important,
                    category: "test",
                    line,
                    title: format!("A focused test in `{}` keeps all others from running", source.path),
                    problem: format!(
                        "Line {line} focuses one test ({}), so the runner skips every other test of this file and \
                         still reports success.",
                        code(text.trim())
                    ),
                    fix: "Take the focus off before merging.".to_owned(),
                    patch: Some(patch(source, &Edits::from([(line, Some(freed))]))),
                    rank: 6.0,
                    consequence: "The other tests of the file do not run, and nothing says so.",
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        let source = Source::new(path.into(), text);
        let added: Vec<(u32, &str)> = source.numbered_lines().collect();
        find(&source, &added, &Found::default()).len()
    }

    #[test]
    fn leftovers_are_reported_in_code_only() {
        for (path, text, expected) in [
            ("src/a.rs", "    let x = dbg!(y);\n", 1),
            ("src/a.rs", "    // dbg!(y)\n", 0),
            ("src/a.rs", "#[test]\nfn reads() {\n    assert!(dbg!(read()));\n}\n", 0),
            ("src/a.rs", "#[inline]\nfn reads() {\n    check(dbg!(read()));\n}\n", 1),
            ("src/a.rs", "    \"dbg!(y)\";\n", 0),
            ("src/a.py", "    import pdb; pdb.set_trace()\n", 1),
            ("src/a.js", "  debugger;\n", 1),
            ("src/a.js", "  console.log('x', y)\n", 1),
            ("bin/a.js", "  console.log('x', y)\n", 0),
            ("tests/a.rs", "    dbg!(y);\n", 0),
            ("src/a.test.js", "it.only('adds', () => {\n", 1),
            ("src/a.test.js", "it('adds only', () => {\n", 0),
        ] {
            assert_eq!(found(path, text), expected, "{path}: {text}");
        }
    }
}
