//! Going on with a run that was interrupted.
//!
//! In: a run. Out: the run, open for writing, or why it cannot be gone on with. Never takes a run from a living process, and
//! never opens one that has come to its end.

use std::time::Duration;

use crate::store::RunEntry;
use crate::{Error, PLAN_FILE, Result, RunFolder, RunState, Store, lock};

/// A process that was killed gives its locks back at once, but one that is looking may hold one for a moment.
const PATIENCE: Duration = Duration::from_secs(2);

impl RunEntry {
    /// Whether somebody could go on with it: it was interrupted before its report, or its report was made without reviewers
    /// that can be asked again. A run that is being gone on with right now counts too.
    pub fn is_unfinished(&self) -> bool {
        match self.state {
            // Killed before it was written down whom it asks, it can only be started anew.
            RunState::Interrupted => self.record.is_some() && self.run.file(PLAN_FILE).is_file(),
            RunState::Finished => self.record.as_ref().is_some_and(|record| !record.cut.is_empty()),
            RunState::Running | RunState::Damaged => false,
        }
    }
}

impl Store {
    /// The newest run that somebody could go on with.
    pub fn last_unfinished(&self) -> Result<Option<RunEntry>> {
        Ok(self.runs()?.into_iter().find(RunEntry::is_unfinished))
    }

    /// Opens a run to go on with it. Its lock is held from now on.
    pub fn reopen(&self, entry: &RunEntry) -> Result<RunFolder> {
        let folder = self.revise(entry)?;
        if folder.has_report() && !folder.is_cut() {
            return Err(Error::NothingToResume { id: folder.id().to_string() });
        }
        Ok(folder)
    }

    /// Opens a run to make its report again. Its lock is held from now on.
    pub fn revise(&self, entry: &RunEntry) -> Result<RunFolder> {
        let _exclusive = self.exclusive()?;
        let run = entry.run.clone();
        let Some(run_lock) = lock::take_within(&run.file("run.lock"), PATIENCE)? else {
            return Err(Error::StillRunning { id: run.id().to_string() });
        };
        // Read again: somebody else may have gone on with it, or removed it, while we waited.
        let record = run.record()?.ok_or_else(|| Error::NothingRecorded { id: run.id().to_string() })?;
        RunFolder::open(run, self.root().to_path_buf(), record, run_lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{finish, report, scratch, target};
    use model::{Ending, ReviewerReport};

    fn at(time: &str) -> jiff::Timestamp {
        time.parse().expect("a time")
    }

    fn entry(store: &Store, id: &str) -> RunEntry {
        store.find(id, None).expect("is there")
    }

    #[test]
    fn an_interrupted_run_is_opened_and_keeps_what_it_has() {
        let (_folder, store) = scratch();
        let run = store.begin(&target("topic"), at("2026-01-01T10:00:00Z"), "topic").expect("begins");
        run.set_plan(&["ada".to_owned()], &"plan").expect("writable");
        run.write_review_bytes("ada", b"found nothing", false).expect("new");
        let id = run.id().to_string();
        let busy = store.reopen(&entry(&store, &id)).expect_err("its process lives");
        assert!(matches!(busy, Error::StillRunning { .. }) && busy.hint().is_some(), "{busy}");
        drop(run);
        let last = store.last_unfinished().expect("readable").expect("there is one");
        let run = store.reopen(&last).expect("nobody writes it");
        run.set_resumed().expect("writable");
        assert_eq!((run.resumed(), run.started()), (1, at("2026-01-01T10:00:00Z")));
        assert_eq!(run.plan::<String>().expect("readable").as_deref(), Some("plan"));
        assert_eq!(run.review("ada").expect("readable").expect("kept").0, b"found nothing");
    }

    #[test]
    fn a_run_whose_report_waited_for_everybody_is_not_opened() {
        let (_folder, store) = scratch();
        let id = finish(&store, &target("topic"), "2026-01-01T10:00:00Z").to_string();
        assert!(store.last_unfinished().expect("readable").is_none());
        let error = store.reopen(&entry(&store, &id)).expect_err("has come to its end");
        assert!(matches!(error, Error::NothingToResume { .. }) && error.hint().is_some(), "{error}");
    }

    #[test]
    fn a_run_that_had_asked_nobody_does_not_hide_one_that_had() {
        let (_folder, store) = scratch();
        let first = store.begin(&target("topic"), at("2026-01-01T10:00:00Z"), "topic").expect("begins");
        first.set_plan(&["ada".to_owned()], &"plan").expect("writable");
        let id = first.id().clone();
        drop(first);
        drop(store.begin(&target("topic"), at("2026-01-02T10:00:00Z"), "topic").expect("begins"));
        let last = store.last_unfinished().expect("readable").expect("the first");
        assert_eq!(last.id(), &id);
    }

    #[test]
    fn a_partial_report_is_not_the_last_word() {
        let (_folder, store) = scratch();
        let started = at("2026-01-01T10:00:00Z");
        let run = store.begin(&target("topic"), started, "topic").expect("begins");
        let mut partial = report(&run, &target("topic"), started);
        let cut = ReviewerReport { name: "b".into(), ending: Ending::Cancelled, ..ReviewerReport::default() };
        partial.reviewers.push(cut);
        run.finish(&partial, &[("report.json", b"{}")]).expect("writable");
        drop(run);
        let last = store.last_unfinished().expect("readable").expect("b was cut off");
        assert_eq!(last.record.as_ref().map(|record| record.cut.clone()), Some(vec!["b".to_owned()]));
        let run = store.reopen(&last).expect("can be gone on with");
        run.finish(&report(&run, &target("topic"), started), &[("report.json", b"{}")]).expect("writable");
        drop(run);
        assert!(store.last_unfinished().expect("readable").is_none());
    }

    #[test]
    fn an_event_does_not_hang_on_to_a_line_that_was_cut_off() {
        let (_folder, store) = scratch();
        let run = store.begin(&target("topic"), at("2026-01-01T10:00:00Z"), "topic").expect("begins");
        let (id, path) = (run.id().to_string(), run.file("events.jsonl"));
        drop(run);
        std::fs::write(&path, "{\"at\":").expect("writable");
        let run = store.reopen(&entry(&store, &id)).expect("nobody writes it");
        let kind = model::EventKind::Note { text: "on it goes".to_owned() };
        run.append_event(&model::Event { at: jiff::Timestamp::UNIX_EPOCH, kind }).expect("writable");
        assert_eq!(run.events().expect("readable").len(), 1);
    }
}
