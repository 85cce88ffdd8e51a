//! What no test names.
//!
//! In: the functions a change touched and the lines of test files that name them. Out: the testing part of the document.
//! A function without a mention is a gap, never a finding: tests may reach it through others.

use std::collections::BTreeMap;

use model::{DocumentGap, DocumentTesting, RepoPath, Side};

use crate::context::Context;
use crate::declarations::{Declaration, DeclarationKind, declarations};
use crate::language::{Language, Role};
use crate::names::occurrences;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, count, list};

/// The functions a change touched.
pub(crate) struct Testing {
    touched: Vec<(RepoPath, Declaration)>,
    all: usize,
    tests_exist: bool,
    tests_changed: usize,
}

/// More functions than this are not looked up one by one.
const MOST_FUNCTIONS: usize = 60;
/// Gaps listed; the rest is counted.
const MOST_GAPS: usize = 8;

impl Testing {
    /// Finds the touched functions.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let is_test = |path: &RepoPath| Role::of(path) == Role::Test && Language::of(path).is_code();
        let mut touched = Vec::new();
        for file in context.changed().filter(|file| Role::of(&file.path) == Role::Source) {
            if let Some(source) = context.source(Side::Head, &file.path) {
                let lines: Vec<u32> = file.added().map(|(line, _)| line).collect();
                touched
                    .extend(functions(&source, &lines).into_iter().map(|found| (file.path.clone(), found)));
            }
        }
        let all = touched.len();
        touched.truncate(MOST_FUNCTIONS);
        Self {
            touched,
            all,
            tests_exist: context.head.iter().any(|entry| is_test(&entry.path)),
            tests_changed: context.change.diff().iter().filter(|file| is_test(&file.path)).count(),
        }
    }

    /// The texts it wants to look up.
    pub(crate) fn needles(&self, needles: &mut Needles) {
        for (_, function) in &self.touched {
            needles.add(&function.name);
        }
    }

    /// The testing part; `None` where there is nothing to say.
    pub(crate) fn part(&self, context: &Context<'_>, found: &Found) -> Option<DocumentTesting> {
        if self.touched.is_empty() {
            return None;
        }
        let untested: Vec<&(RepoPath, Declaration)> = self
            .touched
            .iter()
            .filter(|(_, function)| is_named_by_no_test(context, found, &function.name))
            .collect();
        let gaps = if self.tests_exist { gaps(context, &untested) } else { Vec::new() };
        Some(DocumentTesting { text: self.text(&untested), ran: Vec::new(), gaps })
    }

    fn text(&self, untested: &[&(RepoPath, Declaration)]) -> String {
        let functions = count(self.all, "function", "functions");
        if !self.tests_exist {
            return format!(
                "The change touches {functions}. The repository has no test files that are known as such."
            );
        }
        let changed = match self.tests_changed {
            0 => "changes no test file".to_owned(),
            number => format!("changes {}", count(number, "test file", "test files")),
        };
        let looked_up = match self.touched.len() {
            some if some < self.all => format!("the {some} that were looked up"),
            _ => "them".to_owned(),
        };
        let named = match untested.len() {
            0 => format!("tests name all of {looked_up}"),
            missing if missing == self.touched.len() => format!("no test names any of {looked_up}"),
            missing => format!("tests name all but {missing} of {looked_up}"),
        };
        format!("The change touches {functions} and {changed}; {named}. Nothing was run.")
    }
}

fn gaps(context: &Context<'_>, untested: &[&(RepoPath, Declaration)]) -> Vec<DocumentGap> {
    let mut by_file: BTreeMap<&RepoPath, Vec<&Declaration>> = BTreeMap::new();
    for (path, function) in untested {
        by_file.entry(path).or_default().push(function);
    }
    by_file
        .into_iter()
        .take(MOST_GAPS)
        .filter_map(|(path, functions)| {
            let source = context.source(Side::Head, path)?;
            let names: Vec<String> = functions.iter().take(4).map(|function| code(&function.name)).collect();
            let more = functions.len().saturating_sub(4);
            let names = if more > 0 { format!("{} and {more} more", names.join(", ")) } else { list(&names) };
            let places = functions.iter().take(4);
            Some(DocumentGap {
                scenario: format!("No test names {names} of `{path}`, which the change touches."),
                risk: None,
                finding: None,
                locations: places
                    .map(|function| at(&source, function.line, Side::Head, PlaceRole::Primary))
                    .collect(),
            })
        })
        .collect()
}

fn is_named_by_no_test(context: &Context<'_>, found: &Found, name: &str) -> bool {
    found.all(name).is_some_and(|hits| {
        !hits.iter().any(|hit| {
            !occurrences(&hit.text, name).is_empty()
                && (Role::of(&hit.path) == Role::Test || stands_in_own_tests(context, &hit.path, hit.line))
        })
    })
}

/// Rust keeps unit tests below the code they test.
fn stands_in_own_tests(context: &Context<'_>, path: &RepoPath, line: u32) -> bool {
    context.source(Side::Head, path).is_some_and(|source| line > source.own_tests_start())
}

/// The functions around the added lines, without those that nobody calls by name.
fn functions(source: &Source, added: &[u32]) -> Vec<Declaration> {
    let end = source.own_tests_start();
    let all: Vec<Declaration> = declarations(source)
        .into_iter()
        .filter(|found| matches!(found.kind, DeclarationKind::Function | DeclarationKind::Method))
        .collect();
    let touched = |index: usize| {
        let first = all[index].line;
        let last = all.get(index + 1).map_or(u32::MAX, |next| next.line);
        added.iter().any(|line| (first..last).contains(line) && !source.code(*line).trim().is_empty())
    };
    let mut seen = std::collections::BTreeSet::new();
    (0..all.len())
        .filter(|index| all[*index].line < end && touched(*index))
        .map(|index| all[index].clone())
        .filter(|found| !is_called_by_nobody(&found.name) && seen.insert(found.name.clone()))
        .collect()
}

fn is_called_by_nobody(name: &str) -> bool {
    (name.starts_with("__") && name.ends_with("__"))
        || [
            "main",
            "init",
            "fmt",
            "drop",
            "new",
            "default",
            "from",
            "constructor",
            "toString",
            "setUp",
            "eq",
            "hash",
        ]
        .contains(&name)
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn testing(base: &[(&str, &str)], head: &[(&str, &str)]) -> Option<model::DocumentTesting> {
        crate::review(&MemoryChange::new(base, head), &Settings::default()).testing
    }

    #[test]
    fn a_touched_function_that_no_test_names_is_a_gap() {
        let base = "package a\n\nfunc tested() {\n\tx()\n}\n\nfunc untested() {\n\tx()\n}\n";
        let head = base.replace("x()", "y()");
        let test = "package a\n\nfunc TestIt(t *testing.T) {\n\ttested()\n}\n";
        let found = testing(&[("a.go", base), ("a_test.go", test)], &[("a.go", &head), ("a_test.go", test)]);
        let found = found.expect("functions were touched");
        assert_eq!(found.gaps.len(), 1);
        assert_eq!(found.gaps[0].scenario, "No test names `untested` of `a.go`, which the change touches.");
        assert_eq!(
            found.text,
            "The change touches 2 functions and changes no test file; tests name all but 1 of them. Nothing was run."
        );
    }

    #[test]
    fn without_tests_or_functions_there_are_no_gaps() {
        let none = testing(&[], &[("a.go", "package a\n\nfunc one() {\n\tx()\n}\n")])
            .expect("a function was touched");
        assert_eq!(none.gaps, []);
        assert_eq!(testing(&[], &[("README.md", "text\n")]), None);
        let own =
            "fn one() {\n    x();\n}\n\n#[cfg(test)]\nmod tests {\n    fn it() {\n        one();\n    }\n}\n";
        assert_eq!(testing(&[], &[("src/a.rs", own), ("tests/b.rs", "x\n")]).expect("touched").gaps, []);
    }
}
