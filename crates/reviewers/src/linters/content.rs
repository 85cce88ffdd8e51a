//! The text of files of one side, a line at a time.
//!
//! In: a checkout. Out: lines of its plain files, each file read once. Never follows a link, never reads a huge file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::side::Side;

/// Larger files have no lines for us.
const LARGEST: u64 = 8 << 20;

/// Lines of files of one side.
pub(crate) struct Lines<'a> {
    side: Option<&'a Side>,
    files: RefCell<HashMap<String, Rc<Vec<String>>>>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(side: Option<&'a Side>) -> Self {
        Self { side, files: RefCell::new(HashMap::new()) }
    }

    /// One line, counted from 1.
    pub(crate) fn line(&self, path: &str, number: u32) -> Option<String> {
        self.file(path).get(usize::try_from(number).ok()?.checked_sub(1)?).cloned()
    }

    /// Lines of a range that is short enough to be quoted.
    pub(crate) fn quote(&self, path: &str, start: u32, end: u32) -> Option<String> {
        const LONGEST: u32 = 3;
        let lines = self.file(path);
        let first = usize::try_from(start).ok()?.checked_sub(1)?;
        let count = (end.saturating_sub(start) + 1).min(LONGEST) as usize;
        let text = lines.get(first..lines.len().min(first + count))?.join("\n");
        (!text.trim().is_empty() && text.len() <= 1000).then_some(text)
    }

    fn file(&self, path: &str) -> Rc<Vec<String>> {
        if let Some(lines) = self.files.borrow().get(path) {
            return Rc::clone(lines);
        }
        let place = self.side.and_then(|side| side.plain_file(path));
        let is_small =
            |place: &std::path::PathBuf| place.metadata().is_ok_and(|metadata| metadata.len() <= LARGEST);
        let bytes = place.filter(is_small).and_then(|place| std::fs::read(place).ok()).unwrap_or_default();
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        let lines: Rc<Vec<String>> = Rc::new(lines);
        self.files.borrow_mut().insert(path.to_owned(), Rc::clone(&lines));
        lines
    }
}
