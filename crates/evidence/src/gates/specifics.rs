//! Do its names exist, does it say when it happens, do its look-ups hold?

use model::{CheckResult, RawFinding};

use super::Answer;
use crate::lookup::LookUp;
use crate::world::World;

/// Checks the specifics of a claim.
pub(crate) fn judge(_world: &World<'_>, raw: &RawFinding, look_up: &LookUp) -> Answer {
    let missing: Vec<String> = crate::names::found(raw)
        .into_iter()
        .filter(|name| look_up.of(&name.leaf).is_ok_and(<[_]>::is_empty))
        .map(|name| name.leaf)
        .collect();
    if missing.is_empty() {
        Answer::new(CheckResult::Pass, "names exist")
    } else {
        Answer::unknown(missing.join(", "))
    }
}
