//! The index over all runs: what can be asked without reading every report.
//!
//! In: run folders. Out: rows. Losing it loses nothing: a broken index, or one of a newer version, is set aside and
//! made again; where nothing may be written, it is made in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::Connection;

use crate::reviewer_records::{self, ReviewerRecord};
use crate::rows::{self, AttemptRow, FindingRow};
use crate::{Decisions, Error, Result, RunEntry, RunState, StoredRun};

/// Numbered steps from nothing to today's tables. Never edited once released: a change is a new file.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/001_runs.sql"),
    include_str!("migrations/002_records.sql"),
    include_str!("migrations/003_decisions.sql"),
];

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The index, open.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    connection: Connection,
}

impl Index {
    /// Opens the index of a store's folder as it is.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let path = root.join("index.sqlite");
        let opened = Connection::open(&path).and_then(|connection| prepare(connection, &path));
        opened.map_err(|source| Error::Index { path, source })
    }

    /// Opens the index and brings it up to date.
    pub(crate) fn open_and_sync(root: &Path, runs: &[RunEntry]) -> Result<Self> {
        let mut index = Self::open(root)?;
        index.check()?;
        index.sync(runs)?;
        Ok(index)
    }

    /// Makes the index without a file.
    pub(crate) fn in_memory(runs: &[RunEntry]) -> Result<Self> {
        let path = PathBuf::from(":memory:");
        let opened = Connection::open_in_memory().and_then(|connection| prepare(connection, &path));
        let mut index = opened.map_err(|source| Error::Index { path, source })?;
        index.sync(runs)?;
        Ok(index)
    }

    /// Moves the index out of the way. It can be made again, so one old copy is enough.
    pub(crate) fn set_aside(root: &Path) -> Result<()> {
        // First what belongs to it: a new index that another process makes in between would be given the old ones.
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(root.join(format!("index.sqlite{suffix}")));
        }
        let path = root.join("index.sqlite");
        let moved = std::fs::rename(&path, root.join("index.sqlite.set-aside"));
        moved.map_err(Error::failed("set aside", &path))
    }

    /// Looks for damage in every page, which the database itself would notice only when it comes across it.
    fn check(&self) -> Result<()> {
        let answer = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match answer.map_err(|source| self.failed(source))?.as_str() {
            "ok" => Ok(()),
            damage => Err(self.failed(failure(rusqlite::ffi::SQLITE_CORRUPT, damage.to_owned()))),
        }
    }

    /// Brings the index up to date with the folders.
    fn sync(&mut self, runs: &[RunEntry]) -> Result<()> {
        let known = self.stamps()?;
        let finished = runs.iter().filter(|run| run.state == RunState::Finished);
        let there: BTreeSet<&str> = finished.clone().map(|run| run.id().as_str()).collect();
        for run in finished.map(|run| &run.run) {
            // A run may be removed while this looks at it; then there is nothing to take in.
            let stamp = stamp(run).ok();
            if stamp.is_some() && known.get(run.id().as_str()) != stamp.as_ref() {
                self.add(run)?;
            }
        }
        for id in known.keys().filter(|id| !there.contains(id.as_str())) {
            let removed = self.connection.execute("DELETE FROM runs WHERE id = ?1", [id]);
            removed.map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    /// Takes one finished run in, in place of what was known about it. A report that cannot be read is left out: the
    /// list of runs shows it.
    pub(crate) fn add(&mut self, run: &StoredRun) -> Result<()> {
        let Ok(Some(report)) = run.report() else { return Ok(()) };
        let stamp = stamp(run)?;
        let id = run.id().as_str();
        let path = self.path.clone();
        let written = self.connection.transaction().and_then(|transaction| {
            transaction.execute("DELETE FROM runs WHERE id = ?1", [id])?;
            rows::insert(&transaction, id, &stamp, &report)?;
            reviewer_records::insert(&transaction, id, &report)?;
            transaction.commit()
        });
        written.map_err(|source| Error::Index { path, source })
    }

    /// Takes in what people decided, in place of what was known of it.
    pub(crate) fn set_decisions(&mut self, decisions: &Decisions, stamp: &str) -> Result<()> {
        let path = self.path.clone();
        let written = self.connection.transaction().and_then(|transaction| {
            transaction.execute("DELETE FROM decisions", [])?;
            transaction.execute("DELETE FROM decisions_read", [])?;
            for ((run, finding), decision) in decisions.latest_by_finding() {
                transaction.execute(
                    "INSERT INTO decisions VALUES (?1, ?2, ?3, ?4, ?5)",
                    rusqlite::params![
                        run.as_str(),
                        finding,
                        decision.finding.fingerprint.as_str(),
                        decision.action.as_str(),
                        decision.at.to_string(),
                    ],
                )?;
            }
            transaction.execute("INSERT INTO decisions_read VALUES (?1)", [stamp])?;
            transaction.commit()
        });
        written.map_err(|source| Error::Index { path, source })
    }

    /// Whether the decisions in the file are those in the index.
    pub(crate) fn knows_decisions(&self, stamp: &str) -> Result<bool> {
        let known = self.connection.query_row(
            "SELECT COUNT(*) FROM decisions_read WHERE stamp = ?1",
            [stamp],
            |row| row.get::<_, i64>(0),
        );
        known.map(|count| count > 0).map_err(|source| self.failed(source))
    }

    /// Every finding with this identity, newest run first.
    pub fn findings(&self, fingerprint: &str) -> Result<Vec<FindingRow>> {
        self.rows(
            "SELECT f.run, f.id, f.fingerprint, f.severity, f.state, f.title, f.path, f.start FROM findings f \
             JOIN runs r ON r.id = f.run WHERE f.fingerprint = ?1 ORDER BY r.started DESC, f.run DESC, f.id",
            fingerprint,
            rows::finding,
        )
    }

    /// Every finding of a run, by id.
    pub fn findings_of(&self, run: &str) -> Result<Vec<FindingRow>> {
        self.rows(
            "SELECT run, id, fingerprint, severity, state, title, path, start FROM findings WHERE run = ?1 ORDER BY id",
            run,
            rows::finding,
        )
    }

    /// Every attempt of a reviewer, newest run first.
    pub fn attempts(&self, reviewer: &str) -> Result<Vec<AttemptRow>> {
        self.rows(
            "SELECT a.run, a.reviewer, a.model, a.ending, a.ms, a.raised, a.credited, a.dropped, a.false_positives \
             FROM attempts a JOIN runs r ON r.id = a.run WHERE a.reviewer = ?1 ORDER BY r.started DESC, a.run DESC",
            reviewer,
            rows::attempt,
        )
    }

    /// What all runs teach about the reviewers, by name.
    pub fn reviewer_records(&self) -> Result<BTreeMap<String, ReviewerRecord>> {
        reviewer_records::read(&self.connection).map_err(|source| self.failed(source))
    }

    fn rows<T>(
        &self,
        sql: &str,
        argument: &str,
        row: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let read = self
            .connection
            .prepare(sql)
            .and_then(|mut statement| statement.query_map([argument], row)?.collect());
        read.map_err(|source| self.failed(source))
    }

    fn stamps(&self) -> Result<BTreeMap<String, String>> {
        let read = self.connection.prepare("SELECT id, stamp FROM runs").and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        });
        read.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> Error {
        Error::Index { path: self.path.clone(), source }
    }
}

/// Sets the connection up and brings the tables to today's form.
fn prepare(mut connection: Connection, path: &Path) -> rusqlite::Result<Index> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let version = version(&connection)?;
    if version > MIGRATIONS.len() {
        return Err(newer(version));
    }
    // Readers do not wait for a writer this way. Where the file system cannot do it, SQLite stays as it was.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // The index can be made again, so it need not survive a power cut to the last row.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    if version < MIGRATIONS.len() {
        migrate(&mut connection)?;
    }
    Ok(Index { path: path.to_path_buf(), connection })
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have been first.
    for (number, step) in MIGRATIONS.iter().enumerate().skip(version(&transaction)?) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number as i64 + 1)?;
    }
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map(|version| version.max(0) as usize)
}

fn newer(version: usize) -> rusqlite::Error {
    let message = format!("it has version {version}, this program knows {}", MIGRATIONS.len());
    failure(rusqlite::ffi::SQLITE_SCHEMA, message)
}

fn failure(code: i32, message: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(message))
}

/// Changes when the report does.
fn stamp(run: &StoredRun) -> Result<String> {
    let path = run.file("report.json");
    let metadata = std::fs::metadata(&path).map_err(Error::failed("read", &path))?;
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(format!("{}-{}", metadata.len(), changed.unwrap_or_default().as_nanos()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use model::Fingerprint;

    use super::*;
    use crate::Store;
    use crate::testing::{finish, scratch, target};

    fn fingerprint() -> Fingerprint {
        Fingerprint::of(&["a.rs", "f"])
    }

    fn two_runs() -> (tempfile::TempDir, Store) {
        let (folder, store) = scratch();
        finish(&store, &target("topic"), "2026-01-01T10:00:00Z");
        finish(&store, &target("topic"), "2026-01-02T10:00:00Z");
        (folder, store)
    }

    fn seen(store: &Store) -> Vec<String> {
        let index = store.index().expect("usable");
        index.findings(fingerprint().as_str()).expect("readable").into_iter().map(|row| row.run).collect()
    }

    const BOTH: [&str; 2] = ["20260102-100000-topic", "20260101-100000-topic"];

    #[test]
    fn a_finding_is_found_again_by_its_fingerprint() {
        let (_folder, store) = two_runs();
        assert_eq!(seen(&store), BOTH);
        let row = store.index().expect("usable").findings_of(BOTH[0]).expect("readable").remove(0);
        assert_eq!((row.id.as_str(), row.severity.as_str(), row.state.as_str()), ("I1", "important", "open"));
        assert_eq!((row.path.as_deref(), row.start), (Some("a.rs"), Some(3)));
        let attempt = store.index().expect("usable").attempts("mine").expect("readable").remove(0);
        assert_eq!((attempt.ms, attempt.ending.as_str()), (7, "corrupted"));
    }

    #[test]
    fn a_broken_index_is_set_aside_and_made_again() {
        for garbage in
            [b"not a database at all, but long enough to look like one".to_vec(), vec![0xFF; 40_000]]
        {
            let (_folder, store) = two_runs();
            let path = store.root().join("index.sqlite");
            for suffix in ["-wal", "-shm"] {
                let _ = fs::remove_file(store.root().join(format!("index.sqlite{suffix}")));
            }
            fs::write(&path, &garbage).expect("writable");
            assert_eq!(seen(&store), BOTH);
            let aside = fs::read(store.root().join("index.sqlite.set-aside")).expect("is kept");
            assert_eq!(aside, garbage);
        }
    }

    #[test]
    fn damage_in_the_middle_is_noticed() {
        let (_folder, store) = two_runs();
        assert_eq!(seen(&store), BOTH);
        let path = store.root().join("index.sqlite");
        let mut bytes = fs::read(&path).expect("readable");
        // All pages but the first, which holds the header and the schema.
        bytes[4096..].fill(0xAA);
        fs::write(&path, bytes).expect("writable");
        assert_eq!(seen(&store), BOTH);
        assert!(store.root().join("index.sqlite.set-aside").exists());
    }

    #[test]
    fn an_index_of_a_newer_version_is_set_aside() {
        let (_folder, store) = two_runs();
        let connection = Connection::open(store.root().join("index.sqlite")).expect("opens");
        connection.pragma_update(None, "user_version", 99).expect("writable");
        drop(connection);
        assert_eq!(seen(&store), BOTH);
        assert!(store.root().join("index.sqlite.set-aside").exists());
    }

    #[test]
    fn an_index_of_every_older_version_comes_to_know_what_todays_knows() {
        let known = |store: &Store| {
            let index = store.index().expect("usable");
            let records = index.reviewer_records().expect("readable");
            let mine = index.attempts("mine").expect("readable").len();
            (seen(store), records, mine, version(&index.connection).expect("readable"))
        };
        for older in 1..MIGRATIONS.len() {
            let (_folder, store) = two_runs();
            let today = known(&store);
            let path = store.root().join("index.sqlite");
            for suffix in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(store.root().join(format!("index.sqlite{suffix}")));
            }
            // As that version left it: its tables, and the runs it had read.
            let connection = Connection::open(&path).expect("opens");
            for step in &MIGRATIONS[..older] {
                connection.execute_batch(step).expect("a step");
            }
            connection.pragma_update(None, "user_version", older as i64).expect("writable");
            for run in store.runs().expect("readable") {
                let report = run.run.report().expect("readable").expect("finished");
                let stamp = stamp(&run.run).expect("there");
                let mut connection = Connection::open(&path).expect("opens");
                let transaction = connection.transaction().expect("begins");
                rows::insert(&transaction, run.id().as_str(), &stamp, &report).expect("rows");
                transaction.commit().expect("written");
            }
            drop(connection);
            assert_eq!(known(&store), today, "from version {older}");
            assert!(
                !store.root().join("index.sqlite.set-aside").exists(),
                "it was brought up, not thrown away"
            );
        }
    }

    #[test]
    fn a_missing_index_is_made_from_the_folders() {
        let (_folder, store) = two_runs();
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            let _ = fs::remove_file(store.root().join(name));
        }
        assert_eq!(seen(&store), BOTH);
    }

    #[test]
    fn what_changed_behind_its_back_is_read_again() {
        let (_folder, store) = two_runs();
        assert_eq!(seen(&store), BOTH);
        let first = store.runs().expect("readable").pop().expect("two").run;
        let mut report = first.report().expect("readable").expect("finished");
        report.findings.clear();
        fs::write(first.file("report.json"), serde_json::to_vec(&report).expect("plain")).expect("writable");
        assert_eq!(seen(&store), BOTH[..1]);
        fs::remove_dir_all(store.runs().expect("readable").remove(0).run.path()).expect("removable");
        assert!(seen(&store).is_empty());
    }

    #[test]
    fn an_index_in_the_way_of_being_a_file_is_made_in_memory() {
        let (_folder, store) = two_runs();
        let path = store.root().join("index.sqlite");
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            let _ = fs::remove_file(store.root().join(name));
        }
        fs::create_dir(&path).expect("folder");
        assert_eq!(seen(&store), BOTH);
    }
}
