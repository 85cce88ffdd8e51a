//! `repro`: runs the script with which a reviewer shows a finding.
//!
//! In: the id of a finding. Out: what the script shows with the change and without it, beside what was claimed. Shows the
//! script and asks before running it; never runs it where it cannot be confined.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

use config::ReproChoice;
use engine::{ReproRequest, Script};
use model::{Report, ReproOutcome, Reproduction, Trial};
use supervise::Cancel;

use crate::args::{ProgressHow, ReproArgs, ReproSandbox};
use crate::exit::{CommandError, Exit};
use crate::interrupt;
use crate::progress::Progress;
use crate::session::{Session, engine_error, store_error};
use crate::ui::Ui;

/// Runs the scripts of a finding.
pub(crate) fn run(session: &Session, args: &ReproArgs) -> Result<Exit, CommandError> {
    let wrong = |error: String| CommandError::usage(format!("`--timeout {}`: {error}", args.timeout));
    let wall = ::config::parse_duration(&args.timeout).map_err(wrong)?;
    let repository = session.repository()?;
    let store = Session::store(&repository)?;
    let entry =
        store.find(args.run.as_deref().unwrap_or("last"), None).map_err(|error| store_error(&error))?;
    let run = &entry.run;
    let (report, _) = super::report::stored(session, Some(run.id().to_string().as_str()))?;
    let id = args.finding.to_uppercase();
    let finding = super::show::finding(&report, &id)?;
    let config = session.config_at(&repository, Some(&report.target.merge_base))?;
    let scripts = engine::scripts(run, finding).map_err(|error| engine_error(&error))?;
    if scripts.is_empty() {
        return Err(CommandError::usage(format!("no reviewer gave a script that shows {id}"))
            .hint("reviewers give one as a code block marked `bash repro`, or as `repro` in JSON"));
    }
    let keeper = Session::keeper()?;
    let sandbox = match args.sandbox {
        ReproSandbox::Auto => engine::confinement(&keeper),
        ReproSandbox::Machine => super::machine::as_sandbox(session)?,
    };
    if let sandbox::Possible::No(why) = &sandbox {
        let refusal = format!("a reviewer's script is not run where it cannot be confined: {why}");
        return Err(
            CommandError::new(Exit::Refused, refusal).hint("`deep-review doctor` says what is missing")
        );
    }
    let cancel = Cancel::new();
    let progress = Arc::new(Progress::new(session.ui, ProgressHow::Auto));
    interrupt::listen(&progress, cancel.clone())?;
    let mut done = Vec::new();
    for script in &scripts {
        consent(session.ui, script, &id, args.yes, config.settings.verify.repro)?;
        let request = ReproRequest {
            repository: &repository,
            store: &store,
            keeper: &keeper,
            scratch: &session.scratch(),
            run,
            target: &report.target,
            script,
            sandbox: &sandbox,
            wall,
            home: session.environment.home(),
        };
        let reproduction = engine::reproduce(&request, &cancel).map_err(|error| engine_error(&error))?;
        if cancel.is_cancelled() {
            return Ok(Exit::Interrupted);
        }
        if !session.ui.json {
            session.ui.result(&told(&reproduction, &id));
        }
        done.push(reproduction);
    }
    let version = env!("CARGO_PKG_VERSION");
    match engine::settle(&repository, &store, &entry, &config, version) {
        Ok(report) if !session.ui.json => session.ui.result(&verdict(&report)),
        Ok(_) => {}
        // What the script showed is kept all the same.
        Err(error) => {
            let why = report::safe_text(&engine_error(&error).message);
            session.ui.warn(&format!("the report was not made again: {why}"));
        }
    }
    if session.ui.json {
        session.ui.result(&serde_json::to_string_pretty(&done).expect("plain data"));
    }
    let refused = done.iter().all(|it| it.outcome == ReproOutcome::Refused);
    Ok(if refused { Exit::Refused } else { Exit::Passed })
}

/// Shows the script and asks. Nobody there to ask is a no.
fn consent(ui: Ui, script: &Script, id: &str, yes: bool, choice: ReproChoice) -> Result<(), CommandError> {
    if choice == ReproChoice::Never {
        let refusal = "the configuration says that scripts of reviewers are never run (`verify.repro`)";
        return Err(CommandError::new(Exit::Refused, refusal));
    }
    if yes || choice == ReproChoice::Auto {
        return Ok(());
    }
    ui.line(&format!("the script of {} for {id}:\n", report::safe_text(&script.reviewer)));
    for line in script.text.lines() {
        ui.line(&format!("    {}", report::safe_text(line)));
    }
    let refused = || CommandError::new(Exit::Refused, "the script was not run: nobody agreed to it");
    if !std::io::stdin().is_terminal() {
        return Err(refused().hint("`--yes` runs it without asking"));
    }
    ui.line("\nRun it confined, with the change and without? [y/N]");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    let agreed = read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if agreed { Ok(()) } else { Err(refused()) }
}

/// What the report says now.
fn verdict(report: &Report) -> String {
    format!("now: {} — {}\n", report.verdict.value.label(), ::report::safe_text(&report.verdict.reason))
}

fn told(reproduction: &Reproduction, id: &str) -> String {
    let mut text = format!(
        "{id} · {}: {} — {}\n",
        report::safe_text(&reproduction.reviewer),
        reproduction.outcome.words(),
        report::safe_text(&reproduction.why)
    );
    for (name, trial) in [("with the change", &reproduction.head), ("without it", &reproduction.base)] {
        if let Some(trial) = trial {
            text.push_str(&one(name, trial));
        }
    }
    text
}

/// Lines of output shown of one run.
const SHOWN: usize = 12;

fn one(name: &str, trial: &Trial) -> String {
    let code = trial.exit.map_or_else(String::new, |code| format!(", exit code {code}"));
    let mut text =
        format!("  {name} ({}): {}{code}, {} ms\n", trial.commit.short(), trial.ending.as_str(), trial.ms);
    let lines: Vec<&str> = trial.output.lines().collect();
    let left_out = lines.len().saturating_sub(SHOWN);
    if left_out > 0 {
        writeln!(text, "    … {left_out} lines before").unwrap_or_default();
    }
    for line in lines.iter().skip(left_out) {
        writeln!(text, "    {}", report::safe_text(line)).unwrap_or_default();
    }
    for note in &trial.notes {
        writeln!(text, "    note: {}", report::safe_text(note)).unwrap_or_default();
    }
    text
}
