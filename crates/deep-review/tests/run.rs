//! `run`, end to end: built-in reviewers, command reviewers, what is written, what is printed.

mod common;

use common::{JSON_REVIEW, MARKDOWN_REVIEW, findings_of, json, reviewer, saying, session};

#[test]
fn a_fresh_machine_gets_a_useful_review() {
    let session = session();
    let ran = session.run(&[]).expect(0);
    assert!(ran.stdout.contains("load_records"), "{}", ran.stdout);
    assert!(ran.stdout.contains("src/main.rs:4"), "{}", ran.stdout);
    assert!(ran.stdout.contains("no semantic review"), "{}", ran.stdout);
    let report = json(&session.run(&["--json"]).expect(0));
    assert_eq!(report["schema"], "deep-review/report/v1");
    assert_eq!(report["invariants"]["dispositions_balance"], true);
    assert_eq!(report["target"]["branch"], "topic");
    assert_eq!(report["series"]["round"], 2);
    assert_eq!(reviewer(&report, "builtin")["state"], "finished");
    let text = report.to_string();
    assert!(
        !text.contains(session.repo.scratch().to_str().unwrap()),
        "a path of this machine stands in the report"
    );
}

#[test]
fn two_tellings_of_one_defect_become_one_finding_that_credits_both() {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    saying(&session, "bob", JSON_REVIEW);
    let ran = session.run(&["--json", "--reviewer", "ada", "--reviewer", "bob"]).expect(0);
    let report = json(&ran);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!(finding["agreement"], 2);
    assert_eq!(finding["severity"], "important");
    assert_eq!(finding["origin"]["value"], "introduced", "{finding:#}");
    assert_eq!(finding["lane"], "confirmed");
    assert!(
        finding["locations"].as_array().unwrap().iter().any(|place| place["repaired"].is_object()),
        "{finding:#}"
    );
    assert_eq!(report["verdict"]["value"], "merge-with-fixes");
    assert_eq!(report["verdict"]["blocking"][0], finding["id"]);
    assert_eq!(report["dispositions"].as_array().unwrap().len(), 2);
    assert_eq!(report["run"]["complete"], true);
}

#[test]
fn the_gate_fails_only_where_it_is_asked_for() {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    let only = ["--reviewer", "ada"];
    session.run(&only).expect(0);
    session.run(&[&["run", "--fail-on", "important"], &only[..]].concat()).expect(1);
    session.run(&[&["run", "--fail-on", "critical"], &only[..]].concat()).expect(0);
    session.run(&[&["ci"], &only[..]].concat()).expect(1);
}

#[test]
fn out_receives_every_form() {
    let session = session();
    let out = session.repo.scratch().join("out");
    session.run(&["--reviewer", "builtin", "--out", out.to_str().unwrap()]).expect(0);
    for name in ["report.json", "report.md", "report.html", "report.sarif"] {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        assert!(text.contains("load_records"), "{name}");
        assert!(
            !text.contains(session.repo.scratch().to_str().unwrap()),
            "{name} names a path of this machine"
        );
    }
}

#[test]
fn an_empty_change_is_an_error_that_says_what_was_compared() {
    let session = session();
    session.repo.checkout("main").branch("same");
    let ran = session.run(&[]).expect(2);
    assert!(ran.stderr.contains("same") && ran.stderr.contains("main"), "{}", ran.stderr);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
}

#[test]
fn targets_that_are_not_there_are_told_apart() {
    let session = session();
    session.run(&["no-such-branch"]).expect(2);
    session.run(&["--base", "no-such-base"]).expect(4);
    let ran = session.run(&["--reviewer", "nobody"]).expect(2);
    assert!(ran.stderr.contains("nobody"), "{}", ran.stderr);
    let outside = session.repo.scratch().to_str().unwrap().to_owned();
    session.run(&["-C", &outside]).expect(4);
}

#[test]
fn a_required_sandbox_is_no_hindrance_where_no_program_is_started() {
    let session = session();
    session.run(&["--sandbox", "require", "--reviewer", "builtin"]).expect(0);
}

#[test]
fn the_reviewed_branch_cannot_name_a_command() {
    let session = session();
    let witness = session.repo.scratch().join("witness");
    let evil = format!("[reviewers.evil]\ncommand = [\"touch\", {:?}]\n", witness.to_str().unwrap());
    session.repo.checkout("main").write("deep-review.toml", &evil).commit("A configuration");
    session.repo.branch("hostile").write("src/new.rs", "pub fn f() {}\n").write("deep-review.toml", &evil);
    session.repo.commit("More");
    let ran = session.run(&[]);
    assert!(!witness.exists(), "the branch's command ran");
    assert!(ran.stderr.contains("reviewers.evil.command"), "{}", ran.stderr);
}

#[test]
fn a_reviewer_gets_its_own_checkout_the_diff_and_the_prompt() {
    let session = session();
    let reader = session.beside(
        "reader.sh",
        "#!/bin/sh\nset -e\ngrep -q 'load_first_records' \"$2\"\ngrep -q 'dr-canary' \"$1\"\n\
         grep -q load_first_records src/store.rs\ngit log -1 --format=%s | grep -q 'Read records'\n\
         sed -n 's/^ *\\(dr-canary .*\\)$/\\1/p' \"$1\" > canary\n\
         printf '%s\\n\\n## Findings\\n\\nNo issues found.\\n\\nReviewed src/store.rs.\\n' \"$(cat canary)\" > \"$3\"\nrm canary\n",
    );
    let config = format!(
        "[reviewers.reader]\ncommand = [\"sh\", {:?}, \"{{prompt_file}}\", \"{{diff_file}}\", \"{{output_file}}\"]\noutput = \"file\"\n",
        reader.to_str().unwrap()
    );
    let config = session.beside("config.toml", config);
    let ran = session.run(&["--json", "--config", config.to_str().unwrap(), "--reviewer", "reader"]);
    let report = json(&ran);
    let row = reviewer(&report, "reader");
    assert_eq!(row["state"], "finished", "{row:#}\n{}", ran.stderr);
    assert_eq!(row["receipt"]["canary"], "echoed");
    assert_eq!(row["receipt"]["files_shown"], 1);
    assert_eq!(row["notes"], serde_json::json!([]), "{row:#}");
    assert!(findings_of(&report, "reader").is_empty());
    assert_eq!(report["verdict"]["value"], "merge-as-is", "{:#}", report["verdict"]);
}

#[test]
fn a_verdict_needs_its_quorum() {
    let session = session();
    saying(&session, "ada", MARKDOWN_REVIEW);
    common::scripted(&session, "bob", "exit 3\n", "");
    let ran = session.run(&["--json", "--reviewer", "ada", "--reviewer", "bob"]).expect(3);
    let report = json(&ran);
    assert_eq!(report["verdict"]["value"], "incomplete");
    assert_eq!(report["run"]["complete"], false);
    assert!(report["verdict"]["reason"].as_str().unwrap().contains("bob"), "{:#}", report["verdict"]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    session.run(&["--quorum", "1", "--reviewer", "ada", "--reviewer", "bob"]).expect(0);
}
