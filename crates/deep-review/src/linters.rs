//! The project's linters on this machine, as commands need them.
//!
//! In: a session, its settings, the change. Out: which linters take part and where their programs are, and the settings with them
//! as reviewers. Starts nothing but a program that is tried.

use std::sync::Arc;

use ::config::{ReviewerSettings, Settings};
use git::{Repository, TargetRequest};
use model::Target;
use reviewers::Confinement;
use reviewers::linters::{
    Absence, Choice, Facts, Linter, Linters, choose, consent, find, is_linter, linters, version,
};

use crate::exit::CommandError;
use crate::session::Session;

/// Chooses the linters of a run and adds them to the settings. Returns them with a sentence for each that could be asked and is
/// not.
pub(crate) fn take_part(
    session: &Session,
    settings: &mut Settings,
    named: &[String],
    repository: &Repository,
    target: &Target,
) -> (Linters, Vec<String>) {
    let changed: Vec<&str> = target.changed.iter().map(|file| file.path.as_str()).collect();
    let read = |path: &str| repository.file_at(&target.merge_base, path).ok().flatten();
    let is_installed = |linter: &Linter| program(session, linter, repository, target).is_ok();
    let choices =
        choose(settings, named, Facts { changed: &changed, read: &read, is_installed: &is_installed });
    let mut linters = Linters {
        most: settings.tools.most,
        installed_in: repository.worktree().map(std::path::Path::to_owned),
        ..Linters::default()
    };
    let mut notes = Vec::new();
    // A table that only sets limits for a linter makes it no reviewer.
    let is_asked =
        |name: &str| choices.iter().any(|it| matches!(it, Choice::Asked(linter) if linter.name == name));
    let limits_only: Vec<String> = settings
        .reviewers
        .keys()
        .filter(|name| is_linter(name, settings) && !is_asked(name))
        .cloned()
        .collect();
    for name in &limits_only {
        if let Some(own) = settings.reviewers.get_mut(name) {
            own.enabled = false;
        }
    }
    for choice in choices {
        let linter = match choice {
            Choice::Asked(linter) => linter,
            Choice::Left(linter, why) => {
                notes.push(format!("{} was not asked: {why}", linter.name));
                continue;
            }
        };
        let found = program(session, &linter, repository, target);
        linters.found.insert(linter.name.clone(), found.map_err(|why| why.sentence(&linter)));
        let timeout = settings.tools.timeout;
        let fresh = || ReviewerSettings {
            timeout,
            silence: timeout,
            ..ReviewerSettings::unconfigured(&settings.defaults)
        };
        let own = settings.reviewers.get(&linter.name).cloned();
        let own = own.unwrap_or_else(fresh);
        // A linter judges no meaning: it is never part of the quorum. What fails, fails again.
        let own = ReviewerSettings { quorum: false, retries: 0, enabled: true, ..own };
        settings.reviewers.insert(linter.name.clone(), own);
    }
    (linters, notes)
}

fn program(
    session: &Session,
    linter: &Linter,
    repository: &Repository,
    target: &Target,
) -> Result<std::path::PathBuf, Absence> {
    // What cannot be read is taken for tracked: then nothing there is started.
    let is_tracked = |path: &str| !matches!(repository.file_at(&target.head, path), Ok(None));
    find(linter, &session.environment, repository.worktree(), &is_tracked)
}

/// A linter as it is listed.
pub(crate) struct Told {
    pub(crate) name: String,
    /// Whether a run would ask it.
    pub(crate) state: &'static str,
    /// What there is to know about it.
    pub(crate) about: String,
}

/// Every linter that is installed or configured, with whether a run would ask it where the change has files for it.
pub(crate) fn told(session: &Session, settings: &Settings) -> Vec<Told> {
    let Ok(repository) = session.repository() else { return Vec::new() };
    let target = repository.resolve(&TargetRequest::default()).unwrap_or_default();
    let read = |path: &str| repository.file_at(&target.merge_base, path).ok().flatten();
    let mut all = Vec::new();
    for linter in linters().iter().filter(|linter| is_linter(&linter.name, settings)) {
        let configured = linter.configured_by(&read);
        let found = program(session, linter, &repository, &target);
        if configured.is_none() && found.is_err() {
            continue;
        }
        let facts = Facts { changed: &[], read: &read, is_installed: &|_| true };
        let asked = matches!(consent(settings, linter, facts), Some(Choice::Asked(_)));
        let state = match (&found, asked) {
            (Err(Absence::NotInstalled), _) => "not installed",
            (Err(Absence::Refused(_)), _) => "cannot be used",
            (Ok(_), true) => "ready",
            (Ok(_), false) => "asked by name",
        };
        all.push(Told { name: linter.name.clone(), state, about: about(linter, configured, found.err()) });
    }
    all
}

/// A linter that was tried.
pub(crate) struct Tried {
    /// True where its program starts.
    pub(crate) works: bool,
    /// What it tells of itself; empty where it tells nothing.
    pub(crate) version: String,
    /// All of it in one line.
    pub(crate) sentence: String,
}

/// Starts a linter's program in an empty folder and asks for its version, confined as it is when it looks at a change: nothing of the
/// repository is run for that.
pub(crate) fn try_one(
    session: &Session,
    settings: &Settings,
    linter: &Arc<Linter>,
    confinement: &Confinement,
) -> Result<Tried, CommandError> {
    let repository = session.repository().ok();
    let target = repository
        .as_ref()
        .and_then(|repository| repository.resolve(&TargetRequest::default()).ok())
        .unwrap_or_default();
    let found = match &repository {
        Some(repository) => program(session, linter, repository, &target),
        None => find(linter, &session.environment, None, &|_| true),
    };
    let read = |path: &str| {
        let repository = repository.as_ref()?;
        repository.file_at(&target.merge_base, path).ok().flatten()
    };
    let configured = linter.configured_by(&read);
    let program = match found {
        Ok(program) => program,
        Err(absence) => {
            let sentence = about(linter, configured, Some(absence));
            return Ok(Tried { works: false, version: String::new(), sentence });
        }
    };
    let version = version(linter, &program, &Session::keeper()?, &session.scratch(), confinement);
    let facts = Facts { changed: &[], read: &read, is_installed: &|_| true };
    let asked = matches!(consent(settings, linter, facts), Some(Choice::Asked(_)));
    let when = if asked { "asked where a change has files for it" } else { "asked where it is named" };
    let starts = if version.is_empty() {
        "does not tell its version: perhaps it cannot start".to_owned()
    } else {
        format!("starts ({version})")
    };
    let sentence = format!("{starts}; {}; {when}", about(linter, configured, None));
    Ok(Tried { works: !version.is_empty(), version, sentence })
}

fn about(linter: &Linter, configured: Option<&str>, absence: Option<Absence>) -> String {
    let mut parts = Vec::new();
    parts.extend(absence.map(|absence| absence.sentence(linter)));
    parts.push(match configured {
        Some(file) => format!("configured by {file}"),
        None => "not configured here".to_owned(),
    });
    if !linter.runs_code.is_empty() {
        parts.push(format!("runs code: {}", linter.runs_code));
    }
    parts.join("; ")
}
