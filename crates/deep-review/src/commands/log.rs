//! `log`: runs, newest first.
//!
//! In: the store. Out: a row a run, or JSON. Never changes a run.

use serde_json::json;
use store::{RunEntry, RunState};

use crate::args::LogArgs;
use crate::decide::of_branch;
use crate::exit::{CommandError, Exit};
use crate::pager;
use crate::session::{Session, git_error, store_error};

/// Lists.
pub(crate) fn run(session: &Session, args: &LogArgs) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let store = Session::store(&repository)?;
    let mut runs = store.runs().map_err(|error| store_error(&error))?;
    if args.series {
        let current = repository.branch().map_err(|error| git_error(&error))?;
        match &current {
            Some(current) => {
                let own = of_branch(&runs, current);
                runs.retain(|run| own(run));
            }
            None => runs.retain(|run| branch(run).is_none()),
        }
    }
    runs.truncate(args.limit);
    if session.ui.json {
        let rows: Vec<_> = runs.iter().map(as_json).collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return Ok(Exit::Passed);
    }
    if runs.is_empty() {
        session.ui.talk("no runs yet: `deep-review` makes one");
    }
    let text: String = runs.iter().map(row).collect();
    pager::result(session, &report::safe_text(&text));
    if let Some(run) = runs.iter().find(|run| run.is_unfinished()) {
        session.ui.talk(&format!("{} is unfinished; `deep-review resume` goes on with it", run.id()));
    }
    Ok(Exit::Passed)
}

fn row(run: &RunEntry) -> String {
    let outcome = run.record.as_ref().and_then(|record| record.outcome.as_ref());
    let round = run.record.as_ref().map_or_else(|| "-".to_owned(), |record| record.series.round.to_string());
    let (counts, verdict) = match (run.state, outcome) {
        (RunState::Finished, Some(outcome)) => (outcome.findings.compact(), outcome.verdict.label()),
        (state, _) => ("-".to_owned(), state.as_str()),
    };
    format!("{:<42} round {round:<3} {counts:<10} {verdict:<26} {}\n", run.id(), branch(run).unwrap_or("-"))
}

fn branch(run: &RunEntry) -> Option<&str> {
    run.record.as_ref()?.target.branch.as_deref()
}

fn as_json(run: &RunEntry) -> serde_json::Value {
    let record = run.record.as_ref();
    let outcome = record.and_then(|record| record.outcome.as_ref());
    json!({
        "id": run.id(),
        "started": run.started.to_string(),
        "state": run.state.as_str(),
        "unfinished": run.is_unfinished(),
        "branch": branch(run),
        "head": record.map(|record| &record.target.head),
        "series": run.series(),
        "round": record.map(|record| record.series.round),
        "verdict": outcome.map(|outcome| outcome.verdict),
        "findings": outcome.map(|outcome| outcome.findings),
        "problem": run.problem,
    })
}
