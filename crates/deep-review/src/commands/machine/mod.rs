//! `machine`: disposable machines.
//!
//! In: a name and a wish. Out: the machine as wished, or how far it came and what to do. The wish is written down first and the
//! reconciler of crate `machine` does the rest; commands of other processes wait for their turn.

mod inside;
mod looks;
mod own;
#[cfg(unix)]
mod terminal;
mod wishes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use machine::{Desired, Error, Machines, Name, Own, Patience};

use crate::args::{MachineArgs, MachineCommand, MachinePatience};
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::ui::Ui;

pub(crate) use own::{agent, as_sandbox, hand, house, job};

/// `exec`'s exit code for a command that could not be run.
const NOT_RUN: u8 = 125;

/// Does what is asked.
pub(crate) fn run(session: &Session, args: &MachineArgs) -> Result<Exit, CommandError> {
    let all = All::new(session)?;
    match &args.what {
        MachineCommand::Create(args) => all.create(args),
        MachineCommand::Start(args) => {
            all.each(&args.names, args.all, &args.patience, &|record| record.wish(Desired::Running))
        }
        MachineCommand::Stop(args) => {
            all.each(&args.names, args.all, &args.patience, &|record| record.wish(Desired::Stopped))
        }
        MachineCommand::Restart(args) => all.each(&args.names, args.all, &args.patience, &|record| {
            record.wish(Desired::Running);
            record.restarts += 1;
        }),
        MachineCommand::Delete(args) => all.delete(args),
        MachineCommand::List => all.list(),
        MachineCommand::Show { name } => all.show(name),
        MachineCommand::Exec(args) => all.exec(args),
        MachineCommand::Shell { name } => all.shell(name),
        MachineCommand::Logs { name, of } => all.logs(name, *of),
    }
}

/// Everything needed to work on machines.
struct All<'a> {
    session: &'a Session,
    machines: Machines,
    own: Own,
}

impl<'a> All<'a> {
    fn new(session: &'a Session) -> Result<Self, CommandError> {
        let data = session.environment.data_dir().ok_or_else(|| {
            CommandError::environment("there is no folder for what is kept").hint("set HOME or XDG_DATA_HOME")
        })?;
        let keeper = Session::keeper()?;
        let own = keeper.command.first().cloned().unwrap_or_default();
        let environment = supervise::harmless_environment(&["LIMA_HOME".to_owned()]);
        let own = Own { agent: vec![own, "__machine-agent".into()], keeper, environment };
        Ok(Self { session, machines: Machines::at(data.join("machines")), own })
    }

    fn ui(&self) -> Ui {
        self.session.ui
    }

    fn names(&self, names: &[String], all: bool) -> Result<Vec<Name>, CommandError> {
        if all {
            self.machines.names().map_err(|it| error(&it))
        } else {
            names.iter().map(|text| name(text)).collect()
        }
    }
}

/// All of them at the same time, in order of their names.
fn at_once<T: Send>(
    names: &[Name],
    one: &(dyn Fn(&Name) -> Result<T, CommandError> + Sync),
) -> Result<Vec<T>, CommandError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = names.iter().map(|name| scope.spawn(move || one(name))).collect();
        let lost = |_| Err(CommandError::environment("looking after a machine failed; this is a defect"));
        // All are waited for before the first error is told.
        let all: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap_or_else(lost)).collect();
        all.into_iter().collect()
    })
}

pub(crate) fn guest(session: &Session, named: Option<&Path>) -> Result<Option<PathBuf>, CommandError> {
    let folder =
        named.map(Path::to_owned).or_else(|| session.environment.get("DEEP_REVIEW_GUEST").map(PathBuf::from));
    let absolute = |folder: PathBuf| {
        std::fs::canonicalize(&folder)
            .map_err(|error| CommandError::usage(format!("`--guest {}`: {error}", folder.display())))
    };
    folder.map(absolute).transpose()
}

fn name(text: &str) -> Result<Name, CommandError> {
    Name::try_from(text.to_owned()).map_err(CommandError::usage)
}

fn time(what: &str, text: &str) -> Result<Duration, CommandError> {
    ::config::parse_duration(text).map_err(|error| CommandError::usage(format!("`{what} {text}`: {error}")))
}

fn patience(args: &MachinePatience) -> Result<Patience, CommandError> {
    Ok(Patience { longest: time("--timeout", &args.timeout)?, wait: args.wait })
}

fn error(error: &Error) -> CommandError {
    match error {
        Error::NoSuch(_) => {
            CommandError::usage(error.to_string()).hint("`deep-review machine list` lists them")
        }
        Error::Busy(_) => CommandError::new(Exit::Budget, error.to_string()).hint("`--timeout` waits longer"),
        Error::Damaged { path, .. } => CommandError::environment(error.to_string())
            .hint(format!("look at {} and put it right, or remove its folder", path.display())),
        Error::Files { .. } => CommandError::environment(error.to_string()),
    }
}
