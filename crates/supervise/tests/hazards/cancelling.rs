//! Cancelling reaches the attempts it is meant for, and news of an attempt arrives while it runs.

use std::sync::Mutex;

use crate::bench::{Bench, limits, text, until};
use model::Ending;
use supervise::{Cancel, Progress, Stage};

#[test]
fn cancelling_one_of_three_leaves_the_others_alone() {
    let bench = Bench::new();
    let all = Cancel::new();
    let one = all.child();
    let go = bench.path("go");
    std::thread::scope(|scope| {
        let start = |name: &str, script: &str, cancel: Cancel| {
            let program = bench.program_in(name, script);
            scope.spawn(move || supervise::run(&program, &limits(), &cancel, &mut |_| {}))
        };
        let cancelled = start("one", "print here\nsleep 60s", one.clone());
        let others =
            [start("two", "chatter 20 50ms", all.child()), start("three", "chatter 20 50ms", all.child())];
        until("the first words", || {
            std::fs::read(bench.path("one/stdout")).is_ok_and(|text| !text.is_empty())
        });
        one.cancel();
        let cancelled = cancelled.join().expect("an outcome");
        assert_eq!((cancelled.ending, cancelled.stopped_by), (Ending::Cancelled, Some(Stage::Interrupt)));
        assert_eq!(text(&cancelled.stdout), "here\n");
        for other in others {
            let other = other.join().expect("an outcome");
            assert_eq!(other.ending, Ending::Finished, "{other:?}");
            assert_eq!(text(&other.stdout).lines().count(), 20);
        }
    });
    assert!(!go.exists());
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn a_kill_skips_the_requests_even_after_a_cancel() {
    for cancel_first in [false, true] {
        let bench = Bench::new();
        let cancel = Cancel::new();
        let mut limits = limits();
        limits.grace.interrupt = std::time::Duration::from_mins(1);
        let program = bench.program("ignore-sigint\nignore-sigterm\nprint here\nsleep 60s");
        let outcome = supervise::run(&program, &limits, &cancel, &mut |news| match news {
            Progress::Output { .. } if cancel_first => cancel.cancel(),
            Progress::Output { .. } | Progress::Stopping { stage: Stage::Interrupt } => cancel.kill(),
            _ => {}
        });
        assert_eq!(
            (outcome.ending, outcome.stopped_by),
            (Ending::Cancelled, Some(Stage::Kill)),
            "{outcome:?}"
        );
        assert!(outcome.tree_gone && outcome.ms < 40_000, "{outcome:?}");
    }
}

#[test]
fn many_stubborn_programs_go_down_together() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    let running = Mutex::new(0);
    let began = std::time::Instant::now();
    std::thread::scope(|scope| {
        let attempts: Vec<_> = (0..8)
            .map(|number| {
                let script = "ignore-sigint\nignore-sigterm\nsetsid-child 60s\nprint here\nsleep 60s";
                let program = bench.program_in(&format!("run{number}"), script);
                let (cancel, running) = (&cancel, &running);
                scope.spawn(move || {
                    supervise::run(&program, &limits(), cancel, &mut |news| {
                        if matches!(news, Progress::Output { .. }) {
                            *running.lock().expect("no panic") += 1;
                        }
                    })
                })
            })
            .collect();
        until("all of them to speak", || *running.lock().expect("no panic") >= 8);
        cancel.cancel();
        for attempt in attempts {
            let outcome = attempt.join().expect("an outcome");
            assert_eq!(
                (outcome.ending, outcome.stopped_by),
                (Ending::Cancelled, Some(Stage::Kill)),
                "{outcome:?}"
            );
            assert!(outcome.tree_gone);
        }
    });
    assert!(began.elapsed().as_secs() < 40, "not one after the other");
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn no_process_of_the_tree_is_in_our_session_or_group() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    let program = bench.program("quiet-child 60s\nprint here\nsleep 60s");
    let mut looked = 0;
    let outcome = supervise::run(&program, &limits(), &cancel, &mut |news| {
        if matches!(news, Progress::Output { .. }) && looked == 0 {
            // What a Ctrl-C at our terminal reaches is our group; what a hang-up reaches is our session.
            let (_, group, session) = ids("self");
            let (keeper, keepers_group, keepers_session) = ids(&parent_of_the_agent(&bench));
            assert!(keepers_session != session && keepers_group != group);
            assert_eq!(keepers_session, keepers_group, "the session of the keeper");
            for survivor in bench.survivors() {
                let (pid, its_group, its_session) = ids(survivor.split(' ').next().expect("a number"));
                assert_eq!(its_session, keepers_session);
                assert_ne!(its_group, group);
                assert!(pid == keepers_group || pid == keeper || its_group != keepers_group, "ours is ours");
                looked += 1;
            }
            cancel.cancel();
        }
    });
    assert_eq!(
        (outcome.ending, looked),
        (Ending::Cancelled, 4),
        "keeper, first process, agent, child: {outcome:?}"
    );
}

/// Process, group and session of a process.
fn ids(pid: &str) -> (u32, u32, u32) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a living process");
    let number: u32 = stat.split(' ').next().and_then(|pid| pid.parse().ok()).expect("a number");
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    (number, fields[2].parse().expect("a group"), fields[3].parse().expect("a session"))
}

fn parent_of_the_agent(bench: &Bench) -> String {
    let agent = bench.survivors().into_iter().find(|one| one.contains("--script") && !one.contains("keeper"));
    let agent = agent.expect("the agent").split(' ').next().expect("a number").to_owned();
    let stat = std::fs::read_to_string(format!("/proc/{agent}/stat")).expect("a living process");
    stat.rsplit_once(')').expect("a name").1.split_whitespace().nth(1).expect("a parent").to_owned()
}

#[test]
fn news_arrives_while_the_program_runs() {
    let bench = Bench::new();
    let mut news = Vec::new();
    let program = bench.program("print here\nsleep 1s\nprint there\nsleep 1s");
    let outcome = supervise::run(&program, &limits(), &Cancel::new(), &mut |one| news.push(one));
    assert_eq!(outcome.ending, Ending::Finished);
    assert!(matches!(news[0], Progress::Started { pid } if pid > 1), "{news:?}");
    assert!(news.contains(&Progress::Output { stdout: 5, stderr: 0 }), "{news:?}");
}
