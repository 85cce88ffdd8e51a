//! One attempt where no keeper is needed: the system itself ends the tree when this process ends.
//!
//! In: a program and a cancel token. Out: how it ended. The loop, the ladder, the limits and the record are those of the
//! keeper; only the process between us and the program is missing.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use model::Ending;

use crate::keeping::Keeping;
use crate::launch::LaunchError;
use crate::message::{Message, Tell};
use crate::os::here::{Ears, Lifeline, Prepared, Streams, Tree, die_together};
use crate::os::{doing, printable, tree};
use crate::record::{End, Lock, Phase, Record};
use crate::recover::unique_name;
use crate::run::{Listener, never_ran};
use crate::run_folder::{claim, close};
use crate::spool::{STDOUT, Spool};
use crate::watch::Watch;
use crate::{Cancel, Level, Limits, Program, Progress};

/// Runs the program in a job of its own, and always returns.
pub(crate) fn supervise(
    program: &Program,
    limits: &Limits,
    cancel: &Cancel,
    listener: Listener<'_, '_>,
) -> End {
    match Attempt::begin(program, limits) {
        Ok(attempt) => attempt.supervise(program, cancel, listener),
        Err(error) => not_started(&error),
    }
}

fn not_started(error: &dyn std::fmt::Display) -> End {
    never_ran(Ending::NotStarted, format!("not started: {error}"))
}

/// News goes straight to the caller.
struct News<'a, 'b> {
    listener: Listener<'a, 'b>,
    watch: Option<Watch<File>>,
    trouble: Option<io::Error>,
}

impl News<'_, '_> {
    fn show_lines(&mut self) {
        if let (Some(watch), Some(line)) = (&mut self.watch, &mut self.listener.line)
            && let Err(error) = watch.read_on(line)
        {
            self.trouble = Some(error);
            self.watch = None;
        }
    }

    /// Shows what has not been shown yet. Gives what a reader should know.
    fn finish(mut self) -> Option<String> {
        self.show_lines();
        if let (Some(watch), Some(line)) = (&mut self.watch, &mut self.listener.line) {
            watch.finish(line);
        }
        self.trouble.map(|error| format!("its lines could not be read as they came: {error}"))
    }
}

impl Tell for News<'_, '_> {
    fn tell(&mut self, message: &Message) {
        match *message {
            Message::Started { pid } => (self.listener.progress)(Progress::Started { pid }),
            Message::Output { stdout, stderr } => {
                self.show_lines();
                (self.listener.progress)(Progress::Output { stdout, stderr });
            }
            Message::Stopping { stage } => (self.listener.progress)(Progress::Stopping { stage }),
            Message::Ended(_) => {}
        }
    }
}

struct Attempt {
    folder: PathBuf,
    record: Record,
    notes: Vec<String>,
    _lock: Lock,
}

impl Attempt {
    fn begin(program: &Program, limits: &Limits) -> io::Result<Self> {
        let folder = std::path::absolute(&program.run_folder)?;
        let lock = claim(&folder)?;
        let record = Record::starting(name(program), unique_name(), limits.clone(), tree::boot());
        record.write(&folder)?;
        let notes = match die_together() {
            Ok(()) => Vec::new(),
            Err(error) => vec![format!(
                "a program that is just being started could outlive this process by standing still: {error}"
            )],
        };
        Ok(Self { folder, record, notes, _lock: lock })
    }

    fn supervise(mut self, program: &Program, cancel: &Cancel, listener: Listener<'_, '_>) -> End {
        let mut end = match self.start(program) {
            Ok((tree, streams, spool, ears)) => self.keep(tree, streams, spool, ears, cancel, listener),
            Err(end) => end,
        };
        end.notes.append(&mut self.notes);
        if let Err(error) = close(&self.folder, self.record, &end) {
            end.notes.push(format!("the record could not be closed: {error}"));
        }
        end
    }

    fn keep(
        &mut self,
        tree: Tree,
        streams: Streams,
        spool: Spool,
        ears: Ears,
        cancel: &Cancel,
        listener: Listener<'_, '_>,
    ) -> End {
        let mut news = News { listener, watch: None, trouble: None };
        if news.listener.line.is_some() {
            match File::open(self.folder.join(STDOUT)) {
                Ok(file) => news.watch = Some(Watch::new(file)),
                Err(error) => news.trouble = Some(error),
            }
        }
        news.tell(&Message::Started { pid: tree.number() });
        let keeping = Keeping::new(&self.record.limits, tree, streams, spool, Lifeline::of(cancel), ears);
        let mut end = keeping.keep(&mut news);
        end.notes.extend(news.finish());
        // Where its program had ended by itself before, it was not broken off.
        let reason = cancel.reason().filter(|_| end.ending == Ending::Failed && !end.climbed.is_empty());
        End { broken_off: reason, ..end }
    }

    fn start(&mut self, program: &Program) -> Result<(Tree, Streams, Spool, Ears), End> {
        let spool = Spool::create(&self.folder, self.record.limits.output)
            .map_err(|error| not_started(&doing("creating the files for its output", &error)))?;
        let (prepared, ends) = Prepared::new(&self.record.mark, self.record.limits.memory)
            .map_err(|error| not_started(&error))?;
        let ears = Ears(prepared.port());
        let (folder, record): (&Path, _) = (&self.folder, &mut self.record);
        // It is in its job and stands still: the record says that it runs before it does.
        let launched = prepared.launch(program, ends, |leader| {
            record.phase = Phase::Running;
            record.level = Some(Level::Job);
            record.leader = Some(leader);
            record.write(folder)
        });
        match launched {
            Ok((tree, streams)) => Ok((tree, streams, spool, ears)),
            // It never ran, but it is there.
            Err(error @ LaunchError::LeftBehind(..)) => Err(End { tree_gone: false, ..not_started(&error) }),
            Err(error) => Err(not_started(&error)),
        }
    }
}

fn name(program: &Program) -> String {
    let path = program.command.first().map(Path::new);
    path.and_then(Path::file_name).map(|name| printable(&name.to_string_lossy())).unwrap_or_default()
}
