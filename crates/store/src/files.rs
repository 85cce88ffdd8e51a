//! Writing so that a crash leaves the old file or the new one, never half of one.
//!
//! In: a path and bytes. Out: the file, on disk. Temporary files are called `.tmp-…` and are no part of the record;
//! what a crash leaves of them goes with the run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

/// Beginning of the names of files that are not finished.
pub(crate) const TEMPORARY: &str = ".tmp-";

/// Creates one folder that only its owner can look into. `false` where it is there already.
pub(crate) fn create_folder(path: &Path) -> Result<bool> {
    let mut builder = fs::DirBuilder::new();
    owner_only(&mut builder);
    match builder.create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::failed("create", path)(error)),
    }
}

#[cfg(unix)]
fn owner_only(builder: &mut fs::DirBuilder) {
    use std::os::unix::fs::DirBuilderExt as _;
    builder.mode(0o700);
}

/// On Windows a folder inherits who may look into it.
#[cfg(not(unix))]
fn owner_only(_builder: &mut fs::DirBuilder) {}

/// Writes a file that must not be there yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = write_temporary(path, bytes)?;
    let moved = move_new(&temporary, path);
    let _ = fs::remove_file(&temporary);
    moved?;
    sync_folder(path);
    Ok(())
}

/// A hard link refuses to replace, in one step; a rename would not.
fn move_new(temporary: &Path, path: &Path) -> Result<()> {
    match fs::hard_link(temporary, path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::Exists { path: path.to_path_buf() });
        }
        // Some file systems have no hard links; there the look before the rename must do.
        Err(_) => {}
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(Error::Exists { path: path.to_path_buf() });
    }
    fs::rename(temporary, path).map_err(Error::failed("write", path))
}

/// Writes a file, in place of the old one where there is one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = write_temporary(path, bytes)?;
    if let Err(error) = fs::rename(&temporary, path) {
        let _ = fs::remove_file(&temporary);
        return Err(Error::failed("write", path)(error));
    }
    sync_folder(path);
    Ok(())
}

/// Writes and syncs the bytes beside their final place.
fn write_temporary(path: &Path, bytes: &[u8]) -> Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_file_name(format!("{TEMPORARY}{}-{count}", std::process::id()));
    let written = write_and_sync(&temporary, bytes);
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(Error::failed("write", path))?;
    Ok(temporary)
}

fn write_and_sync(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What an earlier process with our number left behind is not finished and belongs to nobody.
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the new name survive a power cut. Where folders cannot be synced, the content already is.
pub(crate) fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _: (&Path, Option<File>) = (path, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_replaces_an_old_one() {
        let scratch = tempfile::tempdir().expect("scratch");
        let path = scratch.path().join("a");
        write_new(&path, b"one").expect("is new");
        assert!(matches!(write_new(&path, b"two"), Err(Error::Exists { .. })));
        assert_eq!(fs::read(&path).expect("readable"), b"one");
        let names: Vec<_> = fs::read_dir(scratch.path()).expect("folder").collect();
        assert_eq!(names.len(), 1, "no temporary file stays");
    }

    #[test]
    fn a_replaced_file_has_the_new_bytes() {
        let scratch = tempfile::tempdir().expect("scratch");
        let path = scratch.path().join("a");
        for bytes in [b"one", b"two"] {
            replace(&path, bytes).expect("writable");
            assert_eq!(fs::read(&path).expect("readable"), bytes);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_a_new_file_is_not_followed() {
        let scratch = tempfile::tempdir().expect("scratch");
        let (path, outside) = (scratch.path().join("a"), scratch.path().join("outside"));
        std::os::unix::fs::symlink(&outside, &path).expect("link");
        assert!(write_new(&path, b"x").is_err());
        assert!(!outside.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = tempfile::tempdir().expect("scratch");
        let path = scratch.path().join("f");
        assert!(create_folder(&path).expect("writable"));
        assert!(!create_folder(&path).expect("is there"));
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o700);
    }
}
