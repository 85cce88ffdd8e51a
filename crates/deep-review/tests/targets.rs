//! Targets, end to end: what the words on the command line select. The details are tested in `git`.

mod common;

use common::{json, session};
use serde_json::Value;
use test_kit::TestSession;

fn target(session: &TestSession, words: &[&str]) -> Value {
    let words = [&["--json", "--reviewer", "builtin"], words].concat();
    json(&session.run(&words).expect(0))["target"].clone()
}

#[test]
fn every_way_to_name_a_change() {
    let session = session();
    let repo = &session.repo;
    let (main, topic) = (repo.git(&["rev-parse", "main"]), repo.git(&["rev-parse", "topic"]));
    let (main, topic) = (main.trim(), topic.trim());
    for (words, kind, head) in [
        (&["topic"][..], "branch", topic),
        (&["main..topic"], "range", topic),
        (&["main...topic"], "range", topic),
        (&[topic], "commit", topic),
        (&["HEAD"], "commit", topic),
        (&["--base", "main"], "branch", topic),
        (&[main], "commit", main),
    ] {
        let target = target(&session, words);
        assert_eq!(
            (target["kind"].as_str().unwrap(), target["head"].as_str().unwrap()),
            (kind, head),
            "{words:?}"
        );
    }
}

#[test]
fn the_base_branch_itself_means_what_is_not_committed_or_the_last_commit() {
    let session = session();
    session.repo.checkout("main");
    let last = target(&session, &[]);
    assert_eq!(last["kind"], "commit");
    session.repo.write("src/new.rs", "pub fn fresh() {}\n");
    let dirty = target(&session, &[]);
    assert_eq!((dirty["kind"].as_str().unwrap(), dirty["dirty"].as_bool().unwrap()), ("worktree", true));
    assert_eq!(dirty["changed"][0]["path"], "src/new.rs");
    assert_eq!(session.repo.git(&["status", "--porcelain"]), "?? src/new.rs\n", "the index is as it was");
}

#[test]
fn the_index_and_the_working_tree_differ() {
    let session = session();
    session.repo.write("staged.txt", "1\n");
    session.repo.git(&["add", "staged.txt"]);
    session.repo.write("loose.txt", "1\n");
    let paths = |target: &Value| -> Vec<String> {
        let changed = target["changed"].as_array().unwrap().iter();
        changed.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(&target(&session, &["--staged"])), ["staged.txt"]);
    assert_eq!(paths(&target(&session, &["--worktree"])), ["loose.txt", "staged.txt"]);
}

#[test]
fn a_bare_repository_and_a_detached_head_will_do() {
    let session = session();
    let bare = session.repo.scratch().join("bare.git");
    session.repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let target = |words: &[&str]| target(&session, words);
    let of_bare = target(&["-C", bare.to_str().unwrap(), "--base", "main", "topic"]);
    assert_eq!(of_bare["branch"], "topic");
    session.repo.git(&["checkout", "-q", "--detach", "topic"]);
    let detached = target(&[]);
    assert_eq!(detached["branch"], Value::Null);
    assert_eq!(detached["changed"][0]["path"], "src/store.rs");
}

#[test]
fn odd_names_come_through() {
    let session = session();
    let names = ["a b/[1].rs", "quo\"te'.rs", "new\nline.rs", "-dash.rs", "ünï.rs", ":(glob)*.rs"];
    for name in names {
        session.repo.write(name, "pub fn f() {}\n");
    }
    session.repo.commit("Odd names");
    let target = target(&session, &["HEAD"]);
    let changed = target["changed"].as_array().unwrap();
    for name in names {
        assert!(changed.iter().any(|file| file["path"] == name), "{name:?} in {changed:?}");
    }
    let markdown = session.run(&["report"]).expect(0).stdout;
    assert!(!markdown.contains("new\nline.rs"), "a file name may not break lines");
}

#[test]
fn a_head_that_moves_is_said() {
    let session = session();
    let repo = session.repo.path();
    let mover = session.beside(
        "mover.sh",
        format!(
            "#!/bin/sh\ngit -C {:?} -c user.name=a -c user.email=a@b commit -q --allow-empty -m moved\n\
             printf '## Findings\\n\\nNo issues found in src/store.rs.\\n'\n",
            repo.to_str().unwrap()
        ),
    );
    let config = format!("[reviewers.mover]\ncommand = [\"sh\", {:?}]\n", mover.to_str().unwrap());
    let config = session.beside("c.toml", config);
    let ran = session.run(&["--json", "--config", config.to_str().unwrap(), "--reviewer", "mover"]);
    let report = json(&ran);
    let notes = report["notes"].to_string();
    assert!(notes.contains("topic") && notes.contains("moved"), "{notes}");
}
