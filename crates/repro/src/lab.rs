//! Where a program is run on the files of a commit, confined.
//!
//! In: a pinned change, a sandbox, and jobs: a commit, files that are given besides, a command. Out: a [`Trial`] a job. Each job has a
//! tree of its own, in memory, and no network, no home, no other process, and limits on time, output, memory, files and processes.
//! Nothing runs where it cannot be confined.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git::Repository;
use model::{Ending, Sha, Target, Trial};
use sandbox::{Folder, Possible, Profile, Size, Toolchains};
use supervise::{Cancel, Grace, Keeper, Limits, Outcome, Program, Resources, Stdin};

use crate::normal::normal;

/// Everything that jobs share.
#[derive(Clone, Copy, Debug)]
pub struct Lab<'a> {
    /// The repository, for the trees.
    pub repository: &'a Repository,
    /// What is under review.
    pub target: &'a Target,
    /// How jobs are confined.
    pub sandbox: &'a Possible,
    /// Compilers of the user's that they may use.
    pub toolchains: &'a Toolchains,
    /// A fresh folder for trees and given files. Removed by whoever made it.
    pub folder: &'a Path,
    /// A fresh folder for the records of the processes.
    pub processes: &'a Path,
    /// The keeper program.
    pub keeper: &'a Keeper,
}

/// One run of a program.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// Its name among the jobs of the lab; it names folders.
    pub name: &'a str,
    /// Whose files it sees.
    pub commit: &'a Sha,
    /// Files under `/repro`: name and content.
    pub given: Vec<(&'a str, &'a [u8])>,
    /// A file of the tree that is replaced by `/repro/replacement`.
    pub replaces: Option<&'a str>,
    /// The command, in the tree. What stands behind it are its arguments.
    pub command: Vec<OsString>,
    /// The longest time.
    pub wall: Duration,
}

/// The tree, and what else a job writes there, in memory.
const ROOM: Size = Size::mebibytes(2048);

/// Room in `/tmp`, and again in its home.
const TEMPORARY: Size = Size::mebibytes(256);

/// The most memory of all processes of a job together; what its files take is not part of it.
const TOGETHER: u64 = 6 << 30;

/// Bytes of output that are kept for people; what is compared is the same.
const OUTPUT_KEPT: usize = 64 * 1024;

/// The exit code with which our own preparation says that it failed. Nobody else's code is taken for it: it is looked at together with
/// what was said.
const UNPREPARED: &str = "deep-review could not prepare this";

/// Copies the tree to where it may be written, applies what is given, and hands over. A constant: nothing that is given is in it.
const PREPARE: &str = "
fail() { echo \"deep-review could not prepare this: $1\" >&2; exit 125; }
cp -a /tree/. /work/ 2>/dev/null || fail 'the tree does not fit into memory'
cd /work || fail 'the tree is not there'
if [ -e /repro/fix.patch ]; then
  git apply --recount --whitespace=nowarn /repro/fix.patch 2>/dev/null ||
    git apply --recount --whitespace=nowarn --unidiff-zero -C1 --ignore-whitespace /repro/fix.patch || fail 'the patch does not apply'
fi
replaced=$1
shift
[ -z \"$replaced\" ] || cp /repro/replacement \"./$replaced\" || fail 'a file could not be replaced'
exec \"$@\"";

impl Lab<'_> {
    /// Runs a job. What keeps it from being run is its ending. Cancelling ends it at once.
    pub fn run(&self, job: &Job<'_>, cancel: &Cancel) -> Trial {
        self.try_to_run(job, cancel).unwrap_or_else(|why| Trial {
            commit: job.commit.clone(),
            ending: Ending::NotStarted,
            exit: None,
            ms: 0,
            output: String::new(),
            notes: vec![why],
        })
    }

    fn try_to_run(&self, job: &Job<'_>, cancel: &Cancel) -> Result<Trial, String> {
        let folder = self.folder.join(job.name);
        let given = folder.join("given");
        let (tree, mut notes) = self.tree(job.commit)?;
        let failed = |error: std::io::Error| format!("its files could not be written: {error}");
        std::fs::create_dir_all(&given).map_err(failed)?;
        for (name, content) in &job.given {
            std::fs::write(given.join(name), content).map_err(failed)?;
        }
        let profile = self.profile(&folder, &tree, &given);
        let command = self
            .sandbox
            .confine(&profile, &command(job))
            .map_err(|error| error.to_string())?
            .ok_or("it cannot be confined")?;
        let program = Program {
            command,
            folder: folder.clone(),
            environment: supervise::harmless_environment(&[]),
            stdin: Stdin::Null,
            run_folder: self.processes.join(job.name),
            keeper: self.keeper.clone(),
        };
        let outcome = supervise::run(&program, &limits(job.wall), cancel, &mut |_| {});
        notes.extend(outcome.notes.iter().cloned());
        let output = output(&outcome, &mut notes);
        Ok(Trial {
            commit: job.commit.clone(),
            ending: outcome.ending,
            exit: outcome.exit,
            ms: outcome.ms,
            output,
            notes,
        })
    }

    /// The files of a commit, laid out once: jobs read them and write to copies.
    fn tree(&self, commit: &Sha) -> Result<(PathBuf, Vec<String>), String> {
        let tree = self.folder.join("trees").join(commit.as_str());
        if tree.is_dir() {
            return Ok((tree, Vec::new()));
        }
        let at = Target { head: commit.clone(), ..self.target.clone() };
        let made = self.repository.checkout(&at, &tree);
        let checkout = made.map_err(|error| format!("its tree could not be made: {error}"))?;
        Ok((tree, checkout.notes().to_vec()))
    }

    fn profile(&self, folder: &Path, tree: &Path, given: &Path) -> Profile {
        let Toolchains { read, path, environment } = self.toolchains;
        let mut shown = read.clone();
        // The tree's git finds its objects where the user's repository keeps them.
        shown.extend(borrowed(tree).into_iter().map(Folder::in_place));
        shown.push(Folder::shown_as(tree, "/tree"));
        shown.push(Folder::shown_as(given, "/repro"));
        let mut environment = environment.clone();
        if let Ok(path) = std::env::join_paths(path) {
            environment.extend((!path.is_empty()).then(|| ("PATH".into(), path)));
        }
        Profile {
            start: "/work".into(),
            read: shown,
            scratch: vec![("/work".into(), ROOM)],
            temporary: TEMPORARY,
            environment,
            private: folder.join("private"),
        }
    }
}

/// True where our own preparation failed, and not what was to be run.
pub(crate) fn is_unprepared(trial: &Trial) -> bool {
    trial.exit == Some(125) && trial.output.contains(UNPREPARED)
}

/// bash where there is one: that is what scripts are written for.
pub(crate) fn shell() -> OsString {
    let shell = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).exists());
    shell.unwrap_or("/bin/sh").into()
}

fn command(job: &Job<'_>) -> Vec<OsString> {
    let prepare =
        [shell(), "-c".into(), PREPARE.into(), "prepare".into(), job.replaces.unwrap_or_default().into()];
    prepare.into_iter().chain(job.command.iter().cloned()).collect()
}

/// Folders of objects that a checkout borrows.
fn borrowed(tree: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(tree.join(".git/objects/info/alternates")).unwrap_or_default();
    text.lines().map(PathBuf::from).filter(|path| path.is_absolute() && path.is_dir()).collect()
}

fn limits(wall: Duration) -> Limits {
    Limits {
        wall,
        silence: wall,
        output: 8 << 20,
        grace: Grace {
            interrupt: Duration::from_secs(1),
            terminate: Duration::from_secs(1),
            ..Grace::default()
        },
        memory: Some(TOGETHER),
        is_keyless: true,
        resources: Resources { processes: Some(512), memory: Some(4 << 30), file: Some(ROOM.0) },
        ..Limits::default()
    }
}

fn output(outcome: &Outcome, notes: &mut Vec<String>) -> String {
    let mut text = String::new();
    for path in [&outcome.stdout, &outcome.stderr] {
        let mut bytes = Vec::new();
        // What was not started has no output.
        if let Ok(file) = std::fs::File::open(path)
            && file.take(8 << 20).read_to_end(&mut bytes).is_ok()
        {
            let part = normal(&String::from_utf8_lossy(&bytes));
            if !text.is_empty() && !part.is_empty() {
                text.push('\n');
            }
            text.push_str(&part);
        }
    }
    if text.len() > OUTPUT_KEPT {
        let end = text.floor_char_boundary(OUTPUT_KEPT);
        notes.push(format!("its output of {} bytes is cut here", text.len()));
        text.truncate(end);
    }
    text
}
