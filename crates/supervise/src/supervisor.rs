//! The supervisor's side of one attempt: the record, the keeper, news, orders, and the result.
//!
//! In: a program and a cancel token. Out: how it ended. Never waits for anything without a limit: a keeper that does
//! not answer is ended, and what it kept is looked for.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use model::Ending;

use crate::cancel::Wish;
use crate::job::{Feed, Job};
use crate::leftovers::end_leftovers;
use crate::message::{BREAK_OFF, KILL, Lines, Message, STOP};
use crate::originals::Originals;
use crate::os::{doing, printable, tree, unix};
use crate::record::{End, KEEPER_LOG, Lock, Phase, Record};
use crate::recover::unique_name;
use crate::run::{Listener, never_ran};
use crate::run_folder::{claim, close, kept};
use crate::watch::Watch;
use crate::{Cancel, Limits, Program, Progress, Stdin};

/// How long a keeper may take beyond everything the limits allow, before it counts as stuck.
const SLACK: Duration = Duration::from_secs(10);
/// The longest wait for a message.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long a keeper may take to exit after it has closed its messages.
const FAREWELL: Duration = Duration::from_secs(3);

/// Runs the program under a keeper, and always returns.
pub(crate) fn supervise(
    program: &Program,
    limits: &Limits,
    cancel: &Cancel,
    listener: Listener<'_, '_>,
) -> End {
    match Attempt::start(program, limits) {
        Ok(attempt) => attempt.supervise(cancel, listener),
        Err(error) => never_ran(Ending::NotStarted, format!("not started: {error}")),
    }
}

struct Attempt {
    folder: PathBuf,
    record: Record,
    originals: Originals,
    watch: Option<Watch<File>>,
    keeper: Child,
    lines: Lines,
    end: Option<End>,
    notes: Vec<String>,
    broken_off: Option<String>,
    begun: Instant,
    _lock: Lock,
}

impl Attempt {
    fn start(program: &Program, limits: &Limits) -> io::Result<Self> {
        let folder = std::path::absolute(&program.run_folder)?;
        let lock = claim(&folder)?;
        let record = Record::starting(name(program), unique_name(), limits.clone(), tree::boot());
        record.write(&folder)?;
        let started = Originals::make(&folder)
            .map_err(|error| doing("creating the files for its output", &error))
            .and_then(|originals| Ok((originals, start_keeper(program, &folder)?)));
        match started {
            Ok((originals, keeper)) => Ok(Self {
                originals,
                watch: None,
                folder,
                record,
                keeper,
                lines: Lines::default(),
                end: None,
                notes: Vec::new(),
                broken_off: None,
                begun: Instant::now(),
                _lock: lock,
            }),
            Err(error) => {
                let end = never_ran(Ending::NotStarted, error.to_string());
                close(&folder, record, &end)?;
                Err(error)
            }
        }
    }

    fn supervise(mut self, cancel: &Cancel, mut listener: Listener<'_, '_>) -> End {
        if listener.line.is_some() {
            match self.originals.read_stdout(&self.folder) {
                Ok(file) => self.watch = Some(Watch::new(file)),
                Err(error) => self.notes.push(format!("its lines could not be read as they came: {error}")),
            }
        }
        let limits = &self.record.limits;
        let mut backstop = limits.wall.saturating_add(limits.grace.total()).saturating_add(SLACK);
        let mut awake = Duration::ZERO;
        let mut obeyed = Wish::Run;
        loop {
            let begun = Instant::now();
            if !self.listen(cancel, obeyed, &mut listener) {
                break;
            }
            // Time in which this process was suspended is not the keeper's fault.
            awake += begun.elapsed().min(LONGEST_WAIT * 2);
            let wish = cancel.level();
            if wish > obeyed {
                obeyed = wish;
                self.broken_off = cancel.reason().filter(|_| wish == Wish::Stop);
                self.order(match (wish, &self.broken_off) {
                    (Wish::Kill, _) => KILL,
                    (_, Some(_)) => BREAK_OFF,
                    _ => STOP,
                });
                let soon = awake.saturating_add(self.record.limits.grace.total()).saturating_add(SLACK);
                backstop = backstop.min(soon);
            }
            if self.end.is_none() && awake > backstop {
                self.notes.push("the keeper did not answer in time and was killed".to_owned());
                break;
            }
        }
        self.dismiss_keeper();
        self.show_lines(&mut listener);
        if let (Some(watch), Some(line)) = (&mut self.watch, &mut listener.line) {
            watch.finish(line);
        }
        self.conclude()
    }

    /// Waits a while for messages; `false` when there will be no more.
    fn listen(&mut self, cancel: &Cancel, obeyed: Wish, listener: &mut Listener<'_, '_>) -> bool {
        let Some(messages) = &mut self.keeper.stdout else { return false };
        let bells = if obeyed == Wish::Run { cancel.bells() } else { Vec::new() };
        // A bell that has rung rings for ever: after the first wish, the token is only looked at.
        let deaf = obeyed != Wish::Run || bells.iter().any(Option::is_none);
        let longest = if deaf { Duration::from_millis(100) } else { LONGEST_WAIT };
        let ends = bells.iter().flatten().map(|bell| bell.as_fd());
        if let Err(error) = unix::wait_readable(ends.chain([messages.as_fd()]), longest) {
            self.notes.push(format!("the supervisor could not wait: {error}"));
            return false;
        }
        let mut bytes = [0; 8192];
        match messages.read(&mut bytes) {
            Ok(0) => return false,
            Ok(count) => {
                for message in self.lines.feed(&bytes[..count]) {
                    match message {
                        Message::Started { pid } => (listener.progress)(Progress::Started { pid }),
                        Message::Output { stdout, stderr } => {
                            self.show_lines(listener);
                            (listener.progress)(Progress::Output { stdout, stderr });
                        }
                        Message::Stopping { stage } => (listener.progress)(Progress::Stopping { stage }),
                        Message::Ended(end) => self.end = Some(end),
                    }
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => {
                self.notes.push(format!("the keeper's messages could not be read: {error}"));
                return false;
            }
        }
        true
    }

    fn show_lines(&mut self, listener: &mut Listener<'_, '_>) {
        if let (Some(watch), Some(line)) = (&mut self.watch, &mut listener.line)
            && let Err(error) = watch.read_on(line)
        {
            self.notes.push(format!("its lines could not be read as they came: {error}"));
            self.watch = None;
        }
    }

    fn order(&mut self, order: u8) {
        let Some(lifeline) = &mut self.keeper.stdin else { return };
        // A keeper that has gone needs no order; its absence is noticed by the end of its messages.
        if let Err(error) = lifeline.write_all(&[order])
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.notes.push(format!("the keeper took no order: {error}"));
        }
    }

    /// The keeper exits by itself, or is killed; either way it is no child of ours afterwards.
    fn dismiss_keeper(&mut self) {
        if self.end.is_some() && self.exits_within(FAREWELL) {
            return;
        }
        // Our child, not yet waited for: its number cannot be anybody else's.
        if self.end.is_none() && self.exits_within(Duration::from_millis(100)) {
            return;
        }
        if let Err(error) = self.keeper.kill() {
            self.notes.push(format!("the keeper could not be killed: {error}"));
        }
        if !self.exits_within(FAREWELL) {
            self.notes.push(format!("the keeper (process {}) does not end", self.keeper.id()));
        }
    }

    fn exits_within(&mut self, longest: Duration) -> bool {
        let deadline = Instant::now() + longest;
        let mut pause = Duration::from_millis(1);
        loop {
            match self.keeper.try_wait() {
                Ok(None) if Instant::now() < deadline => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(20));
                }
                Ok(None) | Err(_) => return false,
                Ok(Some(_)) => return true,
            }
        }
    }

    fn conclude(mut self) -> End {
        let mut end = match self.end.take() {
            Some(end) => end,
            None => self.without_word_of_the_keeper(),
        };
        // Where its program had ended by itself before, it was not broken off.
        if let Some(reason) =
            self.broken_off.take().filter(|_| end.ending == Ending::Failed && !end.climbed.is_empty())
        {
            end.broken_off = Some(reason);
        }
        end.notes.append(&mut self.notes);
        end.notes.extend(self.originals.restore(&self.folder, end.tree_gone));
        if let Err(error) = close(&self.folder, self.record, &end) {
            end.notes.push(format!("the record could not be closed: {error}"));
        }
        end
    }

    fn without_word_of_the_keeper(&mut self) -> End {
        let last_words = std::fs::read(self.folder.join(KEEPER_LOG)).unwrap_or_default();
        if !last_words.is_empty() {
            let words = String::from_utf8_lossy(&last_words[..last_words.len().min(1000)]).into_owned();
            self.notes.push(format!("the keeper said: {}", printable(words.trim())));
        }
        match Record::read(&self.originals.place(&self.folder)) {
            Ok(record) => self.record = record,
            Err(error) => self.notes.push(format!("the record could not be read: {error}")),
        }
        if let Some(end) = self.record.end.take() {
            return end;
        }
        if self.record.phase == Phase::Starting {
            return never_ran(
                Ending::NotStarted,
                "the keeper ended before it started the program".to_owned(),
            );
        }
        let (ended, mut notes) = end_leftovers(&self.record);
        notes.insert(0, "the keeper was gone before the program had ended".to_owned());
        End {
            ending: Ending::Lost,
            ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            bytes_out: kept(&self.folder),
            tree_gone: ended.proven,
            stopped_by: ended.climbed.last().copied(),
            climbed: ended.climbed,
            level: self.record.level,
            ..never_ran(Ending::Lost, String::new())
        }
        .with_notes(notes)
    }
}

impl End {
    fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }
}

fn start_keeper(program: &Program, folder: &Path) -> io::Result<Child> {
    let ear = match &program.stdin {
        Stdin::Dialogue(voice) => Some(voice.connect()?),
        Stdin::Null | Stdin::File(_) => None,
    };
    let stdin = match (&program.stdin, &ear) {
        (_, Some(ear)) => Feed::Inherited(ear.as_raw_fd()),
        (Stdin::File(path), None) => Feed::File(std::path::absolute(path)?),
        (Stdin::Null | Stdin::Dialogue(_), None) => Feed::Null,
    };
    let job = Job { run_folder: folder.to_owned(), stdin, command: program.command.clone() };
    if program.command.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    }
    std::fs::read_dir(&program.folder).map_err(|error| doing("entering its folder", &error))?;
    let log =
        File::create(folder.join(KEEPER_LOG)).map_err(|error| doing("creating the keeper's log", &error))?;
    let keeper = unix::start_keeper(program, &job.to_arguments(), log, ear.as_ref())
        .map_err(|error| doing("starting the keeper", &error))?;
    // On an error the keeper is dropped here, and sees the end of its lifeline.
    keeper.stdout.as_ref().map_or(Ok(()), unix::never_block)?;
    Ok(keeper)
}

fn name(program: &Program) -> String {
    let path = program.command.first().map(Path::new);
    path.and_then(Path::file_name).map(|name| printable(&name.to_string_lossy())).unwrap_or_default()
}
