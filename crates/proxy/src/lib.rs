//! What a confined program may reach: one socket, an allow-list, a log.
//!
//! In: the hosts and servers that one program may ask. Out: a server on a unix socket (a port on Windows) that lets those through
//! and refuses all else, and one entry for each attempt. It adds keys on the way out, so that they never come in. Plain threads;
//! never looks into what passes encrypted, and never follows a name to this machine or its network unless the user named that server.

mod address;
mod connection;
mod door;
mod entry;
mod relay;
mod request;
mod rules;
mod server;
mod tunnel;

pub use entry::Entry;
pub use rules::{Host, Outer, Route, Rules};
pub use server::Proxy;
