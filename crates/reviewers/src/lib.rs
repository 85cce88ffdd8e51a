//! Asks reviewers: prompts, checkouts, commands.
//!
//! In: a pinned target and one reviewer's settings. Out: an [`Attempt`] — how it ended and the text exactly as it was
//! written. Never reads that text: `reading` does.

pub mod agent;
mod command;
mod conclude;
mod prompt;

pub use command::{Attempt, CHECKOUT, CommandRequest, ask_command};
pub use conclude::conclude;
pub use prompt::{Briefing, Prompt, PromptInput, TEMPLATE, canary, prompt, unified_diff};
