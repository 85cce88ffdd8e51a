//! `reviewers`: who a run would ask, and trying, adding and explaining them.
//!
//! In: the configuration and the agents of this machine. Out: a row a reviewer with what mends what is missing, and how to
//! add one. Only `test` asks a model anything; a list asks servers which models they have.

use std::fmt::Write as _;

use ::config::{ReviewerSettings, Settings};
use ::reviewers::Known;
use ::reviewers::agent::{Agent, Agents, Catalogue, Unready, adapter_name, wanted};
use ::reviewers::linters::is_linter;
use serde_json::{Value, json};

use crate::agents::{AT_LEISURE, BEFORE_A_RUN, catalogue, examine, join_all};
use crate::args::{ReviewersArgs, ReviewersCommand};
use crate::exit::{CommandError, Exit};
use crate::linters;
use crate::models;
use crate::session::Session;

use super::{add_reviewer, rule_list, stats, try_reviewer};

/// Lists, tries, adds or prints.
pub(crate) fn run(session: &Session, args: &ReviewersArgs) -> Result<Exit, CommandError> {
    match &args.what {
        None | Some(ReviewersCommand::List) => list(session),
        Some(ReviewersCommand::Rules) => rule_list::run(session),
        Some(ReviewersCommand::Test { names }) => try_reviewer::run(session, names),
        Some(ReviewersCommand::Add { name, agent, model, effort, command }) => {
            let wish = add_reviewer::Wish {
                name,
                agent: agent.as_deref(),
                model: model.as_deref(),
                effort: effort.as_deref(),
                command,
            };
            add_reviewer::run(session, &wish)
        }
        Some(ReviewersCommand::Stats { format }) => stats::run(session, *format),
        Some(ReviewersCommand::Prompt { name }) => prompt(session, name),
        Some(ReviewersCommand::Adapter { name }) => adapter(session, name),
    }
}

/// The settings and the agents a run would have.
pub(crate) fn panel(
    session: &Session,
    named: &[String],
) -> Result<(Settings, Agents, Catalogue), CommandError> {
    let repository = session.repository().ok();
    let mut config = session.config(repository.as_ref(), Vec::new())?;
    session.tell_messages(&config);
    let catalogue = catalogue(session, &config.settings);
    let adapters = wanted(&config.settings, named, &catalogue);
    let agents = examine(session, &adapters, repository.as_ref(), AT_LEISURE)?;
    join_all(&mut config.settings, named, &agents);
    Ok((config.settings, agents, catalogue))
}

fn list(session: &Session) -> Result<Exit, CommandError> {
    let (settings, agents, catalogue) = panel(session, &[])?;
    let mut rows = vec![builtin(&settings)];
    rows.extend(rows_of(session, &settings, &agents, |name| !is_linter(name, &settings)));
    rows.extend(not_asked(&settings, &agents));
    rows.extend(tools(session, &settings));
    if session.ui.json {
        let rows: Vec<Value> = rows.iter().map(Row::to_json).collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return Ok(Exit::Passed);
    }
    let mut text = String::new();
    for row in &rows {
        let quorum =
            if row.quorum || matches!(row.kind, "builtin" | "tool") { "" } else { "  (not counted)" };
        writeln!(text, "{:<14} {:<8} {:<22} {}{quorum}", row.name, row.kind, row.state, row.command)
            .unwrap_or_default();
        row.write_below(&mut text);
    }
    let known: Vec<&str> =
        catalogue.names().filter(|name| !rows.iter().any(|row| row.name == *name)).collect();
    if !known.is_empty() {
        writeln!(text, "\nknown besides  {}", known.join(", ")).unwrap_or_default();
    }
    if settings.reviewers.is_empty() {
        text.push_str(ADD);
    }
    session.ui.result(&report::safe_text(&text));
    Ok(Exit::Passed)
}

const ADD: &str = "
An agent that is installed and signed in is asked without being configured. To add one, or any command:

  deep-review reviewers add claude --model opus
  deep-review reviewers add mine -- my-reviewer --prompt {prompt_file} --diff {diff_file}
";

struct Row {
    name: String,
    kind: &'static str,
    state: String,
    quorum: bool,
    command: String,
    agent: Option<Agent>,
    warnings: Vec<String>,
    hint: Option<String>,
}

impl Row {
    /// Takes in what its server says of its model.
    fn learn(&mut self, known: &Known, reviewer: &ReviewerSettings) {
        match known {
            Known::Missing(_) => "no such model".clone_into(&mut self.state),
            Known::Refused(_) => "key refused".clone_into(&mut self.state),
            Known::Listed => {}
            Known::Unknown(why) => {
                self.warnings.push(format!("whether its model exists could not be learned: {why}"));
            }
        }
        self.warnings.extend(models::sentence(known, reviewer));
    }

    /// What stands below its line: what a user should know, and what mends it.
    fn write_below(&self, text: &mut String) {
        for warning in &self.warnings {
            writeln!(text, "{:<14} {warning}", "").unwrap_or_default();
        }
        if let Some(hint) = &self.hint {
            writeln!(text, "{:<14} → {hint}", "").unwrap_or_default();
        }
    }

    fn to_json(&self) -> Value {
        let agent = self.agent.as_ref().map(|agent| {
            json!({
                "adapter": agent.adapter.name, "version": agent.version, "verified": agent.adapter.verified,
                "signed_in_by": agent.signed_in_by(), "read_only": agent.adapter.read_only(),
            })
        });
        json!({
            "name": self.name, "kind": self.kind, "state": self.state, "quorum": self.quorum, "command": self.command,
            "agent": agent, "warnings": self.warnings, "hint": self.hint,
        })
    }
}

fn builtin(settings: &Settings) -> Row {
    let state = if settings.builtin.enabled { "ready" } else { "switched off" };
    Row {
        name: engine::BUILTIN.to_owned(),
        kind: "builtin",
        state: state.to_owned(),
        quorum: false,
        command: "no model, no key, no network".to_owned(),
        agent: None,
        warnings: Vec::new(),
        hint: None,
    }
}

/// Rows of the reviewers that are wanted, with what is known of their models.
fn rows_of(
    session: &Session,
    settings: &Settings,
    agents: &Agents,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<Row> {
    let wanted: Vec<(&String, &ReviewerSettings)> =
        settings.reviewers.iter().filter(|(name, _)| is_wanted(name)).collect();
    let asked = wanted.iter().map(|(name, reviewer)| (name.as_str(), *reviewer));
    let known = models::check(session, asked, agents, BEFORE_A_RUN);
    let row = |(name, reviewer): (&String, &ReviewerSettings)| {
        let mut row = row(name, reviewer, agents);
        if let Some(known) = known.get(name) {
            row.learn(known, reviewer);
        }
        row
    };
    wanted.into_iter().map(row).collect()
}

/// The preflight of one reviewer, for people.
pub(crate) fn preflight(session: &Session, name: &str) -> Result<String, CommandError> {
    let (settings, agents, _) = panel(session, &[name.to_owned()])?;
    let mut text = String::new();
    for row in rows_of(session, &settings, &agents, |other| other == name) {
        writeln!(text, "{:<14} {:<22} {}", row.name, row.state, row.command).unwrap_or_default();
        row.write_below(&mut text);
    }
    Ok(text)
}

fn row(name: &str, reviewer: &ReviewerSettings, agents: &Agents) -> Row {
    let mut row = Row {
        name: name.to_owned(),
        kind: "agent",
        state: state(name, reviewer, agents),
        quorum: reviewer.quorum,
        command: reviewer.command.join(" "),
        agent: None,
        warnings: Vec::new(),
        hint: None,
    };
    match agents.behind(name, reviewer) {
        Some(Ok(agent)) => {
            row.command = agent.sentence();
            row.warnings.clone_from(&agent.warnings);
            row.agent = Some(agent.clone());
        }
        Some(Err(why)) => {
            row.command = why.sentence();
            row.hint = Some(why.hint(adapter_name(name, reviewer).unwrap_or(name)));
        }
        None if reviewer.api.is_some() => model_row(reviewer, &agents.environment, &mut row),
        None if !reviewer.acp.is_empty() => row.command = format!("{} (over ACP)", reviewer.acp.join(" ")),
        None => {}
    }
    row
}

/// A model over HTTP: the model and the server, never the whole address or the key.
fn model_row(reviewer: &ReviewerSettings, environment: &::config::Environment, row: &mut Row) {
    row.kind = "model";
    match ::reviewers::endpoint(reviewer, environment) {
        Ok(endpoint) => {
            row.command = endpoint.sentence();
            row.warnings = endpoint.warnings().to_vec();
        }
        Err(why) => row.command = why,
    }
}

/// Linters that are installed, or that the project configures where the change of now begins.
fn tools(session: &Session, settings: &Settings) -> Vec<Row> {
    let told = linters::told(session, settings);
    told.into_iter()
        .map(|told| Row {
            name: told.name,
            kind: "tool",
            state: told.state.to_owned(),
            quorum: false,
            command: told.about,
            agent: None,
            warnings: Vec::new(),
            hint: None,
        })
        .collect()
}

/// Agents that are there and do not take part.
fn not_asked(settings: &Settings, agents: &Agents) -> Vec<Row> {
    let taken = |adapter: &str| {
        settings.reviewers.iter().any(|(name, reviewer)| adapter_name(name, reviewer) == Some(adapter))
    };
    let there = agents.examined.iter().filter(|(name, _)| !taken(name));
    there
        .filter_map(|(name, found)| match found {
            Ok(_) | Err(Unready::Absent) => None,
            Err(why) => Some(Row {
                name: name.clone(),
                kind: "agent",
                state: "not asked".to_owned(),
                quorum: false,
                command: why.sentence(),
                agent: None,
                warnings: Vec::new(),
                hint: Some(why.hint(name)),
            }),
        })
        .collect()
}

/// Whether a reviewer could be asked.
pub(crate) fn state(name: &str, reviewer: &ReviewerSettings, agents: &Agents) -> String {
    let program = reviewer.command.first().or(reviewer.acp.first());
    match (program, agents.behind(name, reviewer)) {
        _ if !reviewer.enabled => "switched off".to_owned(),
        (_, Some(Ok(_))) => "ready".to_owned(),
        (_, Some(Err(Unready::Absent))) => "not installed".to_owned(),
        (_, Some(Err(Unready::NotSignedIn(_)))) => "not signed in".to_owned(),
        (_, Some(Err(_))) => "cannot be used".to_owned(),
        (None, None) if reviewer.api.is_some() => {
            match ::reviewers::endpoint(reviewer, &agents.environment) {
                Ok(_) => "ready".to_owned(),
                Err(_) => "cannot be used".to_owned(),
            }
        }
        (None, None) => "no command configured".to_owned(),
        (Some(program), None) if which::which(program).is_ok() => "ready".to_owned(),
        (Some(_), None) => "program not found".to_owned(),
    }
}

fn prompt(session: &Session, name: &str) -> Result<Exit, CommandError> {
    let folder = session.user_folder().map(|folder| folder.join("prompts"));
    let (own, problems) = ::reviewers::agent::prompts(folder.as_deref());
    for problem in &problems {
        session.ui.warn(&report::safe_text(problem));
    }
    let shipped = match name {
        "challenge" => ::reviewers::CHALLENGE_TEMPLATE,
        "summary" => ::reviewers::SUMMARY_TEMPLATE,
        _ => ::reviewers::TEMPLATE,
    };
    let review = || own.get("review").filter(|_| shipped == ::reviewers::TEMPLATE);
    let text = own.get(name).or_else(review).map_or(shipped, String::as_str);
    session.ui.result(text);
    Ok(Exit::Passed)
}

fn adapter(session: &Session, name: &str) -> Result<Exit, CommandError> {
    let Some(text) = Catalogue::shipped_text(name) else {
        let shipped = Catalogue::shipped();
        let nearest = ::config::nearest(name, shipped.names()).map(str::to_owned);
        let error = CommandError::usage(format!("no agent \"{name}\" is known"));
        return Err(match nearest {
            Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
            None => error.hint(format!("there are {}", shipped.names().collect::<Vec<_>>().join(", "))),
        });
    };
    session.ui.result(text);
    Ok(Exit::Passed)
}
