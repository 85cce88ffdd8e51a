//! A pinned snapshot of a repository as a [`Change`].
//!
//! In: a [`git::Snapshot`]. Out: what the families ask of it, in their words. Adds nothing and keeps nothing.

use std::sync::Arc;

use model::{Attention, FileDiff, RepoPath, ReviewDocument, Side, Target};

use crate::Settings;
use crate::change::{Change, Entry, Hit, Past, Search, Text};
use crate::guests::{Ask, Guests};
use crate::words::count;

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
        let found = match self.0.search(&needles, &options) {
            Ok(found) => found,
            Err(error) => return Search::failed(needles.len(), &error),
        };
        let all_cut = found.cut && found.cut_needles.is_empty();
        let cut =
            if all_cut { (0..needles.len()).collect() } else { found.cut_needles.iter().copied().collect() };
        let skipped = (found.skipped > 0).then(|| {
            let files = count(found.skipped as usize, "file", "files");
            format!("{files} could not be searched (too large, or not in this clone).")
        });
        let hits = found
            .hits
            .into_iter()
            .map(|hit| Hit { path: hit.path, line: hit.line, needle: hit.needle, text: hit.text })
            .collect();
        Search { hits, cut, left_open: skipped.into_iter().collect() }
    }

    fn past(&self, repairs: bool) -> Past {
        let commits = match self.0.past(MOST_COMMITS) {
            Ok(commits) => commits,
            Err(error) => return Past { unknown: Some(error.to_string()), ..Past::default() },
        };
        let cut = self.0.target().shallow.then(|| "history is cut (shallow clone)".to_owned());
        if !repairs {
            return Past { commits, repairs: Vec::new(), unknown: cut };
        }
        let oldest =
            (commits.len() == MOST_COMMITS).then(|| commits.last().map(|commit| &commit.sha)).flatten();
        let files = self.0.diff().iter().filter(|file| !file.binary && file.removed().next().is_some());
        let paths: Vec<RepoPath> =
            files.map(|file| file.old_path.as_ref().unwrap_or(&file.path).clone()).take(MOST_FILES).collect();
        let repairs = self.0.past_repairs(&paths, oldest, MOST_REPAIRS);
        let unknown = repairs.as_ref().err().map(ToString::to_string);
        Past { commits, repairs: repairs.unwrap_or_default(), unknown: unknown.or(cut) }
    }
}

/// How far back history is looked at.
const MOST_COMMITS: usize = 1500;
/// Changed files whose repairs are looked at, and the repairs.
const MOST_FILES: usize = 60;
const MOST_REPAIRS: usize = 120;

/// Lines taken from one search in all.
const MOST_LINES: usize = 60_000;

/// Reviews a pinned snapshot; see [`crate::review`].
pub fn review_snapshot(snapshot: &git::Snapshot, settings: &Settings) -> ReviewDocument {
    review_snapshot_with(snapshot, settings, &|_| Guests::default())
}

/// Reviews a pinned snapshot, and asks somebody else about it at the same time; see [`crate::review_with`].
pub fn review_snapshot_with(snapshot: &git::Snapshot, settings: &Settings, ask: Ask<'_>) -> ReviewDocument {
    let binaries = snapshot.diff().iter().filter(|file| file.binary && file.new_mode.is_some());
    let sizes = binaries.filter_map(|file| {
        let text = snapshot.text(Side::Head, &file.path)?;
        Some((file.path.clone(), usize::try_from(text.size).unwrap_or(usize::MAX)))
    });
    let settings = Settings { sizes: sizes.collect(), ..settings.clone() };
    crate::review_with(&Pinned(snapshot), &settings, ask)
}

/// Where to look first in a pinned snapshot; see [`crate::attention`].
pub fn attend_snapshot(snapshot: &git::Snapshot, settings: &Settings) -> Vec<Attention> {
    crate::attention(&Pinned(snapshot), settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use git::{Repository, Snapshot, TargetRequest};
    use test_kit::TestRepo;

    fn reviewed(repo: &TestRepo) -> ReviewDocument {
        let repository = Repository::open(&repo.path()).unwrap();
        let target = repository.resolve(&TargetRequest::default()).unwrap();
        let settings = Settings { enable: vec!["*/*".to_owned()], ..Settings::default() };
        review_snapshot(&Snapshot::open(&repository, &target).unwrap(), &settings)
    }

    #[test]
    fn a_rename_that_forgot_a_caller_is_found_in_a_real_repository() {
        let repo = TestRepo::new();
        repo.write("store.py", "def load_records(path):\n    return open(path).read().splitlines()\n");
        repo.write("main.py", "from store import load_records\n\nprint(load_records('a'))\n");
        repo.commit("one");
        repo.branch("topic");
        repo.write("store.py", "def read_records(path):\n    return open(path).read().splitlines()\n");
        repo.commit("two");
        let document = reviewed(&repo);
        let finding = document.findings.first().expect("a finding");
        assert_eq!(finding.locations[0].path, "main.py");
        assert!(finding.title.contains("load_records"), "{}", finding.title);
    }

    #[test]
    fn a_large_binary_is_remarked_on_by_its_size() {
        let repo = TestRepo::new();
        repo.write("a.txt", "one\n").commit("one");
        repo.branch("topic").write("blob.bin", vec![0_u8; 3 << 20]);
        repo.commit("two");
        let document = reviewed(&repo);
        assert!(document.findings.iter().any(|finding| finding.title.contains("3.0 MB")), "{document:#?}");
    }
}
