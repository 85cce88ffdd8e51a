//! A program can be talked with while it runs, in a job as elsewhere.

use crate::bench::{Bench, limits, text};
use model::Ending;
use supervise::{Cancel, Program, Stdin, Voice, run_watched};

#[test]
fn what_it_reads_comes_while_it_runs_and_ends() {
    let bench = Bench::new();
    let voice = Voice::new();
    let mut line = |line: &[u8]| {
        if line == b"begun" {
            voice.say(b"hello").expect("it listens");
            voice.end();
        }
    };
    let program = Program {
        stdin: Stdin::Dialogue(voice.clone()),
        ..bench.program("print begun\necho-prompt\nprint over")
    };
    let outcome = run_watched(&program, &limits(), &Cancel::new(), &mut |_| {}, Some(&mut line));
    assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Finished, true), "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "begun\nhelloover\n");
}
