//! Supervisor or keeper are killed at any moment, and nothing runs on.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::{Bench, limits, loosely, text, until};
use model::Ending;
use rustix::process::{Pid, Signal, kill_process};
use supervise::{Cancel, Recovery, recover};

const SCRIPT: &str = "print here\nsetsid-child 60s\ndaemon-child 60s\nhold-stdout-in-child 60s\nsleep 60s";

/// This test program again, as a supervisor that can be killed.
#[test]
#[ignore = "started by other tests"]
fn as_supervisor() {
    let Ok(folder) = std::env::var("TEST_FOLDER") else { return };
    let Ok(mark) = std::env::var("TEST_MARK") else { return };
    let bench = Bench::at(Path::new(&folder), &mark);
    // A namespace leaves less to be found; `held` looks at that.
    let outcome =
        supervise::run(&bench.program(SCRIPT), &limits_from_environment(), &Cancel::new(), &mut |_| {});
    panic!("nobody killed this supervisor: {outcome:?}");
}

fn limits_from_environment() -> supervise::Limits {
    if std::env::var_os("TEST_LOOSE").is_some() { loosely() } else { limits() }
}

fn supervisor(bench: &Bench) -> Child {
    start(bench, false)
}

fn loose_supervisor(bench: &Bench) -> Child {
    start(bench, true)
}

fn start(bench: &Bench, loose: bool) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "deaths::as_supervisor", "--nocapture"])
        .envs(loose.then_some(("TEST_LOOSE", "1")))
        .env("TEST_FOLDER", bench.path(""))
        .env("TEST_MARK", &bench.mark)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a supervisor")
}

fn kill(mut child: Child) {
    child.kill().expect("killed");
    child.wait().expect("reaped");
}

/// What every death comes to: nobody is left, and a second start finds nothing to do.
fn assert_recovered(bench: &Bench) -> Recovery {
    let recovery = recover(&bench.path(""));
    assert_eq!(recovery.notes, Vec::<String>::new());
    assert_eq!(bench.survivors(), Vec::<String>::new(), "{recovery:?}");
    recovery
}

#[test]
fn a_killed_supervisor_takes_the_whole_tree_with_it() {
    let bench = Bench::new();
    let child = supervisor(&bench);
    until("the program to speak", || {
        std::fs::read(bench.path("run/stdout")).is_ok_and(|text| !text.is_empty())
    });
    until("its children", || children(&bench) == 3);
    kill(child);
    // No new start is needed for this: the keeper sees the end of its lifeline.
    assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new());
    let recovery = assert_recovered(&bench);
    let [attempt] = &recovery.attempts[..] else { panic!("{recovery:?}") };
    assert_eq!(
        (attempt.ending, attempt.tree_gone, attempt.ended_now),
        (Ending::Lost, true, 0),
        "{attempt:?}"
    );
    assert_eq!(text(&bench.path("run/stdout")), "here\n", "what it wrote is kept");
    assert_eq!(recover(&bench.path("")), Recovery::default(), "once is enough");
}

#[test]
fn a_supervisor_killed_in_its_first_milliseconds_leaves_nothing() {
    for milliseconds in (0..60).step_by(4) {
        let bench = Bench::new();
        let child = supervisor(&bench);
        std::thread::sleep(Duration::from_millis(milliseconds));
        kill(child);
        assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new(), "{milliseconds} ms");
        for attempt in assert_recovered(&bench).attempts {
            assert!(attempt.tree_gone, "{milliseconds} ms: {attempt:?}");
        }
        // Whatever the moment: the folder can be used again.
        assert_eq!(bench.run("print again", &limits()).ending, Ending::Finished, "{milliseconds} ms");
    }
}

/// `cargo xtask soak` runs this.
#[test]
#[ignore = "takes minutes"]
fn two_hundred_deaths_at_any_moment_leave_nothing() {
    for (level, start) in [("namespace", supervisor as fn(&Bench) -> Child), ("keeper", loose_supervisor)] {
        let mut times = Vec::new();
        let mut endings = std::collections::BTreeMap::new();
        for round in 0..200_u64 {
            let bench = Bench::new();
            let child = start(&bench);
            // The start takes some tens of milliseconds: half of the deaths fall into it. 7919 is prime to both.
            let longest = if round % 2 == 0 { 60_000 } else { 600_000 };
            std::thread::sleep(Duration::from_micros(round * 7919 % longest));
            let began = Instant::now();
            kill(child);
            assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new(), "round {round}");
            times.push(began.elapsed());
            let attempts = assert_recovered(&bench).attempts;
            assert!(attempts.iter().all(|attempt| attempt.tree_gone), "round {round}: {attempts:?}");
            let ending = attempts.first().map_or("no record yet", |attempt| attempt.ending.as_str());
            *endings.entry(ending).or_insert(0) += 1;
            assert_eq!(bench.run("print again", &limits()).ending, Ending::Finished, "round {round}");
        }
        times.sort();
        eprintln!(
            "figure: {level}: 200 deaths of the supervisor, 0 left anybody; gone after {:?} (half), {:?} (19 of 20), \
             {:?} (all); {endings:?}",
            times[100], times[190], times[199]
        );
    }
}

/// How many of the script's three children are there.
fn children(bench: &Bench) -> usize {
    bench.survivors().iter().filter(|one| one.contains("--linger")).count()
}

/// The keeper's process id, from the record.
fn keeper(bench: &Bench) -> Pid {
    let find = || {
        let record = std::fs::read_to_string(bench.path("run/record.json")).ok()?;
        let record: serde_json::Value = serde_json::from_str(&record).ok()?;
        // Until the program is known, its keeper may still be busy with the start.
        record["level"].as_str()?;
        Pid::from_raw(i32::try_from(record["keeper"]["pid"].as_i64()?).ok()?)
    };
    until("the keeper's record", || find().is_some());
    find().expect("a keeper")
}

#[test]
fn a_killed_keeper_is_lost_and_what_can_be_found_is_ended() {
    let bench = Bench::new();
    let program = bench.program(SCRIPT);
    let outcome = std::thread::scope(|scope| {
        let attempt = scope.spawn(|| supervise::run(&program, &loosely(), &Cancel::new(), &mut |_| {}));
        until("the children", || children(&bench) == 3);
        until("its words", || std::fs::read(bench.path("run/stdout")).is_ok_and(|text| !text.is_empty()));
        kill_process(keeper(&bench), Signal::KILL).expect("killed");
        attempt.join().expect("an outcome")
    });
    assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Lost, false), "not proven: {outcome:?}");
    assert_eq!(text(&outcome.stdout), "here\n");
    assert!(outcome.notes.iter().any(|note| note.contains("not proven")), "{outcome:?}");
    // The one that cleared its environment and left the session cannot be found without its keeper. It is why the
    // outcome says "not proven", and why a namespace is the better container.
    let left = bench.survivors();
    assert!(left.len() <= 1, "{left:?}");
    end(&left);
}

#[test]
fn a_stopped_keeper_does_not_stop_us() {
    let bench = Bench::new();
    let program = bench.program("print here\nsleep 60s");
    let cancel = Cancel::new();
    let mut limits = limits();
    limits.grace.confirm = Duration::from_secs(1);
    let began = Instant::now();
    let outcome = std::thread::scope(|scope| {
        let attempt = scope.spawn(|| supervise::run(&program, &limits, &cancel, &mut |_| {}));
        until("the words", || std::fs::read(bench.path("run/stdout")).is_ok_and(|text| !text.is_empty()));
        kill_process(keeper(&bench), Signal::STOP).expect("stopped");
        cancel.cancel();
        attempt.join().expect("an outcome")
    });
    assert_eq!(outcome.ending, Ending::Lost, "{outcome:?}");
    assert!(outcome.notes.iter().any(|note| note.contains("did not answer")), "{outcome:?}");
    assert!(began.elapsed() < Duration::from_mins(1));
    assert_eq!(bench.survivors_after(Duration::from_secs(10)), Vec::<String>::new());
}

#[test]
fn supervisor_and_keeper_killed_together_are_found_at_the_next_start() {
    let bench = Bench::new();
    let child = loose_supervisor(&bench);
    until("the children", || children(&bench) == 3);
    let keeper = keeper(&bench);
    kill_process(keeper, Signal::STOP).expect("stopped");
    kill(child);
    kill_process(keeper, Signal::KILL).expect("killed");
    until("the keeper's end", || recover_is_free(&bench));
    // The program itself dies with its keeper: no new start is needed for that.
    until("the program's end", || !bench.survivors().iter().any(|one| one.contains("--script")));
    let recovery = recover(&bench.path(""));
    let [attempt] = &recovery.attempts[..] else { panic!("{recovery:?}") };
    assert_eq!((attempt.ending, attempt.tree_gone), (Ending::Lost, false), "{attempt:?}");
    assert!(attempt.ended_now >= 2, "{attempt:?}");
    let left = bench.survivors();
    assert!(left.len() <= 1, "only the one that hides: {left:?}");
    end(&left);
    let again = recover(&bench.path(""));
    assert_eq!(again.attempts.len(), 1, "it is listed until it is proven gone");
    assert_eq!(again.attempts[0].ended_now, 0);
}

fn recover_is_free(bench: &Bench) -> bool {
    let lock = std::fs::File::open(bench.path("run/keeper.lock")).expect("a lock");
    lock.try_lock().is_ok()
}

/// Ends what a test knowingly left.
fn end(survivors: &[String]) {
    for survivor in survivors {
        let pid =
            survivor.split(' ').next().and_then(|pid| Pid::from_raw(pid.parse().ok()?)).expect("a process");
        kill_process(pid, Signal::KILL).expect("killed");
    }
}

#[test]
fn a_keeper_that_is_asked_to_end_ends_its_tree_first() {
    let bench = Bench::new();
    let program = bench.program(SCRIPT);
    let outcome = std::thread::scope(|scope| {
        let attempt = scope.spawn(|| supervise::run(&program, &limits(), &Cancel::new(), &mut |_| {}));
        until("the children", || children(&bench) == 3);
        kill_process(keeper(&bench), Signal::TERM).expect("asked");
        attempt.join().expect("an outcome")
    });
    assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Cancelled, true), "{outcome:?}");
    assert_eq!(bench.survivors(), Vec::<String>::new());
}
