//! The next start judges records by what is proven, and never signals a stranger.

use std::fs;
use std::process::{Command, Stdio};

use crate::bench::{Bench, limits, loosely, text, until};
use model::Ending;
use serde_json::{Value, json};
use supervise::{Cancel, Recovery, recover};

/// An attempt that ran well, with its record changed as if its supervisor had died.
pub(crate) fn abandoned(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let outcome = bench.run("print here", &loosely());
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    let mut record: Value = serde_json::from_str(&text(&bench.path("run/record.json"))).expect("a record");
    record["phase"] = json!("running");
    record["end"] = Value::Null;
    change(&mut record);
    fs::write(bench.path("run/record.json"), record.to_string()).expect("written");
    fs::write(bench.path("run/supervisor.lock"), "").expect("written");
}

fn one(recovery: &Recovery) -> &supervise::Recovered {
    let [attempt] = &recovery.attempts[..] else { panic!("{recovery:?}") };
    attempt
}

#[test]
fn what_the_keeper_brought_to_its_end_keeps_its_ending() {
    let bench = Bench::new();
    let end = json!({"ending": "finished", "exit": 0, "signal": null, "ms": 5, "bytes_out": 5,
        "tree_gone": true, "stopped_by": null, "notes": []});
    abandoned(&bench, |record| {
        record["phase"] = json!("ended");
        record["end"] = end;
    });
    let recovery = recover(&bench.path(""));
    assert_eq!((one(&recovery).ending, one(&recovery).tree_gone), (Ending::Finished, true));
    assert_eq!(recover(&bench.path("")), Recovery::default());
}

#[test]
fn after_a_restart_of_the_machine_everything_is_gone() {
    let bench = Bench::new();
    abandoned(&bench, |record| record["boot"] = json!("an earlier one"));
    let recovery = recover(&bench.path(""));
    assert_eq!((one(&recovery).ending, one(&recovery).tree_gone), (Ending::Lost, true), "{recovery:?}");
    assert_eq!(recover(&bench.path("")), Recovery::default());
}

#[test]
fn a_start_that_was_never_made_is_closed() {
    let bench = Bench::new();
    abandoned(&bench, |record| record["phase"] = json!("starting"));
    let recovery = recover(&bench.path(""));
    assert_eq!((one(&recovery).ending, one(&recovery).tree_gone), (Ending::NotStarted, true), "{recovery:?}");
}

#[test]
fn a_stranger_with_the_number_of_the_program_is_not_touched() {
    for field in ["start", "unique", "boot"] {
        let bench = Bench::new();
        let mut stranger =
            Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("an innocent process");
        abandoned(&bench, |record| {
            // The very process, but for one field: its number was given away again.
            record["leader"] = identity(stranger.id());
            record["leader"][field] = match field {
                "boot" => json!("an earlier one"),
                _ => json!(record["leader"][field].as_u64().unwrap_or(0) + 1),
            };
        });
        let recovery = recover(&bench.path(""));
        assert_eq!((one(&recovery).ended_now, one(&recovery).tree_gone), (0, false), "{recovery:?}");
        assert!(stranger.try_wait().expect("a look").is_none(), "{field}: the stranger lives");
        stranger.kill().expect("killed");
        stranger.wait().expect("reaped");
    }
}

#[test]
fn the_very_process_is_ended_through_the_ladder() {
    let bench = Bench::new();
    let mut program = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("a process");
    let leader = identity(program.id());
    abandoned(&bench, |record| record["leader"] = leader);
    let reaper = std::thread::spawn(move || program.wait().expect("reaped"));
    let recovery = recover(&bench.path(""));
    assert_eq!(one(&recovery).ended_now, 1, "{recovery:?}");
    let status = reaper.join().expect("a status");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2), "asked, not killed");
}

/// As a keeper would have written it down.
pub(crate) fn identity(pid: u32) -> Value {
    let read = |path: String| fs::read_to_string(path).expect("a file of a living process");
    let stat = read(format!("/proc/{pid}/stat"));
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    let handle = rustix::process::pidfd_open(
        rustix::process::Pid::from_raw(i32::try_from(pid).expect("a number")).expect("a number"),
        rustix::process::PidfdFlags::empty(),
    )
    .expect("a handle");
    let is_unique = rustix::fs::fstatfs(&handle).expect("a file system").f_type == 0x5049_4446;
    let inode = rustix::fs::fstat(&handle).expect("a file").st_ino;
    json!({
        "boot": read("/proc/sys/kernel/random/boot_id".to_owned()).trim(),
        "pid": pid,
        "start": fields[19].parse::<u64>().expect("ticks"),
        "unique": is_unique.then_some(inode),
    })
}

#[test]
fn a_record_that_is_not_understood_is_told_and_kept() {
    for content in ["", "{\"schema\":", "{\"schema\": \"deep-review/attempt/v9\"}", "\u{0}\u{0}"] {
        let bench = Bench::new();
        fs::create_dir(bench.path("run")).expect("a folder");
        fs::write(bench.path("run/record.json"), content).expect("written");
        fs::write(bench.path("run/supervisor.lock"), "").expect("written");
        let recovery = recover(&bench.path(""));
        assert!(recovery.attempts.is_empty());
        assert_eq!(recovery.notes.len(), 1, "{recovery:?}");
        assert_eq!(text(&bench.path("run/record.json")), content);
        let outcome = bench.run("print here", &limits());
        assert_eq!(outcome.ending, Ending::NotStarted, "nobody starts over it: {outcome:?}");
    }
}

#[test]
fn an_attempt_of_a_living_supervisor_is_left_alone() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let program = bench.program("print here\nsleep 60s");
        let attempt = scope.spawn({
            let cancel = cancel.clone();
            move || supervise::run(&program, &limits(), &cancel, &mut |_| {})
        });
        until("the words", || fs::read(bench.path("run/stdout")).is_ok_and(|text| !text.is_empty()));
        assert_eq!(recover(&bench.path("")), Recovery::default());
        assert!(!bench.survivors().is_empty());
        cancel.cancel();
        assert_eq!(attempt.join().expect("an outcome").ending, Ending::Cancelled);
    });
}

#[test]
fn a_folder_that_is_not_there_holds_nothing() {
    let bench = Bench::new();
    assert_eq!(recover(&bench.path("no/such/folder")), Recovery::default());
}
