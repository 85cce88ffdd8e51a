//! Whose text a finding shows.
//!
//! In: the members of a cluster. Out: the index of the best-supported one. Texts are never blended; what only the others
//! say is told beside the text by `noted`.

use model::{CheckResult, Gate, Lane};

use crate::defect::Member;

/// The member with the best evidence, then the most specific text; ties go to the earlier reviewer of the roster.
pub(crate) fn choose(members: &[Member<'_>]) -> usize {
    let mut best = 0;
    for index in 1..members.len() {
        if support(&members[index]) > support(&members[best]) + 1e-9 {
            best = index;
        }
    }
    best
}

/// How well a text is supported: evidence first, then what it tells.
pub(crate) fn support(member: &Member<'_>) -> f64 {
    let raw = &member.finding.raw;
    let lane = match member.lane {
        Lane::Confirmed => 4.0,
        Lane::Unverified => 2.0,
        Lane::Contested => 0.0,
    };
    let exact = f64::from(u8::from(member.finding.result(Gate::Location) == CheckResult::Pass));
    let known = match raw.known_by.as_deref() {
        Some("ran") => 2.0,
        Some("read") => 0.5,
        _ => 0.0,
    };
    let told = [
        !raw.locations.is_empty(),
        raw.locations.iter().any(|location| location.quote.is_some()),
        raw.fix.is_some(),
        raw.patch.is_some(),
        raw.trigger.is_some(),
        raw.kind.is_some(),
    ];
    let told = told.iter().filter(|yes| **yes).count() as f64 * 0.3;
    // Twice the words are not twice the argument.
    let words = raw.body.split_whitespace().take(2_000).count() as f64;
    lane + exact + known + told + (1.0 + words).ln() * 0.6
}
