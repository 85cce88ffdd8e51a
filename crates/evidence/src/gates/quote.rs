//! Does the quoted code stand in the file?
//!
//! In: a quote and the file it is said to come from. Out: every place where it stands, or the line that comes closest.
//! Never accepts an altered line; where none stands, the answer is `fail` and shows what does.

use model::{CheckResult, Location, RawFinding, RepoPath, Side};

use super::Answer;
use super::file::{FileAnswer, resolve};
use crate::anchor::anchor;
use crate::claim::is_about_text;
use crate::matching::{Matched, Span, closest, parts, places};
use crate::names::name;
use crate::pattern::{Element, Pattern, Segment, Way, segments, ways};
use crate::text::{code_spans, normalise, range, shorten, substance};
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

/// What the gate found out about one quote.
#[derive(Clone, Debug)]
pub(crate) struct QuoteAnswer {
    /// What the gate says.
    pub(crate) answer: Answer,
    /// Where the quote stands, where it does.
    pub(crate) standing: Option<Standing>,
    /// A line that a comment in the quote names.
    pub(crate) noted_line: Option<u32>,
}

impl QuoteAnswer {
    fn without(answer: Answer) -> Self {
        Self { answer, standing: None, noted_line: None }
    }

    /// There is nothing to look up.
    pub(crate) fn nothing_quoted() -> Self {
        Self::without(Answer::not_applicable("no code is quoted"))
    }
}

/// What is known about the claim a quote belongs to.
pub(crate) struct Quoted<'q> {
    /// The quote.
    pub(crate) text: &'q str,
    /// The claimed first line.
    pub(crate) start: Option<u32>,
    /// The side the claim cites.
    pub(crate) side: Option<Side>,
    /// True where the claim is about the text itself (a typo, a syntax error).
    pub(crate) about_text: bool,
}

enum Looked {
    Stands(Standing),
    Nowhere,
    TooRepetitive,
}

/// Looks for the quote in the file, then in the other files of the change.
pub(crate) fn look(world: &World<'_>, file: &FileAnswer, quoted: &Quoted<'_>) -> QuoteAnswer {
    if ways(quoted.text).is_empty() {
        return QuoteAnswer::nothing_quoted();
    }
    let Some((side, path)) = &file.path else { return without_a_file(world, quoted) };
    if file.lineless {
        return QuoteAnswer::without(Answer::unknown(format!("`{path}` has no lines to compare")));
    }
    if let Some(answer) = not_comparable(world, *side, path) {
        return QuoteAnswer::without(answer);
    }
    match look_as_written(world, *side, path, quoted) {
        Looked::Stands(standing) => return stands(standing, None),
        Looked::TooRepetitive => return too_repetitive(path),
        Looked::Nowhere => {}
    }
    let parts = segments(quoted.text);
    if parts.iter().any(|part| part.path.is_some())
        && let Some(answer) = look_by_segment(world, *side, path, quoted, &parts)
    {
        return answer;
    }
    look_for_a_part(world, *side, path, quoted)
        .or_else(|| elsewhere(world, Some(path), quoted))
        .unwrap_or_else(|| altered(world, *side, path, quoted))
}

fn not_comparable(world: &World<'_>, side: Side, path: &RepoPath) -> Option<Answer> {
    match world.view(side, path) {
        None => Some(Answer::unknown(format!("`{path}` could not be read"))),
        Some(view) if view.binary => Some(Answer::unknown(format!("`{path}` is binary"))),
        Some(_) => None,
    }
}

fn too_repetitive(path: &RepoPath) -> QuoteAnswer {
    QuoteAnswer::without(Answer::unknown(format!(
        "the quote or `{path}` repeats itself too often to be looked up"
    )))
}

fn stands(standing: Standing, noted_line: Option<u32>) -> QuoteAnswer {
    let first = standing.places[0];
    let mut detail = format!(
        "the quoted lines stand at `{}:{}`{}",
        standing.path,
        range(first.start, first.end),
        if standing.side == Side::Base { " of the merge base, not at head" } else { "" }
    );
    if standing.places.len() > 1 {
        detail = format!("{detail} and {} more places", standing.places.len() - 1);
    }
    QuoteAnswer { answer: Answer::new(CheckResult::Pass, detail), standing: Some(standing), noted_line }
}

fn look_as_written(world: &World<'_>, side: Side, path: &RepoPath, quoted: &Quoted<'_>) -> Looked {
    for way in ways(quoted.text) {
        match look_one_way(world, side, path, &way, quoted.side) {
            Looked::Nowhere => {}
            found => return found,
        }
    }
    Looked::Nowhere
}

fn look_one_way(world: &World<'_>, side: Side, path: &RepoPath, way: &Way, cited: Option<Side>) -> Looked {
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

fn base_path(world: &World<'_>, side: Side, path: &RepoPath) -> Option<RepoPath> {
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

// Every stretch under a path comment must stand in the file its comment names; the one in the claimed file places the
// finding.
fn look_by_segment(
    world: &World<'_>,
    side: Side,
    path: &RepoPath,
    quoted: &Quoted<'_>,
    parts: &[Segment],
) -> Option<QuoteAnswer> {
    let mut own: Option<(Standing, Option<u32>)> = None;
    for part in parts {
        let (side, file) = match &part.path {
            None => (side, path.clone()),
            Some(named) => resolve(world, named, quoted.side).path.unwrap_or_else(|| (side, path.clone())),
        };
        let inner = Quoted { text: &part.text, ..*quoted };
        let Looked::Stands(standing) = look_as_written(world, side, &file, &inner) else { return None };
        let better = own.as_ref().is_none_or(|(known, _)| known.path != *path && file == *path);
        if better {
            own = Some((standing, part.start));
        }
    }
    let (standing, noted) = own?;
    let away = standing.path != *path && base_path(world, side, path).as_ref() != Some(&standing.path);
    let mut answer = stands(standing, noted);
    if away {
        answer.answer.result = CheckResult::Repaired;
        answer.answer.detail =
            format!("{}, the file its comment names, not in `{path}`", answer.answer.detail);
    }
    Some(answer)
}

// A part of a line is the reviewer's own cut: it places the finding, but what was cut off stays unseen.
fn look_for_a_part(
    world: &World<'_>,
    side: Side,
    path: &RepoPath,
    quoted: &Quoted<'_>,
) -> Option<QuoteAnswer> {
    let text = single_line(quoted.text)?;
    let base = base_path(world, side, path).map(|old| (Side::Base, old));
    let sides = [(side == Side::Head).then(|| (Side::Head, path.clone())), base];
    for (side, path) in sides.into_iter().flatten() {
        let Some(view) = world.view(side, &path) else { continue };
        let spans = parts(&view, &text);
        let Some(first) = spans.first().copied() else { continue };
        let line = view.line(first.start).unwrap_or_default();
        let detail = format!(
            "the quote is a part of `{path}:{}` only, which reads `{}`",
            first.start,
            shorten(line, 160)
        );
        let substance = substance(&text);
        let standing = Standing { side, path, places: spans, anchor: None, whole: false, substance };
        return Some(QuoteAnswer {
            answer: Answer::unknown(detail),
            standing: Some(standing),
            noted_line: None,
        });
    }
    None
}

fn single_line(quote: &str) -> Option<String> {
    let pattern = ways(quote).into_iter().find_map(|way| match way {
        Way::Lines(pattern) => Some(pattern),
        _ => None,
    })?;
    let mut elements = pattern.elements();
    match (elements.next(), elements.next()) {
        (Some(Element::Whole(line)), None) if substance(line) >= 6 => Some(line.clone()),
        _ => None,
    }
}

// A quote that stands in exactly one other file of the change was filed under the wrong name. Short quotes stand
// everywhere and prove nothing.
fn elsewhere(world: &World<'_>, named: Option<&RepoPath>, quoted: &Quoted<'_>) -> Option<QuoteAnswer> {
    let mut found: Vec<Standing> = Vec::new();
    for file in world.changes.files().iter().take(500) {
        let path = &file.diff.path;
        let side =
            if world.paths(Side::Head).exact(path.as_str()).is_some() { Side::Head } else { Side::Base };
        if Some(path) == named || file.diff.binary {
            continue;
        }
        if let Looked::Stands(standing) = look_as_written(world, side, path, quoted)
            && standing.substance >= 16
        {
            found.push(standing);
        }
    }
    let heads = found.iter().filter(|standing| standing.side == Side::Head).count();
    if heads > 0 {
        found.retain(|standing| standing.side == Side::Head);
    }
    let [one] = found.as_slice() else { return None };
    let mut answer = stands(one.clone(), None);
    if let Some(named) = named {
        answer.answer.result = CheckResult::Repaired;
        answer.answer.detail =
            format!("not in `{named}`: {}, no other changed file has them", answer.answer.detail);
    }
    Some(answer)
}

fn without_a_file(world: &World<'_>, quoted: &Quoted<'_>) -> QuoteAnswer {
    let found = elsewhere(world, None, quoted).and_then(|answer| answer.standing);
    QuoteAnswer::without(Answer::unknown(match found {
        Some(standing) => format!(
            "the named file is not known; the quoted lines stand at `{}:{}`",
            standing.path,
            range(standing.places[0].start, standing.places[0].end)
        ),
        None => "the named file is not known, so the quote could not be looked up".to_owned(),
    }))
}

fn altered(world: &World<'_>, side: Side, path: &RepoPath, quoted: &Quoted<'_>) -> QuoteAnswer {
    let about = if quoted.about_text { "; the claim is about this very text" } else { "" };
    let nearest = nearest_miss(world, side, path, quoted);
    let detail = match nearest {
        Some((wanted, line, text, alike)) if alike >= 0.6 => format!(
            "altered: no line of `{path}` reads `{}`; the closest, line {line}, reads `{}`{about}",
            shorten(&wanted, 160),
            shorten(&text, 160)
        ),
        Some((wanted, ..)) => {
            format!(
                "absent: no line of `{path}` reads `{}`, and none comes close{about}",
                shorten(&wanted, 160)
            )
        }
        None => format!("absent: the quoted lines do not stand together in `{path}` in this order{about}"),
    };
    QuoteAnswer::without(Answer::new(CheckResult::Fail, detail))
}

// The first quoted line that the file does not have, with the line that comes closest to it.
fn nearest_miss(
    world: &World<'_>,
    side: Side,
    path: &RepoPath,
    quoted: &Quoted<'_>,
) -> Option<(String, u32, String, f64)> {
    let view = world.view(side, path)?;
    let ways = ways(quoted.text);
    // The last literal reading has markers and margins removed, so that a marker is not taken for an alteration.
    let misses = ways.iter().filter_map(|way| {
        let pattern = match way {
            Way::Lines(pattern) | Way::Removed(pattern) | Way::Added { shown: pattern, .. } => pattern,
        };
        let missing: Vec<&str> = pattern
            .elements()
            .filter_map(|element| match element {
                Element::Whole(line) if view.positions(line).is_empty() => Some(line.as_str()),
                _ => None,
            })
            .collect();
        (!missing.is_empty()).then_some(missing)
    });
    let fewest = misses.min_by_key(Vec::len)?;
    let wanted = fewest[0];
    let near = quoted.start;
    Some(match closest(&view, wanted, near) {
        Some((line, alike)) => {
            (wanted.to_owned(), line, view.line(line).unwrap_or_default().to_owned(), alike)
        }
        None => (wanted.to_owned(), 0, String::new(), 0.0),
    })
}

/// Where nothing is quoted: a claim about the text itself is held to the code its title shows.
pub(crate) fn shown_text(world: &World<'_>, raw: &RawFinding, place: Option<&Location>) -> Answer {
    let nothing = Answer::not_applicable("no code is quoted");
    if !is_about_text(raw) {
        return nothing;
    }
    // A name may be the right spelling; only spans that are code and not a name show how the text reads.
    let spans: Vec<&str> = code_spans(&raw.title)
        .into_iter()
        .filter(|span| name(span, true).is_none() && span.len() >= 3)
        .collect();
    let Some(place) = place.filter(|_| !spans.is_empty()) else { return nothing };
    let Some(view) = world.view(place.side, &place.path).filter(|view| !view.binary) else { return nothing };
    let found = spans.iter().find_map(|span| {
        let wanted = normalise(span);
        view.solid.iter().find(|solid| solid.text.contains(&wanted)).map(|solid| (span, solid.line))
    });
    match found {
        Some((span, line)) => Answer::new(
            CheckResult::Pass,
            format!("`{}:{line}` reads `{}`, as the title shows", place.path, shorten(span, 120)),
        ),
        None => Answer::new(
            CheckResult::Fail,
            format!(
                "absent: `{}` nowhere reads `{}`; the claim is about this very text",
                place.path,
                shorten(spans[0], 120)
            ),
        ),
    }
}
