//! A program can be talked with while it runs, and none of the promises changes.

use std::time::Duration;

use crate::bench::{BOTH, Bench, held, limits, text};
use model::Ending;
use supervise::{Cancel, Limits, Program, Stdin, Unheard, Voice, run_watched};

fn with(bench: &Bench, voice: &Voice, script: &str) -> Program {
    Program { stdin: Stdin::Dialogue(voice.clone()), ..bench.shell(script) }
}

#[test]
fn what_it_says_is_answered_and_the_end_is_heard() {
    for (hold, _) in BOTH {
        let bench = Bench::new();
        let voice = Voice::new();
        voice.say(b"first\n").expect("room");
        let script = "while read -r line; do echo \"got $line\"; done; echo closed";
        let mut answered = 0;
        let mut line = |line: &[u8]| {
            answered += usize::from(line.starts_with(b"got"));
            match answered {
                1..=20 => voice.say(format!("answer {answered}\n").as_bytes()).expect("it listens"),
                _ => voice.end(),
            }
        };
        let limits = Limits { news: Duration::from_millis(10), ..held(hold) };
        let outcome =
            run_watched(&with(&bench, &voice, script), &limits, &Cancel::new(), &mut |_| {}, Some(&mut line));
        assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Finished, true), "{outcome:?}");
        let said = text(&outcome.stdout);
        assert!(
            said.starts_with("got first\ngot answer 1\n") && said.ends_with("got answer 20\nclosed\n"),
            "{said}"
        );
        assert_eq!(bench.survivors(), Vec::<String>::new());
        assert_eq!(voice.say(b"x"), Err(Unheard::Gone));
    }
}

#[test]
fn who_says_nothing_back_is_stalled_and_who_does_not_read_keeps_nobody_waiting() {
    for (hold, _) in BOTH {
        let bench = Bench::new();
        let voice = Voice::new();
        // More than a pipe takes.
        voice.say(&vec![b'x'; 1 << 20]).expect("room");
        let limits = Limits { silence: Duration::from_millis(600), ..held(hold) };
        let program = with(&bench, &voice, "echo begun; sleep 60");
        let outcome = supervise::run(&program, &limits, &Cancel::new(), &mut |_| {});
        assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Stalled, true), "{outcome:?}");
        assert_eq!(bench.survivors(), Vec::<String>::new());
    }
}

#[test]
fn a_program_that_closes_its_ear_or_dies_is_what_its_ending_says() {
    let bench = Bench::new();
    let voice = Voice::new();
    voice.say(&vec![b'x'; 1 << 20]).expect("room");
    let outcome = supervise::run(
        &with(&bench, &voice, "exec <&-; echo deaf; exit 3"),
        &limits(),
        &Cancel::new(),
        &mut |_| {},
    );
    assert_eq!((outcome.ending, outcome.exit), (Ending::Failed, Some(3)), "{outcome:?}");
    assert_eq!(text(&outcome.stdout), "deaf\n");
}

#[test]
fn only_the_program_inherits_what_is_said_and_nobody_else_holds_it_open() {
    for (hold, _) in BOTH {
        let bench = Bench::new();
        let voice = Voice::new();
        voice.end();
        // Descriptors beyond the three: `ls` itself opens one for the folder.
        let script = "cat; ls /proc/self/fd | tr '\\n' ' '";
        let outcome = supervise::run(&with(&bench, &voice, script), &held(hold), &Cancel::new(), &mut |_| {});
        assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
        assert_eq!(text(&outcome.stdout).trim(), "0 1 2 3");
    }
}
