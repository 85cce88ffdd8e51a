//! Runs one foreign program, always comes back, and proves that nothing of it is left.
//!
//! In: a command, its limits, a cancel token. Out: a named ending, the program's output in files, a record on disk,
//! and whether its whole process tree is proven gone. Never judges what the program wrote, never signals a process
//! it has not verified, and never touches our own process group.
//!
//! Each attempt has a small keeper process (this program again, started with [`Keeper::command`]): it is the
//! program's parent, inherits every orphan of the tree, and notices our own death by the end of its standard input.
//! On Windows a job object does all of that, and there is no keeper.

mod apart;
mod cancel;
mod clock;
mod ending;
mod environment;
mod gulp;
#[cfg(unix)]
mod job;
#[cfg(unix)]
mod keeper;
#[cfg(windows)]
mod keeperless;
mod keeping;
mod ladder;
#[cfg(any(windows, test))]
mod launch;
#[cfg(unix)]
mod leftovers;
#[cfg(windows)]
#[path = "leftovers_in_job.rs"]
mod leftovers;
mod limits;
mod message;
#[cfg(unix)]
mod originals;
mod os;
mod outcome;
mod pager;
mod program;
mod promise;
mod record;
mod recover;
mod recover_one;
mod remove;
mod run;
mod run_folder;
mod set_up;
#[cfg(unix)]
mod shim;
mod spool;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
mod teller;
#[cfg(unix)]
mod tree;
#[cfg(windows)]
use os::windows::tree;
mod trouble;
mod voice;
mod watch;

pub use apart::{Exclusive, PROVES_ENDS, Seat, start_apart};
pub use cancel::Cancel;
pub use environment::harmless_environment;
#[cfg(unix)]
pub use keeper::keeper_main;
pub use ladder::Stage;
pub use limits::{Grace, Hold, Interrupt, Limits, Pulse, Resources};
#[cfg(windows)]
pub use os::windows::keeper_main;
pub use outcome::{Level, Outcome, Progress};
pub use pager::{lend_terminal, page};
pub use program::{Keeper, Program, Stdin};
pub use promise::{Leftover, LeftoverKind, Promise, State, keep_promises};
pub use recover::{Recovered, Recovery, leftovers, recover};
pub use remove::{RemoveError, remove_tree};
pub use run::{LineReader, probe, run, run_watched};
pub use set_up::{SetUp, SetUpError, set_up_once};
pub use voice::{Unheard, Voice};
