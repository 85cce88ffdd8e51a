//! The few files of `/etc` that programs ask for by name.
//!
//! In: a folder of ours. Out: the files in it. Nothing of this machine's accounts, hosts or services is in them.

use std::path::{Path, PathBuf};

use crate::Error;

/// The user inside. Not 0, so that no program thinks it may do everything.
pub(crate) const USER: &str = "1000";

/// The home inside.
pub(crate) const HOME: &str = "/home/review";

/// Name in `/etc`, and content. Without `passwd` some programs fail at their first question about the user.
const FILES: &[(&str, &str)] = &[
    ("passwd", "review:x:1000:1000:review:/home/review:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    ("group", "review:x:1000:\nnogroup:x:65534:\n"),
    ("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    ("gitconfig", GIT),
];

/// A checkout belongs to another user than the one inside, and nothing in it may be called.
const GIT: &str = "[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n[protocol]\n\tallow = never\n[user]\n\tname = review\n\temail = review@localhost\n";

/// Writes the files; each with the path under which it is shown.
pub(crate) fn write(folder: &Path) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
    std::fs::create_dir_all(folder).map_err(Error::Files)?;
    let mut written = Vec::new();
    for (name, content) in FILES {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(Error::Files)?;
        written.push((path, Path::new("/etc").join(name)));
    }
    Ok(written)
}
