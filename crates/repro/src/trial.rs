//! Runs a script at the head of a change and where the change begins.
//!
//! In: a script and everything pinned. Out: what came of it. Each run has a tree of its own in memory, no network, no home, no
//! other process, and limits on time, output, memory, files and processes. Nothing runs where it cannot be confined.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git::Repository;
use model::{Ending, REPRODUCTION_SCHEMA, ReproClaim, ReproOutcome, Reproduction, Sha, Target, Trial};
use sandbox::{Folder, Possible, Profile, Size, Toolchains};
use sha2::{Digest as _, Sha256};
use supervise::{Cancel, Grace, Keeper, Limits, Outcome, Program, Resources, Stdin};

use crate::judge::judge;
use crate::normal::normal;

/// Everything needed to run one script.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whose script.
    pub reviewer: &'a str,
    /// Of which of its raw findings.
    pub index: u32,
    /// The script, for bash.
    pub script: &'a str,
    /// What it is said to show.
    pub claim: &'a ReproClaim,
    /// The repository, for the trees.
    pub repository: &'a Repository,
    /// What is under review.
    pub target: &'a Target,
    /// How it is confined.
    pub sandbox: &'a Possible,
    /// Compilers of the user's that it may use.
    pub toolchains: &'a Toolchains,
    /// The longest time of one run.
    pub wall: Duration,
    /// A fresh folder for trees and scripts. Removed by whoever made it.
    pub folder: &'a Path,
    /// A fresh folder for the records of the processes.
    pub processes: &'a Path,
    /// The keeper program.
    pub keeper: &'a Keeper,
}

/// The tree, and what else it writes there, in memory.
const ROOM: Size = Size::mebibytes(2048);

/// Room in `/tmp`, and again in its home.
const TEMPORARY: Size = Size::mebibytes(256);

/// Bytes of output that are kept for people; what is compared is the same.
const OUTPUT_KEPT: usize = 64 * 1024;

/// Copies the tree to where it may be written, and hands over to the script. A constant: nothing of the script is in it.
const PREPARE: &str =
    "cp -a /tree/. /work/ 2>/dev/null || { echo 'the tree does not fit into memory' >&2; exit 125; }
cd /work || exit 125
exec \"$0\" /repro/repro.sh";

/// Runs the script at both commits and judges what it shows. Cancelling ends it at once.
pub fn reproduce(request: &Request<'_>, cancel: &Cancel) -> Reproduction {
    if let Possible::No(why) = request.sandbox {
        return refused(request, &format!("nothing is run that cannot be confined: {why}"));
    }
    let head = trial(request, &request.target.head, "head", cancel);
    let base = (request.target.merge_base != request.target.head && !cancel.is_cancelled())
        .then(|| trial(request, &request.target.merge_base, "base", cancel));
    let judged = judge(request.claim, &head, base.as_ref());
    Reproduction {
        outcome: judged.outcome,
        regression: judged.regression,
        why: judged.why,
        head: Some(head),
        base,
        ..refused(request, "")
    }
}

/// What stands for a script that was not run.
pub fn refused(request: &Request<'_>, why: &str) -> Reproduction {
    Reproduction {
        schema: REPRODUCTION_SCHEMA.to_owned(),
        reviewer: request.reviewer.to_owned(),
        index: request.index,
        script_sha256: digest(request.script),
        outcome: ReproOutcome::Refused,
        regression: false,
        why: why.to_owned(),
        confined_by: request.sandbox.sentence(),
        head: None,
        base: None,
    }
}

/// The SHA-256 of a script, in hexadecimal.
pub(crate) fn digest(script: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(script.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

/// One run. What keeps it from being run is its ending.
fn trial(request: &Request<'_>, commit: &Sha, name: &str, cancel: &Cancel) -> Trial {
    match run(request, commit, name, cancel) {
        Ok(trial) => trial,
        Err(why) => Trial {
            commit: commit.clone(),
            ending: Ending::NotStarted,
            exit: None,
            ms: 0,
            output: String::new(),
            notes: vec![why],
        },
    }
}

fn run(request: &Request<'_>, commit: &Sha, name: &str, cancel: &Cancel) -> Result<Trial, String> {
    let folder = request.folder.join(name);
    let (tree, given) = (folder.join("tree"), folder.join("given"));
    let at = Target { head: commit.clone(), ..request.target.clone() };
    let checkout = request
        .repository
        .checkout(&at, &tree)
        .map_err(|error| format!("its tree could not be made: {error}"))?;
    let failed = |error: std::io::Error| format!("its files could not be written: {error}");
    std::fs::create_dir_all(&given)
        .and_then(|()| std::fs::write(given.join("repro.sh"), request.script))
        .map_err(failed)?;
    let profile = profile(request, &folder, &tree, &given);
    let command = request
        .sandbox
        .confine(&profile, &shell())
        .map_err(|error| error.to_string())?
        .ok_or("it cannot be confined")?;
    let program = Program {
        command,
        folder: folder.clone(),
        environment: supervise::harmless_environment(&[]),
        stdin: Stdin::Null,
        run_folder: request.processes.join(name),
        keeper: request.keeper.clone(),
    };
    let outcome = supervise::run(&program, &limits(request.wall), cancel, &mut |_| {});
    let mut notes = checkout.notes().to_vec();
    notes.extend(outcome.notes.iter().cloned());
    let output = output(&outcome, &mut notes);
    Ok(Trial {
        commit: commit.clone(),
        ending: outcome.ending,
        exit: outcome.exit,
        ms: outcome.ms,
        output,
        notes,
    })
}

/// bash where there is one: that is what scripts are written for.
fn shell() -> [OsString; 4] {
    let shell = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).exists());
    let shell = shell.unwrap_or("/bin/sh");
    [shell.into(), "-c".into(), PREPARE.into(), shell.into()]
}

fn profile(request: &Request<'_>, folder: &Path, tree: &Path, given: &Path) -> Profile {
    let Toolchains { read, path, environment } = request.toolchains;
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
