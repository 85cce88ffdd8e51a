//! Finds the repository.
use crate::{Checkout, Error, Result};
use model::Target;
use std::path::{Path, PathBuf};

/// What the user asked to review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetRequest {
    /// `BRANCH`, `A..B`, `A...B` or one commit; `None` for the current branch.
    pub spec: Option<String>,
    /// What to compare with instead of what we would find.
    pub base: Option<String>,
    /// Review the index against HEAD.
    pub staged: bool,
    /// Review the working tree, untracked files included, against HEAD.
    pub worktree: bool,
}

/// A repository on this machine.
#[derive(Clone, Debug)]
pub struct Repository {
    common_dir: PathBuf,
    worktree: Option<PathBuf>,
}

impl Repository {
    /// Finds the repository that `dir` is in.
    pub fn open(dir: &Path) -> Result<Self> {
        Err(Error::NotARepository(dir.to_owned()))
    }
    /// The git directory that all worktrees of the repository share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }
    /// The root of the working tree, `None` in a bare repository.
    pub fn worktree(&self) -> Option<&Path> {
        self.worktree.as_deref()
    }
    /// Turns what the user typed into exact commits.
    pub fn resolve(&self, _request: &TargetRequest) -> Result<Target> {
        Err(Error::NoCommits)
    }
    /// Where the reviewed branch (or HEAD) stands now, as a sentence, where it moved since `target` was resolved.
    pub fn head_moved(&self, _target: &Target) -> Option<String> {
        None
    }
    /// The content of a file at a revision, `None` where there is none.
    pub fn file_at(&self, _revision: &model::Sha, _path: &str) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
    /// Makes a throw-away checkout of the target's head.
    pub fn checkout(&self, _target: &Target, _destination: &Path) -> Result<Checkout> {
        Err(Error::NoCommits)
    }
}
