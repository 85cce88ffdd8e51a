//! A repository whose configuration and attributes try to run programs: none of them may run.

#![cfg(unix)]

use std::path::PathBuf;

use git::{Repository, SearchOptions, Snapshot, TargetRequest};
use model::Side;
use test_kit::TestRepo;

/// A script that leaves a mark when it runs, and where the mark would be.
fn trap(repo: &TestRepo) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    let mark = repo.scratch().join("executed");
    let script = repo.scratch().join("trap.sh");
    let body = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", mark.display());
    std::fs::write(&script, body).expect("a script");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("executable");
    (script, mark)
}

/// Everything in git's configuration that names a program.
const PROGRAMS: &[&str] = &[
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.sshCommand",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.textconv",
    "diff.evil.command",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "filter.a=b.clean",
    "filter.a=b.process",
    "gpg.program",
    "gpg.ssh.program",
    "merge.evil.driver",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
    "pager.diff",
    "pager.log",
    "pager.blame",
    "sequence.editor",
    "interactive.diffFilter",
    "trailer.evil.command",
];

const ALIASES: &[&str] = &["log", "diff-tree", "rev-parse", "cat-file", "blame", "ls-tree", "status"];

fn hostile(repo: &TestRepo, script: &str) {
    for key in PROGRAMS {
        repo.git(&["config", key, script]);
    }
    for alias in ALIASES {
        repo.git(&["config", &format!("alias.{alias}"), &format!("!{script}")]);
    }
    for (key, value) in [
        ("filter.evil.required", "true"),
        ("log.showSignature", "true"),
        ("commit.gpgSign", "true"),
        ("core.untrackedCache", "true"),
        ("core.splitIndex", "true"),
        ("submodule.recurse", "true"),
        ("diff.submodule", "log"),
        ("status.submoduleSummary", "true"),
        ("protocol.ext.allow", "always"),
        ("protocol.allow", "always"),
        ("remote.origin.url", &format!("ext::{script}")),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("diff.noprefix", "true"),
        ("color.ui", "always"),
        ("diff.renames", "false"),
    ] {
        repo.git(&["config", key, value]);
    }
    let attributes = "* filter=evil diff=evil merge=evil\n*.eq filter=a=b\n";
    repo.write(".gitattributes", attributes);
    std::fs::create_dir_all(repo.path().join(".git/info")).expect("a folder");
    std::fs::write(repo.path().join(".git/info/attributes"), attributes).expect("attributes");
    let hooks = repo.path().join(".git/hooks");
    std::fs::create_dir_all(&hooks).expect("a folder");
    for hook in [
        "pre-commit",
        "post-index-change",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
        "pre-auto-gc",
    ] {
        std::fs::copy(script, hooks.join(hook)).expect("a hook");
    }
}

#[test]
fn reviewing_runs_nothing_that_the_repository_names() {
    let repo = TestRepo::new();
    // A submodule with traps of its own, made before the outer repository is hostile.
    let (script, mark) = trap(&repo);
    let script = script.to_str().expect("text");
    repo.write("a.txt", "one\n").write("b.eq", "one\n").commit("first");
    repo.git(&["init", "-q", "sub"]);
    repo.write("sub/s.txt", "s\n").write("sub/.gitattributes", "* filter=sub\n");
    repo.git(&["-C", "sub", "add", "-A"]);
    repo.git(&["-C", "sub", "commit", "-q", "-m", "inner"]);
    for key in ["core.fsmonitor", "filter.sub.clean", "filter.sub.process", "core.pager"] {
        repo.git(&["-C", "sub", "config", key, script]);
    }
    repo.branch("topic");
    repo.write("a.txt", "one\ntwo\n").write("b.eq", "two\n").commit("second");
    hostile(&repo, script);
    // A driver whose name is not text.
    let config = repo.path().join(".git/config");
    let mut bytes = std::fs::read(&config).expect("a configuration");
    bytes.extend(b"[filter \"n\xFF\"]\n\tclean = ");
    bytes.extend(script.as_bytes());
    std::fs::write(config, bytes).expect("a configuration");
    std::fs::write(repo.path().join("d.raw"), "raw\n").expect("a file");
    let mut attributes = std::fs::read(repo.path().join(".git/info/attributes")).expect("attributes");
    attributes.extend(b"*.raw filter=n\xFF\n");
    std::fs::write(repo.path().join(".git/info/attributes"), attributes).expect("attributes");
    repo.write("a.txt", "one\ntwo\nthree\n").write("b.eq", "three\n").write("new.txt", "untracked\n");
    repo.write("sub/s.txt", "S\n");
    drop(std::fs::remove_file(&mark));

    let git = Repository::open(&repo.path()).expect("a repository");
    let requests = [
        TargetRequest::default(),
        TargetRequest { spec: Some("topic".to_owned()), ..TargetRequest::default() },
        TargetRequest { spec: Some("HEAD".to_owned()), ..TargetRequest::default() },
        TargetRequest { spec: Some("main..topic".to_owned()), ..TargetRequest::default() },
        TargetRequest { worktree: true, ..TargetRequest::default() },
    ];
    for (n, request) in requests.iter().enumerate() {
        let target = git.resolve(request).expect("a target");
        let snapshot = Snapshot::open(&git, &target).expect("a view");
        assert!(snapshot.text(Side::Head, &"a.txt".into()).expect("a text").line_count() >= 2);
        assert!(!snapshot.search(&["two"], &SearchOptions::default()).expect("hits").is_empty());
        assert!(!snapshot.blame(&"a.txt".into(), &[]).expect("blame").is_empty());
        assert!(!snapshot.commits_touching(&"a.txt".into(), 3).expect("commits").is_empty());
        assert!(!snapshot.entries(Side::Base).is_empty());
        let checkout = git.checkout(&target, &repo.scratch().join(format!("out{n}"))).expect("a checkout");
        let before = checkout.fingerprint().expect("a fingerprint");
        std::fs::write(checkout.path().join("a.txt"), "one\n").expect("a file");
        assert_eq!(checkout.changed_since(&before).expect("an answer"), ["a.txt"]);
        assert_eq!(git.head_moved(&target), None);
        assert!(git.file_at(&target.head, "a.txt").expect("read").is_some());
    }
    let dirty = git.resolve(&requests[4]).expect("a target");
    assert!(dirty.notes.iter().any(|note| note.contains("filter")), "{:?}", dirty.notes);
    let executed = std::fs::read_to_string(&mark).unwrap_or_default();
    assert_eq!(executed, "", "a program ran");
    // The test can fail: the same repository with plain git does run traps.
    drop(repo.command(&["status"]).output());
    assert!(mark.exists(), "the traps are armed");
}

#[test]
fn an_object_that_is_missing_is_said_and_not_fetched() {
    let repo = TestRepo::new();
    let (script, mark) = trap(&repo);
    repo.write("a.txt", "one\n").write("b.txt", "b\n").commit("first");
    repo.write("a.txt", "two\n").commit("second");
    let lost = repo.git(&["rev-parse", "HEAD:b.txt"]);
    let (folder, file) = lost.trim().split_at(2);
    let lost = repo.path().join(".git/objects").join(folder).join(file);
    hostile(&repo, script.to_str().expect("text"));
    std::fs::remove_file(lost).expect("a lost object");
    drop(std::fs::remove_file(&mark));

    let git = Repository::open(&repo.path()).expect("a repository");
    let request = TargetRequest { spec: Some("HEAD".to_owned()), ..TargetRequest::default() };
    let target = git.resolve(&request).expect("a target");
    let snapshot = Snapshot::open(&git, &target).expect("a view");
    assert!(snapshot.text(Side::Head, &"b.txt".into()).is_none());
    assert!(snapshot.notes().iter().any(|note| note.contains("b.txt")), "{:?}", snapshot.notes());
    assert_eq!(snapshot.search(&["two", "b"], &SearchOptions::default()).expect("hits").skipped, 1);
    assert!(git.checkout(&target, &repo.scratch().join("out")).is_err());
    assert!(!mark.exists(), "{}", std::fs::read_to_string(&mark).unwrap_or_default());
}

#[test]
fn a_git_in_the_reviewed_folder_is_not_taken_for_git() {
    let repo = TestRepo::new();
    let (script, mark) = trap(&repo);
    std::fs::copy(script, repo.path().join("git")).expect("a false git");
    repo.write("a.txt", "one\n").commit("first");
    let git = Repository::open(&repo.path()).expect("a repository");
    git.resolve(&TargetRequest::default()).expect("a target");
    assert!(!mark.exists());
}
