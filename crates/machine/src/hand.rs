//! One job for the machine of a run: what a program that is confined becomes.
//!
//! In: the file of a job, written by crate `sandbox`, and the folder of a machine that runs. Out: the job's streams and how it
//! ended. What the job may read must lie in a pool of the machine or be a file, of which it gets a copy. Never boots anything.

use std::io::Write;
use std::path::{Path, PathBuf};

use sandbox::MachineJob;

use crate::commands::{SHOWN, send};
use crate::job::{Done, Job};
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
    let (job, files) = job(wanted, &template)?;
    send(&Places::of(folder), &job, stdin, &files, cancelled, out, err).map_err(|failed| failed.message)
}

/// The job as the machine understands it, and the files that go with it.
fn job(wanted: MachineJob, template: &Template) -> Result<(Job, Vec<PathBuf>), String> {
    // More than the machine has would be a machine that dies and not a disk that is full.
    let most = u64::from(template.memory) * 3 / 4 << 20;
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
        Some((number, below)) if below.as_os_str().is_empty() => Ok(Source::Machine(format!("/pool/{number}"))),
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
    fn a_job_never_gets_more_memory_than_the_machine_has() {
        let template = Template { memory: 1024, ..Template::new(DriverKind::Qemu) };
        let wanted = MachineJob {
            read: vec![("/usr".into(), "/usr".to_owned()), ("/usr".into(), "/x".to_owned())],
            scratch: vec![("/s".to_owned(), 6 << 30), ("/t".to_owned(), 5)],
            ..MachineJob::default()
        };
        let (job, files) = job(wanted, &template).expect("a job");
        assert_eq!(job.scratch, [("/s".to_owned(), 768 << 20), ("/t".to_owned(), 5)]);
        assert_eq!(job.bound, [("/root/usr".to_owned(), "/x".to_owned())], "the system is there already");
        assert!(job.fresh && files.is_empty());
    }
}
