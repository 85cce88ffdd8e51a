//! What the user asked to review.
//!
//! In: nothing. Out: [`TargetRequest`]. Never looks anything up.

use crate::{Error, Result};

/// What the user asked to review. Without anything: the current branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetRequest {
    /// `BRANCH`, `A..B`, `A...B` or one commit.
    pub spec: Option<String>,
    /// What to compare with instead of what we would find.
    pub base: Option<String>,
    /// Review the index against HEAD.
    pub staged: bool,
    /// Review the working tree, untracked files included, against HEAD.
    pub worktree: bool,
}

/// What the request means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    Current,
    Staged,
    Worktree,
    /// `A..B`, `A...B`: the two names, and whether the three dots were used.
    Range(&'a str, &'a str, bool),
    /// A branch or a commit.
    Name(&'a str),
}

impl TargetRequest {
    pub(crate) fn wanted(&self) -> Result<Wanted<'_>> {
        let bad = |text: &str| Err(Error::BadRequest(text.to_owned()));
        match (self.staged, self.worktree, self.spec.as_deref()) {
            (true, true, _) => bad(
                "`--staged` and `--worktree` exclude each other: the working tree includes what is staged",
            ),
            (true, _, Some(_)) => bad("`--staged` takes no TARGET: it reviews the index against HEAD"),
            (_, true, Some(_)) => {
                bad("`--worktree` takes no TARGET: it reviews the working tree against HEAD")
            }
            (true, ..) => Ok(Wanted::Staged),
            (_, true, _) => Ok(Wanted::Worktree),
            (_, _, None) => Ok(Wanted::Current),
            (_, _, Some(spec)) => range(spec, self.base.is_some()),
        }
    }
}

fn range(spec: &str, has_base: bool) -> Result<Wanted<'_>> {
    let or_head = |name| if str::is_empty(name) { "HEAD" } else { name };
    let parts = match spec.split_once("...") {
        Some((from, to)) => Some((from, to, true)),
        None => spec.split_once("..").map(|(from, to)| (from, to, false)),
    };
    match parts {
        Some(_) if has_base => {
            Err(Error::BadRequest(format!("\"{spec}\" names its base already: leave out `--base`")))
        }
        Some(("", "", _)) => Err(Error::BadRequest(format!("\"{spec}\" names no revision"))),
        Some((from, to, symmetric)) => Ok(Wanted::Range(or_head(from), or_head(to), symmetric)),
        None => Ok(Wanted::Name(spec)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(spec: &str) -> TargetRequest {
        TargetRequest { spec: Some(spec.to_owned()), ..TargetRequest::default() }
    }

    #[test]
    fn ranges_default_to_head_on_the_side_left_out() {
        assert_eq!(spec("a..b").wanted().expect("fine"), Wanted::Range("a", "b", false));
        assert_eq!(spec("a...").wanted().expect("fine"), Wanted::Range("a", "HEAD", true));
        assert_eq!(spec("..b").wanted().expect("fine"), Wanted::Range("HEAD", "b", false));
        assert_eq!(spec("v1.2").wanted().expect("fine"), Wanted::Name("v1.2"));
        assert!(spec("..").wanted().is_err());
    }

    #[test]
    fn requests_that_contradict_themselves_are_refused() {
        assert!(TargetRequest { staged: true, worktree: true, ..TargetRequest::default() }.wanted().is_err());
        assert!(TargetRequest { staged: true, ..spec("main") }.wanted().is_err());
        assert!(TargetRequest { base: Some("x".to_owned()), ..spec("a..b") }.wanted().is_err());
    }
}
