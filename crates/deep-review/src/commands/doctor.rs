//! `doctor`: what this machine can do, with what mends what is missing.
//!
//! In: the machine, the repository, the configuration. Out: a row a question. Starts no reviewer.

mod isolation;
mod record;

use serde::Serialize;

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
            let settings = &config.settings;
            for (name, reviewer) in &settings.reviewers {
                let state = reviewers::state(reviewer);
                let what = format!("reviewer {name}");
                answers.push(match state.as_str() {
                    "ready" | "switched off" => Answer::good(&what, state),
                    _ => Answer::other(
                        &what,
                        State::Broken,
                        state,
                        &format!("correct `reviewers.{name}.command`"),
                    ),
                });
            }
            if settings.reviewers.is_empty() {
                let how = "name a command under `[reviewers.NAME]`; `deep-review reviewers` shows how";
                let what = "none configured: only the built-in reviewers run, and they do not judge design or intent";
                answers.push(Answer::other("reviewers", State::Missing, what, how));
            }
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
    answers.extend(isolation::examine());
    let none = "none in this version: reviewers get their own checkout and an allow-listed environment, nothing more";
    answers.push(Answer::other(
        "sandbox",
        State::Missing,
        none,
        "review strangers' branches with `--reviewer builtin`",
    ));
    answers
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
