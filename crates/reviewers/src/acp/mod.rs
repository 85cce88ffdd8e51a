//! Agents that speak the Agent Client Protocol (<https://agentclientprotocol.com>): JSON-RPC over the program's own standard
//! input and output.
//!
//! In: a reviewer with an `acp` command. Out: an attempt, like that of any agent. Reads are answered from the reviewer's
//! throw-away checkout and nowhere else; everything that is no read is refused.

mod ask;
mod choice;
mod dialogue;
mod files;
mod permission;

pub use ask::ask_acp;
