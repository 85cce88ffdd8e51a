//! Structural rules: shapes of code that go wrong, written as YAML in the format of ast-grep.
//!
//! In: a pinned snapshot, the files worth looking at, and rules (those that are shipped, and those of the base commit).
//! Out: findings about places that the change added, with rule, link, reason and fix. Never runs anything, never reads a
//! rule of the branch under review, and never lets a rule or a file take more than its share of steps.

mod cases;
mod fix;
mod folder;
mod fresh;
mod language;
mod literals;
mod load;
mod mutate;
mod own;
#[cfg(test)]
mod planted;
mod required;
mod review;
mod rule;
mod scan;
mod shipped;
mod sieve;
mod steps;
mod told;

pub use cases::{CaseResult, Cases, run_cases};
pub use folder::{Found, Through, look_through};
pub use load::{Loaded, Source, load};
pub use mutate::{Mutant, mutants};
pub use own::{RuleFiles, at_base, in_folder};
pub use review::{Looked, Outcome, Ranked, Settings, review_snapshot};
pub use rule::{From, Rule};
pub use shipped::{names, shipped};

/// What a rule's id begins with in a finding, for rules that are shipped.
pub const FAMILY: &str = "guard/";

/// Runs work that may recurse as deep as what strangers wrote nests, on a stack that is large enough; only the part of
/// it that is used is ever held.
pub fn with_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("rules".to_owned()).stack_size(STACK);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Enough for the deepest rule that a rule file of the allowed length can hold.
const STACK: usize = 256 << 20;
