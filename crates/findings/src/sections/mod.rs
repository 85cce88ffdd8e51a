//! The assessment sections: testing, documentation, commits, limitations.
//!
//! In: what reviewers remarked and what the history shows. Out: sections with attribution. Never a finding.

mod commits;
mod gaps;
mod limitations;
mod remarks;

pub(crate) use commits::commits;
pub(crate) use limitations::limitations;
pub(crate) use remarks::assess;

/// Who is named for what code and history themselves show.
const OURSELVES: &str = "deep-review";
