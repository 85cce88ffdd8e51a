//! Which files go into which request.
//!
//! In: the diff and how many bytes of it fit. Out: parts, in path order, so that files of one folder stay together. A file that
//! is too large is taken apart at its hunks, a hunk that is too large is cut at a line and the rest is named: nothing is
//! left out silently.

use model::FileDiff;

use crate::prompt::unified_diff;

/// What is shown in one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// The files, perhaps with some of their hunks only.
    pub(crate) files: Vec<FileDiff>,
    /// The diff of them.
    pub(crate) diff: String,
}

impl Part {
    /// Added and removed lines in it.
    pub(crate) fn lines(&self) -> u32 {
        let hunks = self.files.iter().flat_map(|file| &file.hunks);
        hunks.flat_map(|hunk| &hunk.lines).filter(|line| line.kind != model::LineKind::Context).count() as u32
    }

    /// The same in two halves; `None` where it cannot be halved.
    pub(crate) fn halves(&self) -> Option<[Self; 2]> {
        let pieces: Vec<FileDiff> = self.files.iter().flat_map(hunks_alone).collect();
        if pieces.len() < 2 {
            return None;
        }
        let size = |files: &[FileDiff]| files.iter().map(bytes).sum::<usize>();
        let whole = size(&pieces);
        let mut at = 1;
        while at + 1 < pieces.len() && size(&pieces[..at]) * 2 < whole {
            at += 1;
        }
        let half = |files: &[FileDiff]| {
            let mut part = Self::default();
            files.iter().cloned().for_each(|file| part.add(file));
            part.finished()
        };
        Some([half(&pieces[..at]), half(&pieces[at..])])
    }

    /// Adds a file, or hunks of one that is there already.
    fn add(&mut self, file: FileDiff) {
        match self.files.last_mut() {
            Some(last) if last.path == file.path => last.hunks.extend(file.hunks),
            _ => self.files.push(file),
        }
    }

    fn finished(mut self) -> Self {
        self.diff = unified_diff(&self.files);
        self
    }
}

/// The parts of a change, and what does not fit into any, one sentence each.
pub(crate) fn parts(diff: &[FileDiff], limit: usize) -> (Vec<Part>, Vec<String>) {
    let mut parts = vec![Part::default()];
    let mut used = 0;
    let mut unshown = Vec::new();
    for file in diff {
        let size = bytes(file);
        let pieces = if size <= limit { vec![file.clone()] } else { hunks_alone(file) };
        for piece in pieces {
            let piece = cut(piece, limit, &mut unshown);
            let size = bytes(&piece);
            if used > 0 && used + size > limit {
                parts.push(Part::default());
                used = 0;
            }
            used += size;
            parts.last_mut().expect("there is one from the start").add(piece);
        }
    }
    (parts.into_iter().map(Part::finished).collect(), unshown)
}

fn bytes(file: &FileDiff) -> usize {
    unified_diff(std::slice::from_ref(file)).len()
}

/// A file as one piece for each hunk.
fn hunks_alone(file: &FileDiff) -> Vec<FileDiff> {
    if file.hunks.len() < 2 {
        return vec![file.clone()];
    }
    file.hunks.iter().map(|hunk| FileDiff { hunks: vec![hunk.clone()], ..file.clone() }).collect()
}

/// A hunk that fits into no request is shown as far as it fits; the model reads the rest through its tools.
fn cut(mut piece: FileDiff, limit: usize, unshown: &mut Vec<String>) -> FileDiff {
    let size = bytes(&piece);
    if size <= limit {
        return piece;
    }
    let Some(hunk) = piece.hunks.first_mut() else { return piece };
    let mut left = limit.saturating_sub(1024);
    let fits = hunk
        .lines
        .iter()
        .take_while(|line| {
            let fits = line.text.len() + 2 <= left;
            left = left.saturating_sub(line.text.len() + 2);
            fits
        })
        .count();
    let missing = hunk.lines.len() - fits;
    hunk.lines.truncate(fits);
    let of = |kinds: [model::LineKind; 2]| {
        hunk.lines.iter().filter(|line| kinds.contains(&line.kind)).count() as u32
    };
    hunk.old_lines = of([model::LineKind::Context, model::LineKind::Removed]);
    hunk.new_lines = of([model::LineKind::Context, model::LineKind::Added]);
    let last = hunk.new_start + hunk.new_lines;
    unshown.push(format!(
        "`{}`: {missing} lines of its diff from line {last} on were not in the prompt: they do not fit into the model's context",
        piece.path
    ));
    piece
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ChangeStatus, DiffLine, Hunk, LineKind};
    use proptest::prelude::*;

    fn file(path: &str, hunks: &[usize]) -> FileDiff {
        let line = |n: usize| DiffLine {
            kind: LineKind::Added,
            old_line: None,
            new_line: Some(n as u32 + 1),
            text: format!("line {n:04} of {path}"),
        };
        let hunk = |lines: &usize| Hunk {
            old_start: 0,
            old_lines: 0,
            new_start: 1,
            new_lines: *lines as u32,
            heading: String::new(),
            lines: (0..*lines).map(line).collect(),
        };
        FileDiff {
            path: path.into(),
            old_path: None,
            status: ChangeStatus::Modified,
            binary: false,
            old_mode: Some("100644".into()),
            new_mode: Some("100644".into()),
            hunks: hunks.iter().map(hunk).collect(),
        }
    }

    fn lines(parts: &[Part]) -> u32 {
        parts.iter().map(Part::lines).sum()
    }

    #[test]
    fn what_fits_is_one_part_and_what_does_not_is_several() {
        let diff = [file("a/x", &[10]), file("a/y", &[10, 10]), file("b/z", &[10])];
        assert_eq!(parts(&diff, 1 << 20).0.len(), 1);
        let (parts, unshown) = parts(&diff, 600);
        assert!(parts.len() > 2 && unshown.is_empty(), "{}", parts.len());
        assert_eq!(lines(&parts), 40);
    }

    #[test]
    fn a_hunk_that_fits_nowhere_is_cut_and_told() {
        let (parts, unshown) = parts(&[file("big", &[1000])], 4096);
        let shown = lines(&parts);
        assert!(shown > 50 && parts[0].diff.len() <= 4096, "{shown}");
        assert!(unshown[0].contains(&format!("{} lines", 1000 - shown)), "{unshown:?}");
    }

    #[test]
    fn a_part_is_halved_until_one_hunk_is_left() {
        let (whole, _) = parts(&[file("a", &[5, 5]), file("b", &[5])], 1 << 20);
        let [one, two] = whole[0].halves().expect("three hunks");
        assert_eq!(one.lines() + two.lines(), 15);
        let all = std::iter::successors(Some(vec![one, two]), |parts| {
            let more: Vec<Part> = parts.iter().filter_map(Part::halves).flatten().collect();
            (!more.is_empty()).then_some(more)
        });
        assert!(all.count() <= 3);
    }

    proptest! {
        #[test]
        fn every_line_is_shown_once_or_told(hunks in prop::collection::vec(prop::collection::vec(0usize..200, 1..4), 1..6), limit in 2048usize..8192) {
            let diff: Vec<FileDiff> = hunks.iter().enumerate().map(|(n, hunks)| file(&format!("f{n}"), hunks)).collect();
            let (parts, unshown) = parts(&diff, limit);
            let told: u32 = unshown.iter().map(|why| why.split(": ").nth(1).and_then(|why| why.split(' ').next()?.parse::<u32>().ok()).expect("a number")).sum();
            prop_assert_eq!(lines(&parts) + told, hunks.iter().flatten().sum::<usize>() as u32);
            prop_assert!(parts.iter().all(|part| part.diff.len() <= limit * 2));
        }
    }
}
