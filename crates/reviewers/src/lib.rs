//! Asks reviewers: prompts, checkouts, commands.
//!
//! In: a pinned target and one reviewer's settings. Out: an [`Attempt`] — how it ended and the text exactly as it was
//! written. Never reads that text: `reading` does.

mod attempt;
mod command;
mod conclude;
mod guess;
mod prompt;

pub use attempt::Attempt;
pub use command::{CHECKOUT, CommandRequest, ask_command};
pub use conclude::conclude;
pub use guess::guess;
pub use prompt::{Prompt, PromptInput, canary, prompt, unified_diff};
