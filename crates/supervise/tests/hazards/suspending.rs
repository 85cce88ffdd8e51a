//! When we are suspended (Ctrl-Z), so are the programs, and the time does not count.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::{BOTH, Bench, held, text, until};
use rustix::process::{Pid, Signal, kill_process};
use supervise::{Cancel, Hold, Limits};

/// This test program again, as a supervisor that can be suspended. Its wall limit is two seconds.
#[test]
#[ignore = "started by another test"]
fn as_supervisor() {
    let Ok(folder) = std::env::var("TEST_FOLDER") else { return };
    let Ok(mark) = std::env::var("TEST_MARK") else { return };
    let hold = if std::env::var_os("TEST_LOOSE").is_some() { Hold::Loose } else { Hold::Firm };
    let bench = Bench::at(std::path::Path::new(&folder), &mark);
    let script = "setsid-child 60s\nprint here\nchatter 25 40ms";
    let limits = Limits { wall: Duration::from_secs(20), silence: Duration::from_secs(2), ..held(hold) };
    let outcome = supervise::run(&bench.program(script), &limits, &Cancel::new(), &mut |_| {});
    std::fs::write(bench.path("ending"), format!("{} {:?}", outcome.ending.as_str(), outcome.notes))
        .expect("written");
}

fn supervisor(bench: &Bench, hold: Hold) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--ignored", "--exact", "suspending::as_supervisor", "--nocapture"]);
    command.env("TEST_FOLDER", bench.path("")).env("TEST_MARK", &bench.mark);
    if hold == Hold::Loose {
        command.env("TEST_LOOSE", "1");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a supervisor")
}

/// States of the agent and its child.
fn states(bench: &Bench) -> Vec<String> {
    let ours =
        |one: &String| one.contains("--linger") || (one.contains("--script") && !one.contains("keeper"));
    let survivors = bench.survivors().into_iter().filter(ours);
    survivors.filter_map(|one| one.split(' ').nth(1).map(str::to_owned)).collect()
}

#[test]
fn a_suspended_supervisor_suspends_its_programs_and_the_time_does_not_count() {
    std::thread::scope(|scope| {
        for (hold, _) in BOTH {
            scope.spawn(move || suspend(hold));
        }
    });
}

fn suspend(hold: Hold) {
    let bench = Bench::new();
    let mut child = supervisor(&bench, hold);
    let pid = Pid::from_child(&child);
    let output = || std::fs::read(bench.path("run/stdout")).unwrap_or_default();
    until("its first words", || output().len() > 10);
    // What the terminal sends is SIGTSTP, whose effect is the same.
    kill_process(pid, Signal::STOP).expect("suspended");
    until("both to stand still", || states(&bench) == ["T", "T"]);
    let said = output();
    // Longer than the silence limit.
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(output(), said, "nothing happens in the meantime");
    assert_eq!(states(&bench), ["T", "T"]);
    kill_process(pid, Signal::CONT).expect("goes on");
    until("the ending", || bench.path("ending").exists());
    assert!(child.wait().expect("reaped").success());
    let ending = text(&bench.path("ending"));
    assert!(ending.starts_with("finished ") && ending.contains("suspended"), "{ending}");
    assert!(String::from_utf8_lossy(&output()).contains("line 24"), "everything was said");
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn a_suspended_supervisor_that_is_killed_leaves_nothing() {
    for (hold, _) in BOTH {
        let bench = Bench::new();
        let mut child = supervisor(&bench, hold);
        until("its child", || states(&bench).len() == 2);
        kill_process(Pid::from_child(&child), Signal::STOP).expect("suspended");
        until("both to stand still", || states(&bench) == ["T", "T"]);
        child.kill().expect("killed");
        child.wait().expect("reaped");
        assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new());
        let recovery = supervise::recover(&bench.path(""));
        assert!(recovery.attempts.iter().all(|attempt| attempt.tree_gone), "{recovery:?}");
    }
}
