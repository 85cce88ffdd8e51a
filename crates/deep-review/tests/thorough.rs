//! `--thorough`: who found something important looks again, both passes are one reviewer's word, and nothing of either is lost.

mod common;

use std::time::{Duration, Instant};

use common::{MARKDOWN_REVIEW, Working, calls, findings_of, json, reviewer, run_folders, scripted, session};
use serde_json::Value;
use test_kit::TestSession;

/// What the second pass finds.
const MORE: &str = "\
## Findings

### Important Issues

I1. **An unreadable file counts as an empty one** — `src/store.rs:6` (important, gap)

```rust
pub fn load_first_records(path: &str, limit: usize) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
```

`unwrap_or_default` hides that the file could not be read.

## Coverage

- `src/store.rs` — I1
";

const SLIGHT: &str = "\
## Findings

### Suggestions

S1. **`records` could be built at once** — `src/store.rs:7` (suggestion, enhancement)

`take(limit)` says the same in one line.
";

/// A reviewer that says `first` when it is asked the first time, and then does what `later` says.
fn looking(session: &TestSession, first: &str, later: &str) {
    let calls = session.repo.scratch().join("ada.calls");
    let calls = calls.to_str().expect("UTF-8");
    let review = session.beside("reviews/first", first);
    let more = session.beside("reviews/more", MORE);
    let later = later.replace("CALLS", calls).replace("MORE", more.to_str().expect("UTF-8"));
    let script =
        format!("count {calls}\nbefore 2 {calls} say {}\nbefore 2 {calls} exit 0\n{later}", review.display());
    scripted(session, "ada", &script, "stdin = \"prompt\"\nretries = 0");
}

fn run(session: &TestSession, words: &[&str], code: i32) -> Value {
    json(&session.run(&[&["run", "--json", "--reviewer", "ada"], words].concat()).expect(code))
}

fn prompts(session: &TestSession) -> Vec<String> {
    let raw = run_folders(session).pop().expect("a run").join("raw");
    let folders = std::fs::read_dir(raw).expect("raw material").map(|entry| entry.expect("an entry").path());
    let mut prompts: Vec<String> =
        folders.filter_map(|folder| std::fs::read_to_string(folder.join("prompt.md")).ok()).collect();
    prompts.sort_by_key(String::len);
    prompts
}

#[test]
fn the_second_pass_knows_the_first_and_both_are_one_reviewers_word() {
    let session = session();
    looking(&session, MARKDOWN_REVIEW, "say MORE\n");
    let report = run(&session, &["--thorough"], 0);
    assert_eq!(calls(&session, "ada"), 2);
    assert_eq!(report["reviewers"].as_array().unwrap().len(), 1, "{:#}", report["reviewers"]);
    let row = reviewer(&report, "ada");
    let passes: Vec<(u64, u64)> = row["passes"]
        .as_array()
        .expect("passes")
        .iter()
        .map(|pass| (pass["number"].as_u64().unwrap(), pass["findings"].as_u64().unwrap()))
        .collect();
    assert_eq!(passes, [(1, 1), (2, 1)]);
    assert!(
        row["notes"].to_string().contains("two passes: the first raised one finding, the second one finding")
    );
    assert_eq!(findings_of(&report, "ada").len(), 2, "{:#}", report["findings"]);
    assert_eq!(report["invariants"]["dispositions_balance"], true);
    let labels: Vec<&str> =
        report["dispositions"].as_array().unwrap().iter().filter_map(|row| row["raw"].as_str()).collect();
    assert_eq!(labels, ["I1", "pass 2: I1"]);
    let [first, second] = &prompts(&session)[..] else { panic!("two prompts") };
    assert!(!first.contains("second pass") && second.contains("Your second pass"), "{second}");
    assert!(
        second.contains("src/store.rs:5: `load_first_records` keeps one record too many (important)"),
        "{second}"
    );
    let markdown = session.run(&["report", "-f", "md"]).expect(0).stdout;
    for text in ["### [ada] Original Review", "### [ada (pass 2)] Original Review", "two passes"] {
        assert!(markdown.contains(text), "{text}: {markdown}");
    }
    let written = std::fs::read_to_string(run_folders(&session)[0].join("report.md")).expect("a report");
    assert_eq!(markdown, written, "a stored run reads like the run itself");
    session.run(&["verify"]).expect(0);
}

#[test]
fn nobody_looks_again_without_reason_or_without_being_asked_to() {
    let session = session();
    looking(&session, MARKDOWN_REVIEW, "say MORE\n");
    run(&session, &[], 0);
    assert_eq!(calls(&session, "ada"), 1);
    let session = common::session();
    looking(&session, SLIGHT, "say MORE\n");
    let report = run(&session, &["--thorough"], 0);
    assert_eq!(calls(&session, "ada"), 1);
    assert_eq!(reviewer(&report, "ada")["passes"], Value::Null);
}

#[test]
fn a_second_pass_that_fails_takes_nothing_from_the_first() {
    let session = session();
    looking(&session, MARKDOWN_REVIEW, "print-error oh no\nexit 3\n");
    let report = run(&session, &["--thorough"], 0);
    let row = reviewer(&report, "ada");
    assert_eq!((&row["state"], &row["ending"]), (&"finished".into(), &"finished".into()), "{row:#}");
    assert_eq!(
        (&row["passes"][1]["ending"], report["run"]["complete"].as_bool()),
        (&"failed".into(), Some(true))
    );
    assert!(row["notes"].to_string().contains("the second is no review (failed)"), "{row:#}");
    assert_eq!(findings_of(&report, "ada").len(), 1);
}

#[test]
fn a_resumed_run_asks_only_for_the_pass_that_is_missing() {
    let session = session();
    looking(&session, MARKDOWN_REVIEW, "print thinking\nbefore 3 CALLS sleep 60s\nsay MORE\n");
    let working = Working::start(&session, &["--reviewer", "ada", "--thorough"]);
    let begun = Instant::now();
    while calls(&session, "ada") < 2 {
        assert!(begun.elapsed() < Duration::from_mins(2), "the second pass never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    working.kill();
    let report = json(&session.run(&["resume", "--json"]).expect(0));
    assert_eq!(calls(&session, "ada"), 3, "the first pass stands");
    let row = reviewer(&report, "ada");
    assert_eq!(row["passes"].as_array().map(Vec::len), Some(2), "{row:#}");
    assert_eq!(findings_of(&report, "ada").len(), 2);
    assert_eq!(report["invariants"]["dispositions_balance"], true);
}
