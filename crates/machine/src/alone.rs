//! One job in a machine of its own, which boots for it and is gone with it.
//!
//! In: the file of a job, written by crate `sandbox`. Out: the job's streams and how it ended. Everything lies in the folder of
//! that file, which belongs to whoever made it. When this process ends, however it ends, the machine ends with it.

use std::fs;
use std::io::Write;
use std::path::Path;

use sandbox::MachineJob;
use supervise::Keeper;

use crate::job::Done;
use crate::qemu;
use crate::words::{DriverKind, Template};

/// Memory of such a machine in MiB: what the job writes is in it.
const MEMORY: u32 = 3072;

fn template(guest: Option<&Path>) -> Template {
    Template { memory: MEMORY, guest: guest.map(Path::to_owned), ..Template::new(DriverKind::Qemu) }
}

/// Whether there is everything for it; a sentence where not.
pub fn can_run_alone(guest: Option<&Path>) -> Result<(), String> {
    qemu::check(&template(guest)).map(drop).map_err(|failed| failed.message)
}

/// Runs the job. An error is one of ours.
pub fn run_alone(
    file: &Path,
    guest: Option<&Path>,
    keeper: Keeper,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Done, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let job: MachineJob =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let folder = file.parent().ok_or("the job lies nowhere")?;
    // Sockets are reached by their bare names.
    std::env::set_current_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    boot(&job, folder, &template(guest), keeper, out, err)
}

#[cfg(not(unix))]
fn boot(
    _: &MachineJob,
    _: &Path,
    _: &Template,
    _: Keeper,
    _: &mut dyn Write,
    _: &mut dyn Write,
) -> Result<Done, String> {
    Err("machines by QEMU are for unix systems so far".to_owned())
}

#[cfg(unix)]
fn boot(
    wanted: &MachineJob,
    folder: &Path,
    template: &Template,
    keeper: Keeper,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Done, String> {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use supervise::{Cancel, Program, Stdin, Voice};

    use crate::commands::{put, unique};
    use crate::job::Job;
    use crate::words::Share;

    let shares: Vec<Share> = wanted
        .read
        .iter()
        .map(|(outside, inside)| Share { outside: outside.clone(), inside: inside.into() })
        .collect();
    let jobs = folder.join("jobs");
    let template = &Template { shares, ..template.clone() };
    let command = qemu::command(template, folder, &jobs, true).map_err(|failed| failed.message)?;
    let job = Job {
        command: wanted.command.clone(),
        folder: wanted.start.clone(),
        environment: wanted.environment.clone(),
        // Whoever started this process has limits of their own.
        scratch: wanted.scratch.clone(),
        ..Job::default()
    };
    let id = unique();
    let place = jobs.join(&id);
    let failed = |error: std::io::Error| format!("{}: {error}", place.display());
    fs::create_dir_all(&place).map_err(failed)?;
    fs::write(place.join("stdin"), "").map_err(failed)?;
    put(&job, &place, &id)?;
    let program = Program {
        command,
        folder: folder.to_owned(),
        environment: supervise::harmless_environment(&[]),
        stdin: Stdin::Dialogue(Voice::new()),
        run_folder: folder.join("machine"),
        keeper,
    };
    let cancel = Cancel::new();
    let is_down = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let run = std::thread::Builder::new().name("machine".to_owned()).spawn_scoped(scope, || {
            let outcome = supervise::run(&program, &qemu::limits(), &cancel, &mut |_| {});
            is_down.store(true, Ordering::SeqCst);
            outcome
        });
        let run = run.map_err(|error| error.to_string())?;
        let leave = || is_down.load(Ordering::SeqCst).then(|| "the machine went down".to_owned());
        let done = qemu::Channel::open(Duration::from_secs(template.ready_within), &leave)
            .map(|mut channel| channel.run(&id, &unique(), &job, &|| false, &leave, out, err));
        // Nothing in it is kept, so it need not go down in peace.
        cancel.kill();
        let outcome = run.join().map_err(|_| "looking after the machine failed; this is a defect")?;
        done.map_err(|why| {
            let words = qemu::last_words(&outcome.stdout, &outcome.stderr);
            if words.is_empty() { why } else { format!("{why}: {words}") }
        })
    })
}
