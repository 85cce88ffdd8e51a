//! All that the families want to look up, looked up at once.
//!
//! In: names from every family. Out: the lines at head that hold them. One search of the tree for all of them, because
//! reading the tree is what costs.

use std::collections::{BTreeSet, HashMap};

use crate::change::{Change, Hit, Search};
use crate::words::count;

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
        let mut notes = Vec::new();
        if left_out > 0 {
            notes.push(format!(
                "{} too many to look up.",
                if left_out == 1 { "1 name was".to_owned() } else { format!("{left_out} names were") }
            ));
        }
        let mut cut = BTreeSet::new();
        if !self.texts.is_empty() {
            let search = change.search(&self.texts, limit);
            notes.extend(told(&search, self.texts.len()));
            cut = search.cut;
            for hit in search.hits {
                if let Some(list) = lines.get_mut(hit.needle) {
                    list.push(hit);
                }
            }
        }
        self.known.retain(|_, index| *index < most);
        Found { known: self.known, lines, cut, notes }
    }
}

/// What a search leaves open.
fn told(search: &Search, all: usize) -> Vec<String> {
    let mut notes = search.left_open.clone();
    // Where nothing was searched, that says it all.
    if search.cut.len() == all && !notes.is_empty() {
        return notes;
    }
    if !search.cut.is_empty() {
        let stands = if search.cut.len() == 1 { "stands" } else { "stand" };
        notes.push(format!(
            "{} of the {} looked up {stands} in more lines than are taken, so most rules say nothing about {}.",
            search.cut.len(),
            count(all, "name", "names"),
            if search.cut.len() == 1 { "it" } else { "them" },
        ));
    }
    notes
}

/// What the search found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    known: HashMap<String, usize>,
    lines: Vec<Vec<Hit>>,
    cut: BTreeSet<usize>,
    /// What was not looked up or not looked into, one sentence each.
    pub(crate) notes: Vec<String>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryChange;

    #[test]
    fn what_a_search_leaves_open_is_told() {
        let change = MemoryChange::new(&[], &[("a.py", "common = 1\ncommon = 2\nrare = 3\n")]);
        let found = |most, limit| {
            let mut needles = Needles::default();
            for name in ["common", "rare", "third"] {
                needles.add(name);
            }
            needles.search(&change, most, limit)
        };
        let whole = found(9, 9);
        assert_eq!((whole.notes.len(), whole.all("common").map(<[Hit]>::len)), (0, Some(2)));
        let cut = found(2, 1);
        assert_eq!(
            cut.notes,
            [
                "1 name was too many to look up.",
                "1 of the 2 names looked up stands in more lines than are taken, so most rules say nothing about it."
            ]
        );
        assert_eq!(
            (cut.all("common"), cut.all("rare").map(<[Hit]>::len), cut.all("third")),
            (None, Some(1), None)
        );
    }

    #[test]
    fn a_search_that_failed_or_left_files_out_says_so() {
        let failed = told(&Search::failed(2, &"git is gone"), 2);
        assert_eq!(failed, ["The tree could not be searched, so nothing was compared with it: git is gone."]);
        let skipped = Search {
            left_open: vec!["2 files could not be searched.".to_owned()],
            cut: [1].into(),
            ..Search::default()
        };
        let told = told(&skipped, 2);
        assert_eq!((told.len(), told[0].as_str()), (2, "2 files could not be searched."));
    }
}
