//! Removes a folder with everything in it, whatever a hostile program has put there.
//!
//! In: one literal path. Out: nothing of it, or what could not be removed and why. Never a pattern, never through a
//! link, never into another file system mounted inside, never above the folder, and never deeper into our own stack:
//! fifty thousand folders inside each other are a list here, not a recursion.

use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be removed.
#[derive(Debug, thiserror::Error)]
#[error("could not remove \"{}\": {source}{}", path.display(), and_others(*others))]
pub struct RemoveError {
    /// The first thing that is still there.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
    /// How many other things could not be removed, their folders included.
    pub others: usize,
}

fn and_others(others: usize) -> String {
    if others == 0 { String::new() } else { format!(" (and {others} more)") }
}

/// Removes `folder` and everything in it. A folder that is not there is a success; a link is removed, not followed.
///
/// Whatever can be removed is removed, also when something else cannot.
pub fn remove_tree(folder: &Path) -> Result<(), RemoveError> {
    #[cfg(unix)]
    return unix::remove_tree(folder);
    #[cfg(windows)]
    return windows::remove_tree(folder);
}

#[cfg(windows)]
#[path = "remove_windows.rs"]
mod windows;

#[cfg(unix)]
mod unix {
    use std::ffi::{CStr, CString, OsStr};
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, unlinkat};
    use rustix::io::Errno;

    use super::RemoveError;

    /// A folder that has been entered.
    struct Level {
        name: CString,
        /// What it was: on the way back up it must be the same folder.
        stat: Stat,
        folders: Vec<CString>,
    }

    struct Remover {
        top: PathBuf,
        levels: Vec<Level>,
        first: Option<(PathBuf, io::Error)>,
        count: usize,
    }

    pub(super) fn remove_tree(folder: &Path) -> Result<(), RemoveError> {
        let error = |source| RemoveError { path: folder.to_owned(), source, others: 0 };
        let Some(name) = folder.file_name().and_then(|name| CString::new(name.as_bytes()).ok()) else {
            return Err(error(io::Error::new(io::ErrorKind::InvalidInput, "it has no name of its own")));
        };
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        let above = match rustix::fs::open(
            above.unwrap_or(Path::new(".")),
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            Ok(above) => above,
            Err(Errno::NOENT) => return Ok(()),
            Err(source) => return Err(error(source.into())),
        };
        let mut remover = Remover { top: folder.to_owned(), levels: Vec::new(), first: None, count: 0 };
        remover.remove(&above, &name);
        match remover.first {
            None => Ok(()),
            Some((path, source)) => Err(RemoveError { path, source, others: remover.count - 1 }),
        }
    }

    impl Remover {
        fn remove(&mut self, above: &OwnedFd, name: &CStr) {
            match unlinkat(above, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => return,
                // It is a folder, or something that can only be tried as one.
                Err(_) => {}
            }
            let Some(mut here) = self.enter(above, name) else { return };
            while let Some(level) = self.levels.last_mut() {
                if let Some(folder) = level.folders.pop() {
                    here = self.enter(&here, &folder).unwrap_or(here);
                    continue;
                }
                let Some(done) = self.levels.pop() else { return };
                let Some(next) = self.leave(above, &here) else { return };
                if let Err(errno) = unlinkat(&next, &done.name, AtFlags::REMOVEDIR)
                    && errno != Errno::NOENT
                {
                    self.failed(&done.name, errno.into());
                }
                here = next;
            }
        }

        /// Opens a folder and empties it of everything but folders.
        fn enter(&mut self, above: &OwnedFd, name: &CStr) -> Option<OwnedFd> {
            match open_folder(above, name).and_then(|folder| Ok((self.empty(&folder, name)?, folder))) {
                Ok((level, folder)) => {
                    self.levels.push(level);
                    Some(folder)
                }
                Err(Errno::NOENT) => None,
                Err(Errno::XDEV) => {
                    self.failed(name, io::Error::other("something else is mounted there"));
                    None
                }
                Err(errno) => {
                    self.failed(name, errno.into());
                    None
                }
            }
        }

        fn empty(&mut self, folder: &OwnedFd, name: &CStr) -> Result<Level, Errno> {
            let stat = rustix::fs::fstat(folder)?;
            let mode = Mode::from_raw_mode(stat.st_mode);
            if !mode.contains(Mode::RWXU) {
                // Where this fails, so does the removal, and that is told.
                let _ = rustix::fs::fchmod(folder, mode | Mode::RWXU);
            }
            let mut folders = Vec::new();
            for entry in Dir::read_from(folder)? {
                let entry = entry?;
                if entry.file_name() == c"." || entry.file_name() == c".." {
                    continue;
                }
                if entry.file_type() == FileType::Directory {
                    folders.push(entry.file_name().to_owned());
                    continue;
                }
                match unlinkat(folder, entry.file_name(), AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(Errno::ISDIR) => folders.push(entry.file_name().to_owned()),
                    Err(errno) => self.failed_in(name, entry.file_name(), errno.into()),
                }
            }
            Ok(Level { name: name.to_owned(), stat, folders })
        }

        /// Goes back up, to the very folder it came from; anywhere else would be outside.
        fn leave(&mut self, above: &OwnedFd, here: &OwnedFd) -> Option<OwnedFd> {
            let Some(level) = self.levels.last() else {
                return above.try_clone().map_err(|error| self.failed(c"", error)).ok();
            };
            let up = rustix::fs::openat(here, c"..", FOLDER, Mode::empty());
            let same = up
                .as_ref()
                .is_ok_and(|up| rustix::fs::fstat(up).is_ok_and(|stat| same_folder(&stat, &level.stat)));
            match up {
                Ok(up) if same => Some(up),
                Ok(_) => {
                    self.failed(c"", io::Error::other("it was moved while it was being removed"));
                    None
                }
                Err(errno) => {
                    self.failed(c"", errno.into());
                    None
                }
            }
        }

        fn failed(&mut self, name: &CStr, error: io::Error) {
            self.count += 1;
            if self.first.is_none() {
                self.first = Some((self.path(&[name]), error));
            }
        }

        fn failed_in(&mut self, folder: &CStr, name: &CStr, error: io::Error) {
            self.count += 1;
            if self.first.is_none() {
                self.first = Some((self.path(&[folder, name]), error));
            }
        }

        /// Where that is, for people: a path of thousands of folders is cut.
        fn path(&self, names: &[&CStr]) -> PathBuf {
            let inside = self.levels.iter().map(|level| level.name.as_c_str()).chain(names.iter().copied());
            let mut path = self.top.parent().unwrap_or(Path::new("")).to_owned();
            let names: Vec<&CStr> = inside.collect();
            path.extend(names.iter().take(40).map(|name| OsStr::from_bytes(name.to_bytes())));
            path
        }
    }

    fn same_folder(one: &Stat, other: &Stat) -> bool {
        one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    const FOLDER: OFlags =
        OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

    /// Opens a folder itself: no link, nothing that is mounted over it. One that may not be read is made readable.
    fn open_folder(above: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
        match open_here(above, name) {
            Err(Errno::ACCESS) => {
                make_readable(above, name)?;
                open_here(above, name)
            }
            opened => opened,
        }
    }

    #[cfg(target_os = "linux")]
    fn open_here(above: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
        use rustix::fs::ResolveFlags;
        let inside = ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
        match rustix::fs::openat2(above, name, FOLDER, Mode::empty(), inside) {
            Err(Errno::NOSYS | Errno::PERM) => open_on_same_device(above, name),
            opened => opened,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open_here(above: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
        open_on_same_device(above, name)
    }

    fn open_on_same_device(above: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
        let folder = rustix::fs::openat(above, name, FOLDER, Mode::empty())?;
        let device = |end: &OwnedFd| rustix::fs::fstat(end.as_fd()).map(|stat| stat.st_dev);
        if device(&folder)? == device(above)? { Ok(folder) } else { Err(Errno::XDEV) }
    }

    #[cfg(target_os = "linux")]
    fn make_readable(above: &OwnedFd, name: &CStr) -> Result<(), Errno> {
        use std::os::fd::AsRawFd as _;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(above, name, flags, Mode::empty())?;
        // The handle is of the folder itself, so this follows no link of anybody's making.
        rustix::fs::chmod(format!("/proc/self/fd/{}", folder.as_raw_fd()), Mode::RWXU)
    }

    #[cfg(not(target_os = "linux"))]
    fn make_readable(above: &OwnedFd, name: &CStr) -> Result<(), Errno> {
        rustix::fs::chmodat(above, name, Mode::RWXU, AtFlags::SYMLINK_NOFOLLOW)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use rustix::fs::{Mode, OFlags};

    use super::*;

    /// Folders inside each other, far deeper than a path may be long.
    fn nest(folder: &Path, depth: usize) {
        fs::create_dir(folder).expect("the first folder");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut here = rustix::fs::open(folder, flags, Mode::empty()).expect("opened");
        for _ in 1..depth {
            rustix::fs::mkdirat(&here, "n", Mode::RWXU).expect("a folder");
            here = rustix::fs::openat(&here, "n", flags, Mode::empty()).expect("opened");
        }
    }

    #[test]
    fn fifty_thousand_nested_folders_are_removed_on_a_small_stack() {
        // In memory where that is possible: a slow disk makes a minute of this.
        let memory = Path::new("/dev/shm");
        let scratch = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).expect("a folder");
        let folder = scratch.path().join("deep");
        nest(&folder, 50_000);
        let small = std::thread::Builder::new().stack_size(128 << 10);
        let target = folder.clone();
        let removed = small.spawn(move || remove_tree(&target).map_err(|error| error.to_string()));
        removed.expect("a thread").join().expect("no overflow").expect("removed");
        assert!(!folder.exists());
    }

    #[test]
    fn links_are_removed_and_not_followed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let path = |name: &str| scratch.path().join(name);
        fs::create_dir_all(path("outside/kept")).expect("folders");
        fs::create_dir_all(path("run/inner")).expect("folders");
        symlink(path("outside"), path("run/inner/to-folder")).expect("a link");
        symlink("/", path("run/to-root")).expect("a link");
        symlink("nowhere", path("run/dangling")).expect("a link");
        remove_tree(&path("run")).expect("removed");
        assert!(!path("run").exists() && path("outside/kept").exists());
        symlink(path("outside"), path("link")).expect("a link");
        remove_tree(&path("link")).expect("removed");
        assert!(path("outside/kept").exists() && fs::symlink_metadata(path("link")).is_err());
    }

    #[test]
    fn the_name_is_literal() {
        let scratch = tempfile::tempdir().expect("a folder");
        for name in ["a[1]", "a1", "a*", "ab", "-rf"] {
            fs::create_dir_all(scratch.path().join(name).join("inner[x]*")).expect("folders");
        }
        for name in ["a[1]", "a*", "-rf"] {
            remove_tree(&scratch.path().join(name)).expect("removed");
        }
        let mut left: Vec<_> = fs::read_dir(scratch.path())
            .expect("listed")
            .map(|entry| entry.expect("one").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["a1", "ab"]);
    }

    #[test]
    fn what_is_not_there_is_removed_and_what_has_no_name_is_refused() {
        let scratch = tempfile::tempdir().expect("a folder");
        remove_tree(&scratch.path().join("no/such")).expect("nothing to do");
        remove_tree(&scratch.path().join("no")).expect("nothing to do");
        for path in ["/", "..", ""] {
            assert!(remove_tree(Path::new(path)).is_err(), "{path}");
        }
        assert!(scratch.path().exists());
    }

    #[test]
    fn folders_without_permissions_are_removed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("run");
        for (name, mode) in [("none", 0o000), ("no-search", 0o600), ("no-write", 0o500)] {
            let inner = folder.join(name);
            fs::create_dir_all(inner.join("deeper")).expect("folders");
            fs::write(inner.join("file"), "x").expect("a file");
            fs::set_permissions(&inner, fs::Permissions::from_mode(mode)).expect("a mode");
        }
        remove_tree(&folder).expect("removed");
        assert!(!folder.exists());
    }
}
