//! Remarks on the commits themselves.
//!
//! In: the commits of the change. Out: the commits part of the document: what should be folded or finished before it is
//! merged. Never judges a message's style.

use model::{Commit, DocumentCommits, Target};
use serde_json::json;

use crate::words::{code, count, shortened};

/// The commits part; `None` for a change without commits.
pub(crate) fn part(target: &Target) -> Option<DocumentCommits> {
    if target.commits.is_empty() {
        return None;
    }
    let issues: Vec<_> = target
        .commits
        .iter()
        .filter_map(|commit| Some(json!({ "sha": commit.sha.as_str(), "title": remark(commit)? })))
        .collect();
    let commits = count(target.commits.len(), "commit", "commits");
    let text = match issues.len() {
        0 => format!("The change has {commits}; none of them waits to be folded or finished."),
        number => format!(
            "The change has {commits}, {number} of which should be folded or finished before merging."
        ),
    };
    Some(DocumentCommits { text, issues })
}

fn remark(commit: &Commit) -> Option<String> {
    let subject = commit.subject.trim();
    let lower = subject.to_lowercase();
    let shown = code(&shortened(subject, 60));
    let folds = ["fixup!", "squash!", "amend!"].iter().any(|mark| lower.starts_with(mark));
    let unfinished = lower == "wip"
        || ["wip:", "wip ", "[wip]", "tmp:", "do not merge", "dnm:", "temp:"]
            .iter()
            .any(|mark| lower.starts_with(mark));
    if folds {
        Some(format!("{shown} waits for `git rebase --autosquash`."))
    } else if unfinished {
        Some(format!("{shown} calls itself unfinished."))
    } else if commit.parents.len() > 1 {
        Some(format!(
            "{shown} merges another branch into this one; a rebase would keep the history readable."
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remarks(subject: &str) -> usize {
        let sha = model::Sha::new(&"a".repeat(40)).expect("is an object name");
        let commit = json!({ "sha": sha, "subject": subject, "author": "A", "at": "2024-01-02T03:04:05Z" });
        let commit: Commit = serde_json::from_value(commit).expect("is a commit");
        part(&Target { commits: vec![commit], ..Target::default() }).expect("has commits").issues.len()
    }

    #[test]
    fn commits_that_wait_for_something_are_remarked_on() {
        for subject in ["fixup! Load faster", "WIP", "wip: half of it", "[WIP] x"] {
            assert_eq!(remarks(subject), 1, "{subject}");
        }
        for subject in ["Load faster", "Wipe the cache", "Explain fixup! commits"] {
            assert_eq!(remarks(subject), 0, "{subject}");
        }
        assert_eq!(part(&Target::default()), None);
    }
}
