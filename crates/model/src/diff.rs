//! The text of a change: hunks and lines.
//!
//! In: what `git diff` printed, parsed by `git`. Out: plain data. Never applied to anything here.

use serde::{Deserialize, Serialize};

use crate::{ChangeStatus, RepoPath, Sha};

/// What one commit of a change did, compared with its first parent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitDiff {
    /// The commit.
    pub commit: Sha,
    /// Its files, renames told as gone and new.
    pub files: Vec<FileDiff>,
    /// True where some of its lines were left out for their number.
    pub cut: bool,
}

/// What changed in one file between merge base and head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// Path at head; at the merge base for a deleted file.
    pub path: RepoPath,
    /// Path at the merge base where it differs.
    pub old_path: Option<RepoPath>,
    /// What happened to the file.
    pub status: ChangeStatus,
    /// True where there are no lines to show.
    pub binary: bool,
    /// File modes as git writes them (`100644`), `None` where the side does not exist.
    pub old_mode: Option<String>,
    /// See `old_mode`.
    pub new_mode: Option<String>,
    /// Changed regions in order, with three lines of context.
    pub hunks: Vec<Hunk>,
}

/// One changed region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// First line at the merge base, 1-based (0 where the side is empty, as git counts).
    pub old_start: u32,
    /// Lines at the merge base.
    pub old_lines: u32,
    /// First line at head, 1-based (0 where the side is empty).
    pub new_start: u32,
    /// Lines at head.
    pub new_lines: u32,
    /// What git printed behind the second `@@`: usually the enclosing function.
    pub heading: String,
    /// The lines, in order.
    pub lines: Vec<DiffLine>,
}

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// On both sides.
    Context,
    /// At head only.
    Added,
    /// At the merge base only.
    Removed,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Which sides it stands on.
    pub kind: LineKind,
    /// Line number at the merge base, 1-based; `None` for an added line.
    pub old_line: Option<u32>,
    /// Line number at head, 1-based; `None` for a removed line.
    pub new_line: Option<u32>,
    /// The text without its line end; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl FileDiff {
    /// The added lines, with their line numbers at head.
    pub fn added(&self) -> impl Iterator<Item = (u32, &str)> {
        self.hunks
            .iter()
            .flat_map(|hunk| &hunk.lines)
            .filter(|line| line.kind == LineKind::Added)
            .filter_map(|line| Some((line.new_line?, line.text.as_str())))
    }

    /// The removed lines, with their line numbers at the merge base.
    pub fn removed(&self) -> impl Iterator<Item = (u32, &str)> {
        self.hunks
            .iter()
            .flat_map(|hunk| &hunk.lines)
            .filter(|line| line.kind == LineKind::Removed)
            .filter_map(|line| Some((line.old_line?, line.text.as_str())))
    }
}
