//! Running the scripts with which reviewers show a defect.
//!
//! In: a stored run and a finding of its report. Out: the scripts that came with it, and what running one of them shows, kept
//! in the run folder. Never runs one by itself: somebody who read it asks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, SandboxChoice};
use git::Repository;
use model::{Finding, Report, ReproClaim, Reproduction, Target};
use reading::{Context, Parser};
use store::{RunEntry, Store, StoredRun};
use supervise::{Cancel, Keeper};

use crate::Error;
use crate::assemble::forms;
use crate::plan::Plan;
use crate::recompute::recompute;
use crate::review::Tools;
use crate::scratch::Scratch;

/// A script that came with a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Whose.
    pub reviewer: String,
    /// Of which of its raw findings.
    pub index: u32,
    /// The script, as it came.
    pub text: String,
    /// What it is said to show.
    pub claim: ReproClaim,
}

/// Scripts that came with a finding, one a reviewer, in the order of its sources.
pub fn scripts(run: &StoredRun, finding: &Finding) -> Result<Vec<Script>, Error> {
    let plan: Option<Plan> = run.plan()?;
    let roster = plan.map(|plan| plan.remembered()).unwrap_or_default();
    let originals = run.originals()?;
    let mut scripts = Vec::new();
    for source in &finding.sources {
        let Some(original) = originals.iter().find(|it| it.reviewer == source.reviewer) else { continue };
        let asked = roster.iter().find(|asked| asked.name() == source.reviewer);
        let parser = asked.map_or(Parser::Auto, super::roster::Asked::parser);
        let reading = reading::read(&original.text, &Context { parser, ..Context::default() });
        let raw = reading.findings.into_iter().find(|raw| raw.index == source.index);
        if let Some((raw, text)) = raw.and_then(|raw| raw.repro.clone().map(|text| (raw, text))) {
            let claim = raw.repro_claim.unwrap_or_default();
            scripts.push(Script { reviewer: source.reviewer.clone(), index: source.index, text, claim });
        }
    }
    Ok(scripts)
}

/// Which script is run, with what, and how long at most.
#[derive(Debug)]
pub struct ReproRequest<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Where its runs are kept.
    pub store: &'a Store,
    /// The keeper program.
    pub keeper: &'a Keeper,
    /// Where trees may live: a folder of the user's cache, outside any repository.
    pub scratch: &'a Path,
    /// The run it belongs to.
    pub run: &'a StoredRun,
    /// What was reviewed.
    pub target: &'a Target,
    /// The script.
    pub script: &'a Script,
    /// How it is confined.
    pub sandbox: &'a sandbox::Possible,
    /// The longest time of one of its two runs.
    pub wall: Duration,
    /// The user's home, for the compilers in it.
    pub home: Option<PathBuf>,
}

/// Runs a script at the head and where the change begins, and keeps what came of it.
pub fn reproduce(request: &ReproRequest<'_>, cancel: &Cancel) -> Result<Reproduction, Error> {
    let made = |source| Error::Write { what: "the folder of a reproduction".to_owned(), source };
    let name = format!("{}-repro", request.run.id());
    let processes =
        tempfile::Builder::new().prefix("attempts-").tempdir_in(request.run.path()).map_err(made)?;
    let promises = request.store.promises();
    let scratch = Scratch::new(&request.scratch.join(&name), &promises, processes.path()).map_err(made)?;
    let toolchains = request.home.as_deref().map(sandbox::toolchains).unwrap_or_default();
    let script = request.script;
    let asked = repro::Request {
        reviewer: &script.reviewer,
        index: script.index,
        script: &script.text,
        claim: &script.claim,
        lab: repro::Lab {
            repository: request.repository,
            target: request.target,
            sandbox: request.sandbox,
            toolchains: &toolchains,
            folder: scratch.path(),
            processes: processes.path(),
            keeper: request.keeper,
        },
        wall: request.wall,
    };
    let reproduction = redaction::value(repro::reproduce(&asked, cancel));
    // What cannot be removed now is promised to the next start.
    drop(scratch.remove());
    request.run.keep_reproduction(&reproduction)?;
    Ok(reproduction)
}

/// Makes a run's report again with what its scripts showed, and puts it where the stored one is. Its raw material stays as it is.
pub fn settle(
    repository: &Repository,
    store: &Store,
    entry: &RunEntry,
    now: &Config,
    version: &str,
) -> Result<Report, Error> {
    let folder = store.revise(entry)?;
    let made = recompute(repository, &folder, now, None, version)?;
    if !made.differs.is_empty() {
        let written = forms(&made.report, &folder.originals()?);
        folder.finish(&made.report, &written.files())?;
    }
    Ok(made.report)
}

/// Whether programs can be confined here: looks for the sandbox, and tries it.
pub fn confinement(keeper: &Keeper) -> sandbox::Possible {
    let possible = sandbox::look();
    let sandbox::Possible::Bubblewrap(bwrap) = &possible else { return possible };
    let Err(why) = tried(&possible, keeper) else { return possible };
    // Perhaps it is only too old for what it was asked for besides.
    let less = sandbox::Possible::Bubblewrap(sandbox::Bwrap { closes_namespaces: false, ..bwrap.clone() });
    match tried(&less, keeper) {
        Ok(()) => less,
        Err(_) => sandbox::Possible::No(format!("bubblewrap does not work here: {why}")),
    }
}

/// How the scripts of a run are confined: as the user wants it, else as this system can.
pub(crate) fn confinement_of_scripts(tools: &Tools<'_>) -> sandbox::Possible {
    match (tools.confinement.choice, &tools.confinement.possible) {
        (SandboxChoice::Machine, possible @ (sandbox::Possible::Machine(_) | sandbox::Possible::No(_))) => {
            possible.clone()
        }
        (SandboxChoice::Machine, _) => sandbox::Possible::No("there is no machine for it".to_owned()),
        _ => confinement(&tools.keeper),
    }
}

/// How reviewers and linters can be confined here: as scripts are, else by what is left; each is tried.
pub fn confinement_of_reviewers(keeper: &Keeper) -> sandbox::Possible {
    let why = match confinement(keeper) {
        sandbox::Possible::No(why) => why,
        possible => return possible,
    };
    match sandbox::fallback() {
        sandbox::Possible::No(other) if cfg!(target_os = "linux") => {
            sandbox::Possible::No(format!("{why}; {other}"))
        }
        sandbox::Possible::No(other) => sandbox::Possible::No(other),
        sandbox::Possible::Token => match tried_to_write(keeper) {
            Ok(()) => sandbox::Possible::Token,
            Err(other) => sandbox::Possible::No(format!(
                "a restricted token does not work here: {other}; use WSL 2 or a virtual machine"
            )),
        },
        fallback => match tried_in_a_room(&fallback, keeper) {
            Ok(()) => fallback,
            Err(other) => sandbox::Possible::No(format!(
                "{why}; {} does not work here either: {other}",
                fallback.name()
            )),
        },
    }
}

/// Tries that a program with a token that can do less starts, and writes in its own folder and not outside (Windows).
fn tried_to_write(keeper: &Keeper) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let outside = folder.path().join("outside");
    let room = sandbox::Room {
        start: folder.path().to_owned(),
        private: folder.path().join("private"),
        ..sandbox::Room::default()
    };
    let own = [keeper.command.first().cloned().unwrap_or_default(), "__inside".into()];
    let places = sandbox::Possible::Token.places(&room.private);
    let write = |to: &Path, name: &str| {
        let words = ["cmd.exe", "/d", "/c", "echo", "x>", to.to_str().unwrap_or_default()].map(Into::into);
        let made =
            sandbox::Possible::Token.furnish(&room, &own, &words).map_err(|error| error.to_string())?;
        ran_well_as(made.ok_or("there is no command for it")?, folder.path(), name, keeper)
    };
    let inside = places.temporary.join("inside");
    write(&inside, "inside")?;
    if !inside.exists() {
        return Err("a program with it does not write to its own folder".to_owned());
    }
    // Its own failure is what is hoped for.
    drop(write(&outside, "outside"));
    if outside.exists() { Err("what a program with it writes is not held back".to_owned()) } else { Ok(()) }
}

/// Tries that a file outside of a room cannot be read in it.
fn tried_in_a_room(possible: &sandbox::Possible, keeper: &Keeper) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let forbidden = folder.path().join("forbidden");
    std::fs::write(&forbidden, "x").map_err(|error| error.to_string())?;
    let room = sandbox::Room {
        start: "/".into(),
        private: folder.path().join("private"),
        ..sandbox::Room::default()
    };
    let own = [keeper.command.first().cloned().unwrap_or_default(), "__inside".into()];
    let script = "if cat \"$0\" >/dev/null 2>&1; then echo 'a forbidden file was read' >&2; exit 1; fi";
    let command = ["/bin/sh".into(), "-c".into(), script.into(), forbidden.into_os_string()];
    let command = possible.furnish(&room, &own, &command).map_err(|error| error.to_string())?;
    ran_well(command.ok_or("there is no command for it")?, folder.path(), keeper)
}

fn tried(possible: &sandbox::Possible, keeper: &Keeper) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (profile, command) = sandbox::Possible::probe(folder.path().join("private"));
    let command = possible.confine(&profile, &command).map_err(|error| error.to_string())?;
    ran_well(command.ok_or("there is no command for it")?, folder.path(), keeper)
}

fn ran_well(command: Vec<std::ffi::OsString>, folder: &Path, keeper: &Keeper) -> Result<(), String> {
    ran_well_as(command, folder, "process", keeper)
}

fn ran_well_as(
    command: Vec<std::ffi::OsString>,
    folder: &Path,
    name: &str,
    keeper: &Keeper,
) -> Result<(), String> {
    let program = supervise::Program {
        command,
        folder: folder.to_owned(),
        environment: supervise::harmless_environment(&[]),
        stdin: supervise::Stdin::Null,
        run_folder: folder.join(name),
        keeper: keeper.clone(),
    };
    let limits = supervise::Limits { wall: Duration::from_secs(10), ..supervise::Limits::default() };
    let outcome = supervise::run(&program, &limits, &Cancel::new(), &mut |_| {});
    if outcome.ending == model::Ending::Finished {
        return Ok(());
    }
    let said = std::fs::read_to_string(&outcome.stderr).unwrap_or_default();
    Err(said.lines().last().map_or_else(|| outcome.ending.as_str().to_owned(), str::to_owned))
}
