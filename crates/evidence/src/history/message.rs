//! Does a message say what its diff does?
//!
//! In: a commit and its diff. Out: a sentence where the subject names code that occurs nowhere in the diff, or where the
//! message calls a file untouched that the commit touches. Only what is spelled as code counts, and only claims that a
//! look can settle.

use std::sync::LazyLock;

use model::{Commit, CommitDiff};
use regex::Regex;

static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"`([^`]{3,80})`|\b([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)\b(?:\(\))?|\b([A-Za-z_][A-Za-z0-9_]{2,})\(\)")
        .expect("the pattern is fixed")
});

/// Code that the subject names and that stands nowhere in the diff, its surroundings and paths included.
pub(super) fn named_but_absent(commit: &Commit, diff: &CommitDiff) -> Option<String> {
    let subject = commit.subject.trim();
    let quotes_another =
        ["fixup!", "squash!", "amend!", "Revert ", "Merge "].iter().any(|it| subject.starts_with(it));
    if quotes_another || diff.cut || diff.files.is_empty() || diff.files.iter().any(|file| file.binary) {
        return None;
    }
    let names: Vec<&str> = NAMED
        .captures_iter(subject)
        .filter_map(|found| found.iter().skip(1).flatten().next())
        .map(|found| found.as_str())
        .collect();
    let absent: Vec<String> =
        names.into_iter().filter(|name| !occurs(name, diff)).map(|name| format!("`{name}`")).collect();
    (!absent.is_empty())
        .then(|| format!("Its subject names {}, which stands nowhere in its diff.", absent.join(", ")))
}

/// Whether the parts of a name occur in a diff, in whatever case.
fn occurs(name: &str, diff: &CommitDiff) -> bool {
    let parts: Vec<String> = name
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|part| part.len() > 2)
        .map(str::to_lowercase)
        .collect();
    let holds = |text: &str| {
        let text = text.to_lowercase();
        parts.iter().any(|part| text.contains(part.as_str()))
    };
    parts.is_empty()
        || diff.files.iter().any(|file| {
            holds(file.path.as_str())
                || file
                    .hunks
                    .iter()
                    .any(|hunk| holds(&hunk.heading) || hunk.lines.iter().any(|line| holds(&line.text)))
        })
}

static UNTOUCHED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"`?([A-Za-z0-9_./-]+\.[A-Za-z]{1,6})`? (?:(?:stays?|remains?|is|are|was|were|left) )+(?:entirely |completely |otherwise )?(?:untouched|unchanged|unmodified|as (?:it|they) (?:is|are|was|were))",
    )
    .expect("the pattern is fixed")
});

/// A file that the message calls untouched and that the commit touches.
pub(super) fn untouched_but_touched(commit: &Commit, diff: &CommitDiff) -> Option<String> {
    let message = format!("{}\n{}", commit.subject, commit.body);
    let claimed: Vec<&str> =
        UNTOUCHED.captures_iter(&message).filter_map(|it| it.get(1)).map(|it| it.as_str()).collect();
    let touched = claimed.into_iter().find(|claimed| {
        diff.files.iter().any(|file| {
            let rest = file.path.as_str().strip_suffix(claimed.trim_start_matches("./"));
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        })
    })?;
    Some(format!("Its message calls `{touched}` untouched, and it touches it."))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{commit, diff};
    use super::*;

    #[test]
    fn a_subject_that_names_code_of_another_commit_is_remarked_on() {
        let diff = diff('a', &[("src/pool.rs", 1, &["let a = open_pool();"], &["let b = 1;"])]);
        let said = |subject: &str| named_but_absent(&commit('a', subject, ""), &diff);
        assert_eq!(
            said("Retry in `fetch_all`").as_deref(),
            Some("Its subject names `fetch_all`, which stands nowhere in its diff.")
        );
        for subject in [
            "Do not call open_pool() twice",
            "Rework `Pool`",
            "Faster start",
            "Revert \"Retry in `fetch_all`\"",
            "fixup! Retry in `fetch_all`",
        ] {
            assert_eq!(said(subject), None, "{subject}");
        }
    }

    #[test]
    fn a_file_that_is_called_untouched_and_is_not() {
        let diff = diff('a', &[("cmd/rdd/ctl.go", 1, &["a"], &["b"])]);
        let said = |body: &str| untouched_but_touched(&commit('a', "Move it", body), &diff);
        assert!(said("The file `ctl.go` stays untouched.").is_some());
        assert_eq!(said("`set.go` stays untouched."), None);
        assert_eq!(said("The behaviour of ctl.go changes."), None);
    }
}
