//! Removing old runs.
//!
//! In: what to keep. Out: what was removed. Never a run that is alive, never the newest finished run of a series,
//! never a damaged one: somebody may want to look at it.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::RunId;

use crate::store::RunEntry;
use crate::stored_run::folders;
use crate::{Error, Result, RunState, Store, remove};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// This many runs, newest first.
    pub runs: usize,
    /// Every run younger than this.
    pub older_than: Duration,
    /// Whether the newest finished run of each series is kept whatever its age. Rounds and declines rest on it.
    pub keep_newest_of_series: bool,
}

/// One run that was removed, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Which.
    pub id: RunId,
    /// When it began.
    pub started: Timestamp,
    /// Its files.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
}

/// Beginning of the name of a folder whose removal has begun.
const GONE: &str = ".gone-";

impl Store {
    /// Removes runs that no part of the policy keeps, oldest last. With `dry_run` it only says which.
    pub fn gc(&self, policy: &Policy, now: Timestamp, dry_run: bool) -> Result<Vec<Removed>> {
        let _exclusive = if dry_run { None } else { Some(self.exclusive()?) };
        if !dry_run {
            self.finish_removals()?;
        }
        let runs = self.runs_while_exclusive()?;
        let newest = newest_of_series(&runs);
        let old = |run: &RunEntry| {
            let age = now.duration_since(run.started);
            age > SignedDuration::try_from(policy.older_than).unwrap_or(SignedDuration::MAX)
        };
        let removable = |run: &RunEntry| {
            matches!(run.state, RunState::Finished | RunState::Interrupted)
                && !(policy.keep_newest_of_series && newest.contains(run.id()))
        };
        let mut removed = Vec::new();
        for run in runs.iter().skip(policy.runs).filter(|run| old(run) && removable(run)) {
            // A finished run may still be held by the process that prints it.
            if !run.run.is_alive()? {
                removed.push(self.remove(run, dry_run)?);
            }
        }
        Ok(removed)
    }

    /// A run is first renamed, so that a crash in the middle leaves no half run behind.
    fn remove(&self, run: &RunEntry, dry_run: bool) -> Result<Removed> {
        let path = run.run.path();
        let weight = if dry_run {
            remove::weigh(path)
        } else {
            let gone = self.runs_folder().join(format!("{GONE}{}", run.id()));
            fs::rename(path, &gone).and_then(|()| remove::folder(&gone))
        };
        let weight = weight.map_err(Error::failed("remove", path))?;
        Ok(Removed { id: run.id().clone(), started: run.started, files: weight.files, bytes: weight.bytes })
    }

    /// Goes on with removals that were cut off.
    fn finish_removals(&self) -> Result<()> {
        for name in folders(&self.runs_folder())?.iter().filter(|name| name.starts_with(GONE)) {
            let path = self.runs_folder().join(name);
            remove::folder(&path).map_err(Error::failed("remove", &path))?;
        }
        Ok(())
    }
}

fn newest_of_series(runs: &[RunEntry]) -> BTreeSet<RunId> {
    let mut seen = BTreeSet::new();
    runs.iter()
        .filter(|run| run.state == RunState::Finished)
        .filter(|run| {
            seen.insert(run.series().and_then(|key| key.split_once('@')).map(|(_, what)| what.to_owned()))
        })
        .map(|run| run.id().clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{finish, scratch, target};

    const ALL: Policy = Policy { runs: 0, older_than: Duration::ZERO, keep_newest_of_series: true };

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    fn ids(removed: &[Removed]) -> Vec<&str> {
        removed.iter().map(|removed| removed.id.as_str()).collect()
    }

    /// Three runs of one branch, one of another, a day apart.
    fn four_runs(store: &Store) {
        for (day, branch) in [(1, "topic"), (2, "other"), (3, "topic"), (4, "topic")] {
            finish(store, &target(branch), &format!("2026-01-0{day}T10:00:00Z"));
        }
    }

    #[test]
    fn the_newest_of_each_series_stay() {
        let (_folder, store) = scratch();
        four_runs(&store);
        let now = at("2026-06-01T00:00:00Z");
        let would = store.gc(&ALL, now, true).expect("readable");
        assert_eq!(store.runs().expect("readable").len(), 4);
        let removed = store.gc(&ALL, now, false).expect("removable");
        assert_eq!(ids(&removed), ["20260103-100000-topic", "20260101-100000-topic"]);
        assert_eq!(removed, would);
        assert!(removed[0].bytes > 100 && removed[0].files >= 5, "{removed:?}");
        assert_eq!(store.runs().expect("readable").len(), 2);
        assert_eq!(store.index().expect("usable").attempts("mine").expect("readable").len(), 2);
        assert_eq!(store.gc(&ALL, now, false).expect("nothing left to do"), []);
    }

    #[test]
    fn number_and_age_keep_runs() {
        let (_folder, store) = scratch();
        four_runs(&store);
        let policy = Policy { keep_newest_of_series: false, ..ALL };
        let removed = |policy: Policy, now: &str| store.gc(&policy, at(now), true).expect("readable").len();
        assert_eq!(removed(policy, "2026-06-01T00:00:00Z"), 4);
        assert_eq!(removed(Policy { runs: 3, ..policy }, "2026-06-01T00:00:00Z"), 1);
        let week = Duration::from_hours(7 * 24);
        assert_eq!(removed(Policy { older_than: week, ..policy }, "2026-01-09T00:00:00Z"), 1);
        assert_eq!(removed(Policy { older_than: Duration::MAX, ..policy }, "2026-06-01T00:00:00Z"), 0);
    }

    #[test]
    fn living_and_damaged_runs_stay_and_interrupted_ones_go() {
        let (_folder, store) = scratch();
        let alive = store.begin(&target("a"), at("2026-01-01T10:00:00Z"), "a").expect("begins");
        drop(store.begin(&target("b"), at("2026-01-02T10:00:00Z"), "b").expect("begins"));
        let damaged = finish(&store, &target("c"), "2026-01-03T10:00:00Z");
        fs::write(store.run(&damaged).file("run.json"), "").expect("writable");
        fs::create_dir(store.runs_folder().join("backup")).expect("folder");
        let removed = store.gc(&ALL, at("2026-06-01T00:00:00Z"), false).expect("removable");
        assert_eq!(ids(&removed), ["20260102-100000-b"]);
        assert!(alive.path().is_dir() && store.run(&damaged).path().is_dir());
        assert!(store.runs_folder().join("backup").is_dir());
    }

    #[test]
    fn a_removal_that_was_cut_off_is_no_run_and_is_finished_later() {
        let (_folder, store) = scratch();
        let id = finish(&store, &target("a"), "2026-01-01T10:00:00Z");
        let gone = store.runs_folder().join(format!("{GONE}{id}"));
        fs::rename(store.run(&id).path(), &gone).expect("movable");
        assert!(store.runs().expect("readable").is_empty());
        store.gc(&ALL, at("2026-06-01T00:00:00Z"), false).expect("removable");
        assert!(!gone.exists());
    }
}
