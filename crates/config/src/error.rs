//! What can be wrong with a configuration.
//!
//! In: places and reasons. Out: [`Error`], which names file, line, column and the nearest key, like cargo does.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something a person wrote cannot be used.
    #[error("{0}")]
    Invalid(Box<Problem>),
    /// A file is there and cannot be read.
    #[error("could not read `{path}`: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `explain` was asked for a key that does not exist.
    #[error("there is no setting `{key}`")]
    UnknownKey {
        /// The key as asked.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
}

impl Error {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid(problem) => problem.hint.clone(),
            Self::UnknownKey { nearest, .. } => nearest.as_ref().map(|key| format!("did you mean `{key}`?")),
            Self::Unreadable { .. } => None,
        }
    }
}

/// One place in one layer that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, variable or flag.
    pub source: String,
    /// Line and column, 1-based, columns counted in characters; `None` for variables and flags.
    pub place: Option<(u32, u32)>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The line as written with the place marked below it, three lines; empty for variables and flags.
    pub snippet: String,
}

impl Problem {
    /// A problem at a place of a file's text.
    pub(crate) fn at(source: &str, text: &str, span: Range<usize>, message: &str) -> Self {
        let (line, column) = place(text, span.start);
        Self {
            source: source.to_owned(),
            place: Some((line, column)),
            message: visible(message),
            hint: None,
            snippet: snippet(text, span, line, column),
        }
    }

    /// A problem with a variable or a flag.
    pub(crate) fn of(source: &str, message: &str) -> Self {
        Self {
            source: source.to_owned(),
            place: None,
            message: visible(message),
            hint: None,
            snippet: String::new(),
        }
    }

    /// The same with advice.
    pub(crate) fn with_hint(mut self, hint: Option<&str>) -> Self {
        self.hint = hint.map(visible);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => {
                write!(formatter, "{}:{line}:{column}: {}", self.source, self.message)?;
            }
            None => write!(formatter, "{}: {}", self.source, self.message)?,
        }
        if self.snippet.is_empty() { Ok(()) } else { write!(formatter, "\n{}", self.snippet) }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Invalid(Box::new(problem))
    }
}

/// The text with what would act on a terminal, or hide or turn other text, written out. Files of a repository are
/// quoted in messages, and escape sequences in them are none of the user's making.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    let turns =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c.is_control() || turns
}

/// Line and column of a byte offset, 1-based.
pub(crate) fn place(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
    (line, column)
}

fn snippet(text: &str, span: Range<usize>, line: u32, column: u32) -> String {
    let shown = text.lines().nth(line as usize - 1).unwrap_or_default();
    let shown: String = shown.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect();
    let width = text.get(span).map_or(1, |marked| marked.lines().next().unwrap_or_default().chars().count());
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let indent = " ".repeat(column as usize - 1);
    format!("{margin} |\n{number} | {shown}\n{margin} | {indent}{}", "^".repeat(width.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "a = 1\nö = é\n";
        let offset = text.find('é').expect("is there");
        assert_eq!(place(text, offset), (2, 5));
        assert_eq!(place(text, 999), (3, 1));
    }

    #[test]
    fn what_would_act_on_a_terminal_is_written_out() {
        let problem = Problem::at("x", "a = \"\u{202e}\"\n", 4..9, "unknown `\u{1b}[31m`");
        assert!(problem.message.contains("\\u{1b}"), "{}", problem.message);
        assert!(!problem.to_string().contains(['\u{1b}', '\u{202e}']));
    }

    #[test]
    fn a_problem_shows_its_line_with_a_mark() {
        let problem = Problem::at("x.toml", "a = 1\nquorm = 2\n", 6..11, "unknown key `quorm`");
        assert_eq!(problem.to_string(), "x.toml:2:1: unknown key `quorm`\n  |\n2 | quorm = 2\n  | ^^^^^");
    }
}
