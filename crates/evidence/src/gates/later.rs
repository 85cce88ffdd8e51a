//! Gates whose rooms answer them later in the run.
//!
//! In: nothing. Out: `n/a` with the reason. Never an opinion.

use super::Answer;

/// Declines live in the store; a stage that knows it fills this in.
pub(crate) fn declined() -> Answer {
    Answer::not_applicable("no earlier decline was looked up")
}

/// Scripts run in a sandbox; a stage that has one fills this in.
pub(crate) fn repro(script: Option<&str>) -> Answer {
    match script {
        Some(_) => Answer::not_applicable("a script is given; it was not run"),
        None => Answer::not_applicable("no script is given"),
    }
}
