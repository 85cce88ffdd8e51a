//! What the end-to-end tests share: a small change, reviewers made of scripts, the report as JSON.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "every test file uses another part, and one may use all"
)]

#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) mod terminal;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use test_kit::{Ran, TestSession};

/// A session in a repository with one commit on `main` and a branch `topic` that renames a function, fixes a quote's
/// place and leaves a call of the old name behind.
pub(crate) fn session() -> TestSession {
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let repo = &session.repo;
    repo.write("src/store.rs", STORE_BEFORE)
        .write("src/main.rs", MAIN)
        .write("README.md", "# Sample\n\nCall `load_records` to read the file.\n");
    repo.commit("The store and its caller");
    repo.branch("topic");
    repo.write("src/store.rs", STORE_AFTER);
    repo.commit("Read records with a limit");
    session
}

/// A session in an empty repository.
pub(crate) fn session_bare() -> TestSession {
    TestSession::new(env!("CARGO_BIN_EXE_deep-review"))
}

pub(crate) const STORE_BEFORE: &str = "\
//! Reads records.

use std::fs;

pub fn load_records(path: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
";

pub(crate) const STORE_AFTER: &str = "\
//! Reads records.

use std::fs;

pub fn load_first_records(path: &str, limit: usize) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut records: Vec<String> = text.lines().map(str::to_owned).collect();
    records.truncate(limit + 1);
    records
}
";

pub(crate) const MAIN: &str = "\
mod store;

fn main() {
    for record in store::load_records(\"records.txt\") {
        println!(\"{record}\");
    }
}
";

/// A review in Markdown with one finding whose place is three lines off.
pub(crate) const MARKDOWN_REVIEW: &str = "\
## Findings

### Important Issues

I1. **`load_first_records` keeps one record too many** — `src/store.rs:5` (important, regression)

```rust
    let mut records: Vec<String> = text.lines().map(str::to_owned).collect();
    records.truncate(limit + 1);
    records
```

`truncate` keeps `limit + 1` elements, so a caller that asks for 10 gets 11.

Fix: `records.truncate(limit);`

## Coverage

- `src/store.rs` — I1
";

/// The same defect as another reviewer tells it, as JSON.
pub(crate) const JSON_REVIEW: &str = r#"{
  "schema": "deep-review/review/v1",
  "verdict": "merge-with-fixes",
  "summary": "Adds a limit to reading records; the limit is off by one.",
  "findings": [{
    "id": "I1", "severity": "important", "kind": "regression", "category": "correctness",
    "title": "Off by one: `records.truncate(limit + 1)` returns more than `limit` records",
    "locations": [{ "path": "src/store.rs", "start": 8, "end": 8,
      "quote": "    let mut records: Vec<String> = text.lines().map(str::to_owned).collect();\n    records.truncate(limit + 1);\n    records" }],
    "problem": "`Vec::truncate` takes the length to keep, so `load_first_records` keeps one record too many.",
    "scenario": { "trigger": "a file with more than `limit` lines", "result": "limit + 1 records", "expected": "limit records" },
    "fix": { "text": "Pass `limit`." }
  }],
  "coverage": [{ "path": "src/store.rs", "status": "findings", "findings": ["I1"] }]
}
"#;

/// Adds a reviewer that plays a script, with more keys of its table. Returns nothing: the configuration is the local one,
/// which the user owns.
pub(crate) fn scripted(session: &TestSession, name: &str, script: &str, keys: &str) {
    let file = session.beside(&format!("scripts/{name}.txt"), script);
    let agent = test_kit::fake_agent_path();
    let table = format!(
        "[reviewers.{name}]\ncommand = [{:?}, \"--script\", {:?}]\n{keys}\n",
        agent.to_str().expect("UTF-8"),
        file.to_str().expect("UTF-8"),
    );
    let config = session.repo.path().join(".git/deep-review/config.toml");
    std::fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
    let before = std::fs::read_to_string(&config).unwrap_or_default();
    std::fs::write(&config, before + &table).expect("a written configuration");
}

/// Adds a reviewer that says a text.
pub(crate) fn saying(session: &TestSession, name: &str, text: &str) {
    let review = session.beside(&format!("reviews/{name}"), text);
    scripted(session, name, &format!("say {}\n", review.display()), "");
}

/// A script that counts its calls in a file beside the repository, and then does what it is told. `CALLS` stands for that file,
/// `REVIEW` for one with a review.
pub(crate) fn counting(session: &TestSession, name: &str, script: &str, keys: &str) {
    let calls = session.repo.scratch().join(format!("{name}.calls"));
    let review = session.beside(&format!("reviews/{name}"), MARKDOWN_REVIEW);
    let script = script
        .replace("CALLS", calls.to_str().expect("UTF-8"))
        .replace("REVIEW", review.to_str().expect("UTF-8"));
    scripted(session, name, &format!("count {}\n{script}", calls.display()), keys);
}

/// How often a counting reviewer was called.
pub(crate) fn calls(session: &TestSession, name: &str) -> u32 {
    let text = std::fs::read_to_string(session.repo.scratch().join(format!("{name}.calls")));
    text.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Adds lines at the top of the local configuration.
pub(crate) fn configured(session: &TestSession, lines: &str) {
    let config = session.repo.path().join(".git/deep-review/config.toml");
    std::fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
    let before = std::fs::read_to_string(&config).unwrap_or_default();
    std::fs::write(&config, format!("{lines}\n{before}")).expect("a written configuration");
}

/// Folders of the runs, oldest first.
pub(crate) fn run_folders(session: &TestSession) -> Vec<PathBuf> {
    let runs = session.repo.path().join(".git/deep-review/runs");
    let entries = std::fs::read_dir(runs).into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// The binary at work.
pub(crate) struct Working {
    child: std::process::Child,
}

impl Working {
    /// Starts it.
    pub(crate) fn start(session: &TestSession, words: &[&str]) -> Self {
        Self::begin(session.command(words))
    }

    /// Starts this.
    pub(crate) fn begin(mut command: std::process::Command) -> Self {
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        Self { child: command.spawn().expect("the binary starts") }
    }

    /// Waits until the newest run's events hold these texts, as long as it lives.
    pub(crate) fn wait_for(&mut self, session: &TestSession, texts: &[&str]) {
        let begun = Instant::now();
        loop {
            let newest = run_folders(session).pop().map(|folder| folder.join("events.jsonl"));
            let events = newest.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
            if texts.iter().all(|text| events.contains(text)) {
                return;
            }
            let lives = self.child.try_wait().is_ok_and(|ended| ended.is_none());
            let in_time = lives && begun.elapsed() < Duration::from_mins(1);
            assert!(in_time, "{texts:?} never happened: {events}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it without a chance to say anything.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("is ours");
        self.child.wait().expect("is ours");
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("our own child takes a signal");
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ran {
        let output = self.child.wait_with_output().expect("is ours");
        Ran {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

/// Waits until no process has a word in its command line. Where there is no `/proc` nothing can be said.
pub(crate) fn nobody_runs(word: &str) {
    let begun = Instant::now();
    while running_with(word) {
        assert!(begun.elapsed() < Duration::from_secs(30), "a reviewer outlived its supervisor");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn running_with(word: &str) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        std::fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    })
}

/// What a machine boots from, as `.ci/machine` tells.
#[expect(clippy::disallowed_methods, reason = "where the kernel is, is said in the environment")]
pub(crate) fn guest() -> Option<String> {
    std::env::var("DEEP_REVIEW_GUEST").ok()
}

/// The binary with words, which knows what a machine boots from.
pub(crate) fn with_guest(session: &TestSession, words: &[&str]) -> std::process::Command {
    let mut command = session.command(words);
    command.envs(guest().map(|guest| ("DEEP_REVIEW_GUEST", guest)));
    command
}

/// Runs the binary, which knows what a machine boots from.
pub(crate) fn run_with_guest(session: &TestSession, words: &[&str]) -> Ran {
    Working::begin(with_guest(session, words)).end()
}

/// Whether a refusal means that no machine can be booted on this system.
pub(crate) fn has_no_machine(refusal: &str) -> bool {
    let missing = ["install the package qemu", "no kernel for a machine", "busybox", "QEMU machines are for"];
    missing.iter().any(|missing| refusal.contains(missing))
}

/// What a call printed, as JSON.
pub(crate) fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", ran.stdout, ran.stderr))
}

/// The row of one reviewer.
pub(crate) fn reviewer<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["reviewers"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["name"] == name))
        .unwrap_or_else(|| panic!("no reviewer {name} in {report:#}"))
}

/// Findings that rest on a reviewer.
pub(crate) fn findings_of<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    let of = |finding: &&Value| {
        finding["sources"]
            .as_array()
            .is_some_and(|sources| sources.iter().any(|source| source["reviewer"] == name))
    };
    report["findings"].as_array().expect("findings").iter().filter(of).collect()
}
