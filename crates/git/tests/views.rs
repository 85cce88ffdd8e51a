//! What a snapshot and a checkout show, for files and names of every kind.

use std::path::Path;

use git::{EntryKind, Repository, SearchOptions, Snapshot, TargetRequest};
use model::{ChangeStatus, RepoPath, Side, Target};
use test_kit::TestRepo;

fn view(repo: &TestRepo, spec: &str) -> (Repository, Snapshot) {
    let git = Repository::open(&repo.path()).expect("a repository");
    let request = TargetRequest { spec: Some(spec.to_owned()), ..TargetRequest::default() };
    let target = git.resolve(&request).expect("a target");
    let snapshot = Snapshot::open(&git, &target).expect("a view");
    (git, snapshot)
}

fn numbered(from: u32, to: u32) -> String {
    (from..=to).fold(String::new(), |text, n| text + &format!("line number {n} of the file\n"))
}

#[test]
fn renames_copies_deletions_modes_and_empty_files_are_told_apart() {
    let repo = TestRepo::new();
    repo.write("moved.txt", numbered(1, 40)).write("copied.txt", numbered(100, 140)).write("gone.txt", "g\n");
    repo.write("mode.sh", "#!/bin/sh\n").write("kept.txt", "kept\n").commit("first");
    repo.git(&["mv", "moved.txt", "sub dir.txt"]);
    repo.write("sub dir.txt", numbered(1, 40) + "added\n").write("copy.txt", numbered(100, 140));
    repo.write("copied.txt", numbered(100, 141)).write("empty", "").remove("gone.txt");
    repo.git(&["update-index", "--chmod=+x", "mode.sh"]);
    repo.git(&["add", "-A"]);
    repo.git(&["update-index", "--chmod=+x", "mode.sh"]);
    repo.git(&["commit", "-q", "-m", "second"]);
    let (_, snapshot) = view(&repo, "HEAD");
    let told: Vec<_> = snapshot
        .diff()
        .iter()
        .map(|file| {
            (file.path.as_str(), file.status, file.old_path.as_ref().map(RepoPath::as_str), file.hunks.len())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("copied.txt", ChangeStatus::Modified, None, 1),
            ("copy.txt", ChangeStatus::Copied, Some("copied.txt"), 0),
            ("empty", ChangeStatus::Added, None, 0),
            ("gone.txt", ChangeStatus::Deleted, None, 1),
            ("mode.sh", ChangeStatus::Modified, None, 0),
            ("sub dir.txt", ChangeStatus::Renamed, Some("moved.txt"), 1),
        ]
    );
    let listed: Vec<_> =
        snapshot.target().changed.iter().map(|file| (file.path.as_str(), file.added, file.removed)).collect();
    assert_eq!(listed[0], ("copied.txt", 1, 0));
    assert_eq!((listed[3], listed[5]), (("gone.txt", 0, 1), ("sub dir.txt", 1, 0)));
    let text = |side, path: &str| snapshot.text(side, &path.into()).map(|text| text.line_count());
    assert_eq!((text(Side::Base, "moved.txt"), text(Side::Head, "moved.txt")), (Some(40), None));
    assert_eq!((text(Side::Base, "sub dir.txt"), text(Side::Head, "sub dir.txt")), (None, Some(41)));
    assert_eq!((text(Side::Base, "copied.txt"), text(Side::Base, "copy.txt")), (Some(41), None));
    assert_eq!((text(Side::Base, "gone.txt"), text(Side::Head, "gone.txt")), (Some(1), None));
    assert_eq!((text(Side::Base, "kept.txt"), text(Side::Head, "empty")), (Some(1), Some(0)));
    for side in [Side::Head, Side::Base] {
        for entry in snapshot.entries(side) {
            assert_eq!(
                snapshot.entry(side, &entry.path).as_ref(),
                Some(entry),
                "the short way and the tree agree"
            );
        }
    }
}

#[test]
fn blame_follows_a_rename_and_knows_old_lines_from_new_ones() {
    let repo = TestRepo::new();
    let first = repo.write("old.txt", numbered(1, 30)).write("same.txt", "same\n").commit("first");
    repo.branch("topic");
    repo.git(&["mv", "old.txt", "new [1].txt"]);
    let second = repo.commit("a move");
    let moved = format!("{}brand new\n{}", numbered(1, 10), numbered(11, 30));
    let third = repo.write("new [1].txt", moved).commit("a new line");
    let (_, snapshot) = view(&repo, "topic");
    let lines = snapshot.blame(&"new [1].txt".into(), &[(10, 12), (31, 99)]).expect("blame");
    let told: Vec<_> = lines.iter().map(|line| (line.line, line.in_change, line.commit.as_str())).collect();
    assert_eq!(
        told,
        [(10, false, first.as_str()), (11, true, &third), (12, false, &first), (31, false, &first)]
    );
    assert_eq!((lines[2].original_path.as_str(), lines[2].original_line), ("old.txt", 11));
    assert_ne!(second, third);
    assert_eq!(snapshot.blame(&"new [1].txt".into(), &[]).expect("blame").len(), 31);
    let same = snapshot.blame(&"same.txt".into(), &[(1, 5)]).expect("blame");
    assert_eq!((same.len(), same[0].in_change), (1, false));
    assert!(snapshot.blame(&"none.txt".into(), &[(1, 5)]).expect("blame").is_empty());
    let touching = snapshot.commits_touching(&"new [1].txt".into(), 5).expect("commits");
    assert_eq!(
        touching.iter().map(|commit| commit.sha.as_str()).collect::<Vec<_>>(),
        [third.as_str(), &second]
    );
}

#[test]
fn blame_does_not_name_an_author_where_history_is_cut() {
    let repo = TestRepo::new();
    for n in 1..=4 {
        repo.write("a.txt", numbered(1, n * 2)).commit(&format!("number {n}"));
    }
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "-q", "--depth=2", &url, "../shallow"]);
    let git = Repository::open(&repo.scratch().join("shallow")).expect("a shallow clone");
    let request = TargetRequest { spec: Some("HEAD".to_owned()), ..TargetRequest::default() };
    let target = git.resolve(&request).expect("a target");
    let snapshot = Snapshot::open(&git, &target).expect("a view");
    let lines = snapshot.blame(&"a.txt".into(), &[]).expect("blame");
    let told: Vec<_> = lines.iter().map(|line| (line.in_change, line.boundary)).collect();
    assert_eq!(told[..6], [(false, true); 6]);
    assert_eq!(told[6..], [(true, false); 2]);
    let checkout = git.checkout(&target, &repo.scratch().join("out")).expect("a checkout");
    assert_eq!(inside(&repo, checkout.path(), &["rev-list", "--count", "HEAD"]), "2\n");
}

/// Runs git inside a checkout, as a reviewer would.
fn inside(repo: &TestRepo, folder: &Path, args: &[&str]) -> String {
    let output = repo.command(args).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(unix)]
#[test]
fn odd_names_are_read_searched_blamed_and_checked_out() {
    use std::os::unix::ffi::OsStrExt as _;
    let names: &[&[u8]] = &[
        b"with space.txt",
        b"[brackets]*.txt",
        b"\"quoted\".txt",
        b"new\nline.txt",
        b"tab\there.txt",
        b"caf\xe9.txt",
        b"-dash.txt",
        b":(glob)**.txt",
        b"back\\slash.txt",
        "ünïcode.txt".as_bytes(),
        b"a/b c/d.txt",
        b"'single'.txt",
    ];
    let repo = TestRepo::new();
    repo.write("first", "1\n").commit("first");
    repo.branch("topic");
    let write = |content: &str| {
        for name in names {
            let path = repo.path().join(std::ffi::OsStr::from_bytes(name));
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, content).expect("a file");
        }
    };
    write("old needle\n");
    repo.commit("second");
    write("old needle\nnew line\n");
    repo.commit("third");
    let (git, snapshot) = view(&repo, "HEAD");
    assert_eq!((snapshot.diff().len(), snapshot.target().changed.len()), (names.len(), names.len()));
    for name in names {
        let path = RepoPath::from_bytes(name);
        assert_eq!(snapshot.raw_path(&path), *name);
        let diff = snapshot.diff().iter().find(|file| file.path == path).expect("a diff");
        assert_eq!(diff.added().collect::<Vec<_>>(), [(2, "new line")], "{path}");
        assert_eq!(snapshot.text(Side::Head, &path).expect("a text").line(2), Some("new line"), "{path}");
        assert_eq!(snapshot.text(Side::Base, &path).expect("a text").line_count(), 1, "{path}");
        let blame = snapshot.blame(&path, &[(1, 2)]).expect("blame");
        assert_eq!(blame.iter().map(|line| line.in_change).collect::<Vec<_>>(), [false, true], "{path}");
        assert_eq!(blame[1].original_path, path);
        assert_eq!(snapshot.commits_touching(&path, 9).expect("commits").len(), 2, "{path}");
    }
    let hits = snapshot.search(&["needle"], &SearchOptions::default()).expect("hits");
    assert_eq!((hits.len(), hits.cut), (names.len(), false));
    let checkout = git.checkout(snapshot.target(), &repo.scratch().join("out")).expect("a checkout");
    for name in names {
        assert!(checkout.path().join(std::ffi::OsStr::from_bytes(name)).is_file(), "{name:?}");
    }
    // The same names again as uncommitted work.
    write("old needle\nnew line\nuncommitted\n");
    let request = TargetRequest { worktree: true, ..TargetRequest::default() };
    assert_eq!(git.resolve(&request).expect("a target").changed.len(), names.len());
}

#[cfg(unix)]
#[test]
fn links_binaries_submodules_and_changes_of_type_are_shown_for_what_they_are() {
    let repo = TestRepo::new();
    let first =
        repo.write("a.txt", "text\n").write("file", "plain\n").write("bin", b"\0\x01").commit("first");
    std::os::unix::fs::symlink("a.txt", repo.path().join("link")).expect("a link");
    std::fs::remove_file(repo.path().join("file")).expect("removed");
    std::os::unix::fs::symlink("../outside", repo.path().join("file")).expect("a link");
    repo.write("bin", b"\0\x02").write("huge.txt", "x".repeat(9 << 20));
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{first},sub module")]);
    std::fs::create_dir_all(repo.path().join("sub module")).expect("a folder");
    repo.git(&["add", "link", "file", "bin", "huge.txt"]);
    repo.git(&["commit", "-q", "-m", "second"]);
    let (git, snapshot) = view(&repo, "HEAD");
    let told: Vec<_> = snapshot
        .target()
        .changed
        .iter()
        .map(|file| (file.path.as_str(), file.status, file.binary, file.submodule))
        .collect();
    assert_eq!(
        told,
        [
            ("bin", ChangeStatus::Modified, true, false),
            ("file", ChangeStatus::TypeChanged, false, false),
            ("huge.txt", ChangeStatus::Added, true, false),
            ("link", ChangeStatus::Added, false, false),
            ("sub module", ChangeStatus::Added, false, true),
        ]
    );
    let diff = |path: &str| snapshot.diff().iter().find(|file| file.path.as_str() == path).expect("a diff");
    assert_eq!(diff("file").hunks.len(), 2, "gone as a file, new as a link");
    assert!(diff("sub module").added().any(|(_, text)| text.starts_with("Subproject commit")));
    assert_eq!(snapshot.text(Side::Head, &"link".into()).expect("a target").content, "a.txt");
    assert!(snapshot.text(Side::Head, &"huge.txt".into()).expect("a file").too_large);
    assert!(snapshot.text(Side::Head, &"bin".into()).expect("a file").binary);
    assert!(snapshot.text(Side::Head, &"sub module".into()).is_none());
    let kind = |path: &str| snapshot.entry(Side::Head, &path.into()).map(|entry| entry.kind);
    assert_eq!((kind("link"), kind("sub module")), (Some(EntryKind::Link), Some(EntryKind::Submodule)));
    let checkout = git.checkout(snapshot.target(), &repo.scratch().join("out")).expect("a checkout");
    let link = std::fs::read_link(checkout.path().join("file")).expect("a link");
    assert_eq!(link, Path::new("../outside"));
    assert!(checkout.path().join("sub module").read_dir().expect("a folder").next().is_none());
    assert!(checkout.notes().iter().any(|note| note.contains("submodule")));
}

#[test]
fn bytes_stay_as_they_are_in_a_checkout_and_line_ends_do_not_matter_to_lines() {
    let repo = TestRepo::new();
    repo.write(".gitattributes", "*.txt text eol=crlf ident\n*.u16 working-tree-encoding=UTF-16\n")
        .write("a.txt", "x\n");
    repo.commit("first");
    repo.write("a.txt", "$Id$\none\n")
        .write("crlf.bat", "one\r\ntwo\r\n")
        .write("end", "no end")
        .commit("second");
    let (git, snapshot) = view(&repo, "HEAD");
    let bat = snapshot.text(Side::Head, &"crlf.bat".into()).expect("a text");
    assert_eq!(bat.lines().collect::<Vec<_>>(), ["one", "two"]);
    let diff = snapshot.diff().iter().find(|file| file.path.as_str() == "crlf.bat").expect("a diff");
    assert_eq!(diff.added().collect::<Vec<_>>(), [(1, "one"), (2, "two")]);
    let checkout = git.checkout(snapshot.target(), &repo.scratch().join("out")).expect("a checkout");
    let read = |path: &str| std::fs::read(checkout.path().join(path)).expect("a file");
    assert_eq!((read("a.txt"), read("crlf.bat")), (b"$Id$\none\n".to_vec(), b"one\r\ntwo\r\n".to_vec()));
    assert_eq!(inside(&repo, checkout.path(), &["status", "--porcelain"]), "");
    let base = snapshot.target().merge_base.as_str();
    for range in [format!("{base}..HEAD"), "deep-review/base..HEAD".to_owned()] {
        assert_eq!(
            inside(&repo, checkout.path(), &["diff", "--name-only", &range]),
            "a.txt\ncrlf.bat\nend\n"
        );
    }
}

#[test]
fn a_change_cannot_hide_its_files_behind_attributes() {
    let repo = TestRepo::new();
    repo.write("a.rs", "old\n").commit("first");
    repo.write(".gitattributes", "*.rs -diff binary\n").write("a.rs", "new\n").commit("second");
    let (_, snapshot) = view(&repo, "HEAD");
    let diff = snapshot.diff().iter().find(|file| file.path.as_str() == "a.rs").expect("a diff");
    assert_eq!((diff.binary, diff.added().next()), (false, Some((1, "new"))));
}

#[test]
fn what_a_reviewer_did_to_its_checkout_is_told_file_by_file() {
    let repo = TestRepo::new();
    repo.write("a.txt", "one\n").write("b.txt", "two\n").write("d/c.txt", "three\n").commit("first");
    repo.write("a.txt", "1\n").commit("second");
    let (git, snapshot) = view(&repo, "HEAD");
    let checkout = git.checkout(snapshot.target(), &repo.scratch().join("out")).expect("a checkout");
    let before = checkout.fingerprint().expect("a fingerprint");
    assert!(checkout.changed_since(&before).expect("an answer").is_empty());
    let folder = checkout.path().to_owned();
    inside(&repo, &folder, &["status"]);
    inside(&repo, &folder, &["diff", "deep-review/base..HEAD"]);
    // The same bytes written again are no change.
    std::fs::write(folder.join("b.txt"), "two\n").expect("a file");
    assert_eq!(checkout.changed_since(&before).expect("an answer"), Vec::<String>::new());
    std::fs::write(folder.join("b.txt"), "TWO\n").expect("a file");
    std::fs::remove_file(folder.join("a.txt")).expect("removed");
    std::fs::create_dir_all(folder.join("target/deep/er")).expect("folders");
    std::fs::write(folder.join("target/deep/er/x"), "x").expect("a file");
    std::fs::write(folder.join("d/new.txt"), "x").expect("a file");
    std::fs::write(folder.join(".git/hooks/pre-commit"), "evil").expect("a file");
    inside(&repo, &folder, &["config", "core.fsmonitor", "evil"]);
    let changed = checkout.changed_since(&before).expect("an answer");
    assert_eq!(changed, [".git/config", ".git/hooks/pre-commit", "a.txt", "b.txt", "d/new.txt", "target/"]);
}

#[test]
fn what_is_stripped_from_a_checkout_is_gone_and_git_there_does_not_miss_it() {
    let repo = TestRepo::new();
    repo.write("CLAUDE.md", "x\n").write("a/.claude/s.json", "x\n").write("a/b.txt", "x\n").commit("first");
    repo.write("a/.claude/s.json", "y\n").write("a/CLAUDE.md", "y\n").commit("second");
    let (git, snapshot) = view(&repo, "HEAD");
    let checkout = git.checkout(snapshot.target(), &repo.scratch().join("out")).expect("a checkout");
    let stripped = checkout.strip(&["CLAUDE.md", ".claude", "none"]).expect("stripped");
    assert_eq!(stripped, ["CLAUDE.md", "a/.claude/", "a/CLAUDE.md"]);
    let folder = checkout.path().to_owned();
    assert!(!folder.join("CLAUDE.md").exists() && !folder.join("a/.claude").exists());
    assert!(folder.join("a/b.txt").exists());
    assert_eq!(inside(&repo, &folder, &["status", "--porcelain"]), "", "nothing is shown as deleted");
    let before = checkout.fingerprint().expect("a fingerprint");
    assert!(checkout.changed_since(&before).expect("an answer").is_empty());
}

#[test]
fn nothing_a_reviewer_does_in_its_checkout_reaches_the_users_repository() {
    let repo = TestRepo::new();
    repo.write("a.txt", "one\n").commit("first");
    repo.write("a.txt", "two\n").commit("second");
    let (git, snapshot) = view(&repo, "HEAD");
    let checkout = git.checkout(snapshot.target(), &repo.scratch().join("out")).expect("a checkout");
    let look = || {
        (
            repo.git(&["for-each-ref"]),
            repo.git(&["count-objects", "-v"]),
            repo.git(&["config", "--list", "--local"]),
        )
    };
    let before = look();
    let folder = checkout.path();
    inside(&repo, folder, &["config", "user.name", "x"]);
    inside(&repo, folder, &["checkout", "-q", "-b", "mine"]);
    std::fs::write(folder.join("a.txt"), "three\n").expect("a file");
    inside(&repo, folder, &["commit", "-q", "-a", "-m", "mine"]);
    inside(&repo, folder, &["gc", "-q", "--prune=now"]);
    assert_eq!(before, look());
    assert_eq!(inside(&repo, folder, &["log", "--format=%s"]), "mine\nsecond\nfirst\n");
    let taken = git.checkout(snapshot.target(), folder);
    assert!(taken.expect_err("the folder is taken").to_string().contains("not empty"));
}

#[test]
fn search_looks_into_both_sides_and_skips_what_is_no_text() {
    let repo = TestRepo::new();
    repo.write("a.rs", "fn parse_old() {}\n")
        .write("bin", b"parse_old\0")
        .write("same.md", "call `parse_old`!\n");
    repo.commit("first");
    repo.write("a.rs", "fn parse_new() {}\n").commit("second");
    let (_, snapshot) = view(&repo, "HEAD");
    let find = |side| {
        let options = SearchOptions { side, ..SearchOptions::default() };
        let hits = snapshot.search(&["parse_new", "parse_old", "parse"], &options).expect("hits");
        hits.into_iter()
            .map(|hit| (hit.path.to_string(), hit.line, hit.column, hit.needle))
            .collect::<Vec<_>>()
    };
    assert_eq!(find(Side::Head), [("a.rs".to_owned(), 1, 4, 0), ("same.md".to_owned(), 1, 7, 1)]);
    assert_eq!(find(Side::Base), [("a.rs".to_owned(), 1, 4, 1), ("same.md".to_owned(), 1, 7, 1)]);
}

#[test]
fn a_snapshot_may_be_asked_from_many_threads() {
    let repo = TestRepo::new();
    for n in 0..50 {
        repo.write(&format!("f{n}.txt"), numbered(n, n + 20));
    }
    repo.commit("first");
    for n in 0..50 {
        repo.write(&format!("f{n}.txt"), numbered(n, n + 21));
    }
    repo.commit("second");
    let (_, snapshot) = view(&repo, "HEAD");
    let target: &Target = snapshot.target();
    let wanted: Vec<_> = target.changed.iter().map(|file| (file.path.clone(), vec![(1, 99)])).collect();
    snapshot.prepare_blame(&wanted);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for file in &target.changed {
                    assert_eq!(snapshot.text(Side::Head, &file.path).expect("a text").line_count(), 22);
                    let last = snapshot.blame(&file.path, &[(21, 22)]).expect("blame");
                    assert_eq!(last.iter().map(|line| line.in_change).collect::<Vec<_>>(), [false, true]);
                }
            });
        }
    });
    assert!(snapshot.notes().is_empty());
}

#[test]
fn a_search_finds_the_same_with_sketches_and_without_and_with_damaged_ones() {
    let repo = TestRepo::new();
    repo.write("a.rs", "fn load_records() {}\n").write("b.md", "Call LOAD_RECORDS or x.\n");
    repo.write("sub/c.txt", "größer\nload_records load_records\n")
        .write("d.bin", b"load_records\0".as_slice());
    repo.commit("one");
    repo.branch("topic").write("e.rs", "load_records();\n");
    repo.commit("two");
    let everything = || -> Vec<String> {
        let repository = Repository::open(&repo.path()).unwrap();
        let target = repository.resolve(&TargetRequest::default()).unwrap();
        let snapshot = Snapshot::open(&repository, &target).unwrap();
        let mut all = Vec::new();
        for needles in [&["load_records"][..], &["größer", "nowhere_at_all"], &["x"], &["records()", "Call "]]
        {
            for ignore_case in [false, true] {
                let options = SearchOptions { ignore_case, whole_words: false, ..SearchOptions::default() };
                let hits = snapshot.search(needles, &options).unwrap();
                all.extend(
                    hits.iter().map(|hit| format!("{needles:?} {ignore_case} {}:{}", hit.path, hit.line)),
                );
            }
        }
        all
    };
    let first = everything();
    assert!(first.iter().any(|hit| hit.contains("sub/c.txt:2")), "{first:?}");
    let kept = repo.path().join(".git/deep-review/index/sketches");
    let bytes = std::fs::read(&kept).expect("sketches are kept");
    assert_eq!(everything(), first);
    std::fs::write(&kept, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(everything(), first);
}

#[test]
fn what_was_read_before_does_not_change_what_a_search_finds() {
    let repo = TestRepo::new();
    for n in 0..150 {
        let word = if n % 3 == 0 { "kept_word" } else { "other" };
        repo.write(&format!("f{n:03}.txt"), format!("{word}\nwanted {n}\n"));
    }
    repo.write("f000b.txt", b"kept_word \xff\xf0\x9f\x98 wanted\n".as_slice());
    repo.commit("first");
    repo.branch("topic").write("g.txt", "wanted\n").commit("second");
    let options = SearchOptions { limit_per_needle: 70, ..SearchOptions::default() };
    let places = |snapshot: &Snapshot| -> Vec<(String, u32, u32)> {
        let hits = snapshot.search(&["wanted"], &options).expect("hits");
        assert!(hits.cut);
        hits.iter().map(|hit| (hit.path.to_string(), hit.line, hit.column)).collect()
    };
    let (_, untouched) = view(&repo, "HEAD");
    let expected = places(&untouched);
    assert!(expected.contains(&("f000b.txt".to_owned(), 1, 16)), "{expected:?}");
    let (_, snapshot) = view(&repo, "HEAD");
    assert_eq!(snapshot.search(&["kept_word"], &options).expect("hits").len(), 51);
    for path in ["f000b.txt", "f001.txt", "f149.txt"] {
        assert!(snapshot.text(Side::Head, &RepoPath::new(path)).is_some());
    }
    assert_eq!(places(&snapshot), expected);
    assert_eq!(places(&snapshot), expected);
}
