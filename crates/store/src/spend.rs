//! What was spent on a day, by all runs in this repository.
//!
//! In: expenses as they are made, from any thread and any process. Out: their sum. One file a day with one line an expense,
//! only ever appended to: a run that is killed has still spent what it spent.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use jiff::Timestamp;
use model::Spend;

use crate::{Error, Result, Store, files};

/// The expenses of one day (UTC).
#[derive(Clone, Debug)]
pub struct SpendLog {
    path: PathBuf,
}

impl Store {
    /// The expenses of the day that `now` is in.
    pub fn spend_log(&self, now: Timestamp) -> Result<SpendLog> {
        let folder = self.root().join("spend");
        files::create_folder(&folder)?;
        Ok(SpendLog { path: folder.join(format!("{}.jsonl", now.strftime("%Y-%m-%d"))) })
    }
}

impl SpendLog {
    /// Everything spent so far. Lines that are torn are passed over.
    pub fn spent(&self) -> Result<Spend> {
        let text = match std::fs::read(&self.path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::failed("read", &self.path)(error)),
        };
        Ok(text.lines().filter_map(|line| serde_json::from_str::<Spend>(line).ok()).sum())
    }

    /// Adds an expense: one line, one write.
    pub fn add(&self, spend: &Spend) -> Result<()> {
        let mut line = serde_json::to_vec(spend).expect("an expense is plain data");
        // A line that another process could not finish ends here and spoils itself only.
        line.insert(0, b'\n');
        line.push(b'\n');
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        file.and_then(|mut file| file.write_all(&line)).map_err(Error::failed("write", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expenses_of_a_day_add_up_across_threads_and_days_do_not_mix() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let log = |time: &str| store.spend_log(time.parse().expect("a time")).expect("a log");
        let today = log("2026-03-01T23:59:59Z");
        assert_eq!(today.spent().expect("nothing yet"), Spend::default());
        let one = Spend { calls: 1, tokens: 10, usd: 0.5, unpriced_calls: 1, ms: 3 };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..25).for_each(|_| today.add(&one).expect("written")));
            }
        });
        std::fs::OpenOptions::new()
            .append(true)
            .open(&today.path)
            .and_then(|mut file| file.write_all(b"{\"calls\":1,\"tok"))
            .expect("a torn line");
        today.add(&one).expect("written");
        let spent = log("2026-03-01T00:00:00Z").spent().expect("a sum");
        assert_eq!((spent.calls, spent.tokens, spent.ms, spent.unpriced_calls), (101, 1010, 303, 101));
        assert!((spent.usd - 50.5).abs() < 1e-9);
        assert_eq!(log("2026-03-02T00:00:00Z").spent().expect("another day"), Spend::default());
    }
}
