//! Histories and references that lie: replaced objects, grafts, names that look like something else.
//!
//! In: references and files that a fetch, a bundle or a clone may bring along. Out: what was committed is what is reviewed, and no name
//! of a reference is taken for a command, an option or an object.

use crate::common::json;
use crate::ground::{Attack, DEFECT, Ground, Seen};

/// A file with something that the built-in reviewers find, as a blob.
fn defect(ground: &Ground) -> String {
    ground.write("src/hidden.rs", "pub fn hidden() -> u32 {\n    dbg!(7)\n}\n");
    ground.session.repo.commit("Add a function");
    ground.session.repo.git(&["rev-parse", "HEAD:src/hidden.rs"]).trim().to_owned()
}

fn is_found(_: &Ground, seen: &Seen) {
    assert!(seen.titles().iter().any(|title| title.contains("dbg!")), "{:?}", seen.titles());
    let changed = seen.report["target"]["changed"].as_array().expect("files");
    assert!(changed.iter().any(|file| file["path"] == "src/hidden.rs" && file["added"] == 3), "{changed:?}");
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "a replacement that shows innocent content instead of what is committed",
        build: |ground| {
            let (hidden, innocent) = (defect(ground), ground.blob(b"pub fn hidden() -> u32 {\n    7\n}\n"));
            ground.session.repo.git(&["replace", &hidden, &innocent]);
            // Everybody else's git shows the other one.
            let shown = ground.session.repo.git(&["cat-file", "blob", "HEAD:src/hidden.rs"]);
            assert!(!shown.contains("dbg!"), "{shown}");
        },
        reviewers: &["obedient"],
        code: 0,
        look: |ground, seen| {
            is_found(ground, seen);
            // A reviewer's own git does not know of it either.
            assert!(seen.observed("obedient").contains("dbg!"), "{}", seen.observed("obedient"));
        },
    },
    Attack {
        name: "a replacement of the commit under review by where it begins",
        build: |ground| {
            defect(ground);
            let repo = &ground.session.repo;
            repo.git(&["replace", repo.head().trim(), repo.git(&["rev-parse", "main"]).trim()]);
        },
        reviewers: &["obedient"],
        code: 0,
        look: is_found,
    },
    Attack {
        name: "a graft that makes the commit a root, and one that makes the base its child",
        build: |ground| {
            defect(ground);
            let repo = &ground.session.repo;
            let (head, main) = (repo.head(), repo.git(&["rev-parse", "main"]));
            let (head, main) = (head.trim(), main.trim());
            let grafts = repo.path().join(".git/info/grafts");
            std::fs::create_dir_all(grafts.parent().expect("a parent")).expect("a folder");
            std::fs::write(grafts, format!("{head}\n{main} {head}\n")).expect("written");
        },
        reviewers: &["obedient"],
        code: 0,
        look: |ground, seen| {
            is_found(ground, seen);
            std::fs::remove_file(ground.session.repo.path().join(".git/info/grafts")).expect("ours");
        },
    },
    Attack {
        name: "commits with times out of range, an encoding that is none, zeros and a line of a megabyte",
        build: |ground| {
            defect(ground);
            let repo = &ground.session.repo;
            let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
            let mut parent = repo.git(&["rev-parse", "main"]);
            for (author, committer, encoding) in [
                ("99999999999999999999 +9999", "-1 -9999", "UTF-7"),
                ("0 +0000", "9223372036854775807 +0000", "\u{1b}[31m"),
                ("x y", "", "ISO-2022-JP"),
            ] {
                let mut commit = format!(
                    "tree {}\nparent {}\nauthor \u{1b}[31mA <a\u{7}@b> {author}\ncommitter <> {committer}\nencoding {encoding}\n\n",
                    tree.trim(),
                    parent.trim()
                )
                .into_bytes();
                commit.extend(b"Add\0a \xff\xfe\x1b[2J function\n\n");
                commit.extend(vec![b'x'; 1 << 20]);
                parent =
                    ground.feed(&["hash-object", "-w", "-t", "commit", "--literally", "--stdin"], &commit);
            }
            repo.git(&["reset", "-q", "--soft", &parent]);
        },
        reviewers: &["obedient"],
        code: 0,
        look: is_found,
    },
    Attack {
        name: "branches and tags whose names are objects, heads and bases",
        build: |ground| {
            defect(ground);
            let repo = &ground.session.repo;
            let (head, main) = (repo.head(), repo.git(&["rev-parse", "main"]));
            // The name says one commit, the reference another.
            for (name, at) in [
                (format!("refs/heads/{}", main.trim()), head.trim()),
                (format!("refs/heads/{}", head.trim()), main.trim()),
                (format!("refs/tags/{}", head.trim()), main.trim()),
                ("refs/heads/HEAD".to_owned(), main.trim()),
                ("refs/heads/deep-review/base".to_owned(), head.trim()),
                ("refs/tags/main".to_owned(), head.trim()),
            ] {
                repo.git(&["update-ref", &name, at]);
            }
        },
        reviewers: &["obedient"],
        code: 0,
        look: is_found,
    },
];

#[test]
fn what_was_committed_is_what_is_reviewed() {
    Ground::new().try_all(ATTACKS);
}

#[test]
fn names_of_references_are_no_commands_options_or_orders() {
    let ground = Ground::new();
    let branch = ground.branch(|ground| {
        ground.write("src/new.rs", DEFECT);
    });
    let repo = &ground.session.repo;
    // The mark is in the home; a part of a name that begins with a dot is none.
    let touch = "touch${IFS}$HOME/mark".to_owned();
    for name in [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("a;{touch};"),
        format!("a|{touch}"),
        "<script>alert(1)</script>".to_owned(),
        "\u{202e}nimda\u{202c}".to_owned(),
        "-c".to_owned(),
        "--upload-pack=evil".to_owned(),
        "--output=mark".to_owned(),
        "{worktree}".to_owned(),
        "x/refs/heads/main".to_owned(),
    ] {
        repo.git(&["update-ref", &format!("refs/heads/{name}"), &branch]);
        // As it is, where a command line takes it; whole, where it would be an option.
        for words in
            [vec!["run", &name], vec!["run", "--", &name], vec!["run", &format!("refs/heads/{name}")]]
        {
            let words = [words, vec!["--json", "--again", "--reviewer", "builtin", "--reviewer", "obedient"]];
            let words: Vec<&str> = words.concat();
            let at = words.iter().position(|word| *word == "--");
            // What stands behind `--` is no option of ours either.
            let words: Vec<&str> = match at {
                Some(at) => [&["run"], &words[3..], &words[at..at + 2]].concat(),
                None => words,
            };
            let ran = ground.unchanged(&name, || ground.call(&words));
            assert!([0, 2, 3].contains(&ran.code), "{words:?}: {} {}", ran.code, ran.stderr);
            if ran.code == 0 {
                assert_eq!(json(&ran)["target"]["head"], repo.git(&["rev-parse", &branch]).trim());
            }
            assert!(!ran.stderr.contains('\u{202e}') && !ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
        }
        repo.git(&["update-ref", "-d", &format!("refs/heads/{name}")]);
    }
}
