//! Runs one foreign program, always comes back, and proves that nothing of it is left.
//!
//! In: a command, its limits, a cancel token. Out: a named ending, the program's output in files, a record on disk,
//! and whether its whole process tree is proven gone. Never judges what the program wrote, never signals a process
//! it has not verified, and never touches our own process group.
//!
//! Each attempt has a small keeper process (this program again, started with [`Keeper::command`]): it is the
//! program's parent, inherits every orphan of the tree, and notices our own death by the end of its standard input.

mod cancel;
mod environment;
mod ending;
mod job;
mod keeper;
mod ladder;
mod limits;
mod message;
mod os;
mod outcome;
mod program;
mod record;
mod recover;
mod remove;
mod run;
mod spool;

pub use cancel::Cancel;
pub use environment::harmless_environment;
pub use keeper::keeper_main;
pub use ladder::Stage;
pub use limits::{Grace, Limits};
pub use outcome::{Outcome, Progress};
pub use program::{Keeper, Program, Stdin};
pub use recover::{Recovered, Recovery, recover};
pub use remove::{RemoveError, remove_tree};
pub use run::run;
