//! What happened to a branch between two rounds.
//!
//! In: the target of then and of now. Out: a [`Delta`], files by their names then and now, and lines that changed. Commits
//! are compared by what they did, so a rebase alone changes none of them.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;

use git::Repository;
use model::{Commit, CommitDiff, Delta, DeltaCommit, FileDiff, LineKind, RepoPath, Target};
use sha2::{Digest as _, Sha256};

/// Compares two rounds. Commits that are not here any more are told by their subjects alone.
pub(crate) fn delta(
    repository: &Repository,
    then: &Target,
    now: &Target,
    diff: Option<&[FileDiff]>,
) -> Delta {
    let of_change: BTreeSet<&RepoPath> =
        now.changed.iter().chain(&then.changed).map(|file| &file.path).collect();
    let files = diff.unwrap_or_default().iter().map(|file| &file.path);
    Delta {
        from: then.head.clone(),
        same_commit: then.head == now.head,
        commits: if then.head == now.head { Vec::new() } else { commits(repository, then, now) },
        files: files.filter(|path| of_change.contains(path)).cloned().collect(),
    }
}

/// Lines at the new head that a comparison of the two heads shows as added, and the lines beside what was removed.
pub(crate) fn changed_lines(diff: &[FileDiff]) -> Vec<(RepoPath, Vec<(u32, u32)>)> {
    let of_file = |file: &FileDiff| {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for hunk in &file.hunks {
            let mut at = hunk.new_start;
            for line in &hunk.lines {
                let range = match line.kind {
                    LineKind::Added => (line.new_line.unwrap_or(at), line.new_line.unwrap_or(at)),
                    LineKind::Removed => (at, at),
                    LineKind::Context => {
                        at = line.new_line.unwrap_or(at) + 1;
                        continue;
                    }
                };
                at = line.new_line.map_or(at, |line| line + 1);
                match ranges.last_mut() {
                    Some((_, last)) if range.0 <= *last + 1 => *last = (*last).max(range.1),
                    _ => ranges.push(range),
                }
            }
        }
        (file.path.clone(), ranges)
    };
    diff.iter().map(of_file).collect()
}

/// Files that have another name now.
pub(crate) fn moved(diff: &[FileDiff]) -> Vec<(RepoPath, RepoPath)> {
    let renamed = diff.iter().filter(|file| file.status == model::ChangeStatus::Renamed);
    renamed.filter_map(|file| Some((file.old_path.clone()?, file.path.clone()))).collect()
}

fn commits(repository: &Repository, then: &Target, now: &Target) -> Vec<DeltaCommit> {
    let hash = |commits: &[Commit]| -> Vec<Option<String>> {
        let diffs = repository.commit_diffs(commits).unwrap_or_default();
        let of = |commit: &Commit| diffs.iter().find(|diff| diff.commit == commit.sha).map(patch_hash);
        commits.iter().map(of).collect()
    };
    let (old, new) = (hash(&then.commits), hash(&now.commits));
    let mut left: VecDeque<usize> = (0..then.commits.len()).collect();
    let mut take = |wanted: &dyn Fn(usize) -> bool| -> Option<usize> {
        let at = left.iter().position(|at| wanted(*at))?;
        left.remove(at)
    };
    let same: Vec<Option<usize>> = now
        .commits
        .iter()
        .zip(&new)
        .map(|(commit, hash)| {
            let is_same =
                |at: usize| then.commits[at].sha == commit.sha || (hash.is_some() && old[at] == *hash);
            take(&is_same)
        })
        .collect();
    let mut rows = Vec::new();
    for (commit, same) in now.commits.iter().zip(same) {
        let state = match same {
            Some(_) => "same",
            None if take(&|at| then.commits[at].subject == commit.subject).is_some() => "changed",
            None => "new",
        };
        rows.push(DeltaCommit { state: state.to_owned(), subject: commit.subject.clone() });
    }
    for at in left {
        rows.push(DeltaCommit { state: "gone".to_owned(), subject: then.commits[at].subject.clone() });
    }
    rows
}

/// What a commit did, without line numbers: a rebase leaves it as it is.
fn patch_hash(diff: &CommitDiff) -> String {
    let mut hash = Sha256::new();
    for file in &diff.files {
        hash.update(file.path.as_str());
        hash.update([0]);
        for line in file.hunks.iter().flat_map(|hunk| &hunk.lines) {
            let mark = match line.kind {
                LineKind::Added => "+",
                LineKind::Removed => "-",
                LineKind::Context => continue,
            };
            hash.update(mark);
            hash.update(line.text.as_bytes());
            hash.update([b'\n']);
        }
    }
    let mut text = String::new();
    for byte in &hash.finalize()[..8] {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
