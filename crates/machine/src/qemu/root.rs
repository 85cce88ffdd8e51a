//! The first root of a machine: its first process, modules, and what of this system it sees.
//!
//! In: a kernel and shares. Out: an archive, and the shares that QEMU must offer. Of `/etc` only a short list is shown, and of
//! this system's accounts nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::cpio::Archive;
use super::kernel::Kernel;
use crate::Failed;
use crate::job::quoted;
use crate::words::{Pool, Share, Template};

/// Folders of programs and libraries. On most systems all but the first are links into it.
const PROGRAMS: &[&str] = &["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// What programs look up in `/etc` and that says nothing of this system: files, and folders of links.
const SETTINGS: &[&str] = &["alternatives", "ld.so.cache", "ld.so.conf", "localtime", "mime.types"];

/// The few files that programs ask for by name; the same user and settings as in the other sandbox.
const FILES: &[(&str, &str)] = &[
    ("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    (
        "gitconfig",
        "[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n[protocol]\n\tallow = never\n\
         [user]\n\tname = review\n\temail = review@localhost\n",
    ),
];

/// Each is a device on a bus with 32 places, some of which are taken.
const MOST_SHARES: usize = 24;

/// Whom jobs run as: whoever owns what they are shown, so that they may read it. Not as root: a job that is root could change the
/// machine around it.
struct User {
    user: u32,
    group: u32,
}

impl User {
    /// Whoever made this folder: ourselves.
    #[cfg(unix)]
    fn of(folder: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let own = fs::metadata(folder).ok().filter(|own| own.uid() != 0);
        own.map_or(Self { user: 1000, group: 1000 }, |own| Self { user: own.uid(), group: own.gid().max(1) })
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Self {
        Self { user: 1000, group: 1000 }
    }

    fn files(&self) -> [(&'static str, String); 2] {
        let Self { user, group } = self;
        [
            (
                "passwd",
                format!(
                    "root:x:0:0:root:/:/bin/sh\nreview:x:{user}:{group}:review:/home/review:/bin/sh\n\
                     nobody:x:65534:65534:nobody:/:/bin/false\n"
                ),
            ),
            ("group", format!("root:x:0:\nreview:x:{group}:\nnogroup:x:65534:\n")),
        ]
    }
}

/// A share as QEMU offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    pub(crate) tag: String,
    pub(crate) outside: PathBuf,
}

/// What a machine boots with.
pub(crate) struct FirstRoot {
    pub(crate) archive: Vec<u8>,
    pub(crate) offered: Vec<Offered>,
}

/// Builds it. Nothing of the template's shares changes while the machine runs where `still`, so that it may be remembered inside.
pub(crate) fn build(
    kernel: &Kernel,
    template: &Template,
    jobs: &Path,
    still: bool,
) -> Result<FirstRoot, Failed> {
    let read = |path: &Path| {
        fs::read(path).map_err(|error| Failed::lasting(format!("{} cannot be read: {error}", path.display())))
    };
    let mut archive = Archive::default();
    archive.folder("bin");
    archive.file("bin/busybox", 0o755, &read(&kernel.busybox)?);
    archive.file("init", 0o755, include_bytes!("init.sh"));
    archive.file("job.sh", 0o755, include_bytes!("job.sh"));
    archive.file("root.sh", 0o644, include_bytes!("root.sh"));
    archive.folder("modules");
    for (number, module) in kernel.modules.iter().enumerate() {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{number:02}-{name}"), 0o644, &read(module)?);
    }
    archive.folder("etc-inside");
    let user = User::of(jobs);
    for (name, content) in
        user.files().iter().map(|(name, content)| (*name, content.as_str())).chain(FILES.iter().copied())
    {
        archive.file(&format!("etc-inside/{name}"), 0o644, content.as_bytes());
    }
    archive.file("user.sh", 0o644, format!("user={} group={}\n", user.user, user.group).as_bytes());
    settings(&mut archive);
    let mut offered = Vec::new();
    let mut script = String::new();
    for name in PROGRAMS {
        let at = Path::new("/").join(name);
        if let Ok(target) = fs::read_link(&at) {
            let target = quoted(&target.to_string_lossy()).map_err(Failed::lasting)?;
            writeln!(script, "link {target} /{name}").expect("a string takes everything");
        } else if at.is_dir() {
            offer(&mut offered, &mut script, &at, &format!("/{name}"), "cache=loose")?;
        }
    }
    offer(&mut offered, &mut script, jobs, "/jobs", "cache=none")?;
    let cache = if still { "cache=loose" } else { "cache=none" };
    for Share { outside, inside } in &template.shares {
        let text = inside.to_str().filter(|inside| inside.starts_with('/'));
        let text = text.ok_or_else(|| {
            Failed::lasting(format!("{} is no place inside of a machine", inside.display()))
        })?;
        // What lies in a folder that is shown already needs no share of its own.
        if outside == inside && inside.starts_with("/usr") {
            continue;
        }
        if !outside.is_dir() {
            return Err(Failed::lasting(format!("{} is no folder", outside.display())));
        }
        offer(&mut offered, &mut script, outside, text, cache)?;
    }
    for (number, Pool { outside, still }) in template.pools.iter().enumerate() {
        let options = if *still { "cache=loose" } else { "cache=none" };
        writeln!(script, "pool share{} {options} {number}", offered.len())
            .expect("a string takes everything");
        offered.push(Offered { tag: format!("share{}", offered.len()), outside: outside.clone() });
    }
    if offered.len() > MOST_SHARES {
        let count = offered.len();
        return Err(Failed::lasting(format!(
            "a machine can be shown {MOST_SHARES} folders, and this one would need {count}"
        )));
    }
    archive.file("shares.sh", 0o644, script.as_bytes());
    Ok(FirstRoot { archive: archive.finish(), offered })
}

fn offer(
    offered: &mut Vec<Offered>,
    script: &mut String,
    outside: &Path,
    inside: &str,
    options: &str,
) -> Result<(), Failed> {
    let tag = format!("share{}", offered.len());
    let inside = quoted(inside).map_err(Failed::lasting)?;
    writeln!(script, "share {tag} {options} {inside}").expect("a string takes everything");
    offered.push(Offered { tag, outside: outside.to_owned() });
    Ok(())
}

fn settings(archive: &mut Archive) {
    for name in SETTINGS {
        let at = Path::new("/etc").join(name);
        let inside = format!("etc-inside/{name}");
        if at.is_dir() {
            archive.folder(&inside);
            for entry in fs::read_dir(&at).into_iter().flatten().filter_map(Result::ok) {
                let (Ok(target), Ok(name)) = (fs::read_link(entry.path()), entry.file_name().into_string())
                else {
                    continue;
                };
                if let Some(target) = target.to_str() {
                    archive.link(&format!("{inside}/{name}"), target);
                }
            }
        } else if let Ok(content) = fs::read(&at) {
            archive.file(&inside, 0o644, &content);
        }
    }
}
