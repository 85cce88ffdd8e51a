//! `decline`: people decide against a finding.
//!
//! In: a finding and a reason. Out: a decision that binds all reviewers and later rounds. Never changes a report.

use model::Action;

use crate::args::DeclineArgs;
use crate::decide::{Words, decide};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Declines.
pub(crate) fn run(session: &Session, args: &DeclineArgs) -> Result<Exit, CommandError> {
    decide(session, &args.id, Words::new(Action::Declined, Some(args.message.clone())))
}
