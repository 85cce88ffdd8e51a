//! What was said becomes what is distinct and how much it matters.
//!
//! In: raw findings with their checks, the reviewers, policy and records. Out: findings, a ledger row for every raw
//! finding, the verdict, the assessment sections and numbers about the reviewers. Never asks anyone, never reads a
//! file or a clock: the same input gives the same output, whatever order the reviewers arrived in.

mod challenge;
mod choice;
mod confidence;
mod consolidate;
mod contest;
mod coverage;
mod defect;
mod design;
mod explain;
mod input;
mod ledger;
mod links;
pub mod matching;
mod noted;
mod order;
mod places;
mod policy;
mod prose;
mod records;
mod retro;
pub mod rounds;
mod rules;
mod sections;
mod severity;
mod summary;
mod verdict;

pub use challenge::{Answer, weigh};
pub use consolidate::{consolidate, judge_with_earlier};
pub use explain::explain;
pub use input::{Consolidated, Input, Known, Quorum};
pub use policy::Policy;
pub use prose::mismatches;
pub use records::{Record, Records};
