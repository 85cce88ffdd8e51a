//! What a reviewer does while it is at work, for whoever watches.
//!
//! In: its stream so far. Out: plain data. Never a figure that the stream does not tell: unknown is `None`, not zero.

use model::Tokens;

/// What a reviewer does and what it took so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    /// The last thing it did, in a few words.
    pub note: Option<String>,
    /// Tools it called.
    pub calls: Option<u32>,
    /// Tokens.
    pub tokens: Option<Tokens>,
    /// US dollars.
    pub usd: Option<f64>,
}
