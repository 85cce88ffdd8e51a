//! What a branch can tell git: attributes, submodules, repositories inside the tree, hooks.
//!
//! In: branches that name programs for git to run. Out: none runs, neither by us nor by a reviewer that uses git in its checkout,
//! and nothing of the change is hidden.

use crate::common::reviewer;
use crate::ground::{Attack, Ground, Seen};

fn nothing_more(_: &Ground, seen: &Seen) {
    assert!(seen.observed("obedient").contains("done-mark"), "{}", seen.observed("obedient"));
    assert_eq!(seen.state("obedient"), "finished", "{:#}", reviewer(&seen.report, "obedient"));
}

/// A submodule's entry and its description.
fn submodule(ground: &Ground, name: &str, path: &str, url: &str, more: &str) {
    let text = format!("[submodule \"{name}\"]\n\tpath = {path}\n\turl = {url}\n{more}");
    ground.write(".gitmodules", text);
    let commit = ground.session.repo.head();
    ground.session.repo.git(&["add", "-A"]);
    ground.session.repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
    ground.session.repo.git(&["commit", "-q", "-m", "A submodule"]);
}

/// A bare repository as files of the tree, with its own configuration.
fn embedded(ground: &Ground, folder: &str, head: &str) {
    ground.trap(&format!("{folder}/trap.sh"));
    let trap = format!("sh -c '{}'", ground.touch());
    ground.write(&format!("{folder}/{head}"), "ref: refs/heads/main\n");
    ground.write(&format!("{folder}/objects/x"), "").write(&format!("{folder}/refs/x"), "");
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n\tfsmonitor = \"{trap}; false\"\n\tpager = \"{trap}\"\n"
    );
    ground.write(&format!("{folder}/config"), config);
}

pub(crate) const ATTACKS: &[Attack] = &[
    Attack {
        name: "filters, text conversions, merge and diff drivers by attributes",
        build: |ground| {
            ground.trap("trap.sh").write("a.evil", "one\n").write(
                ".gitattributes",
                "* filter=evil diff=evil merge=evil\n[attr]evil filter=evil\n*.evil evil\n*.rs diff=evil textconv=./trap.sh\n",
            );
            ground.write(".gitconfig", "[filter \"evil\"]\n\tsmudge = ./trap.sh\n\tclean = ./trap.sh\n\tprocess = ./trap.sh\n[diff \"evil\"]\n\ttextconv = ./trap.sh\n\tcommand = ./trap.sh\n[core]\n\thooksPath = .githooks\n\tfsmonitor = ./trap.sh\n");
            ground
                .trap(".githooks/post-checkout")
                .trap(".githooks/pre-commit")
                .trap("hooks/post-index-change");
        },
        reviewers: &["obedient"],
        code: 0,
        look: nothing_more,
    },
    Attack {
        name: "attributes that hide the change from its diff",
        build: |ground| {
            ground.write(
                ".gitattributes",
                "* -diff -text binary linguist-generated\n*.rs binary export-ignore\n",
            );
            ground.write("src/hidden.rs", "pub fn hidden() -> u32 {\n    dbg!(7)\n}\n");
        },
        reviewers: &["obedient"],
        code: 0,
        look: |_, seen| {
            let changed = seen.report["target"]["changed"].as_array().expect("files");
            let hidden = changed.iter().find(|file| file["path"] == "src/hidden.rs").expect("is listed");
            assert_eq!(hidden["added"], 3, "{hidden}");
            seen.says("dbg!");
        },
    },
    Attack {
        name: "attributes that change content on checkout",
        build: |ground| {
            ground.write(
                ".gitattributes",
                "*.txt ident export-subst text eol=crlf\n*.u working-tree-encoding=UTF-16\n",
            );
            ground.write("src/id.txt", "$Id$ $Format:%H$\n").write("a.u", b"\xff\xfep\0\n\0");
        },
        reviewers: &["obedient"],
        code: 0,
        look: |_, seen| {
            let row = reviewer(&seen.report, "obedient").to_string();
            assert!(!row.contains("it changed its checkout"), "{row}");
        },
    },
    Attack {
        name: "a bare repository inside the tree, with a program as its monitor",
        build: |ground| embedded(ground, "vendor", "HEAD"),
        reviewers: &["obedient"],
        code: 0,
        look: |ground, seen| {
            nothing_more(ground, seen);
            assert!(ground.unprotected().contains("at vendor/"), "git was used there");
        },
    },
    Attack {
        name: "a submodule whose address is a command",
        build: |ground| {
            submodule(ground, "x", "x", &format!("ext::sh -c {}", ground.touch().replace(' ', "% ")), "");
        },
        reviewers: &["obedient"],
        code: 0,
        look: |ground, seen| {
            nothing_more(ground, seen);
            seen.says("1 submodule is left empty in the checkout");
        },
    },
    Attack {
        name: "a submodule whose address is an option",
        build: |ground| submodule(ground, "x", "x", &format!("--upload-pack={}", ground.touch()), ""),
        reviewers: &["obedient"],
        code: 0,
        look: |_, seen| seen.says("1 submodule is left empty in the checkout"),
    },
    Attack {
        name: "a submodule of a repository of this machine",
        build: |ground| {
            let here = format!("file://{}", ground.session.repo.path().display());
            submodule(ground, "x", "x", &here, "");
        },
        reviewers: &["obedient"],
        code: 0,
        look: |_, seen| {
            seen.says("1 submodule is left empty in the checkout");
            let row = reviewer(&seen.report, "obedient").to_string();
            assert!(!row.contains("x/"), "nothing was fetched into it: {row}");
        },
    },
    Attack {
        name: "a submodule whose name leaves its folder and whose update is a command",
        build: |ground| {
            let more = format!("\tupdate = !{}\n\tbranch = --upload-pack=x\n", ground.touch());
            submodule(ground, "../../hooks", "x", "./x", &more);
        },
        reviewers: &["obedient"],
        code: 0,
        look: |_, seen| seen.says("1 submodule is left empty in the checkout"),
    },
    Attack {
        name: "a folder named like git's own, with a configuration",
        build: |ground| {
            let config = ground.blob(format!("[core]\n\tfsmonitor = {}\n", ground.touch()).as_bytes());
            let inner = ground.subtree(&[("100644", b"config", &config)]);
            ground.tree(&[("40000", b".GIT", inner.as_bytes()), ("100644", b"README.md", b"new\n")]);
        },
        // It is asked, its checkout is refused, and the report says so.
        reviewers: &["obedient"],
        code: 3,
        look: |_, seen| {
            assert_ne!(seen.state("obedient"), "finished");
            seen.says("`.GIT/config` is no path inside a folder");
        },
    },
];

#[test]
fn nothing_that_a_branch_tells_git_is_run() {
    Ground::new().try_all(ATTACKS);
}
