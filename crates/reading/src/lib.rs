//! Reads what reviewers wrote: any style of Markdown, or JSON of the schema we ask for.
//!
//! In: the text of one review. Out: its claims as [`model::Reading`], with a note for everything that could not be
//! read. Never fails, never drops a claim in silence, never looks at the repository.

mod location;
mod markdown;
mod tags;
mod words;

use model::{Reading, RepoPath};

/// How a text is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parser {
    /// The schema if it is there, else Markdown.
    #[default]
    Auto,
    /// Markdown only.
    Markdown,
    /// JSON only.
    Json,
}

/// What is known about the review beside its text.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The canary line that was sent with the prompt.
    pub canary: Option<String>,
    /// The files of the change.
    pub changed: Vec<RepoPath>,
    /// Folders of the machine in which the reviewer worked; removed from the front of paths.
    pub worktree_prefixes: Vec<String>,
    /// How to read.
    pub parser: Parser,
}

/// Reads one review.
pub fn read(text: &str, context: &Context) -> Reading {
    let paths = location::Paths { changed: &context.changed, prefixes: &context.worktree_prefixes };
    markdown::read(text, paths)
}
