//! `completions` and `man`: what a shell and a manual reader need.
//!
//! In: nothing but the definition of the command line. Out: text on stdout. Never installs anything.

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Prints a completion script.
pub(crate) fn completions(session: &Session, args: CompletionsArgs) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "deep-review", &mut script);
    session.ui.result(&String::from_utf8_lossy(&script));
    Ok(Exit::Passed)
}

/// Prints the manual page.
pub(crate) fn man(session: &Session) -> Result<Exit, CommandError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|error| CommandError::environment(format!("the manual page could not be made: {error}")))?;
    session.ui.result(&String::from_utf8_lossy(&page));
    Ok(Exit::Passed)
}
