//! Where the names of all findings occur, asked once.
//!
//! In: the findings. Out: hits by name. Never more than one search, whatever the number of findings.

use std::collections::{BTreeSet, HashMap, HashSet};

use model::{RawFinding, RepoPath, Side};

use crate::facts::Hit;
use crate::names::found;
use crate::world::World;

const NAMES: usize = 5_000;

/// The hits of the one search.
#[derive(Debug, Default)]
pub(crate) struct LookUp {
    hits: HashMap<String, Vec<Hit>>,
    cut: HashSet<String>,
    asked: HashSet<String>,
    failed: Option<String>,
}

impl LookUp {
    /// Searches head for every name of every finding, and for the symbols around their places.
    pub(crate) fn collect<'r>(
        world: &World<'_>,
        raws: impl Iterator<Item = &'r RawFinding>,
        symbols: impl Iterator<Item = &'r str>,
    ) -> Self {
        let mut names: BTreeSet<String> = symbols.filter_map(leaf).collect();
        for raw in raws {
            for name in found(raw) {
                names.extend(name.scopes);
                names.insert(name.leaf);
            }
            names.extend(
                raw.locations.iter().filter_map(|location| location.symbol.as_deref()).filter_map(leaf),
            );
        }
        let needles: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
        let mut book =
            Self { asked: needles.iter().map(|needle| (*needle).to_owned()).collect(), ..Self::default() };
        if needles.is_empty() {
            return book;
        }
        match world.facts.search(Side::Head, &needles) {
            Ok(found) => book.fill(&needles, found.hits, &found.cut),
            Err(why) => book.failed = Some(why),
        }
        book
    }

    fn fill(&mut self, needles: &[&str], hits: Vec<Hit>, cut: &[usize]) {
        for hit in hits {
            if let Some(needle) = needles.get(hit.needle) {
                self.hits.entry((*needle).to_owned()).or_default().push(hit);
            }
        }
        self.cut = cut.iter().filter_map(|at| needles.get(*at)).map(|needle| (*needle).to_owned()).collect();
    }

    /// Where a name occurs at head; an error says why nothing is known.
    pub(crate) fn of(&self, name: &str) -> Result<&[Hit], String> {
        if let Some(why) = &self.failed {
            return Err(format!("the tree could not be searched: {why}"));
        }
        if !self.asked.contains(name) {
            return Err(format!("`{name}` was not searched for"));
        }
        Ok(self.hits.get(name).map_or(&[], Vec::as_slice))
    }

    /// True where a name occurs more often than its hits show.
    pub(crate) fn is_cut(&self, name: &str) -> bool {
        self.cut.contains(name)
    }
}

/// The last part of a symbol as a reviewer writes it.
pub(crate) fn leaf(symbol: &str) -> Option<String> {
    crate::names::name(symbol.trim_matches('`'), true).map(|name| name.leaf)
}

/// True for files that hold tests, by the habits of many languages.
pub(crate) fn is_test_file(path: &RepoPath) -> bool {
    let lower = path.as_str().to_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let folder = lower.split('/').rev().skip(1).any(|part| {
        matches!(
            part,
            "test" | "tests" | "spec" | "specs" | "__tests__" | "testing" | "testdata" | "e2e" | "bats"
        )
    });
    folder
        || name.starts_with("test_")
        || ["_test.", ".test.", ".spec.", "_spec.", "tests.", ".bats"].iter().any(|sign| name.contains(sign))
        || path.file_name().contains("Test.")
}

/// True for files that people read: a mention there is not a use.
pub(crate) fn is_prose_file(path: &RepoPath) -> bool {
    matches!(path.extension().to_lowercase().as_str(), "md" | "txt" | "rst" | "adoc" | "html" | "log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_known_by_name_and_folder() {
        for path in [
            "src/a_test.go",
            "tests/run.rs",
            "web/x.spec.ts",
            "FooTest.java",
            "bats/tests/x.bats",
            "test_a.py",
        ] {
            assert!(is_test_file(&path.into()), "{path}");
        }
        for path in ["src/contest.rs", "src/latest/a.go", "attest.py"] {
            assert!(!is_test_file(&path.into()), "{path}");
        }
    }
}
