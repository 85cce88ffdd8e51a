//! Code at the place of a finding, as a compiler shows it.
//!
//! In: an excerpt and its finding. Out: the place, numbered lines, the finding's own lines marked. Never a line that wraps: long
//! ones are cut, so that line numbers stay true, and behind a cut excerpt no number is made up.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use model::{Excerpt, Finding, Lane, Severity};

use super::layout::{Style, cut};
use crate::safe::{safe_name, safe_text};
use crate::words::{Shown, place, shown_lines};

/// Columns beside the code: the frame, and the bar along a range of lines.
const FRAME: usize = 6;

/// Writes the snippet.
pub(super) fn snippet(excerpt: &Excerpt, finding: &Finding, width: usize, style: Style) -> String {
    let lines = shown_lines(excerpt);
    let counted = lines.iter().take_while(|line| line.number.is_some()).count();
    let (counted, rest) = lines.split_at(counted);
    let digits = counted.last().and_then(|line| line.number).unwrap_or(0).to_string().len();
    let room = width.saturating_sub(digits + FRAME);
    let (source, marked) = joined(counted, room);
    let at = finding.locations.first().map(|at| safe_name(&place(at)));
    let mut code = Snippet::source(source.as_str()).line_start(excerpt.first_line as usize).fold(false);
    if let Some(span) = marked {
        code = code.annotation(AnnotationKind::Primary.span(span));
    }
    let group = Group::with_level(level(finding)).element(code);
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.max(1));
    let frame = " ".repeat(digits);
    let mut text = at.map_or(String::new(), |at| format!("{}{at}\n", style.dim(&format!("{frame}--> "))));
    for line in renderer.render(&[group]).lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for line in rest {
        let code = code_line(line, room);
        put!(text, "{}\n", format!("{frame} | {code}").trim_end());
    }
    text
}

fn code_line(line: &Shown<'_>, room: usize) -> String {
    cut(safe_text(&line.text.replace('\t', "    ")).trim_end(), room)
}

/// The lines as one text, and where in it the finding's own code stands: from its first letter to the end of its last line.
fn joined(lines: &[Shown<'_>], room: usize) -> (String, Option<std::ops::Range<usize>>) {
    let mut source = String::new();
    let mut span: Option<std::ops::Range<usize>> = None;
    for line in lines {
        let code = code_line(line, room);
        let start = source.len() + code.len() - code.trim_start().len();
        source.push_str(&code);
        if line.marked && start < source.len() {
            let first = span.as_ref().map_or(start, |span| span.start);
            span = Some(first..source.len());
        }
        source.push('\n');
    }
    (source, span)
}

/// What the colour of the marks comes from.
fn level(finding: &Finding) -> Level<'static> {
    match finding.severity {
        _ if finding.lane == Lane::Contested => Level::NOTE,
        Severity::Critical => Level::ERROR,
        Severity::Important => Level::WARNING,
        Severity::Suggestion => Level::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    fn excerpt(first_line: u32, start: u32, end: u32, lines: &[String]) -> Excerpt {
        Excerpt { first_line, start, end, lines: lines.to_vec(), ..Excerpt::default() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Whatever the code, every line fits, nothing acts on a terminal, and each counted line stands with its number.
        #[test]
        fn whatever_the_code_it_fits_and_stays_inert(
            lines in prop::collection::vec("[ \\ta-z{}漢\u{1b}\u{202e}\u{0}e\u{301}]{0,120}", 1..12),
            first in 1_u32..100_000, mark in 0_u32..12, more in 0_u32..12, width in 30_usize..120,
        ) {
            let finding = Finding::default();
            let text = snippet(&excerpt(first, first + mark, first + mark + more, &lines), &finding, width, Style::default());
            prop_assert_eq!(text.chars().find(|&c| c != '\n' && crate::safe::is_unsafe(c)), None, "{}", text);
            for line in text.lines() {
                prop_assert!(line.width() <= width, "{} of {width}: {line}", line.width());
            }
        }
    }

    #[test]
    fn a_cut_excerpt_goes_on_without_numbers() {
        let lines: Vec<String> = ["fn a() {", "…", "}"].map(str::to_owned).to_vec();
        let text = snippet(&excerpt(10, 10, 90, &lines), &Finding::default(), 60, Style::default());
        assert!(text.contains("10 |") && text.contains("   | …") && !text.contains("11"), "{text}");
    }
}
