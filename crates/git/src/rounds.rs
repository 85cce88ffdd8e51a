//! What lies between two rounds of a review.
//!
//! In: two heads, commits of then. Out: what differs, which commits are the same. Never fetches: a commit that is not here
//! any more is an error that the caller takes for "not known".

use model::{Commit, CommitDiff, FileDiff, Sha};

use crate::{Repository, Result, changes, commit_diffs, patch};

impl Repository {
    /// What differs between two commits, renames detected.
    pub fn differences(&self, from: &Sha, to: &Sha) -> Result<Vec<FileDiff>> {
        if from == to {
            return Ok(Vec::new());
        }
        let place = self.place();
        let files = changes::between(&place, self.tree_name(from), self.tree_name(to))?.files;
        let mut diff =
            patch::between(&place, self.tree_name(from), self.tree_name(to), &files, &mut Vec::new())?;
        diff.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(diff)
    }

    /// What each of these commits did.
    pub fn commit_diffs(&self, commits: &[Commit]) -> Result<Vec<CommitDiff>> {
        commit_diffs::read(&self.place(), commits)
    }

    /// Whether a commit is here.
    pub fn has_commit(&self, sha: &Sha) -> bool {
        self.find_commit(sha.as_str()).is_ok_and(|found| found.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_kit::TestRepo;

    #[test]
    fn a_rename_between_two_heads_is_seen_and_a_lost_commit_is_an_error() {
        let repo = TestRepo::new();
        let text = (0..20).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        let first = Sha::new(&repo.write("a.txt", &text).commit("first")).unwrap();
        repo.git(&["mv", "a.txt", "b.txt"]);
        let second = Sha::new(&repo.commit("second")).unwrap();
        let opened = Repository::open(&repo.path()).unwrap();
        let diff = opened.differences(&first, &second).unwrap();
        assert_eq!(diff[0].old_path.as_ref().map(model::RepoPath::as_str), Some("a.txt"));
        let lost = Sha::new(&"1".repeat(40)).unwrap();
        assert!(opened.differences(&lost, &second).is_err());
        assert!(opened.has_commit(&first) && !opened.has_commit(&lost));
        assert_eq!(opened.branch_tips("main").unwrap(), [second]);
        assert!(opened.branch_tips("gone").unwrap().is_empty());
    }
}
