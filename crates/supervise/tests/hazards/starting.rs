//! What cannot be started says why, and leaves nothing.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::bench::{Bench, limits, text, until};
use model::Ending;
use supervise::{Cancel, Keeper, Outcome, Program, Stdin};

fn run(program: &Program) -> Outcome {
    supervise::run(program, &limits(), &Cancel::new(), &mut |_| {})
}

fn assert_not_started(outcome: &Outcome, why: &str) {
    assert_eq!(outcome.ending, Ending::NotStarted, "{outcome:?}");
    assert!(outcome.tree_gone && outcome.exit.is_none(), "{outcome:?}");
    assert!(outcome.notes.iter().any(|note| note.contains(why)), "{outcome:?} does not say {why}");
}

#[test]
fn each_reason_for_not_starting_is_told() {
    type Change = fn(&mut Program);
    let cases: [(Change, &str); 6] = [
        (|program| program.command[0] = "/no/such/program".into(), "starting `program`: No such file"),
        (|program| program.command.clear(), "the command is empty"),
        (|program| program.folder = "/no/such/folder".into(), "entering its folder"),
        (|program| program.stdin = Stdin::File("/no/such/prompt".into()), "standard input"),
        (
            |program| program.keeper = Keeper { command: vec!["/no/such/keeper".into()] },
            "starting the keeper",
        ),
        (|program| program.keeper = Keeper { command: vec!["true".into()] }, "the keeper ended before"),
    ];
    for (change, why) in cases {
        let bench = Bench::new();
        let mut program = bench.program("print hello");
        change(&mut program);
        assert_not_started(&run(&program), why);
    }
}

#[test]
fn a_cancelled_token_starts_nothing() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    cancel.cancel();
    let outcome = supervise::run(&bench.program("edit started"), &limits(), &cancel, &mut |_| {});
    assert_eq!(outcome.ending, Ending::Cancelled);
    assert!(!bench.path("started").exists() && !bench.path("run").exists());
}

/// This test program again, with few descriptors to spare.
#[test]
#[ignore = "started by another test"]
fn as_starved() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    if std::env::var_os("TEST_STARVED").is_none() {
        return;
    }
    let open = std::fs::read_dir("/proc/self/fd").expect("listed").count() as u64;
    let most = getrlimit(Resource::Nofile);
    let mut endings = Vec::new();
    for spare in 0..24 {
        let bench = Bench::new();
        let program = bench.program("print hello");
        setrlimit(Resource::Nofile, Rlimit { current: Some(open + spare), ..most }).expect("a limit");
        let outcome = run(&program);
        setrlimit(Resource::Nofile, most).expect("a limit");
        // With few descriptors there may be no namespace; that is a note, and no reason not to run.
        assert!(
            outcome.tree_gone && (outcome.ending == Ending::Finished || !outcome.notes.is_empty()),
            "{outcome:?}"
        );
        assert_eq!(bench.survivors(), Vec::<String>::new());
        endings.push(outcome.ending);
    }
    assert_eq!(endings.first(), Some(&Ending::NotStarted), "{endings:?}");
    assert_eq!(endings.last(), Some(&Ending::Finished), "{endings:?}");
    assert!(
        endings.iter().all(|ending| matches!(ending, Ending::NotStarted | Ending::Finished)),
        "{endings:?}"
    );
}

#[test]
fn without_descriptors_it_is_not_started_and_nothing_hangs() {
    // The limit is of a whole process, and other tests run in this one.
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "starting::as_starved", "--nocapture"])
        .env("TEST_STARVED", "1")
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_folder_in_which_an_attempt_runs_is_refused_and_one_in_which_it_ended_is_not() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    std::thread::scope(|scope| {
        let first = bench.program("print first\nsleep 60s");
        let first = scope.spawn({
            let cancel = cancel.clone();
            move || supervise::run(&first, &limits(), &cancel, &mut |_| {})
        });
        until("the first to speak", || text_if_there(&bench) == "first\n");
        assert_not_started(&run(&bench.program("print second")), "another attempt is running");
        assert_eq!(text_if_there(&bench), "first\n", "its output is untouched");
        cancel.kill();
        assert_eq!(first.join().expect("an outcome").ending, Ending::Cancelled);
    });
    assert_eq!(run(&bench.program("print third")).ending, Ending::Finished);
    assert_eq!(text_if_there(&bench), "third\n");
}

fn text_if_there(bench: &Bench) -> String {
    std::fs::read_to_string(bench.path("run/stdout")).unwrap_or_default()
}

#[test]
fn folders_with_any_name_work_and_their_neighbours_are_untouched() {
    let bench = Bench::new();
    for neighbour in ["a1", "a[1]x"] {
        std::fs::create_dir(bench.path(neighbour)).expect("a neighbour");
        std::fs::write(bench.path(neighbour).join("record.json"), "mine").expect("a file");
    }
    let mut odd = b"a[1]*?{b} \n'\"$(x)".to_vec();
    odd.push(0xff);
    let mut program = bench.program("print hello");
    program.run_folder = bench.path("x").with_file_name(OsString::from_vec(odd.clone()));
    program.folder = program.run_folder.join("folder");
    std::fs::create_dir_all(&program.folder).expect("a folder");
    let outcome = run(&program);
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "hello\n");
    supervise::remove_tree(&program.run_folder).expect("removed");
    assert!(!program.run_folder.exists());
    for neighbour in ["a1", "a[1]x"] {
        assert_eq!(text(&bench.path(neighbour).join("record.json")), "mine");
    }
}
