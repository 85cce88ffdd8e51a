//! `reopen`: a decision about a finding is taken back.
//!
//! In: a finding, which the last report need not list any more. Out: a decision. Never removes the old one: what was decided
//! when stays readable.

use model::{Action, RunId};

use crate::args::ReopenArgs;
use crate::decide::{Desk, Words, decided_in, standing, tell};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Reopens.
pub(crate) fn run(session: &Session, args: &ReopenArgs) -> Result<Exit, CommandError> {
    let (named_run, id) = match args.id.rsplit_once(':') {
        Some((run, id)) if !run.is_empty() => (RunId::new(run), id.to_uppercase()),
        _ => (None, args.id.to_uppercase()),
    };
    let desk = Desk::open(session, None)?;
    let words = Words::new(Action::Reopened, args.message.clone());
    let of_run = named_run.as_ref().unwrap_or(&desk.report.run.id);
    let known = decided_in(&desk.decisions, of_run, &id).filter(|it| it.action != Action::Reopened);
    let known = match (known, &named_run) {
        (None, None) if desk.finding(&id).is_none_or(|it| !is_decided(&desk, it)) => standing(&desk, &id)?,
        (known, _) => known,
    };
    let finding = if let Some(decision) = known {
        decision.finding.clone()
    } else {
        let (own, id) = Desk::of_finding(session, &args.id)?;
        let finding = own.known(&id)?;
        if !is_decided(&own, finding) {
            return Err(CommandError::usage(format!("nothing was decided about {id}, so it is open")));
        }
        own.remembered(finding)?
    };
    let decision = desk.decision(session, finding, words);
    desk.keep(std::slice::from_ref(&decision))?;
    tell(session, &decision);
    Ok(Exit::Passed)
}

fn is_decided(desk: &Desk, finding: &model::Finding) -> bool {
    let latest = desk.decisions.latest();
    latest.iter().any(|it| it.finding.fingerprint == finding.fingerprint && it.action != Action::Reopened)
}
