//! Why a review could not be told to its end.
//!
//! In: errors of the crates below. Out: one error. Never used for what a reviewer did wrong: that is data.

/// Our own work failed, or there was none to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The target could not be resolved or read.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// The run folder or the index could not be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A reviewer was named that nobody configured.
    #[error("there is no reviewer named \"{name}\"{}", nearest.as_ref().map(|n| format!("; did you mean \"{n}\"?")).unwrap_or_default())]
    NoSuchReviewer {
        /// As the user wrote it.
        name: String,
        /// The configured name closest to it.
        nearest: Option<String>,
    },
    /// A prompt template of the user's cannot be used.
    #[error("the prompt for `{reviewer}` could not be made: {why}")]
    Prompt {
        /// Whose prompt.
        reviewer: String,
        /// What is wrong with it.
        why: String,
    },
    /// A reviewer's model or effort cannot be used.
    #[error("\"{word}\" chooses no reviewer: write NAME, NAME:MODEL or NAME:MODEL:EFFORT")]
    BadChoice {
        /// As the user wrote it.
        word: String,
    },
    /// One reviewer is wanted twice, differently.
    #[error("the reviewer \"{name}\" is named twice, with different models or efforts")]
    NamedTwice {
        /// Which.
        name: String,
    },
    /// A run cannot be gone on with as it began.
    #[error("these settings are not those the run began with: {}", keys.join(", "))]
    SettingsChanged {
        /// Keys of the configuration.
        keys: Vec<String>,
    },
    /// A run was written by a program that plans otherwise, or its plan is missing.
    #[error("run `{id}` cannot be gone on with: {why}")]
    NoPlan {
        /// Which.
        id: String,
        /// Why.
        why: String,
    },
    /// A stored report cannot be made again.
    #[error("the report of run `{id}` cannot be made again: {why}")]
    NotRepeatable {
        /// Which.
        id: String,
        /// Why.
        why: String,
    },
    /// Nobody is left to ask.
    #[error(
        "nobody is left to ask: the built-in reviewers are switched off and no other reviewer is configured"
    )]
    NobodyToAsk,
    /// A file of the report could not be written.
    #[error("could not write {what}: {source}")]
    Write {
        /// Which file.
        what: String,
        /// Why.
        source: std::io::Error,
    },
}
