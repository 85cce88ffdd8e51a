//! Names that the changed files have on each side.
//!
//! In: the changed files and a way to read names from one. Out: what stood there before, with its first place, and what
//! stands there now. Never decides what is gone: each rule has its own idea of a name worth looking for.

use std::collections::{BTreeMap, BTreeSet};

use model::{RepoPath, Side};

use crate::context::{Context, path_before};
use crate::language::{Language, Role};
use crate::source::Source;

/// Names before and after the change.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// Each name of the merge base with the first place it was seen at.
    pub(super) before: BTreeMap<String, (RepoPath, u32, Language)>,
    /// All names of head.
    pub(super) after: BTreeSet<String>,
}

impl Sides {
    /// Reads the names of every changed file in one of the roles.
    pub(super) fn read(
        context: &Context<'_>,
        roles: &[Role],
        names: impl Fn(&Source) -> Vec<(String, u32)>,
    ) -> Self {
        let mut sides = Self::default();
        for file in context.changed().filter(|file| roles.contains(&Role::of(&file.path))) {
            if let Some(source) = path_before(file).and_then(|path| context.source(Side::Base, path)) {
                for (name, line) in names(&source) {
                    sides.before.entry(name).or_insert((source.path.clone(), line, source.language));
                }
            }
            if let Some(source) = context.source(Side::Head, &file.path) {
                sides.after.extend(names(&source).into_iter().map(|(name, _)| name));
            }
        }
        sides
    }
}
