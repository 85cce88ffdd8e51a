//! Reviewers of a run in one real machine: their words, their limits, and what becomes of them when the machine or the run dies.
//!
//! In: a kernel and busybox, as `.ci/machine` unpacks them. Out: what the same programs come to here, from inside; and nothing that is
//! left. Prints `skipped: …` where no machine can be booted.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "what was skipped is said")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::{
    MARKDOWN_REVIEW, Working, has_no_machine, json, nobody_runs, reviewer, run_folders, run_with_guest,
    session, with_guest,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use test_kit::TestSession;

/// One machine at a time: under software emulation five at once are slow enough to look broken.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a reviewer that is a script of a shell.
fn shell(session: &TestSession, name: &str, script: &str, keys: &str) {
    let config = session.repo.path().join(".git/deep-review/config.toml");
    fs::create_dir_all(config.parent().expect("a parent")).expect("a folder");
    let before = fs::read_to_string(&config).unwrap_or_default();
    let table =
        format!("[reviewers.{name}]\ncommand = [\"/bin/sh\", \"-c\", '''{script}''']\nretries = 0\n{keys}\n");
    fs::write(&config, before + &table).expect("a written configuration");
}

/// A script that says a review.
fn saying() -> String {
    format!("cat <<'end of review'\n{MARKDOWN_REVIEW}end of review\n")
}

fn in_a_machine<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let named = names.iter().flat_map(|name| ["--reviewer", *name]);
    ["run", "--sandbox", "machine", "--no-builtin", "--json", "--again"].into_iter().chain(named).collect()
}

/// The report of a run in a machine; `None` where none can be booted.
fn report(session: &TestSession, names: &[&str]) -> Option<Value> {
    let ran = run_with_guest(session, &in_a_machine(names));
    if ran.code == 6 && has_no_machine(&ran.stderr) {
        println!("skipped: {}", ran.stderr.trim());
        return None;
    }
    Some(json(&ran))
}

/// What a reviewer wrote to standard error in the newest run.
fn stderr(session: &TestSession, name: &str) -> String {
    let folder = run_folders(session).pop().expect("a run").join("raw").join(name);
    let entries = fs::read_dir(&folder).expect("a folder").flatten();
    let mut paths = entries.map(|entry| entry.path());
    let path =
        paths.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("stderr")));
    path.map(|path| fs::read_to_string(path).expect("text")).unwrap_or_default()
}

/// What the agents of a run's machines said before they ended.
fn last_words(session: &TestSession) -> String {
    let run = run_folders(session).pop().expect("a run");
    let files = files_below(&run).into_iter().filter(|path| {
        path.parent()
            .and_then(Path::file_name)
            .is_some_and(|name| name.to_string_lossy().starts_with("machine-"))
    });
    files
        .filter_map(|path| Some(format!("{}:\n{}\n", path.display(), fs::read_to_string(&path).ok()?)))
        .collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Neither a process nor a folder of the machine is left.
fn nothing_is_left(session: &TestSession) {
    nobody_runs(session.repo.scratch().to_str().expect("UTF-8"));
    let checkouts = session.home().join(".cache/deep-review/checkouts");
    let left: Vec<_> = fs::read_dir(checkouts).into_iter().flatten().flatten().map(|it| it.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn programs_keep_their_words_and_their_limits_in_one_machine() {
    let _alone = alone();
    let session = session();
    let secret = session.beside("secret", "do not read this");
    let key = session.beside("home/.key", "do not read this");
    let tell = "cat /proc/sys/kernel/random/boot_id >&2; ";
    shell(&session, "good", &format!("{tell}{}", saying()), "");
    let probe = format!(
        "{tell}cat {} >&2; cat {} >&2; touch here >&2; grep -c : /proc/net/dev >&2; ls /jobs/*/run | wc -l >&2; \
         cmp src/store.rs src/main.rs >&2; echo left >/dev/shm/left; ls /dev/shm | wc -l >&2; {}",
        secret.display(),
        key.display(),
        saying()
    );
    shell(&session, "probe", &probe, "");
    shell(&session, "again", &probe, "");
    shell(&session, "bad", &format!("{tell}echo half; echo its words >&2; exit 7"), "");
    let slow = format!("{tell}setsid sleep 1000 & echo begun; sleep 1000");
    shell(&session, "slow", &slow, "timeout = \"8s\"");
    shell(&session, "loud", "exec yes", "output_limit = \"100KB\"");
    let Some(report) = report(&session, &["good", "probe", "again", "bad", "slow", "loud"]) else { return };
    let boots: Vec<String> = ["good", "probe", "again", "bad", "slow"]
        .map(|name| stderr(&session, name).lines().next().unwrap_or_default().to_owned())
        .to_vec();
    let here = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a number");
    assert!(
        boots.iter().all(|boot| *boot == boots[0] && boot.len() == 36),
        "one machine: {boots:?}\n{}",
        last_words(&session)
    );
    assert_ne!(boots[0], here.trim(), "and not this one");
    for (name, ending, why) in [
        ("good", "finished", ""),
        ("bad", "failed", "exited with code 7: its words"),
        ("slow", "timed-out", "it took longer than its limit of 8s"),
        ("loud", "output-limit", "it wrote more than"),
    ] {
        let row = reviewer(&report, name);
        assert_eq!(row["receipt"]["confined_by"], "machine", "{row:#}");
        assert_eq!(row["ending"], ending, "{row:#}");
        assert!(row.to_string().contains(why), "{row:#}");
    }
    assert_eq!(report["findings"].as_array().expect("findings").len(), 1, "{report:#}");
    for name in ["probe", "again"] {
        let said = stderr(&session, name);
        assert!(!said.contains("do not read this"), "{said}");
        assert_eq!(said.matches("No such file or directory").count(), 2, "neither file nor home: {said}");
        assert!(said.contains("Read-only file system"), "{said}");
        assert!(said.contains("src/store.rs src/main.rs differ"), "its checkout is there: {said}");
        // The loopback, its own job, its own memory.
        assert!(said.contains("\n1\n1\n"), "{said}");
        assert!(said.trim_end().ends_with("\n1"), "what another left is not there: {said}");
    }
    nothing_is_left(&session);
}

/// Waits until a reviewer of the newest run has said this.
fn has_said(session: &TestSession, word: &str) {
    let begun = Instant::now();
    loop {
        let attempts = run_folders(session).pop().map(|run| run.join("attempts"));
        let folders = attempts.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let said: String =
            folders.filter_map(|folder| fs::read_to_string(folder.path().join("stdout")).ok()).collect();
        if said.contains(word) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_mins(3), "it was never said");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn qemu(session: &TestSession) -> Pid {
    find_qemu(session).expect("QEMU runs")
}

fn eventually_qemu(session: &TestSession) -> Pid {
    let begun = Instant::now();
    loop {
        if let Some(pid) = find_qemu(session) {
            return pid;
        }
        assert!(begun.elapsed() < Duration::from_mins(3), "QEMU never ran");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn find_qemu(session: &TestSession) -> Option<Pid> {
    let scratch = session.repo.scratch().to_str().expect("UTF-8").to_owned();
    let found = fs::read_dir("/proc").expect("processes").flatten().find_map(|entry| {
        let line = String::from_utf8_lossy(&fs::read(entry.path().join("cmdline")).ok()?).into_owned();
        let is_it = line.split('\0').next()?.ends_with("qemu-system-x86_64") && line.contains(&scratch);
        is_it.then(|| entry.file_name().into_string().ok()?.parse().ok()).flatten()
    });
    Pid::from_raw(found?)
}

#[test]
fn a_machine_that_dies_is_a_failed_reviewer_and_an_end_of_the_run_is_its_end() {
    let _alone = alone();
    let session = session();
    for name in ["good", "fine"] {
        shell(&session, name, &saying(), "");
    }
    shell(&session, "victim", "echo begun; sleep 1000", "");
    if report(&session, &["good"]).is_none() {
        return;
    }
    // QEMU is killed: whoever was inside has failed, and the next one finds another machine.
    let working = Working::begin(with_guest(&session, &in_a_machine(&["victim", "good", "fine"])));
    has_said(&session, "begun");
    kill_process(qemu(&session), Signal::KILL).expect("ours");
    let told = json(&working.end());
    let row = reviewer(&told, "victim");
    assert_eq!(row["ending"], "failed", "{row:#}");
    assert!(row.to_string().contains("the machine went down under it"), "{row:#}");
    for name in ["good", "fine"] {
        let row = reviewer(&told, name);
        assert_eq!(row["ending"], "finished", "{row:#}");
    }
    assert_eq!(
        (&row["state"], &row["findings"]),
        (&Value::from("failed"), &reviewer(&told, "victim")["findings"])
    );
    nothing_is_left(&session);
    // An interrupt: what has arrived is reported, and the machine ends with the run.
    let working = Working::begin(with_guest(&session, &in_a_machine(&["victim"])));
    has_said(&session, "begun");
    working.signal(Signal::INT);
    let told = json(&working.end());
    assert_eq!(reviewer(&told, "victim")["ending"], "cancelled", "{told:#}");
    nothing_is_left(&session);
    // One that comes while the machine boots does not wait for it.
    let working = Working::begin(with_guest(&session, &in_a_machine(&["victim"])));
    eventually_qemu(&session);
    working.signal(Signal::INT);
    let told = json(&working.end());
    let row = reviewer(&told, "victim");
    assert!(row.to_string().contains("it was stopped while the machine booted"), "{row:#}");
    nothing_is_left(&session);
}

/// A run that is killed, in each state of its machine: the keeper ends the machine, and the next command removes what lay on the disk.
#[test]
fn a_run_that_is_killed_takes_its_machine_along_in_every_state() {
    type Reach<'a> = &'a dyn Fn(&Working);
    let _alone = alone();
    let session = session();
    shell(&session, "good", &saying(), "");
    shell(&session, "victim", "echo begun; sleep 1000", "");
    if report(&session, &["good"]).is_none() {
        return;
    }
    let begin = || Working::begin(with_guest(&session, &in_a_machine(&["victim"])));
    let states: [(&str, Reach<'_>); 3] = [
        ("booting", &|_| {
            eventually_qemu(&session);
        }),
        ("running", &|_| has_said(&session, "begun")),
        ("stopping", &|working| {
            has_said(&session, "begun");
            working.signal(Signal::INT);
        }),
    ];
    for (state, reached) in states {
        let working = begin();
        reached(&working);
        working.kill();
        nobody_runs(session.repo.scratch().to_str().expect("UTF-8"));
        // `gc` sees to it as the next run would.
        let ran = session.run(&["gc"]).expect(0);
        assert!(!ran.stderr.contains("could not be removed"), "{state}: {}", ran.stderr);
        nothing_is_left(&session);
    }
    report(&session, &["good"]).expect("a machine");
    nothing_is_left(&session);
}

#[test]
fn doctor_tells_whether_a_machine_can_boot_and_what_is_missing() {
    let _alone = alone();
    let session = session();
    let rows = |mut command: std::process::Command| {
        command.args(["doctor", "--json"]);
        let rows = json(&Working::begin(command).end());
        let rows = rows.as_array().expect("rows").clone();
        move |what: &str| rows.iter().find(|row| row["what"] == what).cloned().unwrap_or_default()
    };
    let empty = session.beside("guest/none", "");
    let mut command = session.command(&[]);
    command.env("DEEP_REVIEW_GUEST", empty.parent().expect("a folder"));
    let row = rows(command)("machine");
    assert_eq!(row["state"], "missing", "{row:#}");
    assert!(has_no_machine(&row["detail"].to_string()) && row["mend"].is_string(), "{row:#}");
    let mut command = session.command(&[]);
    command.env("DEEP_REVIEW_GUEST", "/no/such");
    assert!(rows(command)("machine")["detail"].to_string().contains("/no/such"));
    let told = rows(with_guest(&session, &[]));
    let row = told("machine");
    if row["state"] == "missing" {
        println!("skipped: {}", row["detail"]);
        return;
    }
    assert!(row["detail"].to_string().contains("vmlinu"), "{row:#}");
    let speed = told("machine's speed");
    assert_eq!(speed["state"] == "missing", speed["detail"].to_string().contains("emulation"), "{speed:#}");
    assert!(told("machine by Lima")["detail"].is_string());
}

#[test]
fn who_needs_more_than_a_machine_has_is_refused_by_name() {
    let _alone = alone();
    let session = session();
    shell(&session, "filing", "true {output_file}", "output = \"file\"");
    let ran = run_with_guest(&session, &in_a_machine(&["filing"])).expect(6);
    for told in ["a machine is required", "filing: it answers with a file", "hint: "] {
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
    // Without anything to boot from nobody runs elsewhere instead.
    shell(&session, "near", "true", "");
    let mut command = session.command(&in_a_machine(&["near"]));
    let empty = session.beside("guest/none", "");
    command.env("DEEP_REVIEW_GUEST", empty.parent().expect("a folder")).env("PATH", "/usr/bin:/bin");
    let ran = Working::begin(command).end().expect(6);
    assert!(ran.stderr.contains("near: ") && has_no_machine(&ran.stderr), "{}", ran.stderr);
    assert!(run_folders(&session).is_empty(), "nothing was begun");
}
