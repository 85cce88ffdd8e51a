//! Learned weights of the matcher.
//!
//! In: nothing. Out: one number a feature. Learned offline by logistic regression; see the crate's tests for what
//! they reach.

use super::features::FEATURES;

pub(crate) const BIAS: f32 = -4.2;

pub(crate) const WEIGHTS: [f32; FEATURES.len()] =
    [6.0, 1.5, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0, 0.5, 1.0, 0.5, -0.8, 1.0, -1.0, 0.8, 0.8, -0.5, 0.5, 0.3, 0.5];
