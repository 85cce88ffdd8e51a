//! Every way to name a change, on repositories of every shape.

use std::fmt::Write as _;

use git::{Error, Repository, Snapshot, TargetRequest};
use model::{RepoPath, Side, Target, TargetKind};
use test_kit::TestRepo;

fn open(repo: &TestRepo) -> Repository {
    Repository::open(&repo.path()).expect("a repository")
}

fn resolve(repo: &TestRepo, request: &TargetRequest) -> Result<Target, Error> {
    open(repo).resolve(request)
}

fn spec(spec: &str) -> TargetRequest {
    TargetRequest { spec: Some(spec.to_owned()), ..TargetRequest::default() }
}

fn current() -> TargetRequest {
    TargetRequest::default()
}

fn worktree() -> TargetRequest {
    TargetRequest { worktree: true, ..TargetRequest::default() }
}

fn staged() -> TargetRequest {
    TargetRequest { staged: true, ..TargetRequest::default() }
}

/// `main` with two commits; `topic` left after the first and has two of its own.
fn diverged() -> (TestRepo, [String; 4]) {
    let repo = TestRepo::new();
    let first = repo.write("a.txt", "one\n").commit("first");
    repo.branch("topic");
    let third = repo.write("b.txt", "b\n").commit("topic: one\n\nWith a body.");
    let fourth = repo.write("a.txt", "one\ntwo\n").commit("topic: two");
    repo.checkout("main");
    let second = repo.write("m.txt", "m\n").commit("second on main");
    (repo, [first, second, third, fourth])
}

fn changed(target: &Target) -> Vec<&str> {
    target.changed.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn the_current_branch_is_compared_with_its_merge_base() {
    let (repo, [first, second, third, fourth]) = diverged();
    repo.checkout("topic");
    let target = resolve(&repo, &current()).expect("a target");
    assert_eq!((target.kind, target.branch.as_deref()), (TargetKind::Branch, Some("topic")));
    assert_eq!((target.base.as_str(), target.head.as_str()), (second.as_str(), fourth.as_str()));
    assert_eq!((target.merge_base.as_str(), target.base_name.as_str()), (first.as_str(), "main"));
    assert_eq!(changed(&target), ["a.txt", "b.txt"]);
    let commits: Vec<_> = target.commits.iter().map(|commit| commit.sha.as_str()).collect();
    assert_eq!(commits, [third.as_str(), fourth.as_str()]);
    assert_eq!(
        (target.commits[0].subject.as_str(), target.commits[0].body.as_str()),
        ("topic: one", "With a body.")
    );
    assert_eq!(
        (target.commits[0].author.as_str(), target.commits[0].parents[0].as_str()),
        ("Ada Author", first.as_str())
    );
    assert_eq!(target.repository.as_deref(), Some("repo"));
    assert!(!target.dirty && !target.shallow);
}

#[test]
fn a_branch_may_be_named_from_anywhere() {
    let (repo, [first, _, _, fourth]) = diverged();
    let target = resolve(&repo, &spec("topic")).expect("a target");
    assert_eq!((target.merge_base.as_str(), target.head.as_str()), (first.as_str(), fourth.as_str()));
    assert_eq!((target.kind, target.branch.as_deref()), (TargetKind::Branch, Some("topic")));
}

#[test]
fn on_the_default_branch_uncommitted_work_comes_before_the_last_commit() {
    let (repo, [first, second, ..]) = diverged();
    let last = resolve(&repo, &current()).expect("the last commit");
    assert_eq!(
        (last.kind, last.merge_base.as_str(), last.head.as_str()),
        (TargetKind::Commit, first.as_str(), second.as_str())
    );
    assert_eq!(last.branch.as_deref(), Some("main"));
    repo.write("new.txt", "untracked\n");
    let dirty = resolve(&repo, &current()).expect("uncommitted work");
    assert_eq!((dirty.kind, dirty.dirty), (TargetKind::Worktree, true));
    assert_eq!((changed(&dirty), dirty.merge_base.as_str()), (vec!["new.txt"], second.as_str()));
}

#[test]
fn ranges_of_two_and_three_dots_begin_at_the_merge_base() {
    let (repo, [first, second, _, fourth]) = diverged();
    for range in ["main..topic", "main...topic"] {
        let target = resolve(&repo, &spec(range)).expect("a target");
        assert_eq!(target.kind, TargetKind::Range);
        assert_eq!((target.base.as_str(), target.head.as_str()), (second.as_str(), fourth.as_str()));
        assert_eq!((target.merge_base.as_str(), changed(&target)), (first.as_str(), vec!["a.txt", "b.txt"]));
        assert_eq!(target.notes.is_empty(), range == "main...topic", "{:?}", target.notes);
    }
}

#[test]
fn a_commit_stands_against_its_first_parent_and_the_first_against_nothing() {
    let (repo, [first, second, third, _]) = diverged();
    let target = resolve(&repo, &spec(&third[..10])).expect("a target");
    assert_eq!((target.kind, changed(&target)), (TargetKind::Commit, vec!["b.txt"]));
    assert_eq!((target.merge_base.as_str(), target.branch.as_deref()), (first.as_str(), None));
    let root = resolve(&repo, &spec(&first)).expect("a target");
    assert_eq!((changed(&root), root.merge_base.as_str()), (vec!["a.txt"], "0".repeat(40).as_str()));
    assert_eq!(root.commits.len(), 1);
    let snapshot = Snapshot::open(&open(&repo), &root).expect("a view");
    assert_eq!(snapshot.diff()[0].added().collect::<Vec<_>>(), [(1, "one")]);
    assert!(snapshot.text(Side::Base, &"a.txt".into()).is_none() && snapshot.entries(Side::Base).is_empty());
    assert!(snapshot.blame(&"a.txt".into(), &[]).expect("blame")[0].in_change);
    repo.git(&["merge", "-q", "--no-edit", "topic"]);
    let merge = resolve(&repo, &spec("HEAD")).expect("a target");
    assert_eq!((merge.merge_base.as_str(), changed(&merge)), (second.as_str(), vec!["a.txt", "b.txt"]));
    assert!(merge.notes.iter().any(|note| note.contains("merge")), "{:?}", merge.notes);
    repo.git(&["tag", "-m", "annotated", "v1", &third]);
    assert_eq!(resolve(&repo, &spec("v1")).expect("a target").head.as_str(), third);
}

#[test]
fn a_named_base_outranks_the_one_we_would_find() {
    let (repo, [first, _, third, fourth]) = diverged();
    let request = TargetRequest { base: Some(third.clone()), ..spec("topic") };
    let target = resolve(&repo, &request).expect("a target");
    assert_eq!((target.merge_base.as_str(), target.head.as_str()), (third.as_str(), fourth.as_str()));
    assert_eq!((target.kind, changed(&target)), (TargetKind::Branch, vec!["a.txt"]));
    let request = TargetRequest { base: Some(first.clone()), ..spec(&fourth) };
    assert_eq!(resolve(&repo, &request).expect("a target").kind, TargetKind::Range);
    let request = TargetRequest { base: Some("nowhere".to_owned()), ..current() };
    assert!(
        matches!(resolve(&repo, &request), Err(Error::NoSuchRevision { revision, .. }) if revision == "nowhere")
    );
}

#[test]
fn the_nearest_of_local_and_remote_default_branch_is_the_base() {
    let (repo, [first, second, _, fourth]) = diverged();
    repo.git(&["config", "remote.origin.url", "git@example.org:group/project.git"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &first]);
    repo.checkout("topic");
    let tie = resolve(&repo, &current()).expect("a target");
    assert_eq!((tie.base_name.as_str(), tie.base.as_str()), ("origin/main", first.as_str()));
    assert_eq!(tie.repository.as_deref(), Some("group/project"));
    assert_eq!(tie.repository_url.as_deref(), Some("https://example.org/group/project"));
    // The branch is rebased onto what the remote has by now; local `main` is stale.
    repo.git(&["update-ref", "refs/remotes/origin/main", &second]);
    repo.git(&["update-ref", "refs/heads/main", &first]);
    repo.git(&["rebase", "-q", "origin/main"]);
    let rebased = resolve(&repo, &current()).expect("a target");
    assert_eq!((rebased.merge_base.as_str(), changed(&rebased)), (second.as_str(), vec!["a.txt", "b.txt"]));
    assert_ne!(rebased.head.as_str(), fourth);
}

#[test]
fn a_detached_head_is_compared_like_a_branch_and_on_the_default_branch_like_it() {
    let (repo, [first, second, _, fourth]) = diverged();
    repo.git(&["checkout", "-q", "--detach", "topic"]);
    let target = resolve(&repo, &current()).expect("a target");
    assert_eq!((target.kind, target.branch.as_deref()), (TargetKind::Branch, None));
    assert_eq!((target.merge_base.as_str(), target.head.as_str()), (first.as_str(), fourth.as_str()));
    repo.git(&["checkout", "-q", "--detach", "main"]);
    let target = resolve(&repo, &current()).expect("a target");
    assert_eq!((target.kind, target.head.as_str()), (TargetKind::Commit, second.as_str()));
}

#[test]
fn an_empty_change_says_what_was_compared() {
    let (repo, [first, second, ..]) = diverged();
    repo.branch("nothing");
    let say = |request: &TargetRequest| match resolve(&repo, request) {
        Err(Error::EmptyChange { compared }) => compared,
        other => panic!("{other:?}"),
    };
    let branch = say(&current());
    assert!(
        branch.contains("nothing") && branch.contains("main") && branch.contains(&second[..8]),
        "{branch}"
    );
    assert!(say(&worktree()).contains(&second[..8]));
    assert!(say(&staged()).contains("index"));
    assert!(say(&spec("topic..main~1")).contains(&first[..8]));
    repo.write("a.txt", "edited\n");
    assert!(say(&current()).contains("--worktree"), "uncommitted work is pointed to");
    repo.checkout("main");
    repo.commit("not empty");
    let empty = repo.commit("empty");
    assert!(say(&spec(&empty)).contains(&empty[..8]));
}

#[test]
fn what_cannot_be_found_is_said() {
    let (repo, _) = diverged();
    assert!(matches!(resolve(&repo, &spec("no-such")), Err(Error::NoSuchRevision { .. })));
    assert!(matches!(resolve(&repo, &spec("--all")), Err(Error::NoSuchRevision { .. })));
    repo.git(&["checkout", "-q", "--orphan", "apart"]);
    repo.write("z.txt", "z\n").commit("another root");
    let error = resolve(&repo, &current()).expect_err("no ancestor");
    assert!(matches!(&error, Error::NoMergeBase { .. }), "{error}");
    assert!(error.to_string().contains("--base"), "{error}");
    assert!(matches!(resolve(&repo, &spec("main...apart")), Err(Error::NoMergeBase { .. })));
    let plain = resolve(&repo, &spec("main..apart")).expect("compared as they are");
    assert_eq!(changed(&plain), ["z.txt"]);
    assert!(plain.notes.iter().any(|note| note.contains("no common ancestor")), "{:?}", plain.notes);
}

#[test]
fn a_repository_without_commits_has_uncommitted_work_or_nothing() {
    let repo = TestRepo::new();
    assert!(matches!(resolve(&repo, &current()), Err(Error::NoCommits)));
    assert!(matches!(resolve(&repo, &staged()), Err(Error::EmptyChange { .. })));
    repo.write("a.txt", "a\n");
    let target = resolve(&repo, &current()).expect("a target");
    assert_eq!((changed(&target), target.dirty), (vec!["a.txt"], true));
    repo.git(&["add", "a.txt"]);
    assert_eq!(changed(&resolve(&repo, &staged()).expect("a target")), ["a.txt"]);
}

#[test]
fn staged_and_unstaged_work_are_told_apart_and_nothing_of_the_users_is_touched() {
    let (repo, [_, second, ..]) = diverged();
    repo.write("a.txt", "staged\n");
    repo.git(&["add", "a.txt"]);
    repo.write("a.txt", "staged\nand edited\n").write("sub/new file.txt", "n\n").remove("m.txt");
    repo.write(".gitignore", "*.log\n").write("x.log", "ignored\n");
    let look = || {
        let index = std::fs::read(repo.path().join(".git/index")).expect("an index");
        (
            index,
            repo.git(&["status", "--porcelain"]),
            repo.git(&["count-objects", "-v"]),
            repo.git(&["for-each-ref"]),
        )
    };
    let before = look();
    let index = resolve(&repo, &staged()).expect("a target");
    let tree = resolve(&repo, &worktree()).expect("a target");
    assert_eq!(before.0, look().0, "the index is untouched");
    assert_eq!(before, look());
    assert_eq!((changed(&index), index.kind), (vec!["a.txt"], TargetKind::Staged));
    assert_eq!(changed(&tree), [".gitignore", "a.txt", "m.txt", "sub/new file.txt"]);
    assert_eq!((tree.base.as_str(), tree.dirty, tree.commits.len()), (second.as_str(), true, 0));
    let again = resolve(&repo, &worktree()).expect("a target");
    assert_eq!(again.head, tree.head, "the same content has the same name");
    let snapshot = Snapshot::open(&open(&repo), &tree).expect("a view");
    let text = snapshot.text(Side::Head, &"a.txt".into()).expect("a text");
    assert_eq!(text.content, "staged\nand edited\n");
    let blame = snapshot.blame(&"a.txt".into(), &[]).expect("blame");
    assert!(blame.iter().all(|line| line.in_change && line.commit == tree.head));
    let checkout = open(&repo).checkout(&tree, &repo.scratch().join("out")).expect("a checkout");
    assert_eq!(std::fs::read(checkout.path().join("sub/new file.txt")).expect("a file"), b"n\n");
}

#[test]
fn a_file_changed_right_after_the_index_was_written_is_seen() {
    let repo = TestRepo::new();
    repo.write("a.txt", "one\n").commit("first");
    for n in 0..20 {
        repo.write("a.txt", format!("{n:03}\n"));
        repo.git(&["add", "a.txt"]);
        repo.write("a.txt", format!("{:03}\n", n + 500));
        let target = resolve(&repo, &worktree()).expect("a target");
        let text = Snapshot::open(&open(&repo), &target).expect("a view").text(Side::Head, &"a.txt".into());
        assert_eq!(text.expect("a text").content, format!("{:03}\n", n + 500));
    }
}

#[test]
fn a_conflicted_working_tree_can_be_reviewed_and_its_index_cannot() {
    let (repo, _) = diverged();
    repo.write("a.txt", "main's\n").commit("conflicting");
    assert!(!repo.command(&["merge", "-q", "topic"]).output().expect("git runs").status.success());
    assert!(matches!(resolve(&repo, &staged()), Err(Error::BadRequest(why)) if why.contains("conflict")));
    let target = resolve(&repo, &worktree()).expect("a target");
    let text = Snapshot::open(&open(&repo), &target).expect("a view").text(Side::Head, &"a.txt".into());
    assert!(text.expect("a text").content.contains("<<<<<<<"));
}

#[test]
fn a_bare_repository_is_reviewed_like_any_other() {
    let (repo, [first, second, _, fourth]) = diverged();
    repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = Repository::open(&repo.scratch().join("bare.git")).expect("a bare repository");
    let target = bare.resolve(&spec("topic")).expect("a target");
    assert_eq!((target.merge_base.as_str(), target.head.as_str()), (first.as_str(), fourth.as_str()));
    assert_eq!(bare.resolve(&current()).expect("the last commit").head.as_str(), second);
    assert!(matches!(bare.resolve(&worktree()), Err(Error::BadRequest(_))));
    let snapshot = Snapshot::open(&bare, &target).expect("a view");
    assert!(snapshot.blame(&"b.txt".into(), &[(1, 1)]).expect("blame")[0].in_change);
    let checkout = bare.checkout(&target, &repo.scratch().join("out")).expect("a checkout");
    assert_eq!(std::fs::read(checkout.path().join("b.txt")).expect("a file"), b"b\n");
}

#[test]
fn a_linked_working_tree_has_its_own_head_index_and_changes() {
    let (repo, [first, ..]) = diverged();
    repo.git(&["worktree", "add", "-q", "../linked", "topic"]);
    let linked = repo.scratch().join("linked");
    let git = Repository::open(&linked).expect("a linked working tree");
    let target = git.resolve(&current()).expect("a target");
    assert_eq!((target.branch.as_deref(), target.merge_base.as_str()), (Some("topic"), first.as_str()));
    std::fs::write(linked.join("new.txt"), "n\n").expect("a file");
    assert_eq!(changed(&git.resolve(&worktree()).expect("a target")), ["new.txt"]);
    assert_eq!(target.repository.as_deref(), Some("repo"));
}

#[test]
fn a_shallow_clone_says_what_it_cannot_know() {
    let (repo, _) = diverged();
    let url = format!("file://{}", repo.path().display());
    repo.git(&[
        "-c",
        "protocol.file.allow=always",
        "clone",
        "-q",
        "--depth=1",
        "--no-single-branch",
        &url,
        "../shallow",
    ]);
    let git = Repository::open(&repo.scratch().join("shallow")).expect("a shallow clone");
    for request in [current(), spec("origin/topic"), spec("main...origin/topic"), spec("HEAD")] {
        let error = git.resolve(&request).expect_err("history is cut").to_string();
        assert!(error.contains("--unshallow"), "{error}");
    }
    repo.git(&["-C", "../shallow", "fetch", "-q", "--deepen=1"]);
    let git = Repository::open(&repo.scratch().join("shallow")).expect("a shallow clone");
    let target = git.resolve(&spec("origin/topic~1..origin/topic")).expect("a target");
    assert!(target.shallow && target.notes.iter().any(|note| note.contains("shallow")), "{:?}", target.notes);
}

#[test]
fn a_moved_branch_is_noticed() {
    let (repo, [.., fourth]) = diverged();
    repo.checkout("topic");
    let git = open(&repo);
    let target = git.resolve(&current()).expect("a target");
    assert_eq!(git.head_moved(&target), None);
    repo.write("c.txt", "c\n");
    let dirty = git.resolve(&worktree()).expect("a target");
    assert_eq!(git.head_moved(&dirty), None);
    let fifth = repo.commit("topic: three");
    let said = git.head_moved(&target).expect("it moved");
    assert!(said.contains("topic") && said.contains(&fourth[..8]) && said.contains(&fifth[..8]), "{said}");
    assert!(git.head_moved(&dirty).is_some());
    let fixed = git.resolve(&spec(&fourth)).expect("a target");
    assert_eq!(git.head_moved(&fixed), None, "a commit does not move");
    repo.checkout("main").git(&["branch", "-q", "-D", "topic"]);
    assert!(git.head_moved(&target).expect("it is gone").contains("gone"));
}

#[test]
fn many_commits_are_counted_and_the_newest_listed() {
    let repo = TestRepo::new();
    repo.write("a.txt", "0\n").commit("first");
    repo.branch("topic");
    let mut stream = String::new();
    for n in 1..=520 {
        let text = format!("{n}\n");
        let from = if n == 1 { "from refs/heads/topic^0\n" } else { "" };
        writeln!(
            stream,
            "commit refs/heads/topic\ncommitter A <a@b> {} +0000\ndata <<E\nc{n}\nE\n{from}M 100644 inline a.txt\ndata {}\n{text}",
            1_800_000_000 + n,
            text.len()
        )
        .expect("a string takes all");
    }
    let file = repo.scratch().join("stream");
    std::fs::write(&file, stream).expect("a stream");
    let stdin = std::fs::File::open(&file).expect("a stream");
    assert!(repo.command(&["fast-import", "--quiet"]).stdin(stdin).status().expect("git runs").success());
    let target = resolve(&repo, &spec("topic")).expect("a target");
    assert_eq!(target.commits.len(), 500);
    assert_eq!(target.commits.last().map(|commit| commit.subject.as_str()), Some("c520"));
    assert!(target.notes.iter().any(|note| note.contains("520 commits")), "{:?}", target.notes);
}

#[test]
fn a_repository_with_long_object_names_works_too() {
    let repo = TestRepo::new();
    let folder = repo.scratch().join("long");
    repo.git(&["init", "-q", "-b", "main", "--object-format=sha256", folder.to_str().expect("text")]);
    std::fs::write(folder.join("a.txt"), "a\n").expect("a file");
    repo.git(&["-C", "../long", "add", "-A"]);
    repo.git(&["-C", "../long", "commit", "-q", "-m", "first"]);
    let git = Repository::open(&folder).expect("a repository");
    let target = git.resolve(&current()).expect("a target");
    assert_eq!((target.head.as_str().len(), target.merge_base.as_str()), (64, "0".repeat(64).as_str()));
    let snapshot = Snapshot::open(&git, &target).expect("a view");
    assert_eq!(snapshot.text(Side::Head, &RepoPath::new("a.txt")).expect("a text").content, "a\n");
    std::fs::write(folder.join("b.txt"), "b\n").expect("a file");
    let dirty = git.resolve(&worktree()).expect("a target");
    git.checkout(&dirty, &repo.scratch().join("out")).expect("a checkout");
    assert!(repo.scratch().join("out/b.txt").is_file());
}
