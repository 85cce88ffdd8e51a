//! Which changed functions no test names.
//!
//! In: the change and one search over the tree. Out: functions that the change adds or edits, in the order of the diff.
//! Never a finding and never proof: a test may reach a function without naming it. Silent where the tree has no tests at
//! all, where nobody would be surprised, and where a search was cut.

use std::collections::BTreeSet;

use model::{ChangedSymbol, LineKind, Side};

use crate::facts::{Facts, Hit};
use crate::lookup::{is_prose_file, is_test_file};
use crate::symbol::{defined_in, defines_callable, last_part};
use crate::view::FileView;

/// Names searched for; a change that edits more functions is not judged one by one.
const MOST: usize = 200;

/// Changed functions that no test names.
pub fn untested(facts: &dyn Facts) -> Vec<ChangedSymbol> {
    let changed = changed(facts);
    if changed.is_empty() || changed.len() > MOST || !has_tests(facts) {
        return Vec::new();
    }
    let names: Vec<String> =
        changed.iter().map(|it| it.name.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let needles: Vec<&str> = names.iter().map(String::as_str).collect();
    let Ok(found) = facts.search(Side::Head, &needles) else { return Vec::new() };
    let tested: BTreeSet<usize> =
        found.hits.iter().filter(|hit| is_in_test(facts, hit)).map(|hit| hit.needle).collect();
    let named = |name: &String| {
        names.binary_search(name).is_ok_and(|at| tested.contains(&at) || found.cut.contains(&at))
    };
    changed.into_iter().filter(|it| !named(&it.name)).collect()
}

fn has_tests(facts: &dyn Facts) -> bool {
    facts.entries(Side::Head).iter().any(|entry| is_test_file(&entry.path))
}

/// Functions that hold an added line, each once.
fn changed(facts: &dyn Facts) -> Vec<ChangedSymbol> {
    let mut symbols: Vec<ChangedSymbol> = Vec::new();
    let mut known = BTreeSet::new();
    for file in facts.diff().iter().filter(|file| !file.binary && !is_test_file(&file.path)) {
        if is_prose_file(&file.path) || symbols.len() > MOST {
            continue;
        }
        let Some(text) = facts.text(Side::Head, &file.path) else { continue };
        let view = FileView::new(&text.content, text.binary);
        let tests = tests_begin(&view);
        let added = file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|it| it.kind == LineKind::Added);
        for line in added.filter_map(|line| line.new_line).filter(|line| *line < tests) {
            let Some((name, line)) = function_around(&view, line) else { continue };
            if name.len() >= 4
                && !UNNAMED.contains(&name.as_str())
                && known.insert((file.path.clone(), name.clone()))
            {
                symbols.push(ChangedSymbol { name, path: file.path.clone(), line });
            }
        }
    }
    symbols
}

/// Functions that tests reach without a name.
const UNNAMED: &[&str] = &["main", "init", "drop", "default", "__init__", "setup", "teardown", "constructor"];

/// The function that a line defines or stands in: the nearest definition above it of something that can be called.
fn function_around(view: &FileView, line: u32) -> Option<(String, u32)> {
    let text = view.line(line)?;
    if let Some(name) = defined_in(text) {
        let name = last_part(name).to_owned();
        return defines_callable(text, &name).then_some((name, line));
    }
    let around = crate::symbol::enclosing(&view.lines, line)?;
    let name = last_part(&around).to_owned();
    let defined =
        (1..line).rev().find(|at| view.line(*at).is_some_and(|text| defines_callable(text, &name)))?;
    Some((name, defined))
}

/// Rust keeps unit tests at the end of the file they test.
fn tests_begin(view: &FileView) -> u32 {
    let at = view.lines.iter().position(|line| line.trim() == "#[cfg(test)]");
    at.map_or(u32::MAX, |at| at as u32 + 1)
}

fn is_in_test(facts: &dyn Facts, hit: &Hit) -> bool {
    is_test_file(&hit.path)
        || hit.path.extension() == "rs"
            && facts.text(Side::Head, &hit.path).is_some_and(|text| {
                text.content.lines().take(hit.line as usize).any(|line| line.trim() == "#[cfg(test)]")
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    const BASE: &str = "fn load_all() {\n    one();\n}\n";
    const HEAD: &str = "fn load_all() {\n    one();\n    two();\n}\n\nfn save_all() {\n    two();\n}\n";

    #[test]
    fn functions_that_no_test_names_are_told_with_their_line() {
        let tests = ("tests/all.rs", "fn checks() { load_all(); }\n");
        let memory = Memory::new(&[("src/lib.rs", BASE), tests], &[("src/lib.rs", HEAD), tests]);
        let found = untested(&memory);
        let told: Vec<(&str, u32)> = found.iter().map(|it| (it.name.as_str(), it.line)).collect();
        assert_eq!(told, [("save_all", 6)]);
    }

    #[test]
    fn a_tree_without_tests_is_left_alone() {
        let memory = Memory::new(&[("src/lib.rs", BASE)], &[("src/lib.rs", HEAD)]);
        assert!(untested(&memory).is_empty());
    }
}
