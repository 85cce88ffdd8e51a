//! What a confined program may reach: one socket, an allow-list, a log.
//!
//! In: the hosts and servers that one program may ask. Out: a server on a unix socket that lets those through and refuses all
//! else, and one entry for each attempt. It adds keys on the way out, so that they never come in. Plain threads; never looks
//! into what passes encrypted, and never follows a name to this machine or its network unless the user named that server.

#![cfg_attr(not(unix), allow(dead_code, reason = "nothing passes where there are no unix sockets"))]

mod address;
#[cfg(unix)]
mod connection;
mod entry;
#[cfg(unix)]
mod relay;
mod request;
mod rules;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod tunnel;

pub use entry::Entry;
pub use rules::{Host, Outer, Route, Rules};
#[cfg(unix)]
pub use server::Proxy;
