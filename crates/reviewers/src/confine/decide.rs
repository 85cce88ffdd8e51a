//! Whether a program is confined.
//!
//! In: what is wanted, what is possible, who it is. Out: yes, no and why, or that it must not run. A pure function.

use std::ffi::OsString;
use std::path::PathBuf;

use config::SandboxChoice;
use sandbox::{Possible, Toolchains};

/// How the programs of a run are confined.
#[derive(Clone, Debug)]
pub struct Confinement {
    /// What is wanted.
    pub choice: SandboxChoice,
    /// What is possible on this machine; it was tried.
    pub possible: Possible,
    /// Whether somebody else had a hand in what is reviewed: then agents are confined where that is possible.
    pub is_foreign: bool,
    /// Compilers at home that linters may use.
    pub toolchains: Toolchains,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// The search path.
    pub search: OsString,
    /// The user's own proxy, as the environment names it.
    pub outer: Option<String>,
    /// This program and the word that makes it the one that lives inside a sandbox.
    pub own: Vec<OsString>,
}

impl Confinement {
    /// Nobody is confined, for the reason given.
    pub fn none(why: &str) -> Self {
        Self {
            choice: SandboxChoice::Off,
            possible: Possible::No(why.to_owned()),
            is_foreign: false,
            toolchains: Toolchains::default(),
            home: None,
            search: OsString::new(),
            outer: None,
            own: Vec::new(),
        }
    }

    /// What becomes of a program.
    pub fn decide(&self, who: Who<'_>) -> Decision {
        let without = |why: String| match self.choice {
            SandboxChoice::Require => Decision::Refused(why),
            _ => Decision::Open(why),
        };
        match (self.choice, &self.possible) {
            (SandboxChoice::Off, _) => return Decision::Open("the sandbox is switched off".to_owned()),
            (_, Possible::No(why)) => return without(why.clone()),
            _ => {}
        }
        let is_required = self.choice == SandboxChoice::Require;
        if !self.possible.is_sandbox() && (is_required || !matches!(who, Who::Linter)) {
            return without(self.possible.sentence());
        }
        match who {
            Who::Agent(_) | Who::Command(_) if !is_required && !self.is_foreign => {
                Decision::Open("nobody else had a hand in the change".to_owned())
            }
            Who::Agent(Err(why)) => without(why.to_owned()),
            Who::Command(false) if !is_required => {
                Decision::Open("what it needs is not told: `show` and `hosts` of its table".to_owned())
            }
            Who::Linter | Who::Agent(Ok(())) | Who::Command(_) => Decision::Confined,
        }
    }
}

/// Who is to be run.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// A linter: what it needs is known, and it has no secret.
    Linter,
    /// An agent, and why it cannot be confined.
    Agent(Result<(), &'a str>),
    /// A command of the user's, and whether the user told what it needs.
    Command(bool),
}

/// What becomes of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It runs confined.
    Confined,
    /// It runs without a sandbox, and why.
    Open(String),
    /// It does not run, and why.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confinement(choice: SandboxChoice, is_possible: bool, is_foreign: bool) -> Confinement {
        let possible = if is_possible {
            Possible::Bubblewrap(sandbox::Bwrap::new("/bin/bwrap"))
        } else {
            Possible::No("no bwrap".into())
        };
        Confinement { choice, possible, is_foreign, ..Confinement::none("") }
    }

    #[test]
    fn what_is_required_is_never_done_without() {
        for who in
            [Who::Linter, Who::Agent(Ok(())), Who::Agent(Err("x")), Who::Command(false), Who::Command(true)]
        {
            let without = confinement(SandboxChoice::Require, false, false).decide(who);
            assert!(matches!(without, Decision::Refused(_)), "{who:?}");
            let with = confinement(SandboxChoice::Require, true, false).decide(who);
            assert!(!matches!(with, Decision::Open(_)), "{who:?}");
        }
    }

    #[test]
    fn where_it_may_be_done_without_the_reason_is_told() {
        let auto = |possible, foreign| confinement(SandboxChoice::Auto, possible, foreign);
        assert_eq!(auto(false, true).decide(Who::Linter), Decision::Open("no bwrap".into()));
        assert_eq!(auto(true, true).decide(Who::Agent(Err("no hosts"))), Decision::Open("no hosts".into()));
        assert!(matches!(auto(true, true).decide(Who::Command(false)), Decision::Open(_)));
    }

    #[test]
    fn a_token_that_can_do_less_is_for_linters_and_never_counts_where_a_sandbox_is_required() {
        let with = |choice| Confinement { possible: Possible::Token, ..confinement(choice, true, true) };
        assert_eq!(with(SandboxChoice::Auto).decide(Who::Linter), Decision::Confined);
        for who in [Who::Agent(Ok(())), Who::Command(true)] {
            assert!(matches!(with(SandboxChoice::Auto).decide(who), Decision::Open(_)), "{who:?}");
        }
        for who in [Who::Linter, Who::Agent(Ok(())), Who::Command(true)] {
            assert!(matches!(with(SandboxChoice::Require).decide(who), Decision::Refused(_)), "{who:?}");
        }
    }

    #[test]
    fn agents_are_confined_where_others_had_a_hand_in_the_change_and_linters_always() {
        let auto = |foreign| confinement(SandboxChoice::Auto, true, foreign);
        assert_eq!(auto(true).decide(Who::Agent(Ok(()))), Decision::Confined);
        assert_eq!(auto(true).decide(Who::Command(true)), Decision::Confined);
        assert!(matches!(auto(false).decide(Who::Agent(Ok(()))), Decision::Open(_)));
        assert_eq!(auto(false).decide(Who::Linter), Decision::Confined);
        let off = confinement(SandboxChoice::Off, true, true);
        assert!(matches!(off.decide(Who::Linter), Decision::Open(_)));
    }
}
