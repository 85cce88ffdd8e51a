//! Finding a run by what people type.
//!
//! In: `last`, an id, or enough of its beginning or end. Out: the run, or an error that says which runs there are.

use crate::store::RunEntry;
use crate::{Error, Result, RunState, Store, same_series};

/// Runs named in the hint of an error.
const NAMED: usize = 3;

impl Store {
    /// The newest finished run, of one series where given.
    pub fn last(&self, series: Option<&str>) -> Result<Option<RunEntry>> {
        Ok(self.runs()?.into_iter().find(|run| run.state == RunState::Finished && belongs(run, series)))
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

fn belongs(run: &RunEntry, series: Option<&str>) -> bool {
    series.is_none_or(|wanted| run.series().is_some_and(|have| same_series(have, wanted)))
}
