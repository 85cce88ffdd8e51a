//! Tests that the change took the last assertion out of.
//!
//! In: the tests of a changed file before and after. Out: a finding for each test that goes on running and can no longer fail on a
//! wrong result. Silent where anything else was written into the test: a helper may assert.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::{FileDiff, Kind, Severity, Side};
use regex::Regex;

use crate::context::{Context, path_before};
use crate::family::{Draft, Raised, read};
use crate::functions::indent;
use crate::language::{Language, Role};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const LOST: &str = "test/no-longer-asserts";

/// One test, by what it is called.
struct Test {
    name: String,
    first: u32,
    last: u32,
}

static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:it|test|specify|example)(?:\.\w+)?[( ]\s*["'`]([^"'`]{3,})["'`]"#)
        .expect("a pattern written in this file")
});

/// What can fail a test on a wrong result.
static ASSERTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i:assert|expect|should|raises|throws|verify|ensure)|\b(?:require|t|tt|is|check)\.(?:i?(?:equal|same|ok|not|is|deep|match|true|false|strict|Len|Nil|No|Contains|Equal|True|False))\w*\(|\bt\.(?:Error|Fatal)|\bfail\w*\(")
        .expect("a pattern written in this file")
});

/// What may fail it all the same.
static MAY_FAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i:assert|expect|should|raise|throw|panic|unwrap|require|verify|check|fail|must|snapshot|ensure|validate|compare|abort|exit|reject|catch|mock|spy|match|equal|compile)|\bt\.|\bdone\b|\?;|\bwith\b|\byield\b|\bskip\b|\bawait\b.*\bwait")
        .expect("a pattern written in this file")
});

/// Finds the tests of one changed file that lost what could fail them.
pub(crate) fn find(context: &Context<'_>, file: &FileDiff, source: &Source) -> Vec<Raised> {
    // Whoever adds lines only takes nothing out.
    let takes_out = file.removed().any(|(_, text)| ASSERTS.is_match(text));
    let before = path_before(file).filter(|_| takes_out).and_then(|path| context.source(Side::Base, path));
    let Some(before) = before else { return Vec::new() };
    let mut old: BTreeMap<String, Vec<Test>> = BTreeMap::new();
    for test in tests(&before) {
        old.entry(test.name.clone()).or_default().push(test);
    }
    let mut new: BTreeMap<String, Vec<Test>> = BTreeMap::new();
    for test in tests(source) {
        new.entry(test.name.clone()).or_default().push(test);
    }
    // Tests of one name are told apart by their order, where none came or went.
    let pairs = new.into_iter().flat_map(|(name, new)| {
        let old = old.remove(&name).filter(|old| old.len() == new.len()).unwrap_or_default();
        old.into_iter().zip(new).collect::<Vec<_>>()
    });
    let lost = pairs.filter_map(|(was, test)| {
        let removed = lost(&before, &was, source, &test)?;
        Some(report(source, &before, &test, removed))
    });
    lost.take(3).collect()
}

/// The tests of a file.
fn tests(source: &Source) -> Vec<Test> {
    let start = if source.role == Role::Test { 0 } else { source.own_tests_start() };
    if matches!(source.language, Language::Script | Language::Ruby) {
        let titled = source.numbered_lines().filter_map(|(line, text)| {
            let name = TITLE.captures(text).filter(|_| text.len() < 400 && line > start)?[1].to_owned();
            Some(Test { name, first: line, last: end(source, line) })
        });
        return titled.collect();
    }
    let is_test = |name: &str, first: u32| {
        let above = source.line(first.saturating_sub(1)).trim();
        match source.language {
            Language::Rust => above.starts_with("#[") && above.contains("test"),
            Language::Python => name.starts_with("test_"),
            Language::Go => name.starts_with("Test") && source.line(first).contains("testing.T"),
            Language::Java | Language::Kotlin => above.starts_with("@Test"),
            Language::CSharp => ["[Test]", "[Fact]", "[TestMethod]"].contains(&above),
            Language::Php => name.starts_with("test"),
            _ => false,
        }
    };
    let functions = source.functions().iter().filter(|function| function.first > start);
    let tests = functions.filter(|function| is_test(&function.name, function.first));
    tests
        .map(|function| Test { name: function.name.clone(), first: function.first, last: function.last })
        .collect()
}

/// The line that closes what a line opens, by indentation.
fn end(source: &Source, first: u32) -> u32 {
    let depth = indent(source.line(first));
    let closes = |line: &u32| {
        let text = source.line(*line);
        !text.trim().is_empty() && indent(text) <= depth
    };
    (first + 1..=source.line_count()).find(closes).unwrap_or(first)
}

/// The line at the merge base of an assertion that the test had, where it has none any more and is otherwise what it was.
fn lost(before: &Source, was: &Test, after: &Source, now: &Test) -> Option<u32> {
    const ON_PURPOSE: [&str; 8] = ["crash", "panic", "throw", "raise", "smoke", "fail", "error", "compile"];
    let lower = now.name.to_lowercase();
    let marked = (now.first.saturating_sub(3).max(1)..now.first).any(|line| {
        let text = after.line(line);
        ["should_panic", "expected", "xfail", "skip", "ignore"].iter().any(|word| text.contains(word))
    });
    if marked || ON_PURPOSE.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let body = |source: &Source, test: &Test| -> Vec<(u32, String)> {
        (test.first + 1..=test.last)
            .map(|line| (line, source.code(line)))
            .filter(|(_, text)| !text.trim().is_empty())
            .collect()
    };
    let (old, new) = (body(before, was), body(after, now));
    let runs = new.iter().any(|(_, text)| text.contains('('));
    if !runs || new.iter().any(|(_, text)| MAY_FAIL.is_match(text)) {
        return None;
    }
    // What is new must be what is left of a line that was there: `check(run())` became `run()`.
    let is_left = |text: &str| old.iter().any(|(_, old)| old.contains(text.trim().trim_end_matches(';')));
    let removed = old.iter().find(|(_, text)| ASSERTS.is_match(text))?;
    new.iter().all(|(_, text)| is_left(text)).then_some(removed.0)
}

fn report(source: &Source, before: &Source, test: &Test, removed: u32) -> Raised {
    let name = code(&shortened(&test.name, 60));
    let old = shortened(before.line(removed).trim(), 120);
    let mut evidence = read(
        format!("{}:{removed} at the merge base: an assertion of this test that is gone", before.path),
        before.path.as_str(),
        removed,
        Some(old.clone()),
    );
    // The line stands at the merge base only, so it is no place at head.
    evidence.line = None;
    Draft {
        rule: LOST,
        category: "test",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 3.0,
        title: format!("The test {name} lost its last assertion and can no longer fail"),
        problem: format!(
            "Line {} of `{}`: the test still runs the code, but the change took out what it asserted ({}) and put nothing in its \
             place, so it passes whatever the code returns.",
            test.first,
            source.path,
            code(&old)
        ),
        locations: vec![at(source, test.first, Side::Head, PlaceRole::Primary)],
        evidence: vec![evidence],
        fix: "Assert what should be so now, or remove the test.".to_owned(),
        patch: None,
        because: format!("The change removes the assertion at {}:{removed}.", before.path),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn told(path: &str, base: &str, head: &str) -> usize {
        let settings = Settings { enable: vec![super::LOST.into()], ..Settings::default() };
        let change = MemoryChange::new(&[(path, base)], &[(path, head)]);
        crate::review(&change, &settings).findings.len()
    }

    #[test]
    fn a_test_that_lost_its_last_assertion_is_told() {
        let python = "def test_sum():\n    total = add(1, 2)\n    assert total == 3\n\n\ndef test_other():\n    assert add(2, 2) == 4\n";
        let script = "it('adds up', () => {\n  const total = add(1, 2);\n  expect(total).toBe(3);\n});\n";
        let go = "package a\n\nfunc TestSum(t *testing.T) {\n\ttotal := add(1, 2)\n\tif total != 3 {\n\t\tt.Errorf(\"no\")\n\t}\n}\n";
        let rust = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds_up() {\n        let total = add(1, 2);\n        assert_eq!(total, 3);\n    }\n}\n";
        for (path, base, old, new, expected) in [
            ("test_a.py", python, "    assert total == 3\n", "", 1),
            ("test_a.py", python, "    assert total == 3\n", "    assert total == 4\n", 0),
            ("test_a.py", python, "    assert total == 3\n", "    is_three(total)\n", 0),
            ("test_a.py", python, "    total = add(1, 2)\n    assert total == 3\n", "    pass\n", 0),
            ("a.test.js", script, "  expect(total).toBe(3);\n", "", 1),
            ("a.test.js", script, "  expect(total).toBe(3);\n", "  assertThree(total);\n", 0),
            ("a_test.go", go, "\tif total != 3 {\n\t\tt.Errorf(\"no\")\n\t}\n", "\t_ = total\n", 0),
            ("a_test.go", go, "\tif total != 3 {\n\t\tt.Errorf(\"no\")\n\t}\n", "", 1),
            ("src/a.rs", rust, "        assert_eq!(total, 3);\n", "", 1),
        ] {
            assert_eq!(told(path, base, &base.replace(old, new)), expected, "{path}: {old:?} -> {new:?}");
        }
    }
}
