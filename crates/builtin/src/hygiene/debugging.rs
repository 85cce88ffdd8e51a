//! What was put in while looking for a fault, and focused tests.
//!
//! In: added lines and, for prints, the lines of the whole tree that print the same way. Out: findings about calls that
//! stop or print for a developer only. A print is a leftover only where the program's own code never prints that way.

use std::sync::LazyLock;

use model::Severity;
use regex::Regex;

use super::{DEBUGGING, ONLY, PRINT, Spotted, raise};
use crate::family::Raised;
use crate::functions::{around, indent};
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
    kind: LeftoverKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeftoverKind {
    /// Stops and waits for somebody who is not there.
    Stops,
    /// Prints for nobody but a developer: its name or its text says so.
    Shows,
    /// Prints, which other programs do for their users.
    Prints,
}

impl Leftover {
    fn rule(&self) -> &'static str {
        if self.kind == LeftoverKind::Prints { PRINT } else { DEBUGGING }
    }

    fn consequence(&self) -> &'static str {
        match self.kind {
            LeftoverKind::Stops => "the program stops and waits for a debugger that is not there",
            _ => "every run prints it",
        }
    }
}

/// A text that nobody writes for a reader: `DEBUG`, `here`, `xxx`, `>>>`.
const FOR_NOBODY: &str = r#"[rf]?["'`]\W*(?:DEBUG\b|(?i:debug(?:ging)?\b\s*[^\w\s%{$]|debug(?:ging)?\s*["'`]|(?:got |i'?m |am |we are |reached )?here\b\W*\d*\W*(?:\\n)?["'`]|x{3,}\b|asdf|wtf\b))"#;

static LEFTOVERS: LazyLock<Vec<Leftover>> = LazyLock::new(|| {
    use Language::{C, CSharp, Go, Java, Kotlin, Php, Python, Ruby, Rust, Script};
    use LeftoverKind::{Prints, Shows, Stops};
    let leftover = |languages, pattern: &str, what, kind| Leftover {
        languages,
        pattern: Regex::new(pattern).expect("a pattern written in this file"),
        what,
        kind,
    };
    let told = |languages, print: &str, what| {
        leftover(languages, &format!(r"^\s*{print}\s*{FOR_NOBODY}"), what, Shows)
    };
    vec![
        leftover(&[Rust], r"\bdbg!\s*\(", "dbg!", Shows),
        leftover(&[Script], r"^\s*debugger\s*;?\s*$", "debugger", Stops),
        leftover(&[Python], r"\b(?:i?pdb|pudb)\.set_trace\(\)", "set_trace()", Stops),
        leftover(&[Python], r"^\s*breakpoint\(\)", "breakpoint()", Stops),
        leftover(&[Ruby], r"^\s*(?:binding\.(?:pry|irb)|byebug)\b", "binding.pry", Stops),
        leftover(&[Go], r"^\s*runtime\.Breakpoint\(\)", "runtime.Breakpoint()", Stops),
        leftover(&[CSharp], r"^\s*(?:System\.Diagnostics\.)?Debugger\.Break\(\)", "Debugger.Break()", Stops),
        leftover(&[Php], r"^\s*(?:var_dump|dd|dump)\(.*\);\s*$", "var_dump", Shows),
        leftover(&[Php], r"^\s*print_r\([^,]*\);\s*$", "print_r", Shows),
        leftover(&[Go], r"^\s*spew\.Dump\(", "spew.Dump", Shows),
        told(&[Script], r"console\.(?:log|debug|info|warn|error)\(", "console.log"),
        told(&[Python], r"print\(", "print"),
        told(&[Go], r"(?:fmt|log)\.Print(?:ln|f)?\(", "Println"),
        told(&[Rust], r"e?println!\(", "println!"),
        told(&[Java, Kotlin], r"(?:System\.(?:out|err)\.)?print(?:ln|f)?\(", "println"),
        told(&[CSharp], r"Console\.Write(?:Line)?\(", "Console.WriteLine"),
        told(&[C], r"(?:printf\(|fprintf\(\s*stderr\s*,|(?:std::)?c(?:out|err)\s*<<)", "printf"),
        told(&[Ruby], r"(?:puts|p|print)[ (]", "puts"),
        told(&[Php], r"(?:echo|print)[ (]", "echo"),
        leftover(&[Script], r"^\s*console\.(?:log|debug)\(", "console.log", Prints),
    ]
});

static FOCUSED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:(?:it|test|describe|context|suite|specify)\.only(?:\.each)?\s*[(`]|(?:fit|fdescribe|fcontext)\s*\()")
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
        return if is_data(source) { Vec::new() } else { focused(source, added) };
    }
    if source.role != Role::Source {
        return Vec::new();
    }
    let tool = is_a_tool(source);
    let mut raised = Vec::new();
    for leftover in LEFTOVERS.iter().filter(|leftover| leftover.languages.contains(&source.language)) {
        if tool && leftover.kind != LeftoverKind::Stops {
            continue;
        }
        let lines: Vec<u32> = added
            .iter()
            .filter(|(number, line)| {
                line.len() < 1000
                    && *number < source.own_tests_start()
                    && leftover.pattern.is_match(line)
                    && is_in_code(source, *number, line, leftover)
                    && !line.contains("assert")
                    && !is_in_a_test(source, *number)
                    && (leftover.kind == LeftoverKind::Prints || !is_behind_a_switch(source, *number))
            })
            .map(|(number, _)| *number)
            .collect();
        // Several prints in one file are how the file reports, not what somebody forgot.
        let custom = match leftover.kind {
            LeftoverKind::Stops => false,
            LeftoverKind::Shows => prints_so_already(source, leftover, added),
            LeftoverKind::Prints => lines.len() > 2 || is_customary(leftover.what, source, added, found),
        };
        if !lines.is_empty() && !custom {
            raised.push(report(source, leftover, &lines));
        }
    }
    raised
}

/// True where the match begins in code, not in a comment or a text.
fn is_in_code(source: &Source, number: u32, line: &str, leftover: &Leftover) -> bool {
    leftover.pattern.find(line).is_some_and(|found| {
        let start = found.start() + found.as_str().len() - found.as_str().trim_start().len();
        source.part_at(number, start) == crate::lex::Part::Code
    })
}

/// True where a condition that asks for it stands on the line or right above: `if options.debug:`.
fn is_behind_a_switch(source: &Source, line: u32) -> bool {
    const WORDS: [&str; 8] =
        ["debug", "pdb", "verbose", "trace", "breakpoint", "interactive", "dump", "environ"];
    let depth = indent(source.line(line));
    let asks = |text: &str| {
        let lower = text.to_lowercase();
        let condition = ["if", "elif", "when", "unless", "and", "case", "while"];
        let mut words = lower.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        (lower.contains("&&") || words.any(|word| condition.contains(&word)))
            && WORDS.iter().any(|word| lower.contains(word))
    };
    let own = source.code(line);
    if own.split(['(', ';']).next().is_some_and(asks) {
        return true;
    }
    let named = around(source, line).is_some_and(|function| {
        let name = function.name.to_lowercase();
        WORDS.iter().any(|word| name.contains(word)) || ["dd", "log"].contains(&name.as_str())
    });
    let mut within = depth;
    let opening = (line.saturating_sub(12).max(1)..line).rev().filter_map(|number| {
        let text = source.code(number);
        (!text.trim().is_empty() && indent(&text) < within).then(|| {
            within = indent(&text);
            text
        })
    });
    named || opening.take(3).any(|text| asks(&text))
}

/// True where lines that were there already print the same way.
fn prints_so_already(source: &Source, leftover: &Leftover, added: &[(u32, &str)]) -> bool {
    let is_new = |line: u32| added.iter().any(|(number, _)| *number == line);
    source.numbered_lines().any(|(number, line)| {
        line.len() < 1000
            && leftover.pattern.is_match(line)
            && !is_new(number)
            && is_in_code(source, number, line, leftover)
    })
}

/// Tests that other tests read.
fn is_data(source: &Source) -> bool {
    let folders = source.path.as_str().rsplit_once('/').map_or("", |(folders, _)| folders).to_lowercase();
    ["fixture", "data", "sample", "corpus", "snapshot", "input"].iter().any(|word| folders.contains(word))
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
            rule: leftover.rule(),
            severity: Severity::Suggestion,
            category: "style",
            line,
            title: format!("`{}` is left in `{}`", leftover.what, source.path),
            problem: format!(
                "Line {line} holds {}: {}.{}",
                code(source.line(line).trim()),
                leftover.consequence(),
                if leftover.kind == LeftoverKind::Prints {
                    " No other code of this repository prints that way."
                } else {
                    ""
                }
            ),
            fix: "Remove the line, or report through what the rest of the program uses.".to_owned(),
            patch: edits.map(|edits| patch(source, &edits)),
            rank: if leftover.kind == LeftoverKind::Prints { 1.0 } else { 2.5 },
            consequence: leftover.consequence(),
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
            ("src/a.js", "  console.log('DEBUG:', y)\n", 2),
            ("src/a.py", "    print('here')\n", 1),
            ("src/a.py", "    print('Here is the result')\n", 0),
            ("src/a.py", "    if debug:\n        print('DEBUG: x')\n", 0),
            ("src/a.py", "    if args.pdb:\n        pdb.set_trace()\n", 0),
            ("src/a.go", "\tfmt.Println(\"DEBUG\", x)\n", 1),
            ("src/a.php", "    var_dump($x);\n", 1),
            ("src/a.php", "    $text = print_r($x, true);\n", 0),
            ("bin/a.js", "  console.log('x', y)\n", 0),
            ("tests/a.rs", "    dbg!(y);\n", 0),
            ("src/a.test.js", "it.only('adds', () => {\n", 1),
            ("src/a.test.js", "it('adds only', () => {\n", 0),
        ] {
            assert_eq!(found(path, text), expected, "{path}: {text}");
        }
    }
}
