//! Agents on this machine, as commands need them.
//!
//! In: a session and its settings. Out: what the preflight found, and the settings with the agents that take part. Starts
//! programs only to ask their version, never a model.

use std::sync::Arc;
use std::time::Duration;

use ::config::Settings;
use git::Repository;
use model::Target;
use reviewers::agent::{Adapter, Agents, Catalogue, Preflight, join, preflight, prompts, wanted};
use reviewers::linters::Linters;
use reviewers::{by_key, endpoint, key_names};

use crate::exit::CommandError;
use crate::linters;
use crate::session::Session;

/// How long a program may take to tell its version before a run.
pub(crate) const BEFORE_A_RUN: Duration = Duration::from_secs(5);

/// How long it may take where somebody asks about it.
pub(crate) const AT_LEISURE: Duration = Duration::from_secs(10);

/// Every adapter, the user's own included; what cannot be used is said.
pub(crate) fn catalogue(session: &Session, settings: &Settings) -> Catalogue {
    let files = Catalogue::load(session.user_folder().map(|folder| folder.join("agents")).as_deref());
    let inline = settings.agents.iter().map(|(name, agent)| (name, agent.0.to_string()));
    let catalogue = files.with_inline(inline);
    for problem in &catalogue.problems {
        session.ui.warn(&report::safe_text(problem));
    }
    catalogue
}

/// Looks at the agents that a run would ask, and adds those that take part to the settings. Returns them with a sentence
/// for each that is there and does not.
pub(crate) fn take_part(
    session: &Session,
    settings: &mut Settings,
    named: &[String],
    repository: &Repository,
    target: &Target,
) -> Result<(Agents, Vec<String>), CommandError> {
    let catalogue = catalogue(session, settings);
    let adapters = wanted(settings, named, &catalogue);
    let mut agents = examine(session, &adapters, Some(repository), BEFORE_A_RUN)?;
    let mut notes = join_all(settings, named, &agents);
    let (linters, left) = linters::take_part(session, settings, named, repository, target);
    agents.linters = linters;
    notes.extend(left);
    for note in &notes {
        session.ui.talk(&report::safe_text(note));
    }
    Ok((agents, notes))
}

/// Adds to the settings who takes part without being configured: agents that were found, and, where there is nobody at all, models
/// whose vendor's key is in the environment. Returns a sentence for each that a user may wonder about.
pub(crate) fn join_all(settings: &mut Settings, named: &[String], agents: &Agents) -> Vec<String> {
    let mut notes = join(settings, named, &agents.examined);
    let is_named = |name: &str| named.iter().any(|word| word.split(':').next() == Some(name));
    let is_alone = named.is_empty()
        && settings.review.detect
        && !settings.reviewers.values().any(|reviewer| reviewer.enabled);
    for (name, reviewer) in by_key(&settings.defaults, &agents.environment) {
        if settings.reviewers.contains_key(&name) || !(is_alone || is_named(&name)) {
            continue;
        }
        if let Ok(endpoint) = endpoint(&reviewer, &agents.environment)
            && is_alone
        {
            notes.push(format!(
                "no agent is installed and signed in, so {} is asked; `review.detect = false` switches that off",
                endpoint.sentence()
            ));
        }
        settings.reviewers.insert(name, reviewer);
    }
    if let Some(name) = key_names().find(|name| is_named(name) && !settings.reviewers.contains_key(*name)) {
        notes.push(format!(
            "{name} needs its vendor's key in the environment, or a table `[reviewers.{name}]`"
        ));
    }
    notes
}

/// Looks at these adapters' programs.
pub(crate) fn examine(
    session: &Session,
    adapters: &[Arc<Adapter>],
    repository: Option<&Repository>,
    limit: Duration,
) -> Result<Agents, CommandError> {
    let scratch = session.scratch();
    std::fs::create_dir_all(&scratch)
        .map_err(|error| CommandError::environment(format!("no folder for scratch files: {error}")))?;
    let keeper = Session::keeper()?;
    let with = Preflight {
        environment: &session.environment,
        keeper: &keeper,
        scratch: &scratch,
        limit,
        never_in: repository.and_then(Repository::worktree),
    };
    let found = preflight(adapters, &with);
    let names = adapters.iter().map(|adapter| adapter.name.clone());
    let (prompts, problems) = prompts(session.user_folder().map(|folder| folder.join("prompts")).as_deref());
    for problem in &problems {
        session.ui.warn(&report::safe_text(problem));
    }
    Ok(Agents {
        environment: session.environment.clone(),
        examined: names.zip(found).collect(),
        prompts,
        linters: Linters::default(),
    })
}
