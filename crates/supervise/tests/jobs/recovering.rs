//! The next start judges records by what is proven, and never signals a stranger.

use std::fs;
use std::process::{Command, Stdio};

use crate::bench::{Bench, limits, text, until};
use model::Ending;
use serde_json::{Value, json};
use supervise::{Cancel, Recovery, recover};

/// An attempt that ran well, with its record changed as if its supervisor had died.
fn abandoned(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let outcome = bench.run("print here", &limits());
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
fn a_job_that_is_gone_proves_that_everyone_in_it_is() {
    let bench = Bench::new();
    abandoned(&bench, |_| {});
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
    let bench = Bench::new();
    fs::write(bench.path("stranger.script"), "sleep 60s").expect("a script");
    let mut stranger = Command::new(bench.agent())
        .arg("--script")
        .arg(bench.path("stranger.script"))
        .stdin(Stdio::null())
        .spawn()
        .expect("an innocent process");
    // The program's own start, and the number of somebody who was started since.
    abandoned(&bench, |record| record["leader"]["pid"] = json!(stranger.id()));
    let recovery = recover(&bench.path(""));
    assert_eq!((one(&recovery).ended_now, one(&recovery).tree_gone), (0, true), "{recovery:?}");
    assert!(stranger.try_wait().expect("a look").is_none(), "the stranger lives");
    stranger.kill().expect("killed");
    stranger.wait().expect("reaped");
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
