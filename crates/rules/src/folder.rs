//! Every match in whole files, for measuring.
//!
//! In: paths, a way to read them, and which rules run. Out: every match with its place, and what was parsed for it. Compares nothing
//! with a base.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ast_grep_language::SupportLang;
use model::RepoPath;

use crate::language::{KNOWN, of};
use crate::load::Loaded;
use crate::rule::Rule;
use crate::scan::Prepared;
use crate::shipped::shipped_for;
use crate::steps::parse;

/// One match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The rule, by its id in findings.
    pub rule: String,
    /// The language as rule files name it.
    pub language: String,
    /// The file.
    pub path: RepoPath,
    /// The first line, from 1.
    pub line: u32,
}

/// What came of many files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Through {
    /// Files of a language that rules are there for.
    pub files: usize,
    /// Those that had to be parsed.
    pub parsed: usize,
    /// Every match, by rule and place.
    pub found: Vec<Found>,
    /// Files that were not looked at to their end, with the reason.
    pub skipped: Vec<(RepoPath, String)>,
}

/// Runs shipped rules on whole files, on this many threads. `runs` is given a rule's id and whether it runs by default.
pub fn look_through(
    paths: &[RepoPath],
    read: &(dyn Fn(&RepoPath) -> Option<String> + Sync),
    runs: &(dyn Fn(&str, bool) -> bool + Sync),
    threads: usize,
) -> Through {
    let rules: Vec<OnceLock<Vec<Rule>>> = KNOWN.iter().map(|_| OnceLock::new()).collect();
    let prepared: Vec<OnceLock<Prepared<'_>>> = KNOWN.iter().map(|_| OnceLock::new()).collect();
    let prepare = |language: SupportLang| {
        let at = KNOWN.iter().position(|known| *known == language)?;
        Some(prepared[at].get_or_init(|| {
            let rules = rules[at].get_or_init(|| {
                let mut loaded = Loaded::default();
                shipped_for(&[language], &mut loaded);
                loaded.rules.retain(|rule| runs(&rule.id, rule.default));
                loaded.rules
            });
            Prepared::new(rules.iter().collect())
        }))
    };
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Through::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut mine = Through::default();
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(text) = read(path) else { continue };
                    let Some(language) = of(path, &text) else { continue };
                    let Some(prepared) = prepare(language) else { continue };
                    look(path, &text, language, prepared, &mut mine);
                }
                let mut all = done.lock().unwrap_or_else(PoisonError::into_inner);
                all.files += mine.files;
                all.parsed += mine.parsed;
                all.found.extend(mine.found);
                all.skipped.extend(mine.skipped);
            });
        }
    });
    let mut all = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.found.sort();
    all.skipped.sort();
    all
}

fn look(path: &RepoPath, text: &str, language: SupportLang, prepared: &Prepared<'_>, into: &mut Through) {
    into.files += 1;
    let left = prepared.left_for(text, |_, rule| rule.looks_at(path.as_str()));
    if !left.is_some() {
        return;
    }
    into.parsed += 1;
    match parse(text, language).and_then(|document| prepared.scan(&document, &left, |_, _| true)) {
        Err(why) => into.skipped.push((path.clone(), why.to_string())),
        Ok(matches) => into.found.extend(matches.into_iter().map(|found| Found {
            rule: prepared.rule(found.rule).id.clone(),
            language: language.to_string(),
            path: path.clone(),
            line: found.lines.0,
        })),
    }
}
