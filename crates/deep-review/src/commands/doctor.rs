//! `doctor`: what this machine can do, with what mends what is missing.
//!
//! In: the machine, the repository, the configuration. Out: a row a question. Starts agents only to ask their version.

mod isolation;
mod record;

use ::config::Settings;
use ::reviewers::agent::{Agent, Unready, adapter_name, wanted};
use serde::Serialize;

use crate::agents;
use crate::commands::reviewers;
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::ui::Ui;

/// One answered question.
#[derive(Debug, Serialize)]
struct Answer {
    what: String,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Good,
    Missing,
    Broken,
}

impl Answer {
    fn good(what: &str, detail: impl Into<String>) -> Self {
        Self { what: what.to_owned(), state: State::Good, detail: detail.into(), mend: None }
    }

    fn other(what: &str, state: State, detail: impl Into<String>, mend: &str) -> Self {
        Self { what: what.to_owned(), state, detail: detail.into(), mend: Some(mend.to_owned()) }
    }
}

/// Examines. Exit code 4 where something is broken; what is merely missing is no failure.
pub(crate) fn run(session: &Session) -> Result<Exit, CommandError> {
    let answers = examine(session);
    if session.ui.json {
        session.ui.result(&serde_json::to_string_pretty(&answers).expect("plain data"));
    } else {
        print(session.ui, &answers);
    }
    let broken = answers.iter().any(|answer| answer.state == State::Broken);
    Ok(if broken { Exit::Environment } else { Exit::Passed })
}

fn examine(session: &Session) -> Vec<Answer> {
    let mut answers = vec![Answer::good("deep-review", env!("CARGO_PKG_VERSION"))];
    answers.push(match git::version() {
        Ok(version) => Answer::good("git", version),
        Err(error) => Answer::other("git", State::Broken, error.to_string(), "install git 2.36 or newer"),
    });
    let repository = session.repository();
    answers.push(match &repository {
        Ok(_) => Answer::good("repository", "found"),
        Err(error) => {
            Answer::other("repository", State::Missing, error.to_string(), "run inside one, or `-C DIR`")
        }
    });
    if let Ok(repository) = &repository {
        answers.extend(record::examine(repository));
    }
    match session.config(repository.as_ref().ok(), Vec::new()) {
        Ok(config) => {
            answers.push(Answer::good("configuration", "valid"));
            answers.extend(reviewers_of(session, config.settings));
        }
        Err(error) => {
            answers.push(Answer::other(
                "configuration",
                State::Broken,
                error.to_string(),
                "correct the file it names",
            ));
        }
    }
    answers.extend(isolation::examine(session));
    answers
}

/// A row for each configured reviewer, and for each agent that is there.
fn reviewers_of(session: &Session, mut settings: Settings) -> Vec<Answer> {
    let catalogue = agents::catalogue(session, &settings);
    let adapters = wanted(&settings, &[], &catalogue);
    let repository = session.repository().ok();
    let agents = match agents::examine(session, &adapters, repository.as_ref(), agents::AT_LEISURE) {
        Ok(agents) => agents,
        Err(error) => {
            return vec![Answer::other(
                "agents",
                State::Broken,
                error.message,
                "make your cache folder writable",
            )];
        }
    };
    let mut answers = Vec::new();
    let configured: Vec<String> = settings.reviewers.keys().cloned().collect();
    agents::join_all(&mut settings, &[], &agents);
    for (name, reviewer) in &settings.reviewers {
        let what = format!("reviewer {name}");
        let state = reviewers::state(name, reviewer, &agents);
        let is_configured = configured.contains(name);
        answers.push(match (agents.behind(name, reviewer), state.as_str()) {
            (_, "switched off") | (None, "ready") => Answer::good(&what, state),
            (Some(Ok(agent)), _) => ready(&what, agent, is_configured),
            (Some(Err(why)), _) => {
                let hint = why.hint(adapter_name(name, reviewer).unwrap_or(name));
                Answer::other(&what, State::Broken, why.sentence(), &hint)
            }
            _ => Answer::other(&what, State::Broken, state, &format!("correct `reviewers.{name}.command`")),
        });
    }
    for (name, found) in &agents.examined {
        let taken =
            settings.reviewers.iter().any(|(own, reviewer)| adapter_name(own, reviewer) == Some(name));
        if let Err(why) = found
            && !taken
            && *why != Unready::Absent
        {
            let what = format!("agent {name}");
            answers.push(Answer::other(&what, State::Missing, why.sentence(), &why.hint(name)));
        }
    }
    if settings.reviewers.is_empty() {
        let how = "install an agent (claude, codex, gemini…) and sign in, or `deep-review reviewers add`";
        let what = "none: only the built-in reviewers run, and they do not judge design or intent";
        answers.push(Answer::other("reviewers", State::Missing, what, how));
    }
    answers
}

fn ready(what: &str, agent: &Agent, is_configured: bool) -> Answer {
    let by = agent.signed_in_by().map(|by| format!("; signed in by {by}")).unwrap_or_default();
    let found = if is_configured { "" } else { "; found, not configured" };
    let warnings = agent.warnings.iter().fold(String::new(), |all, warning| all + "; " + warning);
    Answer::good(what, format!("{}{by}{found}{warnings}", agent.sentence()))
}

fn print(ui: Ui, answers: &[Answer]) {
    for answer in answers {
        let mark = match answer.state {
            State::Good => "ok",
            State::Missing => "--",
            State::Broken => "!!",
        };
        ui.result(&report::safe_text(&format!("{mark}  {:<20} {}", answer.what, answer.detail)));
        if let Some(mend) = &answer.mend {
            ui.result(&report::safe_text(&format!("    {:<20} → {mend}", "")));
        }
    }
}
