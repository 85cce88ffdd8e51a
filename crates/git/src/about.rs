//! Small questions for people: which git is this, which branch is checked out.
//!
//! In: a repository, or nothing. Out: a name. Nothing is pinned by these answers.

use std::path::PathBuf;

use crate::call::Place;
use crate::{Repository, Result};

/// The version of git, as it names itself (`2.47.3`).
pub fn version() -> Result<String> {
    let place = Place {
        folder: PathBuf::from("."),
        git_dir: None,
        worktree: None,
        alternates: Vec::new(),
        attributes_from: None,
    };
    let line = place.call("could not ask git for its version")?.arg("version").line()?;
    Ok(line.strip_prefix("git version ").unwrap_or(&line).to_owned())
}

impl Repository {
    /// The name that git is configured to write into commits.
    pub fn user(&self) -> Option<&str> {
        self.setting("user.name").map(str::trim).filter(|name| !name.is_empty())
    }

    /// The branch that HEAD is on now; `None` where it is detached.
    pub fn branch(&self) -> Result<Option<String>> {
        let reference = self.head_reference()?;
        Ok(reference.map(|name| name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_kit::TestRepo;

    #[test]
    fn git_tells_its_version() {
        assert!(version().unwrap().starts_with(|c: char| c.is_ascii_digit()));
    }

    #[test]
    fn a_detached_head_is_on_no_branch() {
        let repo = TestRepo::new();
        let commit = repo.write("a", "1\n").commit("one");
        assert_eq!(Repository::open(&repo.path()).unwrap().branch().unwrap().as_deref(), Some("main"));
        repo.checkout(&commit);
        assert_eq!(Repository::open(&repo.path()).unwrap().branch().unwrap(), None);
    }
}
