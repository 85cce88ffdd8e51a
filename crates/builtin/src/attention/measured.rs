//! Measures attention on changes of which later repairs are known.
//!
//! In: a list of cases named by `DEEP_REVIEW_CASES`, and beside it the folder `sample` with the files of every version
//! (`LANGUAGE-OR-REGISTRY/PACKAGE/VERSION/…`). A case is `{eco, language, package, base, head, path, bug}`: one file's
//! change between two versions and the added lines that a later version repaired. Out: how often the first places hit one of
//! these within three lines, and what picking added lines at random would bring. Does nothing where no cases are named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use model::{RepoPath, Target};

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
    base: String,
    head: String,
    path: String,
    bug: Vec<u32>,
}

impl Case {
    fn read(value: &serde_json::Value) -> Option<Self> {
        let word = |name: &str| Some(value[name].as_str()?.to_owned());
        let bug =
            value["bug"].as_array()?.iter().filter_map(|line| u32::try_from(line.as_u64()?).ok()).collect();
        Some(Self {
            eco: word("eco")?,
            language: word("language")?,
            package: word("package")?,
            base: word("base")?,
            head: word("head")?,
            path: word("path")?,
            bug,
        })
    }
}

/// The files of one folder of a version.
fn beside(version: &Path, path: &str) -> Vec<(String, Vec<u8>)> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
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

/// The chance that one of `picks` random lines is near.
fn chance(added: &[u32], bug: &[u32], picks: usize) -> f64 {
    let is_near = |line: &&u32| bug.iter().any(|bug| bug.abs_diff(**line) <= NEAR);
    let (all, near) = (added.len(), added.iter().filter(is_near).count());
    let misses = (0..picks.min(all)).map(|at| ((all - near) as f64 - at as f64).max(0.0) / (all - at) as f64);
    1.0 - misses.product::<f64>()
}

/// For each budget: 1 or 0, and the chance.
fn measure(root: &Path, case: &Case) -> Option<[(f64, f64); 3]> {
    let folder = root.join(&case.eco).join(&case.package);
    let before = beside(&folder.join(&case.base), &case.path);
    let mut after: Vec<_> = before.iter().filter(|(path, _)| *path != case.path).cloned().collect();
    after.push((case.path.clone(), std::fs::read(folder.join(&case.head).join(&case.path)).ok()?));
    let change = MemoryChange::from_bytes(before, after, BTreeMap::new(), Target::default());
    let places = crate::attention(&change, &Settings::default());
    let path = RepoPath::new(&case.path);
    let file = crate::Change::diff(&change).iter().find(|file| file.path == path)?.clone();
    let added: Vec<u32> = file.added().map(|(line, _)| line).collect();
    Some(BUDGETS.map(|budget| {
        let hit = places.iter().take(budget).any(|place| {
            case.bug.iter().any(|bug| (place.start.saturating_sub(NEAR)..=place.end + NEAR).contains(bug))
        });
        (f64::from(u8::from(hit)), chance(&added, &case.bug, budget))
    }))
}

#[test]
fn places_beat_chance_on_known_repairs() {
    let Some(file) = cases() else {
        eprintln!("skipped: DEEP_REVIEW_CASES names no list of cases");
        return;
    };
    let root = PathBuf::from(&file).parent().expect("a folder").join("sample");
    let text = std::fs::read(&file).expect("cases");
    let all: Vec<serde_json::Value> = serde_json::from_slice(&text).expect("a list of cases");
    let mut measured: BTreeMap<String, Vec<[(f64, f64); 3]>> = BTreeMap::new();
    for case in all.iter().filter_map(Case::read) {
        let Some(result) = measure(&root, &case) else { continue };
        for group in ["all", case.language.as_str()] {
            measured.entry(group.to_owned()).or_default().push(result);
        }
    }
    for (group, results) in measured {
        let count = results.len() as f64;
        for (at, budget) in BUDGETS.iter().enumerate() {
            let hits = results.iter().map(|result| result[at].0).sum::<f64>() / count;
            let chance = results.iter().map(|result| result[at].1).sum::<f64>() / count;
            let gains = results.iter().map(|result| result[at].0 - result[at].1);
            let spread = gains.map(|gain| (gain - (hits - chance)).powi(2)).sum::<f64>() / count;
            println!(
                "{group}\t{}\t{budget}\t{:.1} %\tchance {:.1} %\tgain {:+.1} ± {:.1}",
                results.len(),
                hits * 100.0,
                chance * 100.0,
                (hits - chance) * 100.0,
                196.0 * (spread / count).sqrt()
            );
        }
    }
}
