//! What a run tries besides asking: scripts of reviewers, the project's tests, proposed fixes, mutations.
//!
//! In: a small project with a test and a change with a defect. Out: what was tried stands in the report as what it is. Prints
//! `skipped: …` where programs cannot be confined.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "what was skipped is said")]

mod common;

use common::{json, saying, session_bare};
use serde_json::Value;
use test_kit::{Ran, TestSession};

const BEFORE: &str = "def price(count, each):\n    return count * each\n";
const AFTER: &str = "def price(count, each):\n    if count > 10:\n        return count * each - 1\n    return count * each\n\n\ndef rebate(total):\n    \
                     return total > 100\n";
const TEST: &str = "from shop import price\n\nassert price(2, 3) == 6\nassert price(20, 3) == 60, price(20, 3)\nprint('all well')\n";

/// A shop whose test the change breaks.
fn shop(test: &str) -> TestSession {
    let session = session_bare();
    session.repo.write("shop.py", BEFORE).write("test_shop.py", test).commit("A shop");
    session.repo.branch("topic").write("shop.py", AFTER).commit("A rebate");
    session
}

fn finding(more: &str) -> String {
    format!(
        "{{\"schema\": \"deep-review/review/v1\", \"findings\": [{{\"id\": \"I1\", \"severity\": \"important\", \"kind\": \"regression\", \
         \"title\": \"`price` of more than ten is one too low\", \"locations\": [{{\"path\": \"shop.py\", \"start\": 3, \"end\": 3, \"quote\": \
         \"        return count * each - 1\"}}], \"problem\": \"Twenty of three cost 59.\"{more}}}]}}"
    )
}

/// The report, or why nothing could be confined.
fn report(ran: Ran) -> Option<Value> {
    let report = json(&ran.expect(0));
    let unconfined = report["notes"].to_string().contains("cannot be confined");
    if unconfined {
        println!("skipped: {}", report["notes"]);
    }
    (!unconfined).then_some(report)
}

#[test]
fn a_script_is_run_during_the_run_where_the_user_says_so() {
    let session = shop(TEST);
    let script = ", \"repro\": {\"script\": \"python3 -c 'from shop import price; assert price(20, 3) == 60, price(20, 3)'\", \
                  \"expect\": {\"exit\": 1, \"contains\": [\"AssertionError: 59\"]}}";
    saying(&session, "ada", &finding(script));
    let asked = json(&session.run(&["run", "--reviewer", "ada", "--json"]).expect(0));
    assert!(asked["notes"].to_string().contains("1 script of a reviewer was not run"), "{}", asked["notes"]);
    assert!(asked["trials"].is_null(), "{}", asked["trials"]);
    let never =
        json(&session.run(&["run", "--reviewer", "ada", "--json", "--again", "--repro", "never"]).expect(0));
    assert!(never["notes"].to_string().contains("`verify.repro` is `never`"), "{}", never["notes"]);
    let out = session.repo.scratch().join("out");
    let words = [
        "run",
        "--reviewer",
        "ada",
        "--json",
        "--again",
        "--repro",
        "auto",
        "--out",
        out.to_str().expect("text"),
    ];
    let Some(report) = report(session.run(&words)) else { return };
    let made = &report["trials"]["reproductions"][0];
    assert_eq!((&made["outcome"], &made["regression"]), (&"reproduced".into(), &true.into()), "{made:#}");
    let checks = report["findings"][0]["checks"].as_array().expect("checks");
    let shown = checks.iter().find(|check| check["gate"] == "repro").expect("a check");
    assert_eq!(shown["result"], "pass", "{shown}");
    for form in ["report.md", "report.html"] {
        let text = std::fs::read_to_string(out.join(form)).expect("a form");
        assert!(
            text.contains("shows a regression") && text.contains("AssertionError: 59"),
            "{form}:\n{text}"
        );
    }
    // It can be made again from what was kept, and the script is not run again.
    session.run(&["verify"]).expect(0);
}

#[test]
fn the_tests_of_the_project_are_run_with_the_change_without_it_and_with_a_fix() {
    let session = shop(TEST);
    let good = "--- a/shop.py\\n+++ b/shop.py\\n@@ -1,4 +1,4 @@\\n def price(count, each):\\n     if count > 10:\\n-        return count * each - 1\\n+        return count * each\\n     return count * each\\n";
    let bad = "--- a/shop.py\\n+++ b/shop.py\\n@@ -1,4 +1,4 @@\\n def price(count, each):\\n     if count > 10:\\n-        return count * each - 1\\n+        return count * each - 2\\n     return count * each\\n";
    saying(
        &session,
        "ada",
        &finding(&format!(", \"fix\": {{\"text\": \"Charge in full.\", \"patch\": \"{good}\"}}")),
    );
    saying(
        &session,
        "bob",
        &finding(&format!(", \"fix\": {{\"text\": \"Charge less.\", \"patch\": \"{bad}\"}}")),
    );
    let words =
        ["run", "--reviewer", "ada", "--reviewer", "bob", "--json", "--run-tests=python3 test_shop.py"];
    let Some(report) = report(session.run(&words)) else { return };
    let tests = &report["trials"]["tests"];
    assert_eq!(tests["outcome"], "breaks", "{tests:#}");
    assert!(tests["head"]["output"].as_str().expect("text").contains("AssertionError"), "{tests:#}");
    assert!(tests["base"]["output"].as_str().expect("text").contains("all well"), "{tests:#}");
    let outcome = |name: &str| {
        let fixes = report["trials"]["fixes"].as_array().expect("fixes");
        fixes.iter().find(|fix| fix["reviewer"] == name).expect("a fix")["outcome"].clone()
    };
    assert_eq!(
        (outcome("ada"), outcome("bob")),
        ("mends".into(), "fails-anyway".into()),
        "{:#}",
        report["trials"]
    );
    let checks = report["findings"][0]["checks"].to_string();
    assert!(checks.contains("the tests fail at the head and pass with it"), "{checks}");
    let ran = report["testing"]["ran"].to_string();
    assert!(ran.contains("python3 test_shop.py") && ran.contains("passes without it"), "{ran}");
    session.run(&["verify"]).expect(0);
}

#[test]
fn mutations_that_no_test_notices_are_gaps() {
    let session = shop("from shop import price\n\nassert price(2, 3) == 6\nassert price(20, 3) == 59\n");
    saying(&session, "ada", "## Findings\n\nNone.\n");
    let words =
        ["run", "--reviewer", "ada", "--json", "--run-tests=python3 test_shop.py", "--probe-tests", "12"];
    let Some(report) = report(session.run(&words)) else { return };
    assert_eq!(report["trials"]["tests"]["outcome"], "mends", "{:#}", report["trials"]["tests"]);
    let probes = report["trials"]["probes"].as_array().expect("probes");
    assert!((4..=12).contains(&probes.len()), "{probes:#?}");
    let of = |line: u64, wanted: &str| {
        probes.iter().any(|probe| probe["line"] == line && probe["outcome"] == wanted)
    };
    assert!(of(3, "noticed"), "the rebate is tested: {probes:#?}");
    assert!(of(8, "not-noticed"), "`rebate` is not: {probes:#?}");
    let gaps = report["testing"]["gaps"].to_string();
    assert!(gaps.contains("`shop.py:8`") && gaps.contains("the tests still pass"), "{gaps}");
    assert!(!gaps.contains("`shop.py:3`: with `+` in the place of `-`"), "{gaps}");
}

#[test]
fn the_branch_names_no_command_and_reaches_nothing() {
    let session = shop(TEST);
    let mark = session.home().join("mark");
    session.repo.write(
        "deep-review.toml",
        format!("[verify]\ntests = [\"touch\", {mark:?}]\nrun_tests = true\nrepro = \"auto\"\n"),
    );
    session.repo.write("test_shop.py", format!("open({mark:?}, 'w')\n")).commit("Tests");
    saying(&session, "ada", "## Findings\n\nNone.\n");
    let ran = session.run(&["run", "--reviewer", "ada", "--run-tests"]).expect(2);
    assert!(ran.stderr.contains("no command that runs the tests is known"), "{}", ran.stderr);
    let words = ["run", "--reviewer", "ada", "--json", "--run-tests=python3 test_shop.py"];
    let Some(report) = report(session.run(&words)) else { return };
    assert_ne!(report["trials"]["tests"]["head"]["exit"], 0, "{:#}", report["trials"]);
    assert!(!mark.exists());
}
