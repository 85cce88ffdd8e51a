//! Commands in a machine: one, or line after line.
//!
//! In: words. Out: the command's own streams and exit code. Whatever is not the command's own has a code that says so.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::time::Duration;

use machine::{Answer, How, Job, Machine, Question, Record};

use super::looks::state;
use super::{All, NOT_RUN, name, time};
use crate::args::MachineExecArgs;
use crate::exit::{CommandError, Exit};

/// Exit code of `exec` for a command that a limit ended.
const TOOK_TOO_LONG: u8 = 124;
/// Remembers the folder between the lines of a shell.
const LINE: &str = "cd -- \"$(cat /tmp/.shell-folder 2>/dev/null || printf %s \"$1\")\"; eval \"$2\"; code=$?; \
                    pwd >/tmp/.shell-folder; exit $code";

impl All<'_> {
    pub(super) fn ready(&self, text: &str) -> Result<(Record, Machine), CommandError> {
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

    pub(super) fn exec(&self, args: &MachineExecArgs) -> Result<Exit, CommandError> {
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
            ..Job::default()
        };
        if self.ui().json {
            return self.exec_json(&machine, &job, &stdin);
        }
        let done = pass_on(&machine, &job, &stdin)?;
        self.ended(&done)
    }

    pub(super) fn ended(&self, done: &machine::Done) -> Result<Exit, CommandError> {
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

    pub(super) fn exec_json(&self, machine: &Machine, job: &Job, stdin: &[u8]) -> Result<Exit, CommandError> {
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

    pub(super) fn shell(&self, text: &str) -> Result<Exit, CommandError> {
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
                wall: Duration::from_hours(1),
                output: 64 << 20,
                ..Job::default()
            };
            last = self.ended(&pass_on(&machine, &job, &[])?)?;
        }
    }
}

/// The folder in which commands start.
fn folder(record: &Record) -> String {
    let first = record.template.shares.first();
    first.map_or_else(|| "/".to_owned(), |share| share.inside.to_string_lossy().into_owned())
}

/// Runs it, and passes on what it says.
fn pass_on(machine: &Machine, job: &Job, stdin: &[u8]) -> Result<machine::Done, CommandError> {
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    machine
        .exec(job, stdin, &|| false, &mut out, &mut err)
        .map_err(|failed| CommandError::new(Exit::Command(NOT_RUN), failed.message))
}
