//! `__reference`: the part of the documentation that is printed from the code.
//!
//! In: a folder. Out: command line, exit codes, configuration and schemas as files in it. `cargo xtask generate` calls it.

use std::fmt::Write as _;
use std::path::Path;

use clap::CommandFactory as _;

use crate::args::{Cli, Document};
use crate::commands::{rule_list, schema};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Writes.
pub(crate) fn run(_session: &Session, folder: &Path) -> Result<Exit, CommandError> {
    let files = [
        ("exit-codes.md", exit_codes()),
        ("cli.md", command_line()),
        ("config.md", configuration()),
        ("rules.md", rule_list::reference()),
        ("review.schema.json", schema::text(Document::Review)),
        ("raw-findings.schema.json", schema::text(Document::RawFindings)),
        ("report.schema.json", schema::text(Document::Report)),
        ("config.schema.json", schema::text(Document::Config)),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text)
            .map_err(|error| CommandError::environment(format!("`{name}` could not be written: {error}")))?;
    }
    Ok(Exit::Passed)
}

fn exit_codes() -> String {
    let mut text = "# Exit codes\n\n| code | meaning |\n|---|---|\n".to_owned();
    for (exit, meaning) in Exit::TABLE {
        writeln!(text, "| {} | {meaning} |", exit.code()).unwrap_or_default();
    }
    text
}

fn command_line() -> String {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut text = "# Command line\n".to_owned();
    section(&mut text, "deep-review", &mut command.clone());
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in names {
        if let Some(inner) = command.find_subcommand_mut(&name) {
            section(&mut text, &format!("deep-review {name}"), &mut inner.clone());
        }
    }
    text
}

fn section(text: &mut String, title: &str, command: &mut clap::Command) {
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    writeln!(text, "\n## {title}\n\n```text\n{}\n```", help.join("\n").trim_end()).unwrap_or_default();
}

fn configuration() -> String {
    format!(
        "# Configuration\n\nEvery setting with its default. `deep-review config explain KEY` tells a value and where it comes \
         from.\n\n```toml\n{}\n```\n",
        ::config::DEFAULT_CONFIG.trim_end()
    )
}
