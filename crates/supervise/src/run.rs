//! The door of this crate: one program, run once.
//!
//! In: a program, its limits, a cancel token. Out: an outcome, always. Never an `Err` and never a panic about what the
//! program did: everything that can happen to it has a name.

use std::path::Path;
use std::time::Duration;

use model::Ending;

use crate::record::End;
use crate::spool::{STDERR, STDOUT};
use crate::{Cancel, Keeper, Limits, Outcome, Program, Progress, Stdin};

/// Runs a program to its end, and always returns.
///
/// Blocks the calling thread; run each attempt on a thread of its own. News is told to `progress` on that thread.
/// When this process dies instead, however it dies, the keeper ends the program within about a second.
#[must_use = "the outcome says how the program ended, and what is left of it"]
pub fn run(
    program: &Program,
    limits: &Limits,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Outcome {
    run_watched(program, limits, cancel, progress, None)
}

/// Takes one whole line, without its end.
pub type LineReader<'a> = &'a mut dyn FnMut(&[u8]);

/// As [`run`], and shows each whole line of standard output to `line`, without its end, soon ([`Limits::news`])
/// after it was written, on the calling thread.
///
/// A line longer than four megabytes is not shown; what is shown is in [`Outcome::stdout`] all the same. To end the
/// attempt because of what was read, keep a [`Cancel::child`] and call [`Cancel::break_off`].
#[must_use = "the outcome says how the program ended, and what is left of it"]
pub fn run_watched(
    program: &Program,
    limits: &Limits,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
    line: Option<LineReader<'_>>,
) -> Outcome {
    if cancel.is_cancelled() {
        let note = "cancelled before it was started".to_owned();
        return outcome(program, never_ran(Ending::Cancelled, note));
    }
    #[cfg(unix)]
    let end = crate::supervisor::supervise(program, limits, cancel, Listener { progress, line });
    #[cfg(windows)]
    let end = crate::keeperless::supervise(program, limits, cancel, Listener { progress, line });
    if let Stdin::Dialogue(voice) = &program.stdin {
        voice.hush();
    }
    outcome(program, end)
}

/// Tells how firmly this machine holds programs, by running one the whole way: [`Outcome::level`], and notes where that
/// is less than the best. The program is the keeper's own without arguments, which exits with a code other than 0 at once.
/// `run_folder` is made and left to the caller.
pub fn probe(keeper: &Keeper, run_folder: &Path) -> Outcome {
    let folder = run_folder.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let program = Program {
        command: keeper.command.clone(),
        folder: folder.to_owned(),
        environment: crate::harmless_environment(&[]),
        stdin: Stdin::Null,
        run_folder: run_folder.to_owned(),
        keeper: keeper.clone(),
    };
    let limits = Limits { wall: Duration::from_secs(10), ..Limits::default() };
    run(&program, &limits, &Cancel::new(), &mut |_| {})
}

/// Those who want to know what happens.
pub(crate) struct Listener<'a, 'b> {
    pub(crate) progress: &'a mut dyn FnMut(Progress),
    pub(crate) line: Option<LineReader<'b>>,
}

/// The end of an attempt that never had a process.
pub(crate) fn never_ran(ending: Ending, note: String) -> End {
    End {
        ending,
        exit: None,
        signal: None,
        ms: 0,
        bytes_out: 0,
        tree_gone: true,
        stopped_by: None,
        climbed: Vec::new(),
        broken_off: None,
        level: None,
        notes: vec![note],
    }
}

fn outcome(program: &Program, end: End) -> Outcome {
    Outcome {
        ending: end.ending,
        exit: end.exit,
        signal: end.signal,
        ms: end.ms,
        stdout: program.run_folder.join(STDOUT),
        stderr: program.run_folder.join(STDERR),
        bytes_out: end.bytes_out,
        tree_gone: end.tree_gone,
        stopped_by: end.stopped_by,
        broken_off: end.broken_off,
        level: end.level,
        notes: end.notes,
    }
}
