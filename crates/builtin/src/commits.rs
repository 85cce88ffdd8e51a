//! Remarks on the commits themselves.
//!
//! In: the commits of the change and what it changes. Out: the commits part of the document: what should be folded or
//! finished before it is merged, and subjects that name files which the change does not touch. Never judges a
//! message's style.

use model::{Commit, DocumentCommits, Side, Target};
use serde_json::json;

use crate::context::Context;
use crate::words::{code, count, shortened};

/// The commits part; `None` for a change without commits.
pub(crate) fn part(context: &Context<'_>) -> Option<DocumentCommits> {
    let target: &Target = context.change.target();
    if target.commits.is_empty() {
        return None;
    }
    let issues: Vec<_> = target
        .commits
        .iter()
        .filter_map(|commit| Some(json!({ "sha": commit.sha.as_str(), "title": remark(commit).or_else(|| beside(context, commit))? })))
        .collect();
    let commits = count(target.commits.len(), "commit", "commits");
    let text = match issues.len() {
        0 => format!("The change has {commits}; none of them waits to be folded or finished."),
        number => format!("The change has {commits}, {number} of which should be looked at before merging."),
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

/// A message whose subject says where or what it changes, where the whole change touches nothing of the kind.
fn beside(context: &Context<'_>, commit: &Commit) -> Option<String> {
    let subject = commit.subject.trim();
    let reverts = subject.starts_with("Revert") || subject.starts_with("Merge");
    let diff = context.change.diff();
    // The diff of a very large change may be cut, and an empty one has nothing to compare with.
    if reverts || diff.is_empty() || diff.len() > MOST_FILES {
        return None;
    }
    let shown = code(&shortened(subject, 60));
    let touched = |path: &str| {
        diff.iter().any(|file| {
            let own = |own: &str| {
                own == path || own.ends_with(&format!("/{path}")) || own.starts_with(&format!("{path}/"))
            };
            own(file.path.as_str()) || file.old_path.as_ref().is_some_and(|old| own(old.as_str()))
        })
    };
    let file = subject
        .split(|c: char| c.is_whitespace() || matches!(c, '`' | '\'' | '"' | ',' | ';' | '(' | ')'))
        .map(|word| word.trim_end_matches([':', '.']))
        .find(|word| {
            word.rsplit_once('.').is_some_and(|(stem, end)| stem.len() > 1 && (1..=4).contains(&end.len()))
                && (context.has(Side::Head, word) || context.has(Side::Base, word))
                && !touched(word)
        });
    Some(format!("{shown} names {}, which the change does not touch.", code(file?)))
}

/// Larger changes have parts that nobody looks at one by one.
const MOST_FILES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn remarks(subject: &str) -> usize {
        let sha = model::Sha::new(&"a".repeat(40)).expect("is an object name");
        let commit = json!({ "sha": sha, "subject": subject, "author": "A", "at": "2024-01-02T03:04:05Z" });
        let commit: Commit = serde_json::from_value(commit).expect("is a commit");
        told(Target { commits: vec![commit], ..Target::default() }).expect("has commits").issues.len()
    }

    fn told(target: Target) -> Option<DocumentCommits> {
        let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
        let base =
            vec![file("src/load.rs", "fn read_all() {}\n"), file("src/save.rs", "fn write_all() {}\n")];
        let head = vec![
            file("src/load.rs", "fn read_all() { now() }\n"),
            file("src/save.rs", "fn write_all() {}\n"),
        ];
        let change = MemoryChange::from_bytes(base, head, std::collections::BTreeMap::new(), target);
        let settings = Settings::default();
        part(&Context::new(&change, &settings))
    }

    #[test]
    fn a_message_that_speaks_of_something_else_is_remarked_on() {
        for subject in ["Make src/save.rs faster", "Write less in `src/save.rs`", "src/save.rs: less"] {
            assert_eq!(remarks(subject), 1, "{subject}");
        }
        for subject in [
            "Make src/load.rs faster",
            "Speed up `read_all`",
            "Speed up `load`",
            "Use e.g. more",
            "Revert \"src/save.rs\"",
        ] {
            assert_eq!(remarks(subject), 0, "{subject}");
        }
    }

    #[test]
    fn commits_that_wait_for_something_are_remarked_on() {
        for subject in ["fixup! Load faster", "WIP", "wip: half of it", "[WIP] x"] {
            assert_eq!(remarks(subject), 1, "{subject}");
        }
        for subject in ["Load faster", "Wipe the cache", "Explain fixup! commits"] {
            assert_eq!(remarks(subject), 0, "{subject}");
        }
        assert_eq!(told(Target::default()), None);
    }
}
