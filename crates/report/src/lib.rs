//! Shows a report in every form: Markdown, one HTML page, JSON, SARIF, terminal.
//!
//! In: a [`model::Report`] and the reviews as they were written. Out: text. Every function is pure: the same value
//! gives the same bytes. Never reads a clock, a file or the network, and never decides anything about a finding.
//!
//! Everything that reviewers or the repository supplied is hostile text here. Each form has one place that makes it
//! inert (`markdown::escape`, `html::prose`, `json::inert`, [`safe_text`]), and everything goes through it.

/// Writes formatted text behind a string.
macro_rules! put {
    ($target:expr, $($format:tt)*) => {{
        use std::fmt::Write as _;
        write!($target, $($format)*).expect("a string takes any text")
    }};
}

mod html;
mod json;
mod markdown;
mod safe;
mod sarif;
mod terminal;
mod words;

#[cfg(test)]
mod sample;

pub use html::html;
pub use json::json;
pub use markdown::{markdown, originals_in};
pub use safe::{safe_line, safe_text};
pub use sarif::sarif;
pub use terminal::{Style, finding_page, labelled_line, terminal_summary};
