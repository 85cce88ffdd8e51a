//! Finding a run by what people type.
//!
//! In: `last`, an id, or enough of its beginning or end. Out: the run, or an error that says which runs there are.

use crate::store::RunEntry;
use crate::{Error, Result, RunState, Store, same_series, series_keys};

/// Runs named in the hint of an error.
const NAMED: usize = 3;

impl Store {
    /// The newest finished run, of one series where given.
    pub fn last(&self, series: Option<&str>) -> Result<Option<RunEntry>> {
        let runs = self.runs()?;
        let keys = series.map(|series| series_keys(series, &runs));
        let belongs = |run: &RunEntry| {
            keys.as_ref().is_none_or(|keys| {
                run.series().is_some_and(|have| keys.iter().any(|wanted| same_series(have, wanted)))
            })
        };
        Ok(runs.iter().find(|run| run.state == RunState::Finished && belongs(run)).cloned())
    }

    /// A run by what was typed. `last` is the newest finished run, of one series where given.
    pub fn find(&self, asked: &str, series: Option<&str>) -> Result<RunEntry> {
        if asked == "last" {
            let of = if series.is_some() { " of this branch" } else { "" };
            return self.last(series)?.ok_or_else(|| Error::NoRuns { what: format!("finished run{of}") });
        }
        let mut runs = self.runs()?;
        let fits = |test: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..runs.len()).filter(|index| test(runs[*index].id().as_str())).collect()
        };
        let tests: [&dyn Fn(&str) -> bool; 3] =
            [&|id| id == asked, &|id| id.starts_with(asked), &|id| id.ends_with(asked)];
        let found = tests.iter().map(|test| fits(*test)).find(|found| !found.is_empty());
        match found.as_deref() {
            Some([one]) if !asked.is_empty() => Ok(runs.swap_remove(*one)),
            Some(several) if !asked.is_empty() => Err(Error::Ambiguous {
                asked: asked.to_owned(),
                candidates: several.iter().map(|index| runs[*index].id().to_string()).collect(),
            }),
            _ => Err(Error::UnknownRun {
                asked: asked.to_owned(),
                newest: runs.iter().take(NAMED).map(|run| run.id().to_string()).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{finish, scratch, target};

    #[test]
    fn a_run_is_found_by_last_by_id_by_beginning_and_by_end() {
        let (_folder, store) = scratch();
        finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        finish(&store, &target("topic"), "2026-01-02T10:00:00Z");
        finish(&store, &target("other"), "2026-01-03T10:00:00Z");
        store
            .begin(&target("topic"), "2026-01-04T10:00:00Z".parse().expect("a time"), "topic")
            .expect("begins");
        let found = |asked: &str| store.find(asked, None).map(|run| run.id().to_string());
        assert_eq!(found("last").expect("found"), "20260103-100000-other");
        assert_eq!(found("20260102-100000-topic").expect("found"), "20260102-100000-topic");
        assert_eq!(found("20260101").expect("found"), "20260101-100000-topic");
        assert_eq!(found("other").expect("found"), "20260103-100000-other");
        let last = store.find("last", Some("o/r@topic")).expect("found");
        assert_eq!(last.id().as_str(), "20260102-100000-topic");
    }

    #[test]
    fn what_is_not_one_run_is_an_error_that_names_runs() {
        let (_folder, store) = scratch();
        let nothing = store.find("last", None).expect_err("no runs");
        assert!(nothing.hint().is_some() && nothing.to_string().contains("no finished run"), "{nothing}");
        finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        finish(&store, &target("topic"), "2026-01-02T10:00:00Z");
        let several = store.find("topic", None).expect_err("two");
        assert!(several.to_string().contains("20260101-100000-topic"), "{several}");
        for asked in ["nonsense", "", "../x"] {
            let none = store.find(asked, None).expect_err(asked);
            assert!(none.hint().is_some_and(|hint| hint.contains("20260102")), "{none}");
        }
        let none = store.find("last", Some("o/r@elsewhere")).expect_err("none there");
        assert!(none.to_string().contains("of this branch"), "{none}");
    }
}
