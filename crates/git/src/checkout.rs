//! Throw-away checkouts.
use crate::Result;
use std::path::{Path, PathBuf};

/// A throw-away checkout; the folder belongs to whoever named it.
#[derive(Debug)]
pub struct Checkout {
    path: PathBuf,
    notes: Vec<String>,
}

/// What a checkout's files looked like at one moment.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint {}

impl Checkout {
    /// Its root.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// What a reader should know about it: submodules left empty, names that clash on this file system.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
    /// What its files look like now, `.git` included.
    pub fn fingerprint(&self) -> Result<Fingerprint> {
        Ok(Fingerprint::default())
    }
    /// Which files were added, changed or removed since, in path order, relative to the root.
    pub fn changed_since(&self, _before: &Fingerprint) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
