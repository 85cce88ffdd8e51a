//! New lines whose text is old: blocks that the change took away in one place and put in another.
//!
//! In: the diff. Out: for every such line, where it stood. Never counts single short lines, which repeat by chance.

use std::collections::HashMap;

use model::{FileDiff, LineKind, RepoPath};

use crate::text::{normalise, substance};

/// Moved lines, by path and line at head.
#[derive(Debug, Default)]
pub(crate) struct Moved(HashMap<(RepoPath, u32), String>);

// What git takes as the least that is worth calling moved within a file (`-M` of `git blame`).
const SUBSTANCE: usize = 20;

struct Removed {
    path: RepoPath,
    line: u32,
    text: String,
}

impl Moved {
    /// Pairs runs of added lines with equal runs of removed ones.
    pub(crate) fn collect(diff: &[FileDiff]) -> Self {
        let removed = removed_lines(diff);
        let mut starts: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, line) in removed.iter().enumerate() {
            starts.entry(&line.text).or_default().push(at);
        }
        let mut moved = Self::default();
        for file in diff {
            moved.pair(file, &removed, &starts);
        }
        moved
    }

    /// Where the text of a line at head stood before, for people.
    pub(crate) fn line(&self, path: &RepoPath, line: u32) -> Option<&str> {
        self.0.get(&(path.clone(), line)).map(String::as_str)
    }

    fn pair(&mut self, file: &FileDiff, removed: &[Removed], starts: &HashMap<&str, Vec<usize>>) {
        let added: Vec<(u32, String)> = file
            .added()
            .map(|(line, text)| (line, normalise(text)))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let mut at = 0;
        while at < added.len() {
            // A bracket starts no block worth following, and there may be very many of them.
            let telling = substance(&added[at].1) > 0;
            let length = if telling { self.take_longest(file, &added[at..], removed, starts) } else { 0 };
            at += length.max(1);
        }
    }

    fn take_longest(
        &mut self,
        file: &FileDiff,
        added: &[(u32, String)],
        removed: &[Removed],
        starts: &HashMap<&str, Vec<usize>>,
    ) -> usize {
        // A line that is removed in a hundred places was not moved from any of them.
        let candidates = starts.get(added[0].1.as_str()).map_or(&[][..], Vec::as_slice);
        let longest = candidates
            .iter()
            .take(100)
            .map(|&start| {
                let equal =
                    |(a, b): &(&(u32, String), &Removed)| a.1 == b.text && b.path == removed[start].path;
                (added.iter().take(2_000).zip(&removed[start..]).take_while(equal).count(), start)
            })
            .max_by_key(|(length, start)| (*length, std::cmp::Reverse(*start)));
        let Some((length, start)) = longest else { return 0 };
        let weight: usize = added[..length].iter().map(|(_, text)| substance(text)).sum();
        let from = &removed[start];
        let near = from.path == file.path || Some(&from.path) == file.old_path.as_ref();
        if weight < if near { SUBSTANCE } else { 2 * SUBSTANCE } {
            return 0;
        }
        for ((line, _), old) in added[..length].iter().zip(&removed[start..]) {
            let from = if near { format!("line {}", old.line) } else { format!("`{}`", old.path) };
            self.0.insert((file.path.clone(), *line), from);
        }
        length
    }
}

fn removed_lines(diff: &[FileDiff]) -> Vec<Removed> {
    let mut removed = Vec::new();
    for file in diff {
        let path = file.old_path.as_ref().unwrap_or(&file.path);
        for line in
            file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == LineKind::Removed)
        {
            let text = normalise(&line.text);
            if let (false, Some(number)) = (text.is_empty(), line.old_line) {
                removed.push(Removed { path: path.clone(), line: number, text });
            }
        }
    }
    removed
}
