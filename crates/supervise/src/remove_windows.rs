//! Removes a folder on Windows, where files are busy as long as somebody has them open.
//!
//! In: one literal path. Out: nothing of it, or the first thing that could not be removed. The walk itself is std's: by
//! handle, never through links or mounted folders, and a list instead of a recursion. What it gives up on is tried again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_DELETE_PENDING, ERROR_DIR_NOT_EMPTY, ERROR_LOCK_VIOLATION,
    ERROR_SHARING_VIOLATION,
};

use super::RemoveError;

/// Pauses before the next try: virus scanners and processes that are just ending let go within a moment.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// As [`crate::remove_tree`].
pub(super) fn remove_tree(folder: &Path) -> Result<(), RemoveError> {
    let error = |source| RemoveError { path: folder.to_owned(), source, others: 0 };
    if folder.file_name().is_none() {
        return Err(error(io::Error::new(io::ErrorKind::InvalidInput, "it has no name of its own")));
    }
    for pause in PAUSES {
        match remove(folder) {
            Ok(()) => return Ok(()),
            Err(busy) if may_pass(&busy) => {
                if busy.raw_os_error() == Some(ERROR_ACCESS_DENIED.cast_signed()) {
                    make_writable(folder);
                }
                std::thread::sleep(pause);
            }
            Err(source) => return Err(error(source)),
        }
    }
    remove(folder).map_err(error)
}

fn remove(folder: &Path) -> io::Result<()> {
    let removed = fs::symlink_metadata(folder).and_then(|is| {
        if is.is_dir() {
            fs::remove_dir_all(folder)
        } else if is.is_symlink() {
            // A link to a folder is removed as a folder, one to a file as a file; neither is followed.
            fs::remove_dir(folder).or_else(|_| fs::remove_file(folder))
        } else {
            fs::remove_file(folder)
        }
    });
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Whether waiting may help. "Access denied" is what a file says that is open in a process that just ended.
fn may_pass(error: &io::Error) -> bool {
    let codes = [
        ERROR_SHARING_VIOLATION,
        ERROR_LOCK_VIOLATION,
        ERROR_ACCESS_DENIED,
        ERROR_DIR_NOT_EMPTY,
        ERROR_DELETE_PENDING,
    ];
    error.raw_os_error().is_some_and(|code| codes.contains(&code.cast_unsigned()))
}

/// Takes the read-only attribute from everything in the folder. What fails here fails the removal, and that is told.
fn make_writable(folder: &Path) {
    let mut next: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = next.pop() {
        // Links and mounted folders are neither files nor folders here.
        let Ok(is) = fs::symlink_metadata(&path) else { continue };
        let mut permissions = is.permissions();
        if permissions.readonly() && !is.is_symlink() {
            #[expect(clippy::permissions_set_readonly_false, reason = "only on unix does it mean everybody")]
            permissions.set_readonly(false);
            let _ = fs::set_permissions(&path, permissions);
        }
        if is.is_dir() {
            next.extend(
                fs::read_dir(&path).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::windows::fs::OpenOptionsExt as _;

    use super::*;

    /// Opens a file as programs do that do not expect anybody to remove it.
    fn hold(path: &Path) -> fs::File {
        let share_read_and_write = 3;
        OpenOptions::new().read(true).share_mode(share_read_and_write).open(path).expect("opened")
    }

    #[test]
    fn a_busy_file_is_tried_again_until_it_is_free() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("run");
        fs::create_dir_all(folder.join("inner")).expect("folders");
        fs::write(folder.join("inner/busy"), "x").expect("a file");
        let held = hold(&folder.join("inner/busy"));
        let busy = remove(&folder).expect_err("somebody has it open");
        assert!(may_pass(&busy), "{busy}");
        let letting_go = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            drop(held);
        });
        remove_tree(&folder).expect("removed in the end");
        assert!(!folder.exists());
        letting_go.join().expect("no panic");
    }

    #[test]
    fn what_stays_busy_is_told_and_not_waited_for_for_ever() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("run");
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("busy"), "x").expect("a file");
        let held = hold(&folder.join("busy"));
        let error = remove_tree(&folder).expect_err("it is still open");
        assert!(error.to_string().contains("could not remove"), "{error}");
        drop(held);
        remove_tree(&folder).expect("removed");
        assert!(!folder.exists());
    }

    #[test]
    fn read_only_files_are_removed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("run");
        fs::create_dir_all(folder.join("inner")).expect("folders");
        fs::write(folder.join("inner/file"), "x").expect("a file");
        let mut permissions = fs::metadata(folder.join("inner/file")).expect("a file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(folder.join("inner/file"), permissions).expect("read-only");
        remove_tree(&folder).expect("removed");
        assert!(!folder.exists());
    }

    #[test]
    fn the_name_is_literal_and_what_has_none_is_refused() {
        let scratch = tempfile::tempdir().expect("a folder");
        for name in ["a[1]", "a1", "a{b}", "ab", "-rf"] {
            fs::create_dir_all(scratch.path().join(name).join("inner[x]")).expect("folders");
        }
        for name in ["a[1]", "a{b}", "-rf", "not there"] {
            remove_tree(&scratch.path().join(name)).expect("removed");
        }
        let mut left: Vec<_> = fs::read_dir(scratch.path())
            .expect("listed")
            .map(|entry| entry.expect("one").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["a1", "ab"]);
        for path in ["\\", "..", "", "C:\\"] {
            assert!(remove_tree(Path::new(path)).is_err(), "{path}");
        }
    }
}
