//! The keeper as a program of its own, for this crate's tests and examples.
//!
//! In: the arguments of `supervise::keeper_main`. Out: its exit code. Never anything else.

use std::process::ExitCode;

fn main() -> ExitCode {
    supervise::keeper_main(std::env::args_os().skip(1))
}
