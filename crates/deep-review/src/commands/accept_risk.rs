//! `accept-risk`: somebody answers for a finding until a day.
//!
//! In: a finding, a day, a name. Out: a decision that binds until that day is over. Never for ever: that is `decline`.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Action, Clock as _};

use crate::args::AcceptRiskArgs;
use crate::decide::{Words, decide};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Accepts.
pub(crate) fn run(session: &Session, args: &AcceptRiskArgs) -> Result<Exit, CommandError> {
    let until: Date = args.until.trim().parse().map_err(|_| {
        CommandError::usage(format!("`--until {}` is no day; write it as 2026-12-31", args.until))
    })?;
    if until < TimeZone::UTC.to_datetime(session.clock.now()).date() {
        return Err(CommandError::usage(format!("`--until {until}` has passed already")));
    }
    let owner = args.owner.trim();
    if owner.is_empty() {
        return Err(CommandError::usage("`--owner` names somebody who answers for it"));
    }
    let words = Words {
        until: Some(until),
        owner: Some(owner.to_owned()),
        ..Words::new(Action::RiskAccepted, args.message.clone())
    };
    decide(session, &args.id, words)
}
