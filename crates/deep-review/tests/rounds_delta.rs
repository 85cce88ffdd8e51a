//! Later rounds are shorter: reviewers are given what is new, what uses it and what is open, and the report says what the rest
//! stands on. A branch and its pull request are one series.

mod common;

use std::path::PathBuf;

use common::{configured, json, scripted, session_bare};
use serde_json::{Value, json};
use test_kit::TestSession;

const FILES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

fn before(name: &str) -> String {
    format!("pub fn load_{name}(x: u32) -> u32 {{\n    x + 1\n}}\n")
}

fn after(name: &str) -> String {
    let uses = if name == "delta" { "    crate::gamma::load_gamma(x);\n" } else { "" };
    format!(
        "pub fn load_{name}(x: u32) -> u32 {{\n{uses}    let doubled = x * 2;\n    doubled + 1\n}}\n\npub fn twice_{name}() -> u32 {{\n    \
         load_{name}(3)\n}}\n"
    )
}

fn file(name: &str) -> String {
    format!("src/{name}.rs")
}

/// Four files, all changed on a branch, and two reviewers that keep the diff they are given.
fn session() -> TestSession {
    let session = session_bare();
    for name in FILES {
        session.repo.write(&file(name), before(name));
    }
    session.repo.commit("Base");
    session.repo.branch("topic");
    for name in FILES {
        session.repo.write(&file(name), after(name));
    }
    session.repo.commit("Double");
    for name in ["ada", "bob"] {
        keeping(&session, name);
        says(&session, name, &[], &[]);
    }
    session
}

/// A reviewer that copies the diff it is given to a place beside the repository, and says what stands in a file.
fn keeping(session: &TestSession, name: &str) {
    let review = session.beside(&format!("reviews/{name}"), "{}");
    let script = format!(
        "write-file {} .deep-review/change.diff\nsay {}\n",
        kept(session, name).display(),
        review.display()
    );
    scripted(session, name, &script, "stdin = \"prompt\"");
}

fn kept(session: &TestSession, name: &str) -> PathBuf {
    session.repo.scratch().join(format!("{name}.diff"))
}

fn says(session: &TestSession, name: &str, findings: &[Value], coverage: &[(&str, &str)]) {
    let coverage: Vec<Value> =
        coverage.iter().map(|(path, status)| json!({ "path": path, "status": status })).collect();
    let review = json!({
        "schema": "deep-review/review/v1", "summary": "It was looked at.", "findings": findings, "coverage": coverage,
    });
    session.beside(&format!("reviews/{name}"), review.to_string());
}

fn about(name: &str) -> Value {
    json!({
        "id": "I1", "severity": "important", "kind": "regression", "title": format!("`load_{name}` doubles its argument"),
        "problem": "The argument is multiplied before one is added.",
        "locations": [{ "path": file(name), "start": 2, "end": 2, "quote": "    let doubled = x * 2;" }],
        "scenario": { "trigger": "any call", "result": "twice as much", "expected": "one more" },
    })
}

/// A round by these reviewers, with more words.
fn round(session: &TestSession, words: &[&str]) -> Value {
    let words = [&["--json", "--reviewer", "ada", "--reviewer", "bob"], words].concat();
    json(&session.run(&words).expect(0))
}

/// Files in the diff that a reviewer was given last.
fn given(session: &TestSession, name: &str) -> Vec<String> {
    let diff = std::fs::read_to_string(kept(session, name)).expect("it was given one");
    let named = diff.lines().filter_map(|line| line.strip_prefix("diff --git a/"));
    named.filter_map(|line| line.split(" b/").next().map(str::to_owned)).collect()
}

fn rest(report: &Value) -> Vec<&str> {
    let rest = report["series"]["scope"]["rest"].as_array().map_or(&[][..], Vec::as_slice);
    rest.iter().filter_map(|file| file["path"].as_str()).collect()
}

fn edit(session: &TestSession, name: &str, message: &str) {
    let path = file(name);
    let text = std::fs::read_to_string(session.repo.path().join(&path)).expect("is there");
    session.repo.write(&path, text.replacen("doubled + 1", "doubled + 1 + 0", 1)).commit(message);
}

#[test]
fn a_second_round_gives_what_is_new_what_uses_it_and_what_is_open() {
    let session = session();
    says(&session, "ada", &[about("beta")], &[]);
    let first = round(&session, &[]);
    assert_eq!((given(&session, "ada").len(), &first["series"]["scope"]), (4, &Value::Null));
    says(&session, "ada", &[], &[]);

    // `delta` calls what stands in `gamma`; something is open in `beta`; `alpha` has nothing to do with any of it.
    edit(&session, "gamma", "Add nothing");
    let second = round(&session, &[]);
    let expected = ["src/beta.rs", "src/delta.rs", "src/gamma.rs"];
    for name in ["ada", "bob"] {
        assert_eq!(given(&session, name), expected, "{name}");
        let row = common::reviewer(&second, name);
        assert_eq!(row["receipt"]["files_shown"], 3, "the receipt says what was given: {row:#}");
    }
    let scope = &second["series"]["scope"];
    assert_eq!(rest(&second), ["src/alpha.rs"]);
    let why = |at: usize| scope["files"][at]["why"].to_string();
    assert!(why(0).contains("r1:I1 is open here"), "{scope:#}");
    assert!(why(1).contains("load_gamma"), "{scope:#}");
    assert!(why(2).contains("not what was read before"), "{scope:#}");
    let by = scope["rest"][0]["by"].as_array().expect("a list");
    assert_eq!((by.len(), &by[0]["round"], &scope["rest"][0]["same_file"]), (2, &json!(1), &json!(true)));

    // The prompt says the same as the diff, and so does everything that people read.
    let prompt = std::fs::read_to_string(
        common::run_folders(&session).last().expect("a run").join("raw/ada/prompt.md"),
    )
    .expect("a prompt");
    assert!(
        prompt.contains("- modified src/gamma.rs") && !prompt.contains("- modified src/alpha.rs"),
        "{prompt}"
    );
    assert!(prompt.contains("- src/alpha.rs (read in round 1)"), "{prompt}");
    let reason = second["verdict"]["reason"].as_str().expect("a text");
    assert!(reason.contains("1 of the 4 changed files was not given to reviewers again"), "{reason}");
    assert!(reason.contains("round 1"), "{reason}");
    assert!(!second["coverage"]["uncovered"].to_string().contains("alpha"), "{:#}", second["coverage"]);
    let markdown = session.run(&["report"]).expect(0).stdout;
    assert!(markdown.contains("round 1: ada (shown, gave no list), bob"), "{markdown}");
    let page = session.run(&["report", "-f", "html"]).expect(0).stdout;
    assert!(page.contains("the other stands on earlier rounds"), "the page says it too");
    assert!(session.run(&["verify"]).expect(0).stdout.contains("raw material"));

    let whole = round(&session, &["--full", "--again"]);
    assert_eq!((given(&session, "bob").len(), &whole["series"]["scope"]), (4, &Value::Null));
}

/// A file whose first and last line are far apart.
fn long(first: &str, last: &str) -> String {
    let lines: Vec<String> =
        (0..40).map(|number| format!("pub const LINE_{number}: u32 = {number};")).collect();
    format!("// {first}\n{}\n// {last}\n", lines.join("\n"))
}

#[test]
fn a_rebase_alone_makes_nothing_new() {
    let session = session();
    session.repo.checkout("main");
    session.repo.write("src/long.rs", long("one", "two")).commit("A long file");
    session.repo.checkout("topic");
    session.repo.git(&["rebase", "-q", "main"]);
    session.repo.write("src/long.rs", long("one", "three")).commit("Edit its end");
    assert_eq!(round(&session, &[])["target"]["changed"].as_array().expect("a list").len(), 5);

    session.repo.checkout("main");
    session.repo.write("src/long.rs", long("other", "two")).write("src/other.rs", "pub fn other() {}\n");
    session.repo.commit("Upstream");
    session.repo.checkout("topic");
    session.repo.git(&["rebase", "-q", "main"]);
    edit(&session, "alpha", "Edit alpha");
    let second = round(&session, &[]);
    assert_eq!(given(&session, "ada"), ["src/alpha.rs"], "{:#}", second["series"]);
    let files = second["series"]["scope"]["rest"].as_array().expect("a list");
    let of = |name: &str| files.iter().find(|file| file["path"] == name).expect("it rests");
    assert_eq!(of("src/beta.rs")["same_file"], true);
    assert_eq!(of("src/long.rs")["same_file"], false, "only what the change does to it is the same");
    let markdown = session.run(&["report"]).expect(0).stdout;
    assert!(markdown.contains("because its base moved"), "{markdown}");

    edit(&session, "gamma", "Edit gamma");
    let third = round(&session, &[]);
    assert_eq!(given(&session, "bob"), ["src/delta.rs", "src/gamma.rs"], "{:#}", third["series"]["scope"]);
    let round_of = |name: &str| {
        let files = third["series"]["scope"]["rest"].as_array().expect("a list");
        let file = files.iter().find(|file| file["path"] == name).expect("it rests");
        file["by"][0]["round"].as_u64().expect("a number")
    };
    assert_eq!((round_of("src/beta.rs"), round_of("src/alpha.rs")), (1, 2));

    // A rebase and nothing else: whoever asks all the same has it read as a whole.
    session.repo.checkout("main");
    session.repo.write("src/other.rs", "pub fn another() {}\n").commit("Upstream again");
    session.repo.checkout("topic");
    session.repo.git(&["rebase", "-q", "main"]);
    assert_eq!(
        (round(&session, &[])["series"]["scope"].clone(), given(&session, "ada").len()),
        (Value::Null, 5)
    );
}

#[test]
fn what_nobody_read_is_given_again_until_the_quorum_has_read_it() {
    let session = session();
    // One did not review `alpha`, the other left `beta` out of its list.
    let seen = "reviewed";
    let ada = [
        ("src/alpha.rs", "not-reviewed"),
        ("src/beta.rs", seen),
        ("src/gamma.rs", seen),
        ("src/delta.rs", seen),
    ];
    says(&session, "ada", &[], &ada);
    says(&session, "bob", &[], &[("src/alpha.rs", seen), ("src/gamma.rs", seen), ("src/delta.rs", seen)]);
    round(&session, &[]);
    session.repo.write("src/new.rs", "pub fn fresh_start() {}\n").commit("One more");
    for name in ["ada", "bob"] {
        says(&session, name, &[], &[]);
    }
    let second = round(&session, &[]);
    assert_eq!(
        given(&session, "ada"),
        ["src/alpha.rs", "src/beta.rs", "src/new.rs"],
        "{:#}",
        second["series"]
    );
    let why = second["series"]["scope"]["files"][0]["why"].to_string();
    assert!(why.contains("read by 1 of the 2"), "{why}");
    // A reviewer more is asked for: nothing was read by three.
    keeping(&session, "cyd");
    says(&session, "cyd", &[], &[]);
    session.repo.write("src/new.rs", "pub fn fresh_start() -> u32 { 1 }\n").commit("Once more");
    let third = round(&session, &["--reviewer", "cyd", "--quorum", "3"]);
    assert_eq!((given(&session, "cyd").len(), &third["series"]["scope"]), (5, &Value::Null));
}

#[test]
fn a_reviewer_that_failed_has_read_nothing() {
    let session = session();
    configured(&session, "[review]\nquorum = 1\n");
    scripted(&session, "broken", "exit 3\n", "retries = 0");
    let words = ["--json", "--reviewer", "broken"];
    json(&session.run(&words).expect(3));
    edit(&session, "gamma", "Edit");
    let second = json(&session.run(&["--json", "--reviewer", "ada"]).expect(0));
    assert_eq!((given(&session, "ada").len(), &second["series"]["scope"]), (4, &Value::Null));
}

#[test]
fn what_is_open_from_before_counts_although_nobody_says_it_again() {
    let session = session();
    says(&session, "ada", &[about("beta")], &[]);
    let first = round(&session, &[]);
    assert_eq!(first["verdict"]["value"], "merge-with-fixes");
    says(&session, "ada", &[], &[]);
    edit(&session, "gamma", "Elsewhere");
    let second = round(&session, &[]);
    let name = format!("{}:I1", first["run"]["id"].as_str().expect("a text"));
    assert!(second["findings"].as_array().expect("a list").is_empty());
    assert_eq!(
        (&second["verdict"]["value"], &second["verdict"]["blocking"]),
        (&json!("merge-with-fixes"), &json!([name]))
    );
    assert_eq!(second["prior"][0]["blocks"], true);
    let words = ["ci", "--reviewer", "ada", "--reviewer", "bob", "--again"];
    session.run(&words).expect(1);
    // Declined by its full name, it does not.
    session.run(&["decline", &name, "-m", "doubling is meant"]).expect(0);
    session.run(&words).expect(0);
    let last = json(&session.run(&["show", "--json"]).expect(0));
    assert_eq!(last["verdict"]["value"], "merge-as-is", "{:#}", last["verdict"]);
}

#[test]
fn two_rounds_are_compared() {
    let session = session();
    says(&session, "ada", &[about("alpha"), about("beta"), about("gamma")], &[]);
    round(&session, &[]);
    session.run(&["diff"]).expect(2);
    let text = after("alpha").replace("    let doubled = x * 2;\n    doubled + 1", "    x + 2");
    session
        .repo
        .write("src/alpha.rs", text)
        .write("src/new.rs", "pub fn fresh_start(x: u32) -> u32 {\n    x / 0\n}\n");
    session.repo.commit("Repair one, break another");
    let new = json!({
        "id": "I1", "severity": "critical", "title": "`fresh_start` divides by zero", "problem": "It panics always.",
        "locations": [{ "path": "src/new.rs", "start": 2, "end": 2, "quote": "    x / 0" }],
        "scenario": { "trigger": "any call", "result": "a panic", "expected": "none" },
    });
    says(&session, "ada", &[about("beta"), new], &[]);
    round(&session, &[]);
    let told = json(&session.run(&["diff", "--json"]).expect(0));
    let titles = |key: &str| -> Vec<String> {
        let rows = told[key].as_array().expect("a list").iter();
        rows.map(|row| row["title"].as_str().expect("a text").replace('`', "")).collect()
    };
    assert_eq!(titles("came"), ["fresh_start divides by zero"]);
    assert_eq!(titles("went"), ["load_alpha doubles its argument"]);
    assert_eq!(told["went"][0]["status"], "fixed", "{told:#}");
    let mut stayed = titles("stayed");
    stayed.sort();
    assert_eq!(stayed, ["load_beta doubles its argument", "load_gamma doubles its argument"]);
    assert_eq!((&told["from"]["round"], &told["to"]["round"]), (&json!(1), &json!(2)));
    let ids: Vec<String> = common::run_folders(&session)
        .iter()
        .map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    let text = session.run(&["diff", &ids[0], &ids[1]]).expect(0).stdout;
    assert!(text.contains("came: 1") && text.contains("went: 1") && text.contains("stayed: 2"), "{text}");
    assert!(text.contains("not raised again, and still open"), "{text}");
    // The other way round, what came has gone.
    let back = json(&session.run(&["diff", &ids[1], &ids[0], "--json"]).expect(0));
    assert_eq!(back["went"].as_array().expect("a list").len(), 1, "{back:#}");
}

#[test]
fn a_pull_request_and_its_branch_are_one_series() {
    let session = session();
    let first = round(&session, &[]);
    assert_eq!(first["series"]["key"].as_str().expect("a text").split('@').next_back(), Some("topic"));
    let missing = session.run(&["#7", "--reviewer", "builtin"]).expect(2);
    assert!(missing.stderr.contains("git fetch"), "{}", missing.stderr);

    // It becomes a pull request: fetched, and asked for by its number.
    edit(&session, "gamma", "Edit");
    session.repo.git(&["update-ref", "refs/pull/7/head", "topic"]);
    let second = round(&session, &["7"]);
    assert_eq!(
        (&second["target"]["kind"], &second["target"]["pull_request"]),
        (&json!("pull-request"), &json!(7))
    );
    let series = &second["series"];
    assert_eq!(
        (&series["round"], series["key"].as_str().expect("a text").ends_with("@pr-7")),
        (&json!(2), true),
        "{series:#}"
    );
    assert_eq!(given(&session, "ada"), ["src/delta.rs", "src/gamma.rs"]);

    // Rebased and pushed again; its branch here is gone.
    session.repo.checkout("main");
    session.repo.write("other.txt", "1\n").commit("Upstream");
    session.repo.checkout("topic");
    session.repo.git(&["rebase", "-q", "main"]);
    edit(&session, "alpha", "Edit alpha");
    session.repo.git(&["update-ref", "refs/pull/7/head", "topic"]);
    session.repo.checkout("main");
    session.repo.git(&["branch", "-q", "-D", "topic"]);
    let third = round(&session, &["https://example.org/o/r/pull/7"]);
    assert_eq!(third["series"]["round"], 3, "{:#}", third["series"]);
    assert_eq!(given(&session, "ada"), ["src/alpha.rs"]);
    let status =
        json(&session.run(&["status", third["run"]["id"].as_str().expect("a text"), "--json"]).expect(0));
    assert_eq!(status["head"], third["target"]["head"], "today's head is found by its number: {status:#}");

    // A branch that was checked out from it is its next round, under whatever name.
    session.repo.git(&["checkout", "-q", "-b", "review-it", "refs/pull/7/head"]);
    session.repo.git(&["config", "branch.review-it.merge", "refs/pull/7/head"]);
    edit(&session, "beta", "Edit beta");
    let fourth = round(&session, &[]);
    assert_eq!((&fourth["series"]["round"], &fourth["target"]["branch"]), (&json!(4), &json!("review-it")));

    let log = json(&session.run(&["log", "--series", "--json"]).expect(0));
    assert_eq!(log.as_array().expect("a list").len(), 4, "under all its names: {log:#}");

    // Another pull request with the same commits is another series.
    session.repo.git(&["update-ref", "refs/pull/8/head", "review-it"]);
    let other = round(&session, &["#8"]);
    assert_eq!(other["series"]["round"], 1, "{:#}", other["series"]);
}

#[test]
fn a_number_that_is_a_branch_is_that_branch() {
    let session = session();
    session.repo.git(&["branch", "-q", "7", "topic"]);
    session.repo.git(&["update-ref", "refs/pull/7/head", "main"]);
    let target = json(&session.run(&["--json", "--reviewer", "builtin", "7"]).expect(0))["target"].clone();
    assert_eq!((&target["kind"], &target["branch"]), (&json!("branch"), &json!("7")));
}

#[test]
fn a_plan_says_what_a_later_round_would_give() {
    let session = session();
    says(&session, "ada", &[about("beta")], &[]);
    round(&session, &[]);
    edit(&session, "gamma", "Edit");
    let plan = session.run(&["--dry-run", "--reviewer", "ada", "--reviewer", "bob"]).expect(0).stdout;
    assert!(plan.contains("- src/alpha.rs (read in round 1)"), "{plan}");
    assert!(plan.contains("r1:I1"), "{plan}");
    assert_eq!(common::run_folders(&session).len(), 1, "a plan is no run");
}

#[test]
fn numbers_of_reviewers_are_plotted() {
    let session = session();
    says(&session, "ada", &[about("beta")], &[]);
    round(&session, &[]);
    session.run(&["decline", "I1", "-m", "doubling is meant"]).expect(0);
    let page = session.run(&["reviewers", "stats", "-f", "html"]).expect(0).stdout;
    assert!(page.contains("Precision") && page.contains("0 % (0 of 1)"), "{page}");
    let rows = json(&session.run(&["reviewers", "stats", "--json"]).expect(0));
    let ada = rows.as_array().expect("a list").iter().find(|row| row["reviewer"] == "ada").expect("asked");
    assert_eq!(ada["precision_between"][0], 0.0, "{ada:#}");
    assert!(
        ada["precision_between"][1].as_f64().expect("a number") > 0.7,
        "one decision says little: {ada:#}"
    );
}

#[test]
fn a_pull_request_is_compared_with_its_own_base_where_that_is_known() {
    let session = session();
    // It is made for a release branch, which the default branch left behind.
    session.repo.checkout("main");
    session.repo.git(&["branch", "release"]);
    session.repo.write("src/later.rs", "pub fn later() {}\n").commit("Later");
    session.repo.git(&["checkout", "-q", "release"]);
    session.repo.write("src/only_there.rs", "pub fn only_there() {}\n").commit("Of the release");
    session.repo.git(&["checkout", "-q", "-b", "fix"]);
    session.repo.write("src/fix.rs", "pub fn fix() {}\n").commit("A fix");
    session.repo.git(&["update-ref", "refs/pull/21/head", "fix"]);
    let unknown = json(&session.run(&["21", "--reviewer", "builtin", "--json"]).expect(0));
    let changed = |report: &Value| report["target"]["changed"].as_array().expect("a list").len();
    assert_eq!(changed(&unknown), 2, "compared with the default branch");
    let notes = unknown["target"]["notes"].to_string();
    assert!(notes.contains("refs/pull/21/merge"), "that is said: {notes}");
    let tree = session.repo.git(&["rev-parse", "fix^{tree}"]);
    let merge = session.repo.git(&["commit-tree", tree.trim(), "-p", "release", "-p", "fix", "-m", "Merge"]);
    session.repo.git(&["update-ref", "refs/pull/21/merge", merge.trim()]);
    let known = json(&session.run(&["21", "--reviewer", "builtin", "--json"]).expect(0));
    assert_eq!(
        (changed(&known), &known["target"]["base_name"]),
        (1, &json!("release")),
        "{:#}",
        known["target"]
    );
}
