//! Pull requests as git knows them: references that a forge offers and somebody fetched.
//!
//! In: what the user typed, or a branch. Out: the number of a pull request and where its head stands here. Never the network:
//! what was not fetched is not there, and the error says how to fetch it.

use model::Sha;

use crate::default_branch::References;
use crate::{Error, Repository, Result, remote};

/// What a user typed, where it may name a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) number: u64,
    /// It cannot be anything else: `#12` or an address.
    pub(crate) is_certain: bool,
}

/// Reads `12`, `#12`, `!12` and the address of a pull or merge request.
pub(crate) fn asked(text: &str) -> Option<Asked> {
    let number = |digits: &str| -> Option<u64> {
        let plain =
            !digits.is_empty() && digits.len() < 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten().filter(|number| *number > 0)
    };
    if let Some(number) = number(text) {
        return Some(Asked { number, is_certain: false });
    }
    let marked = text.strip_prefix(['#', '!']).and_then(number);
    let address = || {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let behind =
            ["/pull/", "/pulls/", "/merge_requests/"].iter().find_map(|mark| rest.split_once(mark))?.1;
        number(behind.split(['/', '?', '#']).next().unwrap_or_default())
    };
    marked.or_else(address).map(|number| Asked { number, is_certain: true })
}

/// The number in the name of a pull request's reference: `refs/pull/12/head`.
fn of_reference(name: &str) -> Option<u64> {
    let rest = name.strip_prefix("refs/pull/").or_else(|| name.strip_prefix("refs/merge-requests/"))?;
    asked(rest.split('/').next()?).map(|asked| asked.number)
}

impl Repository {
    /// Where the head of a pull request stands here; `None` where it was not fetched.
    pub fn pull_request(&self, number: u64) -> Result<Option<Sha>> {
        let remote = remote::remote(self).unwrap_or_else(|| "origin".to_owned());
        let names = [
            format!("refs/pull/{number}/head"),
            format!("refs/merge-requests/{number}/head"),
            // Where people tell git to fetch all of them.
            format!("refs/remotes/{remote}/pr/{number}"),
            format!("refs/remotes/{remote}/pull/{number}"),
            format!("refs/remotes/{remote}/pull/{number}/head"),
            format!("refs/remotes/{remote}/merge-requests/{number}"),
        ];
        for name in names {
            if let Some(found) = self.find_commit(&name)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The base of a pull request as its forge has it: the first parent of the merge that the forge offers beside its head,
    /// and the branch that stands there. `None` where that merge was not fetched, or is of another head.
    pub(crate) fn pull_request_base(
        &self,
        number: u64,
        head: &Sha,
        references: &References,
    ) -> Result<Option<(String, Sha)>> {
        let remote = remote::remote(self).unwrap_or_else(|| "origin".to_owned());
        let names = [
            format!("refs/pull/{number}/merge"),
            format!("refs/merge-requests/{number}/merge"),
            format!("refs/remotes/{remote}/pull/{number}/merge"),
        ];
        for name in names {
            let merged = self.find_commit(&format!("{name}^2"))?;
            if merged.as_ref() != Some(head) {
                continue;
            }
            if let Some(base) = self.find_commit(&format!("{name}^1"))? {
                let shown = references.standing_at(&base).unwrap_or_else(|| base.short().to_owned());
                return Ok(Some((shown, base)));
            }
        }
        Ok(None)
    }

    /// The pull request that a local branch was checked out from, as its upstream says.
    pub(crate) fn pull_request_of(&self, branch: &str) -> Option<u64> {
        of_reference(self.setting(&format!("branch.{branch}.merge"))?)
    }

    /// Where a branch stands, here and at remotes.
    pub fn branch_tips(&self, name: &str) -> Result<Vec<Sha>> {
        let remote = remote::remote(self).unwrap_or_else(|| "origin".to_owned());
        let mut tips = Vec::new();
        for full in [format!("refs/heads/{name}"), format!("refs/remotes/{remote}/{name}")] {
            tips.extend(self.find_commit(&full)?);
        }
        Ok(tips)
    }

    /// Says how a pull request comes here.
    pub(crate) fn not_fetched(&self, text: &str, number: u64) -> Error {
        let remote = remote::remote(self).unwrap_or_else(|| "origin".to_owned());
        let hint = format!(
            ": pull request {number} was not fetched; `git fetch {remote} pull/{number}/head:refs/pull/{number}/head` does it \
             (GitLab: `merge-requests/{number}/head:refs/merge-requests/{number}/head`)"
        );
        Error::NoSuchRevision { revision: text.to_owned(), hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_addresses_of_pull_requests_are_read() {
        let certain = |number| Some(Asked { number, is_certain: true });
        for (text, expected) in [
            ("12", Some(Asked { number: 12, is_certain: false })),
            ("#12", certain(12)),
            ("!7", certain(7)),
            ("https://github.com/o/r/pull/295", certain(295)),
            ("https://github.com/o/r/pull/295/files#diff-1", certain(295)),
            ("https://gitlab.com/g/r/-/merge_requests/3?tab=x", certain(3)),
            ("https://github.com/o/r/issues/3", None),
            ("#", None),
            ("#0", None),
            ("topic-12", None),
            ("12a", None),
            ("", None),
        ] {
            assert_eq!(asked(text), expected, "{text}");
        }
        assert_eq!(of_reference("refs/pull/9/head"), Some(9));
        assert_eq!(of_reference("refs/heads/9"), None);
    }
}
