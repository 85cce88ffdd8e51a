//! Which lines the change touches.
//!
//! In: the diff. Out: line sets per file and side. Never looks at commits: who wrote a line is `blame`'s answer.

use std::collections::HashMap;

use model::{ChangeStatus, FileDiff, RepoPath, Side};

/// The change, by file.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    files: Vec<FileChange<'a>>,
    by_path: HashMap<&'a str, usize>,
    by_old: HashMap<&'a str, usize>,
}

/// What changed in one file.
#[derive(Debug)]
pub(crate) struct FileChange<'a> {
    /// The diff it is taken from.
    pub(crate) diff: &'a FileDiff,
    /// Lines at head that the merge base does not have.
    pub(crate) added: Lines,
    /// Lines at the merge base that head does not have.
    pub(crate) removed: Lines,
    /// Lines at head between which lines were removed.
    pub(crate) seams: Lines,
}

/// Ranges of lines, sorted and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines(Vec<(u32, u32)>);

impl Lines {
    fn add(&mut self, line: u32) {
        match self.0.last_mut() {
            Some((_, end)) if line <= end.saturating_add(1) => *end = line.max(*end),
            _ => self.0.push((line, line)),
        }
    }

    /// How many of the lines from `start` to `end` are in the set.
    pub(crate) fn within(&self, start: u32, end: u32) -> u32 {
        let first = self.0.partition_point(|(_, last)| *last < start);
        self.0[first..]
            .iter()
            .take_while(|(from, _)| *from <= end)
            .map(|(from, last)| (*last).min(end) - (*from).max(start) + 1)
            .sum()
    }

    /// True where the line is in the set.
    pub(crate) fn has(&self, line: u32) -> bool {
        self.within(line, line) > 0
    }

    /// Lines from the range to the nearest line of the set; 0 where they meet, `None` for an empty set.
    pub(crate) fn distance(&self, start: u32, end: u32) -> Option<u32> {
        let next = self.0.partition_point(|(_, last)| *last < start);
        let after = self.0.get(next).map(|(from, _)| from.saturating_sub(end));
        let before = next.checked_sub(1).and_then(|at| self.0.get(at)).map(|(_, last)| start - last);
        [after, before].into_iter().flatten().min()
    }
}

impl<'a> Changes<'a> {
    /// Collects the line sets of a diff.
    pub(crate) fn new(diff: &'a [FileDiff]) -> Self {
        let mut changes = Self::default();
        for file in diff {
            let at = changes.files.len();
            changes.by_path.insert(file.path.as_str(), at);
            if let Some(old) = &file.old_path {
                changes.by_old.entry(old.as_str()).or_insert(at);
            }
            changes.files.push(FileChange::new(file));
        }
        changes
    }

    /// Every changed file, in the order of the diff.
    pub(crate) fn files(&self) -> &[FileChange<'a>] {
        &self.files
    }

    /// The change of the file that has this path at head (at the merge base where it was deleted).
    pub(crate) fn file(&self, path: &RepoPath) -> Option<&FileChange<'a>> {
        self.by_path.get(path.as_str()).and_then(|at| self.files.get(*at))
    }

    /// The change of the file that a path names at a side.
    pub(crate) fn at(&self, side: Side, path: &RepoPath) -> Option<&FileChange<'a>> {
        match side {
            Side::Head => self.file(path),
            Side::Base => match self.by_old.get(path.as_str()) {
                Some(at) => self.files.get(*at),
                None => self.file(path).filter(|file| file.diff.old_path.is_none()),
            },
        }
    }

    /// Where a renamed file went.
    pub(crate) fn renamed_to(&self, old: &str) -> Option<&'a RepoPath> {
        let file = self.files.get(*self.by_old.get(old)?)?;
        (file.diff.status == ChangeStatus::Renamed).then_some(&file.diff.path)
    }

    /// The path a file of head has at the merge base; `None` where it has none.
    pub(crate) fn path_at_base(&self, path: &RepoPath) -> Option<RepoPath> {
        match self.file(path) {
            Some(file) if file.diff.status == ChangeStatus::Added => None,
            Some(file) => Some(file.diff.old_path.clone().unwrap_or_else(|| path.clone())),
            None => Some(path.clone()),
        }
    }
}

impl<'a> FileChange<'a> {
    fn new(diff: &'a FileDiff) -> Self {
        let mut file =
            Self { diff, added: Lines::default(), removed: Lines::default(), seams: Lines::default() };
        for hunk in &diff.hunks {
            // Without context lines before it, a removal stands before the first new line of its hunk.
            let mut next_new = if hunk.new_lines == 0 { hunk.new_start + 1 } else { hunk.new_start };
            for line in &hunk.lines {
                match (line.old_line, line.new_line) {
                    (None, Some(new)) => {
                        file.added.add(new);
                        next_new = new + 1;
                    }
                    (Some(old), None) => {
                        file.removed.add(old);
                        if next_new > 1 {
                            file.seams.add(next_new - 1);
                        }
                        file.seams.add(next_new);
                    }
                    (_, new) => next_new = new.map_or(next_new, |new| new + 1),
                }
            }
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_count_and_measure() {
        let mut lines = Lines::default();
        for line in [3, 4, 5, 9] {
            lines.add(line);
        }
        assert_eq!(lines, Lines(vec![(3, 5), (9, 9)]));
        assert_eq!((lines.within(1, 4), lines.within(6, 8), lines.within(5, 9)), (2, 0, 2));
        assert_eq!(
            (lines.distance(6, 7), lines.distance(4, 4), lines.distance(20, 20)),
            (Some(1), Some(0), Some(11))
        );
        assert_eq!(Lines::default().distance(1, 1), None);
    }
}
