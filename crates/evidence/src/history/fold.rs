//! Which commits only repair what an earlier commit of the same change wrote.
//!
//! In: the diffs, oldest first. Out: a sentence for each commit that folds into earlier ones. The lines are followed from
//! diff to diff, as blame would, without asking git again. Never guesses past a merge: with two lines of history a line
//! number means nothing.

use std::collections::{BTreeSet, HashMap};

use model::{ChangeStatus, Commit, CommitDiff, FileDiff, LineKind, Sha};

/// More targets than these are a rework and no repair.
const MOST_TARGETS: usize = 3;

/// The commits that fold, with what to say.
pub(super) fn fold_in(commits: &[Commit], diffs: &[CommitDiff]) -> HashMap<Sha, String> {
    let mut folds = HashMap::new();
    if commits.iter().any(|commit| commit.parents.len() > 1) || diffs.iter().any(|diff| diff.cut) {
        return folds;
    }
    let mut written: HashMap<String, Lines> = HashMap::new();
    for (at, diff) in diffs.iter().enumerate() {
        if let Some(targets) = targets(diff, &written) {
            folds.insert(diff.commit.clone(), sentence(&targets, commits, diffs));
        }
        for file in &diff.files {
            let lines = written.entry(file.path.as_str().to_owned()).or_default();
            if matches!(file.status, ChangeStatus::Added) {
                *lines = Lines::default();
            }
            for edit in edits(file).iter().rev() {
                lines.apply(edit, at);
            }
        }
    }
    folds
}

fn sentence(targets: &BTreeSet<usize>, commits: &[Commit], diffs: &[CommitDiff]) -> String {
    let named: Vec<String> = targets
        .iter()
        .filter_map(|at| commits.iter().find(|commit| commit.sha == diffs[*at].commit))
        .map(|commit| format!("{} “{}”", commit.sha.short(), commit.subject.trim()))
        .collect();
    match named.as_slice() {
        [one] => format!("It only edits lines that {one} added: it can be folded into that commit."),
        several => format!(
            "It only edits lines that earlier commits of this change added ({}): it can be folded into them.",
            several.join(", ")
        ),
    }
}

/// The earlier commits whose lines a commit edits, where it edits nothing else.
fn targets(diff: &CommitDiff, written: &HashMap<String, Lines>) -> Option<BTreeSet<usize>> {
    let mut targets = BTreeSet::new();
    let mut replaces = false;
    for file in &diff.files {
        if file.binary || file.hunks.is_empty() || file.status != ChangeStatus::Modified {
            return None;
        }
        let lines = written.get(file.path.as_str())?;
        for edit in edits(file) {
            replaces |= edit.removed > 0;
            targets.extend(lines.authors(&edit)?);
        }
    }
    (replaces && !targets.is_empty() && targets.len() <= MOST_TARGETS).then_some(targets)
}

/// Lines replaced in one place.
struct Edit {
    /// First old line, 1-based; for a pure insertion the old line it stands before.
    at: u32,
    removed: u32,
    added: u32,
}

fn edits(file: &FileDiff) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    for hunk in &file.hunks {
        // As git counts, a hunk without old lines names the line before it.
        let mut old = if hunk.old_lines == 0 { hunk.old_start + 1 } else { hunk.old_start };
        let mut open: Option<Edit> = None;
        for line in &hunk.lines {
            match line.kind {
                LineKind::Context => {
                    edits.extend(open.take());
                    old += 1;
                }
                LineKind::Removed => {
                    open.get_or_insert(Edit { at: old, removed: 0, added: 0 }).removed += 1;
                    old += 1;
                }
                LineKind::Added => open.get_or_insert(Edit { at: old, removed: 0, added: 0 }).added += 1,
            }
        }
        edits.extend(open);
    }
    edits
}

/// Who wrote the lines of a file, as far as the change goes: runs of lines with the commit that wrote them, `None` for
/// what is older. What follows the last run is older.
#[derive(Default)]
struct Lines(Vec<(u32, Option<usize>)>);

impl Lines {
    /// Cuts the runs so that one begins at a line (1-based); returns its position.
    fn cut(&mut self, line: u32) -> usize {
        let mut before = 1;
        for at in 0..self.0.len() {
            let (length, author) = self.0[at];
            if line == before {
                return at;
            }
            if line < before + length {
                self.0[at].0 = line - before;
                self.0.insert(at + 1, (before + length - line, author));
                return at + 1;
            }
            before += length;
        }
        if line > before {
            self.0.push((line - before, None));
        }
        self.0.len()
    }

    fn apply(&mut self, edit: &Edit, author: usize) {
        let from = self.cut(edit.at);
        let to = self.cut(edit.at + edit.removed);
        let new = (edit.added > 0).then_some((edit.added, Some(author)));
        self.0.splice(from..to, new);
    }

    fn author(&self, line: u32) -> Option<usize> {
        let mut before = 1;
        for (length, author) in &self.0 {
            if line < before + length {
                return *author;
            }
            before += length;
        }
        None
    }

    /// Who wrote the lines that an edit replaces; an insertion must stand between lines of one author. `None` where
    /// any of them is older than the change.
    fn authors(&self, edit: &Edit) -> Option<BTreeSet<usize>> {
        if edit.removed == 0 {
            let (above, below) =
                (self.author(edit.at.checked_sub(1).filter(|line| *line > 0)?)?, self.author(edit.at)?);
            return (above == below).then(|| BTreeSet::from([above]));
        }
        (edit.at..edit.at + edit.removed).map(|line| self.author(line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{commit, diff, sha};
    use super::*;

    #[test]
    fn a_commit_that_only_edits_what_an_earlier_one_added_folds_into_it() {
        let commits =
            [commit('a', "Add the cache", ""), commit('b', "Use it", ""), commit('c', "Fix the cache", "")];
        let diffs = [
            diff('a', &[("c.rs", 5, &[], &["one", "two", "three"])]),
            diff('b', &[("c.rs", 1, &["old"], &["new", "newer"])]),
            // Two lines further down by now.
            diff('c', &[("c.rs", 7, &["two"], &["TWO", "and a half"])]),
        ];
        let folds = fold_in(&commits, &diffs);
        assert_eq!(folds.len(), 1);
        let said = &folds[&sha('c')];
        assert_eq!(
            said,
            "It only edits lines that aaaaaaaa “Add the cache” added: it can be folded into that commit."
        );
    }

    #[test]
    fn a_commit_that_touches_older_lines_too_does_not_fold() {
        let commits = [commit('a', "Add", ""), commit('b', "Fix", "")];
        for second in [
            diff('b', &[("c.rs", 5, &["one"], &["ONE"]), ("d.rs", 1, &["x"], &["y"])]),
            diff('b', &[("c.rs", 4, &["older", "one"], &["both"])]),
            diff('b', &[("c.rs", 8, &[], &["after the block"])]),
            diff('b', &[("c.rs", 6, &[], &["only adds"])]),
        ] {
            let diffs = [diff('a', &[("c.rs", 5, &[], &["one", "two", "three"])]), second];
            assert!(fold_in(&commits, &diffs).is_empty(), "{:?}", diffs[1]);
        }
    }

    #[test]
    fn nothing_is_said_past_a_merge() {
        let mut merge = commit('b', "Merge main", "");
        merge.parents.push(sha('9'));
        let commits = [commit('a', "Add", ""), merge, commit('c', "Fix", "")];
        let diffs = [diff('a', &[("c.rs", 1, &[], &["one"])]), diff('c', &[("c.rs", 1, &["one"], &["ONE"])])];
        assert!(fold_in(&commits, &diffs).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn lines_are_followed_as_a_plain_list_would(
            edits in proptest::collection::vec((1_u32..40, 0_u32..6, 0_u32..6), 1..30)
        ) {
            let mut lines = Lines::default();
            let mut plain: Vec<Option<usize>> = vec![None; 400];
            for (number, (at, removed, added)) in edits.into_iter().enumerate() {
                lines.apply(&Edit { at, removed, added }, number);
                let from = at as usize - 1;
                plain.splice(from..from + removed as usize, (0..added).map(|_| Some(number)));
            }
            for (at, author) in plain.iter().enumerate().take(200) {
                proptest::prop_assert_eq!(lines.author(at as u32 + 1), *author);
            }
        }
    }
}
