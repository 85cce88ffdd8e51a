//! Machines as they are: one line each, everything about one, what happened to it.
//!
//! In: the world as it is now. Out: text or JSON. What was written down earlier is never repeated as if it were so. Changes nothing.

use std::fmt::Write as _;
use std::path::Path;

use machine::{Answer, Error, Machine, Name, Question, Record, Template};
use model::Clock as _;

use super::{All, at_once, error, name};
use crate::args::MachineLog;
use crate::exit::{CommandError, Exit};

impl All<'_> {
    /// A machine as it is now, whatever was written down before.
    pub(super) fn seen(&self, name: &Name) -> Result<(Record, Machine), CommandError> {
        let known = self.machines.read(name).map_err(|it| error(&it))?;
        let mut record = known.ok_or_else(|| error(&Error::NoSuch(name.clone())))?;
        let machine = Machine::new(&record, &self.machines.folder(name), &self.own);
        machine::note_conditions(&mut record, &machine.look(), self.session.clock.now());
        Ok((record, machine))
    }

    pub(super) fn list(&self) -> Result<Exit, CommandError> {
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

    pub(super) fn show(&self, text: &str) -> Result<Exit, CommandError> {
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
                "{answer} ({}{message}{}) since {:.0}",
                condition.reason, condition.message, condition.since
            );
            line(condition.question.as_str(), &value);
        }
        if let Some(by_hand) = &record.stranded {
            line("by hand", by_hand);
        }
        for trouble in &record.status.troubles {
            line("trouble", &format!("{:.0} {}: {}", trouble.at, trouble.step, trouble.message));
        }
        line("console", &machine.places().console().display().to_string());
        self.ui().result(&text);
        Ok(Exit::Passed)
    }

    pub(super) fn logs(&self, text: &str, of: MachineLog) -> Result<Exit, CommandError> {
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
            let is_event = of == MachineLog::Events;
            let lines = text.lines().map(|line| if is_event { told(line) } else { report::safe_text(line) });
            let lines = lines.collect::<Vec<_>>();
            self.ui().result(&lines.join("\n"));
        }
        Ok(Exit::Passed)
    }
}

/// What it is and what it should be, in a few words.
pub(super) fn state(record: &Record) -> String {
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

fn read(path: &Path) -> std::io::Result<String> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// An event in a line for people; what is none of ours is shown as it is.
fn told(line: &str) -> String {
    let event = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    let field = |name: &str| event.get(name).and_then(serde_json::Value::as_str);
    let (Some(at), Some(level), Some(step), Some(message)) =
        (field("at"), field("level"), field("step"), field("message"))
    else {
        return report::safe_text(line);
    };
    let at = at.parse::<jiff::Timestamp>().map_or_else(|_| at.to_owned(), |at| format!("{at:.0}"));
    report::safe_text(&format!("{at}  {level:<7}  {step}: {message}"))
}
