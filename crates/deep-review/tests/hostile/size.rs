//! Little that becomes much: files, lines, trees and nesting without end.
//!
//! In: branches of a few kilobytes that stand for gigabytes. Out: the review ends in good time, says what it did not look at, and no
//! disk or memory is full. What is big here is big only unpacked.

use std::fmt::Write as _;

use crate::ground::{Attack, DEFECT, Ground, Seen};

fn ends(_: &Ground, seen: &Seen) {
    let changed = seen.report["target"]["changed"].as_array().expect("files");
    assert!(!changed.is_empty());
    for row in seen.report["reviewers"].as_array().expect("rows") {
        assert_eq!(row["state"], "finished", "{row:#}");
    }
}

/// A file that git can read and that has so many bytes, all of them zero.
fn zeros(ground: &Ground, path: &str, bytes: u64) {
    let sparse = ground.session.beside("sparse", "");
    let file = std::fs::OpenOptions::new().write(true).open(&sparse).expect("a file");
    file.set_len(bytes).expect("a sparse file");
    let sparse = sparse.to_str().expect("text");
    let object =
        ground.session.repo.git(&["-c", "core.compression=1", "hash-object", "-w", "--no-filters", sparse]);
    let entry = format!("100644,{},{path}", object.trim());
    ground.session.repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
    let tree = ground.session.repo.git(&["write-tree"]);
    let commit = ground.session.repo.git(&["commit-tree", "-p", "main", "-m", "Add data", tree.trim()]);
    ground.session.repo.git(&["update-ref", "HEAD", commit.trim()]);
}

/// A tree of ten folders, each of which is a tree of ten folders…
fn bomb(ground: &Ground, depth: u32) -> String {
    let file = ground.blob(b"x\n");
    let names: Vec<Vec<u8>> = (0..10).map(|n| format!("n{n}").into_bytes()).collect();
    let mut tree = ground
        .subtree(&names.iter().map(|name| ("100644", name.as_slice(), file.as_str())).collect::<Vec<_>>());
    for _ in 1..depth {
        tree = ground
            .subtree(&names.iter().map(|name| ("40000", name.as_slice(), tree.as_str())).collect::<Vec<_>>());
    }
    tree
}

fn nested(open: &str, close: &str, middle: &str, depth: usize) -> String {
    format!("{}{middle}{}\n", open.repeat(depth), close.repeat(depth))
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "one line of fifty megabytes",
        build: |ground| {
            let line: String = (0..2_800_000).fold(String::new(), |mut line, n| {
                write!(line, "var a{n}={n};").expect("a string");
                line
            });
            ground.write("web/packed.js", line).write("src/new.rs", DEFECT);
        },
        // Whoever prints it is stopped at its limit.
        reviewers: &["honest"],
        code: 0,
        look: ends,
    },
    Attack {
        name: "a million lines",
        build: |ground| {
            ground.write("src/long.rs", "x!();\n".repeat(1_000_000)).write("src/new.rs", DEFECT);
        },
        reviewers: &["obedient"],
        code: 0,
        look: ends,
    },
    Attack {
        name: "nesting without end, for every parser",
        build: |ground| {
            for (name, open, close) in [
                ("a.rs", "(", ")"),
                ("a.py", "[", "]"),
                ("a.js", "{a:", "}"),
                ("a.ts", "(x=>", ")"),
                ("a.go", "func(){", "}()"),
                ("a.c", "{", "}"),
                ("A.java", "{", "}"),
                ("a.json", "[", "]"),
                ("a.yaml", "[", "]"),
                ("a.toml", "x=[", "]"),
                ("a.html", "<div>", "</div>"),
                ("a.md", "> ", ""),
                ("a.sh", "$(", ")"),
            ] {
                ground.write(&format!("deep/{name}"), nested(open, close, "1", 20_000));
            }
            ground.write(
                "answer.md",
                nested("> - [", "](x)", "`x`", 5_000) + &nested("{\"findings\":[", "]}", "1", 20_000),
            );
        },
        // What it is told to say is no review.
        reviewers: &["parrot"],
        code: 3,
        look: |_, seen| assert!(!seen.report["target"]["changed"].as_array().expect("files").is_empty()),
    },
    Attack {
        name: "thousands of files",
        build: |ground| {
            for n in 0..3_000 {
                ground.write(&format!("many/f{n}.rs"), format!("pub fn f{n}() -> u32 {{\n    {n}\n}}\n"));
            }
        },
        reviewers: &["obedient"],
        code: 0,
        look: ends,
    },
    Attack {
        name: "patterns that cost time, numbers without end",
        build: |ground| {
            let text = format!(
                "let x = \"{}!\";\nlet y = {};\n// TODO{}\n",
                "a".repeat(100_000),
                "9".repeat(100_000),
                " ".repeat(100_000)
            );
            ground.write("src/slow.rs", text).write("src/new.rs", DEFECT);
            ground.write("Cargo.toml", format!("[dependencies]\nx = \"{}\"\n", "1.".repeat(20_000)));
        },
        reviewers: &["obedient"],
        code: 0,
        look: ends,
    },
    Attack {
        name: "a file of two gigabytes",
        build: |ground| {
            ground.write("src/new.rs", DEFECT);
            ground.session.repo.git(&["add", "-A"]);
            zeros(ground, "data.bin", (2 << 30) + 1);
        },
        reviewers: &["obedient"],
        code: 0,
        look: |ground, seen| {
            ends(ground, seen);
            seen.says("`data.bin` (2048 MiB) is too large and was left out of the checkout");
        },
    },
];

#[test]
fn what_is_too_much_is_left_out_and_said() {
    Ground::new().try_all(ATTACKS);
}

#[test]
fn a_tree_without_end_is_refused_before_it_is_read() {
    let ground = Ground::new();
    let repo = &ground.session.repo;
    let commit = |tree: &str, parent: &str| {
        repo.git(&["commit-tree", "-p", parent, "-m", "More files", tree]).trim().to_owned()
    };
    let endless = commit(&bomb(&ground, 9), "main");
    repo.git(&["branch", "endless", &endless]);
    let ran = ground.call(&["run", "endless", "--reviewer", "builtin"]).expect(4);
    assert!(ran.stderr.contains("could not list the files"), "{}", ran.stderr);
    // Gone again at the end: what the branch says is small, one of its commits is not.
    let small = repo.git(&["rev-parse", "topic^{tree}"]);
    repo.git(&["branch", "between", &commit(small.trim(), &endless)]);
    let ran = ground.call(&["run", "between", "--reviewer", "builtin", "--json"]).expect(0);
    let report = crate::common::json(&ran);
    assert_eq!(report["target"]["changed"].as_array().expect("files").len(), 1, "{report:#}");
}
