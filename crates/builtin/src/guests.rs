//! Findings of others that are shown as the built-in reviewer's own.
//!
//! In: which changed files people wrote. Out: whatever somebody else has to say about them. Knows nothing of who that is;
//! what they say is ranked, limited, and silenced like everything else.

use model::{DocumentFinding, RepoPath, Side};

use crate::context::Context;
use crate::language::Role;

/// A changed file that people wrote and that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its path at head.
    pub path: RepoPath,
    /// True for tests, examples and the like.
    pub is_test: bool,
    /// The line from which the file holds its own tests.
    pub tests_from: u32,
}

/// What somebody else has to say.
#[derive(Clone, Debug, Default)]
pub struct Guests {
    /// Findings, each with its place in the ranking.
    pub findings: Vec<(DocumentFinding, f64)>,
    /// Sentences for the summary.
    pub notes: Vec<String>,
}

/// Somebody who has something to say.
pub type Ask<'a> = &'a (dyn Fn(&[Written]) -> Guests + Sync);

/// The changed files that people wrote, text by text.
pub(crate) fn written(context: &Context<'_>) -> Vec<Written> {
    let files = context.changed().filter(|file| file.added().next().is_some());
    let written = files.filter_map(|file| {
        let source = context.source(Side::Head, &file.path)?;
        let runs = matches!(source.role, Role::Source | Role::Ci | Role::Config);
        Some(Written { path: file.path.clone(), is_test: !runs, tests_from: source.own_tests_start() })
    });
    written.collect()
}
