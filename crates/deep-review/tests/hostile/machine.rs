//! What must be the same after a review: one value of everything a hostile branch could have changed.
//!
//! In: a session and a process that has nothing to do with it. Out: files with their content, references, processes. What
//! deep-review itself keeps (its records, its cache) is left out; that no checkout is left there is part of it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use test_kit::TestSession;

/// Everything that could have been changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    files: BTreeMap<PathBuf, String>,
    references: String,
    leftovers: Vec<PathBuf>,
    bystander_lives: bool,
}

impl Machine {
    /// As it is now. `temporary` is the folder that the session takes for `/tmp`.
    pub(crate) fn now(session: &TestSession, temporary: &Path, bystander: u32) -> Self {
        let mut files = BTreeMap::new();
        let repository = session.repo.path();
        walk(&repository, &mut files, &|path| path == repository.join(".git/deep-review"));
        walk(session.home(), &mut files, &|path| path.ends_with("deep-review"));
        let mut leftovers = inside(&session.home().join(".cache/deep-review/checkouts"));
        leftovers.extend(inside(temporary));
        Self {
            files,
            references: session.repo.git(&["for-each-ref"]),
            leftovers,
            bystander_lives: Path::new(&format!("/proc/{bystander}")).exists()
                || !Path::new("/proc/1").exists(),
        }
    }

    /// Panics with what is different.
    pub(crate) fn must_be(&self, before: &Self, name: &str) {
        for (path, look) in &self.files {
            assert_eq!(before.files.get(path), Some(look), "{name}: `{}` was changed", path.display());
        }
        for path in before.files.keys() {
            assert!(self.files.contains_key(path), "{name}: `{}` is gone", path.display());
        }
        assert_eq!(self.references, before.references, "{name}: references moved");
        assert!(self.leftovers.is_empty(), "{name}: left behind: {:?}", self.leftovers);
        assert!(self.bystander_lives, "{name}: a process that has nothing to do with it was ended");
    }
}

/// Files of a folder, links as links.
fn walk(folder: &Path, files: &mut BTreeMap<PathBuf, String>, is_ours: &dyn Fn(&Path) -> bool) {
    for path in inside(folder) {
        if is_ours(&path) {
            continue;
        }
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_symlink() {
            files.insert(path.clone(), format!("-> {:?}", std::fs::read_link(&path)));
        } else if metadata.is_dir() {
            walk(&path, files, is_ours);
        } else if !metadata.is_file() {
            // Whoever opens a pipe waits for ever.
            files.insert(path, format!("{:?}", metadata.file_type()));
        } else {
            let mode = metadata.permissions().mode();
            let text = std::fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            files.insert(path, format!("{mode:o} {}", text.unwrap_or_default()));
        }
    }
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
