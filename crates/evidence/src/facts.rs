//! What the gates may ask about the repository.
//!
//! In: nothing. Out: the trait [`Facts`] and its small words. Never a working tree: everything is read at the pinned
//! commits, so that asking twice gives the same answer.

use model::{CommitDiff, FileDiff, RepoPath, Sha, Side, Target};

/// The pinned repository, as far as the gates look into it.
///
/// Every answer must be the same each time it is asked for: the gates cache nothing across calls and compare bytes.
pub trait Facts {
    /// The commits under review.
    fn target(&self) -> &Target;

    /// The change from the merge base to the head, renames detected.
    fn diff(&self) -> &[FileDiff];

    /// What each commit of the change did, oldest first; merges are left out.
    ///
    /// # Errors
    /// Says in one sentence why git could not tell.
    fn history(&self) -> Result<Vec<CommitDiff>, String> {
        Ok(Vec::new())
    }

    /// The content of a file; `None` where the side has no such file (folders and submodules are none).
    fn text(&self, side: Side, path: &RepoPath) -> Option<FileText>;

    /// Every path of a side in path order.
    fn entries(&self, side: Side) -> Vec<PathEntry>;

    /// Who wrote the lines of the ranges (1-based, inclusive) of a file at head, as far as the change goes.
    ///
    /// # Errors
    /// Says in one sentence why git could not tell.
    fn blame(&self, path: &RepoPath, ranges: &[(u32, u32)]) -> Result<Vec<Blamed>, String>;

    /// Announces the ranges that [`Facts::blame`] will be asked for, so that they can be read side by side.
    fn prepare_blame(&self, wanted: &[(RepoPath, Vec<(u32, u32)>)]) {
        let _ = wanted;
    }

    /// Where the needles occur as words of their own in the files of a side; at least one hit for every needle that
    /// occurs, by path and line.
    ///
    /// # Errors
    /// Says in one sentence why nothing could be searched.
    fn search(&self, side: Side, needles: &[&str]) -> Result<Found, String>;
}

/// A file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileText {
    /// True where there are no lines to compare.
    pub binary: bool,
    /// The text; bytes that are not UTF-8 are replaced.
    pub content: String,
}

/// One path of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathEntry {
    /// The path.
    pub path: RepoPath,
    /// True where another repository is mounted there; its files are not looked into.
    pub submodule: bool,
}

/// Who wrote one line at head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blamed {
    /// Line at head, 1-based.
    pub line: u32,
    /// The commit that wrote it, or where looking stopped.
    pub commit: Sha,
    /// True where that commit belongs to the change.
    pub in_change: bool,
    /// True where looking stopped at `commit` because history goes no further.
    pub boundary: bool,
    /// Where the line stood in that commit.
    pub original_path: RepoPath,
    /// See `original_path`.
    pub original_line: u32,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The places, by path and line.
    pub hits: Vec<Hit>,
    /// Needles of which there is more than the search returns, in order: "no other hit" proves nothing for them.
    pub cut: Vec<usize>,
}

/// One place a needle occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The file.
    pub path: RepoPath,
    /// The line, 1-based.
    pub line: u32,
    /// The whole line, perhaps shortened.
    pub text: String,
    /// Which of the needles, from 0.
    pub needle: usize,
}
