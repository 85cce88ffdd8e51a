//! Structural rules: shipped ones and the repository's own, in a review and by themselves.

mod common;

use common::json;
use serde_json::Value;
use test_kit::TestSession;

const OWN: &str = "id: no-raw-exit
language: Python
message: '`$A` ends the whole service'
severity: error
note: The workers of the others end as well.
url: https://wiki.example/exits
rule:
  pattern: os._exit($A)
fix: sys.exit($A)
";
const CASES: &str = "id: no-raw-exit\nvalid:\n  - sys.exit(1)\ninvalid:\n  - os._exit(1)\n";

/// A repository whose base has these rule files, and a branch that adds a call that a rule of ours and one of its own
/// know.
fn session(rules: &[(&str, &str)]) -> TestSession {
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let repo = &session.repo;
    repo.write("app.py", "import os\n\n\ndef old():\n    os._exit(3)\n");
    for (path, text) in rules {
        repo.write(path, text);
    }
    repo.commit("one");
    repo.branch("topic");
    repo.write(
        "app.py",
        "import os\nimport tempfile\n\n\ndef old():\n    os._exit(3)\n\n\ndef new():\n    os._exit(4)\n    return tempfile.mktemp()\n",
    );
    repo.commit("two");
    session
}

fn reviewed(session: &TestSession) -> Value {
    json(&session.run(&["--reviewer", "builtin", "--json"]).expect(0))
}

fn by_rule<'a>(report: &'a Value, rule: &str) -> Vec<&'a Value> {
    let findings = report["findings"].as_array().expect("a list").iter();
    findings.filter(|finding| finding["rule"] == rule).collect()
}

#[test]
fn a_rule_of_the_base_finds_what_the_branch_adds_and_nothing_older() {
    let session = session(&[("rules/python/exit.yml", OWN), ("rules/python/exit-test.yml", CASES)]);
    let report = reviewed(&session);
    let found = by_rule(&report, "no-raw-exit");
    assert_eq!(found.len(), 1, "{report:#}");
    let text = found[0].to_string();
    for part in ["`4` ends the whole service", "https://wiki.example/exits", "sys.exit(4)", "os._exit(4)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(found[0]["locations"][0]["start"], 10);
    assert!(!text.contains("_exit(3)\\n+"), "the patch leaves the old call alone");
}

#[test]
fn rules_of_the_branch_are_not_read_and_those_it_removes_are() {
    let absent = session(&[]);
    absent.repo.write("rules/exit.yml", OWN);
    absent.repo.commit("three");
    assert!(by_rule(&reviewed(&absent), "no-raw-exit").is_empty());

    let removed = session(&[("rules/exit.yml", OWN)]);
    removed.repo.remove("rules/exit.yml");
    removed.repo.commit("three");
    assert_eq!(by_rule(&reviewed(&removed), "no-raw-exit").len(), 1);
}

#[test]
fn a_broken_rule_is_said_and_stops_nothing() {
    let session = session(&[
        ("rules/a.yml", "id: a\nlanguage: Python\nrule: [\n"),
        ("rules/b.yml", OWN),
        ("rules/alerts.yml", "groups:\n  - name: not ours\n"),
    ]);
    let report = reviewed(&session);
    assert_eq!(by_rule(&report, "no-raw-exit").len(), 1);
    let text = report.to_string();
    assert!(text.contains("The rule file `rules/a.yml` was not used"), "{report:#}");
    assert!(!text.contains("alerts.yml"));
}

#[test]
fn the_folder_is_chosen_and_rules_are_switched_off_by_settings() {
    let session = session(&[("lint/exit.yml", OWN)]);
    assert!(by_rule(&reviewed(&session), "no-raw-exit").is_empty());
    let config = session.beside("chosen.toml", "[builtin]\nrules = \"lint\"\n");
    let words = ["--reviewer", "builtin", "--json", "--config", config.to_str().unwrap()];
    assert_eq!(by_rule(&json(&session.run(&words).expect(0)), "no-raw-exit").len(), 1);
    session.beside("chosen.toml", "[builtin]\nrules = \"lint\"\ndisable = [\"no-raw-exit\"]\n");
    assert!(by_rule(&json(&session.run(&words).expect(0)), "no-raw-exit").is_empty());
    session.beside("chosen.toml", "[builtin]\nrules = \"lint\"\nenable = [\"no-raw-exit\"]\n");
    assert_eq!(by_rule(&json(&session.run(&words).expect(0)), "no-raw-exit").len(), 1);
    session.beside("chosen.toml", "[builtin]\nenable = [\"guard/python-temporary-name\"]\n");
    let report = json(&session.run(&words).expect(0));
    assert_eq!(by_rule(&report, "guard/python-temporary-name").len(), 1, "{report:#}");
}

#[test]
fn rules_are_listed_and_their_cases_run() {
    let session = session(&[("rules/exit.yml", OWN), ("rules/exit-test.yml", CASES)]);
    let rows = json(&session.run(&["rules", "--json"]).expect(0));
    let row = rows.as_array().expect("a list").iter().find(|row| row["id"] == "no-raw-exit").expect("a row");
    assert_eq!(row["from"]["path"], "exit.yml");
    let shipped =
        rows.as_array().expect("a list").iter().filter(|row| row["from"]["kind"] == "shipped").count();
    assert!(shipped > 50, "{shipped}");
    assert!(session.run(&["rules", "list"]).expect(0).stdout.contains("no-raw-exit"));

    let tested = json(&session.run(&["rules", "test", "--json"]).expect(0));
    assert_eq!((&tested["cases"], &tested["failed"]), (&Value::from(2), &Value::from(0)));
    session
        .repo
        .write("rules/exit-test.yml", "id: no-raw-exit\nvalid:\n  - os._exit(1)\ninvalid:\n  - exit(1)\n");
    let ran = session.run(&["rules", "test"]).expect(1);
    assert!(ran.stdout.contains("valid case 1: found in line 1"), "{}", ran.stdout);
    assert!(ran.stdout.contains("invalid case 1: nothing is found"), "{}", ran.stdout);
    session.run(&["rules", "test", "--shipped"]).expect(0);
}

#[test]
fn hostile_rules_and_files_cost_little_and_are_said() {
    let nested = format!(
        "id: deep\nlanguage: Python\nrule: {}{{pattern: a}}{}\n",
        "{not: ".repeat(4_000),
        "}".repeat(4_000)
    );
    let slow = "id: slow\nlanguage: Python\nmessage: slow\nrule:\n  kind: identifier\n  inside:\n    stopBy: end\n    has: {stopBy: end, has: {stopBy: end, has: {stopBy: end, kind: comment}}}\n";
    let session = session(&[("rules/deep.yml", &nested), ("rules/slow.yml", slow), ("rules/exit.yml", OWN)]);
    let many: Vec<String> = (0..20_000).map(|number| format!("x{number} = f(a, [b, {{c: d}}])\n")).collect();
    let many = many.concat();
    session.repo.write("many.py", many);
    session.repo.write("deep.py", format!("x = {}1{}\n", "(".repeat(50_000), ")".repeat(50_000)));
    session.repo.commit("three");
    let started = std::time::Instant::now();
    let report = reviewed(&session);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let text = report.to_string();
    assert!(text.contains("did not look at `many.py`: the rules took too many steps"), "{text:.3000}");
    assert!(text.contains("did not look at `deep.py`"), "{text:.3000}");
    assert_eq!(by_rule(&report, "no-raw-exit").len(), 1);
}
