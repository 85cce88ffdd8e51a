//! Disposable machines: made, started, stopped, restarted and removed, with nothing left behind and nothing silent.
//!
//! In: what a machine should be. Out: a machine that is so, or a status that says why not. One pure function judges
//! ([`step`]), one loop acts ([`reconcile`]), one function stops. Never a file by a pattern, never a signal to a
//! process that is not verified, never a record dropped while the machine may exist.

#![cfg_attr(not(unix), allow(dead_code, reason = "the drivers are for unix so far"))]

mod agent;
mod alone;
mod commands;
mod folder;
mod hand;
mod hosted;
mod house;
mod job;
mod lima;
mod line;
mod one;
mod places;
mod prospects;
mod qemu;
mod reconcile;
mod step;
mod stop;
mod words;

pub use agent::{Asked, agent_main};
pub use alone::{can_run_alone, run_alone};
pub use commands::{Parcel, unique};
pub use folder::{Error, Machines, Taken, events};
pub use hand::{hand_over, lay};
pub use hosted::Own;
pub use house::{Means, RunMachine};
pub use job::{Done, How, Job, Line, PROGRAM};
pub use line::{Carry, Stream, own_program};
pub use one::{Machine, WallTime};
pub use places::Places;
pub use prospects::{Prospects, RunsBy, prospects};
pub use reconcile::{
    Book, Driver, Event, Failed, Loudness, Patience, Reached, Time, note_conditions, reconcile,
};
pub use step::{Action, Agent, Guest, Health, MOST_TRIES, StopWhy, World, step};
pub use words::{
    Answer, Condition, Desired, DriverKind, Name, Pool, Question, Record, SCHEMA, Share, Status, Template,
    Tries, Trouble,
};
