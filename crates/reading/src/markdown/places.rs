//! Places in running pieces: lists, ranges in words, links.
//!
//! In: pieces. Out: the places they name and how many pieces that takes. Never looks behind the first piece that is
//! none.

use model::RawLocation;

use super::header::is_decoration;
use super::inline::{Part, Piece};
use crate::location::{self, Paths};

/// Reads a list of places; returns how many pieces it takes.
pub(super) fn place_list(line: &[Piece], found: &mut Vec<RawLocation>, paths: Paths<'_>) -> usize {
    let mut at = 0;
    let mut end = 0;
    while at < line.len() && at < 200 {
        let piece = &line[at];
        if let Some((places, used)) = one_place(&line[at..], found.last(), paths) {
            found.extend(places);
            at += used;
            end = at;
        } else if end > 0 && is_joiner(piece) {
            at += 1;
        } else {
            break;
        }
    }
    end
}

fn is_joiner(piece: &Piece) -> bool {
    piece.part == Part::Word
        && matches!(
            piece.text.as_str(),
            "," | ";" | "and" | "vs" | "vs." | "&" | "+" | "/" | "or" | "-" | "–" | "plus"
        )
}

fn one_place(
    line: &[Piece],
    last: Option<&RawLocation>,
    paths: Paths<'_>,
) -> Option<(Vec<RawLocation>, usize)> {
    let piece = &line[0];
    let mut places = match &piece.part {
        Part::Link(address) => location::link(&piece.text, address, paths),
        Part::Code => location::places(&piece.text, true, paths),
        Part::Word => location::places(piece.text.trim_end_matches([':', '.']), false, paths),
        Part::Break => None,
    };
    if places.is_none()
        && let (Some(last), Some((start, end))) = (last, location::range(piece.text.trim_end_matches(':')))
    {
        let again = RawLocation {
            path: last.path.clone(),
            start: Some(start),
            end: Some(end),
            ..RawLocation::default()
        };
        places = Some(vec![again]);
    }
    let mut places = places?;
    let mut used = 1;
    // `path` (lines 10-14), `path` lines 10–14, `path`, line 10
    if let [only] = places.as_mut_slice()
        && only.start.is_none()
        && let Some((range, words)) = worded_range(&line[1..])
    {
        (only.start, only.end) = (Some(range.0), Some(range.1));
        used += words;
    }
    Some((places, used))
}

fn worded_range(line: &[Piece]) -> Option<((u32, u32), usize)> {
    let mut at = 0;
    while line.get(at).is_some_and(|piece| piece.is("(") || piece.is(",") || piece.is(":")) && at < 2 {
        at += 1;
    }
    at += usize::from(line.get(at).is_some_and(|piece| piece.is("around") || piece.is("on")));
    let word = line.get(at)?.text.to_lowercase();
    let worded = matches!(word.trim_end_matches(':'), "line" | "lines" | "l." | "ll." | "at");
    if worded {
        at += 1;
    } else if !line.get(at)?.text.starts_with('L') || at == 0 {
        return None;
    }
    let mut text = String::new();
    let mut end = at;
    while let Some(piece) = line.get(end) {
        let part = piece.text.trim_end_matches(['.', ':']);
        let part = if !text.is_empty() && matches!(part, "to" | "through") { "-" } else { part };
        let fits = !part.is_empty()
            && part.chars().all(|c| c.is_ascii_digit() || matches!(c, 'L' | '-' | '–' | '—' | '~'));
        if !fits || end - at > 3 {
            break;
        }
        text.push_str(part.trim_start_matches('~'));
        end += 1;
    }
    let range = location::range(&text)?;
    while line.get(end).is_some_and(|piece| piece.is(")")) {
        end += 1;
    }
    Some((range, end))
}

pub(super) fn is_place_word(piece: &Piece) -> bool {
    piece.part == Part::Word
        && matches!(
            piece.text.to_lowercase().as_str(),
            "in" | "at" | "file:" | "location:" | "where:" | "see" | "files:"
        )
}

/// Words behind which a place is part of the sentence.
pub(super) fn is_preposition(piece: &Piece) -> bool {
    piece.part == Part::Word
        && matches!(
            piece.text.to_lowercase().as_str(),
            "for"
                | "of"
                | "from"
                | "to"
                | "by"
                | "with"
                | "on"
                | "see"
                | "via"
                | "and"
                | "or"
                | "vs"
                | "than"
                | "like"
                | "into"
                | "the"
                | "as"
                | ","
                | "("
                | "/"
                | "both"
                | "per"
                | "near"
                | "between"
                | "behind"
                | "cf."
                | "over"
        )
}

/// Reads the places at the start of the value of a `Location:` line.
pub(crate) fn some_places(value: &[Piece], found: &mut Vec<RawLocation>, paths: Paths<'_>) -> bool {
    place_list(value, found, paths) > 0
}

/// The first places with lines that running text names, wherever it names them.
pub(crate) fn mentioned(text: &[Piece], paths: Paths<'_>) -> Vec<RawLocation> {
    for at in 0..text.len() {
        // A path has a dot, a slash or a line; most words have none of these.
        if text[at].part == Part::Break || !text[at].text.contains(['.', '/', ':', '#']) {
            continue;
        }
        let mut found = Vec::new();
        if place_list(&text[at..], &mut found, paths) > 0 && found.iter().all(|place| place.start.is_some()) {
            return found;
        }
    }
    Vec::new()
}

/// `Line 12:`, `L30-35 —`, `(lines 3 to 5)`, `` `12-14`: ``: lines of a file that is named elsewhere. Returns them and how many
/// pieces they take with what separates them from the text.
pub(super) fn line_reference(line: &[Piece]) -> Option<((u32, u32), usize)> {
    let mut at =
        line.iter().take_while(|piece| is_decoration(piece) || piece.is("(") || piece.is("[")).count();
    let bracket = at > 0;
    let word = |at: usize| line.get(at).map(|piece| piece.text.to_lowercase());
    if word(at).is_some_and(|word| matches!(word.as_str(), "around" | "at" | "on" | "near" | "in")) {
        at += 1;
    }
    let named = word(at).is_some_and(|word| {
        matches!(word.trim_end_matches(':'), "line" | "lines" | "l." | "ll." | "line(s)")
    });
    at += usize::from(named);
    let first = at;
    let mut text = String::new();
    let mut closed = false;
    while let Some(piece) = line.get(at).filter(|_| at < first + 4 && !closed) {
        let part = piece.text.trim_end_matches([':', '.']);
        let fits =
            part.chars().all(|c| c.is_ascii_digit() || matches!(c, 'L' | 'l' | '-' | '–' | '—' | '~' | '#'));
        let is_range_word = (piece.is("to") || piece.is("through")) && !text.is_empty();
        if !(fits && !part.is_empty() || is_range_word) || text.is_empty() && piece.is_separator() {
            break;
        }
        // `12 — text`: a dash that no number follows separates.
        let number_follows = line
            .get(at + 1)
            .is_some_and(|next| next.text.starts_with(|c: char| c.is_ascii_digit() || c == 'L'));
        if piece.is_separator() && !number_follows {
            break;
        }
        text.push_str(if is_range_word { "-" } else { part });
        closed = part.len() < piece.text.len();
        at += 1;
    }
    let range = location::range(&text)?;
    let marked = named || closed || text.starts_with(['L', 'l', '#']) || line[first].part == Part::Code;
    let brackets = line[at..].iter().take_while(|piece| piece.is(")") || piece.is("]")).count();
    at += brackets;
    let separators = line[at..].iter().take_while(|piece| piece.is_separator()).count();
    let bold_ends = at > 0 && line[at - 1].bold && line.get(at).is_some_and(|next| !next.bold);
    let separated = closed || separators > 0 || bold_ends || bracket && brackets > 0;
    (marked && separated && at + separators < line.len()).then_some((range, at + separators))
}
