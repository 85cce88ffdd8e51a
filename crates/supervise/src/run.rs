//! (being built)

use model::Ending;

use crate::{Cancel, Limits, Outcome, Program, Progress};

/// Runs a program to its end, and always returns.
///
/// Blocks the calling thread; run each attempt on a thread of its own. News is told to `progress` on that thread.
pub fn run(
    program: &Program,
    limits: &Limits,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Outcome {
    let _ = (limits, cancel, progress);
    Outcome {
        ending: Ending::NotStarted,
        exit: None,
        signal: None,
        ms: 0,
        stdout: program.run_folder.join("stdout"),
        stderr: program.run_folder.join("stderr"),
        bytes_out: 0,
        tree_gone: true,
        stopped_by: None,
        notes: Vec::new(),
    }
}
