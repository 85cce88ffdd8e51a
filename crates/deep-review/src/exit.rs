//! The one table of exit codes, and how errors of every crate become one of them.
//!
//! In: what happened. Out: a code and, for errors, a sentence with hints. `docs/reference/exit-codes.md` is printed
//! from this table. Never prints.

use std::fmt;

/// How the program ended, as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Completed; the gate passed, or none was asked for.
    Passed,
    /// Completed; findings at or above `--fail-on`.
    Findings,
    /// The call or the configuration is wrong, or there is nothing to review.
    Usage,
    /// Quorum not reached or cancelled; a partial report was written.
    Incomplete,
    /// Something around us is missing: no repository, no base, no write access.
    Environment,
    /// A budget or the run's deadline stopped it.
    Budget,
    /// Refused by trust or sandbox policy.
    Refused,
    /// Stored and recomputed results differ.
    Differs,
    /// Interrupted twice; state is saved.
    Interrupted,
    /// Terminated; state is saved.
    Terminated,
    /// What a command in a machine exited with (`machine exec`); not in the table, because it is not ours.
    Command(u8),
}

impl Exit {
    /// Every row of the table: code, name, meaning.
    pub(crate) const TABLE: &[(Self, &str)] = &[
        (Self::Passed, "completed; the gate passed (without `--fail-on` it always does)"),
        (Self::Findings, "completed; findings at or above `--fail-on`"),
        (Self::Usage, "wrong call or configuration, or an empty change: the message says what was compared"),
        (Self::Incomplete, "incomplete: quorum not reached or cancelled; a partial report is written"),
        (Self::Environment, "environment: no repository, base not found, nothing writable"),
        (Self::Budget, "the run's deadline or a budget stopped it; what had arrived is in the report"),
        (Self::Refused, "refused by trust or sandbox policy"),
        (Self::Differs, "verification differs from what is stored"),
        (Self::Interrupted, "interrupted (second Ctrl-C); state is saved"),
        (Self::Terminated, "terminated; state is saved"),
    ];

    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Environment => 4,
            Self::Budget => 5,
            Self::Refused => 6,
            Self::Differs => 7,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Command(code) => code,
        }
    }
}

/// An error as a person reads it: what went wrong, and what to do.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// Which exit code it means.
    pub(crate) exit: Exit,
    /// What went wrong: a full sentence without a stop.
    pub(crate) message: String,
    /// What to do, one line each.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self::new(Exit::Environment, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}
