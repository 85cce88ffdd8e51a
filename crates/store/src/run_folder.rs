//! Writing one run.
//!
//! In: raw material, events, the report. Out: files that a crash at any moment leaves readable. Raw material is
//! written once and never edited.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::ops::Deref;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use model::{Event, Original, Report, Series};
use serde::Serialize;

use crate::lock::Lock;
use crate::stored_run::{NAME_FILE, PLAN_FILE, REVIEW_FILES, read_file};
use crate::{Error, Index, Result, RunOutcome, RunRecord, RunState, StoredRun, files, reviewer_folder};

/// A run that is being written. Its lock is held until this is dropped.
#[derive(Debug)]
pub struct RunFolder {
    run: StoredRun,
    /// The store's folder, for the index.
    root: PathBuf,
    record: Mutex<RunRecord>,
    events: Mutex<Events>,
    _lock: Lock,
}

/// The open `events.jsonl`.
#[derive(Debug)]
struct Events {
    file: File,
    /// True after a write that may have ended in the middle of a line.
    torn: bool,
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
        let folder = Self::open(run, root, record, lock)?;
        folder.write_once("target.json", &json(target))?;
        folder.save()?;
        Ok(folder)
    }

    /// A run whose lock is held, ready to be written. Events are added to those there are.
    pub(crate) fn open(run: StoredRun, root: PathBuf, record: RunRecord, lock: Lock) -> Result<Self> {
        let path = run.file("events.jsonl");
        // A crash may have cut the last line off; the next one must not hang on to it.
        let torn = read_file(&path)?.is_some_and(|text| !text.is_empty() && !text.ends_with(b"\n"));
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(Error::failed("create", &path))?;
        let events = Mutex::new(Events { file, torn });
        Ok(Self { run, root, record: Mutex::new(record), events, _lock: lock })
    }

    /// Which review of the branch it is.
    pub fn series(&self) -> Series {
        self.locked().series.clone()
    }

    /// Says who is asked, and writes down what going on with the run needs.
    pub fn set_plan(&self, reviewers: &[String], plan: &impl Serialize) -> Result<()> {
        self.write_once(PLAN_FILE, &json(plan))?;
        self.locked().reviewers = reviewers.to_vec();
        self.save()
    }

    /// Writes a file of the run, in place of what stood there.
    pub fn set_part(&self, name: &str, part: &impl Serialize) -> Result<()> {
        files::replace(&self.place(name)?, &json(part))
    }

    /// When it began.
    pub fn started(&self) -> Timestamp {
        self.locked().started
    }

    /// How often it was gone on with.
    pub fn resumed(&self) -> u32 {
        self.locked().resumed
    }

    /// Says that an interrupted run is gone on with.
    pub fn set_resumed(&self) -> Result<()> {
        {
            let mut record = self.locked();
            record.resumed += 1;
            record.state = RunState::Running;
            record.note = None;
        }
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
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.torn {
            line.insert(0, b'\n');
        }
        let written = events.file.write_all(&line);
        events.torn = written.is_err();
        written.map_err(Error::failed("write", &self.file("events.jsonl")))
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
        let cut_off = report.reviewers.iter().filter(|row| row.may_be_asked_again());
        let cut: Vec<String> = cut_off.map(|row| row.name.clone()).collect();
        if !cut.is_empty() {
            // Before the report: a crash in between must not make a partial report look like the last word.
            self.locked().cut.clone_from(&cut);
            self.save()?;
        }
        self.write_report(forms)?;
        {
            let mut record = self.locked();
            record.cut = cut;
            record.state = RunState::Finished;
            record.ended = Some(report.run.ended);
            record.outcome = Some(RunOutcome::from(report));
        }
        self.save()?;
        let _ = Index::open(&self.root).and_then(|mut index| index.add(&self.run));
        Ok(())
    }

    /// Whether its report was made without reviewers that can be asked again.
    pub(crate) fn is_cut(&self) -> bool {
        !self.locked().cut.is_empty()
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

#[cfg(test)]
mod tests {
    use std::fs;

    use model::EventKind;

    use super::*;
    use crate::testing::{report, scratch, target};

    fn begin() -> (tempfile::TempDir, RunFolder) {
        let (folder, store) = scratch();
        let run = store.begin(&target("topic"), Timestamp::UNIX_EPOCH, "topic").expect("begins");
        (folder, run)
    }

    fn note(text: &str) -> Event {
        Event { at: Timestamp::UNIX_EPOCH, kind: EventKind::Note { text: text.to_owned() } }
    }

    #[test]
    fn raw_material_is_written_once() {
        let (_folder, run) = begin();
        run.write_once("raw/mine/prompt.md", b"one").expect("new");
        let again = run.write_once("raw/mine/prompt.md", b"two").expect_err("is there");
        assert!(matches!(again, Error::Exists { .. }));
        assert_eq!(fs::read(run.file("raw/mine/prompt.md")).expect("readable"), b"one");
    }

    #[test]
    fn no_name_leaves_the_folder() {
        let (_folder, run) = begin();
        for name in ["", "..", "../x", "/etc/x", "a/../../x", "./.", "a\\b", ".tmp-1-1", "raw/.tmp-x/y"] {
            let result = run.write_once(name, b"x");
            assert!(matches!(result, Err(Error::BadName { .. })), "{name}: {result:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_folder() {
        let (folder, run) = begin();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).expect("folder");
        std::os::unix::fs::symlink(&outside, run.file("raw")).expect("link");
        assert!(run.write_once("raw/mine/x", b"x").is_err());
        assert!(run.write_once("raw/x", b"x").is_err());
        assert_eq!(fs::read_dir(&outside).expect("readable").count(), 0);
    }

    #[test]
    fn reviews_come_back_as_they_were_written_in_the_order_of_the_report() {
        let (_folder, run) = begin();
        run.write_review_bytes("Zed", b"# ok \xFF\n", false).expect("new");
        run.write_review_bytes("zed", b"{}", true).expect("new");
        run.write_review_bytes("mine", b"", false).expect("new");
        run.raw("asked and silent").expect("new");
        let names = |run: &RunFolder| -> Vec<String> {
            run.originals().expect("readable").into_iter().map(|original| original.reviewer).collect()
        };
        assert_eq!(names(&run), ["Zed", "mine", "zed"]);
        let mut report = report(&run, &target("topic"), Timestamp::UNIX_EPOCH);
        report.reviewers = ["zed", "mine", "Zed"]
            .map(|name| model::ReviewerReport { name: name.to_owned(), ..Default::default() })
            .to_vec();
        let json = serde_json::to_vec(&report).expect("plain data");
        run.write_report(&[("report.json", &json)]).expect("writable");
        assert_eq!(names(&run), ["zed", "mine", "Zed"]);
        let originals = run.originals().expect("readable");
        assert_eq!((originals[0].json, originals[2].text.as_str()), (true, "# ok \u{fffd}\n"));
    }

    #[test]
    fn the_report_is_read_back_as_it_was() {
        let (_folder, run) = begin();
        assert_eq!(run.report().expect("readable"), None);
        let report = report(&run, &target("topic"), Timestamp::UNIX_EPOCH);
        let json = serde_json::to_vec(&report).expect("plain data");
        run.finish(&report, &[("report.json", &json)]).expect("writable");
        assert_eq!(run.report().expect("readable"), Some(report));
        assert_eq!(run.target().expect("readable"), Some(target("topic")));
        assert_eq!(run.state(), RunState::Finished);
    }

    #[test]
    fn events_of_many_threads_are_whole_lines_and_a_torn_last_line_is_left_out() {
        let (_folder, run) = begin();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let run = &run;
                scope.spawn(move || {
                    for number in 0..50 {
                        run.append_event(&note(&format!("{thread}-{number}"))).expect("writable");
                    }
                });
            }
        });
        assert_eq!(run.events().expect("readable").len(), 400);
        let mut file = OpenOptions::new().append(true).open(run.file("events.jsonl")).expect("there");
        file.write_all(b"{\"at\":\"1970-").expect("writable");
        assert_eq!(run.events().expect("readable").len(), 400);
    }

    #[test]
    fn an_interrupted_run_says_why() {
        let (folder, run) = begin();
        run.set_plan(&["mine".to_owned()], &"a plan").expect("writable");
        run.interrupt("the terminal was closed").expect("writable");
        drop(run);
        let store = crate::Store::existing(folder.path()).expect("is there");
        let entry = store.runs().expect("readable").remove(0);
        let record = entry.record.expect("readable");
        assert_eq!(entry.state, RunState::Interrupted);
        assert_eq!(record.note.as_deref(), Some("the terminal was closed"));
        assert_eq!(record.reviewers, ["mine"]);
    }
}
