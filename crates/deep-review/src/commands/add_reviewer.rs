//! `reviewers add`: a reviewer in the user's own configuration.
//!
//! In: a name and what is behind it. Out: a table at the end of the user's file. Never changes what stands there already,
//! and writes nothing that could not be loaded.

use std::fmt::Write as _;

use ::reviewers::agent::Catalogue;

use crate::agents::catalogue;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, config_error};

use super::reviewers::preflight;

/// What to add.
pub(crate) struct Wish<'a> {
    pub(crate) name: &'a str,
    pub(crate) agent: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    pub(crate) effort: Option<&'a str>,
    pub(crate) command: &'a [String],
}

/// Adds.
pub(crate) fn run(session: &Session, wish: &Wish<'_>) -> Result<Exit, CommandError> {
    let path = session
        .environment
        .user_config_file()
        .ok_or_else(|| CommandError::environment("the environment names no place for your configuration"))?;
    let repository = session.repository().ok();
    let settings = session.config(repository.as_ref(), Vec::new())?.settings;
    check_agent(wish, &catalogue(session, &settings))?;
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(CommandError::environment(format!("{}: {error}", path.display()))),
    };
    let table: toml::Table = before.parse().unwrap_or_default();
    let is_there = table.get("reviewers").and_then(|all| all.get(wish.name)).is_some();
    if is_there {
        return Err(CommandError::usage(format!("the reviewer \"{}\" is configured already", wish.name))
            .hint(format!("change it in {}", path.display())));
    }
    let gap = if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n" };
    let after = format!("{before}{gap}{}", lines(wish));
    // What is written must be loadable, or every later call would fail.
    let file = ::config::TextFile { name: path.display().to_string(), text: after.clone() };
    let sources = ::config::Sources { user: Some(file), ..::config::Sources::default() };
    ::config::Config::load(&sources).map_err(|error| config_error(&error))?;
    write(&path, &after)?;
    session.ui.result(&report::safe_text(&format!("added to {}:\n\n{}", path.display(), lines(wish))));
    // The settings may be wrong for other reasons, and what was added is added all the same.
    if let Ok(found) = preflight(session, wish.name) {
        session.ui.talk(&report::safe_text(&found));
    }
    Ok(Exit::Passed)
}

fn check_agent(wish: &Wish<'_>, known: &Catalogue) -> Result<(), CommandError> {
    if !wish.command.is_empty() {
        return match wish.agent {
            Some(_) => Err(CommandError::usage("a reviewer is an agent or a command, not both")),
            None => Ok(()),
        };
    }
    let name = wish.agent.unwrap_or(wish.name);
    if known.get(name).is_some() {
        return Ok(());
    }
    let error = CommandError::usage(format!("no agent \"{name}\" is known, and no command is given"));
    let error = match ::config::nearest(name, known.names()) {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error.hint(format!("agents: {}", known.names().collect::<Vec<_>>().join(", "))),
    };
    Err(error.hint(format!("for a command: `deep-review reviewers add {name} -- COMMAND {{prompt_file}}`")))
}

fn lines(wish: &Wish<'_>) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut lines = format!("[reviewers.{}]\n", key(wish.name));
    for (name, value) in [("agent", wish.agent), ("model", wish.model), ("effort", wish.effort)] {
        if let Some(value) = value {
            writeln!(lines, "{name} = {}", text(value)).unwrap_or_default();
        }
    }
    if !wish.command.is_empty() {
        let words = toml::Value::from(wish.command.to_vec());
        writeln!(lines, "command = {words}").unwrap_or_default();
        if wish.command.iter().all(|word| !word.contains("{prompt_file}")) {
            lines.push_str("stdin = \"prompt\"\n");
        }
    }
    lines
}

fn key(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_bare && !name.is_empty() { name.to_owned() } else { toml::Value::from(name).to_string() }
}

fn write(path: &std::path::Path, text: &str) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| CommandError::environment(format!("{}: {error}", path.display()));
    let folder =
        path.parent().ok_or_else(|| CommandError::environment("your configuration has no folder"))?;
    std::fs::create_dir_all(folder).map_err(failed)?;
    // Written beside it and renamed: a full disk must not cost the configuration.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
