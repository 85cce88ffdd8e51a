//! What an attempt came to, and what it says on its way.
//!
//! In: what the keeper observed. Out: plain data. Never a judgement of the program's words.

use std::path::PathBuf;

use model::Ending;
use serde::{Deserialize, Serialize};

use crate::Stage;

/// How one attempt ended. What the program wrote until then is in the files, whatever the ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The name of the ending; of the endings about processes only (`Empty` and the like are for those who read).
    pub ending: Ending,
    /// The program's exit code, where it had one.
    pub exit: Option<i32>,
    /// The signal that ended the program, where one did.
    pub signal: Option<i32>,
    /// Milliseconds from the start of the program to the end of the attempt.
    pub ms: u64,
    /// What it wrote to standard output, at most the output limit.
    pub stdout: PathBuf,
    /// What it wrote to standard error, at most the output limit.
    pub stderr: PathBuf,
    /// Bytes kept of both.
    pub bytes_out: u64,
    /// Whether every process of its tree is proven gone. `false` means "not proven": the record stays, and
    /// [`crate::recover`] looks again at the next start.
    pub tree_gone: bool,
    /// The highest rung of the ladder that was used; `None` where everything ended by itself.
    pub stopped_by: Option<Stage>,
    /// Why we broke it off ([`crate::Cancel::break_off`]); the ending is `failed` then.
    pub broken_off: Option<String>,
    /// What held its tree together; `None` where it was never started.
    pub level: Option<Level>,
    /// Everything a reader should know: failed steps with their reasons, processes left behind, cut output.
    pub notes: Vec<String>,
}

/// What holds the tree of a program together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A PID namespace (Linux): the kernel kills everyone in it when its first process ends, whoever ends that.
    Namespace,
    /// A keeper that inherits every orphan (Linux): as good, as long as nobody kills the keeper.
    Keeper,
    /// A process group (macOS, BSDs): descendants that leave the group are not seen.
    Group,
    /// A job object that nobody can leave (Windows).
    Job,
}

impl Level {
    /// The name used in records and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Keeper => "keeper",
            Self::Group => "group",
            Self::Job => "job",
        }
    }
}

/// News of a running attempt. News may be left out under load; the outcome never is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The program runs.
    Started {
        /// Its process id, for people only.
        pid: u32,
    },
    /// It wrote something.
    Output {
        /// Bytes kept of standard output so far.
        stdout: u64,
        /// Bytes kept of standard error so far.
        stderr: u64,
    },
    /// It is being ended.
    Stopping {
        /// The rung of the ladder.
        stage: Stage,
    },
}
