//! A file prepared for looking up quotes.
//!
//! In: the text of one file. Out: its lines, and where each normalised line stands. Never holds blank lines in the
//! look-up: reviewers drop and add them freely.

use std::collections::HashMap;

use crate::text::{normalise, sketch};

/// One file at one side.
#[derive(Debug, Default)]
pub(crate) struct FileView {
    /// True where there is nothing to compare.
    pub(crate) binary: bool,
    /// Lines as they are, without line ends.
    pub(crate) lines: Vec<String>,
    /// Lines that are not blank, in order: line number and what it says.
    pub(crate) solid: Vec<Solid>,
    known: HashMap<String, Vec<usize>>,
}

/// A line that is not blank.
#[derive(Debug)]
pub(crate) struct Solid {
    /// Its number, 1-based.
    pub(crate) line: u32,
    /// Its normalised text.
    pub(crate) text: String,
    /// Which letters follow which, coarsely: lines that share few bits are not alike.
    pub(crate) sketch: u64,
}

impl FileView {
    /// Prepares a text.
    pub(crate) fn new(content: &str, binary: bool) -> Self {
        if binary {
            return Self { binary, ..Self::default() };
        }
        let mut view = Self::default();
        for (number, line) in (1..).zip(content.lines()) {
            let text = normalise(line);
            view.lines.push(line.to_owned());
            if !text.is_empty() {
                view.known.entry(text.clone()).or_default().push(view.solid.len());
                view.solid.push(Solid { line: number, sketch: sketch(&text), text });
            }
        }
        view
    }

    /// Indices into `solid` at which a normalised line stands.
    pub(crate) fn positions(&self, text: &str) -> &[usize] {
        self.known.get(text).map_or(&[], Vec::as_slice)
    }

    /// The line with this number.
    pub(crate) fn line(&self, number: u32) -> Option<&str> {
        self.lines.get((number as usize).checked_sub(1)?).map(String::as_str)
    }

    /// How many lines there are.
    pub(crate) fn line_count(&self) -> u32 {
        self.lines.len() as u32
    }
}
