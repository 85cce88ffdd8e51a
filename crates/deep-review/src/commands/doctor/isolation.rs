//! What `doctor` says about how firmly this machine holds a program.
//!
//! In: the machine. Out: rows. Starts this very program under supervision, and tries the sandbox as a run does; never a reviewer.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use ::machine::RunsBy;
use model::Ending;
use sandbox::Possible;
use supervise::{Cancel, Level, Limits, Outcome, Program, Stdin};

use super::{Answer, State};
use crate::commands::machine;
use crate::session::Session;

/// Rows about isolation.
pub(super) fn examine(session: &Session) -> Vec<Answer> {
    std::iter::once(supervision()).chain(sandboxes()).chain(machines(session)).collect()
}

/// Whether a machine can boot, and how fast it would be. None boots for this.
fn machines(session: &Session) -> Vec<Answer> {
    let what = "machine";
    let prospects = match machine::guest(session, None) {
        Ok(guest) => ::machine::prospects(guest.as_deref()),
        Err(error) => {
            let mend = "set `DEEP_REVIEW_GUEST` to a folder that is there, or unset it";
            return vec![Answer::other(what, State::Missing, error.message, mend)];
        }
    };
    let mut rows = Vec::new();
    match prospects.qemu {
        Ok((program, kernel)) => {
            let detail = format!(
                "{} boots {}: `--sandbox machine` can be asked for",
                program.display(),
                kernel.display()
            );
            rows.push(Answer::good(what, detail));
            rows.push(speed(&prospects.runs_by));
        }
        Err(why) => {
            let mend = "the package with QEMU, a kernel with 9p and a static busybox: docs/guide/machines.md";
            rows.push(Answer::other(what, State::Missing, why, mend));
        }
    }
    rows.push(match prospects.lima {
        Some(program) => Answer::good("machine by Lima", format!("{} is there", program.display())),
        None => Answer::other(
            "machine by Lima",
            State::Missing,
            "`limactl` was not found",
            "only where you want machines by Lima (https://lima-vm.io)",
        ),
    });
    rows
}

fn speed(by: &RunsBy) -> Answer {
    let what = "machine's speed";
    match by {
        RunsBy::Kvm => Answer::good(what, "KVM: the processor runs what is in it"),
        RunsBy::Emulation => Answer::other(
            what,
            State::Missing,
            "software emulation, 10 to 25 times slower: the processor does not offer KVM to this system",
            "switch virtualization on in the firmware, or nested virtualization in the hypervisor",
        ),
        RunsBy::Refused(why) => Answer::other(
            what,
            State::Missing,
            format!("software emulation, 10 to 25 times slower: {why}"),
            "load the module kvm_intel or kvm_amd, and join the group of /dev/kvm: `sudo usermod -aG kvm $USER`",
        ),
    }
}

/// Runs a program that only says its version, and looks at what held it.
fn supervision() -> Answer {
    let own = std::env::current_exe().map_err(|error| error.to_string());
    let outcome = own.and_then(|own| run(vec![own.into(), "--version".into()]));
    let outcome = match outcome {
        Ok(outcome) if outcome.ending == Ending::Finished => outcome,
        Ok(outcome) => return broken(&outcome.notes.join("; ")),
        Err(why) => return broken(&why),
    };
    let nothing = "nothing to do: reports say what is not proven";
    let what = "supervision";
    match outcome.level {
        Some(Level::Namespace) => Answer::good(
            what,
            "PID namespaces work: when a reviewer ends, the kernel ends everything it started",
        ),
        Some(Level::Job) => {
            Answer::good(what, "job objects work: when a reviewer ends, everything it started ends")
        }
        Some(Level::Keeper) => Answer::other(
            what,
            State::Missing,
            "a keeper owns each reviewer's process tree and proves it gone; there are no PID namespaces besides",
            "allow unprivileged user namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns",
        ),
        Some(Level::Group) | None => {
            let how = "reviewers are ended by group; that nothing is left cannot be proven on this system";
            Answer::other(what, State::Missing, how, nothing)
        }
    }
}

fn broken(why: &str) -> Answer {
    let mend =
        "reviewers cannot be started here: see the reason; `--reviewer builtin` starts no program but git";
    Answer::other("supervision", State::Broken, why, mend)
}

/// What can hold reviewers, linters and scripts: the very probe that a run makes.
fn sandboxes() -> Vec<Answer> {
    let keeper = match Session::keeper() {
        Ok(keeper) => keeper,
        Err(error) => {
            return vec![Answer::other("sandbox", State::Missing, error.message, "see the reason")];
        }
    };
    let scripts = engine::confinement(&keeper);
    let reviewers = match &scripts {
        Possible::No(_) => engine::confinement_of_reviewers(&keeper),
        possible => possible.clone(),
    };
    let mend = if cfg!(target_os = "linux") {
        "install the package bubblewrap, and allow unprivileged user namespaces: sysctl user.max_user_namespaces, \
         kernel.apparmor_restrict_unprivileged_userns"
    } else {
        "review strangers' branches on Linux, in a virtual machine, or with `--reviewer builtin`"
    };
    let row = |what: &str, possible: &Possible| match possible {
        Possible::No(why) => Answer::other(what, State::Missing, why.clone(), mend),
        Possible::Bubblewrap(_) => Answer::good(what, possible.sentence()),
        weaker => Answer::other(what, State::Missing, weaker.sentence(), mend),
    };
    vec![row("sandbox", &reviewers), row("sandbox of scripts", &scripts)]
}

/// Runs a small program to its end, in a folder that is removed afterwards. What it wrote is read before.
fn run(command: Vec<OsString>) -> Result<Outcome, String> {
    let keeper = Session::keeper().map_err(|error| error.to_string())?;
    let base = std::env::temp_dir().join(format!("deep-review-doctor-{}", std::process::id()));
    let program = Program {
        command,
        folder: std::env::temp_dir(),
        environment: supervise::harmless_environment(&[]),
        stdin: Stdin::Null,
        run_folder: base.clone(),
        keeper,
    };
    let limits = Limits { wall: Duration::from_secs(10), ..Limits::default() };
    let mut outcome = supervise::run(&program, &limits, &Cancel::new(), &mut |_| {});
    let last = std::fs::read_to_string(&outcome.stderr).unwrap_or_default();
    if let Some(line) = last.lines().last() {
        outcome.notes.push(line.to_owned());
    }
    clear(&base)?;
    Ok(outcome)
}

fn clear(folder: &Path) -> Result<(), String> {
    supervise::remove_tree(folder).map_err(|error| error.to_string())
}
