//! What one program may see and touch.
//!
//! In: the caller's wishes. Out: plain data. Never looks at a disk.

use std::ffi::OsString;
use std::path::PathBuf;

/// Why a program cannot be confined.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that the sandbox would read as something else.
    #[error("`{0}` is no absolute path, and a sandbox takes no others")]
    Relative(PathBuf),
    /// A word or path that is no text, where only text can be told.
    #[error("`{}` is no text, and this sandbox takes nothing else", .0.display())]
    NotText(PathBuf),
    /// The generated files could not be written.
    #[error("the files of the sandbox could not be written")]
    Files(#[source] std::io::Error),
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// So many mebibytes.
    pub const fn mebibytes(count: u64) -> Self {
        Self(count << 20)
    }
}

/// A folder or file of this machine, shown inside under a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub outside: PathBuf,
    /// Where it stands inside.
    pub inside: PathBuf,
}

impl Folder {
    /// Shown where it is.
    pub fn in_place(path: impl Into<PathBuf>) -> Self {
        let outside = path.into();
        Self { inside: outside.clone(), outside }
    }

    /// Shown somewhere else.
    pub fn shown_as(outside: impl Into<PathBuf>, inside: impl Into<PathBuf>) -> Self {
        Self { outside: outside.into(), inside: inside.into() }
    }
}

/// What a program may see and touch. Besides this it sees the system's programs and libraries and an empty home; it has no
/// network, sees no other process and has no capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The folder inside in which it starts.
    pub start: PathBuf,
    /// What it may read.
    pub read: Vec<Folder>,
    /// Folders of memory that it may fill, each with the most bytes it holds. They begin empty and are gone with it.
    pub scratch: Vec<(PathBuf, Size)>,
    /// The most bytes in `/tmp`, and again in its home.
    pub temporary: Size,
    /// Its whole environment, besides `HOME`, `TMPDIR`, `PATH` and `LANG`, which the sandbox sets. A `PATH` here comes before
    /// the system's.
    pub environment: Vec<(OsString, OsString)>,
    /// A folder of ours for generated files, fresh for this program.
    pub private: PathBuf,
}
