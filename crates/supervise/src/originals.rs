//! The files of an attempt as they were made, whatever the program does to their names.
//!
//! In: a run folder nobody else knows yet. Out: handles that stay, and at the end the same bytes under the same names
//! again. Never follows what a program has put in their place.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::os::unix;
use crate::record::{KEEPER_LOCK, RECORD, SUPERVISOR_LOCK};
use crate::remove::remove_tree;
use crate::spool::{STDERR, STDOUT};

/// The folder and both output files, opened before there is a program.
pub(crate) struct Originals {
    folder: File,
    stdout: File,
    stderr: File,
}

impl Originals {
    /// Makes both files, empty. What is left of an earlier attempt goes.
    pub(crate) fn make(folder: &Path) -> io::Result<Self> {
        let make = |name: &str| {
            let path = folder.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            File::options().read(true).write(true).create_new(true).mode(0o600).open(path)
        };
        Ok(Self { folder: File::open(folder)?, stdout: make(STDOUT)?, stderr: make(STDERR)? })
    }

    /// The folder by a name that nobody can take away or give to another.
    pub(crate) fn place(&self, folder: &Path) -> PathBuf {
        unix::steady(&self.folder, folder)
    }

    /// A handle of its own that reads standard output from the beginning.
    pub(crate) fn read_stdout(&self, folder: &Path) -> io::Result<File> {
        let file = File::open(folder.join(STDOUT))?;
        if same(&file.metadata()?, &self.stdout.metadata()?) {
            Ok(file)
        } else {
            Err(io::Error::other("something else is in the place of its output"))
        }
    }

    /// Puts everything back under its name. Gives what was not as it had been left. Where the attempt is `settled`, a
    /// folder that was moved away is no longer one of an attempt.
    pub(crate) fn restore(&self, folder: &Path, settled: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if let Err(error) = self.restore_folder(folder, settled, &mut notes) {
            notes.push(format!("the folder of its output could not be restored: {error}"));
        }
        for (file, name) in [(&self.stdout, STDOUT), (&self.stderr, STDERR)] {
            match restore_file(file, &folder.join(name)) {
                Ok(false) => {}
                Ok(true) => notes.push(format!("its file `{name}` had been replaced and was restored")),
                Err(error) => notes.push(format!("its file `{name}` could not be restored: {error}")),
            }
        }
        notes
    }

    fn restore_folder(&self, folder: &Path, settled: bool, notes: &mut Vec<String>) -> io::Result<()> {
        if self.folder.metadata()?.mode() & 0o700 != 0o700 {
            self.folder.set_permissions(std::fs::Permissions::from_mode(0o700))?;
            notes.push("the folder of its output had been closed and was opened again".to_owned());
        }
        match std::fs::symlink_metadata(folder) {
            Ok(now) if same(&now, &self.folder.metadata()?) => return Ok(()),
            // Whatever is there was put there by the program. A link is removed, not followed.
            Ok(_) => remove_tree(folder).map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if settled {
            for name in [RECORD, SUPERVISOR_LOCK, KEEPER_LOCK] {
                // Usually removed together with the folder.
                let _ = rustix::fs::unlinkat(&self.folder, name, rustix::fs::AtFlags::empty());
            }
        }
        notes.push("the folder of its output had been moved or removed and was made again".to_owned());
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }
}

fn same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Whether it had to be restored.
fn restore_file(original: &File, path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(now) if same(&now, &original.metadata()?) => return Ok(false),
        Ok(_) => remove_tree(path).map_err(io::Error::other)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut copy = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    let mut from = original;
    io::Seek::rewind(&mut from)?;
    io::copy(&mut from, &mut copy)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn made(folder: &Path) -> Originals {
        fs::create_dir(folder).expect("a folder");
        let originals = Originals::make(folder).expect("made");
        (&originals.stdout).write_all(b"said").expect("written");
        originals
    }

    fn assert_restored(originals: &Originals, folder: &Path) -> Vec<String> {
        let notes = originals.restore(folder, true);
        assert_eq!(fs::read(folder.join(STDOUT)).expect("there"), b"said");
        assert_eq!(fs::read(folder.join(STDERR)).expect("there"), b"");
        assert!(!fs::symlink_metadata(folder.join(STDOUT)).expect("there").is_symlink());
        notes
    }

    #[test]
    fn what_was_left_alone_is_left_alone() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("run");
        assert_eq!(assert_restored(&made(&folder), &folder), Vec::<String>::new());
    }

    #[test]
    fn files_that_were_replaced_or_removed_are_restored_and_nothing_is_followed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("run");
        let secret = scratch.path().join("secret");
        fs::write(&secret, "kept").expect("a file");
        let originals = made(&folder);
        fs::remove_file(folder.join(STDOUT)).expect("removed");
        symlink(&secret, folder.join(STDOUT)).expect("a link");
        fs::remove_file(folder.join(STDERR)).expect("removed");
        fs::create_dir_all(folder.join(STDERR).join("in")).expect("a folder in its place");
        assert!(originals.read_stdout(&folder).is_err(), "not read through a link");
        let notes = assert_restored(&originals, &folder);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert_eq!(fs::read(secret).expect("there"), b"kept");
    }

    #[test]
    fn a_folder_that_was_moved_replaced_or_removed_is_made_again() {
        let scratch = tempfile::tempdir().expect("a folder");
        let elsewhere = scratch.path().join("elsewhere");
        fs::create_dir(&elsewhere).expect("a folder");
        fs::write(elsewhere.join("kept"), "").expect("a file");
        for at in 0..3 {
            let folder = scratch.path().join(format!("{at}/run"));
            fs::create_dir(scratch.path().join(at.to_string())).expect("a folder");
            let originals = made(&folder);
            match at {
                0 => fs::remove_dir_all(scratch.path().join("0")).expect("removed"),
                1 => fs::rename(&folder, scratch.path().join("moved")).expect("moved"),
                _ => {
                    fs::remove_dir_all(&folder).expect("removed");
                    symlink(&elsewhere, &folder).expect("a link");
                }
            }
            assert!(assert_restored(&originals, &folder)[0].contains("moved or removed"));
        }
        assert!(elsewhere.join("kept").exists() && !elsewhere.join(STDOUT).exists());
    }
}
