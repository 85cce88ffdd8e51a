//! Hostile branches: what a stranger may put into a pull request, and what becomes of it.
//!
//! In: tables of attacks, one file a family; each builds a branch in a scratch repository. Out: the real binary reviewed it, with
//! reviewers that obey it in the worst way, and the user's tree, references, configuration, home and processes are what they were.
//! Whoever adds an attack adds a row.

#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "what was skipped is said")]

#[path = "../common/mod.rs"]
mod common;

mod agents;
mod answers;
mod documented;
mod git_settings;
mod ground;
mod history;
mod links;
mod linters;
mod machine;
mod markup;
mod names;
mod own_files;
mod packs;
mod real;
mod scripts;
mod secrets;
mod size;
mod words;
mod working_tree;
