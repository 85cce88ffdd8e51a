//! Programs of reviewers, run in a sandbox where there is one.
//!
//! In: a program ready to be started and what it needs. Out: the same program behind a sandbox, with a proxy that lets it reach
//! what it needs and nothing else, or why it runs without. Never starts a program confined in a way that was not tried, and
//! never leaves out that one is not.

mod decide;
mod network;
mod room;

pub use decide::{Confinement, Decision, Who};
pub(crate) use network::Door;
pub(crate) use room::{Confined, Needs, borrowed};
