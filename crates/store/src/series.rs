//! Which runs belong together.
//!
//! In: targets and earlier runs. Out: the key of a series and the round. Never git: two runs are one series by what
//! they say they review.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Series, Target, TargetKind};

use crate::store::RunEntry;
use crate::{RunRecord, RunState};

/// What all runs about one branch have in common: `owner/name@branch`.
///
/// A pull request is named by its number, whatever its branch is called here. Uncommitted changes are a series of their own: their rounds say nothing about the commits. Ranges and commits
/// without a branch are named by their objects.
pub fn series_key(target: &Target) -> String {
    // One `@` in the repository's name would look like the end of it.
    let repository = target.repository.as_deref().unwrap_or_default().replace('@', "-");
    let branch = target.branch.as_deref().unwrap_or("HEAD");
    let head = target.head.as_str();
    let what = match target.kind {
        TargetKind::Branch | TargetKind::PullRequest if target.pull_request.is_some() => {
            format!("pr-{}", target.pull_request.unwrap_or_default())
        }
        TargetKind::Branch if target.branch.is_none() => format!("detached:{head}"),
        TargetKind::Branch | TargetKind::PullRequest => branch.to_owned(),
        TargetKind::Staged => format!("staged:{branch}"),
        TargetKind::Worktree => format!("worktree:{branch}"),
        TargetKind::Commit => format!("commit:{head}"),
        TargetKind::Range => format!("range:{}..{head}", target.merge_base),
        TargetKind::None => "reviews".to_owned(),
    };
    format!("{repository}@{what}")
}

/// Whether two keys are of one series. The repository's name does not count: a store belongs to one repository,
/// which may get another name when a remote is added.
pub fn same_series(a: &str, b: &str) -> bool {
    let what = |key: &str| key.split_once('@').map_or(key.to_owned(), |(_, what)| what.to_owned());
    what(a) == what(b)
}

/// All keys of the series that a key belongs to: a branch may have been renamed, or become a pull request.
pub fn series_keys(key: &str, runs: &[RunEntry]) -> BTreeSet<String> {
    let mut keys = BTreeSet::from([key.to_owned()]);
    let known: Vec<&Series> =
        runs.iter().filter_map(|run| run.record.as_ref()).map(|record| &record.series).collect();
    loop {
        let before = keys.len();
        for series in &known {
            let own = std::iter::once(&series.key).chain(&series.aliases);
            if own.clone().any(|own| keys.iter().any(|key| same_series(key, own))) {
                keys.extend(own.cloned());
            }
        }
        if keys.len() == before {
            return keys;
        }
    }
}

/// The place of a run that begins at `started`, among the runs there are.
pub(crate) fn place(key: &str, aliases: &[String], started: Timestamp, runs: &[RunEntry]) -> Series {
    let mut keys = series_keys(key, runs);
    for alias in aliases {
        keys.extend(series_keys(alias, runs));
    }
    let mut earlier: Vec<&RunRecord> = runs
        .iter()
        .filter(|run| run.state == RunState::Finished)
        .filter_map(|run| run.record.as_ref())
        .filter(|record| record.started <= started)
        .filter(|record| keys.iter().any(|key| same_series(&record.series.key, key)))
        .collect();
    earlier.sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
    Series {
        key: key.to_owned(),
        round: 1 + earlier.len() as u32,
        previous: earlier.last().map(|record| record.id.clone()),
        aliases: aliases.to_vec(),
        delta: None,
        scope: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: TargetKind, branch: Option<&str>) -> Target {
        Target {
            kind,
            branch: branch.map(str::to_owned),
            repository: Some("o/r".to_owned()),
            ..Target::default()
        }
    }

    #[test]
    fn runs_of_a_branch_are_one_series_and_uncommitted_changes_another() {
        let branch = series_key(&target(TargetKind::Branch, Some("topic")));
        assert_eq!(branch, "o/r@topic");
        let worktree = series_key(&target(TargetKind::Worktree, Some("topic")));
        assert_eq!(worktree, "o/r@worktree:topic");
        assert!(!same_series(&branch, &worktree));
    }

    #[test]
    fn a_pull_request_is_one_series_however_it_was_named() {
        let by_number = Target { pull_request: Some(12), ..target(TargetKind::PullRequest, Some("pr-12")) };
        let by_branch = Target { pull_request: Some(12), ..target(TargetKind::Branch, Some("topic")) };
        assert_eq!(series_key(&by_number), "o/r@pr-12");
        assert_eq!(series_key(&by_branch), "o/r@pr-12");
        // What is not committed there is no round of it.
        let worktree = Target { pull_request: Some(12), ..target(TargetKind::Worktree, Some("topic")) };
        assert_eq!(series_key(&worktree), "o/r@worktree:topic");
    }

    #[test]
    fn the_name_of_the_repository_does_not_split_a_series() {
        assert!(same_series("o/r@a@b", "folder@a@b"));
        assert!(!same_series("o/r@a@b", "o/r@a@c"));
        let odd = Target { repository: Some("me@home".to_owned()), ..target(TargetKind::Branch, Some("x")) };
        assert!(same_series(&series_key(&odd), "o/r@x"));
    }
}
