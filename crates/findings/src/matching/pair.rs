//! Are two claims one defect?
//!
//! In: two claims. Out: a score in log-odds, and in words what it rests on. Never about more than two: `clusters` does that.

use super::claim::Claim;
use super::features::{Features, Places};
use super::weights::{BIAS, WEIGHTS};

/// Pairs at or above this log-odds are merged, if the cluster agrees.
pub const THRESHOLD: f32 = 0.0;

/// Pairs within this distance below the threshold stay apart and are cross-linked.
pub const MARGIN: f32 = 1.4;

/// Scores a pair. Symmetric.
pub fn compare(a: &Claim, b: &Claim) -> f32 {
    if a.identity == b.identity {
        return IDENTICAL;
    }
    let words = a.here.all.cosine(&b.here.all);
    if words < HOPELESS {
        return UNRELATED;
    }
    let features = Features::with_words(a, b, words);
    features.0.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum::<f32>() + BIAS
}

/// Pairs whose words agree less are not looked at further: of judged pairs that are one defect fewer than one in a
/// hundred are below it, of all pairs a third.
const HOPELESS: f32 = 0.03;

/// The score of a pair that is not worth a closer look.
pub(crate) const UNRELATED: f32 = -5.0;

/// The score of two claims that are equal to the letter.
const IDENTICAL: f32 = 20.0;

/// Says in plain words what speaks for two claims being one defect.
pub fn because(a: &Claim, b: &Claim) -> String {
    if a.identity == b.identity {
        return "it says the same to the letter".to_owned();
    }
    let mut reasons = Vec::new();
    match Places::of(a, b) {
        Places::SameFile { gap: Some(0) } => reasons.push("the lines overlap".to_owned()),
        Places::SameFile { gap: Some(gap) } => reasons.push(format!("same file, {gap} lines apart")),
        Places::SameFile { gap: None } => reasons.push("same file".to_owned()),
        Places::OtherFile => reasons.push("told at another place".to_owned()),
        Places::Unknown => {}
    }
    if a.anchor.is_some() && a.anchor == b.anchor {
        reasons.push("the same code is quoted".to_owned());
    }
    if let Some(kind) = a.concepts.common(&b.concepts) {
        reasons.push(format!("both speak of {}", super::concepts::phrase(kind)));
    }
    let words = a.here.all.cosine(&b.here.all);
    reasons.push(format!("{} % of their weighted words agree", (words * 100.0).round()));
    reasons.join(", ")
}
