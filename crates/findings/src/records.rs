//! What earlier runs taught about the reviewers, and what is assumed where they taught nothing.
//!
//! In: counts from the store. Out: a shrunken shift of severity and a share of accepted findings per reviewer.
//! Never changes a severity itself: `severity` does, and says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Records by reviewer name.
pub type Records = BTreeMap<String, Record>;

/// One reviewer's record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// How often a claim of one severity (row: suggestion, important, critical) ended as another (column).
    pub transitions: [[u32; 3]; 3],
    /// Findings that people acted on.
    pub accepted: u32,
    /// Findings that people declined or that were not so.
    pub rejected: u32,
}

/// How far a claimed severity of one reviewer is off on average, with what that rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shift {
    /// Levels to add; negative for a reviewer that overrates.
    pub(crate) levels: f64,
    /// What it rests on, in words.
    pub(crate) because: String,
}

/// What is assumed of a model family where its record is short: shift for suggestion, important and critical, the
/// share of its findings that hold, and how many observations that is worth.
struct Prior {
    family: &'static str,
    shifts: [f64; 3],
    accepted: f64,
    weight: f64,
}

const PRIORS: &[Prior] = &[
    Prior { family: "gemini", shifts: [0.0, -0.36, -0.58], accepted: 0.86, weight: 12.0 },
    Prior { family: "codex", shifts: [0.04, 0.0, -0.15], accepted: 0.97, weight: 8.0 },
    Prior { family: "claude", shifts: [0.02, -0.05, -0.1], accepted: 0.99, weight: 8.0 },
];

/// What an unknown reviewer's shift is worth: it keeps its word until some ten claims speak against it.
const UNKNOWN_WEIGHT: f64 = 8.0;

fn prior(name: &str, model: Option<&str>) -> Option<&'static Prior> {
    let text = format!("{name} {}", model.unwrap_or("")).to_lowercase();
    PRIORS.iter().find(|prior| text.contains(prior.family))
}

/// How far `claimed` of this reviewer is off: its record, shrunken towards the prior of its family.
pub(crate) fn shift(
    policy: &crate::Policy,
    records: &Records,
    name: &str,
    model: Option<&str>,
    claimed: model::Severity,
) -> Shift {
    let row = claimed as usize;
    let prior = if policy.use_priors { prior(name, model) } else { None };
    let (assumed, weight) = prior.map_or((0.0, UNKNOWN_WEIGHT), |prior| (prior.shifts[row], prior.weight));
    let seen =
        records.get(name).filter(|_| policy.use_records).map_or([0; 3], |record| record.transitions[row]);
    let count: f64 = seen.iter().map(|n| f64::from(*n)).sum();
    let moved: f64 = seen.iter().enumerate().map(|(to, n)| f64::from(*n) * (to as f64 - row as f64)).sum();
    let levels = (moved + assumed * weight) / (count + weight);
    let because = match (count > 0.0, prior) {
        (true, _) => format!(
            "{count} earlier {} findings of `{name}` ended {:+.1} levels away on average",
            claimed.as_str(),
            moved / count
        ),
        (false, Some(prior)) => format!(
            "reviewers of the {} family rate {} findings {:.1} levels too high on average",
            prior.family,
            claimed.as_str(),
            -assumed
        ),
        (false, None) => String::new(),
    };
    Shift { levels, because }
}

/// The share of this reviewer's findings that hold, shrunken; 0.9 for an unknown one.
pub(crate) fn accepted_share(
    policy: &crate::Policy,
    records: &Records,
    name: &str,
    model: Option<&str>,
) -> f64 {
    let prior = if policy.use_priors { prior(name, model) } else { None };
    let (assumed, weight) = prior.map_or((0.93, 10.0), |prior| (prior.accepted, 10.0));
    let record = records.get(name).filter(|_| policy.use_records);
    let (accepted, rejected) = record.map_or((0.0, 0.0), |r| (f64::from(r.accepted), f64::from(r.rejected)));
    (accepted + assumed * weight) / (accepted + rejected + weight)
}
