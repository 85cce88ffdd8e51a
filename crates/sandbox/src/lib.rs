//! What a program may see and touch while it runs.
//!
//! In: a profile (folders to read, folders to write, sizes) and a command. Out: the command that runs it confined, and the
//! few files that go with it. Starts nothing itself, and never says that a program is confined where it is not: a system
//! without a sandbox gives a reason and no command.

#![cfg_attr(windows, allow(dead_code, reason = "most of what is known of sandboxes is for other systems"))]

mod bubblewrap;
#[cfg(any(unix, windows))]
mod copying;
#[cfg(unix)]
mod distant;
mod files;
mod house;
mod inside;
#[cfg(unix)]
mod live;
#[cfg(windows)]
#[path = "lowered.rs"]
mod live;
mod machine;
mod possible;
mod profile;
mod quoting;
mod review;
mod root;
mod seatbelt;
mod shown;
mod toolchains;
#[cfg(target_os = "linux")]
mod wall;
#[cfg(all(unix, not(target_os = "linux")))]
#[path = "no_wall.rs"]
mod wall;
mod walled;
#[cfg(unix)]
mod wire;

#[cfg(unix)]
pub use distant::{Screen, Typist, sit_down, terminal_main, wire_main};
pub use house::{House, Key, Place};
#[cfg(any(unix, windows))]
pub use inside::inside_main;
pub use machine::{MachineJob, MachineLine};
pub use possible::{Bwrap, Places, Possible, fallback, look};
pub use profile::{Error, Folder, Profile, Size};
pub use review::Room;
pub use shown::{Around, around, outermost};
pub use toolchains::{Toolchains, toolchains};
#[cfg(unix)]
pub use wire::{Dial, far};
