//! Tells what was changed in a checkout since.
//!
//! In: a checkout, twice. Out: the paths that differ. Never runs git in a checkout that somebody else had in hand, and
//! never follows a link.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use model::RepoPath;
use sha2::{Digest as _, Sha256};

use crate::call::path_bytes;
use crate::tree::Tree;
use crate::{Checkout, Error, Result};

/// What a checkout's files looked like at one moment.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint {
    files: BTreeMap<Vec<u8>, Look>,
}

/// What can be seen of a file without reading it; with its hash where it belongs to `.git`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    kind: Kind,
    size: u64,
    mode: u32,
    modified: Option<SystemTime>,
    /// The time of the last change of any kind, which no program can set; 0 where the system has none.
    changed: (i64, i64),
    hash: Option<[u8; 32]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    Other,
}

/// Files of `.git` that git itself rewrites while somebody only looks around.
const NOISE: &[&str] =
    &[".git/index", ".git/index.lock", ".git/logs", ".git/ORIG_HEAD", ".git/FETCH_HEAD", ".git/gc.pid"];

/// Larger files of `.git` are told apart by size and time.
const HASHED: u64 = 1 << 20;

const DOING: &str = "could not look at a checkout";

impl Checkout {
    /// What its files look like now, `.git` included.
    pub fn fingerprint(&self) -> Result<Fingerprint> {
        self.look(None)
    }

    /// The same; where it is told what was there, folders that were not are not entered: whoever made them may have made many.
    fn look(&self, known: Option<&Fingerprint>) -> Result<Fingerprint> {
        let files = walk(&self.path, known).map_err(|error| Error::failed(DOING, error))?;
        Ok(Fingerprint { files })
    }

    /// Which files were added, changed or removed since, in path order, relative to the root. A new folder is named
    /// once, with a `/` behind it; a file that was touched but is what the commit says is not named.
    pub fn changed_since(&self, before: &Fingerprint) -> Result<Vec<String>> {
        let now = self.look(Some(before))?;
        let mut changed: Vec<Vec<u8>> = Vec::new();
        let mut touched: Vec<Vec<u8>> = Vec::new();
        for (path, look) in &now.files {
            match before.files.get(path) {
                None if changed.last().is_some_and(|folder| is_inside(path, folder)) => {}
                None if look.kind == Kind::Folder => changed.push([path, b"/".as_slice()].concat()),
                None => changed.push(path.clone()),
                Some(old) => match old.differs(look) {
                    Difference::None => {}
                    Difference::PerhapsContent => touched.push(path.clone()),
                    Difference::Sure => changed.push(path.clone()),
                },
            }
        }
        let gone = before.files.iter().filter(|(path, _)| !now.files.contains_key(*path));
        changed.extend(gone.filter(|(_, look)| look.kind != Kind::Folder).map(|(path, _)| path.clone()));
        changed.extend(self.really_changed(touched)?);
        changed.sort();
        Ok(changed.iter().map(|path| RepoPath::from_bytes(path).as_str().to_owned()).collect())
    }

    /// Of files with new times but their old size, those whose content is not what the commit says.
    ///
    /// Git only hashes here, from the user's repository and without filters: the checkout's configuration may by now
    /// be hostile.
    fn really_changed(&self, touched: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        if touched.is_empty() {
            return Ok(touched);
        }
        let tree = Tree::read(&self.repository.place(), self.head.as_str())?;
        let mut changed = Vec::new();
        for path in touched {
            let known = tree.get(&RepoPath::from_bytes(&path)).map(|entry| entry.oid.as_str());
            let Some(known) = known else {
                changed.push(path);
                continue;
            };
            let bytes = std::fs::read(self.path.join(crate::call::os_string(&path)));
            let hash = |bytes| {
                self.repository
                    .place()
                    .call(DOING)?
                    .args(["hash-object", "--stdin", "--no-filters"])
                    .input(bytes)
                    .line()
            };
            if bytes.ok().map(hash).transpose()?.as_deref() != Some(known) {
                changed.push(path);
            }
        }
        Ok(changed)
    }
}

enum Difference {
    None,
    PerhapsContent,
    Sure,
}

impl Look {
    fn at(path: &Path, relative: &[u8], metadata: &Metadata) -> Self {
        let kind = match metadata.file_type() {
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_dir() => Kind::Folder,
            kind if kind.is_file() => Kind::File,
            _ => Kind::Other,
        };
        let hashed = kind == Kind::File && relative.starts_with(b".git/") && metadata.len() <= HASHED;
        Self {
            kind,
            size: metadata.len(),
            mode: mode(metadata),
            modified: metadata.modified().ok(),
            changed: change_time(metadata),
            hash: hashed
                .then(|| std::fs::read(path).ok().map(|bytes| Sha256::digest(bytes).into()))
                .flatten(),
        }
    }

    fn differs(&self, now: &Self) -> Difference {
        if self.kind != now.kind || self.mode != now.mode {
            return Difference::Sure;
        }
        if self.kind == Kind::Folder {
            return Difference::None;
        }
        if self.size != now.size {
            return Difference::Sure;
        }
        if let (Some(before), Some(now)) = (&self.hash, &now.hash) {
            return if before == now { Difference::None } else { Difference::Sure };
        }
        if (self.modified, self.changed) == (now.modified, now.changed) {
            return Difference::None;
        }
        if self.kind == Kind::File { Difference::PerhapsContent } else { Difference::Sure }
    }
}

fn is_inside(path: &[u8], folder: &[u8]) -> bool {
    folder.ends_with(b"/") && path.starts_with(folder)
}

fn is_noise(relative: &[u8]) -> bool {
    let stored = relative.starts_with(b".git/objects/") && relative != b".git/objects/info/alternates";
    stored && relative != b".git/objects/info" || NOISE.iter().any(|noise| noise.as_bytes() == relative)
}

/// Everything below a folder. A list and no recursion: folders may be nested deeper than a stack is.
fn walk(root: &Path, known: Option<&Fingerprint>) -> std::io::Result<BTreeMap<Vec<u8>, Look>> {
    let mut files = BTreeMap::new();
    let mut left = vec![(root.to_owned(), Vec::new())];
    while let Some((folder, prefix)) = left.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let mut relative = prefix.clone();
            relative.extend(path_bytes(&entry.file_name()));
            if is_noise(&relative) {
                continue;
            }
            let path = entry.path();
            // Somebody may still be removing files while we look.
            let Ok(metadata) = path.symlink_metadata() else { continue };
            let look = Look::at(&path, &relative, &metadata);
            let was_there = known.is_none_or(|known| known.files.contains_key(&relative));
            if look.kind == Kind::Folder && was_there {
                left.push((path, [&relative, b"/".as_slice()].concat()));
            }
            files.insert(relative, look);
        }
    }
    Ok(files)
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.mode()
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    u32::from(metadata.permissions().readonly())
}

#[cfg(unix)]
fn change_time(metadata: &Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn change_time(_metadata: &Metadata) -> (i64, i64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_rewrites_while_reading_is_no_change() {
        for noise in [".git/index", ".git/objects/ab", ".git/objects/pack", ".git/logs"] {
            assert!(is_noise(noise.as_bytes()), "{noise}");
        }
        for telling in
            [".git/config", ".git/hooks/pre-commit", ".git/objects/info/alternates", ".git/HEAD", "index"]
        {
            assert!(!is_noise(telling.as_bytes()), "{telling}");
        }
    }
}
