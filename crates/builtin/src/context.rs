//! What every family shares while it looks at one change.
//!
//! In: a [`Change`] and [`Settings`]. Out: files by path (read once), the changed files worth reading, the lines the
//! change added. Holds no opinion.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use model::{ChangeStatus, DiffLine, FileDiff, LineKind, RepoPath, Side};

use crate::change::{Change, Entry, Past};
use crate::language::Role;
use crate::settings::Settings;
use crate::source::{LONGEST_LEXED, Source};

/// Longer files, in lines, are made by programs more often than by people.
const LONGEST_COMPARED: u32 = 12_000;
/// More lines added to one file are a rewrite.
const MOST_ADDED: usize = 2_000;
/// Files of code and changed lines in them of what may be a repair; more is a release or a new design.
const SMALL_FILES: usize = 5;
const SMALL_LINES: usize = 100;

/// Files read so far; `None` for what is no text.
type Files = HashMap<(Side, RepoPath), Option<Rc<Source>>>;

/// One change with its caches.
pub(crate) struct Context<'a> {
    pub(crate) change: &'a dyn Change,
    pub(crate) settings: &'a Settings,
    files: RefCell<Files>,
    /// Of each changed file its place in the diff, and the lines that the change added.
    changes: HashMap<RepoPath, (usize, BTreeSet<u32>)>,
    removed: HashSet<(&'a str, &'a str)>,
    /// Every path at head, sorted.
    pub(crate) head: Vec<Entry>,
    base: OnceCell<Vec<Entry>>,
    past: OnceCell<Past>,
}

impl<'a> Context<'a> {
    /// Prepares a change.
    pub(crate) fn new(change: &'a dyn Change, settings: &'a Settings) -> Self {
        let of = |(at, file): (usize, &FileDiff)| {
            (file.path.clone(), (at, file.added().map(|(line, _)| line).collect()))
        };
        let changes = change.diff().iter().enumerate().map(of).collect();
        Self {
            change,
            settings,
            files: RefCell::default(),
            changes,
            removed: removed_lines(change.diff()),
            head: sorted(change, Side::Head),
            base: OnceCell::new(),
            past: OnceCell::new(),
        }
    }

    /// One file; `None` where it does not exist on that side, is no text or is longer than people write.
    pub(crate) fn source(&self, side: Side, path: &RepoPath) -> Option<Rc<Source>> {
        let key = (side, path.clone());
        if let Some(known) = self.files.borrow().get(&key) {
            return known.clone();
        }
        let source = self
            .change
            .text(side, path)
            .filter(|text| !text.binary && text.content.len() <= LONGEST_LEXED)
            .map(|text| Rc::new(Source::new(path.clone(), &text.content)));
        self.files.borrow_mut().insert(key, source.clone());
        source
    }

    /// Every path at the merge base, sorted; read when first asked for.
    pub(crate) fn base(&self) -> &[Entry] {
        self.base.get_or_init(|| sorted(self.change, Side::Base))
    }

    /// What the repository did before; read when first asked for.
    pub(crate) fn past(&self) -> &Past {
        self.past.get_or_init(|| self.change.past(false))
    }

    /// Keeps a history that was read elsewhere.
    pub(crate) fn remember(&self, past: Past) {
        self.past.set(past).unwrap_or_default();
    }

    /// Changed files that people wrote: neither binary nor trivial nor generated.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &'a FileDiff> + '_ {
        let settings = self.settings;
        self.change.diff().iter().filter(move |file| {
            let written =
                || self.source(Side::Head, &file.path).is_none_or(|source| source.role != Role::Foreign);
            !file.binary
                && !settings.is_trivial(&file.path)
                && Role::of(&file.path) != Role::Foreign
                && written()
        })
    }

    /// Changed files that are worth comparing with others: bundles and rewrites repeat and alter everything.
    pub(crate) fn compared(&self) -> impl Iterator<Item = &'a FileDiff> + '_ {
        self.changed().filter(|file| {
            let lines = self.source(Side::Head, &file.path).map_or(0, |source| source.line_count());
            lines <= LONGEST_COMPARED && file.added().count() <= MOST_ADDED
        })
    }

    /// The compared files of code, no tests, that stood there before the change: the file, before and after.
    pub(crate) fn edited_code(&self) -> impl Iterator<Item = (&FileDiff, Rc<Source>, Rc<Source>)> {
        self.compared().filter_map(|file| {
            let after = self
                .source(Side::Head, &file.path)
                .filter(|after| after.language.is_code() && after.role == Role::Source)?;
            let before = path_before(file).and_then(|path| self.source(Side::Base, path))?;
            Some((file, before, after))
        })
    }

    /// True where the change is as small as a repair is.
    pub(crate) fn is_small(&self) -> bool {
        let code = self.change.diff().iter().filter(|file| Role::of(&file.path) == Role::Source);
        let lines: Vec<usize> = code.map(|file| file.added().count() + file.removed().count()).collect();
        lines.len() <= SMALL_FILES && lines.iter().sum::<usize>() <= SMALL_LINES
    }

    /// True where the change added this line of head.
    pub(crate) fn is_added(&self, path: &RepoPath, line: u32) -> bool {
        self.changes.get(path).is_some_and(|(_, lines)| lines.contains(&line))
    }

    /// What the change does to a file, by its path at head.
    pub(crate) fn diff_of(&self, path: &RepoPath) -> Option<&'a FileDiff> {
        self.changes.get(path).and_then(|(at, _)| self.change.diff().get(*at))
    }

    /// True where the change took the same line, with the same line before it, out of some file: it moved.
    pub(crate) fn is_moved(&self, source: &Source, line: u32) -> bool {
        let before = source.line(line.saturating_sub(1)).trim();
        self.removed.contains(&(before, source.line(line).trim()))
    }

    /// True where head has a file at this path.
    pub(crate) fn has(&self, side: Side, path: &str) -> bool {
        let entries = match side {
            Side::Head => &self.head,
            Side::Base => self.base(),
        };
        entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).is_ok()
    }
}

fn sorted(change: &dyn Change, side: Side) -> Vec<Entry> {
    let mut entries = change.entries(side);
    entries.sort();
    entries
}

/// Every removed line together with the line before it on the same side.
fn removed_lines(diff: &[FileDiff]) -> HashSet<(&str, &str)> {
    let mut removed = HashSet::new();
    for hunk in diff.iter().flat_map(|file| &file.hunks) {
        let mut before = "";
        for line in hunk.lines.iter().filter(|line| line.kind != LineKind::Added) {
            if line.kind == LineKind::Removed {
                removed.insert((before, line.text.trim()));
            }
            before = line.text.trim();
        }
    }
    removed
}

/// The path a file had at the merge base, where it existed there.
pub(crate) fn path_before(file: &FileDiff) -> Option<&RepoPath> {
    match file.status {
        ChangeStatus::Added | ChangeStatus::Copied => None,
        _ => Some(file.old_path.as_ref().unwrap_or(&file.path)),
    }
}

/// Removed and added lines that stand for each other: what an edit turned into what.
///
/// Within a block of changed lines the first removed line is taken with the first added one and so on where their
/// numbers agree; else each removed line with the added one that shares most of its words.
pub(crate) fn line_pairs(file: &FileDiff) -> Vec<(&DiffLine, &DiffLine)> {
    let mut pairs = Vec::new();
    for hunk in &file.hunks {
        for block in hunk.lines.split(|line| line.kind == LineKind::Context) {
            let of = |kind| block.iter().filter(move |line| line.kind == kind).collect::<Vec<_>>();
            let (removed, added) = (of(LineKind::Removed), of(LineKind::Added));
            if removed.len() == added.len() {
                pairs.extend(removed.into_iter().zip(added));
            } else if removed.len() <= LONGEST_BLOCK && added.len() <= LONGEST_BLOCK {
                pairs.extend(removed.into_iter().filter_map(|line| Some((line, likest(line, &added)?))));
            }
        }
    }
    pairs
}

/// Longer blocks are rewrites: no line of them stands for another one.
const LONGEST_BLOCK: usize = 80;

fn likest<'a>(line: &DiffLine, added: &[&'a DiffLine]) -> Option<&'a DiffLine> {
    let wanted = word_set(&line.text);
    let (best, score) = added.iter().map(|other| (*other, likeness(&wanted, &word_set(&other.text)))).fold(
        None,
        |best: Option<(&DiffLine, f64)>, next| match best {
            Some(best) if best.1 >= next.1 => Some(best),
            _ => Some(next),
        },
    )?;
    (score >= 0.5).then_some(best)
}

fn word_set(line: &str) -> BTreeSet<&str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect()
}

/// The share of words two lines have in common.
fn likeness(left: &BTreeSet<&str>, right: &BTreeSet<&str>) -> f64 {
    let common = left.intersection(right).count() as f64;
    let all = left.union(right).count() as f64;
    if all == 0.0 { 0.0 } else { common / all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryChange;

    #[test]
    fn lines_pair_by_order_or_by_likeness() {
        let change = MemoryChange::new(
            &[("a.txt", "one two three\nkeep\nfour five six\n")],
            &[("a.txt", "one two 3\nkeep\nnew line here\nfour five seven\n")],
        );
        let pairs: Vec<_> = line_pairs(&change.diff()[0])
            .iter()
            .map(|(old, new)| (old.text.as_str(), new.text.as_str()))
            .collect();
        assert_eq!(pairs, [("one two three", "one two 3"), ("four five six", "four five seven")]);
    }
}
