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

/// What the first run on unseen packages brought, by rule; rules with no row had nothing to say there.
const JUDGED: &[(&str, (u32, u32))] = &[
    (siblings::UNFIXED, (17, 5)),
    (siblings::DUPLICATED, (6, 3)),
    (parity::LIST, (4, 2)),
    (defaults::PARAMETER, (2, 2)),
    (pipelines::LOCK, (2, 0)),
    (interfaces::NEVER_READ, (1, 0)),
    (deviant::PAIR, (2, 0)),
    (deviant::CHECK, (1, 0)),
    (assertions::SLEEP, (6, 4)),
    (assertions::ALWAYS_TRUE, (4, 0)),
    (stale_references::SYMBOL, (7, 4)),
    (stale_references::ENVIRONMENT, (5, 0)),
    (stale_references::FILE, (5, 4)),
    (hygiene::SECRET, (3, 0)),
    (hygiene::BIDI, (2, 0)),
    (hygiene::BINARY, (5, 5)),
    (hygiene::STRAY, (2, 2)),
    (discarded_errors::HANDLER, (1, 0)),
];

/// How many findings of a rule were judged on packages it was not made with, before what they showed mended it, and how
/// many of them were right; `None` where it had nothing to say.
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
    rule(deviant::PAIR, "a call lacks the call that goes with it nearly everywhere else"),
    off(deviant::CHECK, "a result is used untested that the other callers test"),
    rule(deviant::ARGUMENT, "a call lacks the named argument that the other calls pass"),
    rule(deviant::EXIT, "one early exit of a function does not clean up as the others do"),
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
