//! Paths of one side, ready to be found by the names reviewers use.
//!
//! In: the entries of a tree. Out: exact matches, unique endings, folders, submodules. Never decides between several
//! candidates.

use std::collections::HashMap;

use model::RepoPath;

use crate::facts::PathEntry;

/// The paths of one side.
#[derive(Debug, Default)]
pub(crate) struct PathIndex {
    entries: Vec<PathEntry>,
    by_name: HashMap<String, Vec<usize>>,
}

impl PathIndex {
    /// Indexes the entries.
    pub(crate) fn new(mut entries: Vec<PathEntry>) -> Self {
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            by_name.entry(entry.path.file_name().to_owned()).or_default().push(at);
        }
        Self { entries, by_name }
    }

    /// The entry with exactly this path.
    pub(crate) fn exact(&self, path: &str) -> Option<&PathEntry> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// Every path that ends with these parts.
    pub(crate) fn ending(&self, tail: &str) -> Vec<&RepoPath> {
        let name = tail.rsplit('/').next().unwrap_or(tail);
        let ends =
            |path: &str| path == tail || path.strip_suffix(tail).is_some_and(|before| before.ends_with('/'));
        let same_name = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        same_name.iter().map(|at| &self.entries[*at].path).filter(|path| ends(path.as_str())).collect()
    }

    /// How many files a folder of this name holds.
    pub(crate) fn inside(&self, folder: &str) -> usize {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let first = self.entries.partition_point(|entry| entry.path.as_str() < prefix.as_str());
        self.entries[first..].iter().take_while(|entry| entry.path.as_str().starts_with(&prefix)).count()
    }

    /// The submodule that a path leads into.
    pub(crate) fn submodule_above(&self, path: &str) -> Option<&RepoPath> {
        path.match_indices('/')
            .filter_map(|(at, _)| self.exact(&path[..at]))
            .find(|entry| entry.submodule)
            .map(|entry| &entry.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(paths: &[&str]) -> PathIndex {
        let entry =
            |path: &&str| PathEntry { path: RepoPath::new(*path), submodule: path.ends_with("vendored") };
        PathIndex::new(paths.iter().map(entry).collect())
    }

    #[test]
    fn an_ending_matches_whole_parts_only() {
        let index = index(&["src/lib.rs", "src/glib.rs", "tests/lib.rs", "a/src/lib.rs"]);
        let found: Vec<&str> = index.ending("src/lib.rs").iter().map(|path| path.as_str()).collect();
        assert_eq!(found, ["a/src/lib.rs", "src/lib.rs"]);
        assert_eq!(index.ending("lib.rs").len(), 3);
        assert_eq!(index.ending("b.rs").len(), 0);
    }

    #[test]
    fn folders_and_submodules_are_known() {
        let index = index(&["a/b/c.txt", "a/b/d.txt", "a/bc.txt", "x/vendored"]);
        assert_eq!(index.inside("a/b"), 2);
        assert_eq!(index.submodule_above("x/vendored/y.c").map(RepoPath::as_str), Some("x/vendored"));
        assert_eq!(index.submodule_above("a/b/c.txt"), None);
    }
}
