//! Machines by QEMU itself: a kernel of a distribution, a first root of ours, this system's `/usr` for reading.
//!
//! In: a template. Out: a program that runs it, and a channel to it. There is no image to download and no disk: what a machine
//! writes is in its memory, and gone with it. No network.

#[cfg(unix)]
mod channel;
mod command;
mod cpio;
mod kernel;
mod root;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use supervise::{Grace, Hold, Limits, Resources, remove_tree};

#[cfg(unix)]
pub(crate) use channel::Channel;
pub(crate) use command::{Kvm, kvm};
#[cfg(unix)]
pub(crate) use command::{LINE, socket};

use crate::hosted::Backend;
use crate::places::{Places, write_json};
use crate::reconcile::Failed;
use crate::step::{Guest, Health};
use crate::stop::Behind;
use crate::words::{DriverKind, Record, Template};

const PROGRAM: &str = "qemu-system-x86_64";
const FIRST_ROOT: &str = "first-root.img";
const MADE: &str = "made.json";
/// What a machine says on its console is kept up to here; one that says more is ended.
const CONSOLE: u64 = 16 << 20;
/// A machine runs until it is stopped.
const FOR_EVER: Duration = Duration::from_hours(24 * 365 * 10);

/// A machine that QEMU runs, as the driver sees it.
pub(crate) struct Qemu {
    pub(crate) places: Places,
}

impl Behind for Qemu {
    /// There is no manager: with the tree of the agent the machine is gone.
    fn rest(&self) -> Result<(), Failed> {
        Ok(())
    }

    fn folders(&self) -> Vec<PathBuf> {
        vec![self.places.0.clone(), self.places.agent()]
    }
}

impl Backend for Qemu {
    fn guest(&self, agent: Option<&Health>) -> Guest {
        match agent {
            _ if !self.places.guest().join(MADE).exists() => Guest::Absent,
            Some(Health::Ready) => Guest::Running,
            _ => Guest::Stopped,
        }
    }

    fn create(&self, record: &Record) -> Result<(), Failed> {
        let kernel = check(&record.template)?;
        let guest = self.places.guest();
        let failed = |error: std::io::Error| Failed::passing(format!("{}: {error}", guest.display()));
        fs::create_dir_all(&guest).map_err(failed)?;
        write_json(&guest.join(MADE), &serde_json::json!({ "kernel": kernel.image })).map_err(failed)
    }

    fn prepare(&self, record: &Record) -> Result<(), Failed> {
        check(&record.template).map(drop)
    }

    fn delete(&self) -> Result<(), Failed> {
        // What says that it was made goes last.
        for folder in [self.places.jobs(), self.places.own(), self.places.commands(), self.places.guest()] {
            remove_tree(&folder).map_err(|error| Failed::passing(error.to_string()))?;
        }
        Ok(())
    }

    fn by_hand(&self) -> String {
        format!("rm -r {}", self.places.0.display())
    }
}

/// Whether such a machine can run here.
pub(crate) fn check(template: &Template) -> Result<kernel::Kernel, Failed> {
    if !cfg!(all(unix, target_arch = "x86_64")) {
        return Err(Failed::lasting(
            "QEMU machines are for x86-64 on Linux and macOS so far; Lima (`--driver lima`) works elsewhere",
        ));
    }
    program()?;
    kernel::find(template.guest.as_deref())
}

/// QEMU, and the kernel of a machine.
pub(crate) fn parts(guest: Option<&Path>) -> Result<(PathBuf, PathBuf), Failed> {
    let template = Template { guest: guest.map(Path::to_owned), ..Template::new(DriverKind::Qemu) };
    let kernel = check(&template)?;
    Ok((program()?, kernel.image))
}

fn program() -> Result<PathBuf, Failed> {
    which::which(PROGRAM).map_err(|_| {
        Failed::lasting(format!("`{PROGRAM}` was not found: install the package qemu-system-x86"))
    })
}

/// Writes the first root into `folder` and gives the command that runs the machine there.
pub(crate) fn command(
    template: &Template,
    folder: &Path,
    jobs: &Path,
    still: bool,
) -> Result<Vec<std::ffi::OsString>, Failed> {
    let kernel = check(template)?;
    let failed = |error: std::io::Error| Failed::passing(format!("{}: {error}", folder.display()));
    fs::create_dir_all(jobs).map_err(failed)?;
    let first_root = root::build(&kernel, template, jobs, still)?;
    crate::folder::write_whole(&folder.join(FIRST_ROOT), &first_root.archive).map_err(failed)?;
    // Whoever held these before is gone.
    for port in command::PORTS.into_iter().chain([command::LINE]) {
        drop(fs::remove_file(folder.join(command::socket(port))));
    }
    Ok(command::command(&command::Wanted {
        program: &program()?,
        kernel: &kernel.image,
        first_root: FIRST_ROOT,
        offered: &first_root.offered,
        cpus: template.cpus,
        memory: template.memory,
        kvm: kvm() == Kvm::Usable,
    }))
}

/// Limits of QEMU: it runs until it is stopped, and an interrupt ends it at once.
pub(crate) fn limits() -> Limits {
    let short = Duration::from_secs(2);
    Limits {
        wall: FOR_EVER,
        silence: FOR_EVER,
        output: CONSOLE,
        grace: Grace { interrupt: short, terminate: short, ..Grace::default() },
        hold: Hold::Firm,
        resources: Resources { processes: None, memory: None, file: None },
        ..Limits::default()
    }
}

/// The last lines of a machine's console and of QEMU's complaints, for people.
pub(crate) fn last_words(console: &Path, complaints: &Path) -> String {
    let tail = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(4000)..]).into_owned();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let lines = lines[lines.len().saturating_sub(3)..].join("; ");
        lines.chars().filter(|each| !each.is_control()).collect::<String>()
    };
    let said: Vec<String> =
        [tail(complaints), tail(console)].into_iter().filter(|text| !text.is_empty()).collect();
    said.join(" — ")
}
