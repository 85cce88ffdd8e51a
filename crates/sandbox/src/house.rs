//! One machine that holds the rooms of a run, one after the other.
//!
//! In: what a room shows. Out: the words that run a job there, and a key that is given back when it has ended. What boots and
//! ends the machine implements this; whoever confines programs needs no more of it.

use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a run keeps what it needs for a while.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// A folder in which the checkouts are.
    pub folder: &'a Path,
    /// A folder for the records of processes, which is looked through after a crash.
    pub records: &'a Path,
}

/// A machine that several rooms of a run are in.
pub trait House: Send + Sync + fmt::Debug {
    /// Waits until nobody else is in it, and boots it where it does not run, or does not show what is wanted: everything in the place
    /// and everything in `read`. An error is a sentence.
    fn enter(&self, place: &Place<'_>, read: &[PathBuf]) -> Result<Key, String>;

    /// Ends it, and says what did not go as it should. Who enters later finds a new one.
    fn close(&self) -> Vec<String>;
}

/// Somebody is in the house: nobody else is until this is dropped.
pub struct Key {
    /// The words that run the job of a file there.
    pub words: Vec<OsString>,
    held: Box<dyn Any + Send>,
}

impl Key {
    /// A key; `held` is dropped with it.
    pub fn new(words: Vec<OsString>, held: Box<dyn Any + Send>) -> Self {
        Self { words, held }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = (*self.held).type_id();
        formatter.debug_struct("Key").field("words", &self.words).field("held", &held).finish()
    }
}
