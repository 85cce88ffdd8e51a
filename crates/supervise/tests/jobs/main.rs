//! The hazards that make sense on Windows, tried on real processes in job objects.
//!
//! In: scripts for the fake agent. Out: the named ending, the proof that nobody is left, and an independent look that
//! agrees. Never a tight limit on time, and never the delivery of a break event: not every system these run on has it.
#![cfg(windows)]
#![expect(clippy::disallowed_methods, reason = "these tests start innocent bystanders and themselves")]

mod bench;
mod cancelling;
mod deaths;
mod endings;
mod recovering;
mod starting;
mod talking;
