//! Evidence: every claim is checked against git, and says what was checked.
//!
//! In: what reviewers claim ([`Claims`]) and the pinned repository ([`Facts`]). Out: [`model::CheckedFinding`]s with one
//! answer a gate, repaired places, origins; excerpts; the limitations a change admits. Never decides what a finding is
//! worth, never drops one, never prints more certainty than it has.

mod absence;
mod again;
mod anchor;
mod blame;
mod callers;
mod changes;
mod check;
mod claim;
mod excerpt;
mod facts;
mod gates;
mod history;
#[cfg(test)]
mod laws;
mod limitations;
mod lookup;
mod matching;
#[cfg(test)]
mod memory;
mod moved;
mod names;
mod patch;
mod paths;
mod pattern;
mod remember;
mod snapshot;
mod squeezed;
mod standing;
mod symbol;
mod taken;
mod text;
mod untested;
mod uses;
mod view;
mod world;

pub use again::look_again;
pub use check::{Claims, Evidence, check, check_nothing};
pub use excerpt::excerpt;
pub use facts::{Blamed, Facts, FileText, Found, Hit, PathEntry};
pub use history::history;
pub use limitations::limitations;
pub use remember::{Told, keep_telling, remember, remember_bare};
pub use untested::untested;
pub use uses::uses;
