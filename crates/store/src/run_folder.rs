//! Writing one run.
//!
//! In: raw material, events, the report. Out: files that a crash at any moment leaves readable. Raw material is
//! written once and never edited.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::ops::Deref;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Event, Original, Report, Series};
use serde::Serialize;

use crate::lock::Lock;
use crate::stored_run::{NAME_FILE, REVIEW_FILES};
use crate::{Error, Index, Result, RunOutcome, RunRecord, RunState, StoredRun, files, reviewer_folder};

/// A run that is being written. Its lock is held until this is dropped.
#[derive(Debug)]
pub struct RunFolder {
    run: StoredRun,
    /// The store's folder, for the index.
    root: PathBuf,
    record: Mutex<RunRecord>,
    events: Mutex<File>,
    _lock: Lock,
}

impl Deref for RunFolder {
    type Target = StoredRun;

    fn deref(&self) -> &StoredRun {
        &self.run
    }
}

impl RunFolder {
    /// Writes the first record into a fresh folder whose lock is held.
    pub(crate) fn begin(
        run: StoredRun,
        root: PathBuf,
        record: RunRecord,
        target: &model::Target,
        lock: Lock,
    ) -> Result<Self> {
        let path = run.file("events.jsonl");
        let events = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(Error::failed("create", &path))?;
        let folder = Self { run, root, record: Mutex::new(record), events: Mutex::new(events), _lock: lock };
        folder.write_once("target.json", &json(target))?;
        folder.save()?;
        Ok(folder)
    }

    /// Which review of the branch it is.
    pub fn series(&self) -> Series {
        self.locked().series.clone()
    }

    /// Says who is asked.
    pub fn set_reviewers(&self, reviewers: &[String]) -> Result<()> {
        self.locked().reviewers = reviewers.to_vec();
        self.save()
    }

    /// Writes raw material: a new file, complete or not at all. `name` may name folders, which are made where
    /// needed: `raw/claude/prompt.md`.
    pub fn write_once(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.place(name)?;
        files::write_new(&path, bytes)?;
        Ok(path)
    }

    /// The folder of a reviewer, made where needed. Its name is plain and its own, whatever the reviewer is called.
    pub fn raw(&self, reviewer: &str) -> Result<PathBuf> {
        let name = format!("raw/{}/{NAME_FILE}", reviewer_folder(reviewer));
        match self.write_once(&name, &json(&reviewer)) {
            Ok(_) | Err(Error::Exists { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(self.path().join("raw").join(reviewer_folder(reviewer)))
    }

    /// Writes a review as it came: what `originals` gives back.
    pub fn write_review(&self, original: &Original) -> Result<PathBuf> {
        self.write_review_bytes(&original.reviewer, original.text.as_bytes(), original.json)
    }

    /// The same for bytes that may not be text.
    pub fn write_review_bytes(&self, reviewer: &str, bytes: &[u8], json: bool) -> Result<PathBuf> {
        self.raw(reviewer)?;
        let file = REVIEW_FILES[usize::from(json)].0;
        self.write_once(&format!("raw/{}/{file}", reviewer_folder(reviewer)), bytes)
    }

    /// Writes down what happens, as it happens: one line, one write.
    pub fn append_event(&self, event: &Event) -> Result<()> {
        let mut line = serde_json::to_vec(event).expect("events are plain data");
        line.push(b'\n');
        let mut file = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).map_err(Error::failed("write", &self.file("events.jsonl")))
    }

    /// Writes the report in its forms, `report.json` last: where it stands, all others do. Written again, they are
    /// replaced.
    pub fn write_report(&self, forms: &[(&str, &[u8])]) -> Result<()> {
        let (json, others): (Vec<_>, Vec<_>) = forms.iter().partition(|(name, _)| *name == "report.json");
        for (name, bytes) in others.iter().chain(&json) {
            files::replace(&self.place(name)?, bytes)?;
        }
        Ok(())
    }

    /// Writes the report and closes the record. What the index could not take is no error: it is made from the
    /// folders when it is next read.
    pub fn finish(&self, report: &Report, forms: &[(&str, &[u8])]) -> Result<()> {
        self.write_report(forms)?;
        {
            let mut record = self.locked();
            record.state = RunState::Finished;
            record.ended = Some(report.run.ended);
            record.outcome = Some(RunOutcome::from(report));
        }
        self.save()?;
        let _ = Index::open(&self.root).and_then(|mut index| index.add(&self.run));
        Ok(())
    }

    /// Says why there will be no report.
    pub fn interrupt(&self, why: &str) -> Result<()> {
        {
            let mut record = self.locked();
            record.state = RunState::Interrupted;
            record.note = Some(why.to_owned());
        }
        self.save()
    }

    fn locked(&self) -> MutexGuard<'_, RunRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) -> Result<()> {
        let record = self.locked();
        files::replace(&self.file("run.json"), &json(&*record))
    }

    /// The path of a file of this run, with its folders. No part may leave the run folder, by name or by link.
    fn place(&self, name: &str) -> Result<PathBuf> {
        let bad = || Error::BadName { name: name.to_owned() };
        let parts: Vec<Component<'_>> = Path::new(name).components().collect();
        let plain = |part: &Component<'_>| match part {
            Component::Normal(part) => !part.to_string_lossy().starts_with(files::TEMPORARY),
            _ => false,
        };
        if parts.is_empty() || !parts.iter().all(plain) || name.contains('\\') {
            return Err(bad());
        }
        let mut path = self.path().to_path_buf();
        for part in &parts[..parts.len() - 1] {
            path.push(part);
            if !files::create_folder(&path)? && !path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                return Err(bad());
            }
        }
        path.push(parts[parts.len() - 1]);
        Ok(path)
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("records are plain data");
    bytes.push(b'\n');
    bytes
}
