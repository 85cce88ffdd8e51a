//! What a claim about the text itself shows in its title, where nothing is quoted.
//!
//! In: the title and the file. Out: an answer of the quote gate. Never holds other claims to their titles: they name
//! code, they do not show it.

use model::{CheckResult, Fault, Location, RawFinding};

use super::Answer;
use crate::claim::is_about_text;
use crate::names::name;
use crate::text::{code_spans, normalise, shorten};
use crate::world::World;

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
        None => Answer::fault(
            Fault::Absent,
            format!(
                "absent: `{}` nowhere reads `{}`; the claim is about this very text",
                place.path,
                shorten(spans[0], 120)
            ),
        ),
    }
}
