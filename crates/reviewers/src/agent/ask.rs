//! Asks one agent: its own stripped checkout, a short prompt on standard input, the diff as a file, its stream watched.
//!
//! In: a request with everything pinned and an agent that passed its preflight. Out: an [`Attempt`] whose answer is the
//! agent's last word, or what kind of failure kept it from one. Never judges the answer, and never trusts exit code 0.

use std::ffi::OsString;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use config::Environment;
use model::{Ending, Failure, FailureClass, ReviewerKind};
use supervise::{Cancel, Outcome, Program, Progress, Stdin};

use super::answer::AgentAnswer;
use super::call::{Call, Values, call};
use super::preflight::{Agent, found_file};
use super::redact::Secrets;
use super::stream::{ProcessEnd, Seen, StreamReader};
use crate::command::{self, Attempt, CHECKOUT, CommandRequest, Exchange};

/// Everything needed to ask one agent.
#[derive(Debug)]
pub struct AgentRequest<'a> {
    /// What any reviewer is asked with; its `settings.command` is not used.
    pub command: CommandRequest<'a>,
    /// The agent.
    pub agent: &'a Agent,
    /// The environment its preflight was made with.
    pub environment: &'a Environment,
}

/// How long a program may run on after it has told its result. Servers and shells it started may hold it open for ever.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// How much of standard error says why a program died.
const STDERR_READ: u64 = 64 * 1024;

/// Asks one agent and returns when it ended, was ended, or could not be started.
pub fn ask_agent(
    request: &AgentRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Option<String>),
) -> Attempt {
    let started = Instant::now();
    let mut attempt = Attempt {
        name: request.command.name.to_owned(),
        kind: ReviewerKind::Agent,
        quorum: request.command.settings.quorum,
        model: request.command.settings.model.clone(),
        effort: request.command.settings.effort.clone(),
        ending: Ending::NotStarted,
        ..Attempt::default()
    };
    if let Err(why) = ask(request, cancel, progress, &mut attempt) {
        attempt.ending = Ending::NotStarted;
        attempt.error = Some(why);
    }
    attempt.ms = started.elapsed().as_millis() as u64;
    attempt
}

fn ask(
    request: &AgentRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Option<String>),
    attempt: &mut Attempt,
) -> Result<(), String> {
    let common = &request.command;
    let worktree = common.folder.join(CHECKOUT);
    let checkout = command::checkout(common, &worktree, &mut attempt.notes)?;
    let exchange = Exchange::prepare(common, &worktree, true, true)?;
    attempt.roots = command::roots(&worktree);
    attempt.prompt = exchange.prompt.as_ref().map(|(text, _)| text.clone());
    attempt.canary = exchange.prompt.as_ref().map(|(_, canary)| canary.clone());
    attempt.receipt = command::receipt(common);
    let agent = request.agent;
    attempt.notes.extend(agent.warnings.iter().cloned());
    if let Some(version) = &agent.version {
        attempt.notes.push(format!("{} {version}, {}", agent.adapter.title, agent.adapter.read_only()));
    }

    let private = common.folder.join("private");
    std::fs::create_dir_all(&private)
        .map_err(|error| format!("its private folder could not be made: {error}"))?;
    let (call, pass) = prepare(request, &worktree, &private, &exchange)?;
    let environment = environment(&call, &pass);
    let secrets = Secrets::of(&environment);
    let before =
        checkout.fingerprint().map_err(|error| format!("its checkout could not be read: {error}"))?;
    let program = Program {
        command: call.command,
        folder: call.folder,
        environment,
        stdin: Stdin::File(exchange.prompt_file.clone()),
        run_folder: common.process.to_owned(),
        keeper: common.keeper.clone(),
    };
    let watched = watch(request, &program, cancel, progress);
    take(attempt, &watched, &secrets, cancel);
    match checkout.changed_since(&before) {
        Ok(changed) => command::note_edits(&changed, &exchange.name, &mut attempt.notes),
        Err(error) => attempt.notes.push(format!("whether it changed its checkout is unknown: {error}")),
    }
    Ok(())
}

fn prepare(
    request: &AgentRequest<'_>,
    worktree: &Path,
    private: &Path,
    exchange: &Exchange,
) -> Result<(Call, Vec<String>), String> {
    let settings = request.command.settings;
    let agent = request.agent;
    let mut pass = settings.env.clone();
    let carried = carried(request, &mut pass)?;
    let values = Values::default()
        .with("model", settings.model.as_ref())
        .with("effort", settings.effort.as_ref())
        .with("worktree", Some(worktree))
        .with("private", Some(private))
        .with("prompt_file", Some(&exchange.prompt_file))
        .with("diff_file", Some(&exchange.diff_file))
        .with("carried", carried);
    let call = call(&agent.adapter, agent.way(), &agent.program, &values, worktree, private)?;
    pass.extend(call.pass.iter().cloned());
    Ok((call, pass))
}

/// The harmless variables, those passed on, and those the adapter sets, which win.
fn environment(call: &Call, pass: &[String]) -> Vec<(OsString, OsString)> {
    let mut environment = supervise::harmless_environment(pass);
    environment.retain(|(name, _)| !call.set.iter().any(|(set, _)| set == name));
    environment.extend(call.set.iter().cloned());
    environment
}

/// The part of the user's own settings that says which provider to use, as TOML; the names of the variables it needs are
/// passed on.
fn carried(request: &AgentRequest<'_>, pass: &mut Vec<String>) -> Result<Option<String>, String> {
    let Some(auth) = request.agent.way().filter(|auth| !auth.carry.is_empty()) else { return Ok(None) };
    let Some(path) = found_file(auth, request.environment) else { return Ok(None) };
    let wrong = |error: &dyn std::fmt::Display| format!("its own settings could not be read: {error}");
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(&error))?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| wrong(&error.message()))?;
    table.retain(|key, _| auth.carry.iter().any(|carried| carried == key));
    if let Some(key) = &auth.pass_named {
        named(&toml::Value::Table(table.clone()), key, pass);
    }
    toml::to_string(&table).map(Some).map_err(|error| wrong(&error))
}

fn named(value: &toml::Value, key: &str, names: &mut Vec<String>) {
    let Some(table) = value.as_table() else { return };
    for (name, value) in table {
        match value.as_str() {
            Some(text) if name == key => names.push(text.to_owned()),
            _ => named(value, key, names),
        }
    }
}

/// What came of the process and of its stream.
struct Watched {
    outcome: Outcome,
    answer: AgentAnswer,
    /// It had told its result and was ended because it ran on.
    ran_on: bool,
}

/// Runs the program and reads its stream as it grows.
fn watch(
    request: &AgentRequest<'_>,
    program: &Program,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Option<String>),
) -> Watched {
    let stop = cancel.child();
    let mut tail = Tail::new(program.run_folder.join("stdout"));
    let mut reader = StreamReader::new(&request.agent.adapter);
    let (done, told) = channel();
    let outcome = std::thread::scope(|scope| {
        let patient = scope.spawn({
            let stop = &stop;
            move || end_when_it_runs_on(&told, stop)
        });
        let done = done;
        let outcome =
            supervise::run(program, &command::limits(request.command.settings), &stop, &mut |news| {
                let seen = if matches!(news, Progress::Output { .. }) {
                    reader.feed(&tail.more())
                } else {
                    Vec::new()
                };
                let doing = react(&seen, &stop, &done);
                progress(news, doing);
            });
        drop(done);
        (outcome, patient.join().unwrap_or(false))
    });
    let (outcome, ran_on) = outcome;
    reader.feed(&tail.more());
    let stderr = command::read_end(&outcome.stderr, STDERR_READ);
    let end = ProcessEnd {
        exit: outcome.exit,
        signal: outcome.signal,
        stopped: outcome.stopped_by.is_some() && outcome.ending != Ending::Leaky,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    };
    Watched { answer: reader.finish(&end), outcome, ran_on }
}

/// Ends the attempt where going on is hopeless or unsafe; returns what it is doing.
fn react(seen: &[Seen], stop: &Cancel, done: &Sender<()>) -> Option<String> {
    let mut doing = None;
    for one in seen {
        match one {
            Seen::Doing(what) => doing = Some(what.clone()),
            Seen::Hopeless(_) | Seen::Unsafe(_) => stop.cancel(),
            // Nobody listens once it has ended.
            Seen::Done => drop(done.send(())),
        }
    }
    doing
}

/// Waits for the result, and then only a while for the end. Returns whether it had to end the program.
fn end_when_it_runs_on(told: &Receiver<()>, stop: &Cancel) -> bool {
    if told.recv().is_err() {
        return false;
    }
    let end = Instant::now() + AFTERWARDS;
    loop {
        match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return false,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                stop.cancel();
                return true;
            }
        }
    }
}

/// Turns what was watched into the attempt.
fn take(attempt: &mut Attempt, watched: &Watched, secrets: &Secrets, cancel: &Cancel) {
    let Watched { outcome, answer, ran_on } = watched;
    attempt.tree_gone = Some(outcome.tree_gone);
    attempt.notes.extend(outcome.notes.iter().map(|note| secrets.text(note)));
    attempt.stderr = secrets.redact(command::read_end(&outcome.stderr, command::STDERR_KEPT));
    attempt.answer = secrets.text(&answer.text).into_bytes();
    attempt.stream = secrets.redact(std::fs::read(&outcome.stdout).unwrap_or_default());
    attempt.tokens = answer.tokens;
    attempt.usd = answer.usd;
    attempt.model = answer.model.clone().or(attempt.model.take());
    if answer.tool_calls.total() > 0 {
        attempt.notes.push(format!("tools called: {}", answer.tool_calls.sentence()));
    }
    for line in answer.diagnostics.iter().take(3) {
        attempt.notes.push(format!("it printed between its events: {}", secrets.text(line)));
    }
    let failure =
        answer.failure.clone().map(|failure| Failure { message: secrets.text(&failure.message), ..failure });
    let (ending, error) = ending(outcome, answer, failure.as_ref(), *ran_on, cancel.is_cancelled());
    if ending == Ending::Leaky && *ran_on {
        attempt.notes.push("it ran on after it had told its result, and was ended".to_owned());
    }
    attempt.ending = ending;
    attempt.error = error;
    attempt.failure = match ending {
        Ending::Finished | Ending::Leaky | Ending::Cancelled => None,
        // A limit of ours ended it; that its stream has no end then says nothing new.
        Ending::TimedOut | Ending::Stalled | Ending::OutputLimit => {
            failure.filter(|failure| failure.class != FailureClass::Incomplete)
        }
        _ => failure,
    };
}

/// The name of the ending, and the sentence with it: why the process ended comes before what its stream says.
fn ending(
    outcome: &Outcome,
    answer: &AgentAnswer,
    failure: Option<&Failure>,
    ran_on: bool,
    cancelled: bool,
) -> (Ending, Option<String>) {
    let told = |ending: Ending| {
        let note = outcome.notes.first().cloned().unwrap_or_else(|| ending.as_str().to_owned());
        let reason = failure.filter(|failure| failure.class != FailureClass::Incomplete);
        Some(reason.map_or(note.clone(), |failure| format!("{note}; before that: {}", failure.message)))
    };
    match outcome.ending {
        Ending::Cancelled if cancelled => {
            return (Ending::Cancelled, Some("it was stopped before it was done".to_owned()));
        }
        // Ours: it had told its result, or going on was hopeless.
        Ending::Cancelled if ran_on && failure.is_none() => return (Ending::Leaky, None),
        Ending::Cancelled | Ending::Finished | Ending::Leaky | Ending::Failed => {}
        other => return (other, told(other)),
    }
    let Some(failure) = failure else {
        return (outcome.ending, None);
    };
    let sentence = match failure.class {
        FailureClass::Incomplete => failure.message.clone(),
        class => format!("{}: {}", class.as_str(), failure.message),
    };
    let empty = answer.text.trim().is_empty();
    let ending = match (failure.class, outcome.ending) {
        (FailureClass::Incomplete, Ending::Finished | Ending::Leaky) if empty => Ending::Empty,
        (FailureClass::Incomplete, _) => Ending::Truncated,
        (_, Ending::Failed) => Ending::Failed,
        _ => Ending::UnableToReview,
    };
    (ending, Some(sentence))
}

/// A file that grows.
struct Tail {
    path: PathBuf,
    read: u64,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// What came since the last time. What cannot be read now may be read at the end.
    fn more(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Ok(mut file) = std::fs::File::open(&self.path)
            && file.seek(SeekFrom::Start(self.read)).is_ok()
            && file.read_to_end(&mut bytes).is_ok()
        {
            self.read += bytes.len() as u64;
        }
        bytes
    }
}
