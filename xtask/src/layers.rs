//! Checks that dependencies between crates point up: doors → story → work → tools → words.
//!
//! In: the manifests under `crates/`. Out: every arrow that points down or sideways. Never looks at dependencies
//! that tests alone use.

use std::collections::BTreeMap;

use crate::tools::root;

/// The rows of ARCHITECTURE.md, top first. A crate may use crates of the rows above its own, and no others.
const ROWS: &[(&str, &[&str])] = &[
    ("words", &["model"]),
    (
        "tools",
        &[
            "config",
            "git",
            "supervise",
            "sandbox",
            "proxy",
            "redaction",
            "forge",
            "store",
            "report",
            "diagnostics",
        ],
    ),
    ("work", &["reviewers", "machine", "repro", "reading", "evidence", "findings", "builtin", "rules"]),
    ("story", &["engine"]),
    ("doors", &["serve", "deep-review"]),
];

/// For tests only: nobody may depend on it but as a dev-dependency.
const TESTS_ONLY: &str = "test-kit";

/// Reads every manifest and refuses what points the wrong way.
pub(crate) fn check() -> Result<(), String> {
    let mut arrows = BTreeMap::new();
    let folder = root().join("crates");
    for entry in std::fs::read_dir(&folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let manifest = entry.path().join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&manifest) else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        arrows.insert(name, dependencies(&text)?);
    }
    let wrong = wrong_arrows(&arrows);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn dependencies(manifest: &str) -> Result<Vec<String>, String> {
    let table: toml::Table =
        manifest.parse().map_err(|error| format!("a manifest does not parse: {error}"))?;
    let plain = table.get("dependencies").and_then(toml::Value::as_table);
    let by_platform = table
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(toml::Table::values)
        .filter_map(|platform| platform.get("dependencies").and_then(toml::Value::as_table));
    Ok(plain.into_iter().chain(by_platform).flat_map(toml::Table::keys).cloned().collect())
}

fn row(name: &str) -> Option<usize> {
    ROWS.iter().position(|(_, crates)| crates.contains(&name))
}

fn wrong_arrows(arrows: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (from, uses) in arrows {
        if from == TESTS_ONLY {
            continue;
        }
        let Some(own) = row(from) else {
            wrong.push(format!("crate `{from}` stands in no row: add it to ROWS in xtask/src/layers.rs"));
            continue;
        };
        for to in uses.iter().filter(|to| arrows.contains_key(*to)) {
            match row(to) {
                Some(above) if above < own => {}
                _ if to == TESTS_ONLY => wrong.push(format!("`{from}` uses `{to}` outside of tests")),
                _ => wrong.push(format!(
                    "`{from}` ({}) must not use `{to}` ({}): dependencies point up only",
                    ROWS[own].0,
                    row(to).map_or("no row", |other| ROWS[other].0)
                )),
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrows(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        pairs
            .iter()
            .map(|(from, to)| ((*from).to_owned(), to.iter().map(|t| (*t).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn an_arrow_up_is_fine() {
        assert!(
            wrong_arrows(&arrows(&[("git", &["model"]), ("model", &[]), ("engine", &["git"])])).is_empty()
        );
    }

    #[test]
    fn an_arrow_down_or_sideways_is_refused() {
        let wrong = wrong_arrows(&arrows(&[("git", &["store"]), ("store", &["engine"]), ("engine", &[])]));
        assert_eq!(wrong.len(), 2, "{wrong:?}");
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert_eq!(wrong_arrows(&arrows(&[("stray", &[])])).len(), 1);
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        assert_eq!(wrong_arrows(&arrows(&[("git", &["test-kit"]), ("test-kit", &["git"])])).len(), 1);
    }

    #[test]
    fn the_crates_of_this_repository_obey() {
        assert_eq!(check(), Ok(()));
    }
}
