//! One attempt to reach something.
//!
//! In: what was asked and what came of it. Out: plain data, one JSON line each. No query, no header and no body is kept.

use serde::{Deserialize, Serialize};

/// One attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the proxy was started.
    pub at_ms: u64,
    /// `CONNECT` or the method of a request.
    pub method: String,
    /// The host and port that were asked for; of a request, those of its server.
    pub host: String,
    /// The path of a request, without its query.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[serde(default)]
    pub path: String,
    /// Why it was refused; `None` where it was let through.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub refused: Option<String>,
    /// Why it was let through and failed all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub failed: Option<String>,
    /// The server's answer to a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub status: Option<u16>,
    /// Bytes towards the server.
    pub sent: u64,
    /// Bytes from the server.
    pub received: u64,
    /// Milliseconds it took.
    pub ms: u64,
}
