//! What the families may know about a change.
//!
//! In: nothing. Out: the trait [`Change`], implemented by a pinned snapshot of a repository and, for tests, by texts in
//! memory. Nothing here reads a working tree: every answer belongs to one exact pair of commits.

use std::collections::BTreeSet;
use std::sync::Arc;

use git::{PastCommit, PastEdit};
use model::{FileDiff, RepoPath, Side, Target};

/// A change under review together with the two trees around it.
pub trait Change: Sync {
    /// The commits under review.
    fn target(&self) -> &Target;

    /// What changed, file by file, in path order.
    fn diff(&self) -> &[FileDiff];

    /// One file; `None` where that side has no such file.
    fn text(&self, side: Side, path: &RepoPath) -> Option<Arc<Text>>;

    /// Every file of one side.
    fn entries(&self, side: Side) -> Vec<Entry>;

    /// Every line at head that holds one of the needles, to the letter; at most `limit` lines for each needle.
    fn search(&self, needles: &[String], limit: usize) -> Search;

    /// What the repository did before, on request with what its repairs changed; nothing where that is not known.
    fn past(&self, _repairs: bool) -> Past {
        Past::default()
    }
}

/// The history before a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Commits that are no merges, newest first.
    pub commits: Vec<PastCommit>,
    /// What repairs did to the changed files, newest first.
    pub repairs: Vec<PastEdit>,
    /// Why nothing is known, where that is so.
    pub unknown: Option<String>,
}

/// One file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// True where the content is no text.
    pub binary: bool,
    /// Bytes that are not UTF-8 are replaced.
    pub content: String,
}

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Where it stands.
    pub path: RepoPath,
    /// Its mode as git writes it, as a number (`0o100644`).
    pub mode: u32,
}

/// What a search of the head tree found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Matching lines, by path and line; a line with two needles occurs twice.
    pub hits: Vec<Hit>,
    /// Needles of which a limit left lines out, so that "not found" is not known.
    pub cut: BTreeSet<usize>,
    /// What was not searched, one sentence each.
    pub left_open: Vec<String>,
}

impl Search {
    /// Nothing was searched: of no needle is known where it stands.
    pub fn failed(needles: usize, why: &dyn std::fmt::Display) -> Self {
        let told = format!("The tree could not be searched, so nothing was compared with it: {why}.");
        Self { cut: (0..needles).collect(), left_open: vec![told], ..Self::default() }
    }
}

/// One line that holds a needle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The file.
    pub path: RepoPath,
    /// The line, 1-based.
    pub line: u32,
    /// Which needle.
    pub needle: usize,
    /// The line's text without its line end.
    pub text: String,
}
