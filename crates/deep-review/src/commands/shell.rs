//! `completions` and `man`: what a shell and a manual reader need.
//!
//! In: nothing but the definition of the command line. Out: text on stdout. Never installs anything.

use clap::CommandFactory as _;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Prints a completion script.
pub(crate) fn completions(session: &Session, args: CompletionsArgs) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "deep-review", &mut script);
    session.ui.result(&String::from_utf8_lossy(&script));
    Ok(Exit::Passed)
}

/// Prints the manual page, or that of one command.
pub(crate) fn man(session: &Session, args: &ManArgs) -> Result<Exit, CommandError> {
    let mut cli = Cli::command();
    cli.build();
    let mut page = Vec::new();
    let written = match &args.command {
        None => whole(cli, &mut page),
        Some(name) => {
            let command = cli.find_subcommand(name).filter(|command| !command.is_hide_set()).cloned();
            let command =
                command.ok_or_else(|| CommandError::usage(format!("there is no command \"{name}\"")))?;
            clap_mangen::Man::new(command.display_name(format!("deep-review-{name}"))).render(&mut page)
        }
    };
    written
        .map_err(|error| CommandError::environment(format!("the manual page could not be made: {error}")))?;
    session.ui.result(&String::from_utf8_lossy(&page));
    Ok(Exit::Passed)
}

/// The page of the program: what clap knows, and what only we know.
fn whole(cli: clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = clap_mangen::Man::new(cli);
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    man.render_subcommands_section(page)?;
    let codes: Vec<(String, &str)> =
        Exit::TABLE.iter().map(|(exit, meaning)| (exit.code().to_string(), *meaning)).collect();
    let mut roff = Roff::new();
    for (heading, rows) in [
        ("KEYS WHILE A RUN IS WATCHED", owned(&KEYS)),
        ("EXIT STATUS", codes),
        ("ENVIRONMENT", owned(&ENVIRONMENT)),
        ("FILES", owned(&FILES)),
    ] {
        roff.control("SH", [heading]);
        for (name, meaning) in rows {
            roff.control("TP", []);
            roff.text([bold(name)]);
            roff.text([roman(meaning)]);
        }
    }
    roff.to_writer(page)?;
    man.render_extra_section(page)?;
    man.render_version_section(page)
}

fn owned(rows: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    rows.iter().map(|(name, meaning)| ((*name).to_owned(), *meaning)).collect()
}

const KEYS: [(&str, &str); 4] = [
    ("s", "skip one reviewer: the next key chooses which. What it wrote is read but does not count."),
    ("d", "more or fewer details about each reviewer"),
    ("^C", "stop the reviewers and report what has arrived; once more leaves at once"),
    ("^Z", "suspend the run and its reviewers; the time does not count against their limits"),
];

const ENVIRONMENT: [(&str, &str); 5] = [
    ("NO_COLOR, CLICOLOR, CLICOLOR_FORCE", "whether to colour, unless --color says so"),
    (
        "PAGER, LESS",
        "what long results are shown in on a terminal (less -FRX unless set; cat or nothing: no pager)",
    ),
    ("TERM", "with dumb there are plain lines instead of a live display"),
    ("DEEP_REVIEW_*", "settings, as `deep-review config explain KEY` names them"),
    ("XDG_CONFIG_HOME, XDG_CACHE_HOME", "where your configuration and the reviewers' checkouts are"),
];

const FILES: [(&str, &str); 3] = [
    ("$GIT_COMMON_DIR/deep-review/runs/", "one folder a run: the report in every form and the raw reviews"),
    ("$GIT_COMMON_DIR/deep-review/config.toml", "settings of this clone"),
    ("deep-review.toml", "settings of the repository, read from the commit the change begins at"),
];
