//! Stale references: what the change renamed or removed and the repository still uses.
//!
//! In: the names, flags, variables, keys, messages and paths that the change took away. Out: findings at the places that
//! still say the old one. Silent wherever the old one may still live: declared elsewhere, bound locally, used by new
//! code, or too common to tell.

mod bindings;
#[cfg(test)]
mod cases;
mod causes;
pub(crate) mod environment;
mod files;
pub(crate) mod flags;
mod keys;
mod literals;
mod messages;
mod prose;
mod renames;
mod report;
mod resolution;
mod sides;
mod symbols;

use model::{RepoPath, Severity};

use crate::context::Context;
use crate::declarations::Declaration;
use crate::family::{Family, Raised};
use crate::language::Language;
use crate::needles::{Found, Needles};
use renames::{Renames, Replacement};

pub(crate) const SYMBOL: &str = "stale-reference/symbol";
pub(crate) const FLAG: &str = "stale-reference/flag";
pub(crate) const ENVIRONMENT: &str = "stale-reference/environment-variable";
pub(crate) const KEY: &str = "stale-reference/config-key";
pub(crate) const MESSAGE: &str = "stale-reference/message";
pub(crate) const FILE: &str = "stale-reference/file";

/// Something that existed before the change and does not any more.
#[derive(Clone, Debug)]
struct Gone {
    rule: &'static str,
    /// What people call it: `function`, `flag`, `file`…
    what: &'static str,
    /// The text to look up.
    needle: String,
    /// How it is written.
    name: String,
    /// Where it stood at the merge base.
    path: RepoPath,
    line: u32,
    language: Language,
    declaration: Option<Declaration>,
    replacement: Option<Replacement>,
}

impl Gone {
    /// True where the change shows its new name.
    fn is_renamed(&self) -> bool {
        self.replacement.as_ref().is_some_and(|replacement| replacement.certain)
    }
}

/// One place that still uses what is gone.
#[derive(Clone, Debug)]
struct Use {
    path: RepoPath,
    line: u32,
    severity: Severity,
    /// Completes "`path` …": `still calls it`.
    how: &'static str,
    /// What follows from it.
    consequence: &'static str,
    /// True where people read it and machines do not.
    prose: bool,
}

/// Finds what one rule misses.
type Find = fn(&Context<'_>, &Renames) -> Vec<Gone>;

/// The family.
pub(crate) struct StaleReferences {
    gone: Vec<Gone>,
}

impl StaleReferences {
    /// Finds out what the change took away.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let renames = Renames::of(context);
        let rules: [(&str, Find); 6] = [
            (FILE, files::gone),
            (FLAG, flags::gone),
            (ENVIRONMENT, environment::gone),
            (SYMBOL, symbols::gone),
            (MESSAGE, messages::gone),
            (KEY, keys::gone),
        ];
        let gone = rules
            .into_iter()
            .filter(|(rule, _)| context.settings.runs(rule))
            .flat_map(|(_, find)| find(context, &renames))
            .collect();
        Self { gone }
    }
}

impl Family for StaleReferences {
    fn needles(&self, needles: &mut Needles) {
        for gone in &self.gone {
            needles.add(&gone.needle);
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let left = self.gone.iter().filter_map(|gone| {
            let hits = found.all(&gone.needle)?;
            let judge = match gone.rule {
                FILE => files::uses,
                FLAG => flags::uses,
                ENVIRONMENT => environment::uses,
                MESSAGE => messages::uses,
                KEY => keys::uses,
                _ => symbols::uses,
            };
            let uses = report::in_order(judge(context, gone, hits));
            (!uses.is_empty()).then_some(Left { gone, uses })
        });
        causes::together(left.collect()).iter().filter_map(|group| report::raise(context, group)).collect()
    }
}

/// Something that is gone, with the places that still use it, the worst first.
struct Left<'a> {
    gone: &'a Gone,
    uses: Vec<Use>,
}

/// True where a line speaks of the past on purpose: an old name there is no mistake.
fn speaks_of_the_past(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "deprecat",
        "renamed",
        "is removed",
        "was removed",
        "replaced",
        "replaced by",
        "formerly",
        "previously",
        "used to ",
        "no longer",
        "was called",
        "legacy",
        "obsolete",
        "replaces",
        "migrat",
        "backward",
        "backwards",
        "old name",
        "the old ",
        "older version",
        "alias",
        "superseded",
        "before v",
        "prior to",
        "since v",
        "until v",
        "versionchanged",
        "versionadded",
        "historical",
        "instead of",
        "replaced by",
        "been replaced",
        "was replaced",
        "were replaced",
        "was removed",
        "were removed",
        "been removed",
        "be removed",
        "removed in",
    ];
    let lower = line.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}
