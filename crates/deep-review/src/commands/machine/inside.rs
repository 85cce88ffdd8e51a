//! Commands in a machine: one, a shell for whoever has a terminal, or line after line.
//!
//! In: words. Out: the command's own streams and exit code. Whatever is not the command's own has a code that says so.

use std::collections::BTreeSet;
use std::io::{BufRead as _, IsTerminal as _, Read as _, Write};
use std::time::Duration;

use machine::{Answer, Done, DriverKind, Failed, How, Job, Machine, Parcel, Question, Record};

use super::looks::state;
#[cfg(unix)]
use super::terminal;
use super::{All, NOT_RUN, name, time};
use crate::args::MachineExecArgs;
use crate::exit::{CommandError, Exit};

/// Where a command finds the proxy.
#[cfg(unix)]
const PORT: u16 = 3128;
/// Exit code of `exec` for a command that a limit ended.
const TOOK_TOO_LONG: u8 = 124;
/// Remembers the folder between the lines of a shell.
const LINE: &str = "cd -- \"$(cat /tmp/.shell-folder 2>/dev/null || printf %s \"$1\")\"; eval \"$2\"; code=$?; \
                    pwd >/tmp/.shell-folder; exit $code";

/// The shell for whoever has a terminal.
#[cfg(unix)]
const SHELL: [&str; 3] =
    ["/bin/sh", "-c", "if [ -x /bin/bash ]; then exec /bin/bash --norc -i; else exec /bin/sh -i; fi"];

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
        if !args.host.is_empty() {
            return self.reaching(&machine, job, &stdin, &args.host);
        }
        self.told(|out, err| machine.exec(&job, &stdin, &|| false, out, err))
    }

    /// Runs it with a way to these hosts and to nothing else.
    #[cfg(unix)]
    fn reaching(
        &self,
        machine: &Machine,
        mut job: Job,
        stdin: &[u8],
        hosts: &[String],
    ) -> Result<Exit, CommandError> {
        let failed = |why: String| CommandError::new(Exit::Command(NOT_RUN), why);
        if machine.template().driver == DriverKind::Lima {
            let why = "`--host` is for machines of QEMU's: Lima's have a network of their own";
            return Err(CommandError::usage(why));
        }
        let parse = |text: &String| {
            proxy::Host::parse(text, true)
                .ok_or_else(|| CommandError::usage(format!("`--host {text}`: this is no HOST[:PORT]")))
        };
        let hosts = hosts.iter().map(parse).collect::<Result<_, _>>()?;
        // Where one that was killed left it, the next stop removes it.
        let socket = machine.places().socket(&machine::unique());
        let rules = proxy::Rules { hosts, ..proxy::Rules::default() };
        let proxy = proxy::Proxy::start(&socket, rules).map_err(|error| failed(error.to_string()))?;
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"] {
            job.environment.push((name.to_owned(), format!("http://127.0.0.1:{PORT}")));
        }
        let line = sandbox::MachineLine { socket, port: PORT };
        let carry = Some(machine::lay(line, &mut job, machine.template()));
        let parcel = Parcel { job: &job, stdin, files: &[], carry };
        let ran = self.told(|out, err| machine.hand_in(parcel, &|| false, out, err));
        let refused = proxy.end().0.into_iter().filter_map(|entry| Some((entry.host, entry.refused?)));
        for (host, why) in refused.collect::<BTreeSet<_>>().into_iter().take(10) {
            self.ui().warn(&report::safe_text(&format!("`{host}` was not reached: {why}")));
        }
        ran
    }

    #[cfg(not(unix))]
    fn reaching(&self, _: &Machine, _: Job, _: &[u8], _: &[String]) -> Result<Exit, CommandError> {
        Err(CommandError::usage("`--host` needs unix sockets"))
    }

    /// What a command says and how it ends, as the user wants to be told.
    fn told(
        &self,
        run: impl FnOnce(&mut dyn Write, &mut dyn Write) -> Result<Done, Failed>,
    ) -> Result<Exit, CommandError> {
        let failed = |failed: Failed| CommandError::new(Exit::Command(NOT_RUN), failed.message);
        if !self.ui().json {
            let done = run(&mut std::io::stdout().lock(), &mut std::io::stderr().lock());
            return self.ended(&done.map_err(failed)?);
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let done = run(&mut out, &mut err).map_err(failed)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let told = serde_json::json!({
            "how": done.how, "exit": done.exit, "ms": done.ms, "note": done.note,
            "stdout": text(&out), "stderr": text(&err),
        });
        self.ui().result(&serde_json::to_string_pretty(&told).expect("plain data"));
        self.ended(&Done { note: None, ..done })
    }

    pub(super) fn ended(&self, done: &Done) -> Result<Exit, CommandError> {
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

    pub(super) fn shell(&self, text: &str) -> Result<Exit, CommandError> {
        let (record, machine) = self.ready(text)?;
        let is_live = std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !self.ui().json;
        match record.template.driver {
            DriverKind::Lima if is_live => self.lent(&record, &machine),
            #[cfg(unix)]
            DriverKind::Qemu if is_live => self.seated(&record, &machine),
            _ => self.lines(&record, &machine),
        }
    }

    /// Lima has terminals of its own.
    fn lent(&self, record: &Record, machine: &Machine) -> Result<Exit, CommandError> {
        let failed = |why: String| CommandError::new(Exit::Command(NOT_RUN), why);
        let command = machine.shell_of_lima(&folder(record)).map_err(|it| failed(it.message))?;
        let mut environment = machine.environment().to_vec();
        let term = self.session.environment.get("TERM").map(|term| ("TERM".into(), term.to_owned()));
        environment.retain(|(name, _)| name != "TERM");
        environment.extend(term);
        let code =
            supervise::lend_terminal(&command, &environment).map_err(|error| failed(error.to_string()))?;
        Ok(code.map_or(Exit::Interrupted, |code| Exit::Command(u8::try_from(code).unwrap_or(u8::MAX))))
    }

    /// A shell in a terminal of the machine's, which is shown in ours.
    #[cfg(unix)]
    fn seated(&self, record: &Record, machine: &Machine) -> Result<Exit, CommandError> {
        let failed = |why: String| CommandError::new(Exit::Command(NOT_RUN), why);
        let word = machine::unique();
        let (columns, rows) = terminal::size();
        let heard = terminal::Heard::listen().map_err(|error| failed(error.to_string()))?;
        let words = [machine::PROGRAM, "__terminal", &word, &columns.to_string(), &rows.to_string()];
        let term = self.session.environment.text("TERM").unwrap_or("xterm").to_owned();
        let job = Job {
            command: words.into_iter().chain(SHELL.iter().copied()).map(str::to_owned).collect(),
            folder: folder(record),
            environment: vec![
                ("TERM".to_owned(), term),
                ("PS1".to_owned(), format!("{}:\\w\\$ ", record.name)),
            ],
            wall: Duration::from_hours(24 * 365),
            bound: vec![machine::own_program(machine.template())],
            line: Some(machine::Line::Terminal),
            ..Job::default()
        };
        let sitting = heard.clone();
        let carry: machine::Carry = Box::new(move |line| {
            // That it ended is seen by the end of the job, and why is said there.
            drop(terminal::sit(&line, &word, &sitting));
        });
        let cancelled = || heard.ended.load(std::sync::atomic::Ordering::SeqCst);
        let mut err = std::io::stderr();
        let parcel = Parcel { job: &job, stdin: &[], files: &[], carry: Some(carry) };
        // What it says goes over the line.
        let done = machine.hand_in(parcel, &cancelled, &mut std::io::sink(), &mut err);
        self.ended(&done.map_err(|it| failed(it.message))?)
    }

    fn lines(&self, record: &Record, machine: &Machine) -> Result<Exit, CommandError> {
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
                command: command.chain([folder(record), line]).collect(),
                wall: Duration::from_hours(1),
                output: 64 << 20,
                ..Job::default()
            };
            last = self.told(|out, err| machine.exec(&job, &[], &|| false, out, err))?;
        }
    }
}

/// The folder in which commands start.
fn folder(record: &Record) -> String {
    let first = record.template.shares.first();
    first.map_or_else(|| "/".to_owned(), |share| share.inside.to_string_lossy().into_owned())
}
