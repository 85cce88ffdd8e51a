//! Models over HTTP as reviewers: OpenAI-compatible servers, Anthropic, Gemini.
//!
//! In: a pinned target, a reviewer's settings, a budget. Out: an [`crate::Attempt`] whose answer is the model's last word,
//! or what kind of failure kept it from one. A model gets the change in its prompt and read-only tools over the repository
//! at the pinned commits. Nothing here writes to the repository, starts a program, or shows a key or an address.
//!
//! ```text
//! ask       one reviewer: its parts one after the other, answers merged, what it cost
//! merge     several answers as one; markdown writes a document out where the others are prose
//! parts     which files go into which request, so that nothing is cut silently
//! talk      one conversation: asks, runs the tools the model calls, asks again, within bounds
//! hearing   one answer as it comes; seen: what all of them cost
//! tools     what a model may look at
//! protocol  words of a conversation as JSON of a vendor, and back from its events
//! events    server-sent events out of bytes
//! wire      one HTTP exchange: watched, bounded, cancellable
//! tape      exchanges written to a folder, and read from it instead of asking
//! by_key    models whose key is in the environment
//! trial     one small question; models: whether the server has the model
//! failure   which failure it was
//! ```

mod ask;
mod by_key;
mod endpoint;
mod events;
mod failure;
mod hearing;
mod markdown;
mod merge;
mod models;
mod parts;
mod protocol;
mod seen;
mod talk;
mod tape;
mod tools;
mod trial;
mod wire;

pub(crate) use ask::fence;
pub use ask::{ModelRequest, ask_model, instructions};
pub use by_key::{by_key, key_names};
pub use endpoint::{Endpoint, endpoint};
pub use models::{Known, known};
pub use trial::try_model;
