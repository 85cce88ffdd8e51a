//! The project's own tests: of the change, of a proposed fix, of a mutation.
//!
//! In: the user's command, and a lab. Out: what the tests say. The command is the user's; what it runs is the branch's, so it is confined
//! like any script. Never takes a run that did not come to its end for an answer.

use std::ffi::OsString;
use std::time::Duration;

use model::{Ending, FixOutcome, ProbeOutcome, Sha, TestOutcome, TestRun, Trial};
use supervise::Cancel;

use crate::lab::{Job, Lab, is_unprepared, shell};

/// The user's commands.
#[derive(Clone, Copy, Debug)]
pub struct Suite<'a> {
    /// What builds the project; empty for nothing.
    pub build: &'a [String],
    /// What runs its tests.
    pub tests: &'a [String],
    /// The longest time of one run.
    pub wall: Duration,
}

impl Suite<'_> {
    /// The commands as a person writes them.
    pub fn words(&self) -> String {
        let parts = [self.build, self.tests].into_iter().filter(|words| !words.is_empty());
        parts
            .map(|words| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join(" && ")
    }

    /// Runs the tests at the head and where the change begins.
    pub fn of_change(&self, lab: &Lab<'_>, cancel: &Cancel) -> TestRun {
        let head = self.at(lab, "tests-head", &lab.target.head, Given::Nothing, cancel);
        let base = (lab.target.merge_base != lab.target.head && !cancel.is_cancelled())
            .then(|| self.at(lab, "tests-base", &lab.target.merge_base, Given::Nothing, cancel));
        TestRun {
            command: self.words(),
            outcome: of_change(&head, base.as_ref()),
            confined_by: lab.sandbox.sentence(),
            head: Some(head),
            base,
        }
    }

    /// Runs the tests at the head with a patch.
    pub fn of_fix(
        &self,
        lab: &Lab<'_>,
        name: &str,
        patch: &str,
        head: &Trial,
        cancel: &Cancel,
    ) -> (FixOutcome, Trial) {
        let trial = self.at(lab, name, &lab.target.head, Given::Patch(patch), cancel);
        (of_fix(head, &trial), trial)
    }

    /// Runs the tests at the head with another text of one file.
    pub fn of_mutation(
        &self,
        lab: &Lab<'_>,
        name: &str,
        path: &str,
        text: &str,
        cancel: &Cancel,
    ) -> (ProbeOutcome, u64) {
        let trial = self.at(lab, name, &lab.target.head, Given::Text { path, text }, cancel);
        (of_mutation(&trial), trial.ms)
    }

    fn at(&self, lab: &Lab<'_>, name: &str, commit: &Sha, given: Given<'_>, cancel: &Cancel) -> Trial {
        let script = self.script();
        let mut job = Job {
            name,
            commit,
            given: vec![("run.sh", script.as_bytes())],
            replaces: None,
            command: vec![shell(), OsString::from("/repro/run.sh")],
            wall: self.wall,
        };
        match given {
            Given::Nothing => {}
            Given::Patch(patch) => job.given.push(("fix.patch", patch.as_bytes())),
            Given::Text { path, text } => {
                job.given.push(("replacement", text.as_bytes()));
                job.replaces = Some(path);
            }
        }
        lab.run(&job, cancel)
    }

    /// Both commands as a script; its words are the user's, each quoted.
    fn script(&self) -> String {
        let line = |words: &[String]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let build =
            if self.build.is_empty() { String::new() } else { format!("{} || exit $?\n", line(self.build)) };
        format!("{build}exec {}\n", line(self.tests))
    }
}

/// What a run of the tests is given besides the files of its commit.
#[derive(Clone, Copy)]
enum Given<'a> {
    Nothing,
    Patch(&'a str),
    Text { path: &'a str, text: &'a str },
}

/// A word that a shell reads as it is.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '=' | ':' | ',' | '+' | '@' | '%')
    };
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Whether the tests pass; `None` where they did not come to their end.
fn passes(trial: &Trial) -> Option<bool> {
    /// What a shell says of a program that is not there, or may not run.
    const MISSING: &[i32] = &[126, 127];
    let missing = trial.exit.is_some_and(|code| MISSING.contains(&code));
    match trial.ending {
        _ if is_unprepared(trial) || missing => None,
        Ending::Finished | Ending::Leaky => Some(trial.exit == Some(0)),
        Ending::Failed => Some(false),
        _ => None,
    }
}

fn of_change(head: &Trial, base: Option<&Trial>) -> TestOutcome {
    match (passes(head), base.map(passes)) {
        (Some(true), Some(Some(false))) => TestOutcome::Mends,
        (Some(true), _) => TestOutcome::Passes,
        (Some(false), Some(Some(true))) => TestOutcome::Breaks,
        (Some(false), Some(Some(false))) => TestOutcome::FailsAnyway,
        (None, _) | (Some(false), None | Some(None)) => TestOutcome::NotTried,
    }
}

fn of_fix(head: &Trial, with: &Trial) -> FixOutcome {
    if is_unprepared(with) && with.output.contains("does not apply") {
        return FixOutcome::DoesNotApply;
    }
    match (passes(head), passes(with)) {
        (_, None) | (None, _) => FixOutcome::NotTried,
        (Some(true), Some(true)) => FixOutcome::Passes,
        (Some(false), Some(true)) => FixOutcome::Mends,
        (Some(true), Some(false)) => FixOutcome::Breaks,
        (Some(false), Some(false)) => FixOutcome::FailsAnyway,
    }
}

fn of_mutation(trial: &Trial) -> ProbeOutcome {
    match passes(trial) {
        Some(true) => ProbeOutcome::NotNoticed,
        Some(false) => ProbeOutcome::Noticed,
        None if matches!(trial.ending, Ending::TimedOut | Ending::Stalled) => ProbeOutcome::TimedOut,
        None => ProbeOutcome::NotTried,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(ending: Ending, exit: Option<i32>, output: &str) -> Trial {
        let commit = Sha::new(&"0".repeat(40)).unwrap();
        Trial { commit, ending, exit, ms: 1, output: output.to_owned(), notes: Vec::new() }
    }

    #[test]
    fn only_runs_that_came_to_their_end_say_anything() {
        use TestOutcome::*;
        let passed = trial(Ending::Finished, Some(0), "");
        let failed = trial(Ending::Failed, Some(1), "");
        let hung = trial(Ending::TimedOut, None, "");
        let missing = trial(Ending::Failed, Some(127), "cargo: not found");
        for (head, base, expected) in [
            (&passed, Some(&passed), Passes),
            (&passed, None, Passes),
            (&passed, Some(&failed), Mends),
            (&failed, Some(&passed), Breaks),
            (&failed, Some(&failed), FailsAnyway),
            (&failed, Some(&missing), NotTried),
            (&hung, Some(&passed), NotTried),
            (&missing, Some(&passed), NotTried),
        ] {
            assert_eq!(of_change(head, base), expected, "{head:?} {base:?}");
        }
        let unfit =
            trial(Ending::Failed, Some(125), "deep-review could not prepare this: the patch does not apply");
        let own = trial(Ending::Failed, Some(125), "a test says 125");
        for (head, with, expected) in [
            (&passed, &passed, FixOutcome::Passes),
            (&failed, &passed, FixOutcome::Mends),
            (&passed, &failed, FixOutcome::Breaks),
            (&passed, &own, FixOutcome::Breaks),
            (&passed, &unfit, FixOutcome::DoesNotApply),
            (&passed, &hung, FixOutcome::NotTried),
        ] {
            assert_eq!(of_fix(head, with), expected, "{head:?} {with:?}");
        }
        assert_eq!(of_mutation(&hung), ProbeOutcome::TimedOut);
        assert_eq!(of_mutation(&missing), ProbeOutcome::NotTried);
    }

    #[test]
    fn words_of_the_user_stay_words() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let build = words("make all");
        let tests = vec!["sh".to_owned(), "-c".to_owned(), "echo 'a b'; $x".to_owned()];
        let suite = Suite { build: &build, tests: &tests, wall: Duration::from_secs(1) };
        assert_eq!(suite.script(), "make all || exit $?\nexec sh -c 'echo '\\''a b'\\''; $x'\n");
        assert_eq!(suite.words(), "make all && sh -c 'echo '\\''a b'\\''; $x'");
    }
}
