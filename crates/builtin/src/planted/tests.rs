//! Plants what makes a test worthless or leaves traces.
//!
//! In: test files. Out: trees before and after an edit that makes an assertion compare a thing with itself, or that sets a
//! variable of the process and leaves it so. Sites are chosen by what the files say.

use super::forgotten::{plant, with_line};
use super::{Plant, Tree};
use crate::functions::indent;
use crate::language::{Language, Role};
use crate::source::Source;
use crate::tokens::calls;

fn tests(tree: &Tree) -> Vec<Source> {
    let all = tree.iter().map(|(path, text)| Source::new(path.as_str().into(), text));
    all.filter(|source| source.role == Role::Test && source.language.is_code()).collect()
}

/// An assertion of two things becomes one of a thing with itself.
pub(super) fn always_true(tree: &Tree) -> Vec<Plant> {
    const NAMES: [&str; 8] = [
        "assert_eq",
        "assertEqual",
        "assertEquals",
        "strictEqual",
        "deepEqual",
        "equal",
        "assert_equal",
        "Equal",
    ];
    let mut plants = Vec::new();
    for source in tests(tree) {
        let site = calls(&source, 0..source.tokens().len()).into_iter().find_map(|call| {
            let (open, close) = call.brackets;
            let tokens = source.tokens();
            let alone = NAMES.contains(&call.name) && tokens[open].line == tokens[close].line;
            let inner = &source.content()[tokens[open].end..tokens[close].start];
            let (left, right) = inner.split_once(", ").filter(|_| alone)?;
            let name = |text: &str| {
                text.starts_with(|c: char| c.is_alphabetic())
                    && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
                    && text.len() >= 3
            };
            let simple = name(left) && !right.contains(',') && left != right && left != "t" && left != "true";
            simple.then(|| (call.line, format!("({left}, {left})"), format!("({inner})")))
        });
        let Some((line, new, old)) = site else { continue };
        let text = source.line(line);
        if text.matches(old.as_str()).count() != 1 {
            continue;
        }
        let mut head = tree.clone();
        head.insert(
            source.path.as_str().to_owned(),
            with_line(&source, line, Some(&text.replacen(&old, &new, 1))),
        );
        plants.push(plant(tree.clone(), head, None, "test/always-true", source.path.as_str()));
    }
    plants
}

/// An edit of one line of each test file that has a line of that shape; the twin turns the line into another true one.
fn edited(
    tree: &Tree,
    languages: &[Language],
    edit: impl Fn(&str) -> Option<(String, String)>,
) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in tests(tree).into_iter().filter(|source| languages.contains(&source.language)) {
        let site = source.numbered_lines().find_map(|(line, text)| {
            let code = source.code(line);
            let starts = code.trim_start().chars().next() == text.trim_start().chars().next();
            let whole = text.len() < 300 && starts && source.comment(line).trim().is_empty();
            Some((line, edit(text).filter(|_| whole)?))
        });
        let Some((line, (bad, good))) = site else { continue };
        let path = source.path.as_str();
        let with = |new: &str| {
            let mut changed = tree.clone();
            changed.insert(path.to_owned(), with_line(&source, line, Some(new)));
            changed
        };
        plants.push(plant(tree.clone(), with(&bad), Some(with(&good)), "test/always-true", path));
    }
    plants
}

fn is_name(text: &str) -> bool {
    text.len() >= 3
        && text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']'))
}

/// The two sides of `assert left == right`.
fn sides(text: &str) -> Option<(&str, &str, &str)> {
    let at = text.find("assert ")?;
    let (left, right) = text[at + 7..].split_once(" == ")?;
    let plain = text[..at].trim().is_empty() && is_name(left) && !right.contains([',', '=', '#', '\\']);
    let closed = right.matches(['(', '[', '{']).count() == right.matches([')', ']', '}']).count();
    (plain && closed && left != right).then_some((&text[..at], left, right))
}

/// `assert left == right` becomes `assert left == left`.
pub(super) fn itself(tree: &Tree) -> Vec<Plant> {
    edited(tree, &[Language::Python], |text| {
        let (space, left, right) = sides(text)?;
        Some((format!("{space}assert {left} == {left}"), format!("{space}assert {right} == {left}")))
    })
}

/// `assert left == right` becomes `left == right`, or a tuple with a message.
pub(super) fn dropped(tree: &Tree) -> Vec<Plant> {
    edited(tree, &[Language::Python], |text| {
        let (space, left, right) = sides(text)?;
        let bad = if text.len().is_multiple_of(2) {
            format!("{space}{left} == {right}")
        } else {
            format!("{space}assert ({left} == {right}, \"as before\")")
        };
        Some((bad, format!("{space}assert {left} == {right}, \"as before\"")))
    })
}

/// `expect(left).toBe(right)` becomes `expect(left).toBe(left)`, or its matcher is not called.
pub(super) fn matcher(tree: &Tree) -> Vec<Plant> {
    edited(tree, &[Language::Script], |text| {
        let (space, rest) = text.split_at(text.find("expect(")?);
        let (left, matcher) = rest.strip_prefix("expect(")?.split_once(").")?;
        let (word, right) = matcher.split_once('(')?;
        let plain =
            space.trim().is_empty() && is_name(left) && ["toBe", "toEqual", "toStrictEqual"].contains(&word);
        let right = right.trim_end().trim_end_matches(';').strip_suffix(')')?;
        let bad = if text.len().is_multiple_of(2) || right.is_empty() {
            format!("{space}expect({left}).{word}({left});")
        } else {
            format!("{space}expect({left}).toBeTruthy;")
        };
        (plain && left != right).then(|| (bad, format!("{space}expect({right}).{word}({left});")))
    })
}

/// The assertions of a test go, what it runs stays; the twin gets one more of them.
pub(super) fn lost_assertions(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in tests(tree) {
        let asserts = |line: &u32| {
            let text = source.code(*line);
            let text = text.trim();
            let whole = text.matches('(').count() == text.matches(')').count();
            whole
                && ["assert", "self.assert", "expect(", "t.equal(", "t.same(", "assert.", "require."]
                    .iter()
                    .any(|word| text.starts_with(word))
        };
        let blocks: Vec<(u32, u32)> = if source.language == Language::Script {
            source
                .numbered_lines()
                .filter(|(_, text)| {
                    ["it('", "test('", "it(\"", "test(\""]
                        .iter()
                        .any(|word| text.trim_start().starts_with(word))
                })
                .filter_map(|(first, text)| {
                    let closes = |line: &u32| {
                        indent(source.line(*line)) == indent(text) && !source.line(*line).trim().is_empty()
                    };
                    Some((first, (first + 1..=source.line_count()).find(closes)?))
                })
                .collect()
        } else {
            let named = |name: &str| name.to_lowercase().starts_with("test");
            source.functions().iter().filter(|it| named(&it.name)).map(|it| (it.first, it.last)).collect()
        };
        let site = blocks.into_iter().find_map(|(first, last)| {
            let lines: Vec<u32> = (first + 1..=last).filter(asserts).collect();
            let rest: Vec<String> = (first + 1..=last)
                .filter(|line| !lines.contains(line))
                .map(|line| source.code(line))
                .collect();
            // What is left runs something and says nothing of what should come out.
            let silent = !rest.iter().any(|text| {
                let text = text.to_lowercase();
                [
                    "assert", "expect", "should", "raise", "throw", "fail", "with", "mock", "check", "done",
                    "error", "t.", "unwrap", "match", "?;", "verify", "reject", "catch", "compare",
                    "validate", "must",
                ]
                .iter()
                .any(|word| text.contains(word))
            });
            let title = source.line(first).to_lowercase();
            let about = ["error", "throw", "fail", "raise", "crash"].iter().any(|word| title.contains(word));
            (!lines.is_empty()
                && lines.len() <= 4
                && silent
                && !about
                && rest.iter().any(|text| text.contains('(')))
            .then_some(lines)
        });
        let Some(lines) = site else { continue };
        let kept = |again: bool| {
            let text = source.numbered_lines().flat_map(|(line, text)| {
                let times = if !lines.contains(&line) || again && line != lines[0] {
                    1
                } else {
                    usize::from(again) * 2
                };
                std::iter::repeat_n(text, times)
            });
            text.collect::<Vec<_>>().join("\n") + "\n"
        };
        let path = source.path.as_str();
        let (mut head, mut twin) = (tree.clone(), tree.clone());
        head.insert(path.to_owned(), kept(false));
        twin.insert(path.to_owned(), kept(true));
        plants.push(plant(tree.clone(), head, Some(twin), "test/no-longer-asserts", path));
    }
    plants
}

/// A test sets a variable of the whole process and leaves it so.
pub(super) fn no_restore(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in tests(tree) {
        let (bad, good) = match source.language {
            Language::Python => ("os.environ[\"PLANTED_HOME\"] = \"here\"", "print(\"here\")"),
            Language::Script => ("process.env.PLANTED_HOME = 'here'", "console.error('here')"),
            Language::Go => ("os.Setenv(\"PLANTED_HOME\", \"here\")", "fmt.Println(\"here\")"),
            _ => continue,
        };
        let tests =
            source.functions().iter().filter(|function| function.name.to_lowercase().starts_with("test"));
        let site = tests.into_iter().find_map(|function| {
            (function.first + 1..function.last).find(|line| {
                let (here, next) = (source.line(*line), source.line(line + 1));
                let ends = match source.language {
                    Language::Python => here.trim_end().ends_with(')') && !here.trim_start().starts_with('@'),
                    _ => here.trim_end().ends_with([';', ')']),
                };
                let is_code = !source.code(*line).trim().is_empty()
                    && source
                        .code(*line)
                        .trim_start()
                        .starts_with(here.trim_start().chars().next().unwrap_or(' '))
                    && !source.code(line + 1).trim().is_empty();
                ends && is_code
                    && !next.trim().is_empty()
                    && indent(here) == indent(next)
                    && here.trim_start().starts_with(char::is_alphabetic)
                    && !next.trim_start().starts_with(['.', ')', '}'])
            })
        });
        let Some(line) = site else { continue };
        let here = source.line(line);
        let with = |text: &str| {
            let mut tree = tree.clone();
            let new = format!("{here}\n{}{text}", &here[..indent(here)]);
            tree.insert(source.path.as_str().to_owned(), with_line(&source, line, Some(&new)));
            tree
        };
        // Where the file takes things back anyway it may do so here.
        let backs = [
            "TestMain",
            "Unsetenv",
            "defer func",
            "t.Setenv",
            "yield",
            "estore",
            "tearDown",
            "monkeypatch",
            "patch.dict",
            "afterEach",
            "finally",
            "after(",
            "Cleanup",
            "environ.pop",
            "delete process.env",
            "fixture",
            "teardown",
        ];
        if backs.iter().any(|word| source.content().contains(word)) {
            continue;
        }
        plants.push(plant(
            tree.clone(),
            with(bad),
            Some(with(good)),
            "test/no-restore",
            source.path.as_str(),
        ));
    }
    plants
}
