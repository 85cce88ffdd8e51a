//! Runs the script with which a reviewer shows a defect, and compares what it shows with what was claimed; and the project's own tests.
//!
//! In: a script, the claim beside it, or the user's test command; a pinned change, a sandbox. Out: a [`model::Reproduction`], a
//! [`model::TestRun`]. Never runs anything that is
//! not confined, never touches the user's tree, and never says whether the finding is right: that is policy.

mod gate;
mod judge;
mod lab;
mod normal;
mod suite;
mod trial;

pub use gate::answer;
pub use judge::{Judged, judge};
pub use lab::{Job, Lab};
pub use normal::normal;
pub use suite::Suite;
pub use trial::{Request, digest, refused, reproduce};
