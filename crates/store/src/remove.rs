//! Removing a folder with everything in it.
//!
//! In: a folder. Out: nothing left of it, and what it weighed. Links are removed, never followed; depth costs no
//! stack and no long paths, because inner folders are moved up before they are emptied.

use std::fs;
use std::io;
use std::path::Path;

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

/// Empties and removes a folder. Where it fails, calling it again goes on.
pub(crate) fn folder(path: &Path) -> io::Result<Weight> {
    let mut weight = Weight::default();
    if !is_folder(path)? {
        fs::remove_file(path)?;
        return Ok(weight);
    }
    let mut moved = 0u64;
    // The folder to empty; inner folders become new entries of the outermost one, so one pass follows another
    // until there is none left.
    loop {
        let inner = empty(path, path, &mut moved, &mut weight)?;
        if inner.is_empty() {
            return fs::remove_dir(path).map(|()| weight);
        }
        for name in inner {
            let folder = path.join(name);
            empty(&folder, path, &mut moved, &mut weight)?;
            fs::remove_dir(&folder)?;
        }
    }
}

/// Removes the files of `folder` and moves its folders into `top`; the names of those that already are there come
/// back.
fn empty(
    folder: &Path,
    top: &Path,
    moved: &mut u64,
    weight: &mut Weight,
) -> io::Result<Vec<std::ffi::OsString>> {
    let mut inner = Vec::new();
    make_writable(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path)?;
        if !metadata.is_dir() {
            weight.files += 1;
            weight.bytes += metadata.len();
            remove_file(&path)?;
        } else if folder == top {
            inner.push(entry.file_name());
        } else {
            make_writable(&path)?;
            fs::rename(&path, unused(top, moved)?)?;
        }
    }
    Ok(inner)
}

/// A name in `top` that is not taken.
fn unused(top: &Path, moved: &mut u64) -> io::Result<std::path::PathBuf> {
    loop {
        *moved += 1;
        let path = top.join(format!(".moved-{moved}"));
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
}

fn is_folder(path: &Path) -> io::Result<bool> {
    fs::symlink_metadata(path).map(|metadata| metadata.is_dir())
}

/// A folder without write permission cannot be emptied; a reviewer may have made one.
#[cfg(unix)]
fn make_writable(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::symlink_metadata(folder)?;
    if metadata.is_dir() && metadata.permissions().mode() & 0o700 != 0o700 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "equal to its Unix twin")]
fn make_writable(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn remove_file(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Windows keeps read-only files, and tells links to folders from links to files.
#[cfg(not(unix))]
fn remove_file(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.permissions().readonly() && !metadata.is_symlink() {
        let mut permissions = metadata.permissions();
        permissions.set_readonly(false);
        fs::set_permissions(path, permissions)?;
    }
    fs::remove_file(path).or_else(|_| fs::remove_dir(path))
}

/// What a folder weighs, without touching it.
pub(crate) fn weigh(path: &Path) -> io::Result<Weight> {
    let mut weight = Weight::default();
    let mut waiting = vec![path.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let metadata = fs::symlink_metadata(&path)?;
            if metadata.is_dir() {
                waiting.push(path);
            } else {
                weight.files += 1;
                weight.bytes += metadata.len();
            }
        }
    }
    Ok(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_goes_and_is_counted() {
        let scratch = tempfile::tempdir().expect("scratch");
        let top = scratch.path().join("top");
        for folder in ["a/b/c", "a/b/d", "e", ".moved-1/x"] {
            fs::create_dir_all(top.join(folder)).expect("folder");
            fs::write(top.join(folder).join("f"), "12345").expect("file");
        }
        let weight = weigh(&top).expect("readable");
        assert_eq!(weight, Weight { files: 4, bytes: 20 });
        assert_eq!(folder(&top).expect("removable"), weight);
        assert!(!top.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_links_point_to_stays() {
        let scratch = tempfile::tempdir().expect("scratch");
        let (top, outside) = (scratch.path().join("top"), scratch.path().join("outside"));
        fs::create_dir_all(top.join("a")).expect("folder");
        fs::create_dir(&outside).expect("folder");
        fs::write(outside.join("f"), "x").expect("file");
        for link in ["l", "a/l"] {
            std::os::unix::fs::symlink(&outside, top.join(link)).expect("link");
        }
        folder(&top).expect("removable");
        assert!(outside.join("f").exists());
        std::os::unix::fs::symlink(&outside, &top).expect("link");
        folder(&top).expect("removable");
        assert!(outside.join("f").exists() && !top.exists());
    }

    #[cfg(unix)]
    #[test]
    fn deep_and_locked_folders_go_too() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = tempfile::tempdir().expect("scratch");
        let top = scratch.path().join("top");
        // Deeper than a path may be long: built from the inside out by moving.
        let name = "d".repeat(200);
        fs::create_dir_all(top.join("leaf")).expect("folder");
        fs::write(top.join("leaf/f"), "x").expect("file");
        for _ in 0..50 {
            let outer = top.join("outer");
            fs::create_dir(&outer).expect("folder");
            fs::rename(top.join("leaf"), outer.join(&name)).expect("move");
            fs::rename(&outer, top.join("leaf")).expect("move");
        }
        fs::create_dir_all(top.join("locked/in")).expect("folder");
        fs::set_permissions(top.join("locked"), fs::Permissions::from_mode(0o500)).expect("lock");
        assert_eq!(folder(&top).expect("removable").files, 1);
        assert!(!top.exists());
    }
}
