//! Reviews a change with no model, no key and no network.
//!
//! In: a [`Change`] (a pinned snapshot of a repository) and [`Settings`]. Out: a [`model::ReviewDocument`] as any other
//! reviewer would write it. Looks only at what this change introduced or should have touched, runs nothing, writes
//! nothing, and says nothing it cannot show.

mod announcements;
mod assertions;
mod attention;
mod bounds;
mod bounds_dropped;
mod change;
mod cleanups;
mod commits;
mod context;
mod declarations;
mod defaults;
mod deviant;
mod discarded_errors;
mod document;
mod documentation;
mod edits;
mod family;
mod functions;
mod guests;
mod history;
mod hygiene;
mod interfaces;
mod language;
mod lex;
mod lifecycles;
mod locks;
mod lost_assertions;
mod memory;
mod names;
mod needles;
mod parity;
mod patch;
mod pipelines;
mod place;
#[cfg(test)]
mod planted;
mod registry;
mod resources;
mod settings;
mod siblings;
mod silence;
mod snapshot;
mod source;
mod stale_references;
mod testing;
mod tokens;
mod versions;
mod words;

pub use change::{Change, Entry, Hit, Past, Search, Text};
pub use guests::{Ask, Guests, Written};
pub use memory::MemoryChange;
pub use settings::Settings;
pub use snapshot::{attend_snapshot, review_snapshot, review_snapshot_with};

use context::Context;
use family::Family;
use model::{Attention, ReviewDocument};
use needles::{Found, Needles};

/// Every rule there is.
pub use registry::{Evidence, RULES, Rule};

/// Whether a path names a part of the program: no test, no example, no prose, no build file.
pub fn is_source(path: &model::RepoPath) -> bool {
    language::Role::of(path) == language::Role::Source
}

/// Reviews a change.
pub fn review(change: &dyn Change, settings: &Settings) -> ReviewDocument {
    review_with(change, settings, &|_| Guests::default())
}

/// Reviews a change, and asks somebody else about it at the same time.
pub fn review_with(change: &dyn Change, settings: &Settings, ask: Ask<'_>) -> ReviewDocument {
    let context = Context::new(change, settings);
    let written = guests::written(&context);
    std::thread::scope(|scope| {
        let guests = scope.spawn(|| ask(&written));
        let broken =
            || Guests { notes: vec!["The structural rules broke down.".to_owned()], ..Guests::default() };
        review_all(change, settings, &context, || guests.join().unwrap_or_else(|_| broken()))
    })
}

fn review_all(
    change: &dyn Change,
    settings: &Settings,
    context: &Context<'_>,
    guests: impl FnOnce() -> Guests,
) -> ReviewDocument {
    let families: Vec<Box<dyn Family>> = vec![
        Box::new(stale_references::StaleReferences::new(context)),
        Box::new(siblings::Siblings::new(context)),
        Box::new(deviant::Deviant::new(context)),
        Box::new(history::History),
        Box::new(parity::Parity::new(context)),
        Box::new(discarded_errors::DiscardedErrors::new(context)),
        Box::new(lifecycles::Lifecycles),
        Box::new(cleanups::Cleanups::new(context)),
        Box::new(bounds_dropped::BoundsDropped::new(context)),
        Box::new(bounds::Bounds::new(context)),
        Box::new(resources::Resources::new(context)),
        Box::new(locks::Locks::new(context)),
        Box::new(assertions::Assertions),
        Box::new(defaults::Defaults::new(context)),
        Box::new(interfaces::Interfaces::new(context)),
        Box::new(announcements::Announcements::new(context)),
        Box::new(pipelines::Pipelines),
        Box::new(versions::Versions),
        Box::new(hygiene::Hygiene),
    ];
    let mut needles = Needles::default();
    for family in &families {
        family.needles(&mut needles);
    }
    let testing = testing::Testing::new(context);
    let documentation = documentation::Documentation::new(context);
    documentation.needles(&mut needles);
    testing.needles(&mut needles);
    let (found, past) = look_up(change, settings, needles);
    let mut notes = found.notes.clone();
    if let Some(unknown) = &past.unknown {
        notes.push(format!("What rests on history may be missing: {unknown}."));
    }
    context.remember(past);
    let mut raised: Vec<family::Raised> =
        families.iter().flat_map(|family| family.findings(context, &found)).collect();
    let guests = guests();
    raised.extend(guests.findings.into_iter().map(|(finding, rank)| family::Raised { finding, rank }));
    notes.extend(guests.notes);
    let mut document = document::assemble(context, raised, &notes);
    document.testing = testing.part(context, &found);
    document.docs = documentation.part(context, &found);
    document.commits = commits::part(context);
    document
}

/// The search of the tree and the history, at the same time: both wait for git.
fn look_up(change: &dyn Change, settings: &Settings, needles: Needles) -> (Found, Past) {
    let wanted = registry::RULES.iter().any(|rule| rule.id.starts_with("history/") && settings.runs(rule.id));
    std::thread::scope(|scope| {
        let past = scope.spawn(|| if wanted { change.past(true) } else { Past::default() });
        let found = needles.search(change, settings.needles, settings.hits);
        let past = past.join().unwrap_or_else(|_| Past {
            unknown: Some("reading it broke down".to_owned()),
            ..Past::default()
        });
        (found, past)
    })
}

/// Where to look first in a change: places ranked by risk, each with its reasons. Guides people and other reviewers, and
/// is never a finding.
pub fn attention(change: &dyn Change, settings: &Settings) -> Vec<Attention> {
    attention::attention(&Context::new(change, settings))
}
