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
