//! Places in words and in order.
//!
//! In: locations. Out: `path:5-9` and one list of places for several claims. Never looks at files.

use model::{Location, RawLocation, RepoPath};

/// `path:5-9`, `path:5` or `path`.
pub(crate) fn phrase(location: &Location) -> String {
    match (location.start, location.end) {
        (Some(start), Some(end)) if end > start => format!("{}:{start}-{end}", location.path),
        (Some(start), _) => format!("{}:{start}", location.path),
        _ => location.path.to_string(),
    }
}

/// The places of several claims, each once: those of the first claim first, then what the others add.
///
/// A place inside one that is already listed adds nothing, but that somebody's place was corrected is kept.
pub(crate) fn union<'a>(claims: impl Iterator<Item = &'a [Location]>) -> Vec<Location> {
    let mut all: Vec<Location> = Vec::new();
    for (nth, locations) in claims.enumerate() {
        for location in locations {
            let known =
                all.iter_mut().find(|old| if nth == 0 { *old == location } else { covers(old, location) });
            match known {
                None => all.push(location.clone()),
                Some(old) if (old.start, old.end) == (location.start, location.end) => {
                    if old.repaired.is_none() {
                        old.repaired.clone_from(&location.repaired);
                    }
                    // Who quotes shows what the others only point at.
                    if old.quote.is_none() {
                        old.quote.clone_from(&location.quote);
                    }
                }
                Some(_) => {}
            }
        }
    }
    all
}

fn covers(old: &Location, new: &Location) -> bool {
    if old.path != new.path || old.side != new.side {
        return false;
    }
    match (old.start, new.start) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(a), Some(c)) => {
            let (b, d) = (old.end.unwrap_or(a), new.end.unwrap_or(c));
            a <= c && d <= b
        }
    }
}

/// A place as claimed, for remarks that no gate looks at.
pub(crate) fn unchecked(raw: &RawLocation) -> Location {
    Location {
        path: RepoPath::new(raw.path.clone()),
        start: raw.start,
        end: raw.end,
        side: raw.side.unwrap_or_default(),
        symbol: raw.symbol.clone(),
        ..Location::default()
    }
}
