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
        let runs = self.runs()?;
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
