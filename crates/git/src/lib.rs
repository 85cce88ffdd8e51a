//! Everything we know about a change, read from git and pinned to object names.
//!
//! In: a folder and what the user typed. Out: a [`model::Target`], a [`Snapshot`] of it, throw-away checkouts. Never
//! runs anything a repository could name (hooks, filters, textconv, external diffs, fsmonitor, credential helpers),
//! never uses the network, never writes to the user's index, references, objects or working tree; `notes` alone writes a note,
//! and only where somebody asked for it by name.

mod about;
mod batch;
mod blame;
mod cache;
mod call;
mod changes;
mod checkout;
mod commit_diffs;
mod default_branch;
mod describe;
mod error;
mod fingerprint;
mod history;
mod hits;
mod kept;
mod notes;
mod patch;
mod paths;
mod people;
mod pieces;
mod pull_requests;
mod remote;
mod repository;
mod resolve;
mod revisions;
mod rounds;
mod search;
mod sketch;
mod snapshot;
mod target_request;
mod text;
mod tree;
mod uncommitted;

pub use about::version;
pub use blame::BlameLine;
pub use checkout::Checkout;
pub use error::{Error, Result};
pub use fingerprint::Fingerprint;
pub use history::{PastCommit, PastEdit};
pub use hits::{Hit, Hits, SearchOptions};
pub use people::Hands;
pub use repository::Repository;
pub use snapshot::Snapshot;
pub use target_request::TargetRequest;
pub use text::Text;
pub use tree::{Entry, EntryKind};
