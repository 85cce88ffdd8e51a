//! A pinned view of a change.
use crate::{Hits, Repository, Result, SearchOptions, Text};
use model::{Commit, FileDiff, RepoPath, Sha, Side, Target};
use std::sync::Arc;

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    Blob,
    /// A symbolic link; its text is where it points.
    Link,
    /// A submodule; there is no text.
    Submodule,
}

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub path: RepoPath,
    /// Its content.
    pub oid: Sha,
    /// Its mode as git has it: `0o100644`, `0o100755`, `0o120000`, `0o160000`.
    pub mode: u32,
    /// What it is.
    pub kind: EntryKind,
}

/// Where one line of head comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlameLine {
    /// The line at head.
    pub line: u32,
    /// The commit that wrote it; the merge base for lines that are older than the change.
    pub commit: Sha,
    /// True where that commit belongs to the change.
    pub in_change: bool,
    /// True where history is cut there (`git clone --depth`): the commit is not its author.
    pub boundary: bool,
    /// Where the line stood in that commit.
    pub original_path: RepoPath,
    /// See `original_path`.
    pub original_line: u32,
}

/// An immutable view of a target: everything is read by object name and kept.
#[derive(Debug)]
pub struct Snapshot {
    target: Target,
    diff: Vec<FileDiff>,
}

impl Snapshot {
    /// Opens the view; reads the diff.
    pub fn open(_repository: &Repository, target: &Target) -> Result<Self> {
        Ok(Self { target: target.clone(), diff: Vec::new() })
    }
    /// What is under review.
    pub fn target(&self) -> &Target {
        &self.target
    }
    /// What changed between merge base and head, in path order, with three lines of context.
    pub fn diff(&self) -> &[FileDiff] {
        &self.diff
    }
    /// What was left out of the diff for its size, one sentence each.
    pub fn notes(&self) -> &[String] {
        &[]
    }
    /// The text of a file; `None` where there is no such file (or it is a submodule, or cannot be read).
    pub fn text(&self, _side: Side, _path: &RepoPath) -> Option<Arc<Text>> {
        None
    }
    /// The whole tree, in path order. Empty where it cannot be read.
    pub fn entries(&self, _side: Side) -> &[Entry] {
        &[]
    }
    /// The entry of one file.
    pub fn entry(&self, _side: Side, _path: &RepoPath) -> Option<Entry> {
        None
    }
    /// Where lines of head come from, history limited to the change. Ranges are inclusive, from 1; no range means the
    /// whole file.
    pub fn blame(&self, _path: &RepoPath, _ranges: &[(u32, u32)]) -> Result<Vec<BlameLine>> {
        Ok(Vec::new())
    }
    /// Finds fixed strings in a whole tree; binary files, links and submodules are not looked into.
    pub fn search(&self, _needles: &[&str], _options: &SearchOptions) -> Result<Hits> {
        Ok(Hits::default())
    }
    /// The newest commits of the whole history of head that touched a file, newest first.
    pub fn commits_touching(&self, _path: &RepoPath, _limit: usize) -> Result<Vec<Commit>> {
        Ok(Vec::new())
    }
}
