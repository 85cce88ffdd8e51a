//! The real agent programs, driven by the binary against a model server on loopback.
//!
//! In: the programs that `.ci/agents` installs, an empty home each, a key that means nothing. Out: for everything that can
//! happen the right ending, class of failure, figures and exit code, and a checkout nobody touched. Prints `skipped: …` where a
//! program is missing. No program can reach anything but this machine: their addresses are the server's.

#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "what was skipped is said, and how long each case took")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use common::{findings_of, guest, has_no_machine, json, reviewer};
use serde_json::Value;
use test_kit::fake_model::{CALC_AFTER, CALC_BEFORE, CALC_PATH, Say, Scenario, Step, TITLE};
use test_kit::{FakeModel, FakeModelOptions, Ran, TestSession};

/// Scenario of the server, the reviewer's ending, the class of its failure, exit code.
type Case = (&'static str, &'static str, Option<&'static str>, i32);

/// What every agent must make of it.
const CASES: &[Case] = &[
    ("ok-diff", "finished", None, 0),
    ("ok-markdown", "finished", None, 0),
    ("auth", "failed", Some("auth"), 3),
    ("rate", "failed", Some("rate-limit"), 3),
    ("quota", "failed", Some("quota"), 3),
    ("server", "failed", Some("transient"), 3),
    ("overload", "failed", Some("overload"), 3),
    ("context", "failed", Some("context-too-long"), 3),
    ("stall", "stalled", None, 3),
    ("stall-middle", "stalled", None, 3),
    ("no-model", "failed", Some("configuration"), 3),
    // A model that finds nothing and has not looked at anything.
    ("blind", "unable-to-review", None, 3),
];

const CLAUDE: &[Case] = &[
    ("cut-middle", "failed", Some("transient"), 3),
    ("empty", "empty", Some("incomplete"), 3),
    ("truncated", "truncated", Some("incomplete"), 3),
    ("malformed", "failed", Some("transient"), 3),
];
const CODEX: &[Case] = &[
    ("cut-middle", "failed", Some("transient"), 3),
    ("empty", "empty", Some("incomplete"), 3),
    ("truncated", "truncated", Some("incomplete"), 3),
    ("malformed", "failed", Some("transient"), 3),
];
const GEMINI: &[Case] = &[
    // It ends with exit code 0 and a result that says error.
    ("cut-middle", "unable-to-review", Some("transient"), 3),
    ("empty", "empty", Some("incomplete"), 3),
    ("truncated", "truncated", Some("incomplete"), 3),
    ("malformed", "failed", Some("transient"), 3),
];

/// For the agents that `.ci/agents` does not install: whoever has them below `target/agents` gets these.
const OTHERS: &[Case] = &[
    ("ok-diff", "finished", None, 0),
    ("auth", "failed", Some("auth"), 3),
    ("truncated", "truncated", Some("incomplete"), 3),
];

/// A clean bill by somebody who has read nothing.
const BLIND: &str = r#"{"schema": "deep-review/review/v1", "verdict": "merge-as-is", "summary": "The change is fine.", "findings": [],
 "coverage": [{"path": "src/calc.py", "status": "reviewed"}]}"#;

/// One agent in one scratch world.
struct World {
    agent: &'static str,
    session: TestSession,
    search: String,
    /// Whether it is confined: the value of `--sandbox`.
    sandbox: &'static str,
    // Outside the system's folder for temporary files: codex makes no helpers there, and then its sandbox may fail.
    cache: tempfile::TempDir,
}

/// The folder of installed programs; `None`, said aloud, where the agent is not there.
fn installed(agent: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().expect("the path of this test");
    let target = own.ancestors().nth(3).expect("target/debug/deps/test").to_owned();
    let program = target.join("agents/node_modules/.bin").join(agent);
    if program.exists() {
        return Some(program);
    }
    println!("skipped: {agent} is not installed (`.ci/agents` does)");
    None
}

impl World {
    fn new(agent: &'static str, program: &Path) -> Self {
        let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
        session.repo.write(CALC_PATH, CALC_BEFORE).commit("calc");
        session.repo.branch("feature").write(CALC_PATH, CALC_AFTER).commit("mean: add up first");
        let bin = session.repo.scratch().join("bin");
        std::fs::create_dir_all(&bin).expect("a folder");
        std::os::unix::fs::symlink(program, bin.join(agent)).expect("a link");
        // git, node and a shell, and no agent that a developer may have elsewhere.
        let search = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
        let cache = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a cache");
        std::fs::create_dir(cache.path().join("tmp")).expect("a folder");
        Self { agent, session, search, sandbox: "auto", cache }
    }

    /// Limits that a test can wait for.
    fn impatient(&self) {
        // Gemini waits silently for some ten seconds before it tries again; the others take as long to start.
        let silence = match self.agent {
            "claude" | "codex" => 15,
            "gemini" => 30,
            // Where much else goes on, opencode alone takes that long to start.
            _ => 90,
        };
        let table = format!(
            "[reviewers.{}]\ntimeout = \"120s\"\nsilence = \"{silence}s\"\nretries = 0\n",
            self.agent
        );
        self.configured(&table);
    }

    fn configured(&self, text: &str) {
        let config = self.session.repo.path().join(".git/deep-review/config.toml");
        std::fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
        std::fs::write(config, text).expect("a configuration");
    }

    fn command(&self, base: &str, words: &[&str]) -> std::process::Command {
        let mut command = self.session.command(words);
        command.env("PATH", &self.search).env("XDG_CACHE_HOME", self.cache.path());
        // Codex makes no helper of its own below the folder for temporary files, where this clone may lie.
        command.env("TMPDIR", self.cache.path().join("tmp"));
        match self.agent {
            "claude" => {
                command.env("ANTHROPIC_BASE_URL", base).env("ANTHROPIC_API_KEY", "sk-of-no-use");
            }
            "codex" => {
                self.codex_provider(base);
                command.env("FAKE_MODEL_KEY", "key-of-no-use");
            }
            "gemini" => {
                command.env("GOOGLE_GEMINI_BASE_URL", base).env("GEMINI_API_KEY", "key-of-no-use");
            }
            "qwen" => {
                command.env("OPENAI_BASE_URL", format!("{base}/v1")).env("OPENAI_API_KEY", "key-of-no-use");
                command.env("OPENAI_MODEL", "qwen3-coder-plus");
            }
            "copilot" => {
                command.env("COPILOT_PROVIDER_BASE_URL", format!("{base}/v1"));
                command.env("COPILOT_PROVIDER_API_KEY", "key-of-no-use").env("COPILOT_MODEL", "gpt-5.1");
            }
            "opencode" => self.opencode_provider(base),
            other => panic!("{other}"),
        }
        command
    }

    /// A provider as a user configures it, and things in the same file that must not run.
    fn codex_provider(&self, base: &str) {
        let witness = self.witness().display().to_string();
        let text = format!(
            "model_provider = \"fake\"\nmodel = \"gpt-5.5\"\nnotify = [\"touch\", \"{witness}\"]\n\
             [model_providers.fake]\nname = \"fake\"\nbase_url = \"{base}/v1\"\nenv_key = \"FAKE_MODEL_KEY\"\n\
             wire_api = \"responses\"\nrequest_max_retries = 1\nstream_max_retries = 1\n\
             [mcp_servers.evil]\ncommand = \"touch\"\nargs = [\"{witness}\"]\n"
        );
        let file = self.session.home().join(".codex/config.toml");
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        std::fs::write(file, text).expect("a configuration");
    }

    fn opencode_provider(&self, base: &str) {
        let text = format!(
            r#"{{"model":"fake/m","provider":{{"fake":{{"npm":"@ai-sdk/openai-compatible","options":{{"baseURL":"{base}/v1","apiKey":"key-of-no-use"}},"models":{{"m":{{"name":"m"}}}}}}}}}}"#
        );
        let file = self.session.home().join(".config/opencode/opencode.json");
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        std::fs::write(file, text).expect("a configuration");
    }

    fn witness(&self) -> PathBuf {
        self.session.repo.scratch().join("witness")
    }

    fn ask(&self, base: &str) -> Ran {
        let words = ["--json", "--reviewer", self.agent, "--sandbox", self.sandbox];
        let output = self.command(base, &words).output().expect("it starts");
        Ran {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

/// Does something for each of many, four at a time.
fn side_by_side<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let next = Mutex::new(all.iter());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let one = next.lock().expect("nothing panics here").next();
                    let Some(one) = one else { break };
                    work(one);
                }
            });
        }
    });
}

/// Plays every case; returns what came out otherwise.
fn play(agent: &'static str, program: &Path, common: &[Case], own: &[Case]) {
    play_in(agent, program, "auto", common, own);
}

/// Plays every case with a program that is confined, or is not.
fn play_in(agent: &'static str, program: &Path, sandbox: &'static str, common: &[Case], own: &[Case]) {
    let blind = [("blind".to_owned(), Scenario::steps([Step::Say(Say::Text(BLIND.to_owned()))]))].into();
    let options = FakeModelOptions { root: "/".into(), own: blind, ..FakeModelOptions::default() };
    let server = FakeModel::with(options).expect("a free port");
    let wrong = Mutex::new(Vec::new());
    let cases: Vec<Case> = common.iter().chain(own).copied().collect();
    side_by_side(&cases, |(scenario, ending, class, exit)| {
        let world = World { sandbox, ..World::new(agent, program) };
        world.impatient();
        let started = Instant::now();
        let ran = world.ask(&server.url(&format!("{scenario}~{agent}")));
        println!("{agent} {scenario}: exit {} after {:.1} s", ran.code, started.elapsed().as_secs_f32());
        let mut say = |text: String| wrong.lock().expect("whole").push(format!("{agent} {scenario}: {text}"));
        let Ok(report) = serde_json::from_str::<Value>(&ran.stdout) else {
            return say(format!("no report: {}", ran.stderr));
        };
        let row = reviewer(&report, agent);
        let got = (row["ending"].as_str(), row["failure"]["class"].as_str(), ran.code);
        if got != (Some(*ending), *class, *exit) {
            say(format!("{got:?}, wanted {:?}: {row:#}", (ending, class, exit)));
        }
        if sandbox == "require" && row["receipt"]["confined_by"] != "bubblewrap" {
            say(format!("it was not confined: {row:#}"));
        }
        if row["tree_gone"] != true {
            say(format!("processes are not proven gone: {row:#}"));
        }
        // opencode writes one file of its own into `.git`, and the report says so.
        if let Some(note) = changed(row).filter(|note| !note.ends_with(": .git/opencode")) {
            say(note);
        }
        let text = report.to_string();
        if text.contains("of-no-use") || text.contains("127.0.0.1") {
            say("a key or an address stands in the report".to_owned());
        }
        if *exit == 0 {
            reviewed(agent, &server, scenario, &report, &mut say);
        }
    });
    let wrong = wrong.into_inner().expect("whole");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a review must carry.
fn reviewed(agent: &str, server: &FakeModel, scenario: &str, report: &Value, say: &mut dyn FnMut(String)) {
    let row = reviewer(report, agent);
    if row["receipt"]["canary"] != "echoed" {
        say(format!("its canary: {:#}", row["receipt"]));
    }
    let findings = findings_of(report, agent);
    if findings.len() != 1 || findings[0]["title"] != TITLE || findings[0]["lane"] != "confirmed" {
        say(format!("its findings: {findings:#?}"));
    }
    // Every answer of the server reports the same figures.
    let asked = server.asked(&format!("{scenario}~{agent}"));
    let calls =
        asked.iter().filter(|one| one.action == "say" || one.action.starts_with("call ")).count() as u64;
    let read = if agent == "claude" { 1250 } else { 1000 };
    if calls < 2 || row["tokens"] != serde_json::json!({ "in": calls * read, "out": calls * 100 }) {
        say(format!("{calls} calls and tokens {}", row["tokens"]));
    }
}

fn changed(row: &Value) -> Option<String> {
    let notes = row["notes"].as_array()?.iter().filter_map(Value::as_str);
    notes.into_iter().find(|note| note.contains("changed its checkout")).map(str::to_owned)
}

#[test]
fn claude_is_understood_whatever_happens() {
    if let Some(program) = installed("claude") {
        play("claude", &program, CASES, CLAUDE);
    }
}

#[test]
fn codex_is_understood_whatever_happens() {
    if let Some(program) = installed("codex") {
        play("codex", &program, CASES, CODEX);
    }
}

#[test]
fn gemini_is_understood_whatever_happens() {
    if let Some(program) = installed("gemini") {
        play("gemini", &program, CASES, GEMINI);
    }
}

/// The same through the sandbox and its proxy, which has the key and knows the way to this machine.
const CONFINED: &[Case] = &[
    ("ok-diff", "finished", None, 0),
    ("auth", "failed", Some("auth"), 3),
    ("rate", "failed", Some("rate-limit"), 3),
    ("server", "failed", Some("transient"), 3),
    ("stall", "stalled", None, 3),
    ("blind", "unable-to-review", None, 3),
];

/// Whether programs can be confined by bubblewrap here, as `doctor` says.
fn can_confine() -> bool {
    let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
    let rows = json(&session.run(&["doctor", "--json"]));
    let row = rows.as_array().and_then(|rows| rows.iter().find(|row| row["what"] == "sandbox of scripts"));
    let works = row.is_some_and(|row| row["state"] == "good");
    if !works {
        println!("skipped: {}", row.map(|row| row["detail"].to_string()).unwrap_or_default());
    }
    works
}

fn confined(agent: &'static str) {
    if let Some(program) = installed(agent).filter(|_| can_confine()) {
        play_in(agent, &program, "require", CONFINED, &[]);
    }
}

/// The same in a machine, where everything is many times slower if no processor helps: what the sandbox's cases show is not shown again.
fn in_a_machine(agent: &'static str) {
    let Some(program) = installed(agent) else { return };
    let server = FakeModel::start("/");
    let world = World { sandbox: "machine", ..World::new(agent, &program) };
    world.configured(&format!("[reviewers.{agent}]\ntimeout = \"20m\"\nsilence = \"20m\"\nretries = 0\n"));
    let scenario = "ok-diff";
    let words = ["--json", "--reviewer", agent, "--sandbox", world.sandbox];
    let mut command = world.command(&server.url(&format!("{scenario}~{agent}")), &words);
    command.envs(guest().map(|guest| ("DEEP_REVIEW_GUEST", guest)));
    let started = Instant::now();
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(6) && has_no_machine(&said) {
        println!("skipped: {}", said.trim());
        return;
    }
    println!("{agent} in a machine: {:.1} s", started.elapsed().as_secs_f32());
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let row = reviewer(&report, agent);
    assert_eq!(
        (row["ending"].as_str(), row["receipt"]["confined_by"].as_str()),
        (Some("finished"), Some("machine")),
        "{row:#}"
    );
    let mut wrong = Vec::new();
    reviewed(agent, &server, scenario, &report, &mut |text| wrong.push(text));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!report.to_string().contains("of-no-use"), "a key stands in the report");
}

#[test]
fn claude_is_understood_in_a_machine() {
    in_a_machine("claude");
}

#[test]
fn codex_is_understood_in_a_machine() {
    in_a_machine("codex");
}

#[test]
fn gemini_is_understood_in_a_machine() {
    in_a_machine("gemini");
}

#[test]
fn claude_is_understood_in_a_sandbox() {
    confined("claude");
}

#[test]
fn codex_is_understood_in_a_sandbox() {
    confined("codex");
}

/// Signed in by a key, codex is told its server on the command line. The shipped adapter names the vendor's; here a variable does.
#[test]
fn codex_with_a_key_asks_the_proxy_and_has_no_key() {
    let Some(program) = installed("codex").filter(|_| can_confine()) else { return };
    let server = FakeModel::start("/");
    let world = World::new("codex", &program);
    world.impatient();
    let shipped = world.session.run(&["reviewers", "adapter", "codex"]).expect(0).stdout;
    let own = "upstream = \"\"\nurl_env = \"TEST_URL\"";
    let text = shipped.replace("upstream = \"https://api.openai.com/v1\"", own);
    assert!(text.contains(own), "{shipped}");
    let path = world.session.home().join(".config/deep-review/agents/codex.toml");
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("an adapter");
    let words = ["--json", "--reviewer", "codex:gpt-5.5", "--sandbox", "require"];
    let mut command = world.session.command(&words);
    command.env("PATH", &world.search).env("XDG_CACHE_HOME", world.cache.path());
    command.env("TMPDIR", world.cache.path().join("tmp")).env("OPENAI_API_KEY", "key-of-no-use");
    command.env("TEST_URL", format!("{}/v1", server.url("ok-diff~codex-key")));
    let output = command.output().expect("it starts");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let row = reviewer(&report, "codex");
    assert_eq!(
        (row["state"].as_str(), row["receipt"]["confined_by"].as_str()),
        (Some("finished"), Some("bubblewrap")),
        "{row:#}"
    );
    assert!(!server.asked("ok-diff~codex-key").is_empty(), "the model was asked");
}

#[test]
fn gemini_is_understood_in_a_sandbox() {
    confined("gemini");
}

#[test]
fn qwen_and_copilot_are_understood_in_a_sandbox_where_they_are_installed() {
    for agent in ["qwen", "copilot"] {
        if let Some(program) = installed(agent).filter(|_| can_confine()) {
            play_in(agent, &program, "require", &OTHERS[..1], &[]);
        }
    }
}

#[test]
fn opencode_is_understood_where_it_is_installed() {
    if let Some(program) = installed("opencode") {
        play("opencode", &program, OTHERS, &[]);
    }
}

#[test]
fn qwen_is_understood_where_it_is_installed() {
    if let Some(program) = installed("qwen") {
        play("qwen", &program, OTHERS, &[]);
    }
}

#[test]
fn copilot_is_understood_where_it_is_installed() {
    if let Some(program) = installed("copilot") {
        play("copilot", &program, OTHERS, &[]);
    }
}

#[test]
fn agents_that_speak_the_protocol_are_asked_over_it() {
    // The words that make each program speak it, and the variables with which it finds its model.
    let spoken: [(&str, &[&str], &[&str]); 4] = [
        ("gemini", &["--acp", "--model", "gemini-2.5-pro"], &["GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY"]),
        ("opencode", &["acp"], &[]),
        ("qwen", &["--acp"], &["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"]),
        ("copilot", &["--acp"], &["COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_API_KEY", "COPILOT_MODEL"]),
    ];
    let server = FakeModel::start("/");
    side_by_side(&spoken, |(agent, words, variables)| {
        let Some(program) = installed(agent) else { return };
        let world = World::new(agent, &program);
        // opencode's wrapper wants an install script to have run; what it wraps does not.
        let packages = program.ancestors().nth(2).expect("node_modules");
        let native = packages.join("opencode-linux-x64/bin/opencode");
        let program = if *agent == "opencode" { native.to_str().expect("UTF-8") } else { *agent };
        let words: Vec<&str> = std::iter::once(program).chain(words.iter().copied()).collect();
        world.configured(&format!(
            "[reviewers.spoken]\nacp = {words:?}\nenv = {variables:?}\ntimeout = \"120s\"\nsilence = \"90s\"\nretries = 0\n"
        ));
        let instance = format!("ok-diff~{agent}-acp");
        let mut command = world.command(&server.url(&instance), &["--json", "--reviewer", "spoken"]);
        let output = command.output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{agent}: {error}: {stderr}"));
        let row = reviewer(&report, "spoken");
        assert_eq!(
            (&row["state"], &row["receipt"]["canary"]),
            (&"finished".into(), &"echoed".into()),
            "{agent}: {row:#}"
        );
        let findings = findings_of(&report, "spoken");
        assert_eq!((findings.len(), &findings[0]["title"]), (1, &TITLE.into()), "{agent}: {findings:#?}");
        assert_eq!((&row["tree_gone"], output.status.code()), (&true.into(), Some(0)), "{agent}: {row:#}");
        let asked = server.asked(&instance).iter().filter(|one| one.action.starts_with("call ")).count();
        assert!(asked >= 1, "{agent} used no tool");
    });
}

#[test]
fn a_fresh_user_with_one_program_and_one_key_gets_a_report_without_configuration() {
    for agent in ["claude", "codex", "gemini"] {
        let Some(program) = installed(agent) else { continue };
        let server = FakeModel::start("/");
        let world = World::new(agent, &program);
        let mut command = world.command(&server.url("ok-diff~fresh"), &["--json"]);
        let output = command.env("DEEP_REVIEW_DETECT", "true").output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{agent}: {error}: {stderr}"));
        let names: Vec<&str> =
            report["reviewers"].as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
        assert_eq!(names, ["builtin", agent], "{stderr}");
        assert_eq!(reviewer(&report, agent)["state"], "finished", "{report:#}");
        assert_eq!(report["verdict"]["value"], "merge-with-fixes");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn no_agent_escapes_its_checkout_or_writes_into_it() {
    let cases = [
        ("claude", "try-write"),
        ("claude", "try-git"),
        ("codex", "try-write"),
        ("codex", "try-git"),
        ("codex", "try-net"),
        ("gemini", "try-write"),
        ("gemini", "try-plan-escape"),
    ];
    let server = FakeModel::start("/");
    side_by_side(&cases, |(agent, scenario)| {
        let Some(program) = installed(agent) else { return };
        let world = World::new(agent, &program);
        world.impatient();
        let instance = format!("{scenario}~{agent}-escape");
        let report = json(&world.ask(&server.url(&instance)));
        let row = reviewer(&report, agent);
        assert_eq!(changed(row), None, "{agent} {scenario}");
        assert!(!Path::new("/tmp/ESCAPED_outside.txt").exists(), "{agent} {scenario}");
        let tried = server.asked(&instance).iter().filter(|one| one.action.starts_with("call ")).count();
        assert!(tried >= 1, "{agent} {scenario}: nothing was tried: {row:#}");
        let log = world.session.repo.git(&["log", "-1", "--format=%s"]);
        assert_eq!(log.trim(), "mean: add up first", "{agent} {scenario}");
    });
}

#[test]
fn the_reviewed_branch_does_not_steer_an_agent_and_the_users_own_settings_do_not_run() {
    let server = FakeModel::start("/");
    side_by_side(&["claude", "codex", "gemini"], |agent| {
        let Some(program) = installed(agent) else { return };
        let world = World::new(agent, &program);
        world.impatient();
        let witness = world.witness();
        let touch = format!("touch {}", witness.display());
        let hook = format!(
            r#"{{"hooks":{{"SessionStart":[{{"hooks":[{{"type":"command","command":"{touch}"}}]}}]}},"apiKeyHelper":"{touch}"}}"#
        );
        let servers =
            format!(r#"{{"mcpServers":{{"evil":{{"command":"touch","args":["{}"]}}}}}}"#, witness.display());
        let repo = &world.session.repo;
        repo.write(".claude/settings.json", &hook)
            .write(".mcp.json", &servers)
            .write(".gemini/settings.json", &servers)
            .write(
                ".env",
                "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9\nANTHROPIC_BASE_URL=http://127.0.0.1:9\n",
            )
            .write(
                ".codex/config.toml",
                format!("[mcp_servers.evil]\ncommand = \"touch\"\nargs = [{witness:?}]\n"),
            )
            .write("CLAUDE.md", "STEERED\n")
            .write("AGENTS.md", "STEERED\n")
            .write("GEMINI.md", "STEERED\n")
            .commit("hostile");
        let home = world.session.home();
        for (name, text) in [(".claude/settings.json", &hook), (".gemini/settings.json", &servers)] {
            let path = home.join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let instance = format!("ok-diff~{agent}-hostile");
        let report = json(&world.ask(&server.url(&instance)));
        let row = reviewer(&report, agent);
        assert_eq!(row["state"], "finished", "{agent}: {row:#}");
        assert!(!witness.exists(), "{agent}: something of the branch or of the user's settings ran");
        let notes = row["notes"].to_string();
        assert!(notes.contains("CLAUDE.md") && notes.contains("were left out"), "{agent}: {notes}");
        let asked = server.asked(&instance);
        // The change adds these files, so their text is in the diff; it must not be anywhere else.
        let steered = asked.first().map(|one| one.body.to_string().contains("STEERED"));
        assert_eq!(steered, Some(false), "{agent}: the branch's instructions were sent");
    });
}

#[test]
fn an_interrupted_agent_is_ended_and_nothing_of_it_is_left() {
    let server = FakeModel::start("/");
    side_by_side(&["claude", "codex", "gemini"], |agent| {
        let Some(program) = installed(agent) else { return };
        let world = World::new(agent, &program);
        let instance = format!("stall~{agent}-interrupted");
        let mut command = world.command(&server.url(&instance), &["--json", "--reviewer", agent]);
        let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn();
        let child = child.expect("it starts");
        let patience = Instant::now() + Duration::from_secs(40);
        while server.asked(&instance).is_empty() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(!server.asked(&instance).is_empty(), "{agent} never asked the model");
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&child),
            rustix::process::Signal::TERM,
        )
        .expect("a signal to a child");
        let output = child.wait_with_output().expect("it ends");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a partial report");
        let row = reviewer(&report, agent);
        assert_eq!(
            (row["ending"].as_str(), output.status.code()),
            (Some("cancelled"), Some(3)),
            "{agent}: {row:#}"
        );
        assert_eq!(row["tree_gone"], true, "{agent}: {row:#}");
    });
}

#[test]
fn claude_is_ended_in_the_middle_of_its_work_when_a_budget_is_used_up() {
    let Some(program) = installed("claude") else { return };
    let server = FakeModel::start("/");
    let world = World::new("claude", &program);
    world.impatient();
    let config = world.session.repo.path().join(".git/deep-review/config.toml");
    let before = std::fs::read_to_string(&config).expect("a configuration");
    std::fs::write(&config, format!("{before}[budget.run]\ntokens = 4000\n")).expect("a configuration");
    // It would read one file for ever.
    let ran = world.ask(&server.url("loop-tools~budget"));
    let report = json(&ran);
    let row = reviewer(&report, "claude");
    assert_eq!((ran.code, row["failure"]["class"].as_str()), (5, Some("budget")), "{row:#}");
    assert_eq!((row["ending"].as_str(), &row["tree_gone"]), (Some("cancelled"), &true.into()), "{row:#}");
    let asked = server.asked("loop-tools~budget").len();
    assert!((4..12).contains(&asked), "each request reads 1250 tokens: {asked}");
    // It is asked to end by the signal on which it mostly still reports what it cost; where it does not, that is not known.
    assert!(row["usd"].is_null() || row["usd"].as_f64() > Some(0.0), "{row:#}");
}

#[test]
fn an_agent_can_be_tried_without_a_review() {
    let server = FakeModel::start("/");
    for agent in ["claude", "codex", "gemini"] {
        let Some(program) = installed(agent) else { continue };
        let world = World::new(agent, &program);
        let try_it = |scenario: &str| {
            let mut command = world.command(
                &server.url(&format!("{scenario}~{agent}-try")),
                &["reviewers", "test", agent, "--json"],
            );
            let output = command.output().expect("it starts");
            let rows: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            (output.status.code(), rows[0].clone())
        };
        let (code, row) = try_it("canary");
        assert_eq!((code, &row["canary_echoed"]), (Some(0), &Value::Bool(true)), "{agent}: {row:#}");
        let (code, row) = try_it("auth");
        assert_eq!((code, row["failure"]["class"].as_str()), (Some(4), Some("auth")), "{agent}: {row:#}");
    }
}
