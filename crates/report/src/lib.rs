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
pub use terminal::{Style, finding_page, labelled_line, terminal_summary, wrapped};

#[cfg(test)]
mod tests {
    use super::*;

    fn forms() -> [(&'static str, String); 5] {
        let report = sample::report();
        let originals = sample::originals();
        [
            ("markdown", markdown(&report, &originals)),
            ("html", html(&report, &originals)),
            ("json", json(&report)),
            ("sarif", sarif(&report)),
            ("terminal", terminal_summary(&report, 80, Style::default())),
        ]
    }

    #[test]
    fn every_form_names_every_finding_with_its_place() {
        for (form, text) in forms() {
            for finding in sample::report().findings {
                assert!(text.contains(&finding.id), "{form} lacks {}", finding.id);
            }
            assert!(text.contains("src/pool.rs") && text.contains("docs/use.md"), "{form} lacks a place");
            assert!(text.to_lowercase().contains("rework"), "{form} lacks the verdict");
        }
    }

    #[test]
    fn no_form_names_a_folder_of_the_machine() {
        for (form, text) in forms() {
            assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "{form}");
            assert!(!text.contains(&*std::env::temp_dir().to_string_lossy()), "{form}");
        }
    }
}
