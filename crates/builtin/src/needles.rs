//! All that the families want to look up, looked up at once.
//!
//! In: names from every family. Out: the lines at head that hold them. One search of the tree for all of them, because
//! reading the tree is what costs.

use std::collections::{BTreeSet, HashMap};

use crate::change::{Change, Hit};

/// Names to look up.
#[derive(Debug, Default)]
pub(crate) struct Needles {
    texts: Vec<String>,
    known: HashMap<String, usize>,
}

impl Needles {
    /// Wants a text; the same text twice is looked up once. Very short or many-line texts are not looked up.
    pub(crate) fn add(&mut self, text: &str) {
        let sensible =
            text.len() >= 3 && text.len() <= 300 && !text.contains('\n') && !self.known.contains_key(text);
        if sensible {
            self.known.insert(text.to_owned(), self.texts.len());
            self.texts.push(text.to_owned());
        }
    }

    /// Searches for the first `most` texts.
    pub(crate) fn search(mut self, change: &dyn Change, most: usize, limit: usize) -> Found {
        let left_out = self.texts.len().saturating_sub(most);
        self.texts.truncate(most);
        let mut lines = vec![Vec::new(); self.texts.len()];
        let mut cut = BTreeSet::new();
        if !self.texts.is_empty() {
            let search = change.search(&self.texts, limit);
            cut = search.cut;
            for hit in search.hits {
                if let Some(list) = lines.get_mut(hit.needle) {
                    list.push(hit);
                }
            }
        }
        self.known.retain(|_, index| *index < most);
        Found { known: self.known, lines, cut, left_out }
    }
}

/// What the search found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    known: HashMap<String, usize>,
    lines: Vec<Vec<Hit>>,
    cut: BTreeSet<usize>,
    /// Texts that were not looked up because there were too many.
    pub(crate) left_out: usize,
}

impl Found {
    /// The lines that hold a text; `None` where it was not looked up or has more lines than were taken, so that
    /// nothing can be said about the lines that are missing.
    pub(crate) fn all(&self, text: &str) -> Option<&[Hit]> {
        let index = *self.known.get(text)?;
        let lines = self.lines.get(index)?;
        (!self.cut.contains(&index)).then_some(lines)
    }

    /// The lines that hold a text, as far as they were taken.
    pub(crate) fn some(&self, text: &str) -> &[Hit] {
        self.known.get(text).and_then(|index| self.lines.get(*index)).map_or(&[], Vec::as_slice)
    }
}
