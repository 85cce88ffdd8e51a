//! Whether a program is confined.
//!
//! In: what is wanted, what is possible, who it is. Out: yes, no and why, or that it must not run. A pure function.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Output, ReviewerSettings, SandboxChoice};
use sandbox::{House, Possible, Toolchains};

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
    /// The machine of the run, where one is wanted.
    pub house: Option<Arc<dyn House>>,
    /// Where the run keeps checkouts, and the records of its processes; known when it has begun.
    pub place: Option<(PathBuf, PathBuf)>,
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
            house: None,
            place: None,
        }
    }

    /// For a run that keeps its checkouts and the records of its processes here.
    #[must_use]
    pub fn at(&self, folder: &Path, records: &Path) -> Self {
        Self { place: Some((folder.to_owned(), records.to_owned())), ..self.clone() }
    }

    /// Ends what was booted for the run, and says what did not go as it should.
    pub fn close(&self) -> Vec<String> {
        self.house.as_ref().map(|house| house.close()).unwrap_or_default()
    }

    /// Why a command cannot be put where programs are put; `None` where it can.
    pub fn cannot_hold(&self, settings: &ReviewerSettings) -> Option<String> {
        if self.choice != SandboxChoice::Machine {
            return None;
        }
        let why = if !settings.acp.is_empty() {
            "we talk with it while it works, and a machine takes one question and gives one answer"
        } else if settings.output == Output::File {
            "it answers with a file, and nothing comes out of a machine but what a program prints"
        } else {
            return None;
        };
        Some(why.to_owned())
    }

    /// What must be said of whoever is confined by less than a sandbox, on a change that somebody else had a hand in.
    pub(crate) fn reservation(&self) -> Option<String> {
        (self.is_foreign && !self.possible.is_sandbox())
            .then(|| format!("what held it is no sandbox: {}", self.possible.sentence()))
    }

    /// What becomes of a program.
    pub fn decide(&self, who: Who<'_>) -> Decision {
        let without = |why: String| match self.choice {
            SandboxChoice::Require | SandboxChoice::Machine => Decision::Refused(why),
            SandboxChoice::Auto | SandboxChoice::Off => Decision::Open(why),
        };
        match (self.choice, &self.possible) {
            (SandboxChoice::Off, _) => return Decision::Open("the sandbox is switched off".to_owned()),
            (_, Possible::No(why)) => return without(why.clone()),
            (SandboxChoice::Machine, possible) => {
                return match (possible, who) {
                    (Possible::Machine(_), Who::Agent(Err(why))) => Decision::Refused(why.to_owned()),
                    (Possible::Machine(_), _) => Decision::Confined,
                    _ => Decision::Refused("there is no machine for it".to_owned()),
                };
            }
            _ => {}
        }
        let is_required = self.choice == SandboxChoice::Require;
        if is_required && !self.possible.is_sandbox() {
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
    fn where_a_machine_is_wanted_nothing_runs_elsewhere() {
        let machine = |possible| Confinement {
            choice: SandboxChoice::Machine,
            possible,
            is_foreign: true,
            ..Confinement::none("")
        };
        let all =
            [Who::Linter, Who::Agent(Ok(())), Who::Agent(Err("x")), Who::Command(false), Who::Command(true)];
        for who in all {
            for possible in
                [Possible::No("no QEMU".into()), Possible::Bubblewrap(sandbox::Bwrap::new("/bin/bwrap"))]
            {
                assert!(matches!(machine(possible).decide(who), Decision::Refused(_)), "{who:?}");
            }
        }
        let there = machine(Possible::Machine(Vec::new()));
        assert_eq!(there.decide(Who::Linter), Decision::Confined);
        assert_eq!(there.decide(Who::Command(false)), Decision::Confined);
        assert_eq!(there.decide(Who::Agent(Ok(()))), Decision::Confined);
        assert_eq!(there.decide(Who::Agent(Err("no hosts"))), Decision::Refused("no hosts".into()));
        let plain = ReviewerSettings::default();
        assert_eq!(there.cannot_hold(&plain), None);
        let far = ReviewerSettings { hosts: vec!["a.example".into()], ..plain.clone() };
        assert_eq!(there.cannot_hold(&far), None, "there is the proxy");
        for wrong in [
            ReviewerSettings { output: Output::File, ..plain.clone() },
            ReviewerSettings { acp: vec!["x".into()], ..plain.clone() },
        ] {
            assert!(there.cannot_hold(&wrong).is_some());
            assert_eq!(Confinement::none("").cannot_hold(&wrong), None, "elsewhere it can");
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
    fn a_token_that_can_do_less_is_better_than_nothing_is_said_and_never_counts_where_a_sandbox_is_required()
    {
        let with = |choice| Confinement { possible: Possible::Token, ..confinement(choice, true, true) };
        for who in [Who::Linter, Who::Agent(Ok(())), Who::Command(true)] {
            assert_eq!(with(SandboxChoice::Auto).decide(who), Decision::Confined, "{who:?}");
            assert!(matches!(with(SandboxChoice::Require).decide(who), Decision::Refused(_)), "{who:?}");
        }
        assert!(with(SandboxChoice::Auto).reservation().is_some_and(|it| it.contains("is no sandbox")));
        assert_eq!(confinement(SandboxChoice::Auto, true, true).reservation(), None);
        // What cannot be carried into a home of its own is left as it is, and so is the user's own change.
        for who in [Who::Agent(Err("x")), Who::Command(false)] {
            assert!(matches!(with(SandboxChoice::Auto).decide(who), Decision::Open(_)), "{who:?}");
        }
        let own = Confinement { is_foreign: false, ..with(SandboxChoice::Auto) };
        assert!(matches!(own.decide(Who::Agent(Ok(()))), Decision::Open(_)));
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
