//! Asks reviewers: prompts, checkouts, commands, agents, models over HTTP.
//!
//! In: a pinned target and one reviewer's settings. Out: an [`Attempt`] — how it ended and the text exactly as it was
//! written. Never reads that text: `reading` does.

pub mod agent;
mod attempt;
mod budget;
mod command;
mod conclude;
mod doing;
mod guess;
mod http;
mod prices;
mod prompt;

pub use attempt::Attempt;
pub use budget::{Budget, Purse, Usage};
pub use command::{CHECKOUT, CommandRequest, ask_command};
pub use conclude::conclude;
pub use doing::Doing;
pub use guess::guess;
pub use http::{Endpoint, ModelRequest, ask_model, endpoint, try_model};
pub use prices::prices_as_of;
pub use prompt::{Briefing, Prompt, PromptInput, TEMPLATE, canary, prompt, unified_diff};
