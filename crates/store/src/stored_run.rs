//! Reading one run.
//!
//! In: its folder. Out: what stands in it. Never writes, and takes every file for something a crash or a stranger may
//! have damaged.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::{Event, Original, REPORT_SCHEMA, Report, RunId, Target};
use serde::de::DeserializeOwned;

use crate::{Error, RUN_SCHEMA, Result, RunRecord, RunState, lock};

/// A run that is or was recorded.
#[derive(Clone, Debug)]
pub struct StoredRun {
    id: RunId,
    path: PathBuf,
}

impl StoredRun {
    pub(crate) fn at(id: RunId, path: PathBuf) -> Self {
        Self { id, path }
    }

    /// Its name.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of its folder, there or not.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What `run.json` says; `None` where the run was ended before it was written.
    pub fn record(&self) -> Result<Option<RunRecord>> {
        read_known(&self.file("run.json"), RUN_SCHEMA)
    }

    /// The exact target; `None` where the run was ended before it was written.
    pub fn target(&self) -> Result<Option<Target>> {
        read_json(&self.file("target.json"))
    }

    /// Its report; `None` where it has none.
    pub fn report(&self) -> Result<Option<Report>> {
        read_known(&self.file("report.json"), REPORT_SCHEMA)
    }

    /// Whether it has a complete report. Reports are written in one step, so being there is being complete.
    pub fn has_report(&self) -> bool {
        self.file("report.json").is_file()
    }

    /// Whether the process that writes it is alive.
    pub fn is_alive(&self) -> Result<bool> {
        let path = self.file("run.lock");
        lock::is_held(&path).map_err(Error::failed("look at the lock", &path))
    }

    /// How far it came, from the lock and the report rather than from what it says about itself.
    pub fn state(&self) -> RunState {
        match self.record() {
            Ok(record) => self.state_with(record.as_ref()),
            Err(_) => RunState::Damaged,
        }
    }

    pub(crate) fn state_with(&self, record: Option<&RunRecord>) -> RunState {
        let says_finished = record.is_some_and(|record| record.state == RunState::Finished);
        match (self.has_report(), self.is_alive()) {
            (true, _) => RunState::Finished,
            (false, _) if says_finished => RunState::Damaged,
            (false, Ok(true)) => RunState::Running,
            (false, Ok(false)) => RunState::Interrupted,
            (false, Err(_)) => RunState::Damaged,
        }
    }

    /// What it was asked to do, in the form of whoever asked; `None` for a run that cannot be gone on with.
    pub fn plan<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        read_json(&self.file(PLAN_FILE))
    }

    /// A file of the run in the form of whoever wrote it; `None` where there is none.
    pub fn part<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        read_json(&self.file(name))
    }

    /// What happened, in order. Lines that a crash cut off are left out.
    pub fn events(&self) -> Result<Vec<Event>> {
        let text = read_file(&self.file("events.jsonl"))?.unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    /// The reviews as they were written, in the order of the report where there is one, else by name.
    pub fn originals(&self) -> Result<Vec<Original>> {
        let raw = self.file("raw");
        let mut originals = Vec::new();
        for folder in folders(&raw)? {
            originals.extend(original(&raw.join(folder))?);
        }
        let order: Vec<String> = match self.report() {
            Ok(Some(report)) => report.reviewers.into_iter().map(|reviewer| reviewer.name).collect(),
            _ => Vec::new(),
        };
        let place = |name: &str| order.iter().position(|known| known == name);
        let rank = |name: &str| {
            let of_the_first = || place(name.strip_suffix(SECOND_PASS)?);
            place(name).or_else(of_the_first).unwrap_or(usize::MAX)
        };
        originals.sort_by(|a, b| (rank(&a.reviewer), &a.reviewer).cmp(&(rank(&b.reviewer), &b.reviewer)));
        Ok(originals)
    }
}

/// What a reviewer's name ends with where its second pass is kept.
pub const SECOND_PASS: &str = " (pass 2)";

/// Name of the file with what a run was asked to do: there as soon as somebody may be asked.
pub const PLAN_FILE: &str = "plan.json";

/// Name of the file that says how a reviewer's attempt ended. Written last: where it stands, the answer is whole.
pub const ATTEMPT_FILE: &str = "attempt.json";

/// Name of the file that says whose folder it is.
pub(crate) const NAME_FILE: &str = "reviewer.json";

/// Names of the file with the review, and whether that is JSON.
pub(crate) const REVIEW_FILES: [(&str, bool); 2] = [("review.md", false), ("review.json", true)];

fn original(folder: &Path) -> Result<Option<Original>> {
    let Some(reviewer) = read_json::<String>(&folder.join(NAME_FILE))? else { return Ok(None) };
    for (name, json) in REVIEW_FILES {
        if let Some(bytes) = read_file(&folder.join(name))? {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Some(Original { reviewer, text, json }));
        }
    }
    Ok(None)
}

/// Names of the real folders in a folder, sorted; none where it is missing.
pub(crate) fn folders(path: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::failed("read", path)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::failed("read", path))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // Folders whose name is not text are not ours.
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort();
    Ok(names)
}

/// The bytes of a regular file; `None` where there is none. A link is not followed: nothing we write is one.
pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::read(path).map(Some).map_err(Error::failed("read", path)),
        Ok(_) => Err(Error::Damaged { path: path.to_path_buf(), why: "it is not a file".to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::failed("read", path)(error)),
    }
}

/// A file that says of what version it is. One of a later version is refused: what it means is not known here.
fn read_known<T: DeserializeOwned>(path: &Path, schema: &str) -> Result<Option<T>> {
    #[derive(serde::Deserialize)]
    struct Says {
        #[serde(default)]
        schema: String,
    }
    let Some(bytes) = read_file(path)? else { return Ok(None) };
    let damaged =
        |error: serde_json::Error| Error::Damaged { path: path.to_path_buf(), why: error.to_string() };
    let says: Says = serde_json::from_slice(&bytes).map_err(damaged)?;
    if !says.schema.is_empty() && says.schema != schema {
        return Err(Error::Newer { path: path.to_path_buf(), says: says.schema, known: schema.to_owned() });
    }
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let Some(bytes) = read_file(path)? else { return Ok(None) };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|error| Error::Damaged { path: path.to_path_buf(), why: error.to_string() })
}
