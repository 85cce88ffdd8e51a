//! What earlier rounds and people said, from the store into the run and back.
//!
//! In: the store, the repository, the run that begins. Out: [`History`], written into the run folder so that the run can be
//! gone on with and proven later; what reviewers are told of it; and, when the report is made, what is left open for the
//! round after. Never decides what is the same or what is fixed: `findings::rounds` does.

mod apply;
mod gather;
mod history;
mod scope;
mod since;

pub(crate) use apply::{Rounds, left_open};
pub use gather::remembered_of;
pub(crate) use gather::{aliases, gather, items_of};
pub(crate) use history::{HISTORY_FILE, History, Item, OPEN_FILE, Open};
pub(crate) use scope::{readers_needed, scope, sentence};
pub(crate) use since::moved;
