//! Every match in whole files, for measuring.
//!
//! In: paths with their texts. Out: how many matches each rule has. Compares nothing with a base.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ast_grep_language::SupportLang;
use model::RepoPath;

use crate::load::Loaded;
use crate::scan::Prepared;
use crate::shipped::shipped_for;
use crate::steps::parse;

/// Runs all shipped rules on whole files, on this many threads. What a rule is called with its language, and how often
/// it matched.
pub fn count_matches(files: &[(RepoPath, String)], threads: usize) -> BTreeMap<(String, String), usize> {
    let languages: Vec<Option<SupportLang>> =
        files.iter().map(|(path, text)| crate::language::of(path, text)).collect();
    let wanted: Vec<SupportLang> = SupportLang::all_langs()
        .iter()
        .copied()
        .filter(|language| languages.contains(&Some(*language)))
        .collect();
    let mut loaded = Loaded::default();
    shipped_for(&wanted, &mut loaded);
    let prepared: Vec<(SupportLang, Prepared<'_>)> = wanted
        .iter()
        .map(|language| {
            (
                *language,
                Prepared::new(loaded.rules.iter().filter(|rule| rule.language == *language).collect()),
            )
        })
        .collect();
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((path, text)) = files.get(at) else { break };
                    let of_it = prepared.iter().find(|(language, _)| Some(*language) == languages[at]);
                    let Some((language, prepared)) = of_it else { continue };
                    let mask = prepared.mask(text, |rule| rule.looks_at(path.as_str()));
                    if !mask.contains(&true) {
                        continue;
                    }
                    let matches = parse(text, *language)
                        .and_then(|document| prepared.scan(&document, &mask, |_, _| true));
                    let mut counts = counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    if let Err(skipped) = &matches {
                        let why = format!("not looked at: {skipped}");
                        *counts.entry((why, language.to_string())).or_default() += 1;
                    }
                    for found in matches.unwrap_or_default() {
                        let rule = prepared.rule(found.rule);
                        *counts.entry((rule.id.clone(), rule.language())).or_default() += 1;
                    }
                }
            });
        }
    });
    counts.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
