//! Learned weights of the matcher.
//!
//! In: nothing. Out: one number a feature. Learned offline by logistic regression over judged pairs of claims; only the
//! last two, for evidence that the judged pairs do not carry, are set by hand.

use super::features::FEATURES;

/// Log-odds of a pair without anything in common; places the threshold at 0.
pub(crate) const BIAS: f32 = -7.1487;

/// One weight a feature, in the order of [`FEATURES`].
pub(crate) const WEIGHTS: [f32; FEATURES.len()] = [
    2.7001,  // words
    4.3207,  // words squared
    1.6244,  // words root
    2.6493,  // heads
    1.6662,  // overlap
    1.1544,  // overlap root
    1.1131,  // names
    0.9740,  // name overlap
    1.7574,  // word pairs
    0.6722,  // kinds
    0.2005,  // title kinds
    3.1842,  // cross title
    -0.7284, // both names
    4.5866,  // short
    -1.5198, // placed
    -0.0451, // same file
    -3.5436, // other file
    -0.7711, // lines overlap
    -0.7910, // lines near
    0.4000,  // same anchor
    0.2000,  // same symbol
];
