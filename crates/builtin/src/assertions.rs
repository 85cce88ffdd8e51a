//! Tests that prove nothing, wait for nothing in particular, or leave traces.
//!
//! In: added lines of test code. Out: comparisons of a thing with itself, assertions that are always true, tests without
//! any assertion among tests that have them, fixed sleeps where the other tests have none, environments that nobody
//! restores. Runs nothing.

use std::sync::LazyLock;

use model::{FileDiff, Kind, Severity, Side};
use regex::Regex;

use crate::context::Context;
use crate::family::{Draft, Family, Raised};
use crate::functions::{Function, indent};
use crate::language::{Language, Role};
use crate::lost_assertions::LOST;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::tokens::{TokenKind, calls};
use crate::words::{code, shortened};

pub(crate) const ALWAYS_TRUE: &str = "test/always-true";
pub(crate) const NO_ASSERTION: &str = "test/no-assertion";
pub(crate) const SLEEP: &str = "test/sleep";
pub(crate) const NO_RESTORE: &str = "test/no-restore";

/// The family.
pub(crate) struct Assertions;

impl Family for Assertions {
    fn needles(&self, _needles: &mut Needles) {}

    fn findings(&self, context: &Context<'_>, _found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        for file in context.changed() {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            if !source.language.is_code() {
                continue;
            }
            let tests = if source.role == Role::Test { 0 } else { source.own_tests_start() };
            let added: Vec<u32> = file
                .added()
                .map(|(line, _)| line)
                .filter(|line| *line > tests && !context.is_moved(&source, *line))
                .collect();
            if context.settings.runs(ALWAYS_TRUE) && !is_fixture(&source) {
                raised.extend(added.iter().filter_map(|line| always_true(&source, *line)));
            }
            if context.settings.runs(LOST) && !is_fixture(&source) {
                raised.extend(crate::lost_assertions::find(context, file, &source));
            }
            if context.settings.runs(NO_ASSERTION) {
                raised.extend(without_assertion(context, file, &source, tests));
            }
            if context.settings.runs(SLEEP) {
                raised.extend(sleeps(&source, &added));
            }
            if context.settings.runs(NO_RESTORE) {
                raised.extend(no_restore(&source, &added));
            }
        }
        raised
    }
}

/// Tests that are data of other tests: they lie in a folder for data, or have a name that no runner looks for.
fn is_fixture(source: &Source) -> bool {
    let name = source.path.file_name();
    let collected = name.starts_with("test")
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "test" | "tests"));
    if source.language == Language::Python && !collected {
        return true;
    }
    let folders = source.path.as_str().split('/').rev().skip(1);
    let mut folders = folders.map(str::to_lowercase);
    folders.any(|folder| {
        ["example", "fixture", "data", "plugin", "sample", "snapshot", "corpus"]
            .iter()
            .any(|word| folder.contains(word))
    })
}

fn raise(
    rule: &'static str,
    source: &Source,
    line: u32,
    title: String,
    problem: String,
    fix: &str,
) -> Raised {
    Draft {
        rule,
        category: "test",
        severity: Severity::Suggestion,
        kind: Kind::Gap,
        rank: if rule == ALWAYS_TRUE { 2.5 } else { 1.0 },
        title,
        problem,
        locations: vec![at(source, line, Side::Head, PlaceRole::Primary)],
        evidence: Vec::new(),
        fix: fix.to_owned(),
        patch: None,
        because: format!("The change adds line {line}."),
        scenario: None,
    }
    .raise()
}

/// Assertions of two things, by name.
const EQUALITIES: [&str; 14] = [
    "assert_eq",
    "assertEqual",
    "assertEquals",
    "assertSame",
    "assertIs",
    "equal",
    "strictEqual",
    "deepEqual",
    "deepStrictEqual",
    "Equal",
    "assert_equal",
    "AreEqual",
    "Same",
    "notStrictEqual",
];

/// A text where a condition belongs, and a matcher or an assertion that is named and not called.
static NEVER_ASKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:assert\s+f?(?:"[^"]*"|'[^']*')|(?:self\.)?assert(?:True|_true|\.ok)?\(\s*f?(?:"[^"]*"|'[^']*')\s*\))\s*;?\s*$"#)
        .expect("a pattern written in this file")
});
static NOT_CALLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:expect\(.*\)(?:\.not)?\.to[A-Z]\w*|[\w.]+\.assert_(?:called|not_called|any_call|has_calls|awaited)\w*)\s*;?\s*$")
        .expect("a pattern written in this file")
});
/// A comparison that stands alone.
static COMPARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*[A-Za-z_][\w.]*(?:\([^()=]*\)|\[[^\]=]*\])*\s*(==|!=|===|!==)\s*[^=;]+;?\s*$")
        .expect("a pattern written in this file")
});

/// Comparing a thing with itself, or with another one and dropping the answer; a tuple or a text that is always true; what is named
/// and not called. `expect(true)` and `assert('came')` of JavaScript are
/// left alone: they mark that a callback came.
fn always_true(source: &Source, line: u32) -> Option<Raised> {
    let (text, whole) = (source.code(line), source.line(line));
    let (python, script) = (source.language == Language::Python, source.language == Language::Script);
    let starts = text.trim_start().starts_with(whole.trim_start().chars().next()?);
    let why = if python && starts && NEVER_ASKED.is_match(whole) {
        "asserts a text, which is true whatever it says".to_owned()
    } else if (python || script) && starts && NOT_CALLED.is_match(whole) {
        "names what asserts and does not call it".to_owned()
    } else if (python || script) && starts && is_dropped_comparison(source, line, &text) {
        format!("compares {} and drops the answer", code(&shortened(text.trim().trim_end_matches(';'), 50)))
    } else if python && tuple_assert(source, line) {
        "asserts a tuple, which is true whatever it holds".to_owned()
    } else {
        compared_with_itself(source, line)?
    };
    Some(raise(
        ALWAYS_TRUE,
        source,
        line,
        format!("An assertion in `{}` cannot fail: it {why}", shortened(source.path.as_str(), 50)),
        format!("Line {line} of `{}` {why}, so the test passes whatever the code does.", source.path),
        "Compare what the code returns with what it should return.",
    ))
}

/// `total == 3` as a statement of its own in a test, where no block above waits for what the comparison itself does.
fn is_dropped_comparison(source: &Source, line: u32, text: &str) -> bool {
    let Some(found) = COMPARED.captures(text) else { return false };
    let strict = found[1].len() == 3;
    if strict != (source.language == Language::Script) || is_about_equality(source, line) {
        return false;
    }
    let depth = indent(source.line(line));
    let written = |number: &u32| !source.code(*number).trim().is_empty();
    let above = (1..line).rev().find(written).map_or(String::new(), |number| source.code(number));
    let next = (line + 1..=source.line_count()).find(written);
    let goes_on = next.is_some_and(|number| {
        let text = source.code(number);
        indent(&text) > depth
            || text.trim_start().starts_with(['.', '&', '|', '?', ')', ']', '}', '+'])
                && indent(&text) == depth
    });
    let continues = above.trim_end().ends_with(['(', '[', '{', ',', '\\', '=', '&', '|', '?', ':', '>', '+'])
        && !above.trim_end().ends_with("):")
        && !(indent(&above) < depth && above.trim_end().ends_with(['{', ':']));
    let opening = (1..line).rev().find(|number| written(number) && indent(source.line(*number)) < depth);
    let Some(opening) = opening.map(|number| source.code(number)) else { return false };
    let watched = ["with", "try", "except", "catch", "=>"].iter().any(|word| opening.contains(word))
        && !opening.trim_start().starts_with("it(")
        && !opening.trim_start().starts_with("test(");
    let balanced = ['(', '[']
        .iter()
        .zip([')', ']'])
        .all(|(open, close)| text.matches(*open).count() == text.matches(close).count());
    balanced
        && !goes_on
        && !continues
        && !watched
        && crate::functions::around(source, line)
            .is_some_and(|test| source.language == Language::Script || test.name.starts_with("test"))
}

/// `assert (a == b, "message")`.
fn tuple_assert(source: &Source, line: u32) -> bool {
    let tokens = source.tokens();
    let first = tokens.partition_point(|token| token.line < line);
    let text = |at: usize| tokens.get(at).map_or("", |token| source.slice(token));
    if text(first) != "assert" || text(first + 1) != "(" {
        return false;
    }
    let close = crate::tokens::closing(source, first + 1);
    let mut depth = 0usize;
    let comma = (first + 1..close).any(|at| {
        match text(at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 1 && text(at) == ","
    });
    let ends = tokens.get(close + 1).is_none_or(|next| next.line > tokens[close].line);
    comma && ends && !within_generator(source, first + 1, close)
}

fn within_generator(source: &Source, from: usize, to: usize) -> bool {
    source.tokens()[from..to].iter().any(|token| source.slice(token) == "for")
}

/// Tests of equality itself, by their words.
fn is_about_equality(source: &Source, line: u32) -> bool {
    const WORDS: [&str; 12] = [
        "eq",
        "equal",
        "equals",
        "equality",
        "hash",
        "compare",
        "comparison",
        "cmp",
        "ord",
        "identity",
        "same",
        "reflexive",
    ];
    let says = |text: &str| crate::names::words(text).iter().any(|word| WORDS.contains(&word.as_str()));
    let titled = || {
        let titles = (line.saturating_sub(30).max(1)..=line).rev().map(|line| source.line(line));
        let mut titles = titles.filter(|text| {
            ["it(", "test(", "describe("].iter().any(|word| text.trim_start().starts_with(word))
        });
        titles.next().is_some_and(says)
    };
    let defines = ["__eq__", "__ne__", "impl PartialEq", "boolean equals("];
    crate::functions::around(source, line).is_some_and(|test| says(&test.name))
        || source.language == Language::Script && titled()
        || source.line(line).to_lowercase().contains("nan")
        || defines.iter().any(|word| source.content().contains(word))
}

fn compared_with_itself(source: &Source, line: u32) -> Option<String> {
    if is_about_equality(source, line) {
        return None;
    }
    let tokens = source.tokens();
    let first = tokens.partition_point(|token| token.line < line);
    let last = tokens.partition_point(|token| token.line <= line);
    if let Some(thing) = condition_of_itself(source, first, last) {
        return Some(format!("compares {} with itself", code(&shortened(&thing, 40))));
    }
    calls(source, first..last).iter().find_map(|call| {
        if !EQUALITIES.contains(&call.name) {
            return None;
        }
        let (open, close) = call.brackets;
        let mut parts: Vec<Vec<&str>> = vec![Vec::new()];
        let mut depth = 0usize;
        for token in &tokens[open..close] {
            let text = source.slice(token);
            match text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "," if depth == 1 => {
                    parts.push(Vec::new());
                    continue;
                }
                _ => {}
            }
            parts.last_mut()?.push(text);
        }
        let mut parts: Vec<&[&str]> = parts.iter().map(Vec::as_slice).collect();
        parts[0] = parts[0].get(1..)?;
        // The test itself comes first in Go.
        if source.language == Language::Go && parts.len() >= 3 && parts[0] == ["t"] {
            parts.remove(0);
        }
        let (left, right) = (*parts.first()?, *parts.get(1)?);
        // Calling twice may be the point: the second call need not return the same.
        let plain =
            !left.contains(&"(") && tokens[open..close].iter().any(|token| token.kind == TokenKind::Word);
        (plain && left == right && !left.is_empty() && parts.len() <= 3)
            .then(|| format!("compares {} with itself", code(&shortened(&left.join(""), 40))))
    })
}

/// What `assert x == x`, `assert!(x == x)` and `expect(x).toBe(x)` name twice. Calling twice may be the point, and a constant is a mark.
fn condition_of_itself(source: &Source, first: usize, last: usize) -> Option<String> {
    const MATCHERS: [&str; 5] = ["toBe", "toEqual", "toStrictEqual", "eql", "equal"];
    let texts: Vec<&str> = source.tokens()[first..last].iter().map(|token| source.slice(token)).collect();
    let texts = texts.strip_suffix(&[";"]).unwrap_or(&texts);
    let (left, right) = match texts {
        ["assert", rest @ ..] if source.language == Language::Python => {
            let end = rest.iter().position(|text| *text == ",").unwrap_or(rest.len());
            let at = rest.iter().position(|text| *text == "==")?;
            (rest.get(..at)?, rest.get(at + 1..end)?)
        }
        ["assert", "!", "(", inner @ .., ")"] => {
            let at = inner.iter().position(|text| *text == "==")?;
            (&inner[..at], &inner[at + 1..])
        }
        ["expect", "(", rest @ .., ")"] if source.language == Language::Script => {
            let close = rest.iter().position(|text| *text == ")")?;
            let [dots @ .., matcher, "("] = rest
                .get(close + 1..rest.len() - rest[close + 1..].iter().rev().position(|text| *text == "(")?)?
            else {
                return None;
            };
            let plain = dots.iter().all(|text| [".", "to", "be", "deep"].contains(text));
            let open = rest.len() - rest.iter().rev().position(|text| *text == "(")?;
            (plain && MATCHERS.contains(matcher)).then_some((&rest[..close], &rest[open..]))?
        }
        _ => return None,
    };
    let constants = ["true", "false", "True", "False", "None", "null", "undefined", "nil", "not"];
    let named = left
        .iter()
        .any(|text| text.starts_with(|c: char| c.is_alphabetic() || c == '_') && !constants.contains(text));
    (left == right && named && !left.contains(&"(")).then(|| left.concat())
}

static ASSERTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)assert|expect|should|raises|throws|panic|unwrap|require|verify|check|fail|t\.(error|fatal|run|parallel)|\bdone\b|mock|\?;|\?$|\.ok\(|\.is\(|\.equal|\.same|\.match|\.plan|\.end\(|must|snapshot|insta|ensure|validate|compare|abort|exit|strict|reject|catch|\bwith\b|yield|skip|raise")
        .expect("a pattern written in this file")
});

/// New tests without any assertion in files where all the other tests have some.
fn without_assertion(context: &Context<'_>, file: &FileDiff, source: &Source, tests: u32) -> Vec<Raised> {
    let all: Vec<&Function> = source
        .functions()
        .iter()
        .filter(|function| function.first > tests && is_test(source, function))
        .collect();
    let bare = |function: &&&Function| {
        !(function.first..=function.last).any(|line| ASSERTS.is_match(&source.code(line)))
    };
    let without: Vec<&&Function> = all.iter().filter(bare).collect();
    if all.len() < 4 || without.len() * 10 > all.len() {
        return Vec::new();
    }
    let added: Vec<u32> = file.added().map(|(line, _)| line).collect();
    without
        .into_iter()
        .filter(|function| added.contains(&function.first) && function.last > function.first && !context.is_moved(source, function.first))
        .map(|function| {
            let name = code(&shortened(&function.name, 50));
            raise(
                NO_ASSERTION,
                source,
                function.first,
                format!("{name} asserts nothing, unlike the {} other tests of its file", all.len() - 1),
                format!(
                    "{name} (line {} of `{}`) calls nothing that could fail on a wrong result; {} of the {} tests in the file do.",
                    function.first,
                    source.path,
                    all.len() - 1,
                    all.len()
                ),
                "Assert what should be so afterwards, or say in a comment that not failing is all that is asked.",
            )
        })
        .collect()
}

fn is_test(source: &Source, function: &Function) -> bool {
    let above = source.line(function.first.saturating_sub(1)).trim();
    match source.language {
        Language::Rust => above == "#[test]" || above.starts_with("#[tokio::test"),
        Language::Python => function.name.starts_with("test_"),
        Language::Go => {
            function.name.starts_with("Test") && source.line(function.first).contains("testing.T")
        }
        Language::Java | Language::Kotlin => above.starts_with("@Test"),
        _ => false,
    }
}

static SLEEPS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:time\.sleep|Thread\.sleep|thread::sleep|time\.Sleep|asyncio\.sleep|Task\.Delay|usleep)\s*\(\s*([^)]*)|^\s*sleep\s+\d").expect("a pattern written in this file")
});

/// The first new fixed sleep of a file that has none elsewhere.
fn sleeps(source: &Source, added: &[u32]) -> Option<Raised> {
    let is_sleep = |line: u32| {
        let text = source.code(line);
        SLEEPS
            .captures(&text)
            .is_some_and(|found| found.get(1).is_none_or(|time| !matches!(time.as_str().trim(), "0" | "0.0")))
    };
    let mine: Vec<u32> = added
        .iter()
        .copied()
        .filter(|line| is_sleep(*line) && source.comment(*line).trim().is_empty())
        .collect();
    let others = (1..=source.line_count()).filter(|line| !added.contains(line) && is_sleep(*line)).count();
    let first = *mine.first()?;
    // Where sleeping is the custom of the file, or the loop around it waits for something, it is no news.
    let waits = (first.saturating_sub(6)..first).any(|line| {
        let text = source.code(line);
        indent(source.line(line)) < indent(source.line(first))
            && ["while", "for", "loop", "until", "def ", "fn ", "func "]
                .iter()
                .any(|word| text.contains(word))
            && !text.contains("test")
    });
    (others == 0 && mine.len() <= 2 && !waits).then(|| {
        raise(
            SLEEP,
            source,
            first,
            format!("A test in `{}` waits a fixed time, the first in its file to do so", shortened(source.path.as_str(), 60)),
            format!("Line {first} of `{}` sleeps. On a slow machine it may be too short, on a fast one it is lost; no other test of the file needs it.", source.path),
            "Wait for the condition itself with a limit, or use a clock that the test controls.",
        )
    })
}

static SETS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:os\.environ\[[^\]]*\]\s*=[^=]|os\.chdir\(|process\.env\.\w+\s*=[^=]|process\.env\[[^\]]*\]\s*=[^=]|process\.chdir\(|os\.Setenv\(|os\.Chdir\(|(?:unsafe \{ )?(?:std::)?env::set_var\(|(?:std::)?env::set_current_dir\()")
        .expect("a pattern written in this file")
});

/// A setting of the whole process that nothing takes back: neither the function nor what the file does for all its tests.
fn no_restore(source: &Source, added: &[u32]) -> Option<Raised> {
    const IN_FILE: [&str; 16] = [
        "monkeypatch",
        "patch.dict",
        "addCleanup",
        "tearDown",
        "teardown",
        "afterEach",
        "afterAll",
        "after(",
        "os.Unsetenv",
        "remove_var",
        "environ.pop",
        "del os.environ",
        "delete process.env",
        "environ.clear",
        "Drop for",
        "TestMain",
    ];
    const IN_FUNCTION: [&str; 12] = [
        "finally",
        "t.Setenv",
        "restore",
        "Restore",
        "t.Cleanup",
        "yield",
        "defer func",
        "defer os.Setenv",
        "defer os.Unsetenv",
        "defer os.Chdir",
        "addfinalizer",
        "Drop",
    ];
    let first = added.iter().copied().find(|line| SETS.is_match(&source.code(*line)))?;
    let around = crate::functions::around(source, first)?;
    let here = || (around.first.saturating_sub(3).max(1)..=around.last).map(|line| source.line(line));
    let back = IN_FILE.iter().any(|word| source.content().contains(word))
        || here().any(|line| IN_FUNCTION.iter().any(|word| line.contains(word)));
    let old =
        (1..=source.line_count()).any(|line| !added.contains(&line) && SETS.is_match(&source.code(line)));
    let inside = around.name.to_lowercase().contains("test");
    (!back && !old && inside).then(|| {
        raise(
            NO_RESTORE,
            source,
            first,
            format!("A test in `{}` changes the process's environment and leaves it so", shortened(source.path.as_str(), 60)),
            format!("Line {first} of `{}` sets something that all tests of the process share, and nothing in the file sets it back, so tests that run later see it.", source.path),
            "Set it back when the test ends, whatever its result.",
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn rules(path: &str, base: &str, head: &str) -> Vec<String> {
        let settings = Settings { enable: vec!["test/*".into()], ..Settings::default() };
        let change = MemoryChange::new(&[(path, base)], &[(path, head)]);
        crate::review(&change, &settings).findings.into_iter().filter_map(|finding| finding.rule).collect()
    }

    #[test]
    fn assertions_that_cannot_fail_are_told() {
        for (path, text, expected) in [
            ("test_a.py", "def test_a():\n    assert (x == 1, 'one')\n", 1),
            ("test_a.py", "def test_a():\n    assert (x == 1)\n", 0),
            ("test_a.py", "def test_a():\n    assert (x ==\n            1), 'one'\n", 0),
            ("test_a.py", "def test_a():\n    self.assertEqual(a.b, a.b)\n", 1),
            ("test_a.py", "def test_a():\n    self.assertEqual(f(a), f(a))\n", 0),
            ("test_a.py", "def test_equality():\n    self.assertEqual(first, first)\n", 0),
            ("tests/a.rs", "fn a() {\n    assert_eq!(one, one);\n    assert_eq!(one, two);\n}\n", 1),
            (
                "tests/inputs/redundant_unittest_assert.py",
                "def test_a():\n    self.assertEqual(None, None)\n",
                0,
            ),
            ("a.test.js", "it('x', () => {\n  expect(true).toBe(true);\n});\n", 0),
            ("a.test.js", "it('x', () => {\n  expect(a.b).toEqual(a.b);\n});\n", 1),
            ("a.test.js", "it('x', () => {\n  expect(a.b).toEqual(a.c);\n});\n", 0),
            ("a.test.js", "it('is the same', () => {\n  expect(a.b).toEqual(a.b);\n});\n", 0),
            ("a.test.js", "it('x', () => {\n  expect(a.b).toBeTruthy;\n});\n", 1),
            ("a_test.go", "func TestA(t *testing.T) {\n\trequire.Equal(t, got, got)\n}\n", 1),
            ("tests/a.rs", "fn a() {\n    assert!(one == one);\n}\n", 1),
            ("test_a.py", "def test_a():\n    assert a.b == a.b\n", 1),
            ("test_a.py", "def test_a():\n    assert a.b == a.c, a.b\n", 0),
            ("test_a.py", "def test_a():\n    assert 'it is there'\n", 1),
            ("test_a.py", "def test_a():\n    assert 'it' in there\n", 0),
            ("test_a.py", "def test_a():\n    total == 3\n", 1),
            ("test_a.py", "def test_a():\n    with pytest.raises(E):\n        total == 3\n", 0),
            ("test_a.py", "def test_a():\n    x = (one and\n    total == 3)\n", 0),
            ("test_a.py", "def test_a():\n    run.assert_called_once\n", 1),
            ("test_a.py", "def test_a():\n    run.assert_called_once()\n", 0),
            ("a.test.js", "it('x', () => {\n  expect(f()).toBe(true);\n});\n", 0),
        ] {
            assert_eq!(rules(path, "", text).len(), expected, "{text}");
        }
    }

    #[test]
    fn a_test_without_assertions_is_told_where_all_others_have_some() {
        let tests = |count: u32| -> Vec<String> {
            (0..count).map(|n| format!("def test_{n}():\n    assert f({n}) == {n}\n\n")).collect()
        };
        let base = tests(4).concat();
        let head = format!("{base}def test_new():\n    f(9)\n");
        assert_eq!(rules("test_a.py", &base, &head), [super::NO_ASSERTION; 0], "one in five is not yet rare");
        let base = tests(12).concat();
        assert_eq!(
            rules("test_a.py", &base, &format!("{base}def test_new():\n    f(9)\n")),
            [super::NO_ASSERTION]
        );
        assert_eq!(rules("test_a.py", &base, &format!("{base}def test_new():\n    assert f(9)\n")), [""; 0]);
    }

    #[test]
    fn sleeps_and_traces_are_told() {
        assert_eq!(
            rules("test_a.py", "", "def test_a():\n    start()\n    time.sleep(2)\n    assert done\n"),
            [super::SLEEP]
        );
        assert_eq!(
            rules("test_a.py", "", "def test_a():\n    while not done:\n        time.sleep(2)\n"),
            [""; 0]
        );
        assert_eq!(
            rules("test_a.py", "", "def test_a():\n    os.environ['A'] = 'b'\n    assert f()\n"),
            [super::NO_RESTORE]
        );
        assert_eq!(
            rules("test_a.py", "", "def test_a(monkeypatch):\n    os.environ['A'] = 'b'\n    assert f()\n"),
            [""; 0]
        );
    }
}
