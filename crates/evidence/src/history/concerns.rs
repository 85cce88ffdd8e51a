//! Does a commit hold two changes that have nothing to do with each other?
//!
//! In: its diff. Out: a sentence that names both parts. Conservative: files belong together where they share a folder, a
//! name in a changed line, or a file name; only large parts in different top folders count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{CommitDiff, FileDiff, LineKind};

use crate::lookup::{is_prose_file, is_test_file};

/// Fewer changed lines are a companion of the other part.
const LEAST_LINES: usize = 12;
/// A commit over more files is a move or a mechanical edit.
const MOST_FILES: usize = 60;

/// What to say of a commit that holds several concerns.
pub(super) fn mixed(diff: &CommitDiff) -> Option<String> {
    if diff.cut || diff.files.len() > MOST_FILES {
        return None;
    }
    let code: Vec<&FileDiff> = diff.files.iter().filter(|file| is_code(file)).collect();
    let mut groups = Groups::new(code.len());
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (at, file) in code.iter().enumerate() {
        for tie in ties(file) {
            match seen.get(&tie) {
                Some(first) => groups.join(*first, at),
                None => drop(seen.insert(tie, at)),
            }
        }
    }
    let mut parts: BTreeMap<usize, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (at, file) in code.iter().enumerate() {
        let part = parts.entry(groups.root(at)).or_default();
        part.0 += changed(file).count();
        part.1.insert(top(file.path.as_str()));
    }
    let large: Vec<&BTreeSet<&str>> =
        parts.values().filter(|(lines, _)| *lines >= LEAST_LINES).map(|(_, tops)| tops).collect();
    let [first, second] = large.as_slice() else { return None };
    if !first.is_disjoint(second) {
        return None;
    }
    let named =
        |tops: &BTreeSet<&str>| tops.iter().map(|top| format!("`{top}`")).collect::<Vec<_>>().join(", ");
    Some(format!(
        "It changes {} and {}, which share no name: two commits would be easier to review and to revert.",
        named(first),
        named(second)
    ))
}

fn is_code(file: &FileDiff) -> bool {
    let generated = matches!(
        file.path.extension(),
        "lock" | "sum" | "snap" | "json" | "yaml" | "yml" | "toml" | "mod" | "svg" | "xml"
    );
    !file.binary && !generated && !is_prose_file(&file.path) && !is_test_file(&file.path)
}

/// What ties a file to others.
fn ties(file: &FileDiff) -> BTreeSet<String> {
    let path = file.path.as_str();
    let mut ties: BTreeSet<String> = BTreeSet::new();
    ties.insert(format!("folder {}", path.rsplit_once('/').map_or("", |(folder, _)| folder)));
    let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or_default();
    ties.insert(stem.to_lowercase());
    for text in changed(file) {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        ties.extend(words.filter(|word| word.len() >= 5 && !COMMON.contains(word)).map(str::to_lowercase));
    }
    ties
}

/// Words of many languages that tie nothing together.
const COMMON: &[&str] = &[
    "return", "string", "const", "false", "import", "package", "public", "private", "static", "struct",
    "class", "error", "errors", "function", "async", "await", "break", "continue", "while", "match", "where",
    "print", "super", "yield", "throw", "catch", "export", "default", "switch", "range", "context", "option",
    "result", "value", "values", "string", "bytes", "index", "expect", "unwrap", "panic", "test", "tests",
    "assert",
];

fn changed(file: &FileDiff) -> impl Iterator<Item = &str> {
    let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    lines.filter(|line| line.kind != LineKind::Context).map(|line| line.text.as_str())
}

/// The first folder, or the file itself in the root.
fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// Files that belong together.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&self, mut at: usize) -> usize {
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::diff;
    use super::*;

    fn lines(word: &str) -> Vec<String> {
        (0..20).map(|n| format!("{word}_{n} = {word}_of_{n}")).collect()
    }

    fn two(a: &str, first: &str, b: &str, second: &str) -> Option<String> {
        let (one, other) = (lines(first), lines(second));
        let one: Vec<&str> = one.iter().map(String::as_str).collect();
        let other: Vec<&str> = other.iter().map(String::as_str).collect();
        mixed(&diff('a', &[(a, 1, &[], &one), (b, 1, &[], &other)]))
    }

    #[test]
    fn two_large_parts_without_a_common_name_are_remarked_on() {
        let said = two("server/run.go", "listen", "ui/page.ts", "button").expect("mixed");
        assert!(said.starts_with("It changes `server` and `ui`, which share no name"), "{said}");
    }

    #[test]
    fn parts_that_share_anything_are_one() {
        assert_eq!(two("server/run.go", "listen", "ui/page.ts", "listen"), None);
        assert_eq!(two("server/run.go", "listen", "server/page.go", "button"), None);
        assert_eq!(two("server/run.go", "listen", "ui/run.ts", "button"), None);
        assert_eq!(two("server/run.go", "listen", "tests/page.ts", "button"), None);
    }
}
