//! Where a quote stands in the repository.
//!
//! In: the ways to read a quote and a file. Out: the side, the file and every place. Never chooses between places.

use model::{ChangeStatus, RepoPath, Side};

use crate::anchor::anchor;
use crate::matching::{Matched, Span, places};
use crate::pattern::{Pattern, Way};
use crate::world::World;

/// Where a quote stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The side.
    pub(crate) side: Side,
    /// The file, which may not be the named one.
    pub(crate) path: RepoPath,
    /// Every place, in order; never empty.
    pub(crate) places: Vec<Span>,
    /// Hash over the lines.
    pub(crate) anchor: Option<String>,
    /// True where whole lines match, false where the quote is a part of a line.
    pub(crate) whole: bool,
    /// Letters and digits in the quote: how telling it is.
    pub(crate) substance: usize,
}

/// What looking in one file gave.
#[derive(Clone, Debug)]
pub(crate) enum Looked {
    /// It stands there.
    Stands(Standing),
    /// It does not.
    Nowhere,
    /// Looking was given up.
    TooRepetitive,
}

/// Looks for a quote in one file, most literal way first; at the cited side first, else at head first.
pub(crate) fn in_file(
    world: &World<'_>,
    side: Side,
    path: &RepoPath,
    ways: &[Way],
    cited: Option<Side>,
) -> Looked {
    for way in ways {
        match one_way(world, side, path, way, cited) {
            Looked::Nowhere => {}
            found => return found,
        }
    }
    Looked::Nowhere
}

/// The one other changed file in which a quote stands. Short quotes stand everywhere and prove nothing.
pub(crate) fn elsewhere(
    world: &World<'_>,
    named: Option<&RepoPath>,
    ways: &[Way],
    cited: Option<Side>,
) -> Option<Standing> {
    let mut found: Vec<Standing> = Vec::new();
    for file in world.changes.files().iter().take(500) {
        let path = &file.diff.path;
        if Some(path) == named || file.diff.binary {
            continue;
        }
        let side = if file.diff.status == ChangeStatus::Deleted { Side::Base } else { Side::Head };
        if let Looked::Stands(standing) = in_file(world, side, path, ways, cited)
            && standing.substance >= 16
        {
            found.push(standing);
        }
    }
    if found.iter().any(|standing| standing.side == Side::Head) {
        found.retain(|standing| standing.side == Side::Head);
    }
    (found.len() == 1).then(|| found.remove(0))
}

fn one_way(world: &World<'_>, side: Side, path: &RepoPath, way: &Way, cited: Option<Side>) -> Looked {
    let base = |pattern: &Pattern| match base_path(world, side, path) {
        Some(old) => at(world, Side::Base, &old, pattern),
        None => Looked::Nowhere,
    };
    let head = |pattern: &Pattern| {
        if side == Side::Head { at(world, Side::Head, path, pattern) } else { Looked::Nowhere }
    };
    let first_found = |first: Looked, second: &dyn Fn() -> Looked| match first {
        Looked::Nowhere => second(),
        found => found,
    };
    match way {
        Way::Lines(pattern) if cited == Some(Side::Base) => first_found(base(pattern), &|| head(pattern)),
        Way::Lines(pattern) => first_found(head(pattern), &|| base(pattern)),
        Way::Removed(pattern) => base(pattern),
        Way::Added { shown, gone } => {
            let gone_stands = gone.as_ref().is_none_or(|gone| matches!(base(gone), Looked::Stands(_)));
            if gone_stands { head(shown) } else { Looked::Nowhere }
        }
    }
}

/// The path a file of a side has at the merge base.
pub(crate) fn base_path(world: &World<'_>, side: Side, path: &RepoPath) -> Option<RepoPath> {
    if side == Side::Base { Some(path.clone()) } else { world.changes.path_at_base(path) }
}

fn at(world: &World<'_>, side: Side, path: &RepoPath, pattern: &Pattern) -> Looked {
    let Some(view) = world.view(side, path) else { return Looked::Nowhere };
    match places(&view, pattern) {
        Matched::TooRepetitive => Looked::TooRepetitive,
        Matched::Places(spans) if spans.is_empty() => Looked::Nowhere,
        Matched::Places(spans) => Looked::Stands(Standing {
            side,
            path: path.clone(),
            places: spans,
            anchor: Some(anchor(pattern)),
            whole: true,
            substance: pattern.substance(),
        }),
    }
}
