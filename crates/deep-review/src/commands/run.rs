//! `run` and `ci`: reviews a change.
//!
//! In: what the user typed. Out: the summary (or the report as JSON) on stdout, progress on stderr, and the gate's exit
//! code. Never hides why a run is incomplete.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::config::Flag;
use engine::Skips;
use git::TargetRequest;
use model::Event;
use supervise::Cancel;

use crate::args::{FailOn, RunArgs};
use crate::exit::{CommandError, Exit};
use crate::progress::Progress;
use crate::session::{Session, Watch, config_error, engine_error, store_error};
use crate::ui::Ui;
use crate::{agents, interrupt, leftovers, models, outcome, sandboxes, trusts};

use super::dry_run;

/// Reviews.
pub(crate) fn run(session: &Session, args: &RunArgs, fail_on: Option<FailOn>) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let wanted = TargetRequest {
        spec: args.target.clone(),
        base: args.base.clone(),
        staged: args.staged,
        worktree: args.worktree,
    };
    let (mut target, mut config) = session
        .target_and_config(&repository, &wanted, flags(args)?)
        .map_err(|error| base_is_environment(error, args.base.as_deref()))?;
    session.tell_messages(&config);
    let trusted = trusts::settle(session, &repository, &mut target, args.trust.map(Into::into))?;
    let is_foreign = trusted.level != model::Trust::Mine;
    let verify = &config.settings.verify;
    if (args.run_tests.is_some() || args.probe_tests.is_some_and(|count| count > 0))
        && verify.tests.is_empty()
    {
        return Err(CommandError::usage("no command that runs the tests is known")
            .hint("name one: `--run-tests='make test'`, or `verify.tests` in your own configuration"));
    }
    let began = Instant::now();
    let (named, imports) = imports(&config.settings, &args.reviewer)?;
    let only_imports = named.is_empty() && !imports.is_empty();
    let (agents, absent) = if only_imports {
        (reviewers::agent::Agents::none(), Vec::new())
    } else {
        agents::take_part(session, &mut config.settings, &named, &repository, &target)?
    };
    let builtin = config.settings.builtin.enabled && !args.no_builtin;
    let mut roster = Vec::new();
    if !only_imports {
        roster = engine::roster(&config.settings, &named, !builtin).map_err(|error| engine_error(&error))?;
    }
    roster.extend(imports.into_iter().map(engine::Asked::Import));
    let cancel = Cancel::new();
    let confinement =
        sandboxes::confinement(session, &config.settings, &roster, is_foreign, &agents, &cancel)?;
    sandboxes::refuse(&confinement, &roster, &agents)?;
    // A dry run asks nobody, not even that.
    let strange =
        if args.dry_run { Vec::new() } else { strange_models(session, &roster, &agents, began.elapsed()) };
    let store = Session::store(&repository)?;
    let progress = Arc::new(Progress::new(session.ui, args.progress));
    let mut notes = leftovers::recover(&progress, &store);
    notes.extend(config.messages.iter().map(|message| message.text.clone()));
    notes.extend(absent);
    if let Some(warning) = sandboxes::warning(&confinement) {
        session.ui.warn(&report::safe_text(&warning));
        notes.push(warning);
    }
    notes.extend(strange);
    leftovers::mention_unfinished(&progress, &store, &target);
    let fail_on = args.fail_on.or(fail_on).and_then(FailOn::severity);
    if let Some(run) = leftovers::same_commit(&store, &target).filter(|_| !args.again && !args.dry_run) {
        // Who names reviewers, or asks for more, wants another view and not the same again.
        let is_plain = args.reviewer.is_empty() && !args.thorough && !args.full;
        if !is_plain || session.ui.json || !is_terminal() {
            leftovers::mention_same_commit(&progress, &run);
        } else if !leftovers::ask_again(&run) {
            return before(session, &store, &run, fail_on);
        }
    }

    interrupt::listen(&progress, cancel.clone())?;
    let skips = Skips::new();
    let show = |event: &Event| progress.show(event);
    let watch = Watch { cancel, skips: skips.clone(), confinement, events: &show };
    let tools = session.tools(&repository, &store, &agents, watch)?;
    let request = engine::Request {
        target,
        roster,
        config: &config,
        out: args.out.clone(),
        home: session.environment.home(),
        notes,
        full: args.full,
    };
    if args.dry_run {
        return dry_run::show(session.ui, &request, &tools);
    }
    let listening = progress.listen(&skips);
    let finished = engine::review(&request, &tools).map_err(|error| engine_error(&error))?;
    drop(listening);
    outcome::print(session.ui, &finished);
    Ok(outcome::exit(&finished, fail_on))
}

/// What an earlier run of the same commit came to.
fn before(
    session: &Session,
    store: &store::Store,
    run: &store::RunEntry,
    fail_on: Option<model::Severity>,
) -> Result<Exit, CommandError> {
    let report = run.run.report().map_err(|error| store_error(&error))?;
    let report = report.ok_or_else(|| {
        CommandError::new(Exit::Incomplete, format!("the report of {} is gone", run.id()))
            .hint("`deep-review --again` makes one")
    })?;
    let decisions = store.decisions().map_err(|error| store_error(&error))?;
    let report = engine::as_of_today(report, &decisions);
    session.ui.result(&report::terminal_summary(&report, Ui::width(), session.ui.style()));
    session.ui.talk("nobody was asked; `--again` reviews it once more");
    Ok(if report.run.complete { outcome::gate(&report, fail_on) } else { Exit::Incomplete })
}

fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Tells files (`sarif:FILE`) from names. A file that is not there is a mistake of the call.
fn imports(
    settings: &::config::Settings,
    words: &[String],
) -> Result<(Vec<String>, Vec<engine::Import>), CommandError> {
    let mut named = Vec::new();
    let mut taken: Vec<String> = settings.reviewers.keys().cloned().collect();
    taken.extend(words.iter().cloned());
    let mut found: Vec<engine::Import> = Vec::new();
    for word in words {
        let own = word.split(':').next().is_some_and(|name| settings.reviewers.contains_key(name));
        match engine::Import::parse(word, &taken).filter(|_| !own) {
            Some(import) if found.iter().any(|other| other.file == import.file) => {}
            Some(import) => {
                if !import.file.is_file() {
                    let file = import.file.display();
                    return Err(CommandError::usage(format!("`{word}`: there is no file `{file}`")));
                }
                let file = std::path::absolute(&import.file).unwrap_or(import.file);
                taken.push(import.name.clone());
                found.push(engine::Import { file, ..import });
            }
            None => named.push(word.clone()),
        }
    }
    Ok((named, found))
}

/// Sentences about models that their servers do not list, said before anybody is asked. The server's answer decides: it may have models
/// that it does not list.
fn strange_models(
    session: &Session,
    roster: &[engine::Asked],
    agents: &reviewers::agent::Agents,
    spent: Duration,
) -> Vec<String> {
    let asked = || roster.iter().filter_map(|asked| Some((asked.name(), asked.settings()?)));
    let left = agents::BEFORE_A_RUN.saturating_sub(spent).max(Duration::from_millis(500));
    let known = models::check(session, asked(), agents, left);
    let sentences = asked().filter_map(|(name, settings)| {
        Some(format!("{name}: {}", models::sentence(known.get(name)?, settings)?))
    });
    let sentences: Vec<String> = sentences.collect();
    for sentence in &sentences {
        session.ui.warn(&report::safe_text(sentence));
    }
    sentences
}

fn flags(args: &RunArgs) -> Result<Vec<Flag>, CommandError> {
    let mut flags = Vec::new();
    if let Some(quorum) = args.quorum {
        flags.push(Flag::new("--quorum", "review.quorum", i64::from(quorum)));
    }
    if let Some(jobs) = args.jobs {
        flags.push(Flag::new("--jobs", "review.jobs", i64::from(jobs)));
    }
    if let Some(when) = args.sandbox {
        flags.push(Flag::new("--sandbox", "verify.sandbox", when.as_str()));
    }
    if args.thorough {
        flags.push(Flag::new("--thorough", "review.thorough", true));
    }
    if let Some(command) = &args.run_tests {
        flags.push(Flag::new("--run-tests", "verify.run_tests", true));
        if !command.trim().is_empty() {
            flags.push(Flag::new("--run-tests", "verify.tests", command.clone()));
        }
    }
    if let Some(count) = args.probe_tests {
        flags.push(Flag::new("--probe-tests", "verify.probes", i64::from(count)));
    }
    if let Some(when) = args.repro {
        flags.push(Flag::new("--repro", "verify.repro", when.as_str()));
    }
    if let Some(deadline) = &args.deadline {
        parse_deadline(deadline)?;
        flags.push(Flag::new("--deadline", "review.deadline", deadline.clone()));
    }
    // Combined here once, so that a wrong value is reported for the flag and not for a file.
    ::config::Config::load(&::config::Sources::default().with_flags(flags.clone()))
        .map_err(|error| config_error(&error))?;
    Ok(flags)
}

/// The value of `--deadline`.
pub(crate) fn parse_deadline(text: &str) -> Result<Duration, CommandError> {
    let wrong = |error: String| CommandError::usage(format!("`--deadline {text}`: {error}"));
    let deadline = ::config::parse_duration(text).map_err(wrong)?;
    if deadline.is_zero() {
        Err(wrong("no time at all ends everything at once".to_owned()))
    } else {
        Ok(deadline)
    }
}

/// A base that is not there is a matter of the environment (exit 4), a target that is not there one of the call.
fn base_is_environment(error: CommandError, base: Option<&str>) -> CommandError {
    match base {
        Some(base) if error.exit == Exit::Usage && error.message.contains(&format!("\"{base}\"")) => {
            CommandError { exit: Exit::Environment, ..error }
        }
        _ => error,
    }
}
