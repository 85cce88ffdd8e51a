//! What a namespace holds that a keeper alone cannot, and that it is in nobody's way.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::{BOTH, Bench, held, limits, text, until};
use crate::inside::{OWN_PIDS, inside, is_inside};
use model::Ending;
use rustix::process::{Pid, Signal, kill_process};
use supervise::{Cancel, Hold, Level, Outcome, Stage, recover};

const SCRIPT: &str = "print here\nsetsid-child 60s\ndaemon-child 60s\nhold-stdout-in-child 60s\nsleep 60s";

fn run(bench: &Bench, script: &str, hold: Hold) -> Outcome {
    supervise::run(&bench.shell(script), &held(hold), &Cancel::new(), &mut |_| {})
}

#[test]
fn the_level_is_recorded_and_told() {
    for (hold, level) in BOTH {
        let bench = Bench::new();
        let outcome = bench.run("print hello", &held(hold));
        assert_eq!((outcome.ending, outcome.level), (Ending::Finished, Some(level)), "{outcome:?}");
        assert_eq!(outcome.notes, Vec::<String>::new(), "the best there is needs no note");
        assert_eq!(bench.record()["level"], level.as_str());
    }
    let bench = Bench::new();
    let probed = supervise::probe(&crate::bench::keeper(), &bench.path("probe"));
    assert_eq!((probed.level, probed.tree_gone), (Some(Level::Namespace), true), "{probed:?}");
}

#[test]
fn where_there_is_no_namespace_the_keeper_holds_alone_and_says_so() {
    inside("held::fall_back", OWN_PIDS);
}

#[test]
#[ignore = "started inside a namespace by another test"]
fn fall_back() {
    if !is_inside() {
        return;
    }
    // As on a machine that forbids them to users.
    std::fs::write("/proc/sys/user/max_pid_namespaces", "0").expect("our own limit");
    let bench = Bench::new();
    let outcome = bench.run("setsid-child 60s\nprint hello", &limits());
    assert_eq!((outcome.ending, outcome.level), (Ending::Finished, Some(Level::Keeper)), "{outcome:?}");
    assert!(outcome.notes[0].contains("PID namespace could not be made"), "{outcome:?}");
    assert!(outcome.tree_gone, "{outcome:?}");
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn the_program_has_its_own_ids_and_sees_nobody_else() {
    let script = "id -u; id -g; echo $PPID; ls /proc | grep -c '^[0-9]*$'; cat /proc/1/environ | wc -c; \
        readlink /proc/1/fd/0 /proc/1/cwd | wc -l";
    let seen = |hold| {
        let bench = Bench::new();
        let outcome = run(&bench, script, hold);
        assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
        text(&outcome.stdout).lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let (firm, loose) = (seen(Hold::Firm), seen(Hold::Loose));
    assert_eq!(firm[..2], loose[..2], "the same user and group");
    assert_eq!(firm[2], "1", "its parent is the first process");
    assert!(
        firm[3].parse::<u32>().expect("a number") <= 4,
        "itself, its pipe and the first process: {firm:?}"
    );
    assert_eq!(firm[4..], ["0", "0"], "nobody looks into the first process");
}

#[test]
fn programs_that_need_namespaces_of_their_own_get_them() {
    // One that codes its own sandbox, and one that uses bubblewrap for it.
    let tools = [
        ("unshare", "unshare -U -r -p -f --mount-proc sh -c 'echo inner $$; ls /proc | grep -c \"^[0-9]\"'"),
        (
            "bwrap",
            "bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev sh -c 'echo inner 1; echo 2 >/dev/null'",
        ),
    ];
    for (tool, script) in tools {
        let bench = Bench::new();
        // Where it does not work outside, nothing can be learned from the inside.
        let outside = run(&bench, script, Hold::Loose);
        if outside.ending != Ending::Finished {
            eprintln!("skipped: `{tool}` does not work here");
            continue;
        }
        let bench = Bench::new();
        let outcome = run(&bench, script, Hold::Firm);
        assert_eq!(
            (outcome.ending, outcome.level),
            (Ending::Finished, Some(Level::Namespace)),
            "{outcome:?}"
        );
        assert!(text(&outcome.stdout).starts_with("inner 1\n"), "{}", text(&outcome.stderr));
    }
}

#[test]
fn a_namespace_inside_the_namespace_goes_with_it() {
    let bench = Bench::new();
    let mark = &bench.mark;
    let script = format!(
        "trap '' INT TERM; unshare -U -r -p -f --mount-proc sh -c \
        'trap \"\" INT TERM; (setsid sh -c \"trap \\\"\\\" TERM; echo here; while :; do sleep 1; done\" {mark}) & wait'"
    );
    let mut limits = limits();
    limits.silence = Duration::from_secs(2);
    let outcome = supervise::run(&bench.shell(&script), &limits, &Cancel::new(), &mut |_| {});
    assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Stalled, true), "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "here\n", "{}", text(&outcome.stderr));
    assert_eq!(outcome.stopped_by, Some(Stage::Kill));
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

/// This test program again, as a supervisor that can be killed.
#[test]
#[ignore = "started by other tests"]
fn as_supervisor() {
    let Ok(folder) = std::env::var("TEST_FOLDER") else { return };
    let Ok(mark) = std::env::var("TEST_MARK") else { return };
    let bench = Bench::at(Path::new(&folder), &mark);
    let script = std::env::var("TEST_SCRIPT").expect("a script");
    let hold = if std::env::var_os("TEST_LOOSE").is_some() { Hold::Loose } else { Hold::Firm };
    let outcome = supervise::run(&bench.program(&script), &held(hold), &Cancel::new(), &mut |_| {});
    // Others were killed; this one tells what it came to.
    std::fs::write(bench.path("ending"), format!("{outcome:?}")).expect("written");
}

pub(crate) fn supervisor(bench: &Bench) -> Child {
    supervisor_of(bench, SCRIPT, Hold::Firm)
}

/// A supervisor of a program that follows this script.
pub(crate) fn supervisor_of(bench: &Bench, script: &str, hold: Hold) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--ignored", "--exact", "held::as_supervisor", "--nocapture"]);
    command.env("TEST_FOLDER", bench.path("")).env("TEST_MARK", &bench.mark).env("TEST_SCRIPT", script);
    if hold == Hold::Loose {
        command.env("TEST_LOOSE", "1");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a supervisor")
}

/// Those who can be killed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Who {
    Supervisor,
    Keeper,
    Shim,
}

/// Kills them, in this order, one at once after the other, while the tree is up. Gives how long until nobody was left.
pub(crate) fn kill_them(who: &[Who]) -> Duration {
    let bench = Bench::new();
    let mut child = supervisor(&bench);
    until("the children", || bench.survivors().iter().filter(|one| one.contains("--linger")).count() == 3);
    let recorded = |name: &str| {
        let pid = bench.record()[name]["pid"].as_i64().expect("a number");
        Pid::from_raw(i32::try_from(pid).expect("a number")).expect("a number")
    };
    let (keeper, shim) = (recorded("keeper"), recorded("init"));
    let began = std::time::Instant::now();
    for one in who {
        // One may already have gone with the one before it.
        let _ = match one {
            Who::Supervisor => kill_process(Pid::from_child(&child), Signal::KILL),
            Who::Keeper => kill_process(keeper, Signal::KILL),
            Who::Shim => kill_process(shim, Signal::KILL),
        };
    }
    assert_eq!(bench.survivors_after(Duration::from_secs(20)), Vec::<String>::new(), "{who:?}");
    let took = began.elapsed();
    child.wait().expect("reaped");
    let recovery = recover(&bench.path(""));
    assert_eq!(recovery.notes, Vec::<String>::new(), "{who:?}");
    // Whoever settled it: a supervisor that was killed last may have come to it.
    // The first process of a namespace, which ends last, may just be ending.
    assert!(recovery.attempts.iter().all(|one| one.ended_now <= 1), "{who:?}: {recovery:?}");
    if who[0] == Who::Supervisor {
        assert_eq!(recovery.attempts.len(), 1, "{who:?}: {recovery:?}");
    }
    let record = bench.record();
    assert_eq!(record["phase"], "closed", "{who:?}: {record}");
    assert_eq!(record["end"]["ending"], "lost", "{who:?}: {record}");
    assert_eq!(record["end"]["tree_gone"], true, "{who:?}: {record}");
    if !who.contains(&Who::Supervisor) {
        let told = text(&bench.path("ending"));
        assert!(told.contains("ending: Lost") && told.contains("tree_gone: true"), "{who:?}: {told}");
        assert!(recovery.attempts.is_empty(), "{who:?}: the supervisor has settled it");
    }
    assert_eq!(text(&bench.path("run/stdout")), "here\n", "{who:?}: what it wrote is kept");
    took
}

pub(crate) const DEATHS: [&[Who]; 9] = [
    &[Who::Keeper],
    &[Who::Shim],
    &[Who::Supervisor],
    &[Who::Supervisor, Who::Keeper],
    &[Who::Keeper, Who::Supervisor],
    &[Who::Supervisor, Who::Shim],
    &[Who::Keeper, Who::Shim],
    &[Who::Shim, Who::Keeper],
    &[Who::Keeper, Who::Shim, Who::Supervisor],
];

#[test]
fn whoever_of_us_is_killed_nobody_is_left() {
    for who in DEATHS {
        kill_them(who);
    }
}

#[test]
fn a_stopped_keeper_of_a_dead_supervisor_is_ended_at_the_next_start() {
    let bench = Bench::new();
    let mut child = supervisor(&bench);
    until("the children", || bench.survivors().iter().filter(|one| one.contains("--linger")).count() == 3);
    let keeper = bench.record()["keeper"]["pid"].as_i64().and_then(|pid| Pid::from_raw(pid as i32));
    kill_process(keeper.expect("a keeper"), Signal::STOP).expect("stopped");
    child.kill().expect("killed");
    child.wait().expect("reaped");
    let recovery = recover(&bench.path(""));
    let [attempt] = &recovery.attempts[..] else { panic!("{recovery:?}") };
    assert_eq!((attempt.ending, attempt.tree_gone), (Ending::Lost, true), "{attempt:?}");
    assert!(attempt.notes.iter().any(|note| note.contains("stuck")), "{attempt:?}");
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn a_program_that_attacks_those_who_keep_it_hurts_only_itself() {
    inside("held::attack", OWN_PIDS);
}

#[test]
#[ignore = "started inside a PID namespace by another test"]
fn attack() {
    if !is_inside() {
        return;
    }
    let firm = Bench::new().run("print hello", &limits());
    assert_eq!(firm.level, Some(Level::Namespace), "the attacks need a namespace around them: {firm:?}");
    let mut bystander = Command::new("sleep").arg("60").spawn().expect("a bystander");
    for (script, ending) in [
        (
            "echo said; kill -9 -1; kill -9 $PPID; kill -STOP $PPID; kill -TERM 1; echo alive",
            Ending::Finished,
        ),
        ("echo said; sleep 60 & sleep 60 & kill -9 -1; echo alive; kill -9 0", Ending::Failed),
        ("echo said; kill -STOP $$; echo never", Ending::Stalled),
        (
            "echo said; setsid sh -c 'sleep 0.2; kill -STOP -1; sleep 60' & echo alive; sleep 60",
            Ending::Stalled,
        ),
    ] {
        let bench = Bench::new();
        let mut limits = limits();
        limits.silence = Duration::from_secs(2);
        let outcome = supervise::run(&bench.shell(script), &limits, &Cancel::new(), &mut |_| {});
        assert_eq!((outcome.ending, outcome.tree_gone), (ending, true), "{script}: {outcome:?}");
        assert!(text(&outcome.stdout).starts_with("said\n"), "{script}");
        assert_eq!(bench.survivors(), Vec::<String>::new(), "{script}");
        assert!(bystander.try_wait().expect("a look").is_none(), "{script}: the bystander lives");
    }
    bystander.kill().expect("killed");
    bystander.wait().expect("reaped");
}

#[test]
fn a_program_that_kills_its_keeper_dies_with_it_and_is_lost() {
    let bench = Bench::new();
    let outcome = run(&bench, "echo said; sleep 0.5; kill -9 $PPID; sleep 60", Hold::Loose);
    assert_eq!(outcome.ending, Ending::Lost, "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "said\n");
    assert_eq!(bench.survivors_after(Duration::from_secs(10)), Vec::<String>::new());
}

#[test]
fn a_program_that_stops_its_keeper_or_itself_is_ended_all_the_same() {
    for (script, hold) in [
        ("echo said; sleep 0.3; kill -STOP $PPID; sleep 60", Hold::Loose),
        ("echo said; kill -STOP $$; sleep 60", Hold::Loose),
        ("echo said; kill -STOP $$; sleep 60", Hold::Firm),
    ] {
        let bench = Bench::new();
        let mut limits = held(hold);
        limits.wall = Duration::from_secs(1);
        limits.grace.confirm = Duration::from_secs(2);
        let outcome = supervise::run(&bench.shell(script), &limits, &Cancel::new(), &mut |_| {});
        assert!(matches!(outcome.ending, Ending::Lost | Ending::TimedOut), "{script}: {outcome:?}");
        assert_eq!(text(&outcome.stdout), "said\n", "{script}");
        assert_eq!(bench.survivors_after(Duration::from_secs(10)), Vec::<String>::new(), "{script}");
    }
}

/// `cargo xtask soak` runs this.
#[test]
#[ignore = "takes minutes"]
fn soak_every_death_twenty_times() {
    for who in DEATHS {
        let mut times: Vec<Duration> = (0..20).map(|_| kill_them(who)).collect();
        times.sort();
        eprintln!(
            "figure: killed {who:?}: 0 of 20 left anybody; gone after {:?} (half), {:?} (all)",
            times[10], times[19]
        );
    }
}
