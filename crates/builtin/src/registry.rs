//! The rules by name.
//!
//! In: nothing. Out: every rule with what it reports, whether it runs without being asked for, and how often it was right
//! on a sample that was judged by reading (`docs/design/builtin-precision.md`).

use crate::{
    announcements, assertions, bounds, defaults, deviant, discarded_errors, history, hygiene, interfaces,
    lifecycles, locks, parity, pipelines, resources, siblings, stale_references, versions,
};

/// One rule, for listings and settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, as findings carry it.
    pub id: &'static str,
    /// What it reports, in one line.
    pub about: &'static str,
    /// True where it runs unless it is disabled; the others run where a setting names them.
    pub default: bool,
}

const fn rule(id: &'static str, about: &'static str) -> Rule {
    Rule { id, about, default: true }
}

const fn off(id: &'static str, about: &'static str) -> Rule {
    Rule { id, about, default: false }
}

/// Findings of the judged sample (`docs/design/builtin-precision.md`) that a rule makes in its present form, and how many of
/// them are right. It includes the changes that showed how to mend the rule; rules with no row have nothing to say there.
const JUDGED: &[(&str, (u32, u32))] = &[
    (stale_references::SYMBOL, (5, 5)),
    (stale_references::FILE, (3, 3)),
    (stale_references::KEY, (1, 1)),
    (siblings::UNFIXED, (5, 2)),
    (siblings::DUPLICATED, (5, 5)),
    (deviant::PAIR, (1, 0)),
    (deviant::CHECK, (2, 0)),
    (deviant::EXIT, (1, 0)),
    (parity::LIST, (7, 6)),
    (discarded_errors::RESULT, (2, 1)),
    (discarded_errors::HANDLER, (2, 0)),
    (assertions::ALWAYS_TRUE, (2, 2)),
    (assertions::NO_ASSERTION, (12, 0)),
    (assertions::SLEEP, (7, 2)),
    (pipelines::LOCK, (2, 2)),
    (hygiene::SECRET, (1, 0)),
    (hygiene::HOME_PATH, (2, 2)),
    (hygiene::STRAY, (1, 1)),
    (hygiene::MODE, (2, 2)),
];

/// How many findings of a rule were judged by reading them beside the code, and how many of them were right; `None` where
/// it had nothing to say.
pub fn judged(rule: &str) -> Option<(u32, u32)> {
    JUDGED.iter().find(|(id, _)| *id == rule).map(|(_, judged)| *judged)
}

/// Every rule there is.
pub const RULES: &[Rule] = &[
    rule(stale_references::SYMBOL, "a removed or renamed name is still used, commented on or documented"),
    rule(stale_references::FLAG, "a removed or renamed command-line flag is still passed or documented"),
    rule(stale_references::ENVIRONMENT, "a variable that is no longer read is still set or documented"),
    rule(stale_references::KEY, "a configuration key that is no longer read is still set or documented"),
    rule(stale_references::MESSAGE, "a test or document still expects a reworded text"),
    rule(stale_references::FILE, "a path still leads to a file that was moved or deleted"),
    off(siblings::UNFIXED, "the code that the change repairs still stands elsewhere"),
    rule(siblings::DUPLICATED, "new code repeats code that is there already"),
    off(deviant::PAIR, "a call lacks the call that goes with it nearly everywhere else"),
    off(deviant::CHECK, "a result is used untested that the other callers test"),
    rule(deviant::ARGUMENT, "a call lacks the named argument that the other calls pass"),
    off(deviant::EXIT, "one early exit of a function does not clean up as the others do"),
    rule(history::REMOVED_REPAIR, "the change removes lines that an earlier repair added"),
    rule(history::REVERTED, "the change takes an earlier repair back"),
    off(history::TOGETHER, "files that nearly always change together did not"),
    rule(parity::LIST, "a list names all siblings of a new member, but not the new member"),
    off(parity::EXAMPLE, "the example beside a file of settings lacks a new key"),
    rule(parity::PLATFORM, "a function changed its parameters for one platform only"),
    rule(discarded_errors::RESULT, "new code drops a result that its siblings check"),
    off(discarded_errors::HANDLER, "new code swallows exceptions where its siblings do not"),
    rule(lifecycles::CONTEXT, "a call begins a fresh context although one was given"),
    off(bounds::UNBOUNDED, "a wait or read has no bound where the others have one"),
    off(resources::KEPT, "something is opened and never closed where the others close theirs"),
    off(locks::ORDER, "two locks are taken in the order opposite to another place"),
    off(locks::MISSING, "a field is written without the lock that its other writers hold"),
    rule(assertions::ALWAYS_TRUE, "an assertion cannot fail"),
    off(assertions::NO_ASSERTION, "a test asserts nothing, unlike the others of its file"),
    off(assertions::SLEEP, "a test waits a fixed time, unlike the others of its file"),
    rule(assertions::NO_RESTORE, "a test changes the environment of the process and leaves it so"),
    rule(defaults::DEFAULT, "a document still gives the old default"),
    rule(defaults::PARAMETER, "a comment describes a parameter that is gone"),
    rule(interfaces::NEVER_READ, "a new flag is registered and never read"),
    off(announcements::UNANNOUNCED, "a public item goes and the change log does not say so"),
    rule(pipelines::TARGET, "a workflow runs code of strangers with the repository's rights"),
    rule(pipelines::INJECTION, "a workflow pastes text of strangers into a shell"),
    rule(pipelines::UNPINNED, "an action or image is not pinned where the others are"),
    rule(pipelines::LOCK, "the lock file does not know a new dependency"),
    off(versions::LOCKED, "the lock file holds a version older than a raised requirement"),
    off(versions::TOOLCHAIN, "a workflow or image keeps the toolchain that was left elsewhere"),
    rule(hygiene::CONFLICT, "an unresolved merge conflict is committed"),
    rule(hygiene::SECRET, "a key or token with the shape and randomness of a real one is committed"),
    rule(hygiene::HOME_PATH, "a path of one person's machine is committed"),
    rule(hygiene::DEBUGGING, "a debugging statement is left behind"),
    rule(hygiene::ONLY, "a focused test keeps the others from running"),
    rule(hygiene::BIDI, "bidirectional or invisible characters make code look other than it is"),
    rule(hygiene::BINARY, "a large binary file is added"),
    rule(hygiene::STRAY, "a file looks committed by accident"),
    rule(hygiene::MODE, "a file is marked executable but cannot be executed"),
];
