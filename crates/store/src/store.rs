//! The folder of all runs.
//!
//! In: git's common dir. Out: [`Store`]: runs begin here and are listed here. Worktrees of one repository share it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use model::{RunId, Series, Target};

use crate::lock::Lock;
use crate::stored_run::folders;
use crate::{
    Error, Index, RUN_SCHEMA, Result, RunFolder, RunRecord, RunState, StoredRun, TargetSummary, files, lock,
    names, series, series_key,
};

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

    /// The folder of the runs.
    pub(crate) fn runs_folder(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Held while a run begins or runs are removed, so that neither sees the other half done.
    pub(crate) fn exclusive(&self) -> Result<Lock> {
        lock::take(&self.root.join("store.lock"))
    }

    /// Opens a run folder of its own and writes what it is about.
    pub fn begin(&self, target: &Target, started: Timestamp, slug: &str) -> Result<RunFolder> {
        let _exclusive = self.exclusive()?;
        let series = self.series_of(target, started)?;
        let (id, path) = self.make_folder(started, slug)?;
        let run_lock = lock::take(&path.join("run.lock"))?;
        let record = RunRecord {
            schema: RUN_SCHEMA.to_owned(),
            id: id.clone(),
            state: RunState::Running,
            started,
            target: TargetSummary::from(target),
            series,
            ..RunRecord::default()
        };
        RunFolder::begin(StoredRun::at(id, path), self.root.clone(), record, target, run_lock)
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
        Ok(series::place(&series_key(target), started, &self.runs()?))
    }

    /// A run by its full name, there or not.
    pub fn run(&self, id: &RunId) -> StoredRun {
        StoredRun::at(id.clone(), self.runs_folder().join(id.as_str()))
    }

    /// All runs, newest first. Folders that are no runs are left out.
    pub fn runs(&self) -> Result<Vec<RunEntry>> {
        let mut runs: Vec<RunEntry> =
            folders(&self.runs_folder())?.iter().filter_map(|name| self.entry(name)).collect();
        runs.sort_by(|a, b| (b.started, b.id()).cmp(&(a.started, a.id())));
        Ok(runs)
    }

    fn entry(&self, name: &str) -> Option<RunEntry> {
        let named = names::time_of(name)?;
        let run = self.run(&RunId::new(name)?);
        let mut record = run.record();
        if matches!(record, Ok(None)) {
            // Perhaps it is just beginning: its first record is written under this lock.
            lock::wait(&self.root.join("store.lock"));
            record = run.record();
        }
        Some(match record {
            Ok(record) => {
                let state = run.state_with(record.as_ref());
                let started = record.as_ref().map_or(named, |record| record.started);
                let problem = (state == RunState::Damaged).then(|| "its report is missing".to_owned());
                RunEntry { run, state, started, record, problem }
            }
            Err(error) => {
                let problem = Some(error.to_string());
                RunEntry { run, state: RunState::Damaged, started: named, record: None, problem }
            }
        })
    }

    /// What is known across runs, brought up to date.
    pub fn index(&self) -> Result<Index, Error> {
        let mut index = Index::open_or_rebuild(self)?;
        index.sync(self)?;
        Ok(index)
    }
}
