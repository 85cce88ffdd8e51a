//! One attempt where no keeper is needed: the system itself ends the tree when this process ends.
//!
//! In: a program and a cancel token. Out: how it ended. The loop, the ladder, the limits and the record are those of the
//! keeper; only the process between us and the program is missing.

use std::io;
use std::path::{Path, PathBuf};

use model::Ending;

use crate::keeping::Keeping;
use crate::launch::LaunchError;
use crate::message::{Message, Tell};
use crate::os::here::{Ears, Leader, Lifeline, Prepared, die_together};
use crate::os::{doing, printable, tree};
use crate::record::{End, Lock, Phase, Record};
use crate::run::never_ran;
use crate::run_folder::{claim, close, mark};
use crate::spool::Spool;
use crate::{Cancel, Limits, Program, Progress};

/// Runs the program in a job of its own, and always returns.
pub(crate) fn supervise(
    program: &Program,
    limits: &Limits,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> End {
    match Attempt::begin(program, limits) {
        Ok(attempt) => attempt.supervise(program, cancel, &mut News(progress)),
        Err(error) => not_started(&error),
    }
}

fn not_started(error: &dyn std::fmt::Display) -> End {
    never_ran(Ending::NotStarted, format!("not started: {error}"))
}

/// News goes straight to the caller.
struct News<'a>(&'a mut dyn FnMut(Progress));

impl Tell for News<'_> {
    fn tell(&mut self, message: &Message) {
        if let Some(news) = message.news() {
            (self.0)(news);
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
        let record = Record::starting(name(program), mark(), limits.clone(), tree::boot());
        record.write(&folder)?;
        let notes = match die_together() {
            Ok(()) => Vec::new(),
            Err(error) => vec![format!(
                "a program that is just being started could outlive this process by standing still: {error}"
            )],
        };
        Ok(Self { folder, record, notes, _lock: lock })
    }

    fn supervise(mut self, program: &Program, cancel: &Cancel, news: &mut News<'_>) -> End {
        let mut end = match self.start(program) {
            Ok((leader, spool, ears)) => {
                news.tell(&Message::Started { pid: leader.tree.number() });
                let lifeline = Lifeline::of(cancel);
                Keeping::new(&self.record.limits, leader, spool, lifeline, ears).keep(news)
            }
            Err(end) => end,
        };
        end.notes.append(&mut self.notes);
        if let Err(error) = close(&self.folder, self.record, &end) {
            end.notes.push(format!("the record could not be closed: {error}"));
        }
        end
    }

    fn start(&mut self, program: &Program) -> Result<(Leader, Spool, Ears), End> {
        let spool = Spool::create(&self.folder, self.record.limits.output)
            .map_err(|error| not_started(&doing("creating the files for its output", &error)))?;
        let (prepared, ends) = Prepared::new(&self.record.mark).map_err(|error| not_started(&error))?;
        let ears = Ears(prepared.port());
        let (folder, record): (&Path, _) = (&self.folder, &mut self.record);
        // It is in its job and stands still: the record says that it runs before it does.
        let launched = prepared.launch(program, ends, |leader| {
            record.phase = Phase::Running;
            record.leader = Some(leader);
            record.write(folder)
        });
        match launched {
            Ok(leader) => Ok((leader, spool, ears)),
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
