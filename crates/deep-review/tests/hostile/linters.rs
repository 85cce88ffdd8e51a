//! Configurations of linters, and linters, that a branch brings.
//!
//! In: branches that configure linters which run what their configuration says; the linters here do just that. Out: nothing of the
//! branch is run, and the configuration that counts is that where the change begins.

use crate::common::reviewer;
use crate::ground::{Attack, Ground, Seen};

/// A ground whose machine has linters, and whose base configures one.
fn ground() -> Ground {
    let ground = Ground::new();
    // They do the worst that the real ones do: run their configuration, and say what it was.
    let runs = |files: &str| {
        format!(
            "#!/bin/sh\nfor file in {files}; do [ -e \"$file\" ] && {{ cat \"$file\" >&2; sh \"$file\"; }}; done\necho '[]'\n"
        )
    };
    ground.program("eslint", &runs("eslint.config.js eslint.config.mjs .eslintrc.js"));
    ground.program("pylint", &runs(".pylintrc pylintrc"));
    ground.program("mypy", &runs("mypy.ini .mypy.ini"));
    ground.program("ruff", "#!/bin/sh\ncat ruff.toml >&2\necho '[]'\n");
    ground
        .session
        .repo
        .write("ruff.toml", "line-length = 100\n")
        .write("a.py", "x = 1\n")
        .write("a.js", "1;\n");
    ground.session.repo.commit("Configure a linter");
    ground
}

fn code(ground: &Ground) {
    ground.write("a.py", "import os\nx = 2\n").write("a.js", "2;\n");
}

fn nothing_of_it_ran(_: &Ground, seen: &Seen) {
    assert!(!seen.report["reviewers"].as_array().expect("rows").is_empty());
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "a configuration that is a program, for a linter that is installed",
        build: |ground| {
            code(ground);
            let touch = ground.touch();
            for name in ["eslint.config.js", ".eslintrc.js", ".pylintrc", "mypy.ini"] {
                ground.write(name, &touch);
            }
        },
        reviewers: &[],
        code: 0,
        look: nothing_of_it_ran,
    },
    Attack {
        name: "the same where the user names the linters",
        build: |ground| {
            code(ground);
            let touch = ground.touch();
            for name in ["eslint.config.js", ".eslintrc.js", ".pylintrc", "mypy.ini"] {
                ground.write(name, &touch);
            }
        },
        reviewers: &["eslint", "pylint", "mypy"],
        code: 0,
        look: |_, seen| {
            seen.says("was taken from where the change begins");
        },
    },
    Attack {
        name: "a configuration that points at the user's files",
        build: |ground| {
            code(ground);
            let key = ground.session.home().join(".ssh/id_ed25519");
            ground.write("ruff.toml", format!("extend = {:?}\nevil = true\n", key.to_str().expect("UTF-8")));
        },
        reviewers: &["ruff"],
        code: 0,
        look: |_, seen| {
            assert!(!seen.observed("ruff").contains("evil"), "{}", seen.observed("ruff"));
            assert!(seen.observed("ruff").contains("line-length"), "{}", seen.observed("ruff"));
            let row = reviewer(&seen.report, "ruff").to_string();
            assert!(
                row.contains("its configuration `ruff.toml` was taken from where the change begins"),
                "{row}"
            );
        },
    },
    Attack {
        name: "a linter in the tree",
        build: |ground| {
            code(ground);
            ground.trap("node_modules/.bin/eslint").trap("ruff").trap("venv/bin/ruff").trap(".venv/bin/ruff");
            ground.session.repo.git(&["add", "-Af"]);
        },
        reviewers: &["ruff", "eslint"],
        code: 0,
        look: nothing_of_it_ran,
    },
];

#[test]
fn a_branch_configures_no_linter() {
    ground().try_all(ATTACKS);
}
