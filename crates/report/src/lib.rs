//! Shows a report in every form: Markdown, one HTML page, JSON, SARIF, JUnit, code quality, RDJSON, a pull-request review,
//! terminal.
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

mod code_quality;
mod edits;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod rdjson;
mod safe;
mod sarif;
mod still_open;
mod terminal;
mod words;

#[cfg(test)]
mod outside;
#[cfg(test)]
mod sample;

pub use code_quality::code_quality;
pub use github::{github_review, github_summary};
pub use html::{ReviewerStats, html, interval, stats_page};
pub use json::json;
pub use junit::junit;
pub use markdown::{markdown, originals_in};
pub use rdjson::rdjson;
pub use safe::{safe_line, safe_text};
pub use sarif::sarif;
pub use terminal::{Style, finding_page, indented, labelled_line, terminal_summary, wrapped};

#[cfg(test)]
mod tests {
    use super::*;

    fn forms() -> [(&'static str, String); 10] {
        let report = sample::report();
        let originals = sample::originals();
        [
            ("markdown", markdown(&report, &originals)),
            ("html", html(&report, &originals)),
            ("json", json(&report)),
            ("sarif", sarif(&report)),
            ("junit", junit(&report)),
            ("code quality", code_quality(&report)),
            ("rdjson", rdjson(&report)),
            ("github review", github_review(&report, &[])),
            ("github summary", github_summary(&report)),
            ("terminal", terminal_summary(&report, 80, Style::default())),
        ]
    }

    #[test]
    fn every_form_names_every_finding_with_its_place() {
        for (form, text) in forms() {
            // What people declined is left out where a machine would act on it.
            let is_acted_on = ["code quality", "rdjson", "github review", "github summary"].contains(&form);
            for finding in sample::report().findings {
                let wanted = !is_acted_on || finding.state == model::FindingState::Open;
                assert_eq!(text.contains(&finding.id), wanted, "{form}: {}", finding.id);
            }
            assert!(text.contains("src/pool.rs") && text.contains("docs/use.md"), "{form} lacks a place");
            // Lists of single diagnostics have no room for a verdict.
            let is_list = ["code quality", "rdjson"].contains(&form);
            assert!(is_list || text.to_lowercase().contains("rework"), "{form} lacks the verdict");
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
