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
