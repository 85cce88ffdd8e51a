//! Agents that speak the Agent Client Protocol, end to end: what they say is a review, whatever else they try is refused, and
//! however they misbehave their ending has a name.

mod common;

use common::{JSON_REVIEW, findings_of, json, reviewer, run_folders, session};
use serde_json::Value;
use test_kit::TestSession;

/// Adds a reviewer behind `acp` that plays a script. `REVIEW` stands for a file with a review that carries the canary.
fn acp(session: &TestSession, script: &str, keys: &str) {
    let text = JSON_REVIEW.replacen('{', "{\n  \"canary\": \"{canary}\",", 1);
    let review = session.beside("reviews/ada", &text);
    let script = script.replace("REVIEW", review.to_str().expect("UTF-8"));
    let file = session.beside("scripts/ada.txt", script);
    let table = format!(
        "[reviewers.ada]\nacp = [{:?}, \"--script\", {:?}]\nretries = 0\n{keys}\n",
        test_kit::fake_acp_path().to_str().expect("UTF-8"),
        file.to_str().expect("UTF-8"),
    );
    let config = session.repo.path().join(".git/deep-review/config.toml");
    std::fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
    std::fs::write(config, table).expect("a configuration");
}

fn run(session: &TestSession, code: i32) -> Value {
    json(&session.run(&["run", "--json", "--reviewer", "ada"]).expect(code))
}

fn notes(row: &Value) -> String {
    row["notes"].as_array().expect("notes").iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_it_says_is_a_review_with_everything_that_is_known_of_it() {
    let session = session();
    let script = "tool read the diff\nread $cwd/src/store.rs\nusage 120 30\ncost 0.25\ntool search truncate\nsay REVIEW\n";
    acp(&session, script, "");
    let report = run(&session, 0);
    let row = reviewer(&report, "ada");
    assert_eq!(
        (&row["state"], &row["ending"], &row["kind"]),
        (&"finished".into(), &"finished".into(), &"agent".into()),
        "{row:#}"
    );
    assert_eq!(
        (&row["receipt"]["canary"], &row["receipt"]["files_shown"]),
        (&"echoed".into(), &1.into()),
        "{row:#}"
    );
    assert_eq!(
        (&row["tokens"]["in"], &row["tokens"]["out"], &row["usd"]),
        (&120.into(), &30.into(), &0.25.into())
    );
    assert_eq!(row["tree_gone"], cfg!(target_os = "linux"));
    assert_eq!(findings_of(&report, "ada").len(), 1);
    let notes = notes(row);
    assert!(notes.contains("fake-acp 1.2.3") && notes.contains("read 1, search 1"), "{notes}");
    assert!(
        notes.contains("files read through deep-review: 1") && !notes.contains("changed its checkout"),
        "{notes}"
    );
    let stream =
        std::fs::read_to_string(run_folders(&session)[0].join("raw/ada/stream.ndjson")).expect("a stream");
    assert!(stream.contains("session/update"), "{stream}");
    let listed = json(&session.run(&["reviewers", "--json"]).expect(0));
    let listed = listed.as_array().unwrap().iter().find(|row| row["name"] == "ada").expect("a row");
    assert!(listed["command"].as_str().unwrap().contains("over ACP"), "{listed:#}");
}

#[test]
fn it_may_read_its_checkout_and_nothing_else() {
    let session = session();
    let script = "permission read $cwd/src/store.rs\npermission read /etc/passwd\npermission edit $cwd/src/store.rs\n\
        permission execute .\nwrite $cwd/src/store.rs\nread /etc/passwd\nread $cwd/../secret\ncall terminal/create\nsay REVIEW\n";
    acp(&session, script, "");
    let report = run(&session, 0);
    let row = reviewer(&report, "ada");
    let notes = notes(row);
    for refused in
        ["read “read a file”", "edit “edit a file”", "execute “execute a file”", "write of “store.rs”"]
    {
        assert!(notes.contains(refused), "{refused}: {notes}");
    }
    assert!(
        !notes.contains("changed its checkout") && !notes.contains("read through deep-review"),
        "{notes}"
    );
    let folder = run_folders(&session)[0].join("raw/ada");
    let stream = std::fs::read_to_string(folder.join("stream.ndjson")).expect("a stream");
    let said = |text: &str| stream.matches(text).count();
    assert_eq!((said("permission: yes"), said("permission: no")), (1, 3), "{stream}");
    assert_eq!(
        (said("outside of the checkout"), said("writing is refused"), said("call: -32601")),
        (2, 1, 1),
        "{stream}"
    );
}

#[test]
fn what_it_does_without_asking_is_told() {
    let session = session();
    acp(&session, "edit src/store.rs\nsay REVIEW\n", "");
    let report = run(&session, 0);
    let notes = notes(reviewer(&report, "ada"));
    assert!(notes.contains("it changed its checkout: src/store.rs"), "{notes}");
}

#[test]
fn noise_between_its_messages_does_no_harm() {
    let session = session();
    acp(
        &session,
        "print npm warn deprecated\nprint {\"jsonrpc\": \"2.0\", \"id\":\nprint [3]\nsay REVIEW\n",
        "",
    );
    let report = run(&session, 0);
    let row = reviewer(&report, "ada");
    assert_eq!(row["state"], "finished", "{row:#}");
    assert!(notes(row).contains("npm warn deprecated"), "{row:#}");
}

#[test]
fn every_way_to_fail_has_its_name() {
    let quick = "silence = \"2s\"";
    let cases = [
        ("initialize silent\n", quick, "stalled", None, "it wrote nothing for 2s"),
        ("say-half REVIEW\nsleep 60s\n", quick, "stalled", None, "it wrote nothing"),
        ("print-error busy\nsleep 60s\n", "timeout = \"2s\"", "timed-out", None, "its limit of 2s"),
        (
            "say-half REVIEW\nexit 3\n",
            "",
            "failed",
            Some("crash"),
            "exited with code 3 before it had answered `session/prompt`",
        ),
        ("say-half REVIEW\nexit 0\n", "", "truncated", Some("incomplete"), "ended before it had answered"),
        ("exit 0\n", "", "empty", Some("incomplete"), "ended before it had answered"),
        ("print-error Error: 429 Too Many Requests\nexit 1\n", "", "failed", Some("rate-limit"), "429"),
        ("# nothing\n", "", "empty", Some("incomplete"), "its answer is empty"),
        ("say REVIEW\nstop max_tokens\n", "", "truncated", Some("incomplete"), "max_tokens"),
        ("say REVIEW\nstop refusal\n", "", "unable-to-review", Some("incomplete"), "declined"),
        ("initialize version 9\n", "", "failed", Some("configuration"), "version 9"),
        ("initialize error no such method\n", "", "failed", Some("configuration"), "`initialize`"),
        (
            "session error -32000 Authentication required\n",
            "",
            "failed",
            Some("auth"),
            "Authentication required",
        ),
        ("session nameless\n", "", "failed", Some("configuration"), "without a name"),
        ("prompt-error -32603 quota exceeded\n", "", "failed", Some("quota"), "quota exceeded"),
    ];
    for (script, keys, ending, class, says) in cases {
        let session = session();
        acp(&session, script, keys);
        let report = run(&session, 3);
        let row = reviewer(&report, "ada");
        assert_eq!(
            (row["ending"].as_str(), row["failure"]["class"].as_str()),
            (Some(ending), class),
            "{script}: {row:#}"
        );
        assert!(row["error"].as_str().unwrap_or_default().contains(says), "{script}: {row:#}");
        assert_eq!(report["verdict"]["value"], "incomplete", "{script}");
    }
}

#[test]
fn a_crash_is_a_failure_and_a_server_that_stays_is_ended() {
    let session = session();
    acp(&session, "say-half REVIEW\ncrash\n", "");
    let report = run(&session, 3);
    let row = reviewer(&report, "ada");
    assert_eq!((&row["ending"], &row["failure"]["class"]), (&"failed".into(), &"crash".into()), "{row:#}");
    acp(&session, "say REVIEW\nstay 60s\n", "");
    let report = run(&session, 0);
    let row = reviewer(&report, "ada");
    assert_eq!((&row["state"], &row["ending"]), (&"finished".into(), &"leaky".into()), "{row:#}");
}

#[test]
fn who_asks_and_never_listens_is_ended() {
    let session = session();
    session.repo.checkout("main").write("big.txt", "0123456789abcdef".repeat(1 << 16)).commit("A large file");
    session.repo.checkout("topic");
    session.repo.write("big.txt", "0123456789abcdef".repeat(1 << 16)).commit("And here");
    acp(&session, "ask-without-reading 100 $cwd/big.txt\n", "");
    let report = run(&session, 3);
    let row = reviewer(&report, "ada");
    assert_eq!(row["ending"], "failed", "{row:#}");
    assert_eq!(row["tree_gone"], cfg!(target_os = "linux"), "{row:#}");
}

#[test]
fn the_model_is_chosen_where_the_agent_offers_a_choice_and_nothing_else_is_settled_for() {
    let choices = [
        ("options small large", "model = \"large\"\neffort = \"high\"", 2),
        ("options small large", "model = \"large\"", 1),
        ("models small large", "model = \"large\"", 1),
        ("options large", "model = \"large\"\neffort = \"low\"", 1),
    ];
    for (offer, keys, asked) in choices {
        let session = session();
        acp(&session, &format!("{offer}\nsay REVIEW\n"), keys);
        let report = run(&session, 0);
        let row = reviewer(&report, "ada");
        assert_eq!(row["model"], "large", "{offer}: {row:#}");
        let stream =
            std::fs::read_to_string(run_folders(&session)[0].join("raw/ada/stream.ndjson")).expect("one");
        // The introduction and the session come before, the answered prompt after.
        let answers = stream.lines().filter(|line| line.contains("\"result\"")).count();
        assert_eq!(answers, 3 + asked, "{offer} {keys}: {stream}");
    }
    for (offer, keys, says) in [
        ("options small large", "model = \"huge\"", "no model `huge`, but `small`, `large`"),
        ("models small", "effort = \"high\"", "no choice of effort"),
        ("# nothing", "model = \"large\"", "no choice of model"),
    ] {
        let session = session();
        acp(&session, &format!("{offer}\nsay REVIEW\n"), keys);
        let report = run(&session, 3);
        let row = reviewer(&report, "ada");
        assert_eq!(row["failure"]["class"], "configuration", "{row:#}");
        assert!(row["error"].as_str().unwrap_or_default().contains(says), "{row:#}");
    }
}

#[test]
fn a_reviewer_is_one_thing_or_the_other() {
    let session = session();
    for keys in ["command = [\"x\"]", "agent = \"claude\"", "output = \"file\""] {
        acp(&session, "say REVIEW\n", keys);
        session.run(&["run", "--reviewer", "ada"]).expect(2);
    }
}

#[test]
fn the_repository_does_not_choose_what_is_started() {
    let session = session();
    let witness = session.repo.scratch().join("witness");
    let evil = format!("[reviewers.eve]\nacp = [\"touch\", {:?}]\n", witness.to_str().expect("UTF-8"));
    session.repo.checkout("main").write("deep-review.toml", &evil).commit("A configuration");
    session.repo.branch("hostile").write("src/new.rs", "pub fn f() {}\n").commit("A change");
    let ran = session.run(&["run", "--reviewer", "eve"]);
    assert!(ran.code != 0 && !witness.exists(), "{}", ran.stderr);
}
