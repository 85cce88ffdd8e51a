//! What can keep us from reading a repository.
//!
//! In: nothing. Out: [`Error`]. A variant exists where a caller acts on it; the rest is [`Error::Failed`].

use std::path::PathBuf;

/// What this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why git could not tell us something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no git to run.
    #[error("git could not be started: {0}")]
    NoGit(#[source] std::io::Error),
    /// The folder does not exist or is not a folder.
    #[error("`{}` is not a folder", .0.display())]
    NoSuchFolder(PathBuf),
    /// The folder is in no repository.
    #[error("`{}` is not in a git repository", .0.display())]
    NotARepository(PathBuf),
    /// Git refuses the repository because another user owns it.
    #[error(
        "`{}` belongs to another user, so git refuses to read it; if you trust it, run `git config --global --add safe.directory {}`",
        .0.display(), .0.display()
    )]
    NotOwned(PathBuf),
    /// The repository has no commit to review.
    #[error("there is no commit yet")]
    NoCommits,
    /// The user named a revision that is not there.
    #[error("no such revision: \"{revision}\"{hint}")]
    NoSuchRevision {
        /// As the user wrote it.
        revision: String,
        /// What to do about it, starting with `; `; empty where we do not know.
        hint: String,
    },
    /// No base to compare with could be found.
    #[error("no base to compare \"{head}\" with: {why}; name one with `--base REV`")]
    BaseNotFound {
        /// What was to be reviewed.
        head: String,
        /// What was tried.
        why: String,
    },
    /// The two sides share no history.
    #[error("\"{base}\" and \"{head}\" have no common ancestor{hint}")]
    NoMergeBase {
        /// The base side as named.
        base: String,
        /// The head side as named.
        head: String,
        /// What to do about it, starting with `; `.
        hint: String,
    },
    /// The request contradicts itself or asks for what this repository cannot give.
    #[error("{0}")]
    BadRequest(String),
    /// Nothing differs. Never a pass.
    #[error("there is nothing to review: {compared}")]
    EmptyChange {
        /// Exactly what was compared, as a sentence.
        compared: String,
    },
    /// Git took longer than it may.
    #[error("{doing}: git was stopped after {seconds} seconds")]
    TimedOut {
        /// What we were doing.
        doing: String,
        /// The limit.
        seconds: u64,
    },
    /// Anything else.
    #[error("{doing}: {source}")]
    Failed {
        /// What we were doing.
        doing: String,
        /// What went wrong, as a sentence.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    pub(crate) fn failed(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Failed { doing: doing.into(), source: source.into() }
    }
}
