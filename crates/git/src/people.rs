//! Who made a change, and where it came from.
//!
//! In: a resolved target. Out: [`Hands`]: the people behind its commits and what references say about its origin. Never trusts
//! a name: whether something follows from these signs is decided elsewhere. Addresses never leave the program.

use std::collections::BTreeSet;

use model::{Sha, Target};

use crate::pieces::Piece;
use crate::repository::is_zero;
use crate::{Repository, Result, remote};

/// Commits whose people are looked at.
const MOST: usize = 5000;

/// The most bytes that are taken of two addresses.
const MOST_OF_A_PAIR: u64 = 8 << 10;

/// What git says about whose change it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hands {
    /// Addresses of authors and committers of the change, in lower case.
    pub people: BTreeSet<String>,
    /// The user's own addresses, as git is configured.
    pub me: BTreeSet<String>,
    /// People of the change who made none of the commits before it.
    pub unknown: usize,
    /// The change has more commits than were looked at.
    pub cut: bool,
    /// A reference of a pull or merge request that stands at the head, or that its branch follows.
    pub request: Option<String>,
    /// A remote that has the head, where the project's own remote does not.
    pub fork: Option<String>,
}

impl Repository {
    /// Looks who made a change. `own` are addresses that the environment calls the user's.
    pub fn hands(&self, target: &Target, own: &[&str]) -> Result<Hands> {
        let tip =
            if target.dirty { target.commits.last().map(|commit| &commit.sha) } else { Some(&target.head) };
        let configured =
            ["user.email", "author.email", "committer.email"].iter().filter_map(|key| self.setting(key));
        let me =
            configured.chain(own.iter().copied()).map(clean).filter(|address| !address.is_empty()).collect();
        // Uncommitted content stands on a commit.
        let stands_on = self.stands_on_commit(target)?;
        let mut hands = Hands { me, ..Hands::default() };
        if let Some(tip) = tip.filter(|_| !target.dirty) {
            let range = if is_zero(&target.merge_base) {
                tip.as_str().to_owned()
            } else {
                format!("{}..{tip}", target.merge_base)
            };
            let mut people = self.people(&range, MOST + 1)?;
            hands.cut = people.len() > MOST;
            people.truncate(MOST);
            hands.people = people.into_iter().flatten().collect();
            if !is_zero(&target.merge_base) && !hands.people.is_subset(&hands.me) {
                let known: BTreeSet<String> =
                    self.people(target.merge_base.as_str(), MOST)?.into_iter().flatten().collect();
                hands.unknown =
                    hands.people.difference(&known).filter(|one| !hands.me.contains(*one)).count();
            } else {
                hands.unknown = hands.people.difference(&hands.me).count();
            }
        }
        if let Some(at) = stands_on.filter(|at| !is_zero(at)) {
            hands.request = self.request(target, &at)?;
            hands.fork = self.fork(&at)?;
        }
        Ok(hands)
    }

    fn stands_on_commit(&self, target: &Target) -> Result<Option<Sha>> {
        if target.dirty { self.find_commit("HEAD") } else { Ok(Some(target.head.clone())) }
    }

    /// Author and committer of each commit, newest first.
    fn people(&self, range: &str, most: usize) -> Result<Vec<[String; 2]>> {
        let people = self
            .place()
            .call("could not read who made the change")?
            .args(["log", "--no-show-signature", "--no-color", "--no-mailmap", "--encoding=UTF-8"])
            .args(["--format=%ae%x00%ce", &format!("--max-count={most}"), range, "--"])
            .pieces(b'\n', MOST_OF_A_PAIR)?;
        let pair = |piece: Piece| {
            let line = String::from_utf8_lossy(&piece.bytes);
            // Who has so long an address that it is cut is nobody whom we know.
            let (author, committer) = line.split_once('\0').unwrap_or((&line, ""));
            [clean(author), clean(committer)]
        };
        Ok(people.into_iter().map(pair).collect())
    }

    /// A reference of a pull request at this commit, or followed by the branch under review.
    fn request(&self, target: &Target, at: &Sha) -> Result<Option<String>> {
        if let Some(branch) = &target.branch {
            let followed = self.setting(&format!("branch.{branch}.merge")).filter(|name| is_request(name));
            if let Some(name) = followed {
                return Ok(Some(name.to_owned()));
            }
        }
        let bytes = self
            .place()
            .call("could not read the references")?
            .args(["for-each-ref", "--format=%(refname)", "--points-at", at.as_str()])
            .stdout()?;
        let names = String::from_utf8_lossy(&bytes).into_owned();
        let found = names.lines().find(|name| is_request(name)).map(str::to_owned);
        Ok(found.or_else(|| self.fetched_request(at)))
    }

    /// What the last fetch brought, where it is this commit and came from a pull request.
    fn fetched_request(&self, at: &Sha) -> Option<String> {
        let text = [self.git_dir(), self.common_dir()]
            .iter()
            .find_map(|folder| std::fs::read_to_string(folder.join("FETCH_HEAD")).ok())?;
        let line = text.lines().find(|line| line.starts_with(at.as_str()))?;
        let name = line.split('\'').nth(1).filter(|name| is_request(name))?;
        Some(name.to_owned())
    }

    /// A remote that has this commit, where there is one for the project and it has not.
    fn fork(&self, at: &Sha) -> Result<Option<String>> {
        let bytes = self
            .place()
            .call("could not read the references")?
            .args(["for-each-ref", "--format=%(refname)", "--contains", at.as_str(), "refs/remotes"])
            .stdout()?;
        let text = String::from_utf8_lossy(&bytes);
        let remotes: BTreeSet<&str> = text
            .lines()
            .filter_map(|name| name.strip_prefix("refs/remotes/")?.split_once('/'))
            .map(|(remote, _)| remote)
            .collect();
        let Some(own) = remote::remote(self) else { return Ok(None) };
        if remotes.is_empty() || remotes.contains(own.as_str()) {
            return Ok(None);
        }
        Ok(remotes.into_iter().next().map(str::to_owned))
    }
}

/// One spelling of an address.
fn clean(address: &str) -> String {
    address.trim().to_ascii_lowercase()
}

/// Whether a reference is the head of a pull or merge request, in the spellings of forges and of people who fetch them.
fn is_request(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let kinds = ["pull", "pulls", "pr", "merge-requests", "pull-requests", "merge_requests", "changes"];
    parts.windows(2).any(|pair| kinds.contains(&pair[0]) && is_number(&pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TargetRequest;
    use test_kit::TestRepo;

    fn hands(repo: &TestRepo, spec: &str, own: &[&str]) -> Hands {
        let repository = Repository::open(&repo.path()).expect("open");
        let request = TargetRequest { spec: Some(spec.to_owned()), ..TargetRequest::default() };
        let target = repository.resolve(&request).expect("a target");
        repository.hands(&target, own).expect("hands")
    }

    fn repo() -> TestRepo {
        let repo = TestRepo::new();
        repo.write("a", "1\n").commit("first");
        repo.branch("topic").write("a", "2\n").commit("second");
        repo
    }

    #[test]
    fn people_are_those_of_the_change_alone() {
        let repo = repo();
        let found = hands(&repo, "main..topic", &["Ada@Example.org "]);
        assert_eq!(found.people, ["ada@example.org".to_owned()].into());
        assert_eq!((found.unknown, found.request.clone(), found.fork.clone()), (0, None, None));
        assert!(found.people.is_subset(&found.me));
        repo.write("a", "3\n").git(&["add", "-A"]);
        repo.git(&["commit", "-q", "--author=Eve <eve@evil.example>", "-m", "third"]);
        let found = hands(&repo, "main..topic", &[]);
        assert_eq!((found.people.len(), found.unknown), (2, 1));
    }

    #[test]
    fn the_head_of_a_pull_request_is_known_by_its_reference_its_branch_or_the_last_fetch() {
        let repo = repo();
        let head = repo.head();
        repo.git(&["update-ref", "refs/remotes/origin/pr/7", &head]);
        assert_eq!(hands(&repo, "main..topic", &[]).request.as_deref(), Some("refs/remotes/origin/pr/7"));
        repo.git(&["update-ref", "-d", "refs/remotes/origin/pr/7"]);
        assert_eq!(hands(&repo, "main..topic", &[]).request, None);
        let line = format!("{head}\t\t'refs/pull/8/head' of https://forge.example/o/r\n");
        std::fs::write(repo.path().join(".git/FETCH_HEAD"), line).expect("a file");
        assert_eq!(hands(&repo, "main..topic", &[]).request.as_deref(), Some("refs/pull/8/head"));
        std::fs::remove_file(repo.path().join(".git/FETCH_HEAD")).expect("a file");
        repo.git(&["config", "branch.topic.merge", "refs/pull/9/head"]);
        assert_eq!(hands(&repo, "topic", &[]).request.as_deref(), Some("refs/pull/9/head"));
    }

    #[test]
    fn a_head_that_only_another_remote_has_comes_from_a_fork() {
        let repo = repo();
        let (base, head) = (repo.git(&["rev-parse", "main"]), repo.head());
        for name in ["origin", "eve"] {
            repo.git(&["remote", "add", name, &format!("https://forge.example/{name}/r")]);
        }
        repo.git(&["update-ref", "refs/remotes/origin/main", base.trim()]);
        assert_eq!(hands(&repo, "main..topic", &[]).fork, None, "nobody has it");
        repo.git(&["update-ref", "refs/remotes/eve/topic", &head]);
        assert_eq!(hands(&repo, "main..topic", &[]).fork.as_deref(), Some("eve"));
        repo.git(&["update-ref", "refs/remotes/origin/topic", &head]);
        assert_eq!(hands(&repo, "main..topic", &[]).fork, None);
    }

    #[test]
    fn requests_are_told_from_branches_that_look_alike() {
        for yes in [
            "refs/pull/1/head",
            "refs/merge-requests/12/merge",
            "refs/remotes/origin/pr/3",
            "refs/changes/34/1234/1",
        ] {
            assert!(is_request(yes), "{yes}");
        }
        for no in
            ["refs/heads/pull/fix", "refs/heads/pr", "refs/remotes/origin/main", "refs/heads/feature/12"]
        {
            assert!(!is_request(no), "{no}");
        }
    }
}
