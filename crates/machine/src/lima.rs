//! Machines by Lima, through its own command `limactl`.
//!
//! In: a template. Out: what Lima says and does. Only the end of a process tree is ours: stopping, unlocking, removing and
//! whatever else belongs to it is asked of Lima, and what it says is believed only where it can be. Every call has a limit.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Ending;
use serde::Deserialize;
use supervise::{
    Cancel, Grace, Hold, Keeper, Limits, Program, Resources, SetUp, Stdin, remove_tree, set_up_once,
};

use crate::commands::{Tail, unique};
use crate::hosted::Backend;
use crate::job::{Done, How, Job};
use crate::places::Places;
use crate::reconcile::Failed;
use crate::step::{Guest, Health};
use crate::stop::Behind;
use crate::words::{Name, Record, Template};

/// Lima answers a question within this time, or is asked again later.
const QUESTION: Duration = Duration::from_secs(20);
/// A creation may download an image.
const CREATION: Duration = Duration::from_mins(20);
/// A removal, and a stop by force.
const REMOVAL: Duration = Duration::from_mins(1);
/// A key is made in moments, or never.
const KEY: Duration = Duration::from_secs(30);
const FOR_EVER: Duration = Duration::from_hours(24 * 365 * 10);

/// Lima's name for a machine of ours.
pub(crate) fn instance(name: &Name) -> String {
    format!("deep-review-{name}")
}

/// The command that looks after a machine, in the foreground.
pub(crate) fn agent_command(record: &Record) -> Result<Vec<OsString>, Failed> {
    let words = ["--tty=false", "start", "--foreground"].map(OsString::from);
    let mut command = vec![program()?.into_os_string()];
    command.extend(words);
    command.push(instance(&record.name).into());
    Ok(command)
}

/// Its limits: an interrupt is how it is asked to bring the machine down.
pub(crate) fn limits(record: &Record) -> Limits {
    Limits {
        wall: FOR_EVER,
        silence: FOR_EVER,
        output: 64 << 20,
        grace: Grace {
            interrupt: Duration::from_secs(record.template.grace),
            terminate: Duration::from_secs(3),
            ..Grace::default()
        },
        // Lima and its forwarders write pid files that others read.
        hold: Hold::Loose,
        resources: Resources { processes: None, memory: None, file: None },
        ..Limits::default()
    }
}

fn program() -> Result<PathBuf, Failed> {
    which::which("limactl")
        .map_err(|_| Failed::lasting("`limactl` was not found: install Lima (https://lima-vm.io)"))
}

/// Lima, as far as one machine is concerned.
pub(crate) struct Manager {
    instance: String,
    places: Places,
    keeper: Keeper,
    environment: Vec<(OsString, OsString)>,
    template: Template,
}

/// What `limactl list --json` says of a machine.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    dir: PathBuf,
}

/// What came of a call.
struct Answer {
    ok: bool,
    stdout: Vec<u8>,
    why: String,
}

impl Manager {
    pub(crate) fn new(
        places: &Places,
        record: &Record,
        keeper: Keeper,
        environment: Vec<(OsString, OsString)>,
    ) -> Self {
        Self {
            instance: instance(&record.name),
            places: places.clone(),
            keeper,
            environment,
            template: record.template.clone(),
        }
    }

    fn call(&self, words: &[&str], wall: Duration, cancelled: &dyn Fn() -> bool) -> Result<Answer, Failed> {
        let mut command = vec![program()?.into_os_string(), "--tty=false".into()];
        command.extend(words.iter().map(OsString::from));
        self.run(command, wall, cancelled)
    }

    fn run(
        &self,
        command: Vec<OsString>,
        wall: Duration,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Answer, Failed> {
        let what = command.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>();
        let what = what[..what.len().min(4)].join(" ");
        let run_folder = self.places.helpers().join(unique());
        let program = Program {
            command,
            folder: self.places.0.clone(),
            environment: self.environment.clone(),
            stdin: Stdin::Null,
            run_folder: run_folder.clone(),
            keeper: self.keeper.clone(),
        };
        let short = Duration::from_secs(2);
        let limits = Limits {
            wall,
            silence: wall,
            output: 8 << 20,
            grace: Grace { drain: short, interrupt: short, terminate: short, ..Grace::default() },
            hold: Hold::Loose,
            resources: Resources { processes: None, memory: None, file: None },
            ..Limits::default()
        };
        let cancel = Cancel::new();
        let outcome = supervise::run(&program, &limits, &cancel, &mut |_| {
            if cancelled() {
                cancel.cancel();
            }
        });
        let stdout = fs::read(&outcome.stdout).unwrap_or_default();
        let stderr = fs::read(&outcome.stderr).unwrap_or_default();
        let said = String::from_utf8_lossy(&stderr);
        let said = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let said: String = said.chars().filter(|each| !each.is_control()).take(300).collect();
        let how = match (outcome.ending, outcome.exit) {
            (Ending::TimedOut, _) => format!("did not come to an end within {} s", wall.as_secs()),
            (_, Some(code)) => format!("exited with {code}"),
            (ending, None) => format!("ended: {ending:?}"),
        };
        // What is not proven gone keeps its record, and is looked for again.
        if outcome.tree_gone || !supervise::PROVES_ENDS {
            drop(remove_tree(&run_folder));
        }
        let ok = outcome.exit == Some(0) && outcome.ending != Ending::TimedOut;
        let why = if said.is_empty() { format!("`{what}` {how}") } else { format!("`{what}` {how}: {said}") };
        Ok(Answer { ok, stdout, why })
    }

    /// What Lima says of it: `None` where it knows no such machine.
    fn listed(&self) -> Result<Option<Listed>, Failed> {
        let answer = self.call(&["list", "--json"], QUESTION.min(self.ready_within()), &|| false)?;
        if !answer.ok {
            return Err(Failed::passing(answer.why));
        }
        let text = String::from_utf8_lossy(&answer.stdout);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let listed: Listed = serde_json::from_str(line).map_err(|error| {
                Failed::passing(format!("`limactl list --json` is not understood: {error}"))
            })?;
            if listed.name == self.instance {
                return Ok(Some(listed));
            }
        }
        Ok(None)
    }

    /// Whether it runs and takes commands.
    pub(crate) fn is_ready(&self, cancelled: &dyn Fn() -> bool) -> bool {
        let running = self.listed().is_ok_and(|it| it.is_some_and(|it| it.status == "Running"));
        let words = ["shell", "--workdir", "/", &self.instance, "true"];
        running && self.call(&words, QUESTION, cancelled).is_ok_and(|answer| answer.ok)
    }

    /// Lima's folder for all its machines.
    fn home(&self) -> Option<PathBuf> {
        let variable = |name: &str| {
            let found = self.environment.iter().find(|(have, _)| have == name);
            found.map(|(_, value)| PathBuf::from(value)).filter(|path| path.is_absolute())
        };
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        variable("LIMA_HOME").or_else(|| Some(variable(home)?.join(".lima")))
    }

    /// Makes the key with which Lima reaches its machines, where there is none: once, however many want it, and not for ever.
    fn key(&self) -> Result<(), Failed> {
        let Some(home) = self.home() else { return Ok(()) };
        let folder = home.join("_config");
        let is_good = |key: &Path| {
            let public = with_ending(key, ".pub");
            fs::metadata(key).is_ok_and(|it| it.len() > 0)
                && fs::metadata(public).is_ok_and(|it| it.len() > 0)
        };
        let place = folder.join("user");
        let mut make = |new: &Path| -> std::io::Result<()> {
            let generator = which::which("ssh-keygen")
                .map_err(|_| std::io::Error::other("`ssh-keygen` was not found: install OpenSSH"))?;
            // Named as it will be called, so that both halves arrive under their names.
            let scratch = with_ending(new, ".folder");
            fs::create_dir_all(&scratch)?;
            let key = scratch.join("user");
            let words = ["-t", "ed25519", "-q", "-N", "", "-C", "lima", "-f"].map(OsString::from);
            let mut command = vec![generator.into_os_string()];
            command.extend(words);
            command.push(key.clone().into());
            let made = self.run(command, KEY.min(self.ready_within()), &|| false);
            let made = made.map_err(|failed| std::io::Error::other(failed.message)).and_then(|answer| {
                if answer.ok && is_good(&key) { Ok(()) } else { Err(std::io::Error::other(answer.why)) }
            });
            let moved = made.and_then(|()| {
                // The public half first: a key is good when both are there.
                fs::rename(with_ending(&key, ".pub"), with_ending(&place, ".pub"))?;
                fs::rename(with_ending(&key, ""), new)?;
                fs::copy(with_ending(&place, ".pub"), with_ending(new, ".pub")).map(drop)
            });
            drop(remove_tree(&scratch));
            moved
        };
        let patience = KEY + Duration::from_secs(10);
        match set_up_once(&place, patience, &is_good, &mut make) {
            Ok(SetUp::Found | SetUp::Made) => {
                remove_copies(&folder);
                Ok(())
            }
            Err(error) => Err(Failed::passing(format!("the key for machines could not be made: {error}"))),
        }
    }

    fn ready_within(&self) -> Duration {
        Duration::from_secs(self.template.ready_within)
    }

    /// A shell in it, for whoever has the terminal.
    pub(crate) fn shell(&self, folder: &str) -> Result<Vec<OsString>, Failed> {
        let words = ["shell", "--workdir", folder, &self.instance].map(OsString::from);
        Ok(std::iter::once(program()?.into_os_string()).chain(words).collect())
    }

    /// Runs a command in the machine.
    pub(crate) fn exec(
        &self,
        job: &Job,
        stdin: &Path,
        cancelled: &dyn Fn() -> bool,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<Done, Failed> {
        let mut command: Vec<OsString> = vec![program()?.into_os_string()];
        let words = ["--tty=false", "shell", "--workdir", &job.folder, &self.instance, "env"];
        command.extend(words.map(OsString::from));
        command.extend(job.environment.iter().map(|(name, value)| format!("{name}={value}").into()));
        command.extend(job.command.iter().map(OsString::from));
        let run_folder = self.places.helpers().join(unique());
        let program = Program {
            command,
            folder: self.places.0.clone(),
            environment: self.environment.clone(),
            stdin: Stdin::File(stdin.to_owned()),
            run_folder: run_folder.clone(),
            keeper: self.keeper.clone(),
        };
        let limits = Limits {
            wall: job.wall,
            silence: job.wall,
            output: job.output,
            news: Duration::from_millis(50),
            hold: Hold::Loose,
            ..Limits::default()
        };
        let cancel = Cancel::new();
        let mut tails = [Tail::new(run_folder.join("stdout")), Tail::new(run_folder.join("stderr"))];
        let mut trouble = None;
        let outcome = supervise::run(&program, &limits, &cancel, &mut |_| {
            if cancelled() {
                cancel.cancel();
            }
            trouble = tails[0].show(out).and_then(|_| tails[1].show(err)).err();
        });
        let last = tails[0].show(out).and_then(|_| tails[1].show(err)).err();
        let how = match outcome.ending {
            Ending::TimedOut => How::TimedOut,
            Ending::Cancelled => How::Cancelled,
            _ if outcome.exit.is_some() => How::Exited,
            _ if outcome.bytes_out >= job.output => How::Output,
            _ => How::Lost,
        };
        let note = trouble.or(last).map(|error| error.to_string()).or_else(|| outcome.notes.first().cloned());
        if outcome.tree_gone || !supervise::PROVES_ENDS {
            drop(remove_tree(&run_folder));
        }
        Ok(Done { how, exit: outcome.exit.filter(|_| how == How::Exited), ms: outcome.ms, note })
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What is left of the making of keys: nobody reads it.
fn remove_copies(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(b"user.")
            && (name.ends_with(b".unfinished.pub") || name.ends_with(b".unfinished.folder"))
        {
            drop(remove_tree(&entry.path()));
        }
    }
}

impl Behind for Manager {
    fn rest(&self) -> Result<(), Failed> {
        match self.listed() {
            Ok(None) => Ok(()),
            Ok(Some(it)) if it.status == "Stopped" => Ok(()),
            // Also where it cannot tell: by force is always allowed, and cleans up what is Lima's.
            _ => {
                let answer = self.call(
                    &["stop", "--force", &self.instance],
                    REMOVAL.min(self.ready_within()),
                    &|| false,
                )?;
                if answer.ok || is_not_found(&answer.why) { Ok(()) } else { Err(Failed::passing(answer.why)) }
            }
        }
    }

    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.places.agent()];
        folders.extend(self.home().map(|home| home.join(&self.instance)));
        folders
    }
}

impl Backend for Manager {
    fn guest(&self, _: Option<&Health>) -> Guest {
        match self.listed() {
            Ok(None) => Guest::Absent,
            Ok(Some(it)) => match it.status.as_str() {
                "Running" => Guest::Running,
                "Stopped" => Guest::Stopped,
                // Half made, half removed, or with a stale pid file: it exists, and is not to be trusted.
                _ => {
                    if self.home().is_some_and(|home| home.join(&self.instance).exists()) || it.dir.exists() {
                        Guest::Stopped
                    } else {
                        Guest::Absent
                    }
                }
            },
            Err(failed) => Guest::Unknown(failed.message),
        }
    }

    fn create(&self, record: &Record) -> Result<(), Failed> {
        let shares: Vec<serde_json::Value> = record
            .template
            .shares
            .iter()
            .map(|share| {
                serde_json::json!({ "location": share.outside, "mountPoint": share.inside, "writable": false })
            })
            .collect();
        let set = format!(
            ".cpus={} | .memory=\"{}MiB\" | .mounts={}",
            record.template.cpus,
            record.template.memory,
            serde_json::Value::from(shares)
        );
        let template = record.template.lima.as_deref().unwrap_or("template:default");
        let name = format!("--name={}", self.instance);
        let answer = self.call(&["create", &name, "--set", &set, template], CREATION, &|| false)?;
        if answer.ok || matches!(self.listed(), Ok(Some(_))) {
            Ok(())
        } else {
            Err(Failed::passing(answer.why))
        }
    }

    fn prepare(&self, record: &Record) -> Result<(), Failed> {
        program()?;
        self.key()?;
        // Sizes and shares are Lima's to keep: they are brought up to date before a start.
        let marker = self.places.guest().join("template");
        let digest = record.template.digest();
        if fs::read_to_string(&marker).is_ok_and(|known| known == digest) {
            return Ok(());
        }
        let set = format!(".cpus={} | .memory=\"{}MiB\"", record.template.cpus, record.template.memory);
        let answer =
            self.call(&["edit", "--set", &set, &self.instance], QUESTION.min(self.ready_within()), &|| {
                false
            })?;
        if !answer.ok {
            return Err(Failed::passing(answer.why));
        }
        let failed = |error: std::io::Error| Failed::passing(format!("{}: {error}", marker.display()));
        fs::create_dir_all(self.places.guest()).map_err(failed)?;
        crate::folder::write_whole(&marker, digest.as_bytes()).map_err(failed)
    }

    /// Gone is what Lima does not know any more and whose folder is not there.
    fn delete(&self) -> Result<(), Failed> {
        let answer =
            self.call(&["delete", "--force", &self.instance], REMOVAL.min(self.ready_within()), &|| false)?;
        let known = self.listed()?.is_some();
        let left = self.home().map(|home| home.join(&self.instance)).filter(|folder| folder.exists());
        match (known, left) {
            (false, None) => Ok(()),
            (true, _) if answer.ok => Err(Failed::passing(format!(
                "`limactl delete` says that {} is gone, and it is not",
                self.instance
            ))),
            (false, Some(folder)) => Err(Failed::passing(format!("Lima left {} behind", folder.display()))),
            (true, _) => Err(Failed::passing(answer.why)),
        }
    }

    fn by_hand(&self) -> String {
        format!("limactl delete --force {}", self.instance)
    }
}

fn is_not_found(why: &str) -> bool {
    let why = why.to_lowercase();
    why.contains("not found") || why.contains("does not exist") || why.contains("no such")
}
