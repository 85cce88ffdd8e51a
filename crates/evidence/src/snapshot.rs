//! The facts of a real repository.
//!
//! In: `git::Snapshot`. Out: [`Facts`]. Never caches: the snapshot does.

use git::{EntryKind, SearchOptions, Snapshot};
use model::{CommitDiff, FileDiff, RepoPath, Side, Target};

use crate::facts::{Blamed, Facts, FileText, Found, Hit, PathEntry};

impl Facts for Snapshot {
    fn target(&self) -> &Target {
        Snapshot::target(self)
    }

    fn diff(&self) -> &[FileDiff] {
        Snapshot::diff(self)
    }

    fn history(&self) -> Result<Vec<CommitDiff>, String> {
        Snapshot::history(self).map_err(|error| error.to_string())
    }

    fn text(&self, side: Side, path: &RepoPath) -> Option<FileText> {
        let text = Snapshot::text(self, side, path)?;
        Some(FileText { binary: text.binary, content: text.content.clone() })
    }

    fn entries(&self, side: Side) -> Vec<PathEntry> {
        let entry = |entry: &git::Entry| PathEntry {
            path: entry.path.clone(),
            submodule: entry.kind == EntryKind::Submodule,
        };
        Snapshot::entries(self, side).iter().map(entry).collect()
    }

    fn blame(&self, path: &RepoPath, ranges: &[(u32, u32)]) -> Result<Vec<Blamed>, String> {
        let lines = Snapshot::blame(self, path, ranges).map_err(|error| error.to_string())?;
        let blamed = |line: git::BlameLine| Blamed {
            line: line.line,
            commit: line.commit,
            in_change: line.in_change,
            boundary: line.boundary,
            original_path: line.original_path,
            original_line: line.original_line,
        };
        Ok(lines.into_iter().map(blamed).collect())
    }

    fn prepare_blame(&self, wanted: &[(RepoPath, Vec<(u32, u32)>)]) {
        Snapshot::prepare_blame(self, wanted);
    }

    fn search(&self, side: Side, needles: &[&str]) -> Result<Found, String> {
        // Names of a finding occur in a few places or in very many; more than these change no answer.
        let options =
            SearchOptions { side, limit_per_needle: 200, limit: 200_000, ..SearchOptions::default() };
        let found = Snapshot::search(self, needles, &options).map_err(|error| error.to_string())?;
        let all = found.cut && found.cut_needles.is_empty();
        let cut = if all { (0..needles.len()).collect() } else { found.cut_needles.clone() };
        let hit = |hit: git::Hit| Hit { path: hit.path, line: hit.line, text: hit.text, needle: hit.needle };
        Ok(Found { hits: found.into_iter().map(hit).collect(), cut })
    }
}
