//! What a program may see and touch while it runs.
//!
//! In: a profile (folders to read, folders to write, sizes) and a command. Out: the command that runs it confined, and the
//! few files that go with it. Starts nothing itself, and never says that a program is confined where it is not: a system
//! without a sandbox gives a reason and no command.

mod bubblewrap;
mod files;
mod possible;
mod profile;
mod root;
mod toolchains;

pub use possible::{Possible, look};
pub use profile::{Error, Folder, Profile, Size};
pub use toolchains::{Toolchains, toolchains};
