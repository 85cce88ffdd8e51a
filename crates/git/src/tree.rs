//! The files of a whole tree.
//!
//! In: a commit. Out: its entries in path order. Never the content.

use std::io::Read;

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

const DOING: &str = "could not list the files";

/// Bytes of a listing: some millions of files. A few hundred bytes of a repository can stand for more files than there are atoms.
const MOST_LISTED: u64 = 256 << 20;

/// Lists the files of a tree, and gives up where they never end.
fn list(place: &Place, name: &str, read: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>) -> Result<()> {
    let call = place.call(DOING)?.args(["ls-tree", "-r", "-z", "--full-tree", name]);
    call.stream(&mut |stdout| {
        let mut bounded = stdout.take(MOST_LISTED);
        read(&mut bounded)?;
        if bounded.limit() > 0 {
            return Ok(());
        }
        Err(std::io::Error::other(format!("its list is longer than {} MiB", MOST_LISTED >> 20)))
    })
    .map(drop)
}

/// Fails where a tree has more files than can be worked with, before anything is asked that would keep them all.
pub(crate) fn must_be_finite(place: &Place, name: &str) -> Result<()> {
    list(place, name, &mut |stdout| std::io::copy(stdout, &mut std::io::sink()).map(drop))
}

/// A tree that was read.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) entries: Vec<Entry>,
    pub(crate) paths: PathTable,
}

impl Tree {
    pub(crate) fn read(place: &Place, name: &str) -> Result<Self> {
        let mut bytes = Vec::new();
        list(place, name, &mut |stdout| stdout.read_to_end(&mut bytes).map(drop))?;
        let mut tree = Self { entries: Vec::with_capacity(bytes.len() / 80), paths: PathTable::default() };
        for record in bytes.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let entry =
                tree.entry(record).ok_or_else(|| Error::failed(DOING, "git's answer could not be read"))?;
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
