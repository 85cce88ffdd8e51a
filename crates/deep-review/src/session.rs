//! What every command starts from: where we are, what is configured, where runs are kept.
//!
//! In: global options and the environment. Out: an opened repository, settings, the store. Turns errors of the crates
//! below into sentences with hints; never reviews.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use config::{Config, Environment, Flag, Sources};
use engine::Skips;
use git::{Repository, TargetRequest};
use jiff::Timestamp;
use model::{Clock, Event, Sha, Target};
use reviewers::agent::Agents;
use store::Store;
use supervise::{Cancel, Keeper};

use crate::args::{ColorWhen, Global};
use crate::exit::{CommandError, Exit};
use crate::ui::Ui;

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the binary is where the clock comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Who watches a run, and how it is ended from outside.
pub(crate) struct Watch<'a> {
    /// Ends everybody.
    pub(crate) cancel: Cancel,
    /// Ends single reviewers.
    pub(crate) skips: Skips,
    /// How programs are confined.
    pub(crate) confinement: reviewers::Confinement,
    /// Told everything as it happens.
    pub(crate) events: &'a dyn Fn(&Event),
}

/// One call of the program.
pub(crate) struct Session {
    pub(crate) ui: Ui,
    pub(crate) environment: Environment,
    pub(crate) clock: SystemClock,
    directory: Option<PathBuf>,
    config_file: Option<PathBuf>,
    opened: OnceLock<Repository>,
}

impl Session {
    pub(crate) fn new(global: &Global) -> Self {
        let environment = Environment::capture();
        let mut session = Self {
            ui: Ui::new(global, &environment),
            environment,
            clock: SystemClock,
            directory: global.directory.clone(),
            config_file: global.config.clone(),
            opened: OnceLock::new(),
        };
        // What was said in this call or by `NO_COLOR` goes before what is configured. A configuration that cannot be read is
        // told by whoever needs it.
        let is_said = session.environment.text("NO_COLOR").is_some_and(|value| !value.is_empty());
        if global.color == ColorWhen::Auto && !is_said {
            let configured = session.config(session.repository().ok().as_ref(), Vec::new());
            session.ui = session.ui.colored(configured.map(|it| it.settings.ui.color).unwrap_or_default());
        }
        session
    }

    /// Whether the user named a repository with `-C`.
    pub(crate) fn names_directory(&self) -> bool {
        self.directory.is_some()
    }

    /// Whether the user named a configuration file with `--config`.
    pub(crate) fn names_config(&self) -> bool {
        self.config_file.is_some()
    }

    /// The repository of `-C`, else of the current folder; opened once.
    pub(crate) fn repository(&self) -> Result<Repository, CommandError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened.clone());
        }
        let directory = self.directory.as_deref().unwrap_or(Path::new("."));
        let opened = Repository::open(directory).map_err(|error| git_error(&error))?;
        Ok(self.opened.get_or_init(|| opened).clone())
    }

    /// Where runs of a repository are kept.
    pub(crate) fn store(repository: &Repository) -> Result<Store, CommandError> {
        Store::open(repository.common_dir()).map_err(|error| store_error(&error))
    }

    /// The layers that need no commit: flags, environment, `--config`, local, user.
    pub(crate) fn sources(
        &self,
        repository: Option<&Repository>,
        flags: Vec<Flag>,
    ) -> Result<Sources, CommandError> {
        let common_dir = repository.map(Repository::common_dir);
        let sources = Sources::read(&self.environment, common_dir, self.config_file.as_deref());
        Ok(sources.map_err(|error| config_error(&error))?.with_flags(flags))
    }

    /// Settings without the repository's own file.
    pub(crate) fn config(
        &self,
        repository: Option<&Repository>,
        flags: Vec<Flag>,
    ) -> Result<Config, CommandError> {
        load(&self.sources(repository, flags)?)
    }

    /// Resolves the target, then adds the repository's file as it stands where the change begins. That file may name
    /// another base, which is followed once.
    pub(crate) fn target_and_config(
        &self,
        repository: &Repository,
        wanted: &TargetRequest,
        flags: Vec<Flag>,
    ) -> Result<(Target, Config), CommandError> {
        let sources = self.sources(Some(repository), flags)?;
        let first = load(&sources)?;
        let resolve = |config: &Config| {
            let base =
                wanted.base.clone().or_else(|| config.settings.review.chosen_base().map(str::to_owned));
            repository.resolve(&TargetRequest { base, ..wanted.clone() }).map_err(|error| git_error(&error))
        };
        let target = resolve(&first)?;
        let text = repository
            .file_at(&target.merge_base, config::REPOSITORY_FILE)
            .map_err(|error| git_error(&error))?;
        let Some(text) = text else { return Ok((target, first)) };
        let text = String::from_utf8_lossy(&text).into_owned();
        let config = load(&sources.with_repository(Some(text)))?;
        let same_base = config.settings.review.chosen_base() == first.settings.review.chosen_base();
        let target = if same_base { target } else { resolve(&config)? };
        Ok((target, config))
    }

    /// Settings with the repository's own file as it stands at a commit, for a change that is known already.
    pub(crate) fn config_at(
        &self,
        repository: &Repository,
        commit: Option<&Sha>,
    ) -> Result<Config, CommandError> {
        let sources = self.sources(Some(repository), Vec::new())?;
        let text = match commit {
            Some(commit) => repository
                .file_at(commit, config::REPOSITORY_FILE)
                .map_err(|error| git_error(&error))?
                .map(|text| String::from_utf8_lossy(&text).into_owned()),
            None => None,
        };
        load(&sources.with_repository(text))
    }

    /// Says what the configuration wants the user to know.
    pub(crate) fn tell_messages(&self, config: &Config) {
        for message in &config.messages {
            self.ui.warn(&report::safe_text(&message.text));
        }
    }

    /// The folder of the user's own configuration.
    pub(crate) fn user_folder(&self) -> Option<PathBuf> {
        Some(self.environment.user_config_file()?.parent()?.to_owned())
    }

    /// Where reviewers' checkouts may live.
    pub(crate) fn scratch(&self) -> PathBuf {
        let cache = self.environment.cache_dir().unwrap_or_else(|| std::env::temp_dir().join("deep-review"));
        cache.join("checkouts")
    }

    /// What a review works with.
    pub(crate) fn tools<'a>(
        &'a self,
        repository: &'a Repository,
        store: &'a Store,
        agents: &'a Agents,
        watch: Watch<'a>,
    ) -> Result<engine::Tools<'a>, CommandError> {
        Ok(engine::Tools {
            repository,
            store,
            clock: &self.clock,
            keeper: Self::keeper()?,
            scratch: self.scratch(),
            agents,
            confinement: watch.confinement,
            cancel: watch.cancel,
            skips: watch.skips,
            events: watch.events,
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// How to start the keeper: this very program.
    pub(crate) fn keeper() -> Result<Keeper, CommandError> {
        let own = std::env::current_exe().map_err(|error| {
            CommandError::environment(format!("this program's own path is unknown: {error}"))
        })?;
        Ok(Keeper { command: vec![own.into(), "__keeper".into()] })
    }
}

fn load(sources: &Sources) -> Result<Config, CommandError> {
    Config::load(sources).map_err(|error| config_error(&error))
}

pub(crate) fn config_error(error: &config::Error) -> CommandError {
    let hints = error.hint().into_iter().collect();
    CommandError { hints, ..CommandError::usage(error.to_string()) }
}

pub(crate) fn git_error(error: &git::Error) -> CommandError {
    let exit = match error {
        git::Error::NoSuchRevision { .. }
        | git::Error::EmptyChange { .. }
        | git::Error::BadRequest { .. } => Exit::Usage,
        _ => Exit::Environment,
    };
    let mapped = CommandError::new(exit, chain(error));
    match error {
        git::Error::NotARepository { .. } => {
            mapped.hint("run it inside a git repository, or name one with `-C DIR`")
        }
        git::Error::EmptyChange { .. } => mapped
            .hint("name what to review: a branch, a commit, `A..B`, `--staged` or `--worktree`")
            .hint("an empty change is never reported as a clean one"),
        git::Error::BaseNotFound { .. } => mapped.hint("name the base: `--base REV`"),
        _ => mapped,
    }
}

pub(crate) fn store_error(error: &store::Error) -> CommandError {
    let exit = match error {
        store::Error::NoRuns { .. }
        | store::Error::UnknownRun { .. }
        | store::Error::Ambiguous { .. }
        | store::Error::NothingToResume { .. }
        | store::Error::NothingRecorded { .. } => Exit::Usage,
        _ => Exit::Environment,
    };
    let hint = error.hint();
    CommandError { hints: hint.into_iter().collect(), ..CommandError::new(exit, chain(error)) }
}

pub(crate) fn engine_error(error: &engine::Error) -> CommandError {
    match error {
        engine::Error::Git(error) => git_error(error),
        engine::Error::Store(error) => store_error(error),
        engine::Error::NoSuchReviewer { .. } => CommandError::usage(error.to_string())
            .hint("`deep-review reviewers` lists those that are configured"),
        engine::Error::BadChoice { .. }
        | engine::Error::NamedTwice { .. }
        | engine::Error::NotRepeatable { .. } => CommandError::usage(error.to_string()),
        engine::Error::SettingsChanged { .. } => CommandError::usage(error.to_string())
            .hint("put them back as they were, and run it again")
            .hint("`--as-it-is` asks nobody and reports what has arrived; `deep-review` starts a new run"),
        engine::Error::NoPlan { .. } => {
            CommandError::usage(error.to_string()).hint("`deep-review` starts a new run")
        }
        engine::Error::NobodyToAsk => {
            CommandError::usage(error.to_string()).hint("`deep-review reviewers` tells how to add one")
        }
        engine::Error::Prompt { .. } => CommandError::usage(error.to_string())
            .hint("your own prompts are in the folder `prompts` beside your configuration")
            .hint("`deep-review reviewers prompt` prints the shipped one"),
        engine::Error::Write { .. } => CommandError::environment(error.to_string()),
    }
}

/// An error with what caused it, as one sentence.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
