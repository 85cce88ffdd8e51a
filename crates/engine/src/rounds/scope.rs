//! Which files of a change a later round gives to its reviewers, and what the others stand on.
//!
//! In: who read what in earlier rounds, what was edited since, what is open, the change at this head. Out: a [`DeltaScope`], or
//! none where the whole change is to be read; and, of a finished round, who read what. A file is left out only where as many
//! reviewers as the quorum asks for have read exactly this change of it. Never asks anybody, never judges.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use git::Snapshot;
use model::{
    CallSite, Canary, CoverageStatus, DeltaScope, EarlierRead, FileDiff, LineKind, ReadBy, RepoPath, Report,
    ReviewerKind, ReviewerReport, ReviewerState, ScopedFile, Side,
};
use sha2::{Digest as _, Sha256};

use super::history::{History, Item, Read};
use crate::roster::Asked;

/// Uses that reviewers are pointed at.
const MOST_USES: usize = 60;

/// How many reviewers must have read a file before a later round leaves it out; `None` where nobody is asked who is given a
/// part of the change: rules and linters read all of it every time.
pub(crate) fn readers_needed(roster: &[Asked], is_linter: &dyn Fn(&str) -> bool, quorum: u32) -> Option<u32> {
    let asked: Vec<bool> = roster
        .iter()
        .filter_map(|asked| match asked {
            Asked::Command { name, settings } if !is_linter(name) => Some(settings.quorum),
            _ => None,
        })
        .collect();
    let counting = asked.iter().filter(|counts| **counts).count() as u32;
    (!asked.is_empty()).then(|| quorum.min(counting).max(1))
}

/// Decides what is given to reviewers. `None`: the whole change.
pub(crate) fn scope(history: &History, facts: &Snapshot, needed: Option<u32>) -> Option<DeltaScope> {
    let needed = needed? as usize;
    let delta = history.delta.as_ref()?;
    if history.full || delta.same_commit {
        return None;
    }
    let mut files: BTreeMap<&RepoPath, Vec<String>> = BTreeMap::new();
    let mut rest: BTreeMap<&RepoPath, EarlierRead> = BTreeMap::new();
    let mut edited: Vec<&RepoPath> = Vec::new();
    for file in facts.diff() {
        let (change, own) = (change_of(facts, file), object_of(facts, Side::Head, &file.path));
        let same: Vec<&Read> =
            history.read.iter().filter(|read| read.path == file.path && read.change == change).collect();
        let readers = same.iter().filter(|read| read.counts).count();
        if same.is_empty() {
            edited.push(&file.path);
            files
                .insert(&file.path, vec!["what the change does here is not what was read before".to_owned()]);
        } else if readers < needed {
            let why = format!("read by {readers} of the {needed} reviewers that are needed");
            files.insert(&file.path, vec![why]);
        } else {
            let by = same.iter().map(|read| read.by.clone()).collect();
            let same_file = same.iter().any(|read| read.file == own);
            rest.insert(&file.path, EarlierRead { path: file.path.clone(), by, same_file });
        }
    }
    for (path, why) in open_places(history) {
        if let Some((path, _)) = rest.remove_entry(&path) {
            files.entry(path).or_default().push(why);
        }
    }
    let uses = uses(history, facts, &edited);
    for site in &uses {
        let why = format!("it uses `{}`, which was edited since", site.name);
        if let Some((path, _)) = rest.remove_entry(&site.path) {
            files.entry(path).or_default().push(why);
        } else if let Some(whys) = files.get_mut(&site.path).filter(|whys| !whys.contains(&why)) {
            whys.push(why);
        }
    }
    // Where nothing of it is new, whoever asks all the same wants it read; and the whole is no part.
    if files.is_empty() || rest.is_empty() {
        return None;
    }
    let outside = uses.into_iter().filter(|site| !files.contains_key(&site.path));
    Some(DeltaScope {
        uses: outside.take(MOST_USES).collect(),
        files: files
            .iter()
            .map(|(path, why)| ScopedFile { path: (*path).clone(), why: why.clone() })
            .collect(),
        rest: rest.into_values().collect(),
    })
}

/// Files in which findings of earlier rounds are open, by their names of now.
fn open_places(history: &History) -> Vec<(RepoPath, String)> {
    let now = |path: &RepoPath| {
        let moved = history.moved.iter().find(|(from, _)| from == path);
        moved.map_or_else(|| path.clone(), |(_, to)| to.clone())
    };
    let of_item = |item: &Item| {
        let why = format!("{} is open here", findings::rounds::label(&item.finding));
        item.finding.places.iter().map(|place| (now(&place.path), why.clone())).collect::<Vec<_>>()
    };
    history.open.iter().flat_map(of_item).collect()
}

/// Who uses what was edited since the round before.
fn uses(history: &History, facts: &Snapshot, edited: &[&RepoPath]) -> Vec<CallSite> {
    let changed = history.changed.iter().flatten();
    let of_edited: Vec<(RepoPath, Vec<(u32, u32)>)> =
        changed.filter(|(path, _)| edited.contains(&path)).cloned().collect();
    evidence::uses(facts, &of_edited)
}

/// Who read what in a finished round, and what earlier rounds read of the change as it is now.
pub(crate) fn read_by_now(earlier: &[Read], report: &Report, facts: &Snapshot) -> Vec<Read> {
    let readers: Vec<Reader<'_>> = report.reviewers.iter().filter_map(|row| reader(row, report)).collect();
    let mut all = Vec::new();
    for file in facts.diff() {
        let (change, own) = (change_of(facts, file), object_of(facts, Side::Head, &file.path));
        let shown = report.series.scope.as_ref().is_none_or(|scope| scope.shows(&file.path));
        let now = readers.iter().filter(|_| shown).filter_map(|reader| {
            let listed = reader.read(report, &file.path)?;
            Some(Read {
                path: file.path.clone(),
                change: change.clone(),
                file: own.clone(),
                by: ReadBy {
                    reviewer: reader.row.name.clone(),
                    round: report.series.round,
                    run: report.run.id.clone(),
                    listed,
                },
                counts: reader.row.quorum,
            })
        });
        let now: Vec<Read> = now.collect();
        let again = |read: &&Read| now.iter().any(|it| it.by.reviewer == read.by.reviewer);
        let before = earlier
            .iter()
            .filter(|read| read.path == file.path && read.change == change)
            .filter(|read| !again(read));
        all.extend(before.cloned());
        all.extend(now.iter().cloned());
    }
    all
}

/// A reviewer that was given files of the change and reviewed.
struct Reader<'r> {
    row: &'r ReviewerReport,
    /// Whether it says of files how it read them.
    lists: bool,
}

fn reader<'r>(row: &'r ReviewerReport, report: &Report) -> Option<Reader<'r>> {
    let judges = !matches!(row.kind, ReviewerKind::Builtin | ReviewerKind::Tool | ReviewerKind::Imported);
    let receipt = &row.receipt;
    let was_shown = receipt.head.as_ref() == Some(&report.target.head)
        && receipt.files_shown > 0
        && receipt.canary != Canary::Altered;
    if !judges || !was_shown || row.state != ReviewerState::Finished {
        return None;
    }
    let said = report.coverage.files.iter().flat_map(|file| &file.by).filter(|(name, _)| *name == row.name);
    // That it has findings somewhere is no list.
    let lists = said.into_iter().any(|(_, status)| *status != CoverageStatus::Findings);
    let given = report.series.scope.as_ref().map_or(report.target.changed.len(), |scope| scope.files.len());
    // Who was given less than the others and does not say what, has read nothing for certain.
    (lists || receipt.files_shown as usize >= given).then_some(Reader { row, lists })
}

impl Reader<'_> {
    /// Whether it read a file that it was given, and whether it says so; `None` where it did not.
    fn read(&self, report: &Report, path: &RepoPath) -> Option<bool> {
        let file = report.coverage.files.iter().find(|file| file.path == *path);
        let status = file.and_then(|file| file.by.iter().find(|(name, _)| *name == self.row.name));
        match status {
            Some((_, CoverageStatus::NotReviewed)) => None,
            Some(_) => Some(true),
            // A list without it is an omission; without any list, it was given the file and ended well.
            None => (!self.lists).then_some(false),
        }
    }
}

/// What a change does to one file, without line numbers: a rebase leaves it as it is. Lines around its hunks count.
fn change_of(facts: &Snapshot, file: &FileDiff) -> String {
    let mut hash = Sha256::new();
    let mut put = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    put(&format!("{:?} {}", file.status, file.binary));
    for part in
        [file.old_path.as_ref().map(RepoPath::as_str), file.old_mode.as_deref(), file.new_mode.as_deref()]
    {
        put(part.unwrap_or("-"));
    }
    if file.hunks.is_empty() {
        // Binary, or cut for its size: only its contents can say that they are the same.
        let old = file.old_path.as_ref().unwrap_or(&file.path);
        put(&object_of(facts, Side::Base, old));
        put(&object_of(facts, Side::Head, &file.path));
    }
    for hunk in &file.hunks {
        put("@@");
        for line in &hunk.lines {
            put(match line.kind {
                LineKind::Added => "+",
                LineKind::Removed => "-",
                LineKind::Context => " ",
            });
            put(&line.text);
        }
    }
    let mut text = String::new();
    for byte in &hash.finalize()[..12] {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn object_of(facts: &Snapshot, side: Side, path: &RepoPath) -> String {
    facts.entry(side, path).map_or_else(String::new, |entry| entry.oid.as_str().to_owned())
}

/// What reviewers are told of the scope of a round, in sentences for a note.
pub(crate) fn sentence(scope: &DeltaScope) -> String {
    let rounds: BTreeSet<u32> = scope.rest.iter().flat_map(|file| &file.by).map(|read| read.round).collect();
    let rounds: Vec<String> = rounds.iter().map(ToString::to_string).collect();
    let (files, rest) = (scope.files.len(), scope.rest.len());
    let word = if rounds.len() == 1 { "round" } else { "rounds" };
    format!(
        "{files} of {} changed files are given to the reviewers; {rest} {} read in {word} {} and {} the same since (`--full` gives all)",
        files + rest,
        if rest == 1 { "was" } else { "were" },
        rounds.join(", "),
        if rest == 1 { "is" } else { "are" },
    )
}
