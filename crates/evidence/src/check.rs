//! Asks every gate about every raw finding.
//!
//! In: what reviewers claim and the facts of the repository. Out: one checked finding a claim, with one answer a gate.
//! Never drops a claim and never weighs one: what an answer is worth is policy.

use model::{
    Check, CheckResult, CheckedFinding, Gate, Limitation, Location, Origin, OriginValue, RawFinding,
    RawLocation, Reading, RepoPath, Scope,
};

use crate::blame::BlameBook;
use crate::claim::{claim, is_about_text};
use crate::facts::Facts;
use crate::gates::file::{FileAnswer, resolve, settle_by_quote};
use crate::gates::location::{Hints, LocationAnswer, settle};
use crate::gates::quote::{QuoteAnswer, Quoted, look};
use crate::gates::{Answer, acknowledged, fix, later, origin, scope, shown, specifics};
use crate::limitations::limitations;
use crate::lookup::LookUp;
use crate::moved::Moved;
use crate::names::names;
use crate::taken::Taken;
use crate::world::World;

/// What one reviewer claims.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// Whose claims.
    pub reviewer: &'a str,
    /// What was read.
    pub reading: &'a Reading,
}

/// What is known of a change before anybody claims anything, collected once for all reviewers.
pub struct Evidence<'f> {
    world: World<'f>,
    moved: Moved,
    taken: Taken,
    changed: scope::ChangedNames,
    limitations: Vec<Limitation>,
}

impl<'f> Evidence<'f> {
    /// Looks at the change.
    pub fn new(facts: &'f dyn Facts) -> Self {
        let world = World::new(facts);
        Self {
            moved: Moved::collect(facts.diff()),
            taken: Taken::collect(facts.diff()),
            changed: scope::ChangedNames::collect(&world),
            limitations: limitations(facts),
            world,
        }
    }

    /// The limitations that the change admits.
    pub fn limitations(&self) -> &[Limitation] {
        &self.limitations
    }

    /// Asks every gate about every claim; the order of the answers is the order of the claims.
    pub fn check(&self, claims: &[Claims<'_>]) -> Vec<CheckedFinding> {
        let placed: Vec<Placed<'_>> =
            raws(claims).map(|(reviewer, raw)| Placed::new(&self.world, reviewer, raw)).collect();
        let places = placed.iter().filter_map(|placed| placed.settled.first()).map(|it| &it.location);
        let blame = BlameBook::collect(&self.world, places);
        let symbols = placed.iter().filter_map(|placed| placed.settled.first()?.location.symbol.as_deref());
        let look_up = LookUp::collect(&self.world, placed.iter().map(|placed| placed.raw), symbols);
        let books = Shelf { known: self, blame, look_up };
        placed.into_iter().map(|placed| placed.checked(&self.world, &books)).collect()
    }
}

/// Asks every gate about every claim, where it is asked only once about a change.
pub fn check(claims: &[Claims<'_>], facts: &dyn Facts) -> Vec<CheckedFinding> {
    Evidence::new(facts).check(claims)
}

/// The same without a repository: nothing can be answered, and every place stays as claimed.
pub fn check_nothing(claims: &[Claims<'_>]) -> Vec<CheckedFinding> {
    raws(claims).map(|(reviewer, raw)| unchecked(reviewer, raw)).collect()
}

fn raws<'a>(claims: &[Claims<'a>]) -> impl Iterator<Item = (&'a str, &'a RawFinding)> {
    claims.iter().flat_map(|claims| claims.reading.findings.iter().map(|raw| (claims.reviewer, raw)))
}

// What is computed once for all findings of a call, beside what is known of the change.
struct Shelf<'e> {
    known: &'e Evidence<'e>,
    blame: BlameBook,
    look_up: LookUp,
}

// A claim whose places are settled.
struct Placed<'a> {
    reviewer: &'a str,
    raw: &'a RawFinding,
    files: Vec<FileAnswer>,
    quotes: Vec<QuoteAnswer>,
    settled: Vec<LocationAnswer>,
}

impl<'a> Placed<'a> {
    fn new(world: &World<'_>, reviewer: &'a str, raw: &'a RawFinding) -> Self {
        let names = names(raw);
        let mut placed = Self { reviewer, raw, files: Vec::new(), quotes: Vec::new(), settled: Vec::new() };
        for location in &raw.locations {
            let file = match (resolve(world, &location.path, location.side), &location.quote) {
                (several, Some(quote)) if !several.candidates.is_empty() => {
                    settle_by_quote(world, several, quote, location.side)
                }
                (file, _) => file,
            };
            let quote = match &location.quote {
                Some(text) => look(
                    world,
                    &file,
                    &Quoted {
                        text,
                        start: location.start,
                        side: location.side,
                        about_text: is_about_text(raw),
                    },
                ),
                None => QuoteAnswer::nothing_quoted(),
            };
            let hints = Hints { names: &names, symbol: location.symbol.as_deref() };
            placed.settled.push(settle(world, location, &file, &quote, &hints));
            placed.files.push(file);
            placed.quotes.push(quote);
        }
        placed
    }

    fn checked(self, world: &World<'_>, books: &Shelf<'_>) -> CheckedFinding {
        let locations: Vec<Location> = self.settled.iter().map(|settled| settled.location.clone()).collect();
        let resolved = self.files.first().is_some_and(|file| file.path.is_some());
        let (scope_answer, scope) =
            scope::judge(world, self.raw, &locations, &books.known.changed, &books.known.taken);
        let origin_books = origin::Books {
            blame: &books.blame,
            moved: &books.known.moved,
            look_up: &books.look_up,
            taken: &books.known.taken,
        };
        let (origin_answer, origin) = if resolved || locations.is_empty() {
            origin::judge(world, self.raw, locations.first(), &origin_books)
        } else {
            unplaced()
        };
        let answers = [
            (Gate::File, summed(self.raw, self.files.iter().map(|file| &file.answer), "no file is named")),
            (Gate::Quote, self.quote_answer(world, &locations)),
            (Gate::Location, summed(self.raw, self.settled.iter().map(|it| &it.answer), "no place is named")),
            (Gate::Scope, scope_answer),
            (Gate::Origin, origin_answer),
            (Gate::Declined, later::declined()),
            (
                Gate::Acknowledged,
                acknowledged::judge(world, self.raw, locations.first(), &books.known.limitations),
            ),
            (Gate::Fix, fix::judge(world, self.raw, locations.first())),
            (Gate::Repro, later::repro(self.raw.repro.as_deref())),
            (Gate::Specifics, specifics::judge(world, self.raw, &books.look_up)),
        ];
        let anchored = self.quotes.iter().find_map(|quote| quote.standing.as_ref()?.anchor.clone());
        CheckedFinding {
            reviewer: self.reviewer.to_owned(),
            raw: self.raw.clone(),
            checks: checks(self.reviewer, self.raw, answers),
            symbol: locations.first().and_then(|place| place.symbol.clone()),
            locations,
            origin,
            scope,
            claim: claim(self.raw),
            anchor: anchored,
        }
    }

    // Where nothing is quoted for the primary place, the quote of another place speaks for the finding; where nothing
    // is quoted at all, a claim about the text itself is held to the words its title shows.
    fn quote_answer(&self, world: &World<'_>, locations: &[Location]) -> Answer {
        let quoted = self
            .quotes
            .iter()
            .zip(&self.raw.locations)
            .position(|(quote, _)| quote.answer.result != CheckResult::NotApplicable);
        match quoted {
            None => shown::shown_text(world, self.raw, locations.first()),
            Some(0) => self.quotes[0].answer.clone(),
            Some(at) => {
                let answer = &self.quotes[at].answer;
                let detail = format!("quoted for place {}: {}", at + 1, answer.detail);
                Answer { fault: answer.fault, ..Answer::new(answer.result, detail) }
            }
        }
    }
}

fn unplaced() -> (Answer, Origin) {
    let method = "the named file is not known";
    (
        Answer::unknown(method),
        Origin { value: OriginValue::Unknown, commits: Vec::new(), method: method.to_owned() },
    )
}

// The primary place decides; what is wrong with the others is said.
fn summed<'x>(raw: &RawFinding, answers: impl Iterator<Item = &'x Answer>, none: &str) -> Answer {
    let mut answers = answers.enumerate();
    let Some((_, primary)) = answers.next() else { return Answer::not_applicable(none) };
    let mut answer = primary.clone();
    let worse = answers
        .filter(|(_, other)| matches!(other.result, CheckResult::Fail | CheckResult::Repaired))
        .take(4);
    for (at, other) in worse {
        let shown = raw.locations.get(at).map_or("", |location: &RawLocation| location.path.as_str());
        let shown = crate::text::shorten(shown, 80);
        answer.detail = format!("{}; place {} (`{shown}`): {}", answer.detail, at + 1, other.detail);
    }
    answer
}

fn checks(reviewer: &str, raw: &RawFinding, answers: [(Gate, Answer); 10]) -> Vec<Check> {
    let check = |(gate, answer): (Gate, Answer)| Check {
        reviewer: reviewer.to_owned(),
        index: raw.index,
        gate,
        result: answer.result,
        detail: answer.detail,
        fault: answer.fault,
    };
    answers.into_iter().map(check).collect()
}

fn unchecked(reviewer: &str, raw: &RawFinding) -> CheckedFinding {
    const GATES: [Gate; 10] = [
        Gate::File,
        Gate::Quote,
        Gate::Location,
        Gate::Scope,
        Gate::Origin,
        Gate::Declined,
        Gate::Acknowledged,
        Gate::Fix,
        Gate::Repro,
        Gate::Specifics,
    ];
    let as_claimed = |location: &RawLocation| Location {
        path: RepoPath::new(location.path.clone()),
        start: location.start,
        end: location.end.or(location.start),
        side: location.side.unwrap_or_default(),
        quote: location.quote.clone(),
        symbol: location.symbol.clone(),
        ..Location::default()
    };
    let why = "no repository was given";
    CheckedFinding {
        reviewer: reviewer.to_owned(),
        raw: raw.clone(),
        checks: checks(reviewer, raw, GATES.map(|gate| (gate, Answer::unknown(why)))),
        locations: raw.locations.iter().map(as_claimed).collect(),
        origin: Origin { value: OriginValue::Unknown, commits: Vec::new(), method: why.to_owned() },
        scope: Scope::Unknown,
        claim: claim(raw),
        symbol: raw.locations.first().and_then(|location| location.symbol.clone()),
        anchor: None,
    }
}
