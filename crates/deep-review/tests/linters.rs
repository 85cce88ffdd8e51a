//! The real linters on a planted project: exactly what the change brings is found, by each of them.
//!
//! In: the programs that `.ci/linters` installs. Out: for each linter the new diagnostics and no others: old ones, moved ones, those
//! of a renamed file and a configuration that the change switches off do not count. Prints `skipped: …` where a program is missing.

#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};

use common::{Working, has_no_machine, json, reviewer, with_guest};
use serde_json::Value;
use test_kit::{Ran, TestSession};

const RUNNER_BEFORE: &str = "import os\nimport subprocess\n\n\ndef run(command: str) -> int:\n    return \
    subprocess.call(command, shell=True)\n\n\ndef width(text: str) -> int:\n    return text\n";
const RUNNER_AFTER: &str = "\"\"\"Runs things.\"\"\"\n\nimport json\nimport os\nimport subprocess\n\n\ndef label(count: int) -> str:\n    \
    return count\n\n\ndef evaluate(text: str) -> int:\n    return eval(text)\n\n\ndef run(command: str) -> int:\n    return \
    subprocess.call(command, shell=True)\n\n\ndef width(text: str) -> int:\n    return text\n";
const BUILD_BEFORE: &str = "#!/bin/sh\nset -eu\necho $1\nmkdir -p out\n";
const BUILD_AFTER: &str = "#!/bin/sh\n# Builds.\nset -eu\necho $1\nmkdir -p out\ncp $2 out\necho $1\n";
const SCRIPT_BEFORE: &str = "const one = 1;\nif (one == missing) {\n  one.x();\n}\n";
const SCRIPT_AFTER: &str = "// Moved.\nconst one = 1;\nif (one == missing) {\n  one.x();\n}\nconst unused = 2;\nif (one == other) {\n  one.y();\n}\n";
const GO_BEFORE: &str = "package planted\n\nimport \"fmt\"\n\nfunc Old() {\n\tfmt.Printf(\"%d\\n\", \"x\")\n\tfor {\n\t\tbreak\n\t}\n}\n";
const GO_AFTER: &str = "package planted\n\nimport \"fmt\"\n\nfunc More(name string) {\n\tfmt.Printf(\"%d\\n\", name)\n}\n\nfunc Old() {\n\tfmt.Printf(\"%d\\n\", \"x\")\n\tfor {\n\t\tbreak\n\t}\n}\n";
const RUBY_BEFORE: &str = "def old(count)\n  unused = count\n  1\nend\n";
const RUBY_AFTER: &str =
    "def more(text)\n  other = text\n  2\nend\n\ndef old(count)\n  unused = count\n  1\nend\n";
const PHP_BEFORE: &str = "<?php\n\nfunction old( $a)\n{\n    return $a;\n}\n";
const PHP_AFTER: &str =
    "<?php\n\nfunction more($b )\n{\n    return $b;\n}\n\nfunction old( $a)\n{\n    return $a;\n}\n";
const WORKFLOW_BEFORE: &str = "on: push\njobs:\n  old:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.issue.title }}\n";
const WORKFLOW_AFTER: &str = "on: push\njobs:\n  more:\n    runs-on: ubuntu-latest\n    needs: nothing\n    steps:\n      - run: echo ${{ github.event.issue.body }}\n  old:\n    \
    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.issue.title }}\n";
const LIB_BEFORE: &str = "pub fn old(x: u32) -> u32 {\n    return x + 1;\n}\n";
const LIB_AFTER: &str = "pub fn third(flag: bool) -> bool {\n    if flag == true {\n        return false;\n    }\n    flag\n}\n\n\
    pub fn old(x: u32) -> u32 {\n    return x + 1;\n}\n";

/// Linter, and rule, file and line of everything that is new.
type Expected = (&'static str, &'static [(&'static str, &'static str, u64)]);

const EXPECTED: &[Expected] = &[
    ("ruff", &[("F401", "app/runner.py", 3)]),
    ("mypy", &[("return-value", "app/runner.py", 9)]),
    ("bandit", &[("B307", "app/runner.py", 13)]),
    ("semgrep", &[("no-eval", "app/runner.py", 13)]),
    ("pylint", &[("W0123", "app/runner.py", 13)]),
    ("shellcheck", &[("SC2086", "build.sh", 6), ("SC2086", "build.sh", 7)]),
    ("yamllint", &[("key-duplicates", "ci.yaml", 5)]),
    ("hadolint", &[("DL3003", "Dockerfile", 3), ("SC2164", "Dockerfile", 3)]),
    ("eslint", &[("no-unused-vars", "web/a.js", 6), ("no-undef", "web/a.js", 7)]),
    ("biome", &[("lint/suspicious/noDoubleEquals", "web/a.js", 7)]),
    ("tsc", &[("TS2551", "web/t.ts", 3)]),
    ("markdownlint", &[("MD018", "NOTES.md", 5)]),
    ("stylelint", &[("property-no-unknown", "web/s.css", 2)]),
    (
        "actionlint",
        &[("job-needs", ".github/workflows/ci.yml", 3), ("expression", ".github/workflows/ci.yml", 7)],
    ),
    ("go-vet", &[("vet", "planted.go", 6)]),
    ("staticcheck", &[("SA5009", "planted.go", 6)]),
    ("rubocop", &[("Lint/UselessAssignment", "tool.rb", 2)]),
    ("phpcs", &[("Squiz.Functions.FunctionDeclarationArgumentSpacing.SpacingBeforeClose", "tool.php", 3)]),
    ("clippy", &[("clippy::bool_comparison", "src/lib.rs", 2)]),
];

/// Whether a linter is installed, some under the name of another program.
fn is_installed(linter: &str, is_there: impl Fn(&str) -> bool) -> bool {
    match linter {
        "clippy" => is_there("cargo-clippy"),
        "go-vet" => is_there("go"),
        "staticcheck" => is_there("staticcheck") || is_there("go-staticcheck"),
        name => is_there(name),
    }
}

/// A project with old diagnostics of every linter, and a change that moves them, renames a file, adds known ones, and tries to
/// switch the linters off.
fn planted() -> TestSession {
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let repo = &session.repo;
    repo.write("app/tool.py", RUNNER_BEFORE)
        .write("build.sh", BUILD_BEFORE)
        .write("Dockerfile", "FROM ubuntu\nCOPY . /x\n")
        .write("ci.yaml", "---\na: 1\nb: 2\na: 3\n")
        .write("web/a.js", SCRIPT_BEFORE)
        .write("web/t.ts", "export const old: number = \"x\";\n")
        .write("web/s.css", "a {\n  colr: red;\n}\n")
        .write("NOTES.md", "# Notes\n\nText\n\n#Old\n")
        .write("src/lib.rs", LIB_BEFORE)
        .write("planted.go", GO_BEFORE)
        .write("tool.rb", RUBY_BEFORE)
        .write("tool.php", PHP_BEFORE)
        .write(".github/workflows/ci.yml", WORKFLOW_BEFORE)
        .write("go.mod", "module planted\n\ngo 1.19\n")
        .write("staticcheck.conf", "checks = [\"SA*\"]\n")
        .write(".pylintrc", "[MESSAGES CONTROL]\ndisable = all\nenable = eval-used, subprocess-run-check\n")
        .write(".rubocop.yml", "AllCops:\n  DisabledByDefault: true\n  SuggestExtensions: false\nLint/UselessAssignment:\n  Enabled: true\n")
        .write("phpcs.xml", "<?xml version=\"1.0\"?>\n<ruleset name=\"planted\"><rule ref=\"PSR12\"/></ruleset>\n")
        .write("ruff.toml", "line-length = 100\n")
        .write(".yamllint", "extends: default\n")
        .write(".markdownlint.json", "{ \"default\": false, \"no-missing-space-atx\": true }\n")
        .write(".stylelintrc.json", "{ \"rules\": { \"property-no-unknown\": true } }\n")
        .write(
            "eslint.config.mjs",
            "export default [{ files: [\"web/**\"], rules: { \"no-unused-vars\": \"error\", \"no-undef\": \"error\" } }];\n",
        )
        .write(
            "biome.json",
            "{ \"linter\": { \"rules\": { \"recommended\": false, \"suspicious\": { \"noDoubleEquals\": \"error\" } } } }\n",
        )
        .write(
            "tsconfig.json",
            "{ \"compilerOptions\": { \"strict\": true, \"target\": \"es2022\", \"module\": \"esnext\" }, \"files\": [\"web/t.ts\"] }\n",
        )
        .write(
            ".semgrep.yml",
            "rules:\n  - id: no-eval\n    pattern: eval(...)\n    message: Do not evaluate text.\n    languages: [python]\n    severity: ERROR\n",
        )
        .write("Cargo.toml", "[package]\nname = \"planted\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    repo.commit("A project with old sins");
    repo.branch("topic").remove("app/tool.py");
    repo.write("app/runner.py", RUNNER_AFTER)
        .write("build.sh", BUILD_AFTER)
        .write("Dockerfile", "FROM ubuntu\nCOPY . /x\nRUN cd /x\n")
        .write("ci.yaml", "---\na: 1\nb: 2\na: 3\nb: 4\n")
        .write("web/a.js", SCRIPT_AFTER)
        .write(
            "web/t.ts",
            "export const old: number = \"x\";\nexport function size(text: string): number {\n  return text.lengthh;\n}\n",
        )
        .write("web/s.css", "b {\n  widht: 1px;\n}\na {\n  colr: red;\n}\n")
        .write("NOTES.md", "# Notes\n\nMore\n\n#New\n\nText\n\n#Old\n")
        .write("src/lib.rs", LIB_AFTER)
        .write("planted.go", GO_AFTER)
        .write("tool.rb", RUBY_AFTER)
        .write("tool.php", PHP_AFTER)
        .write(".github/workflows/ci.yml", WORKFLOW_AFTER)
        .write("staticcheck.conf", "checks = []\n")
        .write(".pylintrc", "[MESSAGES CONTROL]\ndisable = all\n")
        .write(".rubocop.yml", "AllCops:\n  DisabledByDefault: true\n")
        .write("phpcs.xml", "<?xml version=\"1.0\"?>\n<ruleset name=\"planted\"></ruleset>\n")
        .write("ruff.toml", "lint.ignore = [\"F401\"]\n")
        .write(".yamllint", "rules: {}\n")
        .write(".markdownlint.json", "{ \"default\": false }\n")
        .write(".stylelintrc.json", "{ \"rules\": {} }\n")
        .write("eslint.config.mjs", "export default [];\n");
    repo.commit("More, moved, renamed, and silenced");
    session
}

/// The folder of installed linters: told, or where `.ci/linters` puts it.
#[expect(clippy::disallowed_methods, reason = "the script that installs the linters tells where")]
fn folder() -> Option<PathBuf> {
    let told = std::env::var_os("DEEP_REVIEW_LINTERS").map(PathBuf::from);
    let usual = || {
        let own = std::env::current_exe().expect("the path of this test");
        own.ancestors().nth(3).expect("target/debug/deps/test").join("linters/bin")
    };
    Some(told.unwrap_or_else(usual)).filter(|folder| folder.is_dir())
}

/// The folder of the compiler that runs these tests: below an empty home, `rustup` would not find it.
#[expect(clippy::disallowed_methods, reason = "cargo tells tests where it is")]
fn toolchain() -> Option<PathBuf> {
    let cargo = PathBuf::from(std::env::var_os("CARGO")?);
    cargo.parent().map(Path::to_owned).filter(|folder| folder.join("cargo-clippy").is_file())
}

fn run(session: &TestSession, search: &str, words: &[&str]) -> Ran {
    let mut command = with_guest(session, words);
    command.env("PATH", search);
    Working::begin(command).end()
}

/// A linter's own document, as it was kept.
fn document(session: &TestSession, report: &Value, name: &str) -> String {
    let run = report["run"]["id"].as_str().expect("an id");
    let path = session.repo.path().join(format!(".git/deep-review/runs/{run}/raw/{name}/review.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Rule, path and line of every result of a linter's own document.
fn results(session: &TestSession, report: &Value, name: &str) -> Vec<(String, String, u64)> {
    let document: Value = serde_json::from_str(&document(session, report, name)).expect("SARIF is JSON");
    let all = document["runs"][0]["results"].as_array().expect("results").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let line = place["region"]["startLine"].as_u64().unwrap_or(0);
            (text(&result["ruleId"]), text(&place["artifactLocation"]["uri"]), line)
        })
        .collect()
}

#[test]
fn every_linter_finds_exactly_what_the_change_brings() {
    let folder = folder();
    let toolchain = toolchain();
    let places: Vec<String> =
        folder.iter().chain(&toolchain).map(|path| path.display().to_string()).collect();
    let is_there = |program: &str| folder.iter().chain(&toolchain).any(|path| path.join(program).exists());
    let (there, missing): (Vec<&Expected>, Vec<&Expected>) =
        EXPECTED.iter().partition(|(name, _)| is_installed(name, is_there));
    for (name, _) in &missing {
        println!("skipped: {name} is not installed (`.ci/linters` does)");
    }
    if there.is_empty() {
        return;
    }
    let search = format!("{}:/usr/local/bin:/usr/bin:/bin", places.join(":"));
    let session = planted();
    let mut words = vec!["run", "--json"];
    for (name, _) in &there {
        words.extend(["--reviewer", name]);
    }
    let ran = run(&session, &search, &words);
    let report = json(&ran);
    for (name, wanted) in &there {
        let row = reviewer(&report, name);
        assert_eq!(
            (row["state"].as_str(), row["kind"].as_str()),
            (Some("finished"), Some("tool")),
            "{row:#}"
        );
        let wanted: Vec<(String, String, u64)> =
            wanted.iter().map(|(rule, path, line)| ((*rule).to_owned(), (*path).to_owned(), *line)).collect();
        assert_eq!(results(&session, &report, name), wanted, "{name}: {row:#}");
        println!("{name}: {} new, {} ms", wanted.len(), row["ms"]);
    }
    let raised: usize = there.iter().map(|(_, wanted)| wanted.len()).sum();
    let dispositions = report["dispositions"].as_array().expect("a ledger");
    assert_eq!(dispositions.len(), raised, "every diagnostic is in the ledger");
    assert!(dispositions.iter().all(|row| row["disposition"] != "dropped"), "{dispositions:#?}");
    // Rules stay known, with their pages, whoever's text is shown.
    let sources =
        || report["findings"].as_array().expect("findings").iter().filter_map(|it| it["sources"].as_array());
    assert!(sources().flatten().all(|source| source["rule"].is_string()), "{report:#}");
    if there.iter().any(|(name, _)| *name == "ruff") {
        let notes = reviewer(&report, "ruff")["notes"].to_string();
        assert!(notes.contains("`ruff.toml` was taken from where the change begins"), "{notes}");
        let ruff = sources().flatten().find(|source| source["reviewer"] == "ruff").expect("a source");
        assert_eq!(ruff["rule_url"], "https://docs.astral.sh/ruff/rules/unused-import");
    }
    if folder.is_some() && missing.len() > EXPECTED.len() - 6 {
        println!("skipped: only {} linters are there", there.len());
    }
}

/// Linters that run in a machine without a processor of its own in a time that a test has.
const IN_A_MACHINE: &[&str] = &["ruff", "shellcheck", "yamllint", "bandit", "hadolint", "eslint"];

#[test]
fn in_a_machine_each_says_exactly_what_it_says_here() {
    let Some(folder) = folder() else {
        println!("skipped: no linter is installed (`.ci/linters` does)");
        return;
    };
    let there: Vec<&str> = IN_A_MACHINE.iter().copied().filter(|name| folder.join(name).exists()).collect();
    if there.is_empty() {
        println!("skipped: no linter is installed (`.ci/linters` does)");
        return;
    }
    let search = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display());
    let session = planted();
    let mut words = vec!["run", "--json", "--again"];
    for name in &there {
        words.extend(["--reviewer", name]);
    }
    let ran = run(&session, &search, &[&words[..], &["--sandbox", "machine"]].concat());
    if ran.code == 6 && has_no_machine(&ran.stderr) {
        println!("skipped: {}", ran.stderr.trim());
        return;
    }
    let inside = json(&ran);
    let here = json(&run(&session, &search, &words));
    for name in &there {
        let (row, other) = (reviewer(&inside, name), reviewer(&here, name));
        assert_eq!(row["state"], "finished", "{row:#}");
        assert_eq!(row["receipt"]["confined_by"], "machine", "{row:#}");
        assert_ne!(other["receipt"]["confined_by"], "machine", "{other:#}");
        assert!(!results(&session, &inside, name).is_empty(), "{name} says something: {row:#}");
        assert_eq!(document(&session, &inside, name), document(&session, &here, name), "{name}");
        println!("{name}: {} ms in a machine, {} ms here", row["ms"], other["ms"]);
    }
    let findings = |report: &Value| {
        let all = report["findings"].as_array().expect("findings").clone();
        all.iter().map(|it| (it["title"].clone(), it["locations"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(findings(&inside), findings(&here));
}
