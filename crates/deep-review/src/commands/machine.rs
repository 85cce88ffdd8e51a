//! `machine`: disposable machines.
//!
//! In: a name and a wish. Out: the machine as wished, or how far it came and what to do. The wish is written down first and the
//! reconciler of crate `machine` does the rest; commands of other processes wait for their turn.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use machine::{
    Answer, Asked, Book as _, Desired, DriverKind, Error, Event, How, Job, Loudness, Machine, Machines, Name,
    Own, Patience, Question, Reached, Record, Share, Template, WallTime,
};
use model::Clock as _;

use crate::args::{
    MachineArgs, MachineCommand, MachineCreateArgs, MachineDeleteArgs, MachineDriver, MachineExecArgs,
    MachineLog, MachinePatience,
};
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::ui::Ui;

/// Where the checkout is seen, unless another place is named.
const CHECKOUT: &str = "/checkout";
/// Exit codes of `exec` for what is not the command's own.
const TOOK_TOO_LONG: u8 = 124;
const NOT_RUN: u8 = 125;
/// Remembers the folder between the lines of a shell.
const LINE: &str = "cd -- \"$(cat /tmp/.shell-folder 2>/dev/null || printf %s \"$1\")\"; eval \"$2\"; code=$?; \
                    pwd >/tmp/.shell-folder; exit $code";

/// Does what is asked.
pub(crate) fn run(session: &Session, args: &MachineArgs) -> Result<Exit, CommandError> {
    let all = All::new(session)?;
    match &args.what {
        MachineCommand::Create(args) => all.create(args),
        MachineCommand::Start(args) => {
            all.each(&args.names, args.all, &args.patience, &|record| record.wish(Desired::Running))
        }
        MachineCommand::Stop(args) => {
            all.each(&args.names, args.all, &args.patience, &|record| record.wish(Desired::Stopped))
        }
        MachineCommand::Restart(args) => all.each(&args.names, args.all, &args.patience, &|record| {
            record.wish(Desired::Running);
            record.restarts += 1;
        }),
        MachineCommand::Delete(args) => all.delete(args),
        MachineCommand::List => all.list(),
        MachineCommand::Show { name } => all.show(name),
        MachineCommand::Exec(args) => all.exec(args),
        MachineCommand::Shell { name } => all.shell(name),
        MachineCommand::Logs { name, of } => all.logs(name, *of),
    }
}

/// The agent of one machine: what `__machine-agent` does.
pub(crate) fn agent(folder: &Path) -> Result<Exit, CommandError> {
    let asked = Asked::default();
    let listen = || {
        signal_hook::flag::register(signal_hook::consts::SIGINT, asked.interrupted.clone())?;
        signal_hook::flag::register(signal_hook::consts::SIGTERM, asked.terminated.clone())
    };
    listen().map_err(|error| CommandError::environment(format!("signals cannot be listened to: {error}")))?;
    let environment = std::env::vars_os().collect();
    machine::agent_main(folder, Session::keeper()?, environment, &asked)
        .map(|()| Exit::Passed)
        .map_err(CommandError::environment)
}

/// Runs one job in a machine of its own: what `__machine-job` does. `guest` is `-` where this system's kernel is meant.
pub(crate) fn job(guest: &Path, file: &Path) -> Result<Exit, CommandError> {
    let failed = |why: String| CommandError::new(Exit::Command(NOT_RUN), why);
    let guest = (guest != Path::new("-")).then_some(guest);
    let done = machine::run_alone(
        file,
        guest,
        Session::keeper()?,
        &mut std::io::stdout().lock(),
        &mut std::io::stderr().lock(),
    )
    .map_err(failed)?;
    match done.exit {
        Some(code) => Ok(Exit::Command(u8::try_from(code).unwrap_or(u8::MAX))),
        None => Err(failed(done.note.unwrap_or_else(|| "the machine went down under it".to_owned()))),
    }
}

/// Where a reviewer's script is confined by a machine of its own: the words that run it there, or why not.
pub(crate) fn as_sandbox(session: &Session) -> Result<sandbox::Possible, CommandError> {
    let guest = guest(session, None)?;
    if let Err(why) = machine::can_run_alone(guest.as_deref()) {
        return Ok(sandbox::Possible::No(why));
    }
    let own = Session::keeper()?.command.first().cloned().unwrap_or_default();
    let guest = guest.map_or_else(|| "-".into(), PathBuf::into_os_string);
    Ok(sandbox::Possible::Machine(vec![own, "__machine-job".into(), guest]))
}

/// Everything needed to work on machines.
struct All<'a> {
    session: &'a Session,
    machines: Machines,
    own: Own,
}

impl<'a> All<'a> {
    fn new(session: &'a Session) -> Result<Self, CommandError> {
        let data = session.environment.data_dir().ok_or_else(|| {
            CommandError::environment("there is no folder for what is kept").hint("set HOME or XDG_DATA_HOME")
        })?;
        let keeper = Session::keeper()?;
        let own = keeper.command.first().cloned().unwrap_or_default();
        let environment = supervise::harmless_environment(&["LIMA_HOME".to_owned()]);
        let own = Own { agent: vec![own, "__machine-agent".into()], keeper, environment };
        Ok(Self { session, machines: Machines::at(data.join("machines")), own })
    }

    fn ui(&self) -> Ui {
        self.session.ui
    }

    fn create(&self, args: &MachineCreateArgs) -> Result<Exit, CommandError> {
        let name = name(&args.name)?;
        let template = self.template(args)?;
        let patience = patience(&args.patience)?;
        let mut taken = self.machines.take(&name, patience.longest).map_err(|it| error(&it))?;
        let known = taken.read().map_err(|it| error(&it))?;
        let record = match known {
            Some(known) if !args.change => {
                let message = format!("there is a machine \"{name}\" already");
                let is_same = known.template == template;
                let hint =
                    if is_same { "`machine start` starts it" } else { "`--change` gives it this template" };
                return Err(CommandError::usage(message).hint(hint));
            }
            Some(known) => {
                let desired = if args.start { Desired::Running } else { known.desired };
                let mut record = Record { template, ..known };
                record.wish(desired);
                record
            }
            None if args.change => return Err(error(&Error::NoSuch(name))),
            None => {
                let mut record = Record::new(name, template);
                record.wish(if args.start { Desired::Running } else { Desired::Stopped });
                record
            }
        };
        let done = self.drive(record, &mut taken, patience)?;
        self.tell(&[done])
    }

    fn template(&self, args: &MachineCreateArgs) -> Result<Template, CommandError> {
        let driver = match args.driver {
            MachineDriver::Qemu => DriverKind::Qemu,
            MachineDriver::Lima => DriverKind::Lima,
        };
        let usual = Template::new(driver);
        let seconds = |what: &str, text: &Option<String>, usual: u64| match text {
            Some(text) => time(what, text).map(|time| time.as_secs().max(1)),
            None => Ok(usual),
        };
        Ok(Template {
            cpus: args.cpus,
            memory: args.memory.unwrap_or(usual.memory),
            shares: self.shares(args)?,
            lima: args.lima.clone(),
            guest: guest(self.session, args.guest.as_deref())?,
            ready_within: seconds("--ready-within", &args.ready_within, usual.ready_within)?,
            grace: seconds("--grace", &args.grace, usual.grace)?,
            ..usual
        })
    }

    fn shares(&self, args: &MachineCreateArgs) -> Result<Vec<Share>, CommandError> {
        if args.no_share {
            return Ok(Vec::new());
        }
        if args.share.is_empty() {
            let repository = self.session.repository().ok();
            let tree = repository.as_ref().and_then(|repository| repository.worktree().map(Path::to_owned));
            let share = |outside| Share { outside, inside: CHECKOUT.into() };
            return Ok(tree.map(share).into_iter().collect());
        }
        let share = |text: &String| {
            let (outside, inside) = text.rsplit_once('=').unwrap_or((text, CHECKOUT));
            let outside = std::fs::canonicalize(outside)
                .map_err(|error| CommandError::usage(format!("`--share {text}`: {error}")))?;
            if !inside.starts_with('/') || inside.contains("..") {
                return Err(CommandError::usage(format!(
                    "`--share {text}`: \"{inside}\" is no absolute path"
                ))
                .hint("`--share FOLDER=/inside`"));
            }
            Ok(Share { outside, inside: inside.into() })
        };
        args.share.iter().map(share).collect()
    }

    /// Does it for each of them, all at the same time.
    fn each(
        &self,
        names: &[String],
        all: bool,
        how_long: &MachinePatience,
        wish: &(dyn Fn(&mut Record) + Sync),
    ) -> Result<Exit, CommandError> {
        let patience = patience(how_long)?;
        let names = self.names(names, all)?;
        let one = |name: &Name| {
            let mut taken = self.machines.take(name, patience.longest).map_err(|it| error(&it))?;
            let known = taken.read().map_err(|it| error(&it))?;
            let mut record = known.ok_or_else(|| error(&Error::NoSuch(name.clone())))?;
            if record.desired == Desired::Absent && record.finalizer {
                record.status.trouble(
                    self.session.clock.now(),
                    "wish",
                    "it was to be removed, and is wanted again",
                );
            }
            wish(&mut record);
            self.drive(record, &mut taken, patience)
        };
        self.tell(&at_once(&names, &one)?)
    }

    fn delete(&self, args: &MachineDeleteArgs) -> Result<Exit, CommandError> {
        if !args.abandon {
            let which = &args.which;
            return self
                .each(&which.names, which.all, &which.patience, &|record| record.wish(Desired::Absent));
        }
        let patience = patience(&args.which.patience)?;
        for name in self.names(&args.which.names, args.which.all)? {
            let taken = self.machines.take(&name, patience.longest).map_err(|it| error(&it))?;
            let known = taken.read().map_err(|it| error(&it))?;
            let record = known.ok_or_else(|| error(&Error::NoSuch(name.clone())))?;
            let machine = Machine::new(&record, taken.folder(), &self.own);
            let driver = machine.driver();
            if machine.look().agent.is_some() {
                return Err(CommandError::usage(format!(
                    "the machine \"{name}\" runs, and nothing is abandoned that runs"
                ))
                .hint(format!("`deep-review machine stop {name}` first")));
            }
            let by_hand = machine::Driver::by_hand(&driver);
            taken.abandon().map_err(|failed| CommandError::environment(failed.message))?;
            self.ui().warn(&format!(
                "the machine \"{name}\" is forgotten and may still exist; by hand: {by_hand}"
            ));
        }
        Ok(Exit::Passed)
    }

    fn names(&self, names: &[String], all: bool) -> Result<Vec<Name>, CommandError> {
        if all {
            self.machines.names().map_err(|it| error(&it))
        } else {
            names.iter().map(|text| name(text)).collect()
        }
    }

    /// Writes the wish down, and drives the machine there.
    fn drive(
        &self,
        mut record: Record,
        taken: &mut machine::Taken,
        patience: Patience,
    ) -> Result<Driven, CommandError> {
        let failed = |failed: machine::Failed| {
            CommandError::environment(failed.message)
                .hint("nothing was done that is not written down; try again")
        };
        let ui = self.ui();
        let name = record.name.clone();
        taken.show_events(Box::new(move |event| show(ui, &name, event)));
        taken.write(&record).map_err(failed)?;
        let machine = Machine::new(&record, taken.folder(), &self.own);
        let mut time = WallTime::new(&self.session.clock);
        let reached = machine::reconcile(&mut record, &mut machine.driver(), taken, &mut time, patience);
        Ok(Driven { reached: reached.map_err(failed)?, record })
    }

    fn tell(&self, all: &[Driven]) -> Result<Exit, CommandError> {
        if self.ui().json {
            let told: Vec<_> = all.iter().map(Driven::json).collect();
            self.ui().result(&serde_json::to_string_pretty(&told).expect("plain data"));
        }
        let mut exit = Exit::Passed;
        for Driven { record, reached } in all {
            let name = &record.name;
            let (line, own) = match reached {
                Reached::AsWanted => (format!("{name}: {}", record.desired.as_str()), Exit::Passed),
                Reached::Gone => (format!("{name}: gone"), Exit::Passed),
                Reached::UnderWay => {
                    let hint = format!("`deep-review machine start {name} --wait` waits for it");
                    (format!("{name}: starting; {hint}"), Exit::Passed)
                }
                Reached::TimedOut(missing) => (format!("{name}: {missing}"), Exit::Budget),
                Reached::GaveUp(why) => match &record.stranded {
                    Some(by_hand) => (
                        format!(
                            "{name}: stranded: {why}\n  by hand: {by_hand}\n  then: deep-review machine delete {name}, or \
                             with `--abandon` to forget it"
                        ),
                        Exit::Incomplete,
                    ),
                    None => (format!("{name}: {why}"), Exit::Environment),
                },
            };
            let line = report::safe_text(&line);
            match own {
                Exit::Passed if !self.ui().json => self.ui().result(&line),
                Exit::Passed => {}
                _ => self.ui().line(&line),
            }
            if own.code() > exit.code() {
                exit = own;
            }
        }
        Ok(exit)
    }

    /// A machine as it is now, whatever was written down before.
    fn seen(&self, name: &Name) -> Result<(Record, Machine), CommandError> {
        let known = self.machines.read(name).map_err(|it| error(&it))?;
        let mut record = known.ok_or_else(|| error(&Error::NoSuch(name.clone())))?;
        let machine = Machine::new(&record, &self.machines.folder(name), &self.own);
        machine::note_conditions(&mut record, &machine.look(), self.session.clock.now());
        Ok((record, machine))
    }

    fn list(&self) -> Result<Exit, CommandError> {
        let names = self.machines.names().map_err(|it| error(&it))?;
        let all = at_once(&names, &|name| match self.seen(name) {
            Ok((record, _)) => Ok((name.clone(), Ok(record))),
            Err(error) => Ok((name.clone(), Err(error.message))),
        })?;
        if self.ui().json {
            let told: Vec<serde_json::Value> = all
                .iter()
                .map(|(name, record)| match record {
                    Ok(record) => serde_json::to_value(record).expect("plain data"),
                    Err(error) => serde_json::json!({ "name": name, "error": error }),
                })
                .collect();
            self.ui().result(&serde_json::to_string_pretty(&told).expect("plain data"));
            return Ok(Exit::Passed);
        }
        let mut text = String::new();
        for (name, record) in &all {
            let line = match record {
                Ok(record) => format!("{}  {}", record.template.driver.as_str(), state(record)),
                Err(error) => report::safe_text(error),
            };
            writeln!(text, "{:<20}  {line}", name.as_str()).expect("a string takes everything");
        }
        if all.is_empty() {
            self.ui().talk("there are no machines; `deep-review machine create NAME` makes one");
        }
        self.ui().result(&text);
        Ok(Exit::Passed)
    }

    fn show(&self, text: &str) -> Result<Exit, CommandError> {
        let (record, machine) = self.seen(&name(text)?)?;
        if self.ui().json {
            self.ui().result(&serde_json::to_string_pretty(&record).expect("plain data"));
            return Ok(Exit::Passed);
        }
        let Template { driver, cpus, memory, shares, .. } = &record.template;
        let mut text = format!("{}  {}\n", record.name, state(&record));
        let mut line = |key: &str, value: &str| {
            writeln!(text, "  {key:<10} {}", report::safe_text(value)).expect("a string takes everything");
        };
        line("made by", &format!("{}, {cpus} processors, {memory} MiB", driver.as_str()));
        for share in shares {
            line("reads", &format!("{} at {}", share.outside.display(), share.inside.display()));
        }
        for condition in &record.status.conditions {
            let answer = match condition.answer {
                Answer::True => "yes",
                Answer::False => "no",
                Answer::Unknown => "unknown",
            };
            let message = if condition.message.is_empty() { "" } else { ": " };
            let value = format!(
                "{answer} ({}{message}{}) since {}",
                condition.reason, condition.message, condition.since
            );
            line(condition.question.as_str(), &value);
        }
        if let Some(by_hand) = &record.stranded {
            line("by hand", by_hand);
        }
        for trouble in &record.status.troubles {
            line("trouble", &format!("{} {}: {}", trouble.at, trouble.step, trouble.message));
        }
        line("console", &machine.places().console().display().to_string());
        self.ui().result(&text);
        Ok(Exit::Passed)
    }

    fn ready(&self, text: &str) -> Result<(Record, Machine), CommandError> {
        let name = name(text)?;
        let (record, machine) = self.seen(&name)?;
        if record.status.answer(Question::Running) == Answer::True {
            return Ok((record, machine));
        }
        Err(CommandError::new(
            Exit::Command(NOT_RUN),
            format!("the machine \"{name}\" takes no commands: {}", state(&record)),
        )
        .hint(format!("`deep-review machine start {name} --wait`")))
    }

    fn exec(&self, args: &MachineExecArgs) -> Result<Exit, CommandError> {
        let wall = time("--timeout", &args.timeout)?;
        let (record, machine) = self.ready(&args.name)?;
        let mut environment = Vec::new();
        for pair in &args.env {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| CommandError::usage(format!("`--env {pair}`: this is no NAME=VALUE")))?;
            environment.push((name.to_owned(), value.to_owned()));
        }
        let mut stdin = Vec::new();
        if args.stdin {
            std::io::stdin()
                .lock()
                .read_to_end(&mut stdin)
                .map_err(|error| CommandError::environment(format!("standard input: {error}")))?;
        }
        let job = Job {
            command: args.command.clone(),
            folder: args.workdir.clone().unwrap_or_else(|| folder(&record)),
            environment,
            wall,
            output: args.output << 20,
            fresh: args.fresh,
            shown: Vec::new(),
            scratch: Vec::new(),
        };
        if self.ui().json {
            return self.exec_json(&machine, &job, &stdin);
        }
        let done = pass_on(&machine, &job, &stdin)?;
        self.ended(&done)
    }

    fn ended(&self, done: &machine::Done) -> Result<Exit, CommandError> {
        let code = |code: i32| Exit::Command(u8::try_from(code).unwrap_or(u8::MAX));
        if let Some(note) = &done.note {
            self.ui().warn(&report::safe_text(note));
        }
        match done.how {
            How::Exited => Ok(code(done.exit.unwrap_or(i32::from(NOT_RUN)))),
            How::TimedOut => {
                self.ui().warn("the command took too long and was ended (`--timeout`)");
                Ok(Exit::Command(TOOK_TOO_LONG))
            }
            How::Output => {
                self.ui().warn("the command wrote too much and was ended (`--output`)");
                Ok(Exit::Command(TOOK_TOO_LONG))
            }
            How::Cancelled => Ok(Exit::Interrupted),
            How::Lost => {
                Err(CommandError::new(Exit::Command(NOT_RUN), "the machine went down under the command")
                    .hint("`deep-review machine show` tells what is known"))
            }
        }
    }

    fn exec_json(&self, machine: &Machine, job: &Job, stdin: &[u8]) -> Result<Exit, CommandError> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let done = machine
            .exec(job, stdin, &|| false, &mut out, &mut err)
            .map_err(|failed| CommandError::new(Exit::Command(NOT_RUN), failed.message))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let told = serde_json::json!({
            "how": done.how, "exit": done.exit, "ms": done.ms, "note": done.note,
            "stdout": text(&out), "stderr": text(&err),
        });
        self.ui().result(&serde_json::to_string_pretty(&told).expect("plain data"));
        self.ended(&machine::Done { note: None, ..done })
    }

    fn shell(&self, text: &str) -> Result<Exit, CommandError> {
        let (record, machine) = self.ready(text)?;
        let is_live = std::io::stdin().is_terminal();
        let mut last = Exit::Passed;
        loop {
            if is_live {
                let mut err = std::io::stderr().lock();
                if write!(err, "{}$ ", record.name).and_then(|()| err.flush()).is_err() {
                    // Nobody sees the prompt; lines are read all the same.
                }
            }
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            if read.map_err(|error| CommandError::environment(format!("standard input: {error}")))? == 0 {
                return Ok(last);
            }
            let line = line.trim_end_matches(['\n', '\r']).to_owned();
            if line.trim() == "exit" {
                return Ok(last);
            }
            let command = ["/bin/sh", "-c", LINE, "sh"].map(str::to_owned).into_iter();
            let job = Job {
                command: command.chain([folder(&record), line]).collect(),
                folder: "/".to_owned(),
                environment: Vec::new(),
                wall: Duration::from_hours(1),
                output: 64 << 20,
                fresh: false,
                shown: Vec::new(),
                scratch: Vec::new(),
            };
            last = self.ended(&pass_on(&machine, &job, &[])?)?;
        }
    }

    fn logs(&self, text: &str, of: MachineLog) -> Result<Exit, CommandError> {
        let name = name(text)?;
        let folder = self.machines.folder(&name);
        if self.machines.read(&name).map_err(|it| error(&it))?.is_none() {
            return Err(error(&Error::NoSuch(name)));
        }
        let places = machine::Places::of(&folder);
        let read = match of {
            MachineLog::Events => machine::events(&folder),
            MachineLog::Console => read(&places.console()),
            MachineLog::Agent => read(&places.agent_log()),
        };
        let text = read.map_err(|error| CommandError::environment(error.to_string()))?;
        if self.ui().json {
            let lines: Vec<serde_json::Value> = text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap_or_else(|_| serde_json::Value::from(line)))
                .collect();
            self.ui().result(&serde_json::to_string_pretty(&lines).expect("plain data"));
        } else {
            let lines = text.lines().map(report::safe_text).collect::<Vec<_>>();
            self.ui().result(&lines.join("\n"));
        }
        Ok(Exit::Passed)
    }
}

/// A machine, and how far it came.
struct Driven {
    record: Record,
    reached: Reached,
}

impl Driven {
    fn json(&self) -> serde_json::Value {
        let (reached, why) = match &self.reached {
            Reached::AsWanted => ("as-wanted", None),
            Reached::Gone => ("gone", None),
            Reached::UnderWay => ("under-way", None),
            Reached::TimedOut(why) => ("timed-out", Some(why)),
            Reached::GaveUp(why) if self.record.stranded.is_some() => ("stranded", Some(why)),
            Reached::GaveUp(why) => ("gave-up", Some(why)),
        };
        serde_json::json!({ "name": self.record.name, "reached": reached, "why": why, "machine": self.record })
    }
}

/// All of them at the same time, in order of their names.
fn at_once<T: Send>(
    names: &[Name],
    one: &(dyn Fn(&Name) -> Result<T, CommandError> + Sync),
) -> Result<Vec<T>, CommandError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = names.iter().map(|name| scope.spawn(move || one(name))).collect();
        let lost = |_| Err(CommandError::environment("looking after a machine failed; this is a defect"));
        // All are waited for before the first error is told.
        let all: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap_or_else(lost)).collect();
        all.into_iter().collect()
    })
}

fn show(ui: Ui, name: &Name, event: &Event) {
    let line = format!("{name}: {}: {}", event.step, event.message);
    let line = report::safe_text(&line);
    match event.level {
        Loudness::Info => ui.talk(&line),
        Loudness::Warning => ui.warn(&line),
        // Told at the end, with what to do.
        Loudness::Error => {}
    }
}

/// What it is and what it should be, in a few words.
fn state(record: &Record) -> String {
    if record.stranded.is_some() {
        return "stranded".to_owned();
    }
    let is = match (record.status.answer(Question::Running), record.status.answer(Question::Created)) {
        (Answer::True, _) => "running",
        (_, Answer::Unknown) | (Answer::Unknown, _) => "unknown",
        (_, Answer::False) => "not made",
        (Answer::False, Answer::True) => {
            let running = record.status.conditions.iter().find(|it| it.question == Question::Running);
            match running.map(|it| it.reason.as_str()) {
                Some("Starting") => "starting",
                Some("Off") => "stopped",
                _ => "degraded",
            }
        }
    };
    let should = record.desired.as_str();
    if is == should { is.to_owned() } else { format!("{is} (should be {should})") }
}

/// The folder in which commands start.
fn folder(record: &Record) -> String {
    let first = record.template.shares.first();
    first.map_or_else(|| "/".to_owned(), |share| share.inside.to_string_lossy().into_owned())
}

fn guest(session: &Session, named: Option<&Path>) -> Result<Option<PathBuf>, CommandError> {
    let folder =
        named.map(Path::to_owned).or_else(|| session.environment.get("DEEP_REVIEW_GUEST").map(PathBuf::from));
    let absolute = |folder: PathBuf| {
        std::fs::canonicalize(&folder)
            .map_err(|error| CommandError::usage(format!("`--guest {}`: {error}", folder.display())))
    };
    folder.map(absolute).transpose()
}

fn read(path: &Path) -> std::io::Result<String> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    }
}

fn name(text: &str) -> Result<Name, CommandError> {
    Name::try_from(text.to_owned()).map_err(CommandError::usage)
}

fn time(what: &str, text: &str) -> Result<Duration, CommandError> {
    ::config::parse_duration(text).map_err(|error| CommandError::usage(format!("`{what} {text}`: {error}")))
}

fn patience(args: &MachinePatience) -> Result<Patience, CommandError> {
    Ok(Patience { longest: time("--timeout", &args.timeout)?, wait: args.wait })
}

fn error(error: &Error) -> CommandError {
    match error {
        Error::NoSuch(_) => {
            CommandError::usage(error.to_string()).hint("`deep-review machine list` lists them")
        }
        Error::Busy(_) => CommandError::new(Exit::Budget, error.to_string()).hint("`--timeout` waits longer"),
        Error::Damaged { path, .. } => CommandError::environment(error.to_string())
            .hint(format!("look at {} and put it right, or remove its folder", path.display())),
        Error::Files { .. } => CommandError::environment(error.to_string()),
    }
}

/// Runs it, and passes on what it says.
fn pass_on(machine: &Machine, job: &Job, stdin: &[u8]) -> Result<machine::Done, CommandError> {
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    machine
        .exec(job, stdin, &|| false, &mut out, &mut err)
        .map_err(|failed| CommandError::new(Exit::Command(NOT_RUN), failed.message))
}
