//! Runs the script with which a reviewer shows a defect, and compares what it shows with what was claimed.
//!
//! In: a script, the claim beside it, a pinned change, a sandbox. Out: a [`model::Reproduction`]. Never runs anything that is
//! not confined, never touches the user's tree, and never says whether the finding is right: that is policy.

mod gate;
mod judge;
mod normal;
mod trial;

pub use gate::answer;
pub use judge::{Judged, judge};
pub use normal::normal;
pub use trial::{Request, refused, reproduce};
