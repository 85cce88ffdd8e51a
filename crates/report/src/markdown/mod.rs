//! The report as Markdown: what people paste and archive.
//!
//! In: a report and the original reviews. Out: one document in the usual order of sections, with a
//! grammar that can be read back:
//!
//! - a finding starts with `I1. **Title** — places (severity, kind) [reviewers]` at the start of a line;
//! - what `deep-review` adds about it stands in lines of their own, in italics, that begin with one of [`REMARKS`];
//! - `Fix:` opens the proposal, which reaches to the next such line or the next finding;
//! - original reviews stand in fences in the appendix and come back byte for byte with [`originals_in`].
//!
//! Never puts foreign text anywhere but through `escape`.

mod appendix;
mod escape;
mod finding;
mod header;
mod retro;
mod sections;

pub use appendix::originals_in;
pub(crate) use escape::{block, cell, code, definitions_shown, inline, options as markdown_options};

use model::{Original, Report};

/// First words of the lines that `deep-review` adds to a finding; foreign text never begins a line like this.
pub(crate) const REMARKS: [&str; 11] = [
    "Checked:",
    "Origin:",
    "Rule:",
    "Severity:",
    "Contested:",
    "Also noted by",
    "Possibly the same as",
    "Consolidation note:",
    "Raised again:",
    "Decided:",
    "Tried:",
];

/// Writes the report.
pub fn markdown(report: &Report, originals: &[Original]) -> String {
    let mut text = header::write(report);
    for section in [
        sections::summary(report),
        finding::sections(report),
        sections::design(report),
        sections::testing(report),
        sections::documentation(report),
        sections::commits(report),
        sections::limitations(report),
        sections::feedback(),
        sections::coverage(report),
        sections::resolution(report),
        retro::write(report),
        sections::process(report),
        appendix::write(report, originals),
    ] {
        if section.is_empty() {
            continue;
        }
        text.push_str("\n---\n\n");
        text.push_str(section.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use comrak::nodes::NodeValue;
    use comrak::{Arena, parse_document};

    #[test]
    fn the_whole_report_reads_well() {
        insta::assert_snapshot!("report", markdown(&sample::report(), &sample::originals()));
    }

    #[test]
    fn an_empty_report_says_none_where_nothing_is() {
        let text = markdown(&sample::empty(), &[]);
        assert!(text.contains("## Critical Issues\n\nNone.\n"));
        assert!(text.contains("## Suggestions\n\nNone.\n"));
        assert!(text.contains("~~claude~~ (failed: could not be started)"));
    }

    #[test]
    fn only_our_own_headings_and_line_breaks_are_structure() {
        let text = markdown(&sample::report(), &sample::originals());
        let arena = Arena::new();
        let root = parse_document(&arena, &text, &escape::options());
        let mut headings = Vec::new();
        for node in root.descendants() {
            match &node.data().value {
                NodeValue::HtmlInline(html) => assert_eq!(html, "<br>"),
                NodeValue::HtmlBlock(html) => panic!("raw HTML: {}", html.literal),
                NodeValue::Image(image) => panic!("image: {}", image.url),
                NodeValue::Link(link) => assert!(escape::is_harmless(&link.url), "{}", link.url),
                NodeValue::Heading(heading) => {
                    headings.push((heading.level, node.data().sourcepos.start.line));
                }
                _ => {}
            }
        }
        let lines: Vec<&str> = text.lines().collect();
        let second: Vec<&str> =
            headings.iter().filter(|(level, _)| *level == 2).map(|(_, line)| lines[line - 1]).collect();
        assert_eq!(
            second,
            [
                "## Executive Summary",
                "## Critical Issues",
                "## Important Issues",
                "## Suggestions",
                "## Design Observations",
                "## Testing Assessment",
                "## Documentation Assessment",
                "## Commit Structure",
                "## Acknowledged Limitations",
                "## Unresolved Feedback",
                "## Coverage",
                "## Agent Performance Retro",
                "## Review Process Notes",
                "## Appendix: Original Reviews",
            ]
        );
    }

    #[test]
    fn nothing_in_it_acts_on_a_terminal() {
        let text = markdown(&sample::report(), &sample::originals());
        assert_eq!(
            text.chars().find(|&c| !matches!(c, '\n' | '\t' | '\r') && crate::safe::is_unsafe(c)),
            None
        );
    }

    #[test]
    fn the_same_value_gives_the_same_bytes() {
        let write = || markdown(&sample::report(), &sample::originals());
        assert_eq!(write(), write());
    }
}
