//! Every hazard a foreign program can be, tried on real processes.
//!
//! In: scripts for the fake agent. Out: the named ending, the proof that nobody is left, and an independent look that
//! agrees. Never a tight limit on time: these tests also hold on a machine that is busy with something else.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "these tests start innocent bystanders and themselves")]

mod bench;
mod cancelling;
mod deaths;
mod endings;
mod held;
mod hostile;
mod inside;
mod keys;
mod ordering;
mod recovering;
mod reused;
mod starting;
mod suspending;
mod talking;
mod tampering;
mod unkillable;
mod using_up;
mod watching;
