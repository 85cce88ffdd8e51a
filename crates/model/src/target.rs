//! What is under review: exact commits.
//!
//! In: what `git` resolved. Out: [`Target`]. Never a branch name that could move: every revision is an object name.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{RepoPath, Sha, Trusted};

/// How the user named the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// A branch (or detached HEAD) against its merge base with the base branch.
    #[default]
    Branch,
    /// A pull request, as far as it was fetched, against its merge base with the base branch.
    PullRequest,
    /// `A..B` or `A...B`.
    Range,
    /// One commit against its first parent.
    Commit,
    /// The index against HEAD.
    Staged,
    /// The working tree, untracked files included, against HEAD.
    Worktree,
    /// Reviews without a repository (`consolidate` without `-C`).
    None,
}

/// The exact commits under review, pinned when the run starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// How the user named the change.
    pub kind: TargetKind,
    /// The branch under review; `null` for a detached HEAD, a range or a commit.
    pub branch: Option<String>,
    /// The number of the pull request that was asked for, or that the branch was checked out from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// What the base was found by, for people: `origin/main`, `HEAD`, `main (default branch)`.
    #[serde(default)]
    pub base_name: String,
    /// The tip of the base side. All zeros stand for "before the first commit".
    pub base: Sha,
    /// The commit whose files are reviewed.
    pub head: Sha,
    /// Where the change begins; the diff is `merge_base..head`.
    pub merge_base: Sha,
    /// Commits of the change, oldest first.
    pub commits: Vec<Commit>,
    /// Files that differ between merge base and head, in path order.
    pub changed: Vec<ChangedFile>,
    /// True where head stands for uncommitted content.
    #[serde(default)]
    pub dirty: bool,
    /// True where history is cut (`git clone --depth`): blame may stop at the boundary.
    #[serde(default)]
    pub shallow: bool,
    /// `owner/name` of the forge, or the folder's name; never a path of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The web address of the repository, where its remote names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
    /// What a reader should know about how the target was found (base guessed, submodules not looked into…).
    #[serde(default)]
    pub notes: Vec<String>,
    /// How far it is trusted; `null` where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trusted>,
}

/// One commit of the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// Its object name.
    pub sha: Sha,
    /// First line of its message.
    pub subject: String,
    /// The rest of its message, without trailing blank lines.
    #[serde(default)]
    pub body: String,
    /// The author's name. Never an address.
    pub author: String,
    /// When it was authored.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Object names of its parents; two or more make it a merge.
    #[serde(default)]
    pub parents: Vec<Sha>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeStatus {
    /// New at head.
    Added,
    /// Content or mode differs.
    Modified,
    /// Gone at head.
    Deleted,
    /// Moved, perhaps edited; `old_path` says from where.
    Renamed,
    /// Copied from `old_path`.
    Copied,
    /// A file became a link, a submodule, or back.
    TypeChanged,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedFile {
    /// Path at head; at the merge base for a deleted file.
    pub path: RepoPath,
    /// What happened to it.
    pub status: ChangeStatus,
    /// Path at the merge base, for renames and copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<RepoPath>,
    /// Lines added; 0 for binary files.
    pub added: u32,
    /// Lines removed; 0 for binary files.
    pub removed: u32,
    /// True where git treats the content as binary.
    #[serde(default)]
    pub binary: bool,
    /// True for a submodule pointer.
    #[serde(default)]
    pub submodule: bool,
    /// Generated or mechanical (lock files, snapshots): reviewed lightly, by the patterns of `review.trivial`.
    #[serde(default)]
    pub trivial: bool,
}
