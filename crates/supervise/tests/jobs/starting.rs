//! What cannot be started says why, and leaves nothing; and folders may be called anything.

use crate::bench::{Bench, limits, text, until};
use model::Ending;
use supervise::{Cancel, Outcome, Program, Stdin};

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
    let cases: [(Change, &str); 4] = [
        (|program| program.command[0] = "C:\\no\\such\\program.exe".into(), "starting `program.exe`"),
        (|program| program.command.clear(), "the command is empty"),
        (|program| program.folder = "C:\\no\\such\\folder".into(), "entering its folder"),
        (|program| program.stdin = Stdin::File("C:\\no\\such\\prompt".into()), "standard input"),
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

#[test]
fn a_folder_in_which_an_attempt_runs_is_refused_and_one_in_which_it_ended_is_not() {
    let bench = Bench::new();
    let cancel = Cancel::new();
    let said = || std::fs::read_to_string(bench.path("run/stdout")).unwrap_or_default();
    std::thread::scope(|scope| {
        let first = bench.program("print first\nsleep 60s");
        let first = scope.spawn({
            let cancel = cancel.clone();
            move || supervise::run(&first, &limits(), &cancel, &mut |_| {})
        });
        until("the first to speak", || said() == "first\n");
        assert_not_started(&run(&bench.program("print second")), "another attempt is running");
        assert_eq!(said(), "first\n", "its output is untouched");
        cancel.kill();
        assert_eq!(first.join().expect("an outcome").ending, Ending::Cancelled);
    });
    assert_eq!(run(&bench.program("print third")).ending, Ending::Finished);
    assert_eq!(said(), "third\n");
}

#[test]
fn folders_and_arguments_with_any_name_work_and_their_neighbours_are_untouched() {
    let bench = Bench::new();
    for neighbour in ["a1", "a[1]x"] {
        std::fs::create_dir(bench.path(neighbour)).expect("a neighbour");
        std::fs::write(bench.path(neighbour).join("record.json"), "mine").expect("a file");
    }
    let mut program = bench.program("print $1\nprint $2");
    program.run_folder = bench.path("a[1]{b} 'c' $(x) %PATH% \u{e9}\u{1f600}");
    program.folder = program.run_folder.join("folder");
    std::fs::create_dir_all(&program.folder).expect("a folder");
    program.command.extend(["a \"quoted\\\" & %PATH%".into(), "\u{1f600} \\".into()]);
    let outcome = run(&program);
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "a \"quoted\\\" & %PATH%\n\u{1f600} \\\n");
    supervise::remove_tree(&program.run_folder).expect("removed");
    assert!(!program.run_folder.exists());
    for neighbour in ["a1", "a[1]x"] {
        assert_eq!(text(&bench.path(neighbour).join("record.json")), "mine");
    }
}
