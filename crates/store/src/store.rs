//! The folder of all runs.
//!
//! In: git's common dir. Out: [`Store`]: runs begin here and are listed here. Worktrees of one repository share it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use model::{RunId, Series, Target};

use crate::lock::Lock;
use crate::stored_run::folders;
use crate::{
    Error, Index, RUN_SCHEMA, Result, RunFolder, RunRecord, RunState, StoredRun, TargetSummary, files, lock,
    names, remove, series, series_key,
};

/// The store's lock is held for moments; whoever holds it this long hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The record of one repository's runs.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// One run in a list.
#[derive(Clone, Debug)]
pub struct RunEntry {
    /// The run.
    pub run: StoredRun,
    /// How far it came.
    pub state: RunState,
    /// When it began; from its name where its record cannot be read.
    pub started: Timestamp,
    /// Its record, where it could be read.
    pub record: Option<RunRecord>,
    /// What is wrong with it, for a damaged one.
    pub problem: Option<String>,
}

impl RunEntry {
    /// Its name.
    pub fn id(&self) -> &RunId {
        self.run.id()
    }

    /// The key of its series, where known.
    pub fn series(&self) -> Option<&str> {
        self.record.as_ref().map(|record| record.series.key.as_str())
    }
}

impl Store {
    /// The store of a repository, made where there is none. `common_dir` is what `git rev-parse --git-common-dir`
    /// names.
    pub fn open(common_dir: &Path) -> Result<Self> {
        let root = common_dir.join("deep-review");
        files::create_folder(&root)?;
        files::create_folder(&root.join("runs"))?;
        Ok(Self { root })
    }

    /// The store of a repository, `None` where nothing was ever recorded. Writes nothing.
    pub fn existing(common_dir: &Path) -> Option<Self> {
        let root = common_dir.join("deep-review");
        root.join("runs").is_dir().then_some(Self { root })
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder in which promises to remove something stand until they are kept. Not made here.
    pub fn promises(&self) -> PathBuf {
        self.root.join("promises")
    }

    /// The folder of the runs.
    pub(crate) fn runs_folder(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Held while a run begins or runs are removed, so that neither sees the other half done.
    pub(crate) fn exclusive(&self) -> Result<Lock> {
        lock::take(&self.root.join("store.lock"), PATIENCE)
    }

    /// Opens a run folder of its own and writes what it is about.
    pub fn begin(&self, target: &Target, started: Timestamp, slug: &str) -> Result<RunFolder> {
        self.begin_as(target, started, slug, &[])
    }

    /// The same where its series was called otherwise before: `aliases` are keys of runs that belong to it.
    pub fn begin_as(
        &self,
        target: &Target,
        started: Timestamp,
        slug: &str,
        aliases: &[String],
    ) -> Result<RunFolder> {
        let _exclusive = self.exclusive()?;
        let series = series::place(&series_key(target), aliases, started, &self.runs_while_exclusive()?);
        let (id, path) = self.make_folder(started, slug)?;
        let begun = self.write_first(&id, &path, target, started, series);
        if begun.is_err() {
            // A run that could not begin is no run; what cannot be removed either is shown as interrupted.
            let _ = remove::folder(&path);
        }
        begun
    }

    fn write_first(
        &self,
        id: &RunId,
        path: &Path,
        target: &Target,
        started: Timestamp,
        series: Series,
    ) -> Result<RunFolder> {
        let run_lock = lock::take(&path.join("run.lock"), PATIENCE)?;
        let record = RunRecord {
            schema: RUN_SCHEMA.to_owned(),
            id: id.clone(),
            state: RunState::Running,
            started,
            target: TargetSummary::from(target),
            series,
            ..RunRecord::default()
        };
        let run = StoredRun::at(id.clone(), path.to_path_buf());
        RunFolder::begin(run, self.root.clone(), record, target, run_lock)
    }

    /// A folder that was not there before: making one is atomic, so the first to make it owns it.
    fn make_folder(&self, started: Timestamp, slug: &str) -> Result<(RunId, PathBuf)> {
        for attempt in 1.. {
            let id = names::run_id(started, slug, attempt);
            let path = self.runs_folder().join(id.as_str());
            if files::create_folder(&path)? {
                return Ok((id, path));
            }
        }
        unreachable!("folders cannot use up all numbers")
    }

    /// Which review of its branch a run beginning at `started` is: 1 + the finished runs before it.
    pub fn series_of(&self, target: &Target, started: Timestamp) -> Result<Series> {
        self.series_as(target, started, &[])
    }

    /// The same where its series was called otherwise before.
    pub fn series_as(&self, target: &Target, started: Timestamp, aliases: &[String]) -> Result<Series> {
        Ok(series::place(&series_key(target), aliases, started, &self.runs()?))
    }

    /// A run by its full name, there or not.
    pub fn run(&self, id: &RunId) -> StoredRun {
        StoredRun::at(id.clone(), self.runs_folder().join(id.as_str()))
    }

    /// All runs, newest first. Folders that are no runs are left out.
    pub fn runs(&self) -> Result<Vec<RunEntry>> {
        let runs = self.runs_while_exclusive()?;
        if runs.iter().all(|run| run.record.is_some() || run.state != RunState::Interrupted) {
            return Ok(runs);
        }
        // A run without a record was ended before it had one, or is just beginning: the first record is written
        // under this lock.
        lock::wait(&self.root.join("store.lock"), PATIENCE);
        self.runs_while_exclusive()
    }

    /// The same for callers that hold the lock under which runs begin.
    pub(crate) fn runs_while_exclusive(&self) -> Result<Vec<RunEntry>> {
        let mut runs: Vec<RunEntry> =
            folders(&self.runs_folder())?.iter().filter_map(|name| self.entry(name)).collect();
        runs.sort_by(|a, b| (b.started, b.id()).cmp(&(a.started, a.id())));
        Ok(runs)
    }

    fn entry(&self, name: &str) -> Option<RunEntry> {
        let named = names::time_of(name)?;
        let run = self.run(&RunId::new(name)?);
        let (record, problem) = match run.record() {
            Ok(record) => (record, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let state = if problem.is_some() { RunState::Damaged } else { run.state_with(record.as_ref()) };
        let missing = (state == RunState::Damaged).then(|| "its report is missing".to_owned());
        let started = record.as_ref().map_or(named, |record| record.started);
        Some(RunEntry { run, state, started, record, problem: problem.or(missing) })
    }

    /// What is known across runs, brought up to date. A broken index is made again; where nothing may be written, it
    /// is made in memory.
    pub fn index(&self) -> Result<Index> {
        let runs = self.runs()?;
        let mut index = self.index_of(&runs)?;
        let stamp = self.decisions_stamp();
        if !index.knows_decisions(&stamp)? {
            let decisions = self.decisions()?;
            if let Err(Error::Index { .. }) = index.set_decisions(&decisions, &stamp) {
                // Nothing may be written here, or another process writes all the time.
                index = Index::in_memory(&runs)?;
                index.set_decisions(&decisions, &stamp)?;
            }
        }
        Ok(index)
    }

    fn index_of(&self, runs: &[RunEntry]) -> Result<Index> {
        match Index::open_and_sync(&self.root, runs) {
            Err(error) if error.is_broken_index() => {
                let _exclusive = self.exclusive()?;
                // Another process may have mended it while this one waited.
                match Index::open_and_sync(&self.root, runs) {
                    Err(error) if error.is_broken_index() => Index::set_aside(&self.root)?,
                    other => return other,
                }
                Index::open_and_sync(&self.root, runs)
            }
            Err(Error::Index { .. }) => Index::in_memory(runs),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;
    use crate::testing::{finish, scratch, target};

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    fn states(store: &Store) -> Vec<(String, RunState)> {
        store.runs().expect("readable").iter().map(|run| (run.id().to_string(), run.state)).collect()
    }

    #[test]
    fn runs_are_listed_newest_first_with_what_came_of_them() {
        let (_folder, store) = scratch();
        finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        finish(&store, &target("other"), "2026-01-02T10:00:00Z");
        let runs = store.runs().expect("readable");
        let ids: Vec<&str> = runs.iter().map(|run| run.id().as_str()).collect();
        assert_eq!(ids, ["20260102-100000-other", "20260101-100000-topic"]);
        let record = runs[0].record.as_ref().expect("has one");
        let outcome = record.outcome.as_ref().expect("finished");
        assert_eq!((outcome.findings.important, outcome.complete), (1, true));
        assert_eq!(record.target.branch.as_deref(), Some("other"));
    }

    #[test]
    fn rounds_count_finished_runs_of_the_branch_in_the_order_of_time() {
        let (_folder, store) = scratch();
        let first = finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        let third = finish(&store, &target("topic"), "2026-01-03T10:00:00Z");
        drop(store.begin(&target("topic"), at("2026-01-04T10:00:00Z"), "topic").expect("begins"));
        let series = store.series_of(&target("topic"), at("2026-01-05T10:00:00Z")).expect("readable");
        assert_eq!((series.round, series.previous), (3, Some(third)));
        let series = store.series_of(&target("topic"), at("2026-01-02T10:00:00Z")).expect("readable");
        assert_eq!((series.round, series.previous), (2, Some(first)));
        let series = store.series_of(&target("new"), at("2026-01-05T10:00:00Z")).expect("readable");
        assert_eq!((series.round, series.previous, series.key.as_str()), (1, None, "o/r@new"));
    }

    #[test]
    fn a_run_is_running_while_its_lock_is_held_and_interrupted_afterwards() {
        let (_folder, store) = scratch();
        let run = store.begin(&target("topic"), at("2026-01-01T10:00:00Z"), "topic").expect("begins");
        assert_eq!(states(&store), [("20260101-100000-topic".to_owned(), RunState::Running)]);
        drop(run);
        assert_eq!(states(&store), [("20260101-100000-topic".to_owned(), RunState::Interrupted)]);
    }

    #[test]
    fn a_run_that_was_ended_before_its_first_record_is_interrupted() {
        let (_folder, store) = scratch();
        fs::create_dir(store.runs_folder().join("20260101-100000-topic")).expect("folder");
        let runs = store.runs().expect("readable");
        assert_eq!(runs[0].state, RunState::Interrupted);
        assert_eq!(runs[0].started, at("2026-01-01T10:00:00Z"));
        // Beginning another run looks at this one under the lock, and must not wait for itself.
        finish(&store, &target("topic"), "2026-01-02T10:00:00Z");
    }

    #[test]
    fn a_crash_between_report_and_record_is_still_a_finished_run() {
        let (_folder, store) = scratch();
        let run = store.begin(&target("topic"), at("2026-01-01T10:00:00Z"), "topic").expect("begins");
        run.write_report(&[("report.json", b"{}")]).expect("writable");
        drop(run);
        assert_eq!(states(&store)[0].1, RunState::Finished);
    }

    #[test]
    fn a_crash_between_writing_and_renaming_leaves_the_old_record() {
        let (_folder, store) = scratch();
        let id = finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        fs::write(store.run(&id).file(".tmp-1-0"), "half a rec").expect("writable");
        assert_eq!(states(&store)[0].1, RunState::Finished);
        assert!(store.run(&id).report().expect("readable").is_some());
    }

    #[test]
    fn a_damaged_record_is_shown_and_foreign_files_are_not() {
        let (_folder, store) = scratch();
        let id = finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        fs::write(store.run(&id).file("run.json"), "{ \"id\": ").expect("writable");
        let without = finish(&store, &target("other"), "2026-01-02T10:00:00Z");
        fs::remove_file(store.run(&without).file("report.json")).expect("removable");
        fs::write(store.runs_folder().join("notes.txt"), "mine").expect("writable");
        fs::create_dir(store.runs_folder().join("backup")).expect("folder");
        fs::write(store.runs_folder().join("20260103-100000-file"), "no folder").expect("writable");
        let runs = store.runs().expect("readable");
        assert_eq!(runs.len(), 2);
        assert!(runs.iter().all(|run| run.state == RunState::Damaged && run.problem.is_some()), "{runs:?}");
        assert!(runs[1].problem.as_deref().is_some_and(|problem| problem.contains("run.json")));
    }

    #[test]
    fn what_a_newer_version_wrote_is_told_from_what_is_damaged_and_left_alone() {
        let (_folder, store) = scratch();
        let id = finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        let path = store.run(&id).file("run.json");
        let newer = r#"{ "schema": "deep-review/run/v9", "what": ["nobody", "knows"] }"#;
        fs::write(&path, newer).expect("writable");
        let run = store.runs().expect("readable").remove(0);
        let problem = run.problem.expect("it cannot be read");
        assert!(problem.contains("another version") && problem.contains("run/v9"), "{problem}");
        let other = finish(&store, &target("topic"), "2026-01-02T10:00:00Z");
        let report = store.run(&other).file("report.json");
        let text = fs::read_to_string(&report).expect("readable").replace("report/v1", "report/v2");
        fs::write(&report, text).expect("writable");
        let error = store.run(&other).report().expect_err("not ours to read");
        assert!(error.hint().is_some_and(|hint| hint.contains("update")), "{error}");
        store.index().expect("what is known across runs is made of the others");
        assert_eq!(fs::read_to_string(&path).expect("readable"), newer);
    }

    #[test]
    fn many_runs_of_one_second_get_folders_of_their_own() {
        let (folder, _) = scratch();
        let common = folder.path();
        let ids: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(move || {
                        let store = Store::open(common).expect("writable");
                        finish(&store, &target("feature/x"), "2026-01-01T10:00:00Z").to_string()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), 16);
        assert!(ids.iter().all(|id| id.starts_with("20260101-100000-feature-x")), "{ids:?}");
        let store = Store::open(common).expect("writable");
        assert_eq!(store.runs().expect("readable").len(), 16);
        assert_eq!(store.index().expect("usable").attempts("mine").expect("readable").len(), 16);
    }

    #[test]
    fn a_repository_without_runs_has_no_store_and_gets_none_by_looking() {
        let folder = tempfile::tempdir().expect("scratch");
        assert!(Store::existing(folder.path()).is_none());
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    }

    #[test]
    fn a_place_that_cannot_hold_a_store_is_a_clear_error() {
        let folder = tempfile::tempdir().expect("scratch");
        let missing = Store::open(&folder.path().join("gone")).expect_err("no folder");
        assert!(missing.to_string().contains("could not create"), "{missing}");
        fs::write(folder.path().join("deep-review"), "a file").expect("writable");
        let taken = Store::open(folder.path()).expect_err("a file is in the way");
        assert!(taken.to_string().contains("deep-review"), "{taken}");
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_store_can_be_read_and_says_why_it_cannot_be_written() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, store) = scratch();
        finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        let read_only = |mode: u32| {
            for path in [store.root().to_path_buf(), store.runs_folder()] {
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("owner");
            }
        };
        read_only(0o500);
        if fs::write(store.runs_folder().join("probe"), "").is_ok() {
            println!("skipped: this user may write anywhere");
            return read_only(0o700);
        }
        let begun = store.begin(&target("topic"), at("2026-01-02T10:00:00Z"), "topic");
        let (runs, index) = (store.runs(), store.index().and_then(|index| index.attempts("mine")));
        read_only(0o700);
        assert!(begun.expect_err("not writable").hint().is_some_and(|hint| hint.contains("writable")));
        assert_eq!((runs.expect("readable").len(), index.expect("in memory").len()), (1, 1));
    }
}
