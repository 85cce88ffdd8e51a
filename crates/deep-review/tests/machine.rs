//! Machines behind a scripted manager: the fault matrix.
//!
//! In: a manager that hangs, fails, does half, and agents that ignore, die and leave things behind. Out: each time the machine as
//! wanted or visibly stranded, and no process, port, socket or file of a machine that is off.

#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use test_kit::{Ran, TestSession};

/// A user with a scripted manager, in folders whose names mean something to patterns.
struct Bench {
    session: TestSession,
    lima: PathBuf,
    data: PathBuf,
    path: String,
}

impl Bench {
    fn new() -> Self {
        let session = TestSession::new(env!("CARGO_BIN_EXE_deep-review"));
        let scratch = session.repo.scratch().to_owned();
        let programs = scratch.join("programs");
        fs::create_dir_all(&programs).expect("a folder");
        fs::copy(test_kit::fake_limactl_path(), programs.join("limactl")).expect("a manager");
        let bench = Self {
            lima: scratch.join("vm[1]*?{a,b}"),
            data: scratch.join("data [x]"),
            path: format!("{}:/usr/bin:/bin", programs.display()),
            session,
        };
        fs::create_dir_all(bench.lima.join("faults")).expect("a folder");
        bench.generator("printf key >\"$key\"; printf pub >\"$key.pub\"");
        bench
    }

    /// What makes keys. `$key` is where.
    fn generator(&self, script: &str) {
        let path = self.session.repo.scratch().join("programs/ssh-keygen");
        let calls = self.lima.join("keygen-calls");
        let text = format!(
            "#!/bin/sh\necho x >>'{}'\nwhile [ $# -gt 0 ]; do [ \"$1\" = -f ] && key=$2; shift; done\n{script}\n",
            calls.display()
        );
        fs::write(&path, text).expect("a generator");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    fn fault(&self, verb: &str, lines: &str) {
        fs::write(self.lima.join("faults").join(verb), lines).expect("a fault");
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = self.session.command(&[&["machine"], words].concat());
        command.env("PATH", &self.path).env("LIMA_HOME", &self.lima).env("XDG_DATA_HOME", &self.data);
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().expect("the binary starts");
        Ran {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    fn create(&self, name: &str) {
        let words =
            ["create", name, "--driver", "lima", "--no-share", "--grace", "3s", "--ready-within", "60s"];
        self.run(&words).expect(0);
    }

    fn running(&self, name: &str) {
        self.create(name);
        self.run(&["start", name, "--wait", "--timeout", "60s"]).expect(0);
        assert!(self.instance(name).join("ha.sock").exists());
    }

    fn instance(&self, name: &str) -> PathBuf {
        self.lima.join(format!("deep-review-{name}"))
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.data.join("deep-review/machines").join(name)
    }

    fn show(&self, name: &str) -> Value {
        serde_json::from_str(&self.run(&["show", name, "--json"]).expect(0).stdout).expect("JSON")
    }

    fn answer(&self, name: &str, question: &str) -> String {
        let record = self.show(name);
        let conditions = record["status"]["conditions"].as_array().expect("conditions").clone();
        let found = conditions.iter().find(|it| it["question"] == question);
        found.map_or_else(String::new, |it| it["answer"].as_str().unwrap_or_default().to_owned())
    }

    fn agent_pid(&self, name: &str) -> u32 {
        let text = fs::read_to_string(self.instance(name).join("ha.pid")).expect("a pid");
        text.trim().parse().expect("a number")
    }

    fn port(&self, name: &str) -> u16 {
        let path = self.instance(name).join("port");
        eventually("a forwarder", || fs::read_to_string(&path).is_ok_and(|text| !text.is_empty()));
        fs::read_to_string(path).expect("a port").trim().parse().expect("a number")
    }

    /// Processes that carry this test's folder in what they were started with.
    fn processes(&self) -> Vec<String> {
        let scratch = self.session.repo.scratch().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").expect("processes").flatten() {
            let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace('\0', " ");
            let (line, environment) = (text(read("cmdline")), text(read("environ")));
            let is_dead = text(read("stat")).contains(") Z ");
            if !is_dead && !line.is_empty() && (line.contains(&scratch) || environment.contains(&scratch)) {
                found.push(line);
            }
        }
        found
    }

    /// Nothing of this machine is left that says that it runs.
    fn nothing_runs(&self) {
        eventually("no process is left", || self.processes().is_empty());
        for folder in fs::read_dir(&self.lima).expect("listed").flatten() {
            let Ok(entries) = fs::read_dir(folder.path()) else { continue };
            for entry in entries.flatten() {
                let name = entry.file_name().into_string().expect("text");
                let alive = [".pid", ".sock", ".tmp"].iter().any(|ending| name.ends_with(ending));
                assert!(!alive && name != "locked", "{} is left", entry.path().display());
            }
        }
    }

    fn nothing_is_left(&self, name: &str) {
        self.nothing_runs();
        assert!(!self.instance(name).exists(), "the machine is left");
        assert!(!self.folder(name).exists(), "its record is left");
    }

    fn troubles(&self, name: &str) -> String {
        self.show(name)["status"]["troubles"].to_string()
    }
}

impl Drop for Bench {
    /// Whatever a test left, or where it failed: nothing goes on running.
    fn drop(&mut self) {
        drop(fs::remove_dir_all(self.lima.join("faults")));
        drop(self.run(&["delete", "--all", "--timeout", "60s"]));
    }
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn holds(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Ends one process, and only that.
fn kill(pid: u32, signal: &str) {
    #[expect(clippy::disallowed_methods, reason = "the test plays the one who kills")]
    let mut command = std::process::Command::new("kill");
    assert!(command.args([signal, &pid.to_string()]).status().expect("kill").success());
}

#[test]
fn a_machine_is_made_started_used_stopped_and_removed() {
    let bench = Bench::new();
    bench.running("one");
    let again = bench.run(&["create", "one", "--driver", "lima", "--no-share"]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert_eq!(
        (bench.answer("one", "running"), bench.answer("one", "created")),
        ("true".into(), "true".into())
    );
    let ran = bench.run(&["exec", "one", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), ("out\n", "err\n", 7));
    let port = bench.port("one");
    assert!(holds(port));
    bench.run(&["stop", "one"]).expect(0);
    assert!(bench.instance("one").join("went-in-peace").exists(), "the agent was asked, and had its time");
    assert!(!holds(port));
    bench.nothing_runs();
    assert_eq!(bench.answer("one", "running"), "false");
    let refused = bench.run(&["exec", "one", "--", "true"]);
    assert_eq!(refused.code, 125);
    assert!(refused.stderr.contains("machine start one"), "{}", refused.stderr);
    bench.run(&["delete", "one"]).expect(0);
    bench.nothing_is_left("one");
    assert_eq!(bench.run(&["show", "one"]).code, 2);
}

#[test]
fn an_agent_that_ignores_the_interrupt_is_ended_harder() {
    for told in ["ignore-int", "stubborn"] {
        let bench = Bench::new();
        bench.fault("agent", told);
        bench.running("one");
        let port = bench.port("one");
        bench.run(&["stop", "one", "--timeout", "60s"]).expect(0);
        assert!(!bench.instance("one").join("went-in-peace").exists());
        assert!(!holds(port), "{told}");
        bench.nothing_runs();
    }
}

#[test]
fn an_agent_that_dies_leaves_no_forwarder_and_no_file_that_blocks_the_next_start() {
    let bench = Bench::new();
    bench.running("one");
    let port = bench.port("one");
    kill(bench.agent_pid("one"), "-9");
    eventually("the port is free", || !holds(port));
    assert_eq!(bench.answer("one", "running"), "false", "nobody says that it runs");
    assert!(bench.instance("one").join("ha.pid").exists(), "it left its files");
    bench.run(&["start", "one", "--wait"]).expect(0);
    assert_eq!(bench.answer("one", "running"), "true");
    bench.run(&["delete", "one"]).expect(0);
    bench.nothing_is_left("one");
}

#[test]
fn a_machine_that_dies_at_once_is_tried_a_few_times_and_its_last_words_are_told() {
    let bench = Bench::new();
    bench.fault("agent", "always die");
    bench.create("one");
    let ran = bench.run(&["start", "one", "--wait", "--timeout", "60s"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("went down"), "{}", ran.stderr);
    assert_eq!(bench.answer("one", "degraded"), "true");
    bench.nothing_runs();
    bench.fault("agent", "");
    bench.run(&["start", "one", "--wait"]).expect(0);
}

#[test]
fn a_machine_that_is_not_ready_in_its_time_is_ended_and_tried_again() {
    let bench = Bench::new();
    let words = ["create", "one", "--driver", "lima", "--no-share", "--grace", "1s", "--ready-within", "8s"];
    bench.run(&words).expect(0);
    bench.fault("agent", "never-ready\n");
    bench.run(&["start", "one", "--wait", "--timeout", "60s"]).expect(0);
    assert_eq!(bench.answer("one", "running"), "true");
    assert!(bench.troubles("one").contains("not ready in time"), "{}", bench.troubles("one"));
    let events = bench.run(&["logs", "one"]).expect(0).stdout;
    assert!(events.contains("warning  start: the machine was not ready in time"), "{events}");
    bench.run(&["delete", "one"]).expect(0);
    bench.nothing_is_left("one");
}

#[test]
fn a_deletion_that_times_out_twice_then_succeeds() {
    let bench = Bench::new();
    let words = ["create", "one", "--driver", "lima", "--no-share", "--ready-within", "2s"];
    bench.run(&words).expect(0);
    bench.fault("delete", "hang\nhang\n");
    let ran = bench.run(&["delete", "one"]).expect(0);
    assert_eq!(ran.stderr.matches("did not come to an end within").count(), 2, "{}", ran.stderr);
    bench.nothing_is_left("one");
}

#[test]
fn half_a_deletion_is_finished_and_one_that_is_gone_counts_as_removed() {
    let bench = Bench::new();
    bench.create("half");
    bench.fault("delete", "half\n");
    bench.run(&["delete", "half"]).expect(0);
    bench.nothing_is_left("half");
    bench.create("gone");
    fs::remove_dir_all(bench.instance("gone")).expect("removed behind our back");
    bench.run(&["delete", "gone"]).expect(0);
    bench.nothing_is_left("gone");
}

#[test]
fn a_deletion_that_fails_for_good_is_stranded_and_visible_until_it_is_abandoned() {
    let bench = Bench::new();
    bench.running("one");
    bench.fault("delete", "always exit1");
    let ran = bench.run(&["delete", "one"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("limactl delete --force deep-review-one"), "{}", ran.stderr);
    assert!(bench.run(&["list"]).expect(0).stdout.contains("stranded"));
    let record = bench.show("one");
    assert_eq!(record["finalizer"], true);
    assert!(bench.troubles("one").contains("told to fail"));
    let events = bench.run(&["logs", "one"]).expect(0).stdout;
    assert_eq!(events.matches("  delete: ").count(), 12, "six tries and six failures: {events}");
    bench.nothing_runs();
    let ran = bench.run(&["delete", "one", "--abandon", "--json"]).expect(0);
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((told[0]["name"].as_str(), told[0]["reached"].as_str()), (Some("one"), Some("abandoned")));
    assert!(ran.stderr.contains("limactl delete --force deep-review-one"), "{}", ran.stderr);
    assert!(!bench.folder("one").exists() && bench.instance("one").exists(), "forgotten, and it was said");
}

#[test]
fn a_service_that_is_killed_in_any_state_loses_nothing() {
    let bench = Bench::new();
    bench.create("one");
    for (number, wait) in [0_u64, 15, 40, 80, 120, 180, 250, 400, 700].into_iter().enumerate() {
        for words in [&["start", "one", "--wait"][..], &["stop", "one"], &["restart", "one", "--wait"]] {
            let mut child = bench.command(words).spawn().expect("started");
            std::thread::sleep(Duration::from_millis(wait));
            // It may be done already.
            drop(child.kill());
            child.wait().expect("ended");
        }
        bench.run(&["start", "one", "--wait"]).expect(0);
        assert_eq!(bench.answer("one", "running"), "true", "{number}");
    }
    for wait in [0_u64, 30, 90, 200] {
        let mut child = bench.command(&["delete", "one"]).spawn().expect("started");
        std::thread::sleep(Duration::from_millis(wait));
        drop(child.kill());
        child.wait().expect("ended");
    }
    let last = bench.run(&["delete", "one"]);
    assert!(last.code == 0 || last.stderr.contains("there is no machine"), "{}", last.stderr);
    bench.nothing_is_left("one");
}

#[test]
fn a_running_agent_is_adopted_and_a_stopped_one_is_replaced() {
    let bench = Bench::new();
    bench.running("one");
    let pid = bench.agent_pid("one");
    bench.run(&["start", "one", "--wait"]).expect(0);
    assert_eq!(bench.agent_pid("one"), pid, "adopted");
    bench.run(&["restart", "one", "--wait"]).expect(0);
    assert_ne!(bench.agent_pid("one"), pid, "restarted");
    // Our own agent is stopped and answers nothing.
    let own = bench.folder("one").join("agent/seat.json");
    let seat: Value = serde_json::from_str(&fs::read_to_string(own).expect("a seat")).expect("JSON");
    let own = u32::try_from(seat["identity"]["pid"].as_u64().expect("a number")).expect("small");
    kill(own, "-STOP");
    let shown = bench.show("one");
    assert!(shown["status"].to_string().contains("did not answer"), "{shown}");
    bench.run(&["start", "one", "--wait"]).expect(0);
    assert_eq!(bench.answer("one", "running"), "true");
    bench.run(&["delete", "one"]).expect(0);
    bench.nothing_is_left("one");
}

#[test]
fn an_agent_of_ours_that_is_killed_takes_everything_with_it() {
    let bench = Bench::new();
    bench.running("one");
    let port = bench.port("one");
    let own = bench.folder("one").join("agent/seat.json");
    let seat: Value = serde_json::from_str(&fs::read_to_string(own).expect("a seat")).expect("JSON");
    kill(u32::try_from(seat["identity"]["pid"].as_u64().expect("a number")).expect("small"), "-9");
    eventually("the port is free", || !holds(port));
    eventually("no process is left", || bench.processes().is_empty());
    assert_eq!(bench.answer("one", "running"), "false");
    bench.run(&["start", "one", "--wait"]).expect(0);
    bench.run(&["delete", "one"]).expect(0);
    bench.nothing_is_left("one");
}

#[test]
fn a_changed_template_restarts_what_runs() {
    let bench = Bench::new();
    bench.running("one");
    let pid = bench.agent_pid("one");
    let change = ["create", "one", "--driver", "lima", "--no-share", "--grace", "1s", "--change", "--wait"];
    bench.run(&[&change[..], &["--memory", "4096", "--ready-within", "20s"]].concat()).expect(0);
    assert_ne!(bench.agent_pid("one"), pid);
    let calls = fs::read_to_string(bench.lima.join("calls")).expect("calls");
    assert!(calls.contains("edit --set .cpus=2 | .memory=\"4096MiB\" deep-review-one"), "{calls}");
    bench.run(&["delete", "one"]).expect(0);
}

#[test]
fn two_services_that_start_at_once_make_one_key() {
    let bench = Bench::new();
    bench.create("one");
    bench.create("two");
    bench.generator("sleep 0.3; printf key >\"$key\"; printf pub >\"$key.pub\"");
    let children: Vec<_> = ["one", "two"]
        .iter()
        .map(|name| bench.command(&["start", name, "--wait"]).spawn().expect("started"))
        .collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    assert_eq!(fs::read_to_string(bench.lima.join("keygen-calls")).expect("calls"), "x\n");
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("listed").flatten();
        let mut names: Vec<_> = entries.map(|it| it.file_name().into_string().expect("text")).collect();
        names.sort();
        names
    };
    assert_eq!(names(&bench.lima.join("_config")), ["user", "user.lock", "user.pub"]);
    bench.run(&["delete", "--all"]).expect(0);
    bench.nothing_is_left("one");
}

#[test]
fn commands_that_come_at_once_for_one_machine_take_turns() {
    let bench = Bench::new();
    bench.create("one");
    let wishes: [&[&str]; 5] = [
        &["start", "one", "--wait"],
        &["restart", "one", "--wait"],
        &["stop", "one"],
        &["start", "one", "--wait"],
        &["restart", "one", "--wait"],
    ];
    let children = wishes.map(|words| bench.command(words).spawn().expect("started"));
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    bench.run(&["start", "one", "--wait"]).expect(0);
    let agents = bench.processes().into_iter().filter(|line| line.contains("__machine-agent")).count();
    assert_eq!(agents, 1, "{:?}", bench.processes());
    assert_eq!(bench.answer("one", "running"), "true");
    bench.run(&["delete", "one"]).expect(0);
    bench.nothing_is_left("one");
}

#[test]
fn a_driver_that_is_missing_is_said_once_and_leaves_nothing_to_remove() {
    let bench = Bench::new();
    let programs = bench.session.repo.scratch().join("programs/limactl");
    fs::remove_file(&programs).expect("no manager any more");
    let ran = bench.run(&["create", "one", "--driver", "lima", "--no-share"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("install Lima") && !ran.stderr.contains("(tried"), "{}", ran.stderr);
    // Nobody ever began to make it, so nobody needs to say that it is gone.
    bench.run(&["delete", "one"]).expect(0);
    assert!(!bench.folder("one").exists());
}

#[test]
fn a_generator_that_hangs_is_not_waited_for_and_a_missing_one_is_named() {
    let bench = Bench::new();
    let words = ["create", "one", "--driver", "lima", "--no-share", "--ready-within", "1s"];
    bench.run(&words).expect(0);
    bench.generator("exec sleep 600");
    let ran = bench.run(&["start", "one", "--wait", "--timeout", "3s"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("the key for machines could not be made"), "{}", ran.stderr);
    assert!(!bench.lima.join("_config/user").exists());
    bench.nothing_runs();
    bench.generator("printf key >\"$key\"; printf pub >\"$key.pub\"");
    let change =
        ["create", "one", "--driver", "lima", "--no-share", "--ready-within", "20s", "--change", "--start"];
    bench.run(&[&change[..], &["--wait"]].concat()).expect(0);
    bench.run(&["delete", "one"]).expect(0);
}

#[test]
fn ten_machines_are_stopped_at_once_although_one_is_stuck() {
    let bench = Bench::new();
    let names: Vec<String> = (0..10).map(|number| format!("m{number}")).collect();
    for name in &names {
        bench.create(name);
    }
    bench.fault("agent-deep-review-m3", "stubborn\n");
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    bench.run(&[&["start", "--wait", "--timeout", "120s"], &all[..]].concat()).expect(0);
    let ports: Vec<u16> = names.iter().map(|name| bench.port(name)).collect();
    bench.run(&["stop", "--all", "--timeout", "120s"]).expect(0);
    assert!(ports.into_iter().all(|port| !holds(port)));
    bench.nothing_runs();
    let peaceful = names.iter().filter(|name| bench.instance(name).join("went-in-peace").exists()).count();
    assert_eq!(peaceful, 9, "the others had their time");
    bench.run(&["delete", "--all"]).expect(0);
    for name in &names {
        bench.nothing_is_left(name);
    }
}

#[test]
fn a_disk_that_is_full_is_said_and_nothing_is_half_written() {
    let bench = Bench::new();
    bench.create("one");
    let before = fs::read_to_string(bench.folder("one").join("machine.json")).expect("a record");
    // No file may grow: what is written fails as on a full disk.
    let binary = env!("CARGO_BIN_EXE_deep-review");
    #[expect(clippy::disallowed_methods, reason = "a shell sets the limit")]
    let mut shell = std::process::Command::new("/bin/sh");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" machine start one --wait 2>&1 | cat";
    shell.args(["-c", script, binary]).current_dir(bench.session.repo.path()).env_clear();
    shell.env("PATH", &bench.path).env("HOME", bench.session.home());
    shell.env("LIMA_HOME", &bench.lima).env("XDG_DATA_HOME", &bench.data);
    let said = String::from_utf8_lossy(&shell.output().expect("ran").stdout).into_owned();
    assert!(said.contains("could not be written"), "{said}");
    assert_eq!(fs::read_to_string(bench.folder("one").join("machine.json")).expect("a record"), before);
    bench.nothing_runs();
    bench.run(&["start", "one", "--wait"]).expect(0);
    bench.run(&["delete", "one"]).expect(0);
    bench.nothing_is_left("one");
}

#[test]
fn a_manager_that_hangs_or_talks_nonsense_is_not_believed() {
    let bench = Bench::new();
    let words = ["create", "one", "--driver", "lima", "--no-share", "--ready-within", "2s"];
    bench.run(&words).expect(0);
    bench.fault("list", "hang\n");
    assert_eq!(bench.answer("one", "created"), "unknown");
    bench.fault("list", "exit1\nexit1\n");
    bench.run(&["stop", "one"]).expect(0);
    bench.fault("create", "half\n");
    bench.run(&["create", "two", "--driver", "lima", "--no-share"]).expect(0);
    bench.run(&["delete", "--all"]).expect(0);
    bench.nothing_is_left("two");
}

#[test]
fn wrong_words_are_refused_with_a_hint() {
    let bench = Bench::new();
    for (words, hint) in [
        (&["start", "none"][..], "machine list"),
        (&["create", "A b"], "is no name for a machine"),
        (&["create", "a", "--share", "/no/such"], "--share /no/such"),
        (&["create", "a", "--change", "--no-share"], "there is no machine"),
        (&["start", "a", "--timeout", "soon"], "--timeout soon"),
    ] {
        let ran = bench.run(words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{words:?}: {}", ran.stderr);
    }
    assert_eq!(bench.run(&["list", "--json"]).expect(0).stdout.trim(), "[]");
}
