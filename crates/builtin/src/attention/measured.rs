//! Measures attention on changes of which later repairs are known.
//!
//! In: a list of cases named by `DEEP_REVIEW_CASES`, and beside it the folder `sample` with the files of every version
//! (`LANGUAGE-OR-REGISTRY/PACKAGE/VERSION/…`). A case is `{eco, language, package, base, head, path, bug}`: one file's
//! change between two versions and the added lines that a later version repaired; `bugs` in place of `path` and `bug`
//! names repaired lines by file and stands for the whole step; `origin` names the package where the folder has another
//! name. Out: how often the first places hit one of these within three lines, and what picking added lines at random would
//! bring. Does nothing where no cases are named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::Target;

use crate::memory::MemoryChange;
use crate::settings::Settings;

#[expect(clippy::disallowed_methods, reason = "a test that measures on what its caller names")]
fn cases() -> Option<std::ffi::OsString> {
    std::env::var_os("DEEP_REVIEW_CASES")
}

/// Places that are looked at.
const BUDGETS: [usize; 3] = [1, 3, 5];
/// How near a place must be to a repaired line.
const NEAR: u32 = 3;

struct Case {
    eco: String,
    language: String,
    package: String,
    /// The package that is counted.
    origin: String,
    base: String,
    head: String,
    /// Repaired lines by file.
    bugs: BTreeMap<String, Vec<u32>>,
    /// True where the case is a whole step and not one file of it.
    whole: bool,
}

impl Case {
    fn read(value: &serde_json::Value) -> Option<Self> {
        let word = |name: &str| Some(value[name].as_str()?.to_owned());
        let lines = |value: &serde_json::Value| -> Option<Vec<u32>> {
            Some(value.as_array()?.iter().filter_map(|line| u32::try_from(line.as_u64()?).ok()).collect())
        };
        let whole = value["bugs"].is_object();
        let bugs = if whole {
            let bugs = value["bugs"].as_object()?.iter();
            bugs.filter_map(|(path, bug)| Some((path.clone(), lines(bug)?))).collect()
        } else {
            BTreeMap::from([(word("path")?, lines(&value["bug"])?)])
        };
        Some(Self {
            eco: word("eco")?,
            language: word("language")?,
            package: word("package")?,
            origin: word("origin").or_else(|| word("package"))?,
            base: word("base")?,
            head: word("head")?,
            bugs,
            whole,
        })
    }

    fn is_bug(&self, path: &str, near: std::ops::RangeInclusive<u32>) -> bool {
        self.bugs.get(path).is_some_and(|bug| bug.iter().any(|bug| near.contains(bug)))
    }

    /// The change: one file beside its unchanged neighbours, or the whole step.
    fn change(&self, root: &Path) -> Option<MemoryChange> {
        let folder = root.join(&self.eco).join(&self.package);
        let (before, after) = (folder.join(&self.base), folder.join(&self.head));
        let (base, head) = if self.whole {
            (below(&before, ""), below(&after, ""))
        } else {
            let path = self.bugs.keys().next()?;
            let base = beside(&before, path.rsplit_once('/').map_or("", |(folder, _)| folder));
            let mut head: Vec<_> = base.iter().filter(|(other, _)| other != path).cloned().collect();
            head.push((path.clone(), std::fs::read(after.join(path)).ok()?));
            (base, head)
        };
        Some(MemoryChange::from_bytes(base, head, BTreeMap::new(), Target::default()))
    }
}

/// The files of one folder of a version.
fn beside(version: &Path, folder: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(version.join(folder)) else { return Vec::new() };
    let mut files: Vec<(String, Vec<u8>)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            Some((path, std::fs::read(entry.path()).ok()?))
        })
        .collect();
    files.sort();
    files
}

/// The files of a folder and of all below it.
fn below(version: &Path, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = beside(version, folder);
    let Ok(entries) = std::fs::read_dir(version.join(folder)) else { return files };
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        files.extend(below(version, &if folder.is_empty() { name } else { format!("{folder}/{name}") }));
    }
    files.sort();
    files
}

/// The chance that one of `picks` random lines is near, given how many there are and how many are near.
fn chance(all: usize, near: usize, picks: usize) -> f64 {
    let misses = (0..picks.min(all)).map(|at| ((all - near) as f64 - at as f64).max(0.0) / (all - at) as f64);
    1.0 - misses.product::<f64>()
}

/// For each budget: 1 or 0, and the chance; `findings` come first where they are given.
fn measure(case: &Case, change: &MemoryChange, findings: &[(String, u32)]) -> [(f64, f64); 3] {
    let around = |line: u32| line.saturating_sub(NEAR)..=line + NEAR;
    let attention = crate::attention(change, &Settings::default());
    let named: Vec<(String, u32)> = findings
        .iter()
        .cloned()
        .chain(attention.iter().map(|place| (place.path.as_str().to_owned(), place.start)))
        .collect();
    let (mut all, mut near) = (0, 0);
    let changed = crate::Change::diff(change).iter();
    for file in changed.filter(|file| {
        case.bugs.contains_key(file.path.as_str()) || case.whole && crate::is_source(&file.path)
    }) {
        for (line, _) in file.added() {
            all += 1;
            near += usize::from(case.is_bug(file.path.as_str(), around(line)));
        }
    }
    BUDGETS.map(|budget| {
        let hit = named.iter().take(budget).any(|(path, line)| case.is_bug(path, around(*line)));
        (f64::from(u8::from(hit)), chance(all, near, budget))
    })
}

/// Where the findings of a review point, in their order.
fn findings(change: &MemoryChange) -> Vec<(String, u32)> {
    let document = crate::review(change, &Settings::default());
    let places = document.findings.iter().filter_map(|finding| finding.locations.first());
    places.map(|place| (place.path.clone(), place.start.unwrap_or(0))).collect()
}

/// A package with hits and chance for each budget.
type Measured = (String, [(f64, f64); 3]);

#[test]
fn places_beat_chance_on_known_repairs() {
    let Some(file) = cases() else {
        eprintln!("skipped: DEEP_REVIEW_CASES names no list of cases");
        return;
    };
    let root = PathBuf::from(&file).parent().expect("a folder").join("sample");
    let text = std::fs::read(&file).expect("cases");
    let all: Vec<serde_json::Value> = serde_json::from_slice(&text).expect("a list of cases");
    let mut measured: BTreeMap<String, Vec<Measured>> = BTreeMap::new();
    for case in all.iter().filter_map(Case::read) {
        let Some(change) = case.change(&root) else { continue };
        let result = measure(&case, &change, &[]);
        for group in ["all", case.language.as_str()] {
            measured.entry(group.to_owned()).or_default().push((case.origin.clone(), result));
        }
        if case.whole {
            let result = measure(&case, &change, &findings(&change));
            let group = "all, findings first".to_owned();
            measured.entry(group).or_default().push((case.origin.clone(), result));
        }
    }
    for (group, results) in measured {
        for (at, budget) in BUDGETS.iter().enumerate() {
            let count = results.len() as f64;
            let hits = results.iter().map(|(_, result)| result[at].0).sum::<f64>() / count;
            let chance = results.iter().map(|(_, result)| result[at].1).sum::<f64>() / count;
            // Changes of one package resemble each other: what they say together counts as one.
            let mut by_package: BTreeMap<&str, f64> = BTreeMap::new();
            for (package, result) in &results {
                *by_package.entry(package).or_default() += result[at].0 - result[at].1 - (hits - chance);
            }
            let spread = by_package.values().map(|sum| sum * sum).sum::<f64>().sqrt() / count;
            println!(
                "{group}\t{}\t{budget}\t{:.1} %\tchance {:.1} %\tgain {:+.1} ± {:.1}",
                results.len(),
                hits * 100.0,
                chance * 100.0,
                (hits - chance) * 100.0,
                196.0 * spread
            );
        }
    }
}
