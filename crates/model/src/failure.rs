//! Why a reviewer gave no review, in words that decide what to do next.
//!
//! In: what an adapter or a protocol found out. Out: a class, a sentence, and how long to wait. Never decides whether to
//! ask again: that is the retry policy's work.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a reviewer gave no review. The class decides whether asking again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// Not logged in, or the key is refused. Asking again never helps.
    Auth,
    /// No credit, or a usage limit of days. Asking again never helps.
    Quota,
    /// Too many requests; helps after the time the vendor names.
    RateLimit,
    /// The vendor has too much to do; helps after a while.
    Overload,
    /// A server error, a broken connection; helps soon.
    Transient,
    /// The change does not fit into the model's context.
    ContextTooLong,
    /// The model, a flag or a setting does not exist.
    Configuration,
    /// The answer breaks off, or a limit on turns or tokens ended it.
    Incomplete,
    /// Its own sandbox could not start, so that it read nothing.
    Sandbox,
    /// A budget of ours or the user's ended it.
    Budget,
    /// It died and nothing it wrote says why.
    Crash,
}

impl FailureClass {
    /// The name used in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Quota => "quota",
            Self::RateLimit => "rate-limit",
            Self::Overload => "overload",
            Self::Transient => "transient",
            Self::ContextTooLong => "context-too-long",
            Self::Configuration => "configuration",
            Self::Incomplete => "incomplete",
            Self::Sandbox => "sandbox",
            Self::Budget => "budget",
            Self::Crash => "crash",
        }
    }

    /// Whether it may pass by itself, so that asking again later can help.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::RateLimit | Self::Overload | Self::Transient)
    }
}

/// One failure of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// What kind of failure it is.
    pub class: FailureClass,
    /// One sentence for people, without secrets and without paths of this machine.
    pub message: String,
    /// Milliseconds after which asking again may help, where the vendor told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}
