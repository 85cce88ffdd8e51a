//! A real machine, booted by QEMU: commands with their streams and codes, limits, and a reviewer's script in it.
//!
//! In: a kernel and busybox, as `.ci/machine` unpacks them. Out: what a run on this system gives, from inside a machine. Prints
//! `skipped: …` where no machine can be booted.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "what was skipped is said")]

mod common;

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::terminal::Terminal;
use common::{has_no_machine, run_with_guest, saying, session, with_guest};
use model::{ReproOutcome, Reproduction};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use test_kit::{Ran, TestSession};

fn run(session: &TestSession, words: &[&str]) -> Ran {
    run_with_guest(session, words)
}

/// Removes the machine, also where a test failed.
struct Guard<'a>(&'a TestSession);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        drop(run(self.0, &["machine", "delete", "--all"]));
    }
}

/// A running machine; `None` where none can be booted.
fn machine(session: &TestSession) -> Option<()> {
    let made = run(session, &["machine", "create", "real", "--memory", "512"]);
    if made.code == 4 && has_no_machine(&made.stderr) {
        println!("skipped: {}", made.stderr.trim());
        assert_eq!(run(session, &["machine", "delete", "real"]).code, 0);
        return None;
    }
    made.expect(0);
    run(session, &["machine", "start", "real", "--wait", "--timeout", "180s"]).expect(0);
    Some(())
}

fn processes(session: &TestSession) -> Vec<String> {
    let scratch = session.repo.scratch().to_string_lossy().into_owned();
    let lines = fs::read_dir("/proc").expect("processes").flatten().filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&scratch).then_some(line)
    });
    lines.collect()
}

fn exec(session: &TestSession, options: &[&str], command: &[&str]) -> Value {
    let words = [&["machine", "exec", "real", "--json"], options, &["--"], command].concat();
    let ran = run(session, &words);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}{}", ran.stdout, ran.stderr))
}

fn kill_qemu(session: &TestSession) {
    let pid = fs::read_dir("/proc").expect("processes").flatten().find_map(|entry| {
        let line = String::from_utf8_lossy(&fs::read(entry.path().join("cmdline")).ok()?).into_owned();
        let is_it = line.starts_with("/usr/bin/qemu-system") && line.contains(session.repo.path().to_str()?);
        is_it.then(|| entry.file_name().into_string().ok()?.parse().ok()).flatten()
    });
    kill_process(Pid::from_raw(pid.expect("QEMU runs")).expect("a number"), Signal::KILL).expect("ours");
}

#[test]
fn a_machine_boots_runs_commands_within_limits_and_goes() {
    let session = session();
    let _guard = Guard(&session);
    let Some(()) = machine(&session) else { return };
    // Streams, code, words that a shell would read, and the checkout, which cannot be written.
    let told = exec(
        &session,
        &[],
        &["sh", "-c", "printf '%s\\n' \"$1\"; echo err >&2; exit 7", "sh", "$(id) 'a' \"b\" *"],
    );
    assert_eq!(
        (told["stdout"].as_str(), told["stderr"].as_str()),
        (Some("$(id) 'a' \"b\" *\n"), Some("err\n"))
    );
    assert_eq!((told["exit"].as_i64(), told["how"].as_str()), (Some(7), Some("exited")));
    let told = exec(&session, &[], &["sh", "-c", "cat src/store.rs; pwd; id -u; touch x"]);
    let here = fs::read_to_string(session.repo.path().join("src/store.rs")).expect("a file");
    assert_eq!(told["stdout"], format!("{here}/checkout\n1000\n"));
    assert!(told["stderr"].as_str().is_some_and(|text| text.contains("Read-only file system")), "{told}");
    assert!(!session.repo.path().join("x").exists());
    // No network, not even a card.
    let told = exec(&session, &[], &["sh", "-c", "cat /proc/net/dev | grep -c :"]);
    assert_eq!(told["stdout"], "1\n", "the loopback only");
    // A linter gives what it gives here.
    let check = ["git", "--no-pager", "diff", "--check", "--no-index", "/dev/null", "src/store.rs"];
    let told = exec(&session, &[], &check);
    #[expect(clippy::disallowed_methods, reason = "the same program, here")]
    let local = std::process::Command::new("git").args(&check[1..]).current_dir(session.repo.path()).output();
    let local = local.expect("git runs");
    assert_eq!(told["stdout"], String::from_utf8_lossy(&local.stdout).into_owned());
    assert_eq!(told["exit"].as_i64(), local.status.code().map(i64::from));
    // Limits: a job that runs on, with children that try to get away, and one that writes without end.
    let told =
        exec(&session, &["--timeout", "2s"], &["sh", "-c", "setsid sleep 1000 & echo begun; sleep 1000"]);
    assert_eq!((told["how"].as_str(), told["stdout"].as_str()), (Some("timed-out"), Some("begun\n")));
    let told = exec(&session, &["--output", "1"], &["sh", "-c", "yes"]);
    assert_eq!(told["how"], "output");
    assert_eq!(told["stdout"].as_str().map(str::len), Some(1 << 20));
    let told =
        exec(&session, &[], &["sh", "-c", "ps -e -o comm= | grep -c -e sleep -e yes; echo kept >/tmp/kept"]);
    assert_eq!(told["stdout"], "0\n", "whoever was ended is gone");
    let told = exec(&session, &["--fresh"], &["sh", "-c", "ls /tmp; echo"]);
    assert_eq!(told["stdout"], "\n");
    let told = exec(&session, &[], &["cat", "/tmp/kept"]);
    assert_eq!(told["stdout"], "kept\n");
    // Its clock is ours.
    let told = exec(&session, &[], &["sh", "-c", "date +%s; sleep 3; date +%s"]);
    let seconds: Vec<i64> =
        told["stdout"].as_str().expect("text").lines().map(|line| line.parse().expect("a time")).collect();
    assert!((3..60).contains(&(seconds[1] - seconds[0])), "{seconds:?}");
    // A way to one host, through the proxy, and to no other.
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = server.local_addr().expect("an address").to_string();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().expect("a connection");
        stream.write_all(b"hello from outside\n").expect("taken");
    });
    let ask = "ask() { exec 3<>/dev/tcp/127.0.0.1/3128; printf 'CONNECT %s HTTP/1.1\\r\\n\\r\\n' $1 >&3; cat <&3; }; \
               ask $1; ask evil.example:443; ask 127.0.0.1:22";
    let told = exec(&session, &["--host", &host], &["bash", "-c", ask, "bash", &host]);
    let said = told["stdout"].as_str().expect("text");
    assert!(said.contains(" 200 ") && said.contains("hello from outside"), "{told}");
    assert_eq!(said.matches(" 403 ").count(), 2, "{told}");
    answering.join().expect("it was asked");
    let told = exec(&session, &[], &["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3128"]);
    assert_eq!(told["exit"], 1, "without it there is no way: {told}");
    // A machine whose QEMU is killed is not said to run, and starts again.
    kill_qemu(&session);
    let begun = Instant::now();
    while run(&session, &["machine", "exec", "real", "--", "true"]).code != 125 {
        assert!(begun.elapsed() < Duration::from_mins(1), "it is still said to run");
    }
    run(&session, &["machine", "start", "real", "--wait", "--timeout", "180s"]).expect(0);
    let began = run(&session, &["machine", "exec", "real", "--", "true"]).expect(0);
    assert_eq!(began.stdout, "");
    run(&session, &["machine", "stop", "real"]).expect(0);
    let events = run(&session, &["machine", "logs", "real"]).expect(0).stdout;
    assert!(!events.contains("was killed"), "it went in peace: {events}");
    run(&session, &["machine", "delete", "real"]).expect(0);
    assert!(processes(&session).is_empty(), "{:?}", processes(&session));
    assert!(!session.home().join(".local/share/deep-review/machines/real").exists());
}

/// Waits until the shell reads: an interrupt takes what was typed before along, as on every terminal.
fn prompt(terminal: &Terminal) {
    terminal.wait("its prompt", || terminal.text().trim_end().ends_with("real:/checkout$"));
}

#[test]
fn a_shell_in_a_machine_has_a_terminal_and_gives_ours_back() {
    let session = session();
    let _guard = Guard(&session);
    let Some(()) = machine(&session) else { return };
    let sit = || {
        let set = [("TERM", "xterm-256color")];
        let terminal = Terminal::with(&session, &["machine", "shell", "real"], (30, 80), &set);
        terminal.wait_for("real:");
        terminal
    };
    let terminal = sit();
    terminal.press("echo $((6 * 7)) $(stty size) $(tty)\r");
    terminal.wait_for("42 30 80 /dev/pts/");
    prompt(&terminal);
    // Ctrl-C ends what runs there, and neither the shell nor us.
    terminal.press("echo on; sleep 1000\r");
    terminal.wait("it sleeps", || terminal.text().lines().any(|line| line.trim() == "on"));
    terminal.press("\u{3}");
    prompt(&terminal);
    terminal.press("echo code=$?\r");
    terminal.wait_for("code=130");
    prompt(&terminal);
    terminal.resize(20, 60);
    terminal.press("for n in 1 2 3 4 5; do stty size; sleep 0.3; done\r");
    terminal.wait_for("20 60");
    prompt(&terminal);
    // A program that takes the whole screen.
    terminal
        .press("printf '\\033[?1049h\\033[2;3Hfull'; read -r key; printf '\\033[?1049l'; echo key=$key\r");
    terminal.wait_for("  full");
    terminal.press("x\r");
    terminal.wait_for("key=x");
    prompt(&terminal);
    terminal.press("exit 3\r");
    assert_eq!(terminal.end().0, 3);
    // Whoever ends us gets a terminal that is as it was, and nothing goes on inside.
    let terminal = sit();
    terminal.press("sleep 4321\r");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end().0, 130);
    let told = exec(&session, &[], &["sh", "-c", "ps -e -o args= | grep -c '[s]leep 4321'"]);
    assert_eq!(told["stdout"], "0\n");
    // So does a machine that goes down.
    let terminal = sit();
    kill_qemu(&session);
    assert_eq!(terminal.end().0, 125);
    // Without a terminal its lines are run.
    run(&session, &["machine", "start", "real", "--wait", "--timeout", "180s"]).expect(0);
    let mut command = with_guest(&session, &["machine", "shell", "real"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(b"cd /usr\npwd; (exit 4)\n").expect("lines");
    let output = child.wait_with_output().expect("ours");
    assert_eq!((String::from_utf8_lossy(&output.stdout).as_ref(), output.status.code()), ("/usr\n", Some(4)));
}

#[test]
fn a_script_shows_in_a_machine_what_it_shows_here() {
    let script = "grep -c limit src/store.rs; test \"$(grep -c limit src/store.rs)\" -gt 0 && exit 1; exit 0";
    let review = format!(
        "## Findings\n\n### Important Issues\n\nI1. **`load_first_records` keeps one record too many** — `src/store.rs:7-9` \
         (important, regression)\n\n```rust\n    let mut records: Vec<String> = text.lines().map(str::to_owned).collect();\n    \
         records.truncate(limit + 1);\n    records\n```\n\n`truncate` keeps `limit + 1` elements, so a caller that asks for 10 gets \
         11.\n\n```bash repro\n{script}\n```\n\n## Coverage\n\n- `src/store.rs` — I1\n"
    );
    let mut shown = Vec::new();
    for by in ["auto", "machine"] {
        let session = session();
        saying(&session, "ada", &review);
        let ran = run(&session, &["run", "--reviewer", "ada", "--json"]).expect(0);
        let report: model::Report = serde_json::from_str(&ran.stdout).expect("a report");
        let id = report.findings[0].id.clone();
        let ran = run(&session, &["repro", &id, "--yes", "--json", "--sandbox", by]);
        if ran.code == 6 && ran.stderr.contains("cannot be confined") {
            println!("skipped: {}", ran.stderr.trim());
            return;
        }
        let all: Vec<Reproduction> = serde_json::from_str(&ran.expect(0).stdout).expect("reproductions");
        assert!(processes(&session).is_empty(), "{:?}", processes(&session));
        shown.extend(all);
    }
    let [here, inside] = &shown[..] else { panic!("two reproductions") };
    assert!(inside.confined_by.contains("machine"), "{}", inside.confined_by);
    assert_eq!((here.outcome, here.regression), (inside.outcome, inside.regression), "{inside:?}");
    assert_ne!(inside.outcome, ReproOutcome::Refused);
    let told = |it: &Reproduction| {
        let one =
            |trial: &Option<model::Trial>| trial.as_ref().map(|it| (it.exit, it.output.clone(), it.ending));
        (one(&it.head), one(&it.base))
    };
    assert_eq!(told(here), told(inside));
    assert!(inside.head.as_ref().is_some_and(|head| head.exit == Some(1)), "{inside:?}");
}
