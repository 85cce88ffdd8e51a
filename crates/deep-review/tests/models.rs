//! Models over HTTP, end to end: asked, listed, held to budgets, kept from what the repository would like.

mod common;

use std::path::Path;

use common::{json, reviewer, scripted};
use serde_json::Value;
use test_kit::fake_model::{CALC_AFTER, CALC_BEFORE, CALC_PATH, TITLE, USAGE};
use test_kit::{FakeModel, Ran, TestSession};

/// A session in the repository that the fake model's review is about, on the branch that breaks it.
fn session() -> TestSession {
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let repo = &session.repo;
    repo.write(CALC_PATH, CALC_BEFORE).write("README.md", "# calc\n").commit("calc");
    repo.branch("feature").write(CALC_PATH, CALC_AFTER).commit("mean: add up first");
    session
}

/// Appends to the user's local configuration.
fn configure(session: &TestSession, text: &str) {
    let config = session.repo.path().join(".git/deep-review/config.toml");
    std::fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
    let before = std::fs::read_to_string(&config).unwrap_or_default();
    std::fs::write(&config, format!("{before}{text}\n")).expect("a written configuration");
}

fn model(session: &TestSession, name: &str, api: &str, url: &str, keys: &str) {
    let table = format!(
        "[reviewers.{name}]\napi = \"{api}\"\nurl = \"{url}\"\nmodel = \"fake-1\"\nretry_wait = \"10ms\"\n{keys}\n"
    );
    configure(session, &table);
}

fn run(session: &TestSession, names: &[&str], code: i32) -> (Value, Ran) {
    let named = names.iter().flat_map(|name| ["--reviewer", name]);
    let words: Vec<&str> = ["run", "--json"].into_iter().chain(named).collect();
    let ran = session.run(&words).expect(code);
    (json(&ran), ran)
}

/// Every byte below a folder, as text.
fn everything_below(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .map(|path| {
            let bytes = || String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
            if path.is_dir() { everything_below(&path) } else { bytes() }
        })
        .collect()
}

#[test]
fn three_vendors_without_a_key_make_one_report() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    for (name, api, scenario) in
        [("one", "openai", "ok"), ("two", "anthropic", "ok-markdown"), ("three", "gemini", "ok-two-calls")]
    {
        model(&session, name, api, &server.url(scenario), "");
    }
    let (report, _) = run(&session, &["one", "two", "three"], 0);
    for name in ["one", "two", "three"] {
        let row = reviewer(&report, name);
        assert_eq!(
            (&row["kind"], &row["state"], &row["model"]),
            (&"model".into(), &"finished".into(), &"fake-1".into()),
            "{row:#}"
        );
        assert_eq!(
            (&row["receipt"]["canary"], &row["receipt"]["files_shown"]),
            (&"echoed".into(), &1.into()),
            "{row:#}"
        );
        assert_eq!(
            (&row["usd"], &row["tokens"]["out"]),
            (&Value::Null, &(2 * USAGE.output).into()),
            "{row:#}"
        );
    }
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1), "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["title"], &finding["agreement"], &finding["lane"]),
        (&TITLE.into(), &3.into(), &"confirmed".into())
    );
    assert_eq!(report["verdict"]["value"], "merge-with-fixes");
    assert_eq!(report["invariants"]["dispositions_balance"], true);
}

#[test]
fn a_refused_key_is_a_failure_with_a_class_and_never_a_clean_review() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    model(&session, "local", "anthropic", &server.url("auth"), "");
    let (report, _) = run(&session, &["local"], 3);
    let row = reviewer(&report, "local");
    assert_eq!((&row["state"], &row["ending"]), (&"failed".into(), &"unable-to-review".into()));
    assert_eq!(row["failure"]["class"], "auth");
    assert_eq!(row["error"], "auth: HTTP 401: invalid x-api-key");
    assert_eq!(report["verdict"]["value"], "incomplete");
    assert_eq!(server.asked("auth").len(), 1, "asking again does not help");
}

#[test]
fn a_server_that_fails_for_a_while_is_asked_again() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    model(&session, "local", "openai", &server.url("flaky-server"), "");
    let (report, _) = run(&session, &["local"], 0);
    let row = reviewer(&report, "local");
    assert_eq!((&row["state"], &row["attempts"]), (&"finished".into(), &3.into()), "{row:#}");
    assert_eq!(row["tokens"]["out"], 2 * USAGE.output, "refused requests read and wrote nothing");
}

#[test]
fn a_key_and_an_address_stand_nowhere() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    let url = server.url("ok").replace("http://", "http://user:pass-in-url@");
    model(&session, "local", "openai", &format!("{url}?token=query-secret"), "key_env = \"MY_KEY\"");
    let mut command = session.command(&["run", "--reviewer", "local", "--progress", "json"]);
    let output = command.env("MY_KEY", "sk-very-secret-value").output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.asked("ok")[0].headers["authorization"], "<27 characters>");
    let printed =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let listed = session.run(&["reviewers", "list"]).expect(0);
    let runs = everything_below(&session.repo.path().join(".git/deep-review/runs"));
    for secret in ["sk-very-secret-value", "pass-in-url", "query-secret", "/s/ok"] {
        for (what, text) in [("printed", &printed), ("listed", &listed.stdout), ("recorded", &runs)] {
            assert!(!text.contains(secret), "{secret} was {what}");
        }
    }
    assert!(listed.stdout.contains("the variable `MY_KEY` with its key is not set"), "{}", listed.stdout);
}

#[test]
fn the_list_shows_models_with_their_server() {
    let session = session();
    model(&session, "local", "openai", "http://127.0.0.1:11434/v1", "");
    let rows: Value =
        serde_json::from_str(&session.run(&["reviewers", "list", "--json"]).expect(0).stdout).expect("JSON");
    let row = rows.as_array().expect("rows").iter().find(|row| row["name"] == "local").expect("a row");
    assert_eq!((&row["kind"], &row["state"]), (&"model".into(), &"ready".into()));
    assert_eq!(row["command"], "fake-1 at http://127.0.0.1:11434 (no key)");
}

#[test]
fn a_repository_cannot_send_the_users_key_elsewhere() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    let thief = FakeModel::start(session.repo.path());
    session.repo.checkout("main");
    let stolen = format!(
        "[reviewers.local]\nurl = \"{}\"\nkey_env = \"OTHER\"\nrecord = \"/tmp/x\"\n[budget.run]\nusd = 1000\n",
        thief.url("ok")
    );
    session.repo.write("deep-review.toml", stolen).commit("a configuration that wants too much");
    session.repo.checkout("feature").git(&["rebase", "-q", "main"]);
    model(&session, "local", "openai", &server.url("ok"), "");
    let (report, ran) = run(&session, &["local"], 0);
    assert_eq!((server.asked("ok").len(), thief.log().len()), (2, 0));
    assert!(ran.stderr.contains("choose which server is asked"), "{}", ran.stderr);
    assert_eq!(reviewer(&report, "local")["state"], "finished");
}

#[test]
fn a_budget_ends_a_run_with_its_own_exit_code_and_the_day_is_remembered() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    model(&session, "local", "gemini", &server.url("ok"), "");
    configure(&session, "[budget.run]\ncalls = 1\n[budget.day]\ntokens = 2000\n");
    let (report, _) = run(&session, &["local"], 5);
    let row = reviewer(&report, "local");
    assert_eq!(row["failure"]["class"], "budget", "{row:#}");
    assert_eq!(row["error"], "the budget of a run is used up: 1 of 1 calls");
    assert_eq!(server.asked("ok").len(), 1);
    run(&session, &["local"], 5);
    assert_eq!(server.asked("ok").len(), 2, "each run may call once");
    let (report, _) = run(&session, &["local"], 5);
    assert_eq!(server.asked("ok").len(), 2, "the day is used up");
    assert_eq!(reviewer(&report, "local")["error"], "the budget of a day is used up: 2200 of 2000 tokens");
    assert_eq!(reviewer(&report, "local")["ending"], "not-started");
}

#[test]
fn a_budget_of_time_ends_a_command_too() {
    let session = session();
    scripted(&session, "sleeper", "sleep 60s\n", "");
    configure(&session, "[budget.reviewer]\ntime = \"600ms\"\n");
    let (report, _) = run(&session, &["sleeper"], 5);
    let row = reviewer(&report, "sleeper");
    assert_eq!(
        (&row["failure"]["class"], &row["ending"]),
        (&"budget".into(), &"timed-out".into()),
        "{row:#}"
    );
}

#[test]
fn the_cost_stands_in_the_report_where_the_user_knows_the_price() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    model(&session, "local", "openai", &server.url("ok"), "");
    configure(&session, "[prices.\"fake-*\"]\ninput = 10\noutput = 100\n");
    let (report, _) = run(&session, &["local"], 0);
    let usd = reviewer(&report, "local")["usd"].as_f64().expect("a known cost");
    assert!((usd - 0.04).abs() < 1e-9, "{usd}");
}

#[test]
fn a_recorded_run_is_replayed_without_a_server() {
    let session = session();
    let tape = session.repo.scratch().join("tape");
    let server = FakeModel::start(session.repo.path());
    model(
        &session,
        "local",
        "anthropic",
        &server.url("ok"),
        &format!("record = {:?}", tape.display().to_string()),
    );
    let (first, _) = run(&session, &["local"], 0);
    drop(server);
    let config = session.repo.path().join(".git/deep-review/config.toml");
    let text = std::fs::read_to_string(&config).expect("the configuration").replace("record =", "replay =");
    std::fs::write(&config, text).expect("a written configuration");
    let (second, _) = run(&session, &["local"], 0);
    let answer = |report: &Value| {
        let folder = session
            .repo
            .path()
            .join(".git/deep-review/runs")
            .join(report["run"]["id"].as_str().expect("an id"));
        std::fs::read(folder.join("raw/local/review.json")).expect("the answer")
    };
    assert_eq!(answer(&first), answer(&second));
    assert_eq!(first["findings"], second["findings"]);
    assert_eq!(reviewer(&first, "local")["tokens"], reviewer(&second, "local")["tokens"]);
}

#[test]
fn a_dry_run_says_whom_it_would_ask_and_asks_nobody() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    model(&session, "local", "openai", &server.url("ok"), "");
    let ran = session.run(&["run", "--dry-run", "--reviewer", "local"]).expect(0);
    assert!(ran.stdout.contains("fake-1 at http://127.0.0.1:"), "{}", ran.stdout);
    assert!(server.log().is_empty());
}

#[test]
fn a_small_question_tells_whether_a_model_can_be_reached() {
    let session = session();
    let server = FakeModel::start(session.repo.path());
    model(&session, "good", "gemini", &server.url("canary"), "");
    model(&session, "closed", "anthropic", &server.url("auth"), "");
    let ran = session.run(&["reviewers", "test", "good"]).expect(0);
    assert!(ran.stdout.contains("works: the text arrived unaltered"), "{}", ran.stdout);
    let ran = session.run(&["reviewers", "test", "good", "closed", "--json"]).expect(4);
    let rows = json(&ran);
    let of = |name: &str| {
        rows.as_array().and_then(|rows| rows.iter().find(|row| row["name"] == name)).expect("a row").clone()
    };
    assert_eq!((&of("good")["works"], &of("closed")["works"]), (&true.into(), &false.into()), "{rows:#}");
    assert_eq!(of("closed")["failure"]["class"], "auth");
    assert_eq!(server.asked("canary").len(), 2, "one call a question");
}
