//! `decisions`: what people decided, and sharing it.
//!
//! In: the store, git notes. Out: a list; notes that hold the union; decisions of others taken in. Never fetches or pushes.

use std::collections::BTreeMap;

use model::{Decision, Sha};
use store::{Decisions, decision_lines};

use crate::args::{DecisionsArgs, DecisionsCommand};
use crate::exit::{CommandError, Exit};
use crate::session::{Session, git_error, store_error};

/// Lists, exports or imports.
pub(crate) fn run(session: &Session, args: &DecisionsArgs) -> Result<Exit, CommandError> {
    match &args.what {
        None | Some(DecisionsCommand::List) => list(session),
        Some(DecisionsCommand::Export { reference }) => export(session, reference),
        Some(DecisionsCommand::Import { reference }) => import(session, reference),
    }
}

fn list(session: &Session) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let decisions = Session::store(&repository)?.decisions().map_err(|error| store_error(&error))?;
    let latest = decisions.latest();
    if session.ui.json {
        session.ui.result(&serde_json::to_string_pretty(&latest).expect("plain data"));
        return Ok(Exit::Passed);
    }
    if latest.is_empty() {
        session.ui.talk("nothing was decided yet: `deep-review decline I1 -m WHY` decides against a finding");
    }
    let row = |decision: &&Decision| {
        let why = decision.reason.as_ref().map(|why| format!(" — {why}")).unwrap_or_default();
        let until = decision.until.map(|day| format!(" until {day}")).unwrap_or_default();
        let finding = &decision.finding;
        format!(
            "{:<22} {}  {}{why}\n",
            format!("{}{until}", decision.action.label()),
            finding.name(),
            finding.title
        )
    };
    session.ui.result(&report::safe_text(&latest.iter().map(row).collect::<String>()));
    Ok(Exit::Passed)
}

fn export(session: &Session, reference: &str) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let decisions = Session::store(&repository)?.decisions().map_err(|error| store_error(&error))?;
    let head = repository
        .resolve(&git::TargetRequest { spec: Some("HEAD".to_owned()), ..git::TargetRequest::default() })
        .map(|target| target.head);
    let mut by_commit: BTreeMap<Sha, Vec<String>> = BTreeMap::new();
    for decision in &decisions.all {
        // A note hangs on a commit that is here; which one does not matter to whoever reads them all.
        let own = Some(&decision.finding.head).filter(|head| repository.has_commit(head));
        let Some(commit) = own.or(head.as_ref().ok()) else { continue };
        let line = decision_lines([decision]);
        by_commit.entry(commit.clone()).or_default().push(line.trim_end().to_owned());
    }
    for (commit, lines) in &by_commit {
        repository.add_note_lines(reference, commit, lines).map_err(|error| git_error(&error))?;
    }
    let written: usize = by_commit.values().map(Vec::len).sum();
    if session.ui.json {
        let value = serde_json::json!({ "ref": reference, "exported": written });
        session.ui.result(&value.to_string());
    } else {
        session.ui.result(&format!("{written} decisions stand in {reference}\n"));
        session.ui.talk(&format!("`git push origin {reference}` shares them"));
    }
    Ok(Exit::Passed)
}

fn import(session: &Session, reference: &str) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let store = Session::store(&repository)?;
    let lines = repository.note_lines(reference).map_err(|error| git_error(&error))?;
    let read = Decisions::parse(&lines.join("\n"));
    let new = store.decide(&read.all).map_err(|error| store_error(&error))?;
    for why in read.refused.iter().take(5) {
        session.ui.warn(&report::safe_text(&format!("not taken in: {why}")));
    }
    if session.ui.json {
        let value = serde_json::json!({ "ref": reference, "read": read.all.len(), "new": new, "refused": read.refused.len() });
        session.ui.result(&value.to_string());
    } else {
        session.ui.result(&format!("{new} of {} decisions in {reference} are new\n", read.all.len()));
    }
    Ok(Exit::Passed)
}
