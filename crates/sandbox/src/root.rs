//! The part of the system's own files that a confined program sees.
//!
//! In: this machine's root folder. Out: what to show of it. An allow-list: sockets, logs, other users' files and the state of
//! services are not on it, because a read-only view of a socket still lets a program talk through it.

use std::path::{Path, PathBuf};

/// What is shown of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A folder or file, for reading.
    Read(PathBuf),
    /// A link, with where it points.
    Link { target: PathBuf, at: PathBuf },
}

/// Programs and libraries. On most systems all but the first are links into it.
const PROGRAMS: &[&str] = &["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// What programs look up in `/etc` and that says nothing of this machine.
const SETTINGS: &[&str] = &[
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "java-11-openjdk",
    "java-17-openjdk",
    "java-21-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "pki",
    "ssl",
];

/// Looks at what there is under `root`.
pub(crate) fn system(root: &Path) -> Vec<Shown> {
    let mut shown = Vec::new();
    for name in PROGRAMS {
        let at = root.join(name);
        match std::fs::read_link(&at) {
            Ok(target) => shown.push(Shown::Link { target, at }),
            Err(_) if at.is_dir() => shown.push(Shown::Read(at)),
            Err(_) => {}
        }
    }
    for name in SETTINGS {
        let at = root.join("etc").join(name);
        if at.exists() {
            shown.push(Shown::Read(at));
        }
    }
    shown
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn programs_are_shown_as_they_are_and_nothing_else_is() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for folder in ["usr/bin", "etc/ssl", "etc/shadow.d", "run", "home/ada", "var/run"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        std::os::unix::fs::symlink("usr/bin", at("bin")).unwrap();
        assert_eq!(
            system(root.path()),
            [
                Shown::Read(at("usr")),
                Shown::Link { target: "usr/bin".into(), at: at("bin") },
                Shown::Read(at("etc/ssl")),
            ]
        );
    }
}
