//! What the rules say about one change.
//!
//! In: a pinned snapshot, the files worth looking at, settings. Out: one finding for each rule and file with the places
//! that the change brought, and what was not looked at. Reports nothing that stood at the base.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ast_grep_language::SupportLang;
use model::{ChangeStatus, DocumentFinding, FileDiff, RepoPath, Side};

use crate::language;
use crate::load::{Loaded, Source, load_one};
use crate::own::at_base;
use crate::rule::{From, Rule};
use crate::scan::{Match, Prepared};
use crate::shipped::shipped_for;
use crate::steps::{Skipped, parse};

/// A changed file worth looking at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Its path at head.
    pub path: RepoPath,
    /// True for tests, examples and the like, where only the repository's own rules look.
    pub is_test: bool,
    /// The line from which a file holds its own tests.
    pub tests_from: u32,
}

/// What a caller may choose.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The folder of the repository's own rules, from its root; empty for none.
    pub folder: &'a str,
    /// Whether a rule runs, given its id and whether it does so by default.
    pub runs: &'a (dyn Fn(&str, bool) -> bool + Sync),
    /// Places named in one finding; the rest is counted.
    pub places: usize,
}

/// A finding with its place in the ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The finding.
    pub finding: DocumentFinding,
    /// Higher is shown earlier among findings of one severity.
    pub rank: f64,
}

/// What the rules found, and what they could not look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// One for each rule and file.
    pub findings: Vec<Ranked>,
    /// Sentences about rule files that were not used, files that were not looked at, and matches that were silenced.
    pub notes: Vec<String>,
}

/// Files that are looked at side by side, at most: other reviewers run at the same time.
const MOST_THREADS: usize = 8;

/// Looks at a change.
pub fn review_snapshot(snapshot: &git::Snapshot, files: &[Looked], settings: Settings<'_>) -> Outcome {
    let broken =
        || Outcome { findings: Vec::new(), notes: vec!["The structural rules broke down.".to_owned()] };
    crate::with_large_stack(|| review(snapshot, files, settings)).unwrap_or_else(broken)
}

/// One file with what is needed of it.
pub(crate) struct Subject<'a> {
    pub(crate) looked: &'a Looked,
    pub(crate) diff: &'a FileDiff,
    pub(crate) language: SupportLang,
    added: BTreeSet<u32>,
}

impl Subject<'_> {
    pub(crate) fn is_changed(&self, first: u32, last: u32) -> bool {
        self.added.range(first..=last).next().is_some()
    }

    pub(crate) fn first_changed(&self, first: u32, last: u32) -> Option<u32> {
        self.added.range(first..=last).next().copied()
    }
}

fn review(snapshot: &git::Snapshot, files: &[Looked], settings: Settings<'_>) -> Outcome {
    let subjects = subjects(snapshot, files);
    if subjects.is_empty() {
        return Outcome::default();
    }
    let languages: Vec<SupportLang> = SupportLang::all_langs()
        .iter()
        .copied()
        .filter(|language| subjects.iter().any(|subject| subject.language == *language))
        .collect();
    let mut loaded = Loaded::default();
    shipped_for(&languages, &mut loaded);
    let (own, notes) = at_base(snapshot, settings.folder);
    loaded.notes.extend(notes);
    for (path, text) in &own {
        load_one(&Source { path, text, shipped: false }, Some(&languages), &mut loaded);
    }
    loaded.rules.retain(|rule| (settings.runs)(&rule.id, rule.default));
    let by_language: Vec<(SupportLang, Prepared<'_>)> = languages
        .iter()
        .map(|language| {
            let of_it = loaded.rules.iter().filter(|rule| rule.language == *language).collect();
            (*language, Prepared::new(of_it))
        })
        .filter(|(_, prepared)| !prepared.is_empty())
        .collect();
    let removed = removed_lines(snapshot.diff());
    let prepared =
        |language| by_language.iter().find(|(known, _)| *known == language).map(|(_, of_it)| of_it);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Told)>> = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(subject) = subjects.get(at) else { break };
            let Some(prepared) = prepared(subject.language) else { continue };
            let told = look(snapshot, subject, prepared, &removed, settings.places);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, told));
        }
    };
    // What comes out is put in the order of the files again, so the number of cores changes nothing.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let others = cores.min(MOST_THREADS).min(subjects.len()) - 1;
    std::thread::scope(|scope| {
        for _ in 0..others {
            let thread = std::thread::Builder::new().name("rules".to_owned()).stack_size(crate::STACK);
            // Without a second thread the first one does all.
            drop(thread.spawn_scoped(scope, work));
        }
        work();
    });
    let mut told = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    told.sort_by_key(|(at, _)| *at);
    outcome(told.into_iter().map(|(_, told)| told).collect(), loaded.notes)
}

fn subjects<'a>(snapshot: &'a git::Snapshot, files: &'a [Looked]) -> Vec<Subject<'a>> {
    let looked: BTreeMap<&RepoPath, &Looked> = files.iter().map(|looked| (&looked.path, looked)).collect();
    let subjects = snapshot.diff().iter().filter_map(|diff| {
        let looked = *looked.get(&diff.path)?;
        let added: BTreeSet<u32> = diff.added().map(|(line, _)| line).collect();
        if added.is_empty() {
            return None;
        }
        let text = snapshot.text(Side::Head, &diff.path).filter(|text| !text.binary)?;
        let language = language::of(&diff.path, &text.content)?;
        Some(Subject { looked, diff, language, added })
    });
    subjects.collect()
}

/// Lines that the change took out somewhere: what stands among them came from there.
fn removed_lines(diff: &[FileDiff]) -> HashSet<&str> {
    let lines = diff.iter().flat_map(FileDiff::removed).map(|(_, text)| text.trim());
    lines.filter(|text| text.len() >= SHORTEST_MOVED).collect()
}

/// Shorter lines stand anywhere.
const SHORTEST_MOVED: usize = 12;

/// What came of one file.
#[derive(Default)]
struct Told {
    path: String,
    findings: Vec<Ranked>,
    skipped: Option<Skipped>,
    silenced: usize,
}

fn look(
    snapshot: &git::Snapshot,
    subject: &Subject<'_>,
    prepared: &Prepared<'_>,
    removed: &HashSet<&str>,
    places: usize,
) -> Told {
    let mut told = Told { path: subject.diff.path.to_string(), ..Told::default() };
    match fresh(snapshot, subject, prepared, removed) {
        Err(skipped) => told.skipped = Some(skipped),
        Ok((matches, text)) => {
            let lines: Vec<&str> = text.lines().collect();
            let mut by_rule: BTreeMap<usize, Vec<Match>> = BTreeMap::new();
            for found in matches {
                if is_silenced(&lines, found.lines.0) {
                    told.silenced += 1;
                } else {
                    by_rule.entry(found.rule).or_default().push(found);
                }
            }
            told.findings = by_rule
                .into_iter()
                .map(|(rule, matches)| {
                    crate::told::finding(prepared.rule(rule), subject, &text, &matches, places)
                })
                .collect();
        }
    }
    told
}

/// The matches that the change brought into one file.
fn fresh(
    snapshot: &git::Snapshot,
    subject: &Subject<'_>,
    prepared: &Prepared<'_>,
    removed: &HashSet<&str>,
) -> Result<(Vec<Match>, String), Skipped> {
    let path = &subject.diff.path;
    let Some(head) = snapshot.text(Side::Head, path) else { return Ok((Vec::new(), String::new())) };
    let left = prepared.left_for(&head.content, |_, rule| {
        let for_it = rule.from != From::Shipped || !subject.looked.is_test;
        for_it && rule.looks_at(path.as_str())
    });
    if !left.is_some() {
        return Ok((Vec::new(), String::new()));
    }
    let document = parse(&head.content, subject.language)?;
    let in_tests = |rule: &Rule, line| rule.from == From::Shipped && line >= subject.looked.tests_from;
    let touched = |found: &Match| {
        subject.is_changed(found.lines.0, found.lines.1)
            && !in_tests(prepared.rule(found.rule), found.lines.0)
    };
    let mut matches = prepared.scan(&document, &left, |first, last| subject.is_changed(first, last))?;
    matches.retain(|found| touched(found) && !is_moved(subject, found, &head.content, removed));
    let before = match subject.diff.status {
        ChangeStatus::Added | ChangeStatus::Copied => None,
        _ => Some(subject.diff.old_path.as_ref().unwrap_or(path)),
    };
    let base = before.and_then(|path| snapshot.text(Side::Base, path)).filter(|text| !text.binary);
    if let (Some(base), false) = (base, matches.is_empty()) {
        let among: BTreeSet<usize> = matches.iter().map(|found| found.rule).collect();
        let of_them = |text: &str| prepared.left_for(text, |index, _| among.contains(&index));
        let left = of_them(&base.content);
        let old = if left.is_some() {
            prepared.scan(&parse(&base.content, subject.language)?, &left, |_, _| true)?
        } else {
            Vec::new()
        };
        if !old.is_empty() {
            // Which of several alike are new depends on all of them, those on unchanged lines included.
            let all = prepared.scan(&document, &of_them(&head.content), |_, _| true)?;
            let fresh = crate::fresh::without_old(all, &head.content, &old, &base.content, touched);
            let kept: BTreeSet<(usize, usize)> =
                fresh.iter().map(|found| (found.rule, found.bytes.start)).collect();
            matches.retain(|found| kept.contains(&(found.rule, found.bytes.start)));
        }
    }
    Ok((matches, head.content.clone()))
}

/// True where every added line of a match was taken out elsewhere by the same change.
fn is_moved(subject: &Subject<'_>, found: &Match, text: &str, removed: &HashSet<&str>) -> bool {
    let first = found.lines.0 as usize;
    let lines = text.lines().enumerate().skip(first - 1).take((found.lines.1 - found.lines.0) as usize + 1);
    let mut added =
        lines.filter(|(at, _)| subject.added.contains(&(*at as u32 + 1))).map(|(_, line)| line.trim());
    let mut some = false;
    let all = added.all(|line| {
        some |= removed.contains(line);
        line.len() < SHORTEST_MOVED || removed.contains(line)
    });
    some && all
}

/// Other tools' word for "leave this alone" is taken, and counted.
fn is_silenced(lines: &[&str], first: u32) -> bool {
    let at = |line: u32| {
        lines.get((line as usize).wrapping_sub(1)).is_some_and(|text| text.contains("ast-grep-ignore"))
    };
    at(first) || at(first - 1)
}

fn outcome(told: Vec<Told>, mut notes: Vec<String>) -> Outcome {
    let mut skipped: BTreeMap<Skipped, Vec<String>> = BTreeMap::new();
    let mut silenced = 0;
    let mut findings = Vec::new();
    for told in told {
        silenced += told.silenced;
        findings.extend(told.findings);
        if let Some(why) = told.skipped {
            skipped.entry(why).or_default().push(told.path);
        }
    }
    notes.extend(limit(&mut findings));
    for (why, paths) in skipped {
        let named: Vec<String> =
            paths.iter().take(NAMED).map(|path| format!("`{}`", path.replace('`', "'"))).collect();
        let more = paths.len() - named.len();
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!("The structural rules did not look at {}{rest}: {why}.", named.join(", ")));
    }
    if silenced > 0 {
        notes.push(format!("`ast-grep-ignore` silenced {silenced} matches of structural rules."));
    }
    if notes.len() > MOST_NOTES {
        let more = notes.len() - MOST_NOTES;
        notes.truncate(MOST_NOTES);
        notes.push(format!("{more} more notes on structural rules are not shown."));
    }
    Outcome { findings, notes }
}

/// Keeps the first findings of each rule, by path; says how many more there are.
fn limit(findings: &mut Vec<Ranked>) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    findings.retain(|ranked| {
        let count = seen.entry(ranked.finding.rule.clone().unwrap_or_default()).or_default();
        *count += 1;
        *count <= MOST_FILES
    });
    let more = seen.into_iter().filter(|(_, count)| *count > MOST_FILES);
    more.map(|(rule, count)| {
        let rule = rule.replace('`', "'");
        format!("`{rule}` matched in {} more files, which are not listed.", count - MOST_FILES)
    })
    .collect()
}

/// Files that one rule is reported for.
const MOST_FILES: usize = 10;

/// Files named in one note, and notes in all.
const NAMED: usize = 3;
const MOST_NOTES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_never_floods_a_report() {
        let of = |rule: &str| Ranked {
            finding: DocumentFinding { rule: Some(rule.to_owned()), ..DocumentFinding::default() },
            rank: 0.5,
        };
        let findings: Vec<Ranked> = (0..25).map(|_| of("many")).chain([of("one")]).collect();
        let told = Told { findings, ..Told::default() };
        let outcome = outcome(vec![told], Vec::new());
        assert_eq!(outcome.findings.len(), MOST_FILES + 1);
        assert_eq!(outcome.notes, ["`many` matched in 15 more files, which are not listed."]);
    }

    #[test]
    fn what_was_not_looked_at_is_named() {
        let told = |path: &str, skipped| Told { path: path.to_owned(), skipped, ..Told::default() };
        let paths = ["a.py", "b.py", "c.py", "d.py", "e.py"];
        let mut all: Vec<Told> = paths.iter().map(|path| told(path, Some(Skipped::Steps))).collect();
        all.push(told("f.py", Some(Skipped::Long)));
        let notes = outcome(all, Vec::new()).notes;
        assert_eq!(
            notes,
            [
                "The structural rules did not look at `f.py`: longer than 1 MiB.",
                "The structural rules did not look at `a.py`, `b.py`, `c.py` and 2 more: the rules took too many steps.",
            ]
        );
    }
}
