//! Does the code stand at the named lines?
//!
//! In: the claimed lines and the places where the quote stands. Out: the place to show, and how far it is from the
//! claim. Never moves a place without a quote that proves where it stands.

use std::collections::BTreeSet;

use model::{CheckResult, Location, RawLocation, Repair, RepoPath, Side};

use super::Answer;
use super::file::FileAnswer;
use super::quote::QuoteAnswer;
use crate::matching::Span;
use crate::standing::Standing;
use crate::text::{has_word, is_absolute, list, range, shown_path};
use crate::view::FileView;
use crate::world::World;

/// The gate's answer and the place to show.
#[derive(Clone, Debug)]
pub(crate) struct LocationAnswer {
    /// What the gate says.
    pub(crate) answer: Answer,
    /// The place after repair.
    pub(crate) location: Location,
}

/// What else a claim says that helps to tell places apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints<'h> {
    /// Names in back-ticks in its title and body.
    pub(crate) names: &'h [String],
    /// The symbol it names for this place.
    pub(crate) symbol: Option<&'h str>,
}

/// Settles where the finding stands.
pub(crate) fn settle(
    world: &World<'_>,
    raw: &RawLocation,
    file: &FileAnswer,
    quote: &QuoteAnswer,
    hints: &Hints<'_>,
) -> LocationAnswer {
    let claim = Claim::new(raw, quote.noted_line);
    let mut settled = match (&quote.standing, &file.path) {
        (Some(standing), _) => by_quote(world, raw, &claim, standing, hints),
        (None, Some((side, path))) if !file.lineless => by_lines(world, raw, &claim, *side, path, hints),
        (None, Some((side, path))) => {
            let answer = Answer::not_applicable(format!("`{path}` has no lines"));
            LocationAnswer { answer, location: place(raw, *side, path, None) }
        }
        (None, None) => {
            let location = Location {
                verified: false,
                ..place(
                    raw,
                    raw.side.unwrap_or_default(),
                    &RepoPath::new(if is_absolute(&raw.path) {
                        shown_path(&raw.path)
                    } else {
                        raw.path.clone()
                    }),
                    claim.lines,
                )
            };
            LocationAnswer { answer: Answer::unknown("the file is not known"), location }
        }
    };
    let location = &mut settled.location;
    location.verified &= file.path.is_some() && quote.answer.result != CheckResult::Fail;
    if location.path.as_str() != raw.path && file.path.is_some() && location.repaired.is_none() {
        location.repaired = Some(Repair { from: claim.shown(raw), distance: None });
    }
    location.symbol = match location.start {
        Some(start) if file.path.is_some() => world.symbol(location.side, &location.path, start),
        _ => None,
    };
    settled
}

struct Claim {
    lines: Option<Span>,
}

impl Claim {
    fn new(raw: &RawLocation, noted: Option<u32>) -> Self {
        let start = raw.start.filter(|line| *line > 0);
        let lines =
            start.map(|start| Span { start, end: raw.end.filter(|end| *end >= start).unwrap_or(start) });
        Self { lines: lines.or(noted.map(|line| Span { start: line, end: line })) }
    }

    fn shown(&self, raw: &RawLocation) -> String {
        match self.lines {
            Some(span) => format!("{}:{}", shown_path(&raw.path), range(span.start, span.end)),
            None => shown_path(&raw.path),
        }
    }
}

fn place(raw: &RawLocation, side: Side, path: &RepoPath, span: Option<Span>) -> Location {
    Location {
        path: path.clone(),
        start: span.map(|span| span.start),
        end: span.map(|span| span.end),
        side,
        verified: true,
        repaired: None,
        symbol: None,
        quote: raw.quote.clone(),
        permalink: None,
    }
}

fn by_quote(
    world: &World<'_>,
    raw: &RawLocation,
    claim: &Claim,
    standing: &Standing,
    hints: &Hints<'_>,
) -> LocationAnswer {
    let choice = choose(world, standing, claim.lines, hints);
    let mut location = place(raw, standing.side, &standing.path, Some(choice.span));
    location.verified = standing.whole;
    let (side, path) = (standing.side, &standing.path);
    let moved_file = path.as_str() != raw.path && !path.as_str().ends_with(&format!("/{}", raw.path));
    let at = format!("{path}:{}", range(choice.span.start, choice.span.end));
    let note = choice.note(side);
    let answer = match claim.lines {
        None => {
            location.repaired = Some(Repair { from: claim.shown(raw), distance: None });
            let result = if choice.ambiguous { CheckResult::Unknown } else { CheckResult::Repaired };
            Answer::new(result, format!("no line is named; the quote stands at `{at}`{note}"))
        }
        Some(lines) if inside(choice.span, lines) && !moved_file => {
            let shown = Span { start: lines.start, end: lines.end.min(end_of(world, side, path)) };
            (location.start, location.end) = (Some(shown.start), Some(shown.end.max(choice.span.end)));
            Answer::new(CheckResult::Pass, format!("the quote stands at `{at}`, inside the named lines"))
        }
        Some(lines) if lines.start == lines.end && inside(lines, choice.span) && !moved_file => {
            let detail = format!("line {} is one of the quoted lines, which stand at `{at}`", lines.start);
            Answer::new(CheckResult::Pass, detail)
        }
        Some(lines) => {
            let distance = i64::from(choice.span.start) - i64::from(lines.start);
            let distance = (!moved_file).then_some(distance);
            location.repaired = Some(Repair { from: claim.shown(raw), distance });
            let by = distance.map_or(String::new(), |lines| format!(" ({lines:+} lines)"));
            let result = if choice.ambiguous { CheckResult::Unknown } else { CheckResult::Repaired };
            Answer::new(
                result,
                format!("named as `{}`, the quote stands at `{at}`{by}{note}", claim.shown(raw)),
            )
        }
    };
    LocationAnswer { answer, location }
}

fn end_of(world: &World<'_>, side: Side, path: &RepoPath) -> u32 {
    world.view(side, path).map_or(u32::MAX, |view| view.line_count())
}

fn inside(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

struct Choice {
    span: Span,
    others: Vec<Span>,
    margin: f64,
    because: Vec<&'static str>,
    ambiguous: bool,
}

impl Choice {
    fn note(&self, side: Side) -> String {
        let mut note = String::new();
        if side == Side::Base {
            note.push_str(" of the merge base");
        }
        if self.others.is_empty() {
            return note;
        }
        let others: Vec<String> = self.others.iter().map(|span| span.start.to_string()).collect();
        let word = if self.ambiguous { "ambiguous" } else { "chosen" };
        let because =
            if self.because.is_empty() { "the distance".to_owned() } else { self.because.join(", ") };
        note = format!(
            "{note}; {word} by {because} with a margin of {:.1} over line {}",
            self.margin,
            list(&others, 5)
        );
        note
    }
}

// Weights of what tells equal pieces of code apart. A named function outweighs a miscounted line; the distance counts
// by its logarithm because reviewers who are off by 40 lines are as often off by 80.
const SYMBOL: f64 = 3.0;
const NAMES: f64 = 1.5;
const CHANGED: f64 = 0.5;
const CLEAR: f64 = 0.25;

fn choose(world: &World<'_>, standing: &Standing, lines: Option<Span>, hints: &Hints<'_>) -> Choice {
    let [only] = standing.places.as_slice() else {
        return choose_between(world, standing, lines, hints);
    };
    Choice { span: *only, others: Vec::new(), margin: f64::INFINITY, because: Vec::new(), ambiguous: false }
}

struct Scored {
    span: Span,
    score: f64,
    symbol: bool,
    names: f64,
    changed: bool,
}

fn choose_between(world: &World<'_>, standing: &Standing, lines: Option<Span>, hints: &Hints<'_>) -> Choice {
    let nearest = nearest_places(&standing.places, lines);
    let mut scored: Vec<Scored> =
        nearest.iter().map(|span| score(world, standing, *span, lines, hints)).collect();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.span.cmp(&b.span)));
    let (best, second) = (&scored[0], &scored[1]);
    let mut because = Vec::new();
    if best.symbol && !second.symbol {
        because.push("the named symbol");
    }
    if best.names > second.names {
        because.push("the names around it");
    }
    if best.changed && !second.changed {
        because.push("the change");
    }
    // A place inside the named lines is what the reviewer said; nothing outweighs that.
    let named = lines.is_some_and(|lines| inside(best.span, lines) || inside(lines, best.span));
    let margin = best.score - second.score;
    Choice {
        span: best.span,
        others: scored[1..].iter().map(|other| other.span).collect(),
        margin,
        because,
        ambiguous: margin < CLEAR && !named,
    }
}

// Scoring looks into the file around each place, so only the places nearest to the claim are looked at.
fn nearest_places(places: &[Span], lines: Option<Span>) -> Vec<Span> {
    let mut nearest = places.to_vec();
    if let Some(lines) = lines {
        nearest.sort_by_key(|span| (distance(*span, lines), span.start));
    }
    nearest.truncate(40);
    nearest
}

fn distance(span: Span, lines: Span) -> u32 {
    if inside(span, lines) || inside(lines, span) { 0 } else { span.start.abs_diff(lines.start) }
}

fn score(
    world: &World<'_>,
    standing: &Standing,
    span: Span,
    lines: Option<Span>,
    hints: &Hints<'_>,
) -> Scored {
    let (side, path) = (standing.side, &standing.path);
    let symbol = world.symbol(side, path, span.start);
    let symbol = symbol.is_some_and(|symbol| {
        let named = hints.symbol.is_some_and(|hint| has_word(hint, &symbol));
        named || hints.names.contains(&symbol)
    });
    let changed = world.changes.at(side, path).is_some_and(|file| {
        let lines = if side == Side::Head { &file.added } else { &file.removed };
        lines.within(span.start, span.end) > 0
    });
    let names = world.view(side, path).map_or(0.0, |view| names_around(&view, span, hints.names));
    let near = lines.map_or(0.0, |lines| {
        if distance(span, lines) == 0 { 100.0 } else { -f64::from(distance(span, lines)).ln_1p() }
    });
    let score =
        near + SYMBOL * f64::from(u8::from(symbol)) + NAMES * names + CHANGED * f64::from(u8::from(changed));
    Scored { span, score, symbol, names, changed }
}

// The share of the claim's names that occur within ten lines of the place.
fn names_around(view: &FileView, span: Span, names: &[String]) -> f64 {
    if names.is_empty() {
        return 0.0;
    }
    let first = span.start.saturating_sub(11) as usize;
    let last = (span.end as usize + 10).min(view.lines.len());
    let around = &view.lines[first.min(last)..last];
    let seen = names.iter().take(30).filter(|name| around.iter().any(|line| has_word(line, name))).count();
    seen as f64 / names.len().min(30) as f64
}

fn by_lines(
    world: &World<'_>,
    raw: &RawLocation,
    claim: &Claim,
    side: Side,
    path: &RepoPath,
    hints: &Hints<'_>,
) -> LocationAnswer {
    let mut location = place(raw, side, path, claim.lines);
    let Some(lines) = claim.lines else {
        return LocationAnswer { answer: Answer::not_applicable("no line is named"), location };
    };
    let Some(view) = world.view(side, path).filter(|view| !view.binary) else {
        location.verified = false;
        return LocationAnswer {
            answer: Answer::unknown(format!("`{path}` could not be read as text")),
            location,
        };
    };
    let count = view.line_count();
    if lines.start > count {
        location.verified = false;
        let detail = format!("line {} does not exist: `{path}` has {count} lines", lines.start);
        return LocationAnswer { answer: Answer::new(CheckResult::Fail, detail), location };
    }
    location.end = Some(lines.end.min(count));
    let seen = names_within(&view, lines, hints);
    let answer = if seen.is_empty() {
        Answer::unknown(format!(
            "the lines exist, and no quote tells whether they are meant (`{path}` has {count} lines)"
        ))
    } else {
        let names: Vec<String> = seen.iter().map(|name| format!("`{name}`")).collect();
        Answer::new(CheckResult::Pass, format!("the lines exist and name {}", list(&names, 4)))
    };
    LocationAnswer { answer, location }
}

// Without a quote, names that the claim uses and the lines contain are the only evidence there is.
fn names_within(view: &FileView, lines: Span, hints: &Hints<'_>) -> BTreeSet<String> {
    let first = (lines.start as usize).saturating_sub(2);
    let last = (lines.end as usize + 1).min(view.lines.len());
    let within = &view.lines[first.min(last)..last];
    let mut names: Vec<&str> = hints.names.iter().map(String::as_str).collect();
    names.extend(hints.symbol);
    names
        .into_iter()
        .filter(|name| within.iter().any(|line| has_word(line, name)))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, check_one, claim};
    use model::{CheckedFinding, Gate, RawFinding};

    const TWICE: &str = "fn first() {\n    let a = 1;\n    close(handle);\n}\n\nfn filler() {\n    one();\n    two();\n    three();\n}\n\nfn second() {\n    let b = 2;\n    close(handle);\n}\n";

    fn ask(raw: RawFinding) -> CheckedFinding {
        let memory = Memory::new(&[("a.rs", TWICE)], &[("a.rs", TWICE)]);
        check_one(&memory, raw)
    }

    fn told(finding: &CheckedFinding) -> (CheckResult, Option<u32>, Option<u32>, &str) {
        let check = finding.check(Gate::Location).expect("a check");
        (check.result, finding.locations[0].start, finding.locations[0].end, &check.detail)
    }

    #[test]
    fn a_quote_inside_the_named_lines_leaves_them_alone() {
        let finding = ask(claim("a.rs", Some((12, 15)), Some("let b = 2;\nclose(handle);")));
        assert_eq!(
            (told(&finding).0, told(&finding).1, told(&finding).2),
            (CheckResult::Pass, Some(12), Some(15))
        );
        assert_eq!(finding.locations[0].repaired, None);
    }

    #[test]
    fn a_miscounted_line_is_repaired_with_its_distance() {
        let finding = ask(claim("a.rs", Some((10, 11)), Some("let b = 2;\nclose(handle);")));
        assert_eq!(
            (told(&finding).0, told(&finding).1, told(&finding).2),
            (CheckResult::Repaired, Some(13), Some(14))
        );
        let repaired = finding.locations[0].repaired.clone().expect("a repair");
        assert_eq!((repaired.from.as_str(), repaired.distance), ("a.rs:10-11", Some(3)));
        assert_eq!(finding.symbol.as_deref(), Some("second"));
    }

    #[test]
    fn the_nearest_of_equal_places_wins_and_a_named_symbol_outweighs_it() {
        let near = ask(claim("a.rs", Some((5, 5)), Some("close(handle);")));
        assert_eq!((told(&near).0, told(&near).1), (CheckResult::Repaired, Some(3)));
        assert!(told(&near).3.contains("margin"), "{}", told(&near).3);
        let mut named = claim("a.rs", Some((5, 5)), Some("close(handle);"));
        named.title = "`second` closes twice".to_owned();
        assert_eq!(told(&ask(named)).1, Some(14));
    }

    #[test]
    fn a_tie_is_reported_as_one() {
        let lines = "x();\n".to_owned() + &"y();\n".repeat(9) + "x();\n";
        let memory = Memory::new(&[("t.rs", &lines)], &[("t.rs", &lines)]);
        let finding = check_one(&memory, claim("t.rs", Some((6, 6)), Some("x();")));
        assert_eq!(told(&finding).0, CheckResult::Unknown);
        assert!(told(&finding).3.contains("ambiguous"), "{}", told(&finding).3);
    }

    #[test]
    fn without_a_quote_only_names_speak_for_the_lines() {
        let mut raw = claim("a.rs", Some((14, 14)), None);
        assert_eq!(told(&ask(raw.clone())).0, CheckResult::Unknown);
        raw.title = "`handle` is closed twice".to_owned();
        assert_eq!(told(&ask(raw)).0, CheckResult::Pass);
        assert_eq!(told(&ask(claim("a.rs", Some((99, 99)), None))).0, CheckResult::Fail);
        assert_eq!(told(&ask(claim("a.rs", None, None))).0, CheckResult::NotApplicable);
    }
}
