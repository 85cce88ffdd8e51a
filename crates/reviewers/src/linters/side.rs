//! One side of the change, laid out for a linter.
//!
//! In: the repository, a commit, a linter's configuration where the change begins. Out: a throw-away checkout with that
//! configuration. A change cannot silence the linters that look at it: what it does to their configuration counts once merged.

use std::path::{Component, Path, PathBuf};

use git::Repository;
use model::{Sha, Target};

use super::linter::Linter;

/// A checkout for one linter.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) root: PathBuf,
    /// Spellings of the root that an output may hold.
    pub(crate) roots: Vec<String>,
}

/// A folder of packages in the user's working tree.
#[derive(Clone, Debug)]
pub(crate) struct Installed {
    pub(crate) name: String,
    /// Where it stands in the tree: a program that was started there looks for its packages from there.
    pub(crate) place: PathBuf,
    /// Where it really is: a sandbox shows no link whose target it does not show.
    pub(crate) folder: PathBuf,
}

impl Installed {
    /// Those that a linter may use.
    pub(crate) fn of(linter: &Linter, tree: Option<&Path>) -> Vec<Self> {
        let find = |name: &String| {
            let place = tree?.join(name);
            let folder = place.canonicalize().ok().filter(|path| path.is_dir())?;
            Some(Self { name: name.clone(), place, folder })
        };
        linter.links.iter().filter_map(find).collect()
    }
}

impl Side {
    /// Makes it in a new folder. `commit` is what is laid out; configuration comes from where the change begins.
    pub(crate) fn make(
        repository: &Repository,
        target: &Target,
        commit: &Sha,
        root: PathBuf,
        linter: &Linter,
        notes: &mut Vec<String>,
    ) -> Result<Self, String> {
        let failed = |error: git::Error| format!("its checkout could not be made: {error}");
        let target = Target { head: commit.clone(), ..target.clone() };
        let checkout = repository.checkout(&target, &root).map_err(failed)?;
        notes.extend(checkout.notes().iter().cloned());
        notes.extend(crate::desk::held_links(&checkout).map_err(failed)?);
        for path in linter.configuration_paths() {
            let wanted = repository.file_at(&target.merge_base, path).map_err(failed)?;
            if put(&root, path, wanted.as_deref())? {
                notes.push(format!("its configuration `{path}` was taken from where the change begins"));
            }
        }
        let roots = crate::desk::roots(&root);
        Ok(Self { root, roots })
    }

    /// Lets packages be found that are installed in the user's working tree, and returns those it took. Where that cannot be,
    /// the linter says what it misses. What the commit brings under such a name stays, and nothing is linked for it.
    pub(crate) fn link(&self, installed: &[Installed], notes: &mut Vec<String>) -> Vec<Installed> {
        let made = |one: &&Installed| {
            let here = self.root.join(&one.name);
            here.symlink_metadata().is_err() && symlink(&one.folder, &here).is_ok()
        };
        let linked: Vec<Installed> = installed.iter().filter(made).cloned().collect();
        let note =
            |one: &Installed| format!("it used the packages installed in `{}` of the working tree", one.name);
        notes.extend(linked.iter().map(note));
        linked
    }

    /// The place of a file, where it is a plain file inside the checkout and no link leads out of it.
    pub(crate) fn plain_file(&self, path: &str) -> Option<PathBuf> {
        let relative = Path::new(path);
        let is_inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
        let mut place = self.root.clone();
        let parts: Vec<_> = relative.components().collect();
        for (at, part) in parts.iter().enumerate() {
            place.push(part);
            let metadata = place.symlink_metadata().ok()?;
            let is_last = at + 1 == parts.len();
            if !(if is_last { metadata.is_file() } else { metadata.is_dir() }) {
                return None;
            }
        }
        (is_inside && !parts.is_empty()).then_some(place)
    }
}

#[cfg(unix)]
fn symlink(there: &Path, here: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(there, here)
}

#[cfg(windows)]
fn symlink(there: &Path, here: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(there, here)
}

/// Makes a file what it should be; returns whether it was otherwise. Nothing is written through a link of the repository.
fn put(root: &Path, path: &str, wanted: Option<&[u8]>) -> Result<bool, String> {
    let failed = |error: std::io::Error| format!("its configuration could not be laid out: {error}");
    let place = root.join(path);
    let mut folder = root.to_owned();
    for part in Path::new(path).parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match folder.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => std::fs::remove_file(&folder).map_err(failed)?,
            Err(_) => {}
        }
    }
    let is_file = place.symlink_metadata().ok().map(|metadata| metadata.is_file());
    let have = if is_file == Some(true) { std::fs::read(&place).ok() } else { None };
    if is_file.is_none() && wanted.is_none() || is_file == Some(true) && have.as_deref() == wanted {
        return Ok(false);
    }
    match place.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(&place).map_err(failed)?,
        Ok(_) => std::fs::remove_file(&place).map_err(failed)?,
        Err(_) => {}
    }
    if let Some(text) = wanted {
        std::fs::create_dir_all(&folder).map_err(failed)?;
        std::fs::write(&place, text).map_err(failed)?;
    }
    Ok(true)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_put_where_links_cannot_lead_it_elsewhere() {
        let scratch = tempfile::tempdir().unwrap();
        let (root, outside) = (scratch.path().join("root"), scratch.path().join("outside"));
        std::fs::create_dir_all(&root).unwrap();
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::write(outside.join("victim"), "keep").unwrap();
        std::os::unix::fs::symlink(outside.join("victim"), root.join("ruff.toml")).unwrap();
        std::os::unix::fs::symlink(&outside, root.join(".github")).unwrap();
        assert!(put(&root, "ruff.toml", Some(b"new")).unwrap());
        assert!(put(&root, ".github/actionlint.yaml", Some(b"new")).unwrap());
        assert_eq!(std::fs::read_to_string(outside.join("victim")).unwrap(), "keep");
        assert!(!outside.join("actionlint.yaml").exists());
        assert_eq!(std::fs::read_to_string(root.join("ruff.toml")).unwrap(), "new");
        assert!(!put(&root, "ruff.toml", Some(b"new")).unwrap(), "it is so already");
        assert!(put(&root, "ruff.toml", None).unwrap() && !root.join("ruff.toml").exists());
    }

    #[test]
    fn only_plain_files_inside_are_shown_to_a_linter() {
        let scratch = tempfile::tempdir().unwrap();
        let side = Side { root: scratch.path().join("root"), roots: Vec::new() };
        std::fs::create_dir_all(side.root.join("a")).unwrap();
        std::fs::write(side.root.join("a/b.py"), "x").unwrap();
        std::fs::write(scratch.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(scratch.path().join("secret"), side.root.join("link.py")).unwrap();
        std::os::unix::fs::symlink(scratch.path(), side.root.join("out")).unwrap();
        assert!(side.plain_file("a/b.py").is_some());
        for path in ["link.py", "out/secret", "../secret", "a", "", "none"] {
            assert!(side.plain_file(path).is_none(), "{path}");
        }
    }
}
