//! Tells the story of a review, from what the user typed to a report on disk.
//!
//! In: a request, the settings, a clock. Out: a [`model::Report`] and the events on the way. Owns threads, cancellation
//! and deadlines; never decides what a finding is worth, never prints.

mod ask;
mod assemble;
mod consolidate;
mod error;
mod hear;
mod import;
mod keep;
mod listen;
mod place;
mod plan;
mod preview;
mod program;
mod records;
mod resume;
mod retry;
mod review;
mod roster;
mod scratch;
mod scrub;
mod skips;
mod spending;
mod tell;
mod trivial;
mod turns;

pub use assemble::{Forms, forms};
pub use consolidate::{ConsolidateRequest, GivenReview, consolidate};
pub use error::Error;
pub use import::{Imported, import};
pub use place::permalink;
pub use preview::{Planned, preview};
pub use resume::{ResumeRequest, resume};
pub use review::{Finished, Request, Tools, review};
pub use roster::{Asked, BUILTIN, roster};
pub use skips::Skips;
