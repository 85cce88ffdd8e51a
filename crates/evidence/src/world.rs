//! The repository as the gates see it while they answer: every file read once.
//!
//! In: [`Facts`]. Out: prepared files, path indices and the line sets of the change. Never outlives the
//! [`Evidence`](crate::Evidence) about one change.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use model::{RepoPath, Side};

use crate::changes::Changes;
use crate::facts::Facts;
use crate::paths::PathIndex;
use crate::symbol;
use crate::view::FileView;

type Views = HashMap<(Side, RepoPath), Option<Rc<FileView>>>;

/// Everything read so far.
pub(crate) struct World<'a> {
    /// Where it is read from.
    pub(crate) facts: &'a dyn Facts,
    /// The change.
    pub(crate) changes: Changes<'a>,
    head: OnceCell<PathIndex>,
    base: OnceCell<PathIndex>,
    views: RefCell<Views>,
}

impl<'a> World<'a> {
    /// Nothing read yet but the diff.
    pub(crate) fn new(facts: &'a dyn Facts) -> Self {
        Self {
            facts,
            changes: Changes::new(facts.diff()),
            head: OnceCell::new(),
            base: OnceCell::new(),
            views: RefCell::new(HashMap::new()),
        }
    }

    /// The paths of a side.
    pub(crate) fn paths(&self, side: Side) -> &PathIndex {
        let cell = if side == Side::Head { &self.head } else { &self.base };
        cell.get_or_init(|| PathIndex::new(self.facts.entries(side)))
    }

    /// A prepared file; `None` where the side has no such file.
    pub(crate) fn view(&self, side: Side, path: &RepoPath) -> Option<Rc<FileView>> {
        let key = (side, path.clone());
        if let Some(known) = self.views.borrow().get(&key) {
            return known.clone();
        }
        let view = self.facts.text(side, path).map(|text| Rc::new(FileView::new(&text.content, text.binary)));
        self.views.borrow_mut().insert(key, view.clone());
        view
    }

    /// The function or type around a line.
    pub(crate) fn symbol(&self, side: Side, path: &RepoPath, line: u32) -> Option<String> {
        let view = self.view(side, path)?;
        symbol::enclosing(&view.lines, line).or_else(|| match side {
            Side::Head => symbol::from_hunk(self.changes.file(path)?.diff, line),
            Side::Base => None,
        })
    }
}
