//! A repository in memory, for tests of the gates.
//!
//! In: two sets of files. Out: [`Facts`] with one commit that wrote every added line. Never a stand-in for git's own
//! judgement: moves and history are tested on real repositories.

use std::cell::Cell;
use std::collections::BTreeMap;

use model::{
    ChangeStatus, Commit, DiffLine, FileDiff, Hunk, LineKind, RawFinding, RawLocation, Reading, RepoPath,
    Sha, Side, Target,
};
use similar::{ChangeTag, TextDiff};

use crate::facts::{Blamed, Facts, FileText, Found, Hit, PathEntry};
use crate::text::has_word;

type Files = BTreeMap<String, String>;

/// Two trees and what lies between them.
pub(crate) struct Memory {
    pub(crate) target: Target,
    base: Files,
    head: Files,
    diff: Vec<FileDiff>,
    pub(crate) submodules: Vec<String>,
    pub(crate) searches: Cell<u32>,
    pub(crate) blames: Cell<u32>,
}

pub(crate) fn sha(digit: char) -> Sha {
    Sha::new(&digit.to_string().repeat(40)).expect("forty digits")
}

impl Memory {
    /// Files before and after.
    pub(crate) fn new(base: &[(&str, &str)], head: &[(&str, &str)]) -> Self {
        Self::renamed(base, head, &[])
    }

    /// The same with renames `(old, new)`.
    pub(crate) fn renamed(base: &[(&str, &str)], head: &[(&str, &str)], renames: &[(&str, &str)]) -> Self {
        let files = |files: &[(&str, &str)]| -> Files {
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
        };
        let (base, head) = (files(base), files(head));
        let diff = diff(&base, &head, renames);
        let commit = Commit {
            sha: sha('c'),
            subject: "Change it".to_owned(),
            body: String::new(),
            author: "Ada Author".to_owned(),
            at: "2026-01-02T03:04:05Z".parse().expect("a time"),
            parents: vec![sha('b')],
        };
        let target = Target {
            merge_base: sha('b'),
            base: sha('b'),
            head: sha('c'),
            commits: vec![commit],
            ..Target::default()
        };
        Self {
            target,
            base,
            head,
            diff,
            submodules: Vec::new(),
            searches: Cell::new(0),
            blames: Cell::new(0),
        }
    }

    fn files(&self, side: Side) -> &Files {
        if side == Side::Head { &self.head } else { &self.base }
    }
}

fn diff(base: &Files, head: &Files, renames: &[(&str, &str)]) -> Vec<FileDiff> {
    let old_of = |path: &str| renames.iter().find(|(_, new)| *new == path).map(|(old, _)| *old);
    let gone =
        base.keys().filter(|path| !head.contains_key(*path) && renames.iter().all(|(old, _)| old != path));
    let mut paths: Vec<&String> = head.keys().chain(gone).collect();
    paths.sort();
    let diff = paths.into_iter().filter_map(|path| {
        let old = old_of(path).unwrap_or(path);
        let (before, after) = (base.get(old), head.get(path));
        if before == after && old == path {
            return None;
        }
        let status = match (before, after) {
            (None, _) => ChangeStatus::Added,
            (_, None) => ChangeStatus::Deleted,
            _ if old != path => ChangeStatus::Renamed,
            _ => ChangeStatus::Modified,
        };
        Some(FileDiff {
            path: path.as_str().into(),
            old_path: (old != path).then(|| old.into()),
            status,
            binary: false,
            old_mode: None,
            new_mode: None,
            hunks: hunks(before.map_or("", String::as_str), after.map_or("", String::as_str)),
        })
    });
    diff.collect()
}

fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let diff = TextDiff::from_lines(before, after);
    let groups = diff.grouped_ops(3);
    let hunk = |ops: &Vec<similar::DiffOp>| {
        let lines: Vec<DiffLine> = ops
            .iter()
            .flat_map(|op| diff.iter_changes(op))
            .map(|change| DiffLine {
                kind: match change.tag() {
                    ChangeTag::Equal => LineKind::Context,
                    ChangeTag::Insert => LineKind::Added,
                    ChangeTag::Delete => LineKind::Removed,
                },
                old_line: change.old_index().map(|at| at as u32 + 1),
                new_line: change.new_index().map(|at| at as u32 + 1),
                text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
            })
            .collect();
        let old: Vec<u32> = lines.iter().filter_map(|line| line.old_line).collect();
        let new: Vec<u32> = lines.iter().filter_map(|line| line.new_line).collect();
        Hunk {
            old_start: old.first().copied().unwrap_or(0),
            old_lines: old.len() as u32,
            new_start: new.first().copied().unwrap_or(0),
            new_lines: new.len() as u32,
            heading: String::new(),
            lines,
        }
    };
    groups.iter().map(hunk).collect()
}

impl Facts for Memory {
    fn target(&self) -> &Target {
        &self.target
    }

    fn diff(&self) -> &[FileDiff] {
        &self.diff
    }

    fn text(&self, side: Side, path: &RepoPath) -> Option<FileText> {
        let content = self.files(side).get(path.as_str())?.clone();
        Some(FileText { binary: content.contains('\0'), content })
    }

    fn entries(&self, side: Side) -> Vec<PathEntry> {
        let files = self.files(side).keys().map(|path| (path, false));
        let modules = self.submodules.iter().map(|path| (path, true));
        files
            .chain(modules)
            .map(|(path, submodule)| PathEntry { path: path.as_str().into(), submodule })
            .collect()
    }

    fn blame(&self, path: &RepoPath, ranges: &[(u32, u32)]) -> Result<Vec<Blamed>, String> {
        self.blames.set(self.blames.get() + 1);
        let file = self.diff.iter().find(|file| file.path == *path);
        let added: Vec<u32> =
            file.map(|file| file.added().map(|(line, _)| line).collect()).unwrap_or_default();
        let blamed = |line: u32| {
            let in_change = added.contains(&line);
            let commit = if in_change { sha('c') } else { sha('b') };
            Blamed {
                line,
                commit,
                in_change,
                boundary: self.target.shallow,
                original_path: path.clone(),
                original_line: line,
            }
        };
        Ok(ranges.iter().flat_map(|(start, end)| (*start..=*end).map(blamed)).collect())
    }

    fn search(&self, side: Side, needles: &[&str]) -> Result<Found, String> {
        self.searches.set(self.searches.get() + 1);
        let mut hits = Vec::new();
        for (path, text) in self.files(side) {
            for (line, text) in (1..).zip(text.lines()) {
                for (needle, word) in needles.iter().enumerate().filter(|(_, word)| has_word(text, word)) {
                    let _ = word;
                    hits.push(Hit { path: path.as_str().into(), line, text: text.to_owned(), needle });
                }
            }
        }
        Ok(Found { hits, cut: Vec::new() })
    }
}

/// A claim about one place.
pub(crate) fn claim(path: &str, lines: Option<(u32, u32)>, quote: Option<&str>) -> RawFinding {
    RawFinding {
        title: "It goes wrong here".to_owned(),
        body: "It goes wrong when the input is empty.".to_owned(),
        locations: vec![RawLocation {
            path: path.to_owned(),
            start: lines.map(|lines| lines.0),
            end: lines.map(|lines| lines.1),
            quote: quote.map(str::to_owned),
            ..RawLocation::default()
        }],
        ..RawFinding::default()
    }
}

/// Checks one claim.
pub(crate) fn check_one(facts: &Memory, raw: RawFinding) -> model::CheckedFinding {
    let reading = Reading { findings: vec![raw], ..Reading::default() };
    crate::check(&[crate::Claims { reviewer: "ada", reading: &reading }], facts).remove(0)
}
