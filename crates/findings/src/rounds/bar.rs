//! The higher bar for new remarks on old code.
//!
//! In: the claims of a later round, the lines that changed since the round before, who reviewed then. Out: for claims that
//! fall below the bar, why. A reviewer that had the very same code before it a round ago and said nothing is not heard with a
//! mere suggestion about it now; what is important is heard always, and so is whoever was not asked then.

use std::collections::BTreeSet;

use model::{CheckResult, CheckedFinding, Gate, Severity};

/// Answers for the claims below the bar: position and reason.
pub fn below_the_bar(
    checked: &[CheckedFinding],
    known: &dyn Fn(&CheckedFinding) -> bool,
    unchanged: &dyn Fn(&str, u32, u32) -> bool,
    reviewed_before: &BTreeSet<String>,
) -> Vec<(usize, String)> {
    let below = |(at, finding): (usize, &CheckedFinding)| {
        let place = finding.locations.first()?;
        let (start, end) = (place.start?, place.end.or(place.start)?);
        let is_below = finding.raw.severity == Severity::Suggestion
            && finding.result(Gate::Declined) != CheckResult::Pass
            && reviewed_before.contains(&finding.reviewer)
            && place.verified
            && unchanged(place.path.as_str(), start, end)
            && !known(finding);
        is_below.then(|| {
            let why = format!(
                "`{}` had these lines before it in the round before, unchanged, and a suggestion about them comes late",
                finding.reviewer
            );
            (at, why)
        })
    };
    checked.iter().enumerate().filter_map(below).collect()
}
