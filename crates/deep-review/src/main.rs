//! The terminal door: words in, exit code out.
//!
//! In: the command line, the environment, signals. Out: what the commands print, and one of the documented exit codes.
//! Never reviews anything itself.

mod agents;
mod args;
mod commands;
mod decide;
mod exit;
mod interrupt;
mod keys;
mod leftovers;
mod linters;
mod models;
mod outcome;
mod pager;
mod progress;
mod sandboxes;
mod session;
mod trusts;
mod ui;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};
use exit::{CommandError, Exit};
use session::Session;

fn main() -> ExitCode {
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    // The keeper must be single threaded and starts before anything else does.
    if words.get(1).is_some_and(|word| word == "__keeper") {
        return supervise::keeper_main(words.into_iter().skip(2));
    }
    #[cfg(any(unix, windows))]
    if words.get(1).is_some_and(|word| word == "__inside") {
        return sandbox::inside_main(words.into_iter().skip(2));
    }
    #[cfg(unix)]
    match words.get(1).and_then(|word| word.to_str()) {
        Some("__wire") => return sandbox::wire_main(words.into_iter().skip(2)),
        Some("__terminal") => return sandbox::terminal_main(words.into_iter().skip(2)),
        _ => {}
    }
    let names: Vec<String> =
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let cli = Cli::parse_from(args::with_default_command(words, &names));
    let session = Session::new(&cli.global);
    let exit = dispatch(&session, &cli.command).unwrap_or_else(|error| {
        session.ui.error(&error);
        error.exit
    });
    ExitCode::from(exit.code())
}

fn dispatch(session: &Session, command: &Command) -> Result<Exit, CommandError> {
    match command {
        Command::Run(args) => commands::run::run(session, args, None),
        Command::Ci(args) => commands::run::run(session, args, Some(args::FailOn::Important)),
        Command::Read(args) => commands::read::run(session, args),
        Command::Consolidate(args) => commands::consolidate::run(session, args),
        Command::Import(args) => commands::import::run(session, args),
        Command::Show(args) => commands::show::run(session, args),
        Command::Log(args) => commands::log::run(session, args),
        Command::Open(args) => commands::open::run(session, args),
        Command::Report(args) => commands::report::run(session, args),
        Command::Resume(args) => commands::resume::run(session, args),
        Command::Status(args) => commands::status::run(session, args),
        Command::Decline(args) => commands::decline::run(session, args),
        Command::Reopen(args) => commands::reopen::run(session, args),
        Command::AcceptRisk(args) => commands::accept_risk::run(session, args),
        Command::Resolve(args) => commands::resolve::run(session, args),
        Command::Decisions(args) => commands::decisions::run(session, args),
        Command::Diff(args) => commands::diff::run(session, args),
        Command::Verify(args) => commands::verify::run(session, args),
        Command::Replay(args) => commands::replay::run(session, args),
        Command::Repro(args) => commands::repro::run(session, args),
        Command::Machine(args) => commands::machine::run(session, args),
        Command::MachineAgent { folder } => commands::machine::agent(folder),
        Command::MachineJob { guest, file } => commands::machine::job(guest, file),
        Command::MachineHand { folder, file } => commands::machine::hand(folder, file),
        Command::Gc(args) => commands::gc::run(session, args),
        Command::Doctor => commands::doctor::run(session),
        Command::Reviewers(args) => commands::reviewers::run(session, args),
        Command::Rules(args) => commands::rules::run(session, args),
        Command::Config(args) => commands::config::run(session, args),
        Command::Schema(args) => commands::schema::run(session, *args),
        Command::Completions(args) => commands::shell::completions(session, *args),
        Command::Man(args) => commands::shell::man(session, args),
        Command::Reference { folder } => commands::reference::run(session, folder),
        Command::Keeper(_) => Err(CommandError::usage("the keeper is started by `run`")),
    }
}
