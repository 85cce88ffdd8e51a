//! Agents as a user meets them, without any: listing, adding, planning, prompts. Programs are shell scripts here.

#![cfg(unix)]

mod common;

use std::os::unix::fs::PermissionsExt as _;

use common::{json, reviewer, session};
use serde_json::Value;
use test_kit::TestSession;

/// Puts a program of that name on the search path, before everything else, and returns the path.
fn program(session: &TestSession, name: &str, script: &str) -> String {
    let path = session.beside(&format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    format!("{}:/usr/local/bin:/usr/bin:/bin", path.parent().expect("a folder").display())
}

fn adapter(session: &TestSession, name: &str, more: &str) {
    let text = format!(
        "title = \"Test agent\"\n[detect]\nprograms = [\"{name}\"]\nversion = '^test-agent (\\S+)'\n{more}\n\
         [run]\nargs = []\n[isolation]\nread_only = \"not confined\"\n"
    );
    let path = session.home().join(format!(".config/deep-review/agents/{name}.toml"));
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("an adapter");
}

const SPEAKS: &str = "if [ \"$1\" = --version ]; then echo test-agent 1.0; exit; fi\n\
    canary=$(sed -n 's/^ *\\(dr-canary .*\\)$/\\1/p')\n\
    printf '%s\\n\\n## Findings\\n\\nNo issues found.\\n\\nReviewed src/store.rs.\\n\\n<!-- end of review -->\\n' \"$canary\"";

fn run(session: &TestSession, search: &str, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = session.command(words);
    let output = command.env("PATH", search).env("DEEP_REVIEW_DETECT", "true").output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn an_agent_of_ones_own_joins_when_it_is_found_and_its_end_mark_is_no_text_of_the_review() {
    let session = session();
    adapter(&session, "testy", "");
    let search = program(&session, "testy", SPEAKS);
    let (code, stdout, stderr) = run(&session, &search, &["--json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    let row = reviewer(&report, "testy");
    assert_eq!((code, row["state"].as_str()), (Some(0), Some("finished")), "{row:#}");
    assert_eq!(row["receipt"]["canary"], "echoed");
    assert!(row["notes"].to_string().contains("Test agent 1.0"), "{row:#}");
    let (_, listed, _) = run(&session, &search, &["reviewers", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("rows");
    let row = listed.as_array().unwrap().iter().find(|row| row["name"] == "testy").expect("a row");
    assert_eq!((row["state"].as_str(), row["agent"]["version"].as_str()), (Some("ready"), Some("1.0")));
}

#[test]
fn an_answer_without_its_proof_is_no_review() {
    let session = session();
    adapter(&session, "testy", "");
    let search = program(&session, "testy", &SPEAKS.replace("<!-- end of review -->", ""));
    let (code, stdout, _) = run(&session, &search, &["--json", "--reviewer", "testy"]);
    let report: Value = serde_json::from_str(&stdout).expect("a report");
    let row = reviewer(&report, "testy");
    assert_eq!((code, row["ending"].as_str()), (Some(3), Some("truncated")), "{row:#}");
    assert_eq!(row["failure"]["class"], "incomplete");
}

#[test]
fn an_agent_that_is_not_signed_in_is_told_and_not_asked_unless_it_is_named() {
    let session = session();
    adapter(&session, "testy", "[[auth]]\nname = \"`TESTY_KEY`\"\nenv = [\"TESTY_KEY\"]");
    let search = program(&session, "testy", SPEAKS);
    let (code, stdout, stderr) = run(&session, &search, &["--json"]);
    let report: Value = serde_json::from_str(&stdout).expect("a report");
    assert_eq!((code, report["reviewers"].as_array().unwrap().len()), (Some(0), 1), "{report:#}");
    assert!(stderr.contains("testy was not asked: not signed in: found neither `TESTY_KEY`"), "{stderr}");
    let (code, stdout, _) = run(&session, &search, &["--json", "--reviewer", "testy"]);
    let report: Value = serde_json::from_str(&stdout).expect("a report");
    let row = reviewer(&report, "testy");
    assert_eq!(
        (code, row["ending"].as_str(), row["failure"]["class"].as_str()),
        (Some(3), Some("not-started"), Some("auth"))
    );
}

#[test]
fn another_program_of_the_same_name_is_not_taken_for_the_agent() {
    let session = session();
    adapter(&session, "testy", "");
    let search = program(&session, "testy", "echo some-other-tool 7");
    let (code, _, stderr) = run(&session, &search, &[]);
    assert_eq!(code, Some(0));
    assert!(stderr.contains("another program of that name"), "{stderr}");
}

#[test]
fn a_reviewer_is_added_once_and_what_cannot_be_loaded_is_not_written() {
    let session = session();
    let config = session.home().join(".config/deep-review/config.toml");
    session.run(&["reviewers", "add", "claude", "--model", "opus"]).expect(0);
    session.run(&["reviewers", "add", "mine", "--", "my reviewer", "{diff_file}"]).expect(0);
    let text = std::fs::read_to_string(&config).expect("a configuration");
    assert!(text.contains("[reviewers.claude]\nmodel = \"opus\"\n"), "{text}");
    assert!(text.contains("command = [\"my reviewer\", \"{diff_file}\"]\nstdin = \"prompt\"\n"), "{text}");
    for words in [
        &["reviewers", "add", "claude"][..],
        &["reviewers", "add", "cloude"],
        &["reviewers", "add", "a/b", "--", "x"],
        &["reviewers", "add", "other", "--", "x", "{promt_file}"],
    ] {
        session.run(words).expect(2);
    }
    assert_eq!(std::fs::read_to_string(&config).expect("a configuration"), text, "nothing was changed");
    let listed = json(&session.run(&["reviewers", "--json"]).expect(0));
    let names: Vec<&str> = listed.as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
    assert!(names.contains(&"claude") && names.contains(&"mine"), "{names:?}");
}

#[test]
fn a_dry_run_shows_the_plan_and_the_prompt_and_asks_nobody() {
    let session = session();
    adapter(&session, "testy", "");
    let witness = session.repo.scratch().join("asked");
    let script =
        format!("if [ \"$1\" = --version ]; then echo test-agent 1.0; exit; fi\ntouch {}", witness.display());
    let search = program(&session, "testy", &script);
    let own = session.home().join(".config/deep-review/prompts/testy.md");
    std::fs::create_dir_all(own.parent().expect("a parent")).expect("a folder");
    std::fs::write(&own, "My own words. {{ canary }}").expect("a prompt");
    let (code, stdout, _) = run(&session, &search, &["run", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_str(&stdout).expect("a plan");
    assert_eq!((code, plan["reviewers"].as_array().unwrap().len()), (Some(0), 2), "{plan:#}");
    let row = &plan["reviewers"][1];
    assert_eq!(
        (row["name"].as_str(), row["ready"].as_bool(), &row["usd"]),
        (Some("testy"), Some(true), &Value::Null)
    );
    assert!(row["prompt"].as_str().unwrap().starts_with("My own words. dr-canary"), "{row:#}");
    assert!(!witness.exists(), "somebody was asked");
    assert_eq!(session.run(&["log", "--json"]).stdout.matches("\"id\"").count(), 0, "a run was recorded");
}

#[test]
fn prompts_and_adapters_can_be_read() {
    let session = session();
    assert!(session.run(&["reviewers", "prompt"]).expect(0).stdout.contains("{{ canary }}"));
    assert!(session.run(&["reviewers", "adapter", "claude"]).expect(0).stdout.contains("--restricted"));
    let ran = session.run(&["reviewers", "adapter", "cluade"]).expect(2);
    assert!(ran.stderr.contains("claude"), "{}", ran.stderr);
}

/// An agent with events, described in the configuration itself. Returns the search path with a program for it.
fn telling(session: &TestSession, budget: &str, script: &str) -> String {
    let table = "[agents.spender]\ntitle = \"Spender\"\n[agents.spender.detect]\nprograms = [\"spender\"]\n\
        version = '^spender (\\S+)'\n[agents.spender.run]\nargs = []\n[agents.spender.isolation]\nread_only = \"it only counts\"\n\
        [agents.spender.stream]\nformat = \"events\"\nproof = \"event\"\n\
        [[agents.spender.stream.rule]]\nwhen = { type = \"turn\" }\nrequest = \"id\"\ntokens_in = [\"in\"]\ntokens_out = [\"out\"]\n\
        [[agents.spender.stream.rule]]\nwhen = { type = \"done\" }\nanswer = \"text\"\ntokens_in = [\"in\"]\ntokens_out = [\"out\"]\n\
        complete = true\n";
    let config = session.home().join(".config/deep-review/config.toml");
    std::fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
    std::fs::write(config, format!("{table}{budget}")).expect("a configuration");
    let version = "if [ \"$1\" = --version ]; then echo spender 1.0; exit; fi";
    program(session, "spender", &format!("{version}\n{script}"))
}

/// The end of what such an agent tells.
const DONE: &str =
    "echo '{\"type\":\"done\",\"text\":\"No issues found in src/store.rs.\",\"in\":1180,\"out\":20}'";

/// An agent that tells what each of its requests took.
fn spender(session: &TestSession, budget: &str) -> String {
    let turn = |id: u32, pause: &str| {
        format!("echo '{{\"type\":\"turn\",\"id\":\"{id}\",\"in\":590,\"out\":10}}'; sleep {pause};")
    };
    telling(session, budget, &format!("{} {} {DONE}", turn(1, "0.1"), turn(2, "2")))
}

#[test]
fn an_agent_that_runs_on_after_its_result_or_leaves_somebody_behind_has_reviewed_all_the_same() {
    let session = session();
    for script in [format!("{DONE}; sleep 300"), format!("sleep 300 & {DONE}")] {
        let search = telling(&session, "", &script);
        let begun = std::time::Instant::now();
        let (code, stdout, _) = run(&session, &search, &["--json", "--reviewer", "spender"]);
        let report: Value = serde_json::from_str(&stdout).expect("a report");
        let row = reviewer(&report, "spender");
        assert_eq!((code, row["state"].as_str()), (Some(0), Some("finished")), "{script}: {row:#}");
        assert_eq!((&row["ending"], &row["tree_gone"]), (&"leaky".into(), &true.into()), "{script}: {row:#}");
        assert!(begun.elapsed() < std::time::Duration::from_mins(1), "{script}");
    }
}

#[test]
fn an_agent_described_in_the_configuration_is_asked_and_its_tokens_are_counted_once() {
    let session = session();
    let search = spender(&session, "[budget.run]\ntokens = 1200\n[budget.day]\ntokens = 1800\n");
    let (code, stdout, stderr) = run(&session, &search, &["--json", "--reviewer", "spender"]);
    let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    let row = reviewer(&report, "spender");
    assert_eq!((code, row["state"].as_str()), (Some(0), Some("finished")), "{row:#}");
    assert_eq!(
        (&row["tokens"]["in"], &row["usd"]),
        (&1180.into(), &Value::Null),
        "an unknown cost is not zero"
    );
    // What the first run took counts for the day: the second one may take 600 more, and is ended when it takes 1200.
    let (code, stdout, _) = run(&session, &search, &["--json", "--reviewer", "spender"]);
    let report: Value = serde_json::from_str(&stdout).expect("a report");
    let row = reviewer(&report, "spender");
    assert_eq!((code, row["ending"].as_str()), (Some(5), Some("cancelled")), "{row:#}");
    assert_eq!(row["error"], "the budget of a day is used up: 2400 of 1800 tokens", "{row:#}");
}

#[test]
fn an_agent_that_runs_over_a_budget_is_ended_in_the_middle_of_its_work() {
    let session = session();
    for (budget, error) in [
        ("[budget.run]\ntokens = 1000\n", "the budget of a run is used up: 1200 of 1000 tokens"),
        ("[budget.reviewer]\ncalls = 1\n", "the budget of a reviewer is used up: 2 of 1 calls"),
    ] {
        let search = spender(&session, budget);
        let (code, stdout, _) = run(&session, &search, &["--json", "--reviewer", "spender"]);
        let report: Value = serde_json::from_str(&stdout).expect("a report");
        let row = reviewer(&report, "spender");
        assert_eq!((code, row["failure"]["class"].as_str()), (Some(5), Some("budget")), "{row:#}");
        assert_eq!((&row["ending"], &row["error"]), (&"cancelled".into(), &error.into()), "{row:#}");
        assert_eq!((&row["tokens"]["in"], &row["tree_gone"]), (&1180.into(), &true.into()), "{row:#}");
        assert_eq!(report["verdict"]["value"], "incomplete");
    }
}

#[test]
fn an_agent_that_a_branch_describes_is_not_started() {
    let session = session();
    let witness = session.repo.scratch().join("started");
    let search = program(&session, "evil", &format!("touch {}", witness.display()));
    session.repo.checkout("main");
    let table = "[agents.evil]\ntitle = \"x\"\n[agents.evil.detect]\nprograms = [\"evil\"]\nversion = '^(.*)$'\n\
        [agents.evil.run]\nargs = []\n[agents.evil.isolation]\nread_only = \"no\"\n[reviewers.evil]\n";
    session.repo.write("deep-review.toml", table).commit("an agent of the repository's");
    session.repo.checkout("topic").git(&["rebase", "-q", "main"]);
    let (_, _, stderr) = run(&session, &search, &["--json"]);
    assert!(stderr.contains("choose which commands run"), "{stderr}");
    assert!(!witness.exists(), "it was started");
}

#[test]
fn what_mends_an_agent_is_said_where_it_is_listed_tried_and_added() {
    let session = session();
    adapter(&session, "testy", "[[auth]]\nname = \"`TESTY_KEY`\"\nenv = [\"TESTY_KEY\"]");
    let search = program(&session, "testy", SPEAKS);
    let hint = "sign in with testy itself, or set its key in the environment";
    let (_, listed, _) = run(&session, &search, &["reviewers", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("rows");
    let row = listed.as_array().unwrap().iter().find(|row| row["name"] == "testy").expect("a row");
    assert_eq!((&row["state"], &row["hint"]), (&"not asked".into(), &hint.into()), "{row:#}");
    let (_, tried, _) = run(&session, &search, &["reviewers", "test", "testy"]);
    assert!(tried.contains(hint), "{tried}");
    let (code, _, said) = run(&session, &search, &["reviewers", "add", "testy"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("not signed in") && said.contains(hint), "{said}");
}
