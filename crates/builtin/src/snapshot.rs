//! A pinned snapshot of a repository as a [`Change`].
//!
//! In: a [`git::Snapshot`]. Out: what the families ask of it, in their words. Adds nothing and keeps nothing.

use std::sync::Arc;

use model::{FileDiff, RepoPath, ReviewDocument, Side, Target};

use crate::Settings;
use crate::change::{Change, Entry, Hit, Search, Text};

/// A snapshot seen by the families.
struct Pinned<'a>(&'a git::Snapshot);

impl Change for Pinned<'_> {
    fn target(&self) -> &Target {
        self.0.target()
    }

    fn diff(&self) -> &[FileDiff] {
        self.0.diff()
    }

    fn text(&self, side: Side, path: &RepoPath) -> Option<Arc<Text>> {
        let text = self.0.text(side, path)?;
        Some(Arc::new(Text { binary: text.binary, content: text.content.clone() }))
    }

    fn entries(&self, side: Side) -> Vec<Entry> {
        let entries = self.0.entries(side).iter();
        entries.map(|entry| Entry { path: entry.path.clone(), mode: entry.mode }).collect()
    }

    fn search(&self, needles: &[String], limit: usize) -> Search {
        let needles: Vec<&str> = needles.iter().map(String::as_str).collect();
        // Texts may begin or end within a word (`{name}ly failed`), so words are cut by the families.
        let options = git::SearchOptions {
            whole_words: false,
            limit: MOST_LINES,
            limit_per_needle: limit,
            ..git::SearchOptions::default()
        };
        let Ok(found) = self.0.search(&needles, &options) else {
            return Search { hits: Vec::new(), cut: (0..needles.len()).collect() };
        };
        let all_cut = found.cut && found.cut_needles.is_empty();
        let cut =
            if all_cut { (0..needles.len()).collect() } else { found.cut_needles.iter().copied().collect() };
        let hits = found
            .hits
            .into_iter()
            .map(|hit| Hit { path: hit.path, line: hit.line, needle: hit.needle, text: hit.text })
            .collect();
        Search { hits, cut }
    }
}

/// Lines taken from one search in all.
const MOST_LINES: usize = 60_000;

/// Reviews a pinned snapshot; see [`crate::review`].
pub fn review_snapshot(snapshot: &git::Snapshot, settings: &Settings) -> ReviewDocument {
    crate::review(&Pinned(snapshot), settings)
}
