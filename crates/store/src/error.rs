//! What can go wrong with the record.
//!
//! In: what was attempted. Out: [`Error`], a sentence with the path and a hint where people can do something.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the record could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("could not {doing} `{path}`: {source}")]
    Failed {
        /// What was attempted: `create`, `write`, `read`…
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Raw material is written once; this file is there already.
    #[error("`{path}` is part of the record already and is never overwritten")]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// A name that would leave the run folder, or could not be a file.
    #[error("`{name}` cannot be a file of a run")]
    BadName {
        /// The name.
        name: String,
    },
    /// A file of the record does not say what it should.
    #[error("`{path}` cannot be understood: {why}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file of the record is of a version that this program does not know.
    #[error(
        "`{path}` was written by another version of deep-review: it is `{says}`, and this one knows `{known}`"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// What it says it is.
        says: String,
        /// What is known here.
        known: String,
    },
    /// Another process holds a lock that is only held for moments.
    #[error("`{path}` was held by another process for {} seconds", waited.as_secs())]
    Busy {
        /// The lock.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The run's process is alive.
    #[error("run `{id}` is still being written by another process")]
    StillRunning {
        /// Which.
        id: String,
    },
    /// The run has come to its end.
    #[error("run `{id}` is finished: nobody of it can be asked again, so nothing is to be resumed")]
    NothingToResume {
        /// Which.
        id: String,
    },
    /// The run was ended before anything was written down that could be gone on with.
    #[error("run `{id}` was interrupted before anybody was asked, so there is nothing to go on with")]
    NothingRecorded {
        /// Which.
        id: String,
    },
    /// There is no run yet.
    #[error("there is no {what} yet")]
    NoRuns {
        /// What was looked for: `finished run of this branch`…
        what: String,
    },
    /// No run is called that.
    #[error("no run is called `{asked}`")]
    UnknownRun {
        /// What was asked for.
        asked: String,
        /// The newest runs there are.
        newest: Vec<String>,
    },
    /// Several runs are called that.
    #[error("`{asked}` could be any of {} runs: {}", candidates.len(), list(candidates))]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// All that fit, newest first.
        candidates: Vec<String>,
    },
    /// The database refused.
    #[error("the index `{path}` could not be used: {source}")]
    Index {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Longest list of ids in a message.
const SHOWN: usize = 5;

fn list(ids: &[String]) -> String {
    let shown = ids.iter().take(SHOWN).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    if ids.len() > SHOWN { format!("{shown}…") } else { shown }
}

impl Error {
    pub(crate) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Failed { doing, path, source }
    }

    /// Whether it is the index file itself that is at fault, rather than the disk or another process.
    pub(crate) fn is_broken_index(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SchemaChanged, TypeMismatch, Unknown};
        let Self::Index { source, .. } = self else { return false };
        matches!(
            source.sqlite_error_code(),
            None | Some(DatabaseCorrupt | NotADatabase | SchemaChanged | TypeMismatch | Unknown)
        )
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { source, path, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some("the disk is full: `deep-review gc` removes old runs".to_owned())
                }
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Some(format!(
                    "runs are recorded in the git common dir, which must be writable: `{}`",
                    path.display()
                )),
                _ => None,
            },
            Self::Newer { .. } => Some("update deep-review to read it; nothing of it was changed".to_owned()),
            Self::UnknownRun { newest, .. } if newest.is_empty() => Some("there is no run yet".to_owned()),
            Self::UnknownRun { newest, .. } => Some(format!("the newest runs are {}", list(newest))),
            Self::Busy { .. } => Some("another `deep-review` hangs there: end it and try again".to_owned()),
            Self::StillRunning { .. } => {
                Some("wait for it, or end it: the first Ctrl-C makes it report what has arrived".to_owned())
            }
            Self::NothingToResume { id } => Some(format!("`deep-review show {id}` prints its report")),
            Self::NothingRecorded { .. } => Some("`deep-review` starts a new run".to_owned()),
            Self::Ambiguous { .. } => Some("type more of the id, or `last`".to_owned()),
            Self::NoRuns { .. } => {
                Some("`deep-review` makes one; `deep-review log` lists all runs".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_read_only_one_say_what_to_do() {
        let error = |kind: io::ErrorKind| Error::failed("write", Path::new("/x/run.json"))(kind.into());
        assert!(error(io::ErrorKind::StorageFull).hint().is_some_and(|hint| hint.contains("gc")));
        assert!(
            error(io::ErrorKind::ReadOnlyFilesystem).hint().is_some_and(|hint| hint.contains("writable"))
        );
        assert!(error(io::ErrorKind::StorageFull).to_string().contains("could not write `/x/run.json`"));
    }
}
