//! Colours, wrapping, cutting.
//!
//! In: plain text that is already inert. Out: lines no wider than asked, counted in terminal columns. Never splits an
//! escape sequence: colour is put around finished pieces of lines.

use anstyle::{AnsiColor, Style as Ansi};
use model::{Lane, Severity};
use textwrap::WordSplitter;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::safe::safe_line;

/// How to write for a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour. Everything is readable without.
    pub colour: bool,
}

impl Style {
    /// Puts a style around a finished piece of a line.
    pub(super) fn paint(self, ansi: Ansi, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
    }

    /// Bold.
    pub(super) fn bold(self, text: &str) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    /// Dimmed.
    pub(super) fn dim(self, text: &str) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }

    /// The colour of a severity; a contested finding has none.
    pub(super) fn severity(self, severity: Severity, lane: Lane, text: &str) -> String {
        let colour = match severity {
            _ if lane == Lane::Contested => return self.dim(text),
            Severity::Critical => AnsiColor::Red,
            Severity::Important => AnsiColor::Yellow,
            Severity::Suggestion => AnsiColor::Blue,
        };
        self.paint(colour.on_default().bold(), text)
    }
}

/// The narrowest a line is wrapped to, however narrow the terminal says it is.
const NARROWEST: usize = 30;

/// Wraps text behind `first`; further lines are indented by `rest` columns.
pub(super) fn wrap(text: &str, first: &str, rest: usize, width: usize) -> Vec<String> {
    let indent = " ".repeat(rest);
    let options = textwrap::Options::new(width.max(NARROWEST))
        .initial_indent(first)
        .subsequent_indent(&indent)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Cuts a line to a width, with `…` where something is missing.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// `  report  <text>`: one line of the closing block, wrapped behind its label.
pub fn labelled_line(label: &str, text: &str, width: usize, style: Style) -> String {
    let first = format!("  {label:<8}");
    let lines = wrap(&safe_line(text), &first, first.width(), width);
    let mut written = String::new();
    for line in lines {
        if let Some(rest) = line.strip_prefix(&first) {
            put!(written, "{}{rest}\n", style.dim(&first));
        } else {
            put!(written, "{line}\n");
        }
    }
    written
}

/// One line for a terminal, made inert and wrapped behind `first`, which is ours.
pub fn indented(text: &str, first: &str, indent: usize, width: usize) -> String {
    wrap(&safe_line(text), first, indent, width).join("\n") + "\n"
}

/// A text of lines for a terminal: made inert, each line wrapped under its own indent.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut written = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        if words.is_empty() {
            written.push('\n');
            continue;
        }
        let indent = " ".repeat(line.len() - words.len());
        let rest = if indent.is_empty() { 0 } else { indent.len() + 2 };
        for line in wrap(&safe_line(words), &indent, rest, width) {
            put!(written, "{}\n", line.trim_end());
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_under_their_own_indent() {
        let text = "Head\n  one two three four five six seven eight nine ten\n\nend\u{1b}[31m";
        let wrapped = wrapped(text, 30);
        assert!(
            wrapped.starts_with("Head\n  one two three four five six\n    seven eight nine ten\n\nend"),
            "{wrapped}"
        );
        assert!(!wrapped.contains('\u{1b}'));
    }

    #[test]
    fn a_cut_line_keeps_its_width_in_columns() {
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(cut("short", 5), "short");
    }

    #[test]
    fn a_labelled_line_continues_under_its_text() {
        let text = labelled_line("next", "one two three four five six seven", 30, Style::default());
        assert_eq!(text, "  next    one two three four\n          five six seven\n");
    }

    #[test]
    fn colour_is_written_only_where_asked() {
        assert_eq!(Style { colour: false }.bold("x"), "x");
        assert_eq!(Style { colour: true }.bold("x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
