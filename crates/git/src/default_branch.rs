//! Which branch a change is compared with, found without the network.
//!
//! In: references and configuration. Out: the default branch's name and where it stands, here and at the remote.
//! Never asks the remote.
//!
//! The name comes from, in this order: the remote's HEAD as last fetched; the upstream of the current branch where it
//! is another branch; HEAD of a bare repository; the usual names, the user's `init.defaultBranch` first; the only
//! branch there is.

use std::collections::HashMap;

use model::Sha;

use crate::{Error, Repository, Result, remote};

const USUAL: &[&str] = &["main", "master", "trunk", "develop", "development", "default"];

/// The branches and remote-tracking branches of a repository.
#[derive(Debug, Default)]
pub(crate) struct References {
    commits: HashMap<String, Sha>,
    links: HashMap<String, String>,
}

/// The default branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DefaultBranch {
    /// Its short name: `main`.
    pub(crate) name: String,
    /// Where it stands, remote-tracking branch first: what people call it, and the commit.
    pub(crate) tips: Vec<(String, Sha)>,
    /// True where only a habit or the lack of alternatives speaks for it.
    pub(crate) guessed: bool,
}

impl References {
    pub(crate) fn read(repository: &Repository) -> Result<Self> {
        let bytes = repository
            .place()
            .call("could not list branches")?
            .args([
                "for-each-ref",
                "--format=%(refname)%00%(objectname)%00%(symref)",
                "refs/heads",
                "refs/remotes",
            ])
            .stdout()?;
        let mut references = Self::default();
        for line in String::from_utf8_lossy(&bytes).lines() {
            let mut fields = line.split('\0');
            let (Some(name), Some(sha), Some(link)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            if !link.is_empty() {
                references.links.insert(name.to_owned(), link.to_owned());
            }
            if let Some(sha) = Sha::new(sha) {
                references.commits.insert(name.to_owned(), sha);
            }
        }
        Ok(references)
    }

    pub(crate) fn commit(&self, reference: &str) -> Option<&Sha> {
        self.commits.get(reference)
    }

    /// The full name of the branch a person means: a local one first, then a remote-tracking one.
    pub(crate) fn branch(&self, name: &str) -> Option<String> {
        ["", "refs/heads/", "refs/", "refs/remotes/"]
            .iter()
            .map(|prefix| format!("{prefix}{name}"))
            .find(|full| self.commits.contains_key(full))
    }

    /// A branch whose tip is this commit, a remote's first.
    pub(crate) fn standing_at(&self, commit: &Sha) -> Option<String> {
        let at = |prefix: &str| {
            let own = |(name, tip): (&String, &Sha)| {
                (tip == commit).then(|| name.strip_prefix(prefix).map(str::to_owned)).flatten()
            };
            self.commits.iter().filter(|(name, _)| !name.ends_with("/HEAD")).find_map(own)
        };
        at("refs/remotes/").or_else(|| at("refs/heads/"))
    }

    fn only_local(&self) -> Option<&str> {
        let mut local = self.commits.keys().filter_map(|name| name.strip_prefix("refs/heads/"));
        let only = local.next()?;
        local.next().is_none().then_some(only)
    }

    fn tips(&self, remote: Option<&str>, name: &str) -> Vec<(String, Sha)> {
        let remote =
            remote.map(|remote| (format!("{remote}/{name}"), format!("refs/remotes/{remote}/{name}")));
        remote
            .into_iter()
            .chain([(name.to_owned(), format!("refs/heads/{name}"))])
            .filter_map(|(shown, full)| Some((shown, self.commit(&full)?.clone())))
            .collect()
    }
}

/// Finds the default branch; `current` is the short name of the branch under review.
pub(crate) fn find(
    repository: &Repository,
    references: &References,
    current: Option<&str>,
) -> Result<Option<DefaultBranch>> {
    let remote = remote::remote(repository);
    let remote = remote.as_deref();
    let head = if repository.is_bare() { repository.head_reference()? } else { None };
    let told = [
        remote.and_then(|remote| {
            let link = references.links.get(&format!("refs/remotes/{remote}/HEAD"))?;
            link.strip_prefix(&format!("refs/remotes/{remote}/"))
        }),
        current.and_then(|current| {
            let merge = repository.setting(&format!("branch.{current}.merge"))?;
            merge.strip_prefix("refs/heads/").filter(|name| *name != current)
        }),
        head.as_deref().and_then(|head| head.strip_prefix("refs/heads/")),
    ];
    let usual = repository.setting("init.defaultbranch").into_iter().chain(USUAL.iter().copied());
    let candidates = told
        .into_iter()
        .flatten()
        .map(|name| (name, false))
        .chain(usual.map(|name| (name, true)))
        .chain(references.only_local().map(|name| (name, true)));
    for (name, guessed) in candidates {
        let tips = references.tips(remote, name);
        if !tips.is_empty() {
            let guessed = guessed && !matches!(name, "main" | "master");
            return Ok(Some(DefaultBranch { name: name.to_owned(), tips, guessed }));
        }
    }
    Ok(None)
}

/// The tip whose merge base with `head` is nearest, but not `head` itself; the remote's where they are equally near.
///
/// A local default branch that was not updated for weeks would make others' work part of the change, and so would a
/// remote-tracking branch that does not know yet what was committed to the local default branch.
pub(crate) fn nearest_tip(
    repository: &Repository,
    default: &DefaultBranch,
    head: &Sha,
) -> Result<Option<(String, Sha, Sha)>> {
    let mut found: Vec<(u64, &str, &Sha, Sha)> = Vec::new();
    for (name, tip) in &default.tips {
        if let Some(merge_base) = repository.merge_bases(tip, head)?.into_iter().next() {
            found.push((repository.distance(&merge_base, head)?, name, tip, merge_base));
        }
    }
    let nearest = found
        .iter()
        .filter(|(distance, ..)| *distance > 0)
        .min_by_key(|(distance, ..)| *distance)
        .or(found.first());
    Ok(nearest.map(|(_, name, tip, merge_base)| ((*name).to_owned(), (*tip).clone(), merge_base.clone())))
}

/// The error for a branch without anything to compare it with.
pub(crate) fn not_found(head: &str) -> Error {
    Error::BaseNotFound {
        head: head.to_owned(),
        why: "there is no remote HEAD, no upstream branch and none of main, master, trunk, develop"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_kit::TestRepo;

    fn found(repo: &TestRepo, current: Option<&str>) -> Option<DefaultBranch> {
        let git = Repository::open(&repo.path()).expect("open");
        let references = References::read(&git).expect("references");
        find(&git, &references, current).expect("an answer")
    }

    fn name(repo: &TestRepo, current: Option<&str>) -> Option<String> {
        found(repo, current).map(|default| default.name)
    }

    #[test]
    fn the_remotes_head_outranks_usual_names() {
        let repo = TestRepo::new();
        let first = repo.write("a", "1\n").commit("first");
        assert_eq!(name(&repo, Some("main")).as_deref(), Some("main"));
        repo.git(&["config", "remote.origin.url", "https://example.org/o/r"]);
        repo.git(&["update-ref", "refs/remotes/origin/next", &first]);
        repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/next"]);
        let default = found(&repo, None).expect("a default branch");
        assert_eq!((default.name.as_str(), default.guessed), ("next", false));
        assert_eq!(default.tips[0].0, "origin/next");
    }

    #[test]
    fn an_upstream_of_another_name_is_taken_before_a_habit() {
        let repo = TestRepo::new();
        repo.write("a", "1\n").commit("first");
        repo.branch("stable").branch("topic");
        repo.git(&["config", "branch.topic.remote", "."]);
        repo.git(&["config", "branch.topic.merge", "refs/heads/stable"]);
        assert_eq!(name(&repo, Some("topic")).as_deref(), Some("stable"));
        assert_eq!(name(&repo, None).as_deref(), Some("main"));
    }

    #[test]
    fn the_only_branch_is_the_default_and_two_strange_ones_are_none() {
        let repo = TestRepo::new();
        repo.write("a", "1\n").commit("first");
        repo.git(&["branch", "-m", "main", "odd"]);
        let default = found(&repo, Some("odd")).expect("a default branch");
        assert_eq!((default.name.as_str(), default.guessed), ("odd", true));
        repo.branch("odder");
        assert_eq!(found(&repo, Some("odder")), None);
    }
}
