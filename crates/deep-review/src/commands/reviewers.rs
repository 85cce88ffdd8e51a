//! `reviewers`: who a run would ask.
//!
//! In: the configuration. Out: a row a reviewer, and how to add one. Starts nobody.

use std::fmt::Write as _;

use ::config::ReviewerSettings;
use serde_json::json;

use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Lists.
pub(crate) fn run(session: &Session) -> Result<Exit, CommandError> {
    let repository = session.repository().ok();
    let config = session.config(repository.as_ref(), Vec::new())?;
    session.tell_messages(&config);
    let rows: Vec<Row> = std::iter::once(builtin(&config.settings))
        .chain(config.settings.reviewers.iter().map(|(name, reviewer)| command(name, reviewer)))
        .collect();
    if session.ui.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| json!({ "name": row.name, "kind": row.kind, "state": row.state, "quorum": row.quorum, "command": row.command }))
            .collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return Ok(Exit::Passed);
    }
    let mut text = String::new();
    for row in &rows {
        let quorum = if row.quorum { "" } else { "  (not counted)" };
        writeln!(text, "{:<14} {:<8} {:<22} {}{quorum}", row.name, row.kind, row.state, row.command)
            .unwrap_or_default();
    }
    if rows.len() == 1 {
        text.push_str(ADD);
    }
    session.ui.result(&report::safe_text(&text));
    Ok(Exit::Passed)
}

const ADD: &str = "
To add a reviewer, name a command in your configuration (`deep-review config path`):

  [reviewers.mine]
  command = [\"my-reviewer\", \"--prompt\", \"{prompt_file}\", \"--diff\", \"{diff_file}\"]
";

struct Row {
    name: String,
    kind: &'static str,
    state: String,
    quorum: bool,
    command: String,
}

fn builtin(settings: &::config::Settings) -> Row {
    let state = if settings.builtin.enabled { "ready" } else { "switched off" };
    Row {
        name: engine::BUILTIN.to_owned(),
        kind: "builtin",
        state: state.to_owned(),
        quorum: false,
        command: "no model, no key, no network".to_owned(),
    }
}

fn command(name: &str, reviewer: &ReviewerSettings) -> Row {
    Row {
        name: name.to_owned(),
        kind: "agent",
        state: state(reviewer),
        quorum: reviewer.quorum,
        command: reviewer.command.join(" "),
    }
}

/// Whether a command could be started.
pub(crate) fn state(reviewer: &ReviewerSettings) -> String {
    let program = reviewer.command.first();
    match program {
        _ if !reviewer.enabled => "switched off".to_owned(),
        None => "no command configured".to_owned(),
        Some(program) if which::which(program).is_ok() => "ready".to_owned(),
        Some(_) => "program not found".to_owned(),
    }
}
