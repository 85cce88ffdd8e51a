//! The rules by name.
//!
//! In: nothing. Out: every rule with what it reports and what is known of how often it is right; whether it runs without being
//! asked for follows from that and from nothing else (`docs/design/builtin-precision.md`).

use crate::{
    announcements, assertions, bounds, bounds_dropped, cleanups, defaults, deviant, discarded_errors,
    history, hygiene, interfaces, lifecycles, locks, lost_assertions, parity, pipelines, resources, siblings,
    stale_references, versions,
};

/// One rule, for listings and settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, as findings carry it.
    pub id: &'static str,
    /// What it reports, in one line.
    pub about: &'static str,
    /// What is known of it.
    pub evidence: Evidence,
}

impl Rule {
    /// True where it runs unless it is disabled; the others run where a setting names them.
    pub const fn runs_by_default(&self) -> bool {
        self.evidence.is_trusted()
    }
}

/// How often a rule is right, as far as it was measured with the rule as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Findings on real changes that were read beside the code.
    pub findings: u32,
    /// Those of them that were right.
    pub right: u32,
    /// Defects of its kind that were planted in real code.
    pub planted: u32,
    /// Those of them that it found. A finding on the clean twin of a planted change fails the test that plants.
    pub found: u32,
}

impl Evidence {
    /// True where a rule may speak without being asked. Real findings decide where there are any: eight of ten must be right. A
    /// rule that had nothing to say on real changes needs ten planted defects, of which it finds nine.
    pub const fn is_trusted(self) -> bool {
        if self.findings > 0 {
            self.right * 10 >= self.findings * 8
        } else {
            self.planted >= 10 && self.found * 10 >= self.planted * 9
        }
    }
}

const fn rule(id: &'static str, about: &'static str) -> Rule {
    Rule { id, about, evidence: Evidence { findings: 0, right: 0, planted: 0, found: 0 } }
}

impl Rule {
    /// With findings on real changes, and how many of them were right.
    const fn real(mut self, findings: u32, right: u32) -> Self {
        self.evidence.findings = findings;
        self.evidence.right = right;
        self
    }

    /// With planted defects, and how many of them were found.
    const fn planted(mut self, planted: u32, found: u32) -> Self {
        self.evidence.planted = planted;
        self.evidence.found = found;
        self
    }
}

/// Every rule there is. A row counts what the rule says in its present form: who changes what a rule says, begins its row anew.
/// The changes include those that showed how to mend a rule, so a row flatters; first readings stand in the design document.
pub const RULES: &[Rule] = &[
    rule(stale_references::SYMBOL, "a removed or renamed name is still used, commented on or documented")
        .real(15, 14)
        .planted(247, 223),
    rule(stale_references::FLAG, "a renamed command-line flag is still passed or documented"),
    rule(stale_references::ENVIRONMENT, "a variable that is read by another name is still set or documented")
        .planted(8, 6),
    rule(
        stale_references::KEY,
        "a configuration key that is read by another name is still set or documented",
    ),
    rule(stale_references::MESSAGE, "a test or document still expects a reworded text")
        .real(4, 1)
        .planted(26, 26),
    rule(stale_references::FILE, "a path still leads to a file that was moved or deleted").planted(39, 39),
    rule(siblings::UNFIXED, "the code that the change repairs still stands elsewhere")
        .real(1, 1)
        .planted(254, 243),
    rule(siblings::DUPLICATED, "new code repeats code that is there already").real(43, 0).planted(68, 65),
    rule(deviant::PAIR, "a call lacks the call that goes with it nearly everywhere else")
        .real(4, 0)
        .planted(217, 209),
    rule(deviant::HALF, "new code opens and never closes what all others close").planted(12, 8),
    rule(deviant::CHECK, "a result is used untested that the other callers test").real(6, 0).planted(27, 20),
    rule(deviant::ARGUMENT, "a call lacks the named argument that the other calls pass").real(2, 0),
    rule(deviant::EXIT, "one early exit of a function does not clean up as the others do")
        .real(3, 1)
        .planted(15, 13),
    rule(deviant::GUARD, "a function loses the guard that its siblings in the file keep").planted(30, 29),
    rule(deviant::LOST, "all that a file loses is a guard that refused what its function still uses")
        .planted(801, 694),
    rule(deviant::UNCHECKED, "a value is no longer tested and still used").planted(95, 93),
    rule(history::REMOVED_REPAIR, "the change removes lines that an earlier repair added").planted(116, 107),
    rule(history::REVERTED, "the change takes an earlier repair back").planted(113, 113),
    rule(history::TOGETHER, "files that nearly always change together did not").real(3, 0),
    rule(parity::LIST, "a list names all siblings of a new member, but not the new member")
        .real(8, 8)
        .planted(42, 33),
    rule(parity::EXAMPLE, "the example beside a file of settings lacks a new key").planted(59, 59),
    rule(parity::PLATFORM, "a function changed its parameters for one platform only").planted(40, 40),
    rule(discarded_errors::RESULT, "new code drops a result that its siblings check").planted(2, 2),
    rule(discarded_errors::DROPPED, "a call is still made and its answer no longer looked at")
        .planted(61, 58),
    rule(discarded_errors::HANDLER, "a handler that did something does nothing any more").planted(91, 81),
    rule(lifecycles::CONTEXT, "a call begins a fresh context although one was given").planted(69, 69),
    rule(cleanups::DROPPED, "a function no longer gives back what it still opens").planted(198, 193),
    rule(bounds_dropped::DROPPED, "a wait, read or request loses the bound that it had").planted(69, 65),
    rule(bounds::UNBOUNDED, "a wait or read has no bound where the others have one"),
    rule(resources::KEPT, "something is opened and never closed where the others close theirs"),
    rule(locks::ORDER, "two locks are taken in the order opposite to another place"),
    rule(locks::MISSING, "a field is written without the lock that its other writers hold")
        .real(2, 0)
        .planted(3, 2),
    rule(
        locks::DROPPED,
        "a function no longer takes the lock that others of its file hold for the same field",
    )
    .planted(46, 43),
    rule(assertions::ALWAYS_TRUE, "an assertion cannot fail").real(1, 1).planted(31, 24),
    rule(lost_assertions::LOST, "a test lost its last assertion and goes on running").planted(26, 16),
    rule(assertions::NO_ASSERTION, "a test asserts nothing, unlike the others of its file").real(6, 0),
    rule(assertions::SLEEP, "a test waits a fixed time, unlike the others of its file").real(10, 0),
    rule(assertions::NO_RESTORE, "a test changes the environment of the process and leaves it so")
        .planted(124, 122),
    rule(defaults::DEFAULT, "a document still gives the old default").planted(44, 43),
    rule(defaults::PARAMETER, "a comment describes a parameter that is gone").real(4, 4).planted(10, 10),
    rule(interfaces::NEVER_READ, "a new flag is registered and never read"),
    rule(announcements::UNANNOUNCED, "a public item goes and the change log does not say so").real(1, 0),
    rule(pipelines::TARGET, "a workflow runs code of strangers with the repository's rights").planted(10, 10),
    rule(pipelines::INJECTION, "a workflow pastes text of strangers into a shell").planted(12, 12),
    rule(pipelines::UNPINNED, "an action or image is not pinned where the others are").planted(12, 12),
    rule(pipelines::LOCK, "the lock file does not know a new dependency").real(2, 2),
    rule(versions::LOCKED, "the lock file holds a version older than a raised requirement").planted(14, 14),
    rule(versions::TOOLCHAIN, "a workflow or image keeps the toolchain that was left elsewhere")
        .planted(12, 12),
    rule(hygiene::CONFLICT, "an unresolved merge conflict is committed").real(1, 1).planted(51, 51),
    rule(hygiene::SECRET, "a key or token with the shape and randomness of a real one is committed")
        .planted(51, 51),
    rule(hygiene::HOME_PATH, "a path of one person's machine is committed").real(6, 2).planted(51, 49),
    rule(hygiene::DEBUGGING, "a statement that only a developer wants is left behind").planted(84, 72),
    rule(hygiene::PRINT, "code prints in a way that no other code of the repository does").real(5, 0),
    rule(hygiene::ONLY, "a focused test keeps the others from running").planted(20, 20),
    rule(hygiene::BIDI, "bidirectional or invisible characters make code look other than it is")
        .planted(51, 51),
    rule(hygiene::BINARY, "a large binary file is added").real(2, 2),
    rule(hygiene::STRAY, "a file looks committed by accident").real(1, 1),
    rule(hygiene::MODE, "a file is marked executable but cannot be executed").real(7, 7),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_right_may_speak_unasked() {
        let of = |findings, right, planted, found| Evidence { findings, right, planted, found }.is_trusted();
        for (evidence, trusted) in [
            (of(0, 0, 0, 0), false),
            (of(1, 0, 100, 100), false),
            (of(5, 4, 0, 0), true),
            (of(4, 3, 50, 50), false),
            (of(0, 0, 9, 9), false),
            (of(0, 0, 20, 18), true),
            (of(0, 0, 20, 17), false),
        ] {
            assert_eq!(evidence, trusted);
        }
        for rule in RULES {
            let Evidence { findings, right, planted, found } = rule.evidence;
            assert!(right <= findings && found <= planted, "{}", rule.id);
        }
    }
}
