//! The questions asked of every raw finding, one file each.
//!
//! In: one claim and the [`World`](crate::world::World). Out: an [`Answer`]. Never the severity or the lane: what
//! follows from an answer is policy.

pub(crate) mod acknowledged;
pub(crate) mod file;
pub(crate) mod fix;
pub(crate) mod later;
pub(crate) mod location;
pub(crate) mod origin;
pub(crate) mod quote;
pub(crate) mod scope;
pub(crate) mod shown;
pub(crate) mod specifics;

use model::{CheckResult, Fault};

/// A result with what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The result.
    pub(crate) result: CheckResult,
    /// What was looked at and seen.
    pub(crate) detail: String,
    /// What is wrong, where it failed and the difference matters to the rules.
    pub(crate) fault: Option<Fault>,
}

impl Answer {
    /// An answer.
    pub(crate) fn new(result: CheckResult, detail: impl Into<String>) -> Self {
        Self { result, detail: detail.into(), fault: None }
    }

    /// It does not hold, in a way that the rules tell apart.
    pub(crate) fn fault(fault: Fault, detail: impl Into<String>) -> Self {
        Self { fault: Some(fault), ..Self::new(CheckResult::Fail, detail) }
    }

    /// The question does not arise.
    pub(crate) fn not_applicable(detail: impl Into<String>) -> Self {
        Self::new(CheckResult::NotApplicable, detail)
    }

    /// It could not be answered.
    pub(crate) fn unknown(detail: impl Into<String>) -> Self {
        Self::new(CheckResult::Unknown, detail)
    }
}
