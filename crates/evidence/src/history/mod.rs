//! What the diffs of the commits show about their structure.
//!
//! In: what each commit did ([`crate::Facts::history`]). Out: remarks on single commits: what folds into an earlier one,
//! what holds two concerns, what its message says and its diff does not. Subjects alone (`fixup!`, `WIP`, merges) are
//! remarked on where the sections of a report are made. Never a finding, never a matter of taste.

mod concerns;
mod fold;
mod message;

use model::{Commit, CommitDiff, CommitRemark};

use crate::facts::Facts;

/// Remarks in the order of the commits. Nothing where git could not tell: then the history is simply not remarked on.
pub fn history(facts: &dyn Facts) -> Vec<CommitRemark> {
    let commits = &facts.target().commits;
    let Ok(diffs) = facts.history() else { return Vec::new() };
    remarks(commits, &diffs)
}

fn remarks(commits: &[Commit], diffs: &[CommitDiff]) -> Vec<CommitRemark> {
    let folds = fold::fold_in(commits, diffs);
    let mut all = Vec::new();
    for commit in commits {
        let Some(diff) = diffs.iter().find(|diff| diff.commit == commit.sha) else { continue };
        let said = [
            // A commit that names its target needs no second one.
            folds.get(&commit.sha).filter(|_| !names_its_target(&commit.subject)).cloned(),
            concerns::mixed(diff),
            message::named_but_absent(commit, diff),
            message::untouched_but_touched(commit, diff),
        ];
        all.extend(said.into_iter().flatten().map(|text| CommitRemark {
            sha: Some(commit.sha.clone()),
            text,
            reviewers: vec!["deep-review".to_owned()],
        }));
    }
    all
}

fn names_its_target(subject: &str) -> bool {
    ["fixup!", "squash!", "amend!"].iter().any(|mark| subject.trim_start().starts_with(mark))
}

#[cfg(test)]
pub(crate) mod testing {
    use model::{ChangeStatus, Commit, CommitDiff, DiffLine, FileDiff, Hunk, LineKind, Sha};

    /// The name of the commit with this digit.
    pub(crate) fn sha(digit: char) -> Sha {
        Sha::new(&digit.to_string().repeat(40)).expect("forty digits")
    }

    pub(crate) fn commit(digit: char, subject: &str, body: &str) -> Commit {
        Commit {
            sha: sha(digit),
            subject: subject.to_owned(),
            body: body.to_owned(),
            author: "Ada Author".to_owned(),
            at: "2026-01-02T03:04:05Z".parse().expect("a time"),
            parents: vec![sha('0')],
        }
    }

    /// A commit that replaces lines: `(path, first old line, removed, added)`.
    pub(crate) fn diff(digit: char, edits: &[(&str, u32, &[&str], &[&str])]) -> CommitDiff {
        let mut files: Vec<FileDiff> = Vec::new();
        for (path, at, removed, added) in edits {
            let line = |kind, old, new, text: &&str| DiffLine {
                kind,
                old_line: old,
                new_line: new,
                text: (*text).to_owned(),
            };
            let gone = (*at..).zip(*removed).map(|(n, text)| line(LineKind::Removed, Some(n), None, text));
            let new = (*at..).zip(*added).map(|(n, text)| line(LineKind::Added, None, Some(n), text));
            let hunk = Hunk {
                old_start: if removed.is_empty() { at.saturating_sub(1) } else { *at },
                old_lines: removed.len() as u32,
                new_start: *at,
                new_lines: added.len() as u32,
                heading: String::new(),
                lines: gone.chain(new).collect(),
            };
            match files.iter_mut().find(|file| file.path.as_str() == *path) {
                Some(file) => file.hunks.push(hunk),
                None => files.push(FileDiff {
                    path: (*path).into(),
                    old_path: None,
                    status: ChangeStatus::Modified,
                    binary: false,
                    old_mode: None,
                    new_mode: None,
                    hunks: vec![hunk],
                }),
            }
        }
        CommitDiff { commit: sha(digit), files, cut: false }
    }
}
