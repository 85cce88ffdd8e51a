//! The files of a whole tree.
//!
//! In: a commit. Out: its entries in path order. Never the content.

use model::{RepoPath, Sha};

use crate::call::Place;
use crate::paths::PathTable;
use crate::{Error, Result};

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

impl Entry {
    /// Takes mode and name as git writes them.
    pub(crate) fn new(path: RepoPath, mode: &str, oid: &str) -> Option<Self> {
        let mode = u32::from_str_radix(mode, 8).ok()?;
        let kind = match mode {
            0o120_000 => EntryKind::Link,
            0o160_000 => EntryKind::Submodule,
            _ => EntryKind::Blob,
        };
        Some(Self { path, oid: Sha::new(oid)?, mode, kind })
    }
}

/// A tree that was read.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) entries: Vec<Entry>,
    pub(crate) paths: PathTable,
}

impl Tree {
    pub(crate) fn read(place: &Place, name: &str) -> Result<Self> {
        let doing = "could not list the files";
        let bytes = place.call(doing)?.args(["ls-tree", "-r", "-z", "--full-tree", name]).stdout()?;
        let mut tree = Self { entries: Vec::with_capacity(bytes.len() / 80), paths: PathTable::default() };
        for record in bytes.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let entry =
                tree.entry(record).ok_or_else(|| Error::failed(doing, "git's answer could not be read"))?;
            tree.entries.push(entry);
        }
        tree.entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    fn entry(&mut self, record: &[u8]) -> Option<Entry> {
        let tab = memchr::memchr(b'\t', record)?;
        let mut words = std::str::from_utf8(&record[..tab]).ok()?.split(' ');
        let (mode, _, oid) = (words.next()?, words.next()?, words.next()?);
        let path = self.paths.spell(&record[tab + 1..]);
        Entry::new(path, mode, oid)
    }

    pub(crate) fn get(&self, path: &RepoPath) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok()?;
        self.entries.get(at)
    }
}
