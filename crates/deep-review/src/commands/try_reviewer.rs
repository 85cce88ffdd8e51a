//! `reviewers test`: one small question to an agent, or to a model over HTTP; a linter is started.
//!
//! In: names. Out: a row each: did it answer, did the text arrive unaltered, could it read a file; does a linter start. Exit
//! code 4 where one cannot be used. Costs a call or two of each model.

use std::fmt::Write as _;
use std::sync::Arc;

use ::config::ReviewerSettings;
use ::reviewers::agent::{Agent, Agents, Trial, TrialPlace, try_agent};
use ::reviewers::linters::{is_linter, linter};
use ::reviewers::{Confinement, endpoint, try_model};
use model::Clock as _;
use serde_json::{Value, json};
use supervise::Cancel;

use super::reviewers::panel;
use crate::args::ProgressHow;
use crate::exit::{CommandError, Exit};
use crate::interrupt;
use crate::linters;
use crate::progress::Progress;
use crate::sandboxes;
use crate::session::Session;

/// Tries every named reviewer, or every agent a run would ask.
pub(crate) fn run(session: &Session, names: &[String]) -> Result<Exit, CommandError> {
    let (settings, agents, _) = panel(session, names)?;
    let cancel = Cancel::new();
    let progress = Arc::new(Progress::new(session.ui, ProgressHow::None));
    interrupt::listen(&progress, cancel.clone())?;
    let confinement = sandboxes::for_trials(session, &settings)?;
    let mut tried = Vec::new();
    for name in names.iter().filter(|name| is_linter(name, &settings)) {
        let Some(linter) = linter(name) else { continue };
        tried
            .push((name.clone(), Tried::Linter(linters::try_one(session, &settings, linter, &confinement)?)));
    }
    for (name, reviewer) in settings.reviewers.iter().filter(|(name, _)| !is_linter(name, &settings)) {
        let is_wanted = if names.is_empty() { reviewer.enabled } else { names.contains(name) };
        if is_wanted {
            tried.push((name.clone(), one(session, name, reviewer, (&agents, &confinement), &cancel)?));
        }
    }
    if let Some(unknown) = names.iter().find(|name| !tried.iter().any(|(tried, _)| tried == *name)) {
        return Err(CommandError::usage(format!("there is no reviewer \"{unknown}\""))
            .hint("`deep-review reviewers` lists them"));
    }
    if tried.is_empty() {
        return Err(CommandError::usage("there is nobody to try: no agent is installed and signed in")
            .hint("`deep-review reviewers` tells how to add one"));
    }
    print(session, &tried);
    let works = tried.iter().all(|(_, tried)| match tried {
        Tried::Asked(_, trial) | Tried::Model(_, trial) => works(trial),
        Tried::Linter(linter) => linter.works,
        Tried::NotAsked(_) => false,
    });
    Ok(if works { Exit::Passed } else { Exit::Environment })
}

/// What became of one.
enum Tried {
    Asked(Box<Agent>, Box<Trial>),
    /// A model over HTTP: who it is, in a few words.
    Model(String, Box<Trial>),
    /// One of the project's linters.
    Linter(linters::Tried),
    NotAsked(String),
}

fn works(trial: &Trial) -> bool {
    trial.failure.is_none() && trial.echoed
}

fn one(
    session: &Session,
    name: &str,
    settings: &ReviewerSettings,
    (agents, confinement): (&Agents, &Confinement),
    cancel: &Cancel,
) -> Result<Tried, CommandError> {
    let agent = match agents.behind(name, settings) {
        Some(Ok(agent)) => agent,
        Some(Err(why)) => {
            return Ok(Tried::NotAsked(format!("{} → {}", why.sentence(), why.hint(name))));
        }
        None if settings.api.is_some() => return Ok(one_model(session, name, settings, cancel)),
        None => {
            let what = if settings.acp.is_empty() { "a command" } else { "an agent over ACP" };
            let why =
                format!("it is {what}: only a review shows whether it works (`deep-review --reviewer NAME`)");
            return Ok(Tried::NotAsked(why));
        }
    };
    session.ui.talk(&format!("asking {}", report::safe_text(name)));
    let failed = |error: String| CommandError::environment(error);
    let folder = tempfile::Builder::new()
        .prefix("test-")
        .tempdir_in(session.scratch())
        .map_err(|error| failed(format!("no folder to try it in: {error}")))?;
    let nonce = nonce(session);
    let place = TrialPlace {
        folder: folder.path(),
        keeper: &Session::keeper()?,
        environment: &session.environment,
        nonce: &nonce,
        confinement,
    };
    let trial = try_agent(agent, settings, &place, cancel).map_err(failed)?;
    Ok(Tried::Asked(Box::new(agent.clone()), Box::new(trial)))
}

fn nonce(session: &Session) -> String {
    format!("{:x}{:x}", session.clock.now().as_nanosecond(), std::process::id())
}

fn one_model(session: &Session, name: &str, settings: &ReviewerSettings, cancel: &Cancel) -> Tried {
    session.ui.talk(&format!("asking {}", report::safe_text(name)));
    let trial = try_model(settings, &session.environment, &nonce(session), cancel);
    let who = endpoint(settings, &session.environment).map_or_else(|why| why, |found| found.sentence());
    Tried::Model(who, Box::new(trial))
}

fn print(session: &Session, tried: &[(String, Tried)]) {
    if session.ui.json {
        let rows: Vec<Value> = tried.iter().map(|(name, tried)| row(name, tried)).collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return;
    }
    let mut text = String::new();
    for (name, tried) in tried {
        let line = match tried {
            Tried::NotAsked(why) => format!("not asked: {why}"),
            Tried::Linter(linter) => linter.sentence.clone(),
            Tried::Asked(agent, trial) => {
                let said = match (trial.echoed, trial.read_file) {
                    (true, true) => "works: the text arrived unaltered and it can read files",
                    (true, false) => {
                        "answers, but did not tell what is in the file it was given: perhaps it cannot read it"
                    }
                    (false, _) => ALTERED,
                };
                sentence(said, &agent.sentence(), trial)
            }
            Tried::Model(who, trial) => {
                let said = if trial.echoed { "works: the text arrived unaltered" } else { ALTERED };
                sentence(said, who, trial)
            }
        };
        writeln!(text, "{name:<14} {line}").unwrap_or_default();
    }
    session.ui.result(&report::safe_text(&text));
}

const ALTERED: &str = "answers, but not with the line it was given: perhaps something alters the text";

fn sentence(said: &str, who: &str, trial: &Trial) -> String {
    if let Some(failure) = &trial.failure {
        return format!(
            "failed after {:.1} s: {}: {}",
            seconds(trial),
            failure.class.as_str(),
            failure.message
        );
    }
    let model = trial.model.as_deref().map(|model| format!(", {model}")).unwrap_or_default();
    let behind = trial.confined_by.map(|by| format!(", in a sandbox of {by}")).unwrap_or_default();
    let tokens = trial.tokens.map_or("tokens unknown".to_owned(), |tokens| {
        format!("{} tokens in, {} out", tokens.input, tokens.output)
    });
    format!("{said} ({:.1} s{model}, {tokens}{behind}; {who})", seconds(trial))
}

fn seconds(trial: &Trial) -> f64 {
    trial.ms as f64 / 1000.0
}

fn row(name: &str, tried: &Tried) -> Value {
    match tried {
        Tried::NotAsked(why) => json!({ "name": name, "asked": false, "works": false, "why": why }),
        Tried::Linter(linter) => json!({
            "name": name, "asked": false, "works": linter.works, "version": linter.version, "why": linter.sentence,
        }),
        Tried::Model(_, trial) => json!({
            "name": name, "asked": true, "works": works(trial), "canary_echoed": trial.echoed, "failure": trial.failure,
            "ending": trial.ending, "ms": trial.ms, "tokens": trial.tokens, "usd": trial.usd, "model": trial.model,
            "answer": trial.answer,
        }),
        Tried::Asked(agent, trial) => json!({
            "name": name, "asked": true, "works": works(trial), "canary_echoed": trial.echoed, "read_file": trial.read_file,
            "failure": trial.failure, "ending": trial.ending, "ms": trial.ms, "tokens": trial.tokens, "usd": trial.usd,
            "model": trial.model, "version": agent.version, "answer": trial.answer, "confined_by": trial.confined_by,
        }),
    }
}
