//! A pinned view of a change: whoever looks at the same target sees the same.
//!
//! In: a [`Target`]. Out: its diff, texts, trees, blame, search. Everything is read by object name, when first asked
//! for, and kept. Never the working tree, never a name that could move.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use model::{Commit, CommitDiff, FileDiff, RepoPath, Sha, Side, Target};

use crate::batch::{Blob, Pool};
use crate::blame::{self, BlameLine, Question};
use crate::cache::TextCache;
use crate::call::Place;
use crate::changes::{self, Change};
use crate::paths::PathTable;
use crate::repository::is_zero;
use crate::sketch::Sketches;
use crate::tree::{Entry, EntryKind, Tree};
use crate::{Error, Hits, Repository, Result, SearchOptions, Text, commit_diffs, describe, patch, search};

/// How many bytes of text are kept.
const TEXTS_KEPT: usize = 64 << 20;
/// The most lines of a file that are blamed because somebody might ask for them.
const MOST_HUNK_LINES: u32 = 4000;

/// An immutable view of a target.
#[derive(Debug)]
pub struct Snapshot {
    repository: Repository,
    place: Place,
    target: Target,
    diff: Vec<FileDiff>,
    paths: PathTable,
    /// What each changed path is at a side; `None` where it is not there. Other paths are the same at both sides.
    changed: [HashMap<RepoPath, Option<Entry>>; 2],
    trees: [OnceLock<Tree>; 2],
    pool: Pool,
    texts: Mutex<TextCache>,
    sketches: Mutex<Option<Sketches>>,
    blames: Mutex<HashMap<RepoPath, HashMap<u32, BlameLine>>>,
    cut_at: Vec<Sha>,
    notes: Mutex<Vec<String>>,
}

impl Snapshot {
    /// Opens the view and reads the diff.
    pub fn open(repository: &Repository, target: &Target) -> Result<Self> {
        let place = repository.place();
        let (base, head) = (repository.tree_name(&target.merge_base), target.head.as_str());
        let changes = changes::between(&place, base, head)?.files;
        let mut notes = Vec::new();
        let mut diff = patch::between(&place, base, head, &changes, &mut notes)?;
        diff.sort_by(|a, b| a.path.cmp(&b.path));
        let mut paths = PathTable::default();
        let changed = [at_side(&changes, Side::Head, &mut paths), at_side(&changes, Side::Base, &mut paths)];
        Ok(Self {
            target: target.clone(),
            diff,
            paths,
            changed,
            trees: [OnceLock::new(), OnceLock::new()],
            pool: Pool::new(place.clone()),
            texts: Mutex::new(TextCache::new(TEXTS_KEPT)),
            sketches: Mutex::default(),
            blames: Mutex::new(HashMap::new()),
            cut_at: if repository.shallow { describe::cut_at(repository.common_dir()) } else { Vec::new() },
            notes: Mutex::new(notes),
            repository: repository.clone(),
            place,
        })
    }

    /// What is under review.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What changed between merge base and head, in path order, with three lines of context.
    pub fn diff(&self) -> &[FileDiff] {
        &self.diff
    }

    /// What could not be looked at so far, one sentence each: diffs cut for their size, content that is missing.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The text of a file, or where a link points. `None` where there is no such file, where it is a submodule, and
    /// where it cannot be read (then a note says so).
    pub fn text(&self, side: Side, path: &RepoPath) -> Option<Arc<Text>> {
        self.try_text(side, path).unwrap_or_else(|error| {
            self.note(format!("`{path}` could not be read: {error}"));
            None
        })
    }

    /// As [`Snapshot::text`], telling apart what is not there from what cannot be read.
    pub fn try_text(&self, side: Side, path: &RepoPath) -> Result<Option<Arc<Text>>> {
        match self.entry(side, path) {
            Some(entry) if entry.kind != EntryKind::Submodule => self.blob(&entry.oid).map(Some),
            _ => Ok(None),
        }
    }

    /// The whole tree, in path order. Empty where it cannot be read (then a note says so).
    pub fn entries(&self, side: Side) -> &[Entry] {
        &self.tree(side).entries
    }

    /// What stands at a path, by exact spelling.
    pub fn entry(&self, side: Side, path: &RepoPath) -> Option<Entry> {
        match self.changed[index(side)].get(path) {
            Some(entry) => entry.clone(),
            // Not changed, so both sides have the same: the tree of head answers for the base, too.
            None => self.tree(Side::Head).get(path).cloned(),
        }
    }

    /// The bytes of a path as git has them.
    pub fn raw_path(&self, path: &RepoPath) -> Vec<u8> {
        let bytes = self.paths.bytes(path);
        // A path outside the diff whose spelling may stand for other bytes: the tree knows.
        if path.as_str().contains("\\x") && *bytes == *path.as_str().as_bytes() {
            return self.tree(Side::Head).paths.bytes(path).into_owned();
        }
        bytes.into_owned()
    }

    /// Where lines of head come from, history limited to the change; in line order. Ranges are inclusive, from 1, and
    /// cut to the file; no range means the whole file. Each line is asked of git once: ask for all ranges of a file
    /// together.
    pub fn blame(&self, path: &RepoPath, ranges: &[(u32, u32)]) -> Result<Vec<BlameLine>> {
        let Some(entry) = self.entry(Side::Head, path).filter(|entry| entry.kind == EntryKind::Blob) else {
            return Ok(Vec::new());
        };
        let count = self.blob(&entry.oid)?.line_count();
        let wanted = wanted_lines(ranges, count);
        if !self.changed[index(Side::Head)].contains_key(path) {
            // Identical at the merge base: every line is older than the change, whatever happened in between.
            return Ok(wanted.into_iter().map(|line| self.older(path, line)).collect());
        }
        let missing: Vec<u32> = {
            let blames = self.blames.lock().unwrap_or_else(PoisonError::into_inner);
            let known = blames.get(path);
            wanted
                .iter()
                .copied()
                .filter(|line| !known.is_some_and(|known| known.contains_key(line)))
                .collect()
        };
        let asked = match missing.as_slice() {
            [] => Vec::new(),
            missing => self.ask_blame(path, &to_ranges(&self.with_hunks(path, missing, count)))?,
        };
        let mut blames = self.blames.lock().unwrap_or_else(PoisonError::into_inner);
        let known = blames.entry(path.clone()).or_default();
        known.extend(asked.into_iter().map(|line| (line.line, line)));
        Ok(wanted.iter().filter_map(|line| known.get(line).cloned()).collect())
    }

    /// Asks for the blame of many files at once, so that later calls of [`Snapshot::blame`] only look it up. Files that
    /// git cannot answer for are left for that call to tell.
    pub fn prepare_blame(&self, wanted: &[(RepoPath, Vec<(u32, u32)>)]) {
        let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
        let share = wanted.len().div_ceil(workers).max(1);
        std::thread::scope(|scope| {
            for part in wanted.chunks(share) {
                scope.spawn(move || {
                    for (path, ranges) in part {
                        drop(self.blame(path, ranges));
                    }
                });
            }
        });
    }

    /// Finds fixed strings in a whole tree; binary files, links and submodules are not looked into. All needles are
    /// looked for in one pass: ask for many at once.
    pub fn search(&self, needles: &[&str], options: &SearchOptions) -> Result<Hits> {
        let entries = self.entries(options.side);
        let mut sketches = self.sketches.lock().unwrap_or_else(PoisonError::into_inner);
        let sketches = sketches.get_or_insert_with(|| Sketches::load(self.repository.common_dir()));
        search::search(&self.place, entries, needles, options, sketches, &self.texts)
    }

    /// The newest commits in the history of head that touched a file, newest first.
    pub fn commits_touching(&self, path: &RepoPath, limit: usize) -> Result<Vec<Commit>> {
        self.repository.log(&[self.target.head.as_str()], limit, Some(&self.raw_path(path)))
    }

    /// What each commit of the change did, oldest first; merges are left out, and so are commits beyond the first
    /// hundred.
    pub fn history(&self) -> Result<Vec<CommitDiff>> {
        commit_diffs::read(&self.place, &self.target.commits)
    }

    /// The folder that all working trees of the repository share.
    pub(crate) fn common_dir(&self) -> &std::path::Path {
        self.repository.common_dir()
    }

    /// Where objects are read.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    fn tree(&self, side: Side) -> &Tree {
        self.trees[index(side)].get_or_init(|| {
            let name = match side {
                Side::Head => self.target.head.as_str(),
                Side::Base => self.repository.tree_name(&self.target.merge_base),
            };
            Tree::read(&self.place, name).unwrap_or_else(|error| {
                self.note(error.to_string());
                Tree::default()
            })
        })
    }

    fn blob(&self, oid: &Sha) -> Result<Arc<Text>> {
        if let Some(text) = self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(oid) {
            return Ok(text);
        }
        let mut bytes = Vec::new();
        let text = match self.pool.read(oid, &mut bytes)? {
            Blob::Read => Text::from_bytes(&bytes),
            Blob::TooLarge(size) => Text::too_large(size),
            Blob::Missing => {
                return Err(Error::failed(
                    "could not read a file's content",
                    format!("object {} is not here (partial clone or damaged repository)", oid.short()),
                ));
            }
        };
        let text = Arc::new(text);
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).put(oid, &text);
        Ok(text)
    }

    fn older(&self, path: &RepoPath, line: u32) -> BlameLine {
        BlameLine {
            line,
            commit: self.target.merge_base.clone(),
            in_change: false,
            boundary: false,
            original_path: path.clone(),
            original_line: line,
        }
    }

    /// These lines, and those of the file's hunks: whoever asks next, the answers are there, and they do not depend on who
    /// asked first. Walking through history is what costs, not the lines.
    fn with_hunks(&self, path: &RepoPath, missing: &[u32], count: u32) -> Vec<u32> {
        let at = self.diff.partition_point(|file| file.path < *path);
        let hunks = self.diff.get(at).filter(|file| file.path == *path).map_or(&[][..], |file| &file.hunks);
        let lines: u32 = hunks.iter().map(|hunk| hunk.new_lines).sum();
        if lines > MOST_HUNK_LINES {
            return missing.to_vec();
        }
        let of_hunks = hunks.iter().flat_map(|hunk| hunk.new_start..hunk.new_start + hunk.new_lines);
        let all: BTreeSet<u32> =
            of_hunks.filter(|line| (1..=count).contains(line)).chain(missing.iter().copied()).collect();
        all.into_iter().collect()
    }

    fn ask_blame(&self, path: &RepoPath, ranges: &[(u32, u32)]) -> Result<Vec<BlameLine>> {
        let merge_base = &self.target.merge_base;
        blame::ask(
            &self.place,
            &Question {
                merge_base: (!is_zero(merge_base)).then_some(merge_base),
                head: &self.target.head,
                path: &self.raw_path(path),
                ranges,
                cut_at: &self.cut_at,
            },
        )
    }

    fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

fn index(side: Side) -> usize {
    match side {
        Side::Head => 0,
        Side::Base => 1,
    }
}

/// What the change left (or found) at each path it names.
fn at_side(changes: &[Change], side: Side, paths: &mut PathTable) -> HashMap<RepoPath, Option<Entry>> {
    let mut at = HashMap::new();
    for change in changes {
        let (here, mode, oid, there) = match side {
            Side::Head => (&change.path, &change.new_mode, &change.new_oid, &change.old_path),
            Side::Base => (&change.old_path, &change.old_mode, &change.old_oid, &change.path),
        };
        let (here, there) = (paths.spell(here), paths.spell(there));
        let entry = (mode != "000000").then(|| Entry::new(here.clone(), mode, oid)).flatten();
        // A copy leaves its source where it was; the source's own record, if any, says more.
        let source_stays = side == Side::Head && change.status == model::ChangeStatus::Copied;
        if there != here && !source_stays {
            at.entry(there).or_insert(None);
        }
        if entry.is_some() || !matches!(at.get(&here), Some(Some(_))) {
            at.insert(here, entry);
        }
    }
    at
}

/// The lines of all ranges, in order, each once, inside the file.
fn wanted_lines(ranges: &[(u32, u32)], count: u32) -> Vec<u32> {
    if ranges.is_empty() {
        return (1..=count).collect();
    }
    let mut lines: Vec<u32> =
        ranges.iter().flat_map(|(first, last)| (*first).max(1)..=(*last).min(count)).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Lines in order as ranges.
fn to_ranges(lines: &[u32]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => ranges.push((*line, *line)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file_and_joined() {
        assert_eq!(wanted_lines(&[(3, 4), (0, 1), (4, 99)], 5), [1, 3, 4, 5]);
        assert_eq!(wanted_lines(&[], 2), [1, 2]);
        assert_eq!(wanted_lines(&[(7, 9)], 5), [0; 0]);
        assert_eq!(to_ranges(&[1, 3, 4, 5, 9]), [(1, 1), (3, 5), (9, 9)]);
    }
}
