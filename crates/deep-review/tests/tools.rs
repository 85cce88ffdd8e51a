//! Linters that are scripts, and files of tools: consent, failure, comparison, imports.
//!
//! In: programs of a few lines on a search path of their own. Out: who is asked, what becomes a finding, and what a failure costs.
//! Needs nothing installed but a shell.

#![cfg(unix)]

mod common;

use std::os::unix::fs::PermissionsExt as _;

use common::{findings_of, json, reviewer};
use serde_json::Value;
use test_kit::{Ran, TestSession};

const BEFORE: &str = "#!/bin/sh\necho $1\n";
const AFTER: &str = "#!/bin/sh\n# more\necho $1\nrm $2\n";

/// A `shellcheck` that complains about every line with a dollar sign.
const SHELLCHECK: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo "version: 9.9.9"; exit 0; }
for file in "$@"; do :; done
printf '{"comments":['
grep -n '\$' "$file" | cut -d: -f1 | { sep=; while read -r line; do
  printf '%s{"file":"%s","line":%s,"endLine":%s,"column":1,"endColumn":2,"level":"info","code":2086,"message":"Double quote to prevent globbing."}' "$sep" "$file" "$line" "$line"; sep=,
done; }
printf ']}'
grep -q '\$' "$file" && exit 1
exit 0
"#;

/// A repository with a script, and programs on a search path of their own.
fn session(programs: &[(&str, &str)], configuration: &[(&str, &str)]) -> TestSession {
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let repo = &session.repo;
    repo.write("build.sh", BEFORE).write("web/a.js", "one();\n");
    for (path, text) in configuration {
        repo.write(path, text);
    }
    repo.commit("A script");
    repo.branch("topic").write("build.sh", AFTER).write("web/a.js", "two();\n").commit("More of it");
    for (name, text) in programs {
        let path = session.beside(&format!("bin/{name}"), text);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("an executable");
    }
    session
}

fn run(session: &TestSession, words: &[&str]) -> Ran {
    let search = format!("{}/bin:/usr/bin:/bin", session.repo.scratch().display());
    // Agents would be looked for, too: there is none on this path.
    let output = session
        .command(words)
        .env("PATH", search)
        .env("DEEP_REVIEW_DETECT", "true")
        .output()
        .expect("the binary starts");
    Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

fn configure(session: &TestSession, text: &str) {
    let config = session.repo.path().join(".git/deep-review/config.toml");
    std::fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
    std::fs::write(config, text).expect("a configuration");
}

fn names(report: &Value) -> Vec<String> {
    let rows = report["reviewers"].as_array().expect("reviewers");
    rows.iter().map(|row| row["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_configured_linter_that_runs_no_code_is_asked_and_only_news_are_findings() {
    let session = session(&[("shellcheck", SHELLCHECK)], &[(".shellcheckrc", "")]);
    let report = json(&run(&session, &["run", "--json"]));
    assert_eq!(names(&report), ["builtin", "shellcheck"]);
    let row = reviewer(&report, "shellcheck");
    assert_eq!((row["kind"].as_str(), row["state"].as_str()), (Some("tool"), Some("finished")), "{row:#}");
    assert_eq!((&row["quorum"], &row["receipt"]["parsed_as"]), (&Value::Bool(false), &"tool".into()));
    let own: Vec<&Value> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["rule"] == "SC2086")
        .collect();
    assert_eq!(own.len(), 1, "{report:#}");
    assert_eq!(own[0]["locations"][0]["start"], 4);
    assert_eq!(own[0]["rule_url"], "https://www.shellcheck.net/wiki/SC2086");
    assert_eq!(own[0]["lane"], "confirmed");
    let reason = report["verdict"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("no semantic review was made"), "{reason}");

    let markdown = run(&session, &["report", "--format", "md"]).stdout;
    assert!(
        markdown.contains("*Rule: [`SC2086`](https://www.shellcheck.net/wiki/SC2086) of shellcheck*"),
        "{markdown}"
    );
    let html = run(&session, &["report", "--format", "html"]).stdout;
    assert!(html.contains("<a href=\"https://www.shellcheck.net/wiki/SC2086\"><code>SC2086</code></a>"));
    let sarif: Value =
        serde_json::from_str(&run(&session, &["report", "--format", "sarif"]).stdout).expect("JSON");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    let rule = rules.iter().find(|rule| rule["id"] == "SC2086").expect("the rule");
    assert_eq!(rule["helpUri"], "https://www.shellcheck.net/wiki/SC2086");
}

#[test]
fn what_is_not_configured_or_runs_code_waits_to_be_named() {
    // Without a sandbox, in which nobody could leave a trace at home.
    const OPEN: &[&str] = &["run", "--json", "--sandbox", "off"];
    let linters = [("shellcheck", SHELLCHECK), ("eslint", "#!/bin/sh\ntouch \"$HOME/ran\"\necho '[]'\n")];
    let session = session(&linters, &[("eslint.config.mjs", "export default [];\n")]);
    let report = json(&run(&session, OPEN));
    assert_eq!(names(&report), ["builtin"]);
    let notes = report["notes"].to_string();
    assert!(notes.contains("eslint was not asked: it would run code of the repository"), "{notes}");
    assert!(!session.home().join("ran").exists());

    // The repository's own file names nothing that runs.
    session
        .repo
        .checkout("main")
        .write("deep-review.toml", "[tools]\nenable = [\"eslint\"]\n[reviewers.eslint]\ntimeout = \"1m\"\n");
    session.repo.commit("Ask eslint");
    session.repo.checkout("topic");
    session.repo.git(&["rebase", "-q", "main"]);
    assert_eq!(names(&json(&run(&session, OPEN))), ["builtin"]);
    assert!(!session.home().join("ran").exists());

    configure(&session, "[tools]\nenable = [\"*\", \"eslint\"]\n");
    let report = json(&run(&session, OPEN));
    assert_eq!(names(&report), ["builtin", "eslint"]);
    assert_eq!(reviewer(&report, "eslint")["state"], "finished");
    assert!(session.home().join("ran").exists());
    let report = json(&run(&session, &["run", "--json", "--sandbox", "off", "--reviewer", "shellcheck"]));
    assert_eq!(names(&report), ["shellcheck"]);
    assert_eq!(findings_of(&report, "shellcheck").len(), 1);
}

#[test]
fn a_linter_that_failed_is_never_no_findings() {
    let broken: &[(&str, &str, &str)] = &[
        ("#!/bin/sh\necho 'out of memory' >&2\nexit 3\n", "failed", "exited with code 3: out of memory"),
        ("#!/bin/sh\nexit 0\n", "failed", "no JSON"),
        ("#!/bin/sh\necho '{\"comments\":[{\"file\"'\nexit 1\n", "failed", "no JSON"),
        ("#!/bin/sh\nexit 1\n", "failed", "exited with code 1"),
        ("#!/bin/sh\nsleep 60\n", "timed-out", "longer than its limit"),
    ];
    for (program, ending, why) in broken {
        let session = session(&[("shellcheck", program)], &[]);
        configure(&session, "[tools]\ntimeout = \"3s\"\n");
        let ran = run(&session, &["run", "--json", "--reviewer", "shellcheck"]);
        let report = json(&ran);
        let row = reviewer(&report, "shellcheck");
        assert_eq!(
            (row["state"].as_str(), row["ending"].as_str()),
            (Some("failed"), Some(*ending)),
            "{row:#}"
        );
        assert!(row["error"].as_str().is_some_and(|error| error.contains(why)), "{row:#}");
        assert_eq!((ran.code, report["verdict"]["value"].as_str()), (3, Some("incomplete")));
    }
    // One that no machine which runs these tests has in its system folders.
    let session = session(&[], &[]);
    let ran = run(&session, &["run", "--json", "--reviewer", "phpstan"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(reviewer(&json(&ran), "phpstan")["error"].to_string().contains("not installed"));
}

#[test]
fn where_the_base_cannot_be_looked_at_only_lines_of_the_change_count() {
    let moody = SHELLCHECK
        .replace("printf '{\"comments\":['", "case $PWD in */base) exit 9;; esac\nprintf '{\"comments\":['");
    let session = session(&[("shellcheck", &moody)], &[]);
    let report = json(&run(&session, &["run", "--json", "--reviewer", "shellcheck"]));
    let row = reviewer(&report, "shellcheck");
    assert_eq!(row["state"], "finished", "{row:#}");
    assert_eq!(findings_of(&report, "shellcheck").len(), 1, "{report:#}");
    assert!(row["notes"].to_string().contains("where the change begins it could not look"), "{row:#}");
}

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"acme","rules":[{"id":"A1","helpUri":"https://a.example/A1"}]}},
  "results":[
    {"ruleId":"A1","level":"error","message":{"text":"`rm` may remove everything"},"locations":[{"physicalLocation":
      {"artifactLocation":{"uri":"build.sh"},"region":{"startLine":4}}}]},
    {"ruleId":"A1","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///etc/passwd"}}}]}]}]}"#;

#[test]
fn a_file_of_a_tool_is_a_reviewer() {
    let session = session(&[], &[]);
    let file = session.beside("out/acme.sarif", SARIF);
    let word = format!("sarif:{}", file.display());
    let ran = run(&session, &["run", "--json", "--reviewer", "builtin", "--reviewer", &word]);
    let report = json(&ran);
    assert_eq!(names(&report), ["builtin", "acme"]);
    let row = reviewer(&report, "acme");
    assert_eq!(
        (row["kind"].as_str(), row["state"].as_str()),
        (Some("imported"), Some("finished")),
        "{row:#}"
    );
    assert!(row["notes"].to_string().contains("not inside the repository"), "{row:#}");
    let finding = report["findings"]
        .as_array()
        .and_then(|all| all.iter().find(|finding| finding["title"] == "`rm` may remove everything"))
        .unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!((finding["severity"].as_str(), finding["rule"].as_str()), (Some("important"), Some("A1")));
    assert!(
        !ran.stdout.contains("/etc/passwd")
            && !ran.stdout.contains(&*session.repo.scratch().to_string_lossy())
    );

    let alone = run(&session, &["run", "--json", "--reviewer", &format!("auto:{}", file.display())]);
    assert_eq!(alone.code, 0, "{}", alone.stderr);
    let missing = run(&session, &["run", "--reviewer", "sarif:nothing.sarif"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("there is no file"), "{}", missing.stderr);
    let prose = session.beside("out/prose.sarif", "nothing was found");
    let broken = run(&session, &["run", "--json", "--reviewer", &format!("sarif:{}", prose.display())]);
    assert_eq!(broken.code, 3, "what cannot be read is no clean result");
}

#[test]
fn consolidate_knows_the_formats_and_merges_tools_with_agents() {
    let session = session(&[], &[]);
    let tool = session.beside(
        "out/lint.txt",
        "::warning file=build.sh,line=4,title=SC2086::Double quote `$2` to prevent globbing and word splitting\n",
    );
    let agent = session.beside(
        "out/agent.md",
        "## Findings\n\n### Important Issues\n\nI1. **`rm $2` is subject to globbing and word splitting: double quote `$2`** — \
         `build.sh:4` (important, regression)\n\n```sh\nrm $2\n```\n\nWhen the name holds a blank or a star, `rm` removes other \
         files.\n\nFix: double quote it: `rm \"$2\"`.\n\n## Coverage\n\n- `build.sh` — I1\n",
    );
    let words = [
        "consolidate".to_owned(),
        "-C".to_owned(),
        session.repo.path().display().to_string(),
        "--base".to_owned(),
        "main".to_owned(),
        "--head".to_owned(),
        "topic".to_owned(),
        "--json".to_owned(),
        format!("claude={}", agent.display()),
        format!("shellcheck={}", tool.display()),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let report = json(&session.run(&words));
    assert_eq!(reviewer(&report, "shellcheck")["receipt"]["parsed_as"], "tool");
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{report:#}");
    assert_eq!((&findings[0]["agreement"], &findings[0]["rule"]), (&2.into(), &"SC2086".into()));
    let again = session.run(&words).stdout;
    assert_eq!(json(&session.run(&words)), serde_json::from_str::<Value>(&again).expect("JSON"));
}

#[test]
fn the_list_of_reviewers_shows_linters() {
    let session = session(&[("shellcheck", SHELLCHECK)], &[(".shellcheckrc", ""), ("biome.json", "{}")]);
    let rows: Value = serde_json::from_str(&run(&session, &["reviewers", "--json"]).stdout).expect("JSON");
    let row =
        |name: &str| rows.as_array().and_then(|all| all.iter().find(|row| row["name"] == name)).cloned();
    let shellcheck = row("shellcheck").expect("installed");
    assert_eq!((&shellcheck["kind"], &shellcheck["state"]), (&"tool".into(), &"ready".into()));
    assert_eq!(row("biome").expect("configured")["state"], "not installed");
    // Neither configured nor installed anywhere that runs these tests.
    assert!(row("phpstan").is_none());
}

/// A `stylelint` that needs a package to look at anything.
const STYLELINT: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo 1.0.0; exit 0; }
[ -e node_modules/plugin/index.js ] || { echo "plugin was not found" >&2; exit 78; }
printf '[]' >&2
"#;

#[test]
fn packages_are_found_where_their_folder_is_a_link() {
    let configuration = [(".stylelintrc.json", "{}"), (".gitignore", "node_modules\n"), ("a.css", "a {}\n")];
    let session = session(&[("stylelint", STYLELINT)], &configuration);
    session.repo.write("a.css", "b {}\n").commit("Another style");
    let index = session.beside("elsewhere/modules/plugin/index.js", "");
    let modules = index.ancestors().nth(2).expect("the folder of packages");
    std::os::unix::fs::symlink(modules, session.repo.path().join("node_modules")).expect("a link");
    let report = json(&run(&session, &["run", "--json", "--reviewer", "stylelint"]));
    let row = reviewer(&report, "stylelint");
    assert_eq!(row["state"], "finished", "{row:#}");
    assert!(row["notes"].to_string().contains("it used the packages installed in `node_modules`"), "{row:#}");
}
