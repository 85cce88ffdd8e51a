//! Turns names into commits and asks how commits relate.
//!
//! In: what a person typed. Out: object names. Never lets a name become an option.

use model::Sha;

use crate::{Error, Repository, Result};

impl Repository {
    /// The commit behind a name, an error where there is none.
    pub(crate) fn commit(&self, revision: &str) -> Result<Sha> {
        self.find_commit(revision)?.ok_or_else(|| Error::NoSuchRevision {
            revision: revision.to_owned(),
            hint: if self.shallow { unshallow("; history is cut here") } else { String::new() },
        })
    }

    /// The commit behind a name, `None` where there is none.
    pub(crate) fn find_commit(&self, revision: &str) -> Result<Option<Sha>> {
        // A name with a NUL cannot be handed to a program, and an empty one means nothing.
        if revision.is_empty() || revision.contains('\0') {
            return Ok(None);
        }
        let output = self
            .place()
            .call(&format!("could not look up \"{revision}\""))?
            .args(["rev-parse", "--verify", "--quiet", "--end-of-options"])
            .arg(format!("{revision}^{{commit}}"))
            .fine(&[0, 1, 128])
            .output()?;
        Ok(Sha::new(String::from_utf8_lossy(&output.stdout).trim()))
    }

    /// The branch that HEAD is on, as `refs/heads/…`; `None` where it is detached.
    pub(crate) fn head_reference(&self) -> Result<Option<String>> {
        let output = self
            .place()
            .call("could not read HEAD")?
            .args(["symbolic-ref", "--quiet", "HEAD"])
            .fine(&[0, 1])
            .output()?;
        let name = String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned();
        Ok((output.code == 0 && !name.is_empty()).then_some(name))
    }

    /// The best common ancestors of two commits; empty where there are none.
    pub(crate) fn merge_bases(&self, one: &Sha, other: &Sha) -> Result<Vec<Sha>> {
        let output = self
            .place()
            .call("could not find a common ancestor")?
            .args(["merge-base", "--all", one.as_str(), other.as_str()])
            .fine(&[0, 1])
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(Sha::new).collect())
    }

    /// How many commits `to` has that `from` has not.
    pub(crate) fn distance(&self, from: &Sha, to: &Sha) -> Result<u64> {
        let count = self
            .place()
            .call("could not count commits")?
            .args(["rev-list", "--count", &format!("{from}..{to}")])
            .line()?;
        count.parse().map_err(|error| Error::failed("could not count commits", error))
    }

    /// The parents that the commit itself names, whether or not they are here.
    pub(crate) fn named_parents(&self, commit: &Sha) -> Result<Vec<Sha>> {
        let bytes = self
            .place()
            .call(&format!("could not read commit {}", commit.short()))?
            .args(["cat-file", "commit", commit.as_str()])
            .stdout()?;
        Ok(String::from_utf8_lossy(&bytes)
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| Sha::new(line.strip_prefix("parent ")?))
            .collect())
    }

    /// When a commit was committed, in seconds.
    pub(crate) fn committed_at(&self, commit: &Sha) -> Result<i64> {
        let seconds = self
            .place()
            .call(&format!("could not read commit {}", commit.short()))?
            .args(["log", "-1", "--no-show-signature", "--format=%ct", commit.as_str()])
            .line()?;
        Ok(seconds.trim().parse().unwrap_or(0))
    }

    /// What tells two trees apart is their name.
    pub(crate) fn tree(&self, commit: &Sha) -> Result<Sha> {
        let name = self
            .place()
            .call(&format!("could not read commit {}", commit.short()))?
            .args(["rev-parse", "--verify", "--end-of-options", &format!("{commit}^{{tree}}")])
            .line()?;
        Sha::new(&name).ok_or_else(|| Error::failed("could not read a commit", "git named no tree"))
    }
}

/// The hint for what a shallow clone lacks.
pub(crate) fn unshallow(why: &str) -> String {
    format!("{why} (shallow clone): `git fetch --unshallow` or `git fetch --deepen=100` brings more of it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_kit::TestRepo;

    #[test]
    fn a_name_never_becomes_an_option() {
        let repo = TestRepo::new();
        let first = repo.write("a", "1\n").commit("first");
        let git = Repository::open(&repo.path()).expect("open");
        for evil in ["--help", "-h", "--output=pwned", "--all", "", "a\0b", "HEAD\n", ".."] {
            assert_eq!(git.find_commit(evil).expect("an answer"), None, "{evil:?}");
        }
        repo.git(&["update-ref", "refs/heads/-dash", &first]);
        assert_eq!(git.commit("-dash").expect("the branch").as_str(), first);
    }
}
