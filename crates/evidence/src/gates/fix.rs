//! Does the proposed fix apply?
//!
//! In: a patch as a reviewer wrote it, and head. Out: whether its hunks find their lines. Never writes: the patch is
//! matched in memory, and nothing is built.

use model::{CheckResult, Location, RawFinding, Side};

use super::Answer;

/// Tries the patch at head.
pub(crate) fn judge(_world: &crate::world::World<'_>, raw: &RawFinding, _place: Option<&Location>) -> Answer {
    let _ = (CheckResult::Pass, Side::Head);
    match &raw.patch {
        None => Answer::not_applicable("no patch is proposed"),
        Some(_) => Answer::unknown("the patch was not tried"),
    }
}
