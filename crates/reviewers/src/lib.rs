//! Asks reviewers: prompts, checkouts, commands, agents, models over HTTP.
//!
//! In: a pinned target and one reviewer's settings. Out: an [`Attempt`] — how it ended and the text exactly as it was
//! written. Never reads that text: `reading` does.

mod acp;
pub mod agent;
mod attempt;
mod background;
mod budget;
mod command;
mod conclude;
mod confine;
mod desk;
mod doing;
mod estimate;
mod guess;
mod http;
pub mod linters;
mod prices;
mod prompt;

pub use acp::ask_acp;
pub use attempt::Attempt;
pub use background::Background;
pub use budget::{Budget, Purse, Usage};
pub use command::ask_command;
pub use conclude::conclude;
pub use confine::{Confinement, Decision, Who};
pub use desk::{CHECKOUT, CommandRequest};
pub use doing::Doing;
pub use estimate::{Estimate, estimate};
pub use guess::guess;
pub use http::{
    Endpoint, Known, ModelRequest, ask_model, by_key, endpoint, instructions, key_names, known, try_model,
};
pub use prices::prices_as_of;
pub use prompt::{
    Briefing, CHALLENGE_TEMPLATE, Prompt, PromptInput, SUMMARY_TEMPLATE, TEMPLATE, canary, prompt,
    unified_diff,
};
