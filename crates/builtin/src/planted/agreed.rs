//! Plants versions that agreed and do not any more, and repairs that are taken back.
//!
//! In: source files, for names and code. Out: trees before and after an edit of one of two places that we wrote, or of code that a
//! repair of the past had brought, and after the edit made well. What is found of versions shows which forms are known.

use git::PastEdit;
use model::Sha;

use super::forgotten::plant;
use super::{Plant, Tree, sources};
use crate::Past;
use crate::functions::indent;
use crate::source::Source;

/// A file that fixes a version, another one that repeats it, and two versions.
const REPEATED: [(&str, &str, &str, &str, &str, &str); 12] = [
    (
        "rust-toolchain.toml",
        "[toolchain]\nchannel = \"%\"\n",
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    steps:\n      - uses: dtolnay/rust-toolchain@master\n        with:\n          toolchain: %\n",
        "1.80.0",
        "1.82.0",
    ),
    (
        "rust-toolchain.toml",
        "[toolchain]\nchannel = \"%\"\ncomponents = [\"clippy\"]\n",
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    env:\n      RUST_VERSION: \"%\"\n    steps: []\n",
        "1.78",
        "1.81",
    ),
    (
        "rust-toolchain",
        "%\n",
        ".github/workflows/test.yml",
        "jobs:\n  test:\n    steps:\n      - uses: dtolnay/rust-toolchain@%\n",
        "1.70.0",
        "1.71.0",
    ),
    (
        "rust-toolchain.toml",
        "[toolchain]\nchannel = \"%\"\n",
        "Dockerfile",
        "FROM rust:% AS build\nCOPY . .\n",
        "1.80",
        "1.81",
    ),
    (".nvmrc", "%\n", "Dockerfile", "FROM node:%-slim\nCOPY . .\n", "18.19.0", "20.11.1"),
    (
        ".nvmrc",
        "v%\n",
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    steps:\n      - uses: actions/setup-node@v4\n        with:\n          node-version: %\n",
        "18",
        "20",
    ),
    (
        ".node-version",
        "%\n",
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    steps:\n      - uses: actions/setup-node@v4\n        with:\n          node-version: '%'\n",
        "16.20",
        "18.2",
    ),
    (".python-version", "%\n", "Dockerfile", "FROM python:%-alpine\nRUN pip install .\n", "3.10", "3.12"),
    (
        ".python-version",
        "%\n",
        ".github/workflows/ci.yaml",
        "jobs:\n  test:\n    steps:\n      - uses: actions/setup-python@v5\n        with:\n          python-version: \"%\"\n",
        "3.11",
        "3.12",
    ),
    (
        "go.mod",
        "module example.org/x\n\ngo %\n",
        "Dockerfile",
        "FROM golang:%-alpine AS build\n",
        "1.20",
        "1.22",
    ),
    (
        "go.mod",
        "module example.org/x\n\ngo %\n",
        ".github/workflows/go.yml",
        "jobs:\n  test:\n    steps:\n      - uses: actions/setup-go@v5\n        with:\n          go-version: '%'\n",
        "1.21",
        "1.23",
    ),
    (".ruby-version", "%\n", "docker/Dockerfile", "FROM ruby:%\n", "3.2.2", "3.3.0"),
];

fn with(tree: &Tree, files: &[(&str, String)]) -> Tree {
    let mut tree = tree.clone();
    tree.extend(files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())));
    tree
}

/// The version is raised in one of two files.
pub(super) fn toolchain(tree: &Tree) -> Vec<Plant> {
    let one = |(first, fixes, second, repeats, old, new): &(&str, &str, &str, &str, &str, &str)| {
        let write = |text: &str, version: &str| text.replace('%', version);
        let files = |here: &str, there: &str| {
            with(tree, &[(first, write(fixes, here)), (second, write(repeats, there))])
        };
        plant(files(old, old), files(new, old), Some(files(new, new)), "ci/toolchain-drift", second)
    };
    REPEATED.iter().map(one).collect()
}

/// A requirement is raised and the lock file is not written anew.
pub(super) fn lock(tree: &Tree) -> Vec<Plant> {
    const PACKAGES: [(&str, &str, &str); 7] = [
        ("serde", "1.0.150", "1.0.190"),
        ("left-pad", "1.1.0", "2.0.0"),
        ("tokio", "1.20.1", "1.35.0"),
        ("regex", "1.5.4", "1.9"),
        ("express", "4.17.0", "4.18.2"),
        ("itertools", "0.10.5", "0.12.0"),
        ("lodash", "4.17.20", "4.17.21"),
    ];
    let mut plants = Vec::new();
    for (at, (name, old, new)) in PACKAGES.iter().enumerate() {
        let cargo = |wanted: &str| {
            let requirement = if at % 2 == 0 {
                format!("\"{wanted}\"")
            } else {
                format!("{{ version = \"{wanted}\", default-features = false }}")
            };
            format!(
                "[package]\nname = \"planted\"\nversion = \"0.1.0\"\n\n[dependencies]\n{name} = {requirement}\n"
            )
        };
        let locked = |version: &str| {
            format!(
                "version = 3\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n[[package]]\nname = \"planted\"\nversion = \"0.1.0\"\n"
            )
        };
        let full = if new.matches('.').count() == 1 { format!("{new}.0") } else { (*new).to_owned() };
        let files = |wanted: &str, version: &str| {
            with(tree, &[("Cargo.toml", cargo(wanted)), ("Cargo.lock", locked(version))])
        };
        plants.push(plant(
            files(old, old),
            files(new, old),
            Some(files(new, &full)),
            "dependency/lock-drift",
            "Cargo.toml",
        ));
        let package = |wanted: &str| {
            format!(
                "{{\n  \"name\": \"planted\",\n  \"dependencies\": {{\n    \"{name}\": \"^{wanted}\"\n  }}\n}}\n"
            )
        };
        let locked = |version: &str| {
            format!(
                "{{\n  \"lockfileVersion\": 3,\n  \"packages\": {{\n    \"node_modules/{name}\": {{\n      \"version\": \"{version}\"\n    }}\n  }}\n}}\n"
            )
        };
        let files = |wanted: &str, version: &str| {
            with(tree, &[("package.json", package(wanted)), ("package-lock.json", locked(version))])
        };
        plants.push(plant(
            files(old, old),
            files(new, old),
            Some(files(new, &full)),
            "dependency/lock-drift",
            "package.json",
        ));
    }
    plants
}

/// Some lines of a function that are code and stand once.
fn site(source: &Source) -> Option<(u32, u32)> {
    let tests = source.own_tests_start();
    source.functions().iter().filter(|function| function.first < tests).find_map(|function| {
        (function.first + 2..function.last.saturating_sub(2)).map(|line| (line, line + 1)).find(
            |(first, last)| {
                (*first..=*last).all(|line| {
                    let text = source.line(line).trim();
                    text.len() > 24
                        && text.matches([' ', '.', '(']).count() >= 3
                        && !source.code(line).trim().is_empty()
                        && source.comment(line).trim().is_empty()
                        && source.content().matches(text).count() == 1
                }) && indent(source.line(*first)) == indent(source.line(*last))
            },
        )
    })
}

/// A repair is taken back: the lines that it brought give way to those that it had replaced.
pub(super) fn reverted_repair(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let Some((first, last)) = site(&source) else { continue };
        let good: Vec<String> = (first..=last).map(|line| source.line(line).to_owned()).collect();
        let bad: Vec<String> = good
            .iter()
            .map(|line| line.replacen('(', "_unchecked(", 1).replacen(" = ", " = not_", 1))
            .collect();
        if good.iter().zip(&bad).any(|(good, bad)| good == bad) {
            continue;
        }
        let mut lines: Vec<&str> = source.content().lines().collect();
        lines.splice(first as usize - 1..last as usize, bad.iter().map(String::as_str));
        let repair = PastEdit {
            sha: Sha::new(&"c".repeat(40)).expect("an object name"),
            subject: "Fix a crash when two readers meet".to_owned(),
            path: source.path.clone(),
            added: good,
            removed: bad.clone(),
        };
        let path = source.path.as_str();
        let head = with(tree, &[(path, lines.join("\n") + "\n")]);
        let past = Past { repairs: vec![repair], ..Past::default() };
        plants.push(Plant { past, ..plant(tree.clone(), head, None, "history/repair-reverted", path) });
    }
    plants
}
