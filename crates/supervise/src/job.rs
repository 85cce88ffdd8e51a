//! What the supervisor hands to the keeper on its command line.
//!
//! In: a program. Out: arguments, and back. Never the environment (the keeper's own is the program's) and never the
//! limits (they are in the record).

use std::ffi::OsString;
use std::path::PathBuf;

/// What the program reads, as the keeper gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    Null,
    File(PathBuf),
    /// A descriptor that the keeper inherits: the end of a pipe whose other end the supervisor holds.
    Inherited(i32),
}

/// The keeper's side of a [`crate::Program`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) run_folder: PathBuf,
    pub(crate) stdin: Feed,
    pub(crate) command: Vec<OsString>,
}

impl Job {
    /// As arguments. Every byte of a path or an argument survives.
    pub(crate) fn to_arguments(&self) -> Vec<OsString> {
        let mut arguments = vec![self.run_folder.clone().into_os_string()];
        match &self.stdin {
            Feed::Null => arguments.push("null".into()),
            Feed::File(path) => arguments.extend(["file".into(), path.clone().into_os_string()]),
            Feed::Inherited(number) => arguments.extend(["inherited".into(), number.to_string().into()]),
        }
        arguments.extend(self.command.iter().cloned());
        arguments
    }

    /// From arguments; `None` where they are not ours.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let run_folder = arguments.next()?.into();
        let stdin = match arguments.next()?.to_str()? {
            "null" => Feed::Null,
            "file" => Feed::File(arguments.next()?.into()),
            // The first three are the keeper's own.
            "inherited" => {
                Feed::Inherited(arguments.next()?.to_str()?.parse().ok().filter(|number| *number > 2)?)
            }
            _ => return None,
        };
        let command: Vec<_> = arguments.collect();
        (!command.is_empty()).then_some(Self { run_folder, stdin, command })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_the_command_line() {
        for stdin in [Feed::Null, Feed::File("file".into()), Feed::Inherited(7)] {
            let command = vec!["null".into(), "--".into(), OsString::new()];
            let job = Job { run_folder: "-x".into(), stdin, command };
            assert_eq!(Job::from_arguments(job.to_arguments().into_iter()), Some(job));
        }
    }

    #[test]
    fn arguments_of_somebody_else_are_no_job() {
        for arguments in [&["a"][..], &["a", "b", "c"], &["a", "null"], &["a", "inherited", "0", "c"]] {
            assert_eq!(Job::from_arguments(arguments.iter().map(Into::into)), None);
        }
    }
}
