//! One finding, as far as it can be contradicted.
//!
//! In: a defect. Out: whether a statement denies it. Conservative: where it is not plain that both speak of the same
//! thing, they do not.

use std::collections::BTreeSet;

use super::statements::{Statement, names, stems};
use super::topics::{OF_THE_NAMED, Topics, UNTESTED, claimed};
use crate::defect::Defect;
use crate::matching::same_file;

/// What a finding claims and where.
pub(super) struct Question {
    claims: Topics,
    places: Vec<(String, Option<(u32, u32)>)>,
    names: BTreeSet<String>,
    stems: BTreeSet<String>,
    /// Words of the title and of the first sentences: when it happens is often told there.
    circumstances: BTreeSet<String>,
}

/// A statement about lines this far from the finding's is about something else.
const NEAR: u32 = 3;
/// So much of a body tells what the defect is; the rest tells what follows.
const HEAD: usize = 240;

impl Question {
    pub(super) fn of(defect: &Defect<'_>) -> Self {
        let titles: Vec<&str> = defect.members.iter().map(|it| it.finding.raw.title.as_str()).collect();
        let titles = titles.join("\n");
        let shown = defect.shown().finding;
        // What kind of defect it is stands in the title; only a title that tells none is helped by the first words.
        let claims = match claimed(&titles) {
            0 => claimed(head(&shown.raw.body)),
            claims => claims,
        };
        let mut names = names(&titles);
        names.extend(
            defect
                .members
                .iter()
                .filter_map(|it| it.finding.symbol.as_deref())
                .filter_map(|symbol| symbol.rsplit(['.', ':', '#', ' ']).next())
                .filter(|name| name.len() >= 4)
                .map(str::to_lowercase),
        );
        let places = defect
            .members
            .iter()
            .flat_map(|it| &it.finding.locations)
            .map(|place| {
                let lines = place.start.map(|start| (start, place.end.unwrap_or(start)));
                (place.path.as_str().to_owned(), lines)
            })
            .collect();
        let trigger = shown.raw.trigger.as_deref().unwrap_or_default();
        let circumstances = stems(&format!("{titles}\n{}\n{trigger}", head(&shown.raw.body)));
        Self { claims, places, names, stems: stems(&titles), circumstances }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        let paths: BTreeSet<&str> = self.places.iter().map(|(path, _)| path.as_str()).collect();
        paths.into_iter()
    }

    /// Whether a statement says the opposite about the same thing.
    pub(super) fn is_denied_by(&self, statement: &Statement<'_>) -> bool {
        if !self.happens_under(&statement.condition) {
            return false;
        }
        let denied = self.claims & statement.denies;
        let opposite = denied & !UNTESTED != 0 || denied != 0 && self.is_told_in_full(statement);
        let refuted = statement.refutes && (statement.about == 0 || statement.about & self.claims != 0);
        if !opposite && !refuted {
            return false;
        }
        let nearness = self.nearness(statement);
        if nearness == Nearness::Elsewhere {
            return false;
        }
        let shared: BTreeSet<&String> = self.names.intersection(&statement.names).collect();
        let spoken: usize = self.stems.intersection(&statement.stems).count();
        let in_names: BTreeSet<String> = shared.iter().flat_map(|name| stems(name)).collect();
        let other_words =
            self.stems.intersection(&statement.stems).filter(|stem| !in_names.contains(*stem)).count();
        if statement.complains && shared.is_empty() {
            return false;
        }
        let named = !shared.is_empty();
        match (opposite, nearness) {
            // The opposite, about lines that overlap: one word in common ties them.
            (true, Nearness::SameLines) => named || spoken >= 1,
            // The opposite about the same file, or an outright refutation about the same lines: the same name, or more than
            // one word of the title.
            (true, Nearness::SameFile) | (false, Nearness::SameLines) => named || spoken >= 2,
            // The opposite about no place in particular.
            (true, _) => {
                let tied = other_words >= 1 || denied & OF_THE_NAMED != 0;
                named && tied || spoken >= 3 && spoken * 2 >= self.stems.len()
            }
            // "Not a bug" does not say of which, so it must name what it is about.
            (false, _) => named && other_words >= 1,
        }
    }

    /// Whether the finding speaks of the case that a statement limits itself to.
    fn happens_under(&self, condition: &BTreeSet<String>) -> bool {
        condition.iter().all(|stem| self.circumstances.contains(stem))
    }

    /// Most words of the title occur in the statement.
    fn is_told_in_full(&self, statement: &Statement<'_>) -> bool {
        let told = self.stems.intersection(&statement.stems).count();
        told * 10 >= self.stems.len() * 6
    }

    fn nearness(&self, statement: &Statement<'_>) -> Nearness {
        if statement.places.is_empty() || self.places.is_empty() {
            return Nearness::Unknown;
        }
        let of = |(path, lines): &(String, Option<(u32, u32)>)| {
            self.places
                .iter()
                .filter(|(own, _)| same_file(own, path))
                .map(|(_, own)| match (own, lines) {
                    (Some((a, b)), Some((c, d))) if *a <= d + NEAR && *c <= b + NEAR => Nearness::SameLines,
                    (Some(_), Some(_)) => Nearness::Elsewhere,
                    _ => Nearness::SameFile,
                })
                .max()
                .unwrap_or(Nearness::Elsewhere)
        };
        statement.places.iter().map(of).max().unwrap_or(Nearness::Unknown)
    }
}

/// How close the places of a statement are to those of a finding; later is closer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// Both name places, and they are different ones.
    Elsewhere,
    /// One of them names none.
    Unknown,
    /// The same file; at least one names no lines.
    SameFile,
    /// The lines overlap or touch.
    SameLines,
}

fn head(text: &str) -> &str {
    let end = (0..=text.len().min(HEAD)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}
