//! A change made of texts in memory.
//!
//! In: the files before and after. Out: a [`Change`] with a real line diff, for tests and for texts that no repository
//! holds. Renames are found only where the content is the same to the letter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use model::{ChangeStatus, DiffLine, FileDiff, Hunk, LineKind, RepoPath, Side, Target};
use similar::{ChangeTag, TextDiff};

use crate::change::{Change, Entry, Hit, Past, Search, Text};

/// Files before and after a change.
#[derive(Clone, Debug, Default)]
pub struct MemoryChange {
    target: Target,
    base: BTreeMap<RepoPath, Arc<Text>>,
    head: BTreeMap<RepoPath, Arc<Text>>,
    modes: BTreeMap<RepoPath, u32>,
    diff: Vec<FileDiff>,
    past: Past,
}

impl MemoryChange {
    /// Compares two sets of files given as path and content.
    pub fn new(base: &[(&str, &str)], head: &[(&str, &str)]) -> Self {
        let bytes = |files: &[(&str, &str)]| {
            files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
        };
        Self::from_bytes(bytes(base), bytes(head), BTreeMap::new(), Target::default())
    }

    /// As [`MemoryChange::new`], with bytes, head modes where they are not `100644`, and a target of the caller's.
    pub fn from_bytes(
        base: Vec<(String, Vec<u8>)>,
        head: Vec<(String, Vec<u8>)>,
        modes: BTreeMap<RepoPath, u32>,
        target: Target,
    ) -> Self {
        let read = |files: Vec<(String, Vec<u8>)>| -> BTreeMap<RepoPath, Arc<Text>> {
            files.into_iter().map(|(path, bytes)| (RepoPath::new(path), Arc::new(as_text(&bytes)))).collect()
        };
        let (base, head) = (read(base), read(head));
        let mut change = Self { target, base, head, modes, diff: Vec::new(), past: Past::default() };
        change.diff = change.compare();
        change
    }

    /// The same change after a history.
    #[must_use]
    pub fn after(self, past: Past) -> Self {
        Self { past, ..self }
    }

    fn compare(&self) -> Vec<FileDiff> {
        let renamed = self.renames();
        let gone: BTreeSet<&RepoPath> = renamed.values().copied().collect();
        let paths: BTreeSet<&RepoPath> = self.base.keys().chain(self.head.keys()).collect();
        let mut diff = Vec::new();
        for path in paths {
            if gone.contains(path) {
                continue;
            }
            let old_path = renamed.get(path).copied();
            let (before, after) = (self.base.get(old_path.unwrap_or(path)), self.head.get(path));
            let mode_changed = self.modes.get(path).is_some_and(|mode| *mode != 0o100_644);
            if before == after && old_path.is_none() && !(mode_changed && before.is_some()) {
                continue;
            }
            let status = match (before, after) {
                _ if old_path.is_some() => ChangeStatus::Renamed,
                (None, _) => ChangeStatus::Added,
                (_, None) => ChangeStatus::Deleted,
                _ => ChangeStatus::Modified,
            };
            let binary = [before, after].into_iter().flatten().any(|text| text.binary);
            let content = |text: Option<&Arc<Text>>| text.map_or(String::new(), |text| text.content.clone());
            diff.push(FileDiff {
                path: path.clone(),
                old_path: old_path.cloned(),
                status,
                binary,
                old_mode: before.map(|_| "100644".to_owned()),
                new_mode: after.map(|_| format!("{:o}", self.mode(Side::Head, path))),
                hunks: if binary { Vec::new() } else { hunks(&content(before), &content(after)) },
            });
        }
        diff
    }

    fn mode(&self, side: Side, path: &RepoPath) -> u32 {
        let known = (side == Side::Head).then(|| self.modes.get(path).copied()).flatten();
        known.unwrap_or(0o100_644)
    }

    /// New path to old path, for files that moved without an edit.
    fn renames(&self) -> BTreeMap<&RepoPath, &RepoPath> {
        let mut gone: BTreeMap<&str, &RepoPath> = self
            .base
            .iter()
            .filter(|(path, text)| !self.head.contains_key(*path) && !text.content.is_empty())
            .map(|(path, text)| (text.content.as_str(), path))
            .collect();
        self.head
            .iter()
            .filter(|(path, _)| !self.base.contains_key(*path))
            .filter_map(|(path, text)| Some((path, gone.remove(text.content.as_str())?)))
            .collect()
    }
}

impl Change for MemoryChange {
    fn target(&self) -> &Target {
        &self.target
    }

    fn past(&self, _repairs: bool) -> Past {
        self.past.clone()
    }

    fn diff(&self) -> &[FileDiff] {
        &self.diff
    }

    fn text(&self, side: Side, path: &RepoPath) -> Option<Arc<Text>> {
        match side {
            Side::Head => self.head.get(path).cloned(),
            Side::Base => self.base.get(path).cloned(),
        }
    }

    fn entries(&self, side: Side) -> Vec<Entry> {
        let files = match side {
            Side::Head => &self.head,
            Side::Base => &self.base,
        };
        files.keys().map(|path| Entry { path: path.clone(), mode: self.mode(side, path) }).collect()
    }

    fn search(&self, needles: &[String], limit: usize) -> Search {
        let automaton = match AhoCorasick::new(needles) {
            Ok(automaton) => automaton,
            Err(error) => return Search::failed(needles.len(), &error),
        };
        let mut counts = vec![0usize; needles.len()];
        let mut search = Search::default();
        for (path, text) in self.head.iter().filter(|(_, text)| !text.binary) {
            if !automaton.is_match(&text.content) {
                continue;
            }
            for (line, text) in (1..).zip(text.content.lines()) {
                let found: BTreeSet<usize> =
                    automaton.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
                for needle in found {
                    counts[needle] += 1;
                    if counts[needle] > limit {
                        search.cut.insert(needle);
                    } else {
                        search.hits.push(Hit { path: path.clone(), line, needle, text: text.to_owned() });
                    }
                }
            }
        }
        search
    }
}

fn as_text(bytes: &[u8]) -> Text {
    let binary = bytes.iter().take(8000).any(|byte| *byte == 0);
    Text { binary, content: String::from_utf8_lossy(bytes).into_owned() }
}

fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let diff = TextDiff::from_lines(before, after);
    diff.grouped_ops(3)
        .iter()
        .map(|group| {
            let lines: Vec<DiffLine> = group
                .iter()
                .flat_map(|op| diff.iter_changes(op))
                .map(|change| DiffLine {
                    kind: match change.tag() {
                        ChangeTag::Equal => LineKind::Context,
                        ChangeTag::Insert => LineKind::Added,
                        ChangeTag::Delete => LineKind::Removed,
                    },
                    old_line: change.old_index().map(|index| index as u32 + 1),
                    new_line: change.new_index().map(|index| index as u32 + 1),
                    text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
                })
                .collect();
            Hunk {
                old_start: lines.iter().find_map(|line| line.old_line).unwrap_or(0),
                old_lines: lines.iter().filter(|line| line.old_line.is_some()).count() as u32,
                new_start: lines.iter().find_map(|line| line.new_line).unwrap_or(0),
                new_lines: lines.iter().filter(|line| line.new_line.is_some()).count() as u32,
                heading: String::new(),
                lines,
            }
        })
        .collect()
}
