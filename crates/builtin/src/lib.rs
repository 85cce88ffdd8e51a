//! Reviews a change with no model, no key and no network.
//!
//! In: a [`Change`] (a pinned snapshot of a repository) and [`Settings`]. Out: a [`model::ReviewDocument`] as any other
//! reviewer would write it. Looks only at what this change introduced or should have touched, runs nothing, writes
//! nothing, and says nothing it cannot show.

mod change;
mod commits;
mod context;
mod declarations;
mod discarded_errors;
mod document;
mod documentation;
mod family;
mod hygiene;
mod language;
mod lex;
mod memory;
mod names;
mod needles;
mod patch;
mod place;
mod settings;
mod snapshot;
mod source;
mod stale_references;
mod testing;
mod words;

pub use change::{Change, Entry, Hit, Search, Text};
pub use memory::MemoryChange;
pub use settings::Settings;
pub use snapshot::review_snapshot;

use context::Context;
use family::Family;
use model::ReviewDocument;
use needles::Needles;

/// One rule, for listings and settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, as findings carry it.
    pub id: &'static str,
    /// What it reports, in one line.
    pub about: &'static str,
}

/// Every rule there is.
pub const RULES: &[Rule] = &[
    Rule {
        id: stale_references::SYMBOL,
        about: "a removed or renamed name is still used, commented on or documented",
    },
    Rule {
        id: stale_references::FLAG,
        about: "a removed or renamed command-line flag is still passed or documented",
    },
    Rule {
        id: stale_references::ENVIRONMENT,
        about: "a variable that is no longer read is still set or documented",
    },
    Rule {
        id: stale_references::KEY,
        about: "a configuration key that is no longer read is still set or documented",
    },
    Rule { id: stale_references::MESSAGE, about: "a test or document still expects a reworded text" },
    Rule { id: stale_references::FILE, about: "a path still leads to a file that was moved or deleted" },
    Rule { id: discarded_errors::RESULT, about: "new code drops a result that its siblings check" },
    Rule { id: discarded_errors::HANDLER, about: "new code swallows exceptions where its siblings do not" },
    Rule { id: hygiene::CONFLICT, about: "an unresolved merge conflict is committed" },
    Rule {
        id: hygiene::SECRET,
        about: "a key or token with the shape and randomness of a real one is committed",
    },
    Rule { id: hygiene::HOME_PATH, about: "a path of one person's machine is committed" },
    Rule { id: hygiene::DEBUGGING, about: "a debugging statement is left behind" },
    Rule { id: hygiene::ONLY, about: "a focused test keeps the others from running" },
    Rule {
        id: hygiene::BIDI,
        about: "bidirectional or invisible characters make code look other than it is",
    },
    Rule { id: hygiene::BINARY, about: "a large binary file is added" },
    Rule { id: hygiene::STRAY, about: "a file looks committed by accident" },
    Rule { id: hygiene::MODE, about: "a file is marked executable but cannot be executed" },
];

/// Reviews a change.
pub fn review(change: &dyn Change, settings: &Settings) -> ReviewDocument {
    let context = Context::new(change, settings);
    let families: Vec<Box<dyn Family>> = vec![
        Box::new(stale_references::StaleReferences::new(&context)),
        Box::new(discarded_errors::DiscardedErrors::new(&context)),
        Box::new(hygiene::Hygiene),
    ];
    let mut needles = Needles::default();
    for family in &families {
        family.needles(&mut needles);
    }
    let testing = testing::Testing::new(&context);
    let documentation = documentation::Documentation::new(&context);
    documentation.needles(&mut needles);
    testing.needles(&mut needles);
    let found = needles.search(change, settings.needles, settings.hits);
    let raised = families.iter().flat_map(|family| family.findings(&context, &found)).collect();
    let mut notes = Vec::new();
    if found.left_out > 0 {
        notes.push(format!("{} removed names were too many to look up.", found.left_out));
    }
    let mut document = document::assemble(&context, raised, &notes);
    document.testing = testing.part(&context, &found);
    document.docs = documentation.part(&context, &found);
    document.commits = commits::part(change.target());
    document
}
