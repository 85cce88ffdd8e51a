//! Everything we know about a change, read from git and pinned to object names.
//!
//! In: a folder and what the user typed. Out: a [`model::Target`], a [`Snapshot`] of it, throw-away checkouts. Never
//! runs anything a repository could name (hooks, filters, textconv, external diffs, fsmonitor, credential helpers),
//! never uses the network, never writes to the user's index, references, objects or working tree.

mod checkout;
mod error;
mod hits;
mod repository;
mod snapshot;
mod text;

pub use checkout::{Checkout, Fingerprint};
pub use error::{Error, Result};
pub use hits::{Hit, Hits, SearchOptions};
pub use repository::{Repository, TargetRequest};
pub use snapshot::{BlameLine, Entry, EntryKind, Snapshot};
pub use text::Text;
