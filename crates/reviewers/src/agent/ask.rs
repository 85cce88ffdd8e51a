//! Asks one agent: its own stripped checkout, a short prompt on standard input, the diff as a file, its stream watched.
//!
//! In: a request with everything pinned and an agent that passed its preflight. Out: an [`Attempt`] whose answer is the
//! agent's last word, or what kind of failure kept it from one. Never judges the answer, and never trusts exit code 0.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use config::{Environment, ReviewerSettings};
use model::{Ending, Failure, FailureClass, ReviewerKind, Spend};
use proxy::Route;
use supervise::{Cancel, Interrupt, Keeper, Limits, Outcome, Program, Progress, Pulse, Stdin};

use super::adapter::{Adapter, ConfinedWay, Feed, FirstSignal, Format};
use super::answer::AgentAnswer;
use super::call::{Call, Values, call};
use super::confined::{self, NO_KEY};
use super::meter::{Account, Meter};
use super::preflight::{Agent, found_file};
use super::stream::{ProcessEnd, Seen, StreamReader};
use crate::command;
use crate::confine::{Confined, Confinement, Door, Needs, Who};
use crate::desk::{CommandRequest, Desk, Telling};
use crate::{Attempt, Doing};
use redaction::Secrets;

/// Everything needed to ask one agent.
#[derive(Debug)]
pub struct AgentRequest<'a> {
    /// What any reviewer is asked with; its `settings.command` is not used.
    pub command: CommandRequest<'a>,
    /// The agent.
    pub agent: &'a Agent,
    /// The environment its preflight was made with.
    pub environment: &'a Environment,
    /// What it may spend.
    pub account: Account<'a>,
}

/// How long a program may run on after it has told its result. Servers and shells it started may hold it open for ever.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// How much of standard error says why a program died.
pub(crate) const STDERR_READ: u64 = 64 * 1024;

/// Asks one agent and returns when it ended, was ended, or could not be started.
pub fn ask_agent(
    request: &AgentRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Doing),
) -> Attempt {
    let started = Instant::now();
    let attempt = Attempt::begun(request.command.name, ReviewerKind::Agent, request.command.settings);
    attempt.after(started, |attempt| ask(request, cancel, progress, attempt))
}

fn ask(
    request: &AgentRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Doing),
    attempt: &mut Attempt,
) -> Result<(), String> {
    let common = &request.command;
    let desk = Desk::set(common, Telling { is_prompted: true, is_absolute: true }, attempt)?;
    let agent = request.agent;
    attempt.notes.extend(agent.warnings.iter().cloned());
    attempt.notes.push(agent.sentence());

    let party = Party {
        agent,
        settings: common.settings,
        environment: request.environment,
        account: Some(request.account),
    };
    let private = common.folder.join("private");
    let places = Places {
        worktree: &desk.worktree,
        private: &private,
        prompt_file: &desk.prompt_file,
        diff_file: &desk.diff_file,
        process: common.process,
        keeper: common.keeper,
    };
    let (confined, secrets) = prepare(party, places, common, &desk, cancel, attempt)?;
    let watched = watch(party, &confined, places.private, cancel, progress);
    take(attempt, &watched, common.settings, &secrets);
    if confined.by().is_some() {
        hint_at_login(party, attempt);
    }
    confined.end(attempt, &secrets);
    desk.look_over(&mut attempt.notes);
    Ok(())
}

/// A login that was copied into the sandbox may be over: it is renewed only where the user calls the agent.
fn hint_at_login(party: Party<'_>, attempt: &mut Attempt) {
    let is_copied = !confined::login(party.agent, party.environment).is_empty();
    let failure = attempt.failure.as_mut().filter(|failure| failure.class == FailureClass::Auth && is_copied);
    let Some(failure) = failure else { return };
    let name = party.agent.program.file_name().unwrap_or_default().to_string_lossy();
    let hint = format!(
        "; its login is a copy, which is not renewed in the sandbox: call `{name}` once yourself, then `deep-review resume`"
    );
    failure.message.push_str(&hint);
    if let Some(error) = &mut attempt.error {
        error.push_str(&hint);
    }
}

/// The program, behind a sandbox where it is to have one, and what must not be told of it.
fn prepare(
    party: Party<'_>,
    places: Places<'_>,
    common: &CommandRequest<'_>,
    desk: &Desk,
    cancel: &Cancel,
    attempt: &mut Attempt,
) -> Result<(Confined, Secrets), String> {
    let way = confined::way(party.agent, party.settings);
    let can = way.as_ref().map(drop).map_err(String::as_str);
    if !common.settle(Who::Agent(can), attempt)? {
        let call = program(party, places, None)?;
        let secrets = Secrets::of(&call.program.environment);
        return Ok((Confined::open(call.program), secrets));
    }
    let needs = || desk.needs(common);
    let probe = common.folder.join("probe");
    let behind = Behind { confinement: common.confinement, needs: &needs, probe };
    shut_in(party, places, &behind, cancel, attempt)
}

/// The sandbox of one attempt.
pub(crate) struct Behind<'a> {
    /// How programs are confined.
    pub(crate) confinement: &'a Confinement,
    /// What whoever is inside needs besides what its adapter and the user's table say.
    pub(crate) needs: &'a dyn Fn() -> Needs,
    /// A fresh folder for the trial of an agent's own sandbox.
    pub(crate) probe: PathBuf,
}

/// The program behind a sandbox, and what must not be told of it.
pub(crate) fn shut_in(
    party: Party<'_>,
    places: Places<'_>,
    behind: &Behind<'_>,
    cancel: &Cancel,
    attempt: &mut Attempt,
) -> Result<(Confined, Secrets), String> {
    let way = confined::way(party.agent, party.settings);
    let (open, door) = (ConfinedWay::default(), behind.confinement.door());
    let call = program(party, places, Some((way?.unwrap_or(&open), &door)))?;
    let mut rules = confined::rules(party.agent, party.settings, party.environment, &door)?;
    rules.routes.extend(call.routes);
    let mut needs = Needs {
        at_home: confined::login(party.agent, party.environment),
        shown: confined::shown(party.settings, party.environment),
        rules,
        door,
        nests: party.agent.adapter.nests(),
        ..(behind.needs)()
    };
    // What it leaves there is read afterwards only where its adapter says so.
    match party.agent.adapter.stream.file {
        Some(_) => needs.write.push(places.private.to_owned()),
        None => needs.copies.push((places.private.to_owned(), PRIVATE)),
    }
    let mut program = call.program;
    try_inner(party, places, (&program, behind), cancel, attempt)?
        .iter()
        .for_each(|(from, to)| replace(&mut program.command, from, to));
    // A server may repeat the key that it was sent.
    let keys = party.agent.way().map(|auth| auth.env.as_slice()).unwrap_or_default();
    let mut known = supervise::harmless_environment(&[keys, &call.keys].concat());
    known.extend(program.environment.iter().cloned());
    let confined = behind.confinement.confine(program, needs)?;
    known.extend(confined.program.environment.iter().cloned());
    Ok((confined, Secrets::of(&known)))
}

/// Room in the private folder of a confined agent.
const PRIVATE: sandbox::Size = sandbox::Size::mebibytes(512);

/// How long an agent may take to try its own sandbox.
const PROBE: Duration = Duration::from_secs(20);
/// In a machine everything may take many times longer.
const PROBE_IN_A_MACHINE: Duration = Duration::from_mins(3);

fn replace(command: &mut [OsString], from: &str, to: &str) {
    for word in command.iter_mut().filter(|word| *word == from) {
        *word = to.into();
    }
}

/// Tries an agent's own sandbox inside ours, where it has one. Returns the words that switch it off where it does not work.
fn try_inner<'a>(
    party: Party<'a>,
    places: Places<'_>,
    (program, behind): (&Program, &Behind<'_>),
    cancel: &Cancel,
    attempt: &mut Attempt,
) -> Result<Vec<(&'a String, &'a String)>, String> {
    let known = &party.agent.adapter.confined;
    if known.probe.is_empty() {
        return Ok(Vec::new());
    }
    let words = std::iter::once(party.agent.program.clone().into_os_string());
    let probe = Program {
        command: words.chain(known.probe.iter().map(OsString::from)).collect(),
        stdin: Stdin::Null,
        run_folder: places.process.join("probe"),
        ..program.clone()
    };
    std::fs::create_dir_all(&probe.run_folder)
        .map_err(|error| format!("a folder for it could not be made: {error}"))?;
    let mut needs = (behind.needs)();
    needs.nests = party.agent.adapter.nests();
    needs.private.clone_from(&behind.probe);
    needs.copies.push((places.private.to_owned(), PRIVATE));
    let confined = behind.confinement.confine(probe, needs)?;
    let longest = if behind.confinement.house.is_some() { PROBE_IN_A_MACHINE } else { PROBE };
    let limits =
        confined.limits(Limits { wall: longest, silence: longest, output: 1 << 16, ..Limits::default() });
    let outcome = supervise::run(&confined.program, &limits, cancel, &mut |_| {});
    if outcome.exit == Some(0) {
        return Ok(Vec::new());
    }
    let said = command::last_words(&command::read_end(&outcome.stderr, STDERR_READ));
    let why = said.unwrap_or_else(|| outcome.ending.as_str().to_owned());
    if known.instead.is_empty() {
        let message = format!("its own sandbox does not work inside ours: {why}");
        attempt.failure =
            Some(Failure { class: FailureClass::Sandbox, message: message.clone(), retry_after_ms: None });
        return Err(message);
    }
    attempt
        .notes
        .push(format!("its own sandbox does not work inside ours, which is the only one then: {why}"));
    Ok(known.instead.iter().collect())
}

/// The agent, how it is configured, and the environment around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) settings: &'a ReviewerSettings,
    pub(crate) environment: &'a Environment,
    /// What it may spend; nobody counts a trial.
    pub(crate) account: Option<Account<'a>>,
}

/// Where things are for one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    pub(crate) worktree: &'a Path,
    pub(crate) private: &'a Path,
    pub(crate) prompt_file: &'a Path,
    pub(crate) diff_file: &'a Path,
    pub(crate) process: &'a Path,
    pub(crate) keeper: &'a Keeper,
}

/// A program, ready to be started.
pub(crate) struct Called {
    pub(crate) program: Program,
    /// Servers that the proxy asks, where its settings name any.
    routes: Vec<Route>,
    /// The variables with their keys.
    keys: Vec<String>,
}

/// The program, ready to be started. Writes what it needs into its private folder. `way` is what it needs in a sandbox, where it
/// is to be in one.
pub(crate) fn program(
    party: Party<'_>,
    places: Places<'_>,
    way: Option<(&ConfinedWay, &Door)>,
) -> Result<Called, String> {
    let Party { agent, settings, environment: around, .. } = party;
    let mut pass = settings.env.clone();
    let mut routes = Vec::new();
    let mut keys = Vec::new();
    let carried = carried(agent, around, way, (&mut keys, &mut routes))?;
    pass.extend(keys.iter().cloned());
    let values = Values::default()
        .with("model", settings.model.as_ref().or(agent.adapter.run.model.as_ref()))
        .with("effort", settings.effort.as_ref())
        .with("worktree", Some(places.worktree))
        .with("private", Some(places.private))
        .with("prompt_file", Some(places.prompt_file))
        .with("diff_file", Some(places.diff_file))
        .with("carried", carried)
        .with("proxy", way.map(|(_, door)| door.servers()))
        .with("no_key", way.map(|_| NO_KEY));
    std::fs::create_dir_all(places.private)
        .map_err(|error| format!("its private folder could not be made: {error}"))?;
    let mut call = call(
        &agent.adapter,
        agent.way(),
        way.map(|(way, _)| way),
        &agent.program,
        &values,
        places.worktree,
        places.private,
    )?;
    pass.extend(call.pass.iter().cloned());
    if !routes.is_empty() {
        // The proxy sends these keys.
        call.set.extend(keys.iter().map(|name| (name.into(), NO_KEY.into())));
    }
    let stdin = match agent.adapter.run.stdin {
        Feed::Prompt => places.prompt_file.to_owned(),
        Feed::Pointer => pointer(places)?,
    };
    let program = Program {
        environment: environment(&call, &pass),
        command: call.command,
        folder: call.folder,
        stdin: Stdin::File(stdin),
        run_folder: places.process.to_owned(),
        keeper: places.keeper.clone(),
    };
    Ok(Called { program, routes, keys })
}

/// A file with one sentence that says where the prompt is, in words that no program rewrites.
fn pointer(places: Places<'_>) -> Result<PathBuf, String> {
    let prompt = places.prompt_file.to_string_lossy();
    // An `@` anywhere would be expanded, and it is the one thing this sentence is for.
    if prompt.contains('@') {
        return Err(
            "it expands `@` in what it is told, and the path of its checkout has one: set `XDG_CACHE_HOME`"
                .to_owned(),
        );
    }
    let path = places.private.join("pointer.txt");
    let text = format!(
        "Your instructions are in the file {prompt}\n\nRead that whole file before anything else, and do exactly what it says.\n"
    );
    std::fs::write(&path, text).map_err(|error| format!("its pointer could not be written: {error}"))?;
    Ok(path)
}

/// The harmless variables, those passed on, and those the adapter sets, which win.
fn environment(call: &Call, pass: &[String]) -> Vec<(OsString, OsString)> {
    let mut environment = crate::desk::guarded(supervise::harmless_environment(pass));
    environment.retain(|(name, _)| !call.set.iter().any(|(set, _)| set == name));
    environment.extend(call.set.iter().cloned());
    environment
}

/// The part of the user's own settings that says which provider to use, as TOML; the names of the variables it needs are
/// passed on. In a sandbox its servers are asked by the proxy.
fn carried(
    agent: &Agent,
    environment: &Environment,
    way: Option<(&ConfinedWay, &Door)>,
    (pass, routes): (&mut Vec<String>, &mut Vec<Route>),
) -> Result<Option<String>, String> {
    let Some(auth) = agent.way().filter(|auth| !auth.carry.is_empty()) else { return Ok(None) };
    let Some(path) = found_file(auth, environment) else { return Ok(None) };
    let wrong = |error: &dyn std::fmt::Display| format!("its own settings could not be read: {error}");
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(&error))?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| wrong(&error.message()))?;
    table.retain(|key, _| auth.carry.iter().any(|carried| carried == key));
    let mut value = toml::Value::Table(table);
    if let Some(key) = &auth.pass_named {
        named(&value, key, pass);
    }
    if let Some((way, door)) = way
        && let Some(url) = &way.carried_urls
    {
        confined::redirect(&mut value, url, auth.pass_named.as_deref(), environment, (door, routes));
    }
    toml::to_string(&value).map(Some).map_err(|error| wrong(&error))
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
pub(crate) struct Watched {
    pub(crate) outcome: Outcome,
    pub(crate) answer: AgentAnswer,
    /// It had told its result and was ended because it ran on.
    pub(crate) ran_on: bool,
    /// Its whole standard output.
    pub(crate) stream: Vec<u8>,
    /// Cost in US dollars: what it told, else by list price, where all of its tokens are known.
    pub(crate) usd: Option<f64>,
    /// What was charged while it ran.
    pub(crate) charged: Spend,
    /// The limit that it was ended for.
    pub(crate) over: Option<Failure>,
}

/// Why an attempt is broken off that has told its result.
pub(crate) const RAN_ON: &str = "it ran on after it had told its result";

/// Runs the program and reads its stream as it grows.
pub(crate) fn watch(
    party: Party<'_>,
    confined: &Confined,
    private: &Path,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Doing),
) -> Watched {
    let adapter = &party.agent.adapter;
    let stop = cancel.child();
    let doing = RefCell::new(Doing::default());
    let mut reader = StreamReader::new(adapter);
    let mut meter =
        party.account.map(|account| Meter::new(account, party.agent, party.settings, party.environment));
    let (done, told) = channel();
    let outcome = std::thread::scope(|scope| {
        scope.spawn({
            let stop = &stop;
            move || end_when_it_runs_on(&told, stop)
        });
        let done = done;
        let mut on_line = |line: &[u8]| {
            let mut seen = reader.feed(line);
            seen.extend(reader.feed(b"\n"));
            let mut doing = doing.borrow_mut();
            let note = react(seen, &stop, &done).or_else(|| doing.note.take());
            *doing = Doing { note, ..reader.taken() };
            let over = meter.as_mut().and_then(|meter| meter.read(reader.figures(), reader.model()));
            if let Some(over) = over {
                stop.break_off(over.message);
            }
        };
        let limits = confined.limits(limits(party));
        let mut on_news = |news: Progress| progress(news, doing.borrow().clone());
        supervise::run_watched(&confined.program, &limits, &stop, &mut on_news, Some(&mut on_line))
    });
    // Read again as a whole: what was shown live may lack its longest lines.
    let stream = std::fs::read(&outcome.stdout).unwrap_or_default();
    let stderr = command::read_end(&outcome.stderr, STDERR_READ);
    let ran_on = outcome.broken_off.as_deref() == Some(RAN_ON);
    let end = ProcessEnd {
        exit: outcome.exit,
        signal: outcome.signal,
        stopped: outcome.stopped_by.is_some() && outcome.ending != Ending::Leaky,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    };
    let answer = read_all(adapter, &stream, private, &end);
    let usd = answer.usd.or_else(|| {
        let price = meter.as_ref()?.price(answer.model.as_deref())?;
        answer.usage.filter(|_| answer.is_counted).map(|usage| price.of(&usage))
    });
    let (charged, over) = meter.map(|meter| (meter.charged, meter.over)).unwrap_or_default();
    Watched { outcome, answer, ran_on, stream, usd, charged, over }
}

/// No file that tells tokens is larger.
const FILE_READ: u64 = 1 << 20;

/// The whole stream, and the file that the program may have left.
fn read_all(adapter: &Adapter, stream: &[u8], private: &Path, end: &ProcessEnd) -> AgentAnswer {
    let mut reader = StreamReader::new(adapter);
    reader.feed(stream);
    if let Some(name) = &adapter.stream.file {
        let path = private.join(name);
        let is_plain = |metadata: std::fs::Metadata| metadata.is_file() && metadata.len() <= FILE_READ;
        if path.symlink_metadata().is_ok_and(is_plain) {
            reader.file(&std::fs::read(path).unwrap_or_default());
        }
    }
    reader.finish(end)
}

fn limits(party: Party<'_>) -> Limits {
    let adapter = &party.agent.adapter;
    Limits {
        interrupt: match adapter.run.first_signal {
            FirstSignal::Interrupt => Interrupt::Int,
            FirstSignal::Terminate => Interrupt::Term,
        },
        // Programs with an event stream go on complaining on standard error while they hang.
        pulse: match adapter.stream.format {
            Format::Events => Pulse::Stdout,
            Format::Text => Pulse::Either,
        },
        ..command::limits(party.settings)
    }
}

/// Breaks the attempt off where going on is hopeless or unsafe; returns what it is doing.
fn react(seen: Vec<Seen>, stop: &Cancel, done: &Sender<()>) -> Option<String> {
    let mut doing = None;
    for one in seen {
        match one {
            Seen::Doing(what) => doing = Some(what),
            Seen::Hopeless(failure) => stop.break_off(failure.message),
            Seen::Unsafe(why) => stop.break_off(why),
            // Nobody listens once it has ended.
            Seen::Done => drop(done.send(())),
        }
    }
    doing
}

/// Waits for the result, and then only a while for the end.
pub(crate) fn end_when_it_runs_on(told: &Receiver<()>, stop: &Cancel) {
    if told.recv().is_err() {
        return;
    }
    let end = Instant::now() + AFTERWARDS;
    loop {
        match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => return stop.break_off(RAN_ON),
        }
    }
}

/// Turns what was watched into the attempt.
pub(crate) fn take(attempt: &mut Attempt, watched: &Watched, settings: &ReviewerSettings, secrets: &Secrets) {
    let Watched { outcome, answer, ran_on, stream, .. } = watched;
    attempt.exit = outcome.exit;
    attempt.signal = outcome.signal;
    attempt.tree_gone = Some(outcome.tree_gone);
    attempt.notes.extend(outcome.notes.iter().map(|note| secrets.text(note)));
    attempt.stderr = secrets.redact_log(command::read_end(&outcome.stderr, command::STDERR_KEPT));
    // Quotes are looked up in the code: of an answer only our own keys go.
    attempt.answer = secrets.redact(answer.text.clone().into_bytes());
    attempt.stream = secrets.redact_log(stream.clone());
    attempt.tokens = answer.tokens;
    attempt.usd = watched.usd;
    attempt.requests = answer.requests;
    attempt.read_nothing = answer.read_nothing;
    attempt.charged = watched.charged;
    attempt.model = answer.model.clone().or(attempt.model.take());
    attempt.tool_calls = answer.tool_calls.by_name();
    if answer.tool_calls.total() > 0 {
        attempt.notes.push(format!("tools called: {}", answer.tool_calls.sentence()));
    }
    for line in answer.diagnostics.iter().take(3) {
        attempt.notes.push(format!("it printed between its events: {}", secrets.text(line)));
    }
    let failure =
        answer.failure.clone().map(|failure| Failure { message: secrets.text(&failure.message), ..failure });
    if let Some(over) = watched.over.clone().filter(|_| !answer.complete) {
        attempt.ending = Ending::Cancelled;
        attempt.error = Some(over.message.clone());
        attempt.failure = Some(over);
        return;
    }
    let (ending, error) = ending(outcome, answer, failure.as_ref(), settings, *ran_on);
    if ending == Ending::Leaky && *ran_on {
        attempt.notes.push("it ran on after it had told its result, and was ended".to_owned());
    }
    attempt.ending = ending;
    attempt.error = error;
    attempt.failure = match ending {
        Ending::Finished | Ending::Leaky | Ending::Cancelled => None,
        // A limit of ours ended it; that its stream has no end then says nothing new.
        Ending::TimedOut | Ending::Stalled | Ending::OutputLimit | Ending::MemoryLimit => {
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
    settings: &ReviewerSettings,
    ran_on: bool,
) -> (Ending, Option<String>) {
    let told = || {
        let note = command::ended_by(outcome, settings);
        let reason = failure.filter(|failure| failure.class != FailureClass::Incomplete);
        Some(reason.map_or(note.clone(), |failure| format!("{note}; before that: {}", failure.message)))
    };
    match outcome.ending {
        // The story says who stopped it.
        Ending::Cancelled => return (Ending::Cancelled, None),
        // Ours: it had told its result.
        Ending::Failed if ran_on && failure.is_none() => return (Ending::Leaky, None),
        Ending::Finished | Ending::Leaky | Ending::Failed => {}
        other => return (other, told()),
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
