//! `config`: what is set, and where it comes from.
//!
//! In: a key, perhaps. Out: values with origins. Never writes a file.

use std::fmt::Write as _;

use ::config::Config;

use crate::args::{ConfigAction, ConfigArgs};
use crate::exit::{CommandError, Exit};
use crate::session::{Session, config_error};

/// Shows.
pub(crate) fn run(session: &Session, args: &ConfigArgs) -> Result<Exit, CommandError> {
    // Outside a repository the user's own layers still count.
    let repository = session.repository().ok();
    let config = session.config(repository.as_ref(), Vec::new())?;
    session.tell_messages(&config);
    match &args.action {
        ConfigAction::Show if session.ui.json => {
            session.ui.result(&serde_json::to_string_pretty(&config.settings).expect("plain data"));
        }
        ConfigAction::Show => session.ui.result(&config.to_toml()),
        ConfigAction::Get { key } => {
            session.ui.result(&config.explain(key).map_err(|error| config_error(&error))?.value);
        }
        ConfigAction::Explain { key } => session.ui.result(&explain(&config, key)?),
        ConfigAction::Path => session.ui.result(&paths(session, repository.as_ref())),
    }
    Ok(Exit::Passed)
}

fn explain(config: &Config, key: &str) -> Result<String, CommandError> {
    let explained = config.explain(key).map_err(|error| config_error(&error))?;
    let mut text = format!("{} = {}\n  from {}\n", explained.key, explained.value, explained.origin);
    for (value, origin) in &explained.hidden {
        writeln!(text, "  instead of {value} from {origin}").unwrap_or_default();
    }
    if !explained.description.is_empty() {
        writeln!(text, "  {}", explained.description).unwrap_or_default();
    }
    Ok(::report::safe_text(&text))
}

fn paths(session: &Session, repository: Option<&git::Repository>) -> String {
    let row = |name: &str, path: Option<std::path::PathBuf>| match path {
        Some(path) => {
            let there = if path.exists() { "" } else { "  (not there)" };
            format!("{name:<11} {}{there}\n", path.display())
        }
        None => format!("{name:<11} -\n"),
    };
    let local = repository.map(|repository| repository.common_dir().join("deep-review").join("config.toml"));
    let mut text = row("user", session.environment.user_config_file());
    writeln!(text, "{:<11} {} of the base commit", "repository", ::config::REPOSITORY_FILE)
        .unwrap_or_default();
    text.push_str(&row("local", local));
    text
}
