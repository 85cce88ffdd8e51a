//! Who wrote the lines under the findings, asked once per file.
//!
//! In: the ranges all findings need. Out: one answer per line. Never asks about lines that the diff shows unchanged:
//! they are old, whoever wrote them last.

use std::collections::{BTreeMap, HashMap};

use model::{Location, RepoPath, Side};

use crate::facts::Blamed;
use crate::world::World;

/// Blame of the needed lines, by file.
#[derive(Debug, Default)]
pub(crate) struct BlameBook(HashMap<RepoPath, Result<HashMap<u32, Blamed>, String>>);

impl BlameBook {
    /// Asks for every changed line under the places.
    pub(crate) fn collect<'l>(world: &World<'_>, places: impl Iterator<Item = &'l Location>) -> Self {
        let mut needed: BTreeMap<RepoPath, Vec<(u32, u32)>> = BTreeMap::new();
        for place in places.filter(|place| place.side == Side::Head) {
            let (Some(start), Some(end)) = (place.start, place.end) else { continue };
            let Some(file) = world.changes.file(&place.path) else { continue };
            let count = world.view(Side::Head, &place.path).map_or(0, |view| view.line_count());
            if file.added.within(start, end) > 0 && start <= count {
                needed.entry(place.path.clone()).or_default().push((start, end.min(count)));
            }
        }
        let needed: Vec<(RepoPath, Vec<(u32, u32)>)> =
            needed.into_iter().map(|(path, ranges)| (path, joined(ranges))).collect();
        world.facts.prepare_blame(&needed);
        let asked = needed.into_iter().map(|(path, ranges)| {
            let lines = world.facts.blame(&path, &ranges);
            let lines = lines.map(|lines| lines.into_iter().map(|blamed| (blamed.line, blamed)).collect());
            (path, lines)
        });
        Self(asked.collect())
    }

    /// Who wrote a line.
    pub(crate) fn line(&self, path: &RepoPath, line: u32) -> Result<&Blamed, String> {
        match self.0.get(path) {
            Some(Ok(lines)) => {
                lines.get(&line).ok_or_else(|| format!("git blame said nothing about line {line}"))
            }
            Some(Err(why)) => Err(why.clone()),
            None => Err("git blame was not asked".to_owned()),
        }
    }
}

fn joined(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match joined.last_mut() {
            Some((_, last)) if start <= last.saturating_add(1) => *last = end.max(*last),
            _ => joined.push((start, end)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_ranges_are_asked_for_once() {
        assert_eq!(joined(vec![(5, 9), (1, 4), (20, 30), (22, 25)]), [(1, 9), (20, 30)]);
    }
}
