//! One machine, for whoever has its name.
//!
//! In: its record and how this program is started again. Out: looks, and commands run in it. Never changes the record: that is
//! the reconciler's.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::commands::{Parcel, send, unique};
use crate::hosted::{Backend, Hosted, Own};
use crate::job::{Done, Job};
use crate::lima::Manager;
use crate::places::Places;
use crate::qemu::Qemu;
use crate::reconcile::{Driver, Failed, Time};
use crate::step::World;
use crate::words::{DriverKind, Record, Template};

/// One machine.
pub struct Machine {
    record: Record,
    places: Places,
    own: Own,
}

impl Machine {
    /// The machine with this record and folder.
    pub fn new(record: &Record, folder: &Path, own: &Own) -> Self {
        Self { record: record.clone(), places: Places::of(folder), own: own.clone() }
    }

    /// What acts on it.
    pub fn driver(&self) -> impl Driver + use<> {
        let backend: Box<dyn Backend> = match self.record.template.driver {
            DriverKind::Qemu => Box::new(Qemu { places: self.places.clone() }),
            DriverKind::Lima => Box::new(self.manager()),
        };
        Hosted {
            places: self.places.clone(),
            own: self.own.clone(),
            backend,
            digest: self.record.template.digest(),
            restarts: self.record.restarts,
        }
    }

    /// Looks at it.
    pub fn look(&self) -> World {
        self.driver().observe()
    }

    /// Where its files are.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Runs a command in it, with its streams as they come.
    pub fn exec(
        &self,
        job: &Job,
        stdin: &[u8],
        cancelled: &dyn Fn() -> bool,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<Done, Failed> {
        match self.record.template.driver {
            DriverKind::Qemu => {
                let parcel = Parcel { job, stdin, files: &[], carry: None };
                self.hand_in(parcel, cancelled, out, err)
            }
            DriverKind::Lima => {
                let failed = |error: std::io::Error| Failed::passing(error.to_string());
                let input = self.places.helpers().join(format!("{}.stdin", unique()));
                fs::create_dir_all(self.places.helpers()).map_err(failed)?;
                fs::write(&input, stdin).map_err(failed)?;
                let done = self.manager().exec(job, &input, cancelled, out, err);
                drop(fs::remove_file(&input));
                done
            }
        }
    }

    /// Runs a command of QEMU's machine with everything that goes with it.
    pub fn hand_in(
        &self,
        parcel: Parcel<'_>,
        cancelled: &dyn Fn() -> bool,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Result<Done, Failed> {
        send(&self.places, parcel, cancelled, out, err)
    }

    /// The command that is a shell of Lima's machine for whoever has the terminal.
    pub fn shell_of_lima(&self, folder: &str) -> Result<Vec<OsString>, Failed> {
        self.manager().shell(folder)
    }

    /// The environment of its manager.
    pub fn environment(&self) -> &[(OsString, OsString)] {
        &self.own.environment
    }

    /// What it is made of.
    pub fn template(&self) -> &Template {
        &self.record.template
    }

    fn manager(&self) -> Manager {
        let Own { keeper, environment, .. } = self.own.clone();
        Manager::new(&self.places, &self.record, keeper, environment)
    }
}

/// The time of this system, for somebody who waits.
pub struct WallTime<'a> {
    clock: &'a dyn model::Clock,
    begun: Instant,
}

impl<'a> WallTime<'a> {
    /// From now on.
    pub fn new(clock: &'a dyn model::Clock) -> Self {
        Self { clock, begun: Instant::now() }
    }
}

impl Time for WallTime<'_> {
    fn now(&mut self) -> Timestamp {
        self.clock.now()
    }

    fn elapsed(&mut self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&mut self, how_long: Duration) {
        std::thread::sleep(how_long);
    }
}
