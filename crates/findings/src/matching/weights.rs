//! Learned weights of the matcher.
//!
//! In: nothing. Out: one number a feature. Learned offline by logistic regression over judged pairs of claims, with
//! those that can only speak for a pair held at 0 or above; the last three, for evidence that the judged pairs do not
//! carry or carry too rarely, are set by hand. How: `docs/design/matching.md`.

use super::features::FEATURES;

/// Log-odds of a pair without anything in common; places the threshold at 0.
pub(crate) const BIAS: f32 = -6.4960;

/// One weight a feature, in the order of [`FEATURES`].
pub(crate) const WEIGHTS: [f32; FEATURES.len()] = [
    2.6710,  // words
    2.6694,  // words squared
    1.7573,  // words root
    1.8888,  // heads
    1.7466,  // overlap
    1.3426,  // overlap root
    0.9761,  // names
    1.3916,  // name overlap
    0.7662,  // word pairs
    1.0167,  // kinds
    3.0790,  // lead
    2.5459,  // cross lead
    -1.0201, // both names
    3.7603,  // short
    -2.6088, // placed
    0.0000,  // same file
    -2.4939, // other file
    0.0000,  // lines overlap
    0.0000,  // lines near
    0.4000,  // same anchor
    0.2000,  // same symbol
    1.3000,  // same anchor and name
];
