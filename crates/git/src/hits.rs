//! What a search is asked and what it answers.
//!
//! In: nothing. Out: [`SearchOptions`], [`Hits`]. The searching itself is `search.rs`.

use std::ops::Deref;

use model::{RepoPath, Side};

/// How to search.
#[derive(Clone, Debug)]
pub struct SearchOptions {
    /// Which tree.
    pub side: Side,
    /// Count a match only where neither neighbour is a letter, a digit or `_`.
    pub whole_words: bool,
    /// Count a match whatever its case (ASCII letters only).
    pub ignore_case: bool,
    /// How many hits to return in all.
    pub limit: usize,
    /// How many hits to return for each needle, so that a common word does not crowd out the others.
    pub limit_per_needle: usize,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            side: Side::Head,
            whole_words: true,
            ignore_case: false,
            limit: 20_000,
            limit_per_needle: 2_000,
        }
    }
}

/// One place where a needle stands: at most one for each needle and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which file.
    pub path: RepoPath,
    /// Which line, from 1.
    pub line: u32,
    /// Where in the line the match starts, in bytes, from 1.
    pub column: u32,
    /// The line, cut where it is very long.
    pub text: String,
    /// Which of the needles.
    pub needle: usize,
}

/// What a search found: in path order, then by line, then by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The places.
    pub hits: Vec<Hit>,
    /// True where a limit was reached, so that there may be more.
    pub cut: bool,
    /// Which needles reached their limit, in order: "none found elsewhere" cannot be said of them.
    pub cut_needles: Vec<usize>,
    /// How many files were not looked into because they are too large or not here.
    pub skipped: u32,
}

impl Deref for Hits {
    type Target = [Hit];

    fn deref(&self) -> &[Hit] {
        &self.hits
    }
}

impl IntoIterator for Hits {
    type Item = Hit;
    type IntoIter = std::vec::IntoIter<Hit>;

    fn into_iter(self) -> Self::IntoIter {
        self.hits.into_iter()
    }
}
