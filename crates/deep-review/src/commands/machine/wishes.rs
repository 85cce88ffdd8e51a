//! What is wished of machines: made, started, stopped, restarted, removed, forgotten.
//!
//! In: names and a wish. Out: each machine as wished, or how far it came and what to do. A wish is on disk before anything is done.

use std::path::Path;

use machine::{
    Book as _, Desired, DriverKind, Error, Event, Loudness, Machine, Name, Patience, Reached, Record, Share,
    Template, WallTime,
};
use model::Clock as _;

use super::{All, at_once, error, guest, name, patience, time};
use crate::args::{MachineCreateArgs, MachineDeleteArgs, MachineDriver, MachinePatience};
use crate::exit::{CommandError, Exit};
use crate::ui::Ui;

/// Where the checkout is seen, unless another place is named.
const CHECKOUT: &str = "/checkout";

impl All<'_> {
    pub(super) fn create(&self, args: &MachineCreateArgs) -> Result<Exit, CommandError> {
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
    pub(super) fn each(
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

    pub(super) fn delete(&self, args: &MachineDeleteArgs) -> Result<Exit, CommandError> {
        if !args.abandon {
            let which = &args.which;
            return self
                .each(&which.names, which.all, &which.patience, &|record| record.wish(Desired::Absent));
        }
        let patience = patience(&args.which.patience)?;
        let mut told = Vec::new();
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
            told.push(serde_json::json!({ "name": name, "reached": "abandoned", "by_hand": by_hand, "machine": record }));
        }
        if self.ui().json {
            self.ui().result(&serde_json::to_string_pretty(&told).expect("plain data"));
        }
        Ok(Exit::Passed)
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
