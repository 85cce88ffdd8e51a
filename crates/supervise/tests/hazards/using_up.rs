//! Programs that use up processes, memory or the disk are stopped at a limit, and others go on.

use std::time::{Duration, Instant};

use crate::bench::{Bench, held, limits, text};
use crate::inside::{OWN_PIDS, inside, is_inside};
use model::Ending;
use supervise::{Cancel, Hold, Limits, Resources};

fn only(change: impl FnOnce(&mut Resources)) -> Limits {
    let mut limits = limits();
    limits.resources = Resources { processes: None, memory: None, file: None };
    change(&mut limits.resources);
    limits
}

#[test]
fn a_file_grows_to_its_limit_and_not_beyond() {
    let bench = Bench::new();
    let script = "trap '' XFSZ; head -c 10000000 /dev/zero > big; wc -c < big; ulimit -c";
    let limits = only(|resources| resources.file = Some(1 << 20));
    let outcome = supervise::run(&bench.shell(script), &limits, &Cancel::new(), &mut |_| {});
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "1048576\n0\n", "and there are no core files");
}

#[test]
fn memory_is_allocated_to_its_limit_and_not_beyond() {
    for hold in [Hold::Firm, Hold::Loose] {
        let bench = Bench::new();
        let limits = Limits { hold, ..only(|resources| resources.memory = Some(64 << 20)) };
        // `dd` allocates one block of this size.
        let script = "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null && echo hogged; echo end";
        let outcome = supervise::run(&bench.shell(script), &limits, &Cancel::new(), &mut |_| {});
        assert_eq!(text(&outcome.stdout), "end\n", "{outcome:?}");
    }
}

/// Six processes in sessions of their own, each far below what one may allocate.
const HOGS: &str = "for n in 1 2 3 4 5 6; do setsid sh -c '(head -c 60000000 /dev/zero; sleep 60) | tail' >/dev/null & done; \
                    trap '' TERM INT; echo begun; sleep 60; echo the end";

#[cfg(target_os = "linux")]
#[test]
fn processes_that_are_small_each_and_large_together_are_ended_together() {
    for hold in [Hold::Firm, Hold::Loose] {
        let bench = Bench::new();
        let resources = only(|resources| resources.memory = Some(100 << 20));
        let limits = Limits { hold, memory: Some(200 << 20), wall: Duration::from_secs(50), ..resources };
        let outcome = supervise::run(&bench.shell(HOGS), &limits, &Cancel::new(), &mut |_| {});
        assert_eq!((outcome.ending, outcome.tree_gone), (Ending::MemoryLimit, true), "{outcome:?}");
        assert_eq!(text(&outcome.stdout), "begun\n", "{outcome:?}");
        assert!(
            outcome.notes.iter().any(|note| note.contains("more than their limit of 200 MiB")),
            "{outcome:?}"
        );
        assert_eq!(bench.survivors(), Vec::<String>::new());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_that_processes_share_is_counted_once() {
    let bench = Bench::new();
    let script = "x=$(head -c 40000000 /dev/zero | tr '\\0' a); for n in 1 2 3 4 5 6 7 8; do (sleep 3; echo shared) & done; wait; echo ${#x}";
    let limits = Limits { memory: Some(250 << 20), ..only(|_| {}) };
    let outcome = supervise::run(&bench.shell(script), &limits, &Cancel::new(), &mut |_| {});
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "shared\n".repeat(8) + "40000000\n");
}

#[test]
fn the_tree_is_the_first_to_go_when_memory_is_full_and_we_are_not() {
    for hold in [Hold::Firm, Hold::Loose] {
        let bench = Bench::new();
        let outcome = supervise::run(
            &bench.shell("cat /proc/self/oom_score_adj"),
            &held(hold),
            &Cancel::new(),
            &mut |_| {},
        );
        let score: i32 = text(&outcome.stdout).trim().parse().expect("a number");
        let ours = std::fs::read_to_string("/proc/self/oom_score_adj").expect("a number");
        assert!(score >= 500 && score >= ours.trim().parse().expect("a number"), "{outcome:?}");
    }
}

#[test]
fn a_fork_bomb_is_limited_to_its_own_attempt() {
    inside("using_up::fork_bomb", OWN_PIDS);
}

#[test]
#[ignore = "started inside a PID namespace by another test"]
fn fork_bomb() {
    if !is_inside() {
        return;
    }
    let bench = Bench::new();
    let count = |limits: &Limits| {
        let outcome =
            supervise::run(&bench.shell("cat /proc/sys/kernel/pid_max"), limits, &Cancel::new(), &mut |_| {});
        text(&outcome.stdout).trim().parse::<u32>().expect("a number")
    };
    let limits = only(|resources| resources.processes = Some(400));
    let outside = count(&only(|_| {}));
    if count(&limits) != 400 {
        eprintln!("skipped: this kernel has no `pid_max` of a namespace");
        return;
    }
    assert_eq!(count(&only(|_| {})), outside, "and that of the machine is as it was");
    // The usual one, and at the same time a sibling that must not notice.
    let (bomb, sibling) = (Bench::new(), Bench::new());
    let limits = Limits { wall: Duration::from_secs(3), ..limits };
    let began = Instant::now();
    std::thread::scope(|scope| {
        let bomb_limits = limits.clone();
        let bomb = &bomb;
        let exploded = scope.spawn(move || {
            let script = "trap '' TERM INT; b() { b | b & sleep 30; }; b; sleep 60";
            supervise::run(&bomb.shell(script), &bomb_limits, &Cancel::new(), &mut |_| {})
        });
        std::thread::sleep(Duration::from_secs(1));
        let outcome = sibling.run("quiet-child 100ms\nprint fine\nsleep 200ms", &crate::bench::limits());
        assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
        let outcome = exploded.join().expect("an outcome");
        assert!(outcome.tree_gone, "{outcome:?}");
        assert!(matches!(outcome.ending, Ending::TimedOut | Ending::Failed), "{outcome:?}");
    });
    assert!(began.elapsed() < Duration::from_mins(1));
    assert_eq!(bomb.survivors(), Vec::<String>::new());
}
