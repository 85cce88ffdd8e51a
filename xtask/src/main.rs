//! Chores of this repository, run as `cargo xtask NAME`.
//!
//! In: a chore's name. Out: exit code 0 where all is well, else 1 with what is wrong. Never part of what users run.

mod bench;
mod layers;
mod soak;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask CHORE

  check               format, lints, layers and generated documents: what CI runs besides the tests
  layers              refuses a dependency between crates that points down or sideways
  generate [--check]  writes docs/reference from the code; with --check only compares
  bench               builds the scratch repositories of docs/performance.md and times the release binary on them
  soak [TIMES]        tries every hazard of foreign programs 20 times, and the long trials once; takes half an hour";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["check"] => check(),
        ["layers"] => layers::check(),
        ["generate"] => tools::generate(false),
        ["generate", "--check"] => tools::generate(true),
        ["bench"] => bench::run(),
        ["soak"] => soak::run(20),
        ["soak", times] => times.parse().map_err(|_| USAGE.to_owned()).and_then(soak::run),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            tools::say(&message);
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<(), String> {
    tools::cargo(&["fmt", "--all", "--check"])?;
    layers::check()?;
    tools::cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    tools::generate(true)
}
