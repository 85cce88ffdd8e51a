//! `run` and `ci`: reviews a change.
//!
//! In: what the user typed. Out: the summary (or the report as JSON) on stdout, progress on stderr, and the gate's exit
//! code. Never hides why a run is incomplete.

use ::config::Flag;
use git::TargetRequest;
use model::{FindingState, Lane, Report, Severity};
use supervise::Cancel;

use crate::args::{FailOn, RunArgs, SandboxWhen};
use crate::exit::{CommandError, Exit};
use crate::progress::Progress;
use crate::session::{Session, config_error, engine_error};
use crate::{agents, interrupt, ui::Ui};

use super::dry_run;

/// Reviews.
pub(crate) fn run(session: &Session, args: &RunArgs, fail_on: Option<FailOn>) -> Result<Exit, CommandError> {
    refuse_without_sandbox(args.sandbox)?;
    let repository = session.repository()?;
    let wanted = TargetRequest {
        spec: args.target.clone(),
        base: args.base.clone(),
        staged: args.staged,
        worktree: args.worktree,
    };
    let (target, mut config) = session
        .target_and_config(&repository, &wanted, flags(args)?)
        .map_err(|error| base_is_environment(error, args.base.as_deref()))?;
    session.tell_messages(&config);
    let (agents, absent) =
        agents::take_part(session, &mut config.settings, &args.reviewer, &repository)?;
    let builtin = config.settings.builtin.enabled && !args.no_builtin;
    let roster =
        engine::roster(&config.settings, &args.reviewer, !builtin).map_err(|error| engine_error(&error))?;
    let store = Session::store(&repository)?;
    let mut notes = recover(session, &store);
    notes.extend(config.messages.iter().map(|message| message.text.clone()));
    notes.extend(absent);

    let cancel = Cancel::new();
    interrupt::listen(cancel.clone())
        .map_err(|error| CommandError::environment(format!("signals cannot be listened to: {error}")))?;
    let progress = Progress::new(session.ui, args.progress);
    let tools = engine::Tools {
        repository: &repository,
        store: &store,
        clock: &session.clock,
        keeper: Session::keeper()?,
        scratch: session.scratch(),
        agents: &agents,
        cancel,
        events: &|event| progress.show(event),
        version: env!("CARGO_PKG_VERSION"),
    };
    let request = engine::Request {
        target,
        roster,
        config: &config,
        out: args.out.clone(),
        home: session.environment.home(),
        notes,
    };
    if args.dry_run {
        return dry_run::show(session.ui, &request, &tools);
    }
    let finished = engine::review(&request, &tools).map_err(|error| engine_error(&error))?;
    print(session.ui, &finished);
    let fail_on = args.fail_on.or(fail_on).and_then(FailOn::severity);
    Ok(exit(&finished, fail_on))
}

fn refuse_without_sandbox(when: SandboxWhen) -> Result<(), CommandError> {
    if when == SandboxWhen::Require {
        return Err(CommandError::new(Exit::Refused, "a sandbox is required and this version has none")
            .hint("reviewers run in a throw-away checkout with an allow-listed environment, but not confined")
            .hint("`--reviewer builtin` starts no program but git"));
    }
    Ok(())
}

fn flags(args: &RunArgs) -> Result<Vec<Flag>, CommandError> {
    let mut flags = Vec::new();
    if let Some(quorum) = args.quorum {
        flags.push(Flag::new("--quorum", "review.quorum", i64::from(quorum)));
    }
    if let Some(deadline) = &args.deadline {
        ::config::parse_duration(deadline)
            .map_err(|error| CommandError::usage(format!("`--deadline {deadline}`: {error}")))?;
        flags.push(Flag::new("--deadline", "review.deadline", deadline.clone()));
    }
    // Combined here once, so that a wrong value is reported for the flag and not for a file.
    ::config::Config::load(&::config::Sources::default().with_flags(flags.clone()))
        .map_err(|error| config_error(&error))?;
    Ok(flags)
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

/// Ends what an earlier run that died may have left behind, and says so.
fn recover(session: &Session, store: &store::Store) -> Vec<String> {
    let mut notes = Vec::new();
    let recovery = supervise::recover(store.root());
    notes.extend(recovery.attempts.iter().map(told));
    notes.extend(recovery.notes);
    for note in &notes {
        session.ui.talk(&report::safe_text(note));
    }
    notes
}

/// What was found of an attempt whose supervisor died.
fn told(attempt: &supervise::Recovered) -> String {
    let program = &attempt.program;
    match (attempt.tree_gone, attempt.ended_now) {
        (true, 0) => {
            format!("an earlier run died while `{program}` was running; its keeper had ended everything")
        }
        (true, ended) => {
            format!(
                "an earlier run died while `{program}` was running; {ended} processes of it were ended now, all are gone"
            )
        }
        (false, ended) => format!(
            "an earlier run died while `{program}` was running; {ended} processes of it were ended now, but it is not \
             proven that all are gone"
        ),
    }
}

fn print(ui: Ui, finished: &engine::Finished) {
    if ui.json {
        ui.result(&report::json(&finished.report));
        return;
    }
    ui.result(&report::terminal_summary(&finished.report, Ui::width(), ui.style()));
    let page = finished.folder.join("report.html");
    ui.result(&format!("  report  {}\n", nearby(&page)));
    if let Some(first) = finished.report.findings.first() {
        ui.result(&format!("  next    deep-review show {} · deep-review open\n", first.id));
    }
}

/// A path as short as it can be written from here.
fn nearby(path: &std::path::Path) -> String {
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    let short = here.and_then(|here| path.strip_prefix(here).ok().map(std::path::Path::to_owned));
    report::safe_text(&short.unwrap_or_else(|| path.to_owned()).display().to_string())
}

fn exit(finished: &engine::Finished, fail_on: Option<Severity>) -> Exit {
    if finished.cancelled {
        Exit::Incomplete
    } else if finished.deadline_reached {
        Exit::Budget
    } else if !finished.report.run.complete {
        Exit::Incomplete
    } else {
        gate(&finished.report, fail_on)
    }
}

/// The gate: open findings at or above the level that nothing contradicts.
pub(crate) fn gate(report: &Report, fail_on: Option<Severity>) -> Exit {
    let Some(level) = fail_on else { return Exit::Passed };
    let fails = report.findings.iter().any(|finding| {
        finding.severity >= level && finding.state == FindingState::Open && finding.lane != Lane::Contested
    });
    if fails { Exit::Findings } else { Exit::Passed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Finding;

    #[test]
    fn the_gate_looks_at_open_findings_that_nothing_contradicts() {
        let finding = |severity, lane, state| Finding { severity, lane, state, ..Finding::default() };
        let report = |finding| Report { findings: vec![finding], ..Report::default() };
        let important = Some(Severity::Important);
        let cases = [
            (finding(Severity::Important, Lane::Confirmed, FindingState::Open), important, Exit::Findings),
            (finding(Severity::Critical, Lane::Unverified, FindingState::Open), important, Exit::Findings),
            (finding(Severity::Critical, Lane::Contested, FindingState::Open), important, Exit::Passed),
            (finding(Severity::Critical, Lane::Confirmed, FindingState::Declined), important, Exit::Passed),
            (finding(Severity::Suggestion, Lane::Confirmed, FindingState::Open), important, Exit::Passed),
            (finding(Severity::Critical, Lane::Confirmed, FindingState::Open), None, Exit::Passed),
        ];
        for (finding, level, exit) in cases {
            assert_eq!(gate(&report(finding.clone()), level), exit, "{finding:?}");
        }
    }
}
