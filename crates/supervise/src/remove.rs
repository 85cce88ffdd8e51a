//! Removes a folder with everything in it, whatever a hostile program has put there.
//!
//! (being built)

use std::path::{Path, PathBuf};

/// Why something could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("could not remove {}: {source}", path.display())]
pub struct RemoveError {
    /// What is still there.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

/// Removes `folder` and everything in it. A folder that is not there is a success.
pub fn remove_tree(folder: &Path) -> Result<(), RemoveError> {
    std::fs::remove_dir_all(folder).map_err(|source| RemoveError { path: folder.to_owned(), source })
}
