//! Whether a linter's program is there.
//!
//! In: a linter and the search path. Out: its program. A program inside the repository under review is never taken, but for one
//! the user's packages brought there, untracked, and only for a linter that runs code of the repository anyway.

use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Environment, SandboxChoice};
use supervise::{Cancel, Keeper, Limits, Program, Stdin};

use super::linter::Linter;
use crate::confine::{Confined, Confinement, Decision, Needs, Who};

/// Why a program cannot be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It is nowhere.
    NotInstalled,
    /// The one that is there is not started; why.
    Refused(String),
}

impl Absence {
    /// The reason in one sentence.
    pub fn sentence(&self, linter: &Linter) -> String {
        match self {
            Self::NotInstalled => format!("`{}` is not installed ({})", linter.programs[0], linter.home),
            Self::Refused(why) => why.clone(),
        }
    }
}

/// Looks for a linter's program. `worktree` is the working tree of the repository under review; `is_tracked` tells whether a
/// path is part of the change's head.
pub fn find(
    linter: &Linter,
    environment: &Environment,
    worktree: Option<&Path>,
    is_tracked: &dyn Fn(&str) -> bool,
) -> Result<PathBuf, Absence> {
    if let (Some(local), Some(tree)) = (&linter.local, worktree) {
        let program = tree.join(local);
        let first = local.split('/').next().unwrap_or(local);
        if program.is_file() && !is_tracked(local) && !is_tracked(first) {
            return Ok(program);
        }
    }
    let forbidden = worktree.and_then(|path| path.canonicalize().ok());
    let mut refused = None;
    let search = environment.get("PATH").unwrap_or_default();
    // A relative part of the search path would mean another program in every folder.
    let absolute = std::env::join_paths(std::env::split_paths(search).filter(|path| path.is_absolute()));
    let Ok(absolute) = absolute else { return Err(Absence::NotInstalled) };
    for name in &linter.programs {
        let Ok(found) = which::which_in_all(name, Some(&absolute), "/") else { continue };
        for path in found {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            let is_inside = |folder: &PathBuf| real.starts_with(folder) || path.starts_with(folder);
            if forbidden.as_ref().is_some_and(is_inside) {
                let why = format!("`{name}` lies inside the repository under review and is not started");
                refused = Some(Absence::Refused(why));
                continue;
            }
            return Ok(path);
        }
    }
    Err(refused.unwrap_or(Absence::NotInstalled))
}

/// The version a program tells: the first number with a dot in what it prints. Empty where it tells none in time, or where it
/// would have to be confined and cannot be. It runs as it does when it looks at a change: in a sandbox where there is one.
pub fn version(
    linter: &Linter,
    program: &Path,
    keeper: &Keeper,
    scratch: &Path,
    confinement: &Confinement,
) -> String {
    const LIMIT: Duration = Duration::from_secs(20);
    let Ok(folder) = tempfile::Builder::new().prefix("version-").tempdir_in(scratch) else {
        return String::new();
    };
    let (empty, process) = (folder.path().join("empty"), folder.path().join("process"));
    if std::fs::create_dir(&empty).is_err() || std::fs::create_dir(&process).is_err() {
        return String::new();
    }
    let words = linter.version.iter().map(Into::into);
    let program = Program {
        command: std::iter::once(program.as_os_str().to_owned()).chain(words).collect(),
        folder: empty,
        environment: supervise::harmless_environment(&[]),
        stdin: Stdin::Null,
        run_folder: process,
        keeper: keeper.clone(),
    };
    let confined = match confinement.decide(Who::Linter) {
        // A job of a machine takes longer than the answer is worth; no file of a change is in its folder.
        _ if confinement.choice == SandboxChoice::Machine => Confined::open(program),
        Decision::Refused(_) => return String::new(),
        Decision::Open(_) => Confined::open(program),
        Decision::Confined => {
            let needs = Needs {
                read: vec![program.folder.clone()],
                toolchains: true,
                private: folder.path().join("sandbox"),
                ..Needs::default()
            };
            let Ok(confined) = confinement.confine(program, needs) else { return String::new() };
            confined
        }
    };
    let limits = Limits { wall: LIMIT, silence: LIMIT, output: 1 << 16, ..Limits::default() };
    let outcome = supervise::run(&confined.program, &confined.limits(limits), &Cancel::new(), &mut |_| {});
    let printed = std::fs::read(&outcome.stdout).unwrap_or_default();
    // Whatever it has made there; where that fails, the folder's own end tries again and cannot say so either.
    drop(supervise::remove_tree(folder.path()));
    number(&String::from_utf8_lossy(&printed)).unwrap_or_default()
}

/// `0.17.6` in `ruff 0.17.6 (2026-01-01)`.
fn number(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')));
    let words = words.map(|word| word.trim_start_matches('v').trim_matches(['.', '-', '+']));
    let is_version =
        |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.') && word.len() < 40;
    words.into_iter().find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_first_number_with_a_dot() {
        for (text, wanted) in [
            ("ruff 0.17.6\n", Some("0.17.6")),
            ("v10.15.0", Some("10.15.0")),
            ("ShellCheck - shell script analysis tool\nversion: 0.9.0\nlicense: 3", Some("0.9.0")),
            ("go version go1.22", None),
            ("clippy 0.1.95 (5980761 2026-01-01)", Some("0.1.95")),
            ("usage: x", None),
        ] {
            assert_eq!(number(text).as_deref(), wanted, "{text}");
        }
    }
}
