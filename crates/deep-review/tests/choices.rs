//! What a user may choose about the built-in rules, end to end: how many suggestions are shown, what does not run, what is
//! answered in advance.

mod common;

use common::{configured, json, session};
use serde_json::Value;
use test_kit::TestSession;

/// A branch that adds tests which cannot fail, one a file, besides the call that the sample's change leaves behind; with the
/// rule for such tests named, whether it runs by itself or not.
fn with_empty_tests(number: u32) -> TestSession {
    let session = session();
    chosen(&session, "");
    for at in 0..number {
        session.repo.write(&format!("tests/test_{at:02}.py"), "def test_it():\n    assert one == one\n");
    }
    session.repo.commit("Tests to be filled in");
    session
}

/// Settings of the built-in rules, in place of those before.
fn chosen(session: &TestSession, more: &str) {
    let file = session.repo.path().join(".git/deep-review/config.toml");
    if file.exists() {
        std::fs::remove_file(&file).expect("removed");
    }
    configured(session, &format!("[builtin]\nenable = [\"*\", \"test/always-true\"]\n{more}"));
}

fn reviewed(session: &TestSession) -> Value {
    json(&session.run(&["--json", "--reviewer", "builtin"]).expect(0))
}

/// How many findings are of a rule of this family.
fn of_family(report: &Value, family: &str) -> usize {
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().filter(|finding| finding.to_string().contains(&format!("\"{family}/"))).count()
}

#[test]
fn fifteen_suggestions_are_shown_and_the_rest_is_counted() {
    let session = with_empty_tests(20);
    let report = reviewed(&session);
    let suggestions = report["findings"].as_array().expect("a list").iter();
    assert_eq!(suggestions.filter(|finding| finding["severity"] == "suggestion").count(), 15, "{report:#}");
    assert!(report.to_string().contains("more of lower rank are not listed"), "{report:#}");
    assert_eq!(report["invariants"]["dispositions_balance"], true);
}

#[test]
fn a_family_is_switched_off_by_a_setting() {
    let session = with_empty_tests(2);
    let before = reviewed(&session);
    assert_eq!(of_family(&before, "test"), 2, "{before:#}");
    assert!(of_family(&before, "stale-reference") > 0, "{before:#}");
    chosen(&session, "disable = [\"test/*\"]\n");
    let after = reviewed(&session);
    assert_eq!(of_family(&after, "test"), 0, "{after:#}");
    assert_eq!(of_family(&after, "stale-reference"), of_family(&before, "stale-reference"));
    let listed = json(&session.run(&["reviewers", "rules", "--json"]).expect(0));
    let runs = |rule: &str| {
        let rows = listed.as_array().expect("a list");
        rows.iter().find(|row| row["id"] == rule).expect("is listed")["runs"].clone()
    };
    assert_eq!(runs("test/always-true"), false);
    assert_eq!(runs("stale-reference/symbol"), true);
}

#[test]
fn one_line_in_code_or_settings_silences_one_finding_with_its_reason() {
    let session = with_empty_tests(3);
    let answered = "def test_it():\n    # deep-review: ignore test/always-true: the parser is not there yet\n    assert one == one\n";
    session.repo.write("tests/test_00.py", answered);
    session.repo.commit("Say why");
    chosen(&session, "disable = [\"test/always-true@tests/test_01.py: waits for the parser\"]\n");
    let report = reviewed(&session);
    assert_eq!(of_family(&report, "test"), 1, "{report:#}");
    let text = report.to_string();
    for reason in ["the parser is not there yet", "waits for the parser"] {
        assert!(text.contains(reason), "`{reason}` is missing in {report:#}");
    }
    let out = session.repo.scratch().join("out");
    session.run(&["--reviewer", "builtin", "--out", out.to_str().expect("UTF-8")]).expect(0);
    let shown = std::fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(shown.contains("waits for the parser"), "people read it, too: {shown}");
}

#[test]
fn every_rule_is_in_one_list_and_only_those_that_were_right_are_on() {
    let session = session();
    let listed = session.run(&["reviewers", "rules"]).expect(0).stdout;
    for rule in ["stale-reference/symbol", "history/changed-together", "guard/python-tls-unverified"] {
        assert!(listed.contains(rule), "{listed}");
    }
    assert_eq!(listed, session.run(&["rules", "list"]).expect(0).stdout, "one list under both names");
    let rows = json(&session.run(&["reviewers", "rules", "--json"]).expect(0));
    let rows = rows.as_array().expect("a list");
    assert!(rows.iter().any(|row| row["default"] == true), "{rows:#?}");
    for row in rows {
        let count = |of: &str, what: &str| row[of][what].as_u64().unwrap_or(0);
        let (all, right) = (count("judged", "findings"), count("judged", "right"));
        let (planted, found) = (count("planted", "planted"), count("planted", "found"));
        // Below eight of ten, or never seen and not planted either: it waits to be asked.
        let is_measured =
            if all > 0 { right * 10 >= all * 8 } else { planted > 0 && found * 10 >= planted * 9 };
        assert!(row["default"] == false || is_measured, "{row}");
        assert!(row["family"].as_str().is_some_and(|family| !family.is_empty()), "{row}");
    }
}
