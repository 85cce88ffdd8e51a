//! Puts a program into its container before its first instruction.
//!
//! In: a machine that can make containers and suspended processes. Out: a program that runs inside, or the stage that
//! failed. Never a process left behind: whatever fails after the start, the suspended program is ended first.

use std::io;

/// What a launch needs of the system, so that each of its failures can be tried.
pub(crate) trait Machine {
    /// The container.
    type Job;
    /// A started program.
    type Process;

    /// Makes the container.
    fn create(&mut self) -> io::Result<Self::Job>;
    /// Makes it end its members when we end, and tell when they are gone.
    fn configure(&mut self, job: &Self::Job) -> io::Result<()>;
    /// Starts the program; it does not run yet.
    fn start_suspended(&mut self) -> io::Result<Self::Process>;
    /// Puts it into the container.
    fn assign(&mut self, job: &Self::Job, process: &Self::Process) -> io::Result<()>;
    /// Lets it run.
    fn resume(&mut self, process: &Self::Process) -> io::Result<()>;
    /// Ends it and waits for its end.
    fn terminate(&mut self, process: &mut Self::Process) -> io::Result<()>;
}

/// The stage of a launch that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaunchError {
    #[error("making its job object: {0}")]
    Create(io::Error),
    #[error("setting the limits of its job object: {0}")]
    Configure(io::Error),
    #[error("{0}")]
    Start(io::Error),
    #[error("putting it into its job object: {0}")]
    Assign(io::Error),
    #[error("recording it: {0}")]
    Record(io::Error),
    #[error("letting it run: {0}")]
    Resume(io::Error),
    /// The program exists, suspended, and could not be ended.
    #[error("{0}; and the suspended program could not be ended: {1}")]
    LeftBehind(Box<LaunchError>, io::Error),
}

/// Starts a program inside its container. `record` is called when it is inside and before it runs.
pub(crate) fn launch<M: Machine>(
    machine: &mut M,
    record: impl FnOnce(&M::Process) -> io::Result<()>,
) -> Result<(M::Job, M::Process), LaunchError> {
    let job = machine.create().map_err(LaunchError::Create)?;
    machine.configure(&job).map_err(LaunchError::Configure)?;
    let mut process = machine.start_suspended().map_err(LaunchError::Start)?;
    match contain(machine, &job, &process, record) {
        Ok(()) => Ok((job, process)),
        Err(failed) => match machine.terminate(&mut process) {
            Ok(()) => Err(failed),
            Err(error) => Err(LaunchError::LeftBehind(Box::new(failed), error)),
        },
    }
}

fn contain<M: Machine>(
    machine: &mut M,
    job: &M::Job,
    process: &M::Process,
    record: impl FnOnce(&M::Process) -> io::Result<()>,
) -> Result<(), LaunchError> {
    machine.assign(job, process).map_err(LaunchError::Assign)?;
    record(process).map_err(LaunchError::Record)?;
    machine.resume(process).map_err(LaunchError::Resume)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that writes down what it is asked, and fails where it is told to.
    #[derive(Default)]
    struct Scripted {
        failing: &'static [&'static str],
        asked: Vec<&'static str>,
    }

    impl Scripted {
        fn ask(&mut self, stage: &'static str) -> io::Result<()> {
            self.asked.push(stage);
            if self.failing.contains(&stage) { Err(io::Error::other(stage)) } else { Ok(()) }
        }
    }

    impl Machine for Scripted {
        type Job = ();
        type Process = ();

        fn create(&mut self) -> io::Result<()> {
            self.ask("create")
        }
        fn configure(&mut self, (): &()) -> io::Result<()> {
            self.ask("configure")
        }
        fn start_suspended(&mut self) -> io::Result<()> {
            self.ask("start")
        }
        fn assign(&mut self, (): &(), (): &()) -> io::Result<()> {
            self.ask("assign")
        }
        fn resume(&mut self, (): &()) -> io::Result<()> {
            self.ask("resume")
        }
        fn terminate(&mut self, (): &mut ()) -> io::Result<()> {
            self.ask("terminate")
        }
    }

    fn try_with(failing: &'static [&'static str]) -> (Result<(), LaunchError>, Vec<&'static str>) {
        let mut machine = Scripted { failing, asked: Vec::new() };
        let recorded = if failing.contains(&"record") { Err(io::Error::other("record")) } else { Ok(()) };
        let launched = launch(&mut machine, |()| recorded).map(drop);
        (launched, machine.asked)
    }

    #[test]
    fn it_runs_only_when_everything_else_is_done() {
        let (launched, asked) = try_with(&[]);
        assert!(launched.is_ok());
        assert_eq!(asked, ["create", "configure", "start", "assign", "resume"]);
    }

    #[test]
    fn before_the_start_a_failure_starts_nothing() {
        let (launched, asked) = try_with(&["create"]);
        assert!(matches!(launched, Err(LaunchError::Create(_))));
        assert_eq!(asked, ["create"]);
        let (launched, asked) = try_with(&["configure"]);
        assert!(matches!(launched, Err(LaunchError::Configure(_))));
        assert_eq!(asked, ["create", "configure"]);
        let (launched, asked) = try_with(&["start"]);
        assert!(matches!(launched, Err(LaunchError::Start(_))));
        assert_eq!(asked, ["create", "configure", "start"]);
    }

    #[test]
    fn after_the_start_a_failure_ends_the_suspended_program_and_names_its_stage() {
        type IsIt = fn(&LaunchError) -> bool;
        let cases: [(&'static [&'static str], IsIt); 3] = [
            (&["assign"], |error| matches!(error, LaunchError::Assign(_))),
            (&["record"], |error| matches!(error, LaunchError::Record(_))),
            (&["resume"], |error| matches!(error, LaunchError::Resume(_))),
        ];
        for (failing, is_it) in cases {
            let (launched, asked) = try_with(failing);
            let error = launched.expect_err("it failed");
            assert!(is_it(&error), "{error}");
            assert_eq!(asked.last(), Some(&"terminate"), "{error}");
            assert!(failing == ["resume"] || !asked.contains(&"resume"), "it never ran");
        }
    }

    #[test]
    fn a_suspended_program_that_cannot_be_ended_is_not_passed_over() {
        let (launched, _) = try_with(&["assign", "terminate"]);
        let error = launched.expect_err("it failed");
        assert!(
            matches!(&error, LaunchError::LeftBehind(first, _) if matches!(**first, LaunchError::Assign(_)))
        );
        assert!(error.to_string().contains("could not be ended"), "{error}");
    }
}
