//! One job for the machine of a run: what a program that is confined becomes.
//!
//! In: the file of a job, written by crate `sandbox`, and the folder of a machine that runs. Out: the job's streams and how it
//! ended. What the job may read must lie in a pool of the machine or be a file, of which it gets a copy. Never boots anything.

use std::io::Write;
use std::path::{Path, PathBuf};

use sandbox::{MachineJob, MachineLine};

use crate::commands::{Parcel, SHOWN, send, unique};
use crate::job::{Done, Job, Line};
use crate::line::{Carry, own_program};
use crate::places::Places;
use crate::words::{Pool, Template};

/// What every machine shows as it is.
const SYSTEM: &str = "/usr";

/// Hands the job over and waits for its end. An error is one of ours, in a sentence.
pub fn hand_over(
    folder: &Path,
    file: &Path,
    stdin: &[u8],
    cancelled: &dyn Fn() -> bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Done, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let wanted: MachineJob =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let record = crate::folder::read(folder).map_err(|error| error.to_string())?;
    let template = record.ok_or("there is no record of the machine")?.template;
    if is_of_root(folder) {
        for (outside, _) in &wanted.read {
            refuse_closed(outside, &template.pools)?;
        }
    }
    let line = wanted.line.clone();
    let (mut job, files) = job(wanted, &template)?;
    let carry = line.map(|line| lay(line, &mut job, &template));
    let parcel = Parcel { job: &job, stdin, files: &files, carry };
    send(&Places::of(folder), parcel, cancelled, out, err).map_err(|failed| failed.message)
}

/// Gives a job in a machine with this template a line to a proxy.
pub fn lay(line: MachineLine, job: &mut Job, template: &Template) -> Carry {
    let word = unique();
    job.line = Some(Line::Connections { port: line.port, word: word.clone() });
    job.bound.push(own_program(template));
    to_proxy(line.socket, word)
}

/// Carries connections to a proxy.
#[cfg(unix)]
fn to_proxy(socket: PathBuf, word: String) -> Carry {
    Box::new(move |line| {
        let dial: sandbox::Dial = std::sync::Arc::new(move || crate::line::reach(&socket));
        // It ends with the job; what broke before is seen inside, where nothing can be reached any more.
        drop(sandbox::far(line, &word, &dial));
    })
}

#[cfg(not(unix))]
fn to_proxy(_: PathBuf, _: String) -> Carry {
    Box::new(|_| ())
}

/// Whether we are root, who made this folder.
#[cfg(unix)]
fn is_of_root(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).is_ok_and(|own| own.uid() == 0)
}

#[cfg(not(unix))]
fn is_of_root(_: &Path) -> bool {
    false
}

/// Nobody in a machine is root. A program that is shown a checkout of root's must be able to read all of it: one that cannot might
/// say that it found nothing.
#[cfg(unix)]
fn refuse_closed(outside: &Path, pools: &[Pool]) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |path: &Path, error: &std::io::Error| format!("{}: {error}", path.display());
    let real = outside.canonicalize().map_err(|error| failed(outside, &error))?;
    if !pools.iter().any(|pool| !pool.still && real.starts_with(&pool.outside)) {
        return Ok(());
    }
    let mut left = vec![real];
    while let Some(path) = left.pop() {
        let metadata = path.symlink_metadata().map_err(|error| failed(&path, &error))?;
        let needed = if metadata.is_dir() { 0o005 } else { 0o004 };
        if !metadata.is_symlink() && metadata.permissions().mode() & needed != needed {
            return Err(format!(
                "only root may read {}, and nobody in a machine is root: `umask 022`, or another user, helps",
                path.display()
            ));
        }
        if metadata.is_dir() {
            let entries = std::fs::read_dir(&path).map_err(|error| failed(&path, &error))?;
            left.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_closed(_: &Path, _: &[Pool]) -> Result<(), String> {
    Ok(())
}

/// The job as the machine understands it, and the files that go with it.
fn job(wanted: MachineJob, template: &Template) -> Result<(Job, Vec<PathBuf>), String> {
    // More than the machine has would be a machine that dies and not a disk that is full.
    let most = (u64::from(template.memory) * 3 / 4) << 20;
    let mut job = Job {
        command: wanted.command,
        folder: wanted.start,
        environment: wanted.environment,
        fresh: true,
        links: wanted.links,
        scratch: wanted.scratch.into_iter().map(|(path, size)| (path, size.min(most))).collect(),
        ..Job::default()
    };
    let mut files = Vec::new();
    for (outside, inside) in wanted.read {
        match source(&outside, &template.pools)? {
            Source::Machine(path) if path == format!("/root{inside}") => {}
            Source::Machine(path) => job.bound.push((path, inside)),
            Source::File(file) => {
                job.shown.push((format!("{SHOWN}/{}", files.len()), inside));
                files.push(file);
            }
        }
    }
    for (outside, inside) in wanted.given {
        job.given.push((format!("{SHOWN}/{}", files.len()), inside));
        files.push(outside);
    }
    for (outside, inside) in wanted.copies {
        match source(&outside, &template.pools)? {
            Source::Machine(path) => job.copied.push((path, inside)),
            Source::File(_) => return Err(format!("{} is no folder", outside.display())),
        }
    }
    Ok((job, files))
}

/// Where something is that a job is to be shown.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// In the machine, at this path.
    Machine(String),
    /// It is a file of this system, to be given along.
    File(PathBuf),
}

fn source(outside: &Path, pools: &[Pool]) -> Result<Source, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", outside.display());
    // A link would be followed inside, where it leads elsewhere.
    let real = outside.canonicalize().map_err(failed)?;
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| format!("{} is no text", path.display()))
    };
    if real.starts_with(SYSTEM) {
        return Ok(Source::Machine(format!("/root{}", text(&real)?)));
    }
    let pool = pools.iter().enumerate().find_map(|(number, pool)| {
        let below = real.strip_prefix(&pool.outside).ok()?;
        Some((number, below.to_owned()))
    });
    match pool {
        Some((number, below)) if below.as_os_str().is_empty() => {
            Ok(Source::Machine(format!("/pool/{number}")))
        }
        Some((number, below)) => Ok(Source::Machine(format!("/pool/{number}/{}", text(&below)?))),
        None if real.is_file() => Ok(Source::File(real)),
        None => Err(format!("{} is not among what the machine was booted to show", outside.display())),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::words::DriverKind;

    #[test]
    fn what_lies_in_a_pool_is_shown_from_there_and_a_file_is_given_along() {
        let scratch = tempfile::tempdir().expect("a folder");
        let root = scratch.path().canonicalize().expect("a path");
        for folder in ["pool/tree", "elsewhere"] {
            std::fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        std::fs::write(root.join("elsewhere/tool"), "x").expect("a file");
        std::os::unix::fs::symlink(root.join("pool/tree"), root.join("link")).expect("a link");
        let pools = [Pool { outside: root.join("pool"), still: false }];
        let at = |name: &str| source(&root.join(name), &pools);
        assert_eq!(at("pool"), Ok(Source::Machine("/pool/0".to_owned())));
        assert_eq!(at("pool/tree"), Ok(Source::Machine("/pool/0/tree".to_owned())));
        assert_eq!(at("link"), at("pool/tree"), "a link counts as what it leads to");
        assert_eq!(at("elsewhere/tool"), Ok(Source::File(root.join("elsewhere/tool"))));
        assert!(at("elsewhere").expect_err("nobody shows it").contains("not among"));
        assert!(at("none").is_err());
        assert_eq!(source(Path::new("/usr/bin"), &pools), Ok(Source::Machine("/root/usr/bin".to_owned())));
    }

    #[test]
    fn a_checkout_that_only_root_may_read_is_refused_and_what_nobody_reviews_is_not_looked_at() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = tempfile::tempdir().expect("a folder");
        let root = scratch.path().canonicalize().expect("a path");
        for folder in ["pool/tree/deep", "tools"] {
            std::fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        let mode = |name: &str, mode| {
            std::fs::set_permissions(root.join(name), std::fs::Permissions::from_mode(mode)).expect("a mode");
        };
        for name in ["pool/tree/deep/a", "tools/b"] {
            std::fs::write(root.join(name), "x").expect("a file");
            mode(name, 0o644);
        }
        for folder in ["pool", "pool/tree", "pool/tree/deep", "tools"] {
            mode(folder, 0o755);
        }
        std::os::unix::fs::symlink("/nowhere", root.join("pool/tree/link")).expect("a link");
        let pools = [
            Pool { outside: root.join("pool"), still: false },
            Pool { outside: root.join("tools"), still: true },
        ];
        assert_eq!(refuse_closed(&root.join("pool/tree"), &pools), Ok(()));
        mode("tools/b", 0o600);
        assert_eq!(refuse_closed(&root.join("tools"), &pools), Ok(()));
        mode("pool/tree/deep/a", 0o600);
        let why = refuse_closed(&root.join("pool/tree"), &pools).expect_err("closed");
        assert!(why.contains("deep/a") && why.contains("umask"), "{why}");
        mode("pool/tree/deep/a", 0o644);
        mode("pool/tree/deep", 0o700);
        assert!(refuse_closed(&root.join("pool/tree"), &pools).is_err());
    }

    #[test]
    fn a_job_never_gets_more_memory_than_the_machine_has() {
        let template = Template { memory: 1024, ..Template::new(DriverKind::Qemu) };
        let wanted = MachineJob {
            read: vec![("/usr".into(), "/usr".to_owned()), ("/usr".into(), "/x".to_owned())],
            scratch: vec![("/s".to_owned(), 6 << 30), ("/t".to_owned(), 5)],
            given: vec![("/home/ada/.key".into(), "/home/review/.key".to_owned())],
            ..MachineJob::default()
        };
        let (job, files) = job(wanted, &template).expect("a job");
        assert_eq!(job.scratch, [("/s".to_owned(), 768 << 20), ("/t".to_owned(), 5)]);
        assert_eq!(job.bound, [("/root/usr".to_owned(), "/x".to_owned())], "the system is there already");
        assert_eq!(job.given, [("shown/0".to_owned(), "/home/review/.key".to_owned())]);
        assert!(job.fresh && files == [PathBuf::from("/home/ada/.key")]);
    }
}
