//! Tells the story of a review, from what the user typed to a report on disk.
//!
//! In: a request, the settings, a clock. Out: a [`model::Report`] and the events on the way. Owns threads, cancellation
//! and deadlines; never decides what a finding is worth, never prints.

mod afterwards;
mod aside;
mod ask;
mod assemble;
mod besides;
mod compare;
mod consolidate;
mod cross_examine;
mod decide;
mod edit;
mod error;
mod hear;
mod import;
mod keep;
mod listen;
mod passes;
mod place;
mod plan;
mod preview;
mod program;
mod prove;
mod recompute;
mod records;
mod reproduce;
mod resume;
mod retry;
mod review;
mod roster;
mod rounds;
mod scratch;
mod scrub;
mod skips;
mod spending;
mod standing;
mod tell;
mod testing;
mod trivial;
mod trust;
mod turns;
mod unaided;

pub use assemble::{Forms, forms, without_keys};
pub use besides::{Besides, besides};
pub use compare::{Compared, Entry, Went, compare};
pub use consolidate::{ConsolidateRequest, GivenReview, consolidate};
pub use decide::{OpenFinding, as_of_today, open_findings, remembered};
pub use error::Error;
pub use import::{Imported, import};
pub use listen::builtin_settings;
pub use place::permalink;
pub use preview::{Planned, preview};
pub use recompute::{Anchor, Recomputed, anchors, recompute};
pub use reproduce::{
    ReproRequest, Script, confinement, confinement_of_reviewers, reproduce, scripts, settle,
};
pub use resume::{ResumeRequest, resume};
pub use review::{Finished, Request, Tools, review};
pub use roster::{Asked, BUILTIN, Import, roster};
pub use rounds::remembered_of;
pub use skips::Skips;
pub use standing::{Standing, standing};
pub use trust::{Forge, cautious, trust};
pub use unaided::unaided;
