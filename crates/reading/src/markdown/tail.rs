//! What stands behind the title of a finding: places, tags, reviewers in brackets.
//!
//! In: the pieces of a headline. Out: what the [`Header`] says about them, and how many pieces are title or tail. Never
//! cuts into a title that only mentions a place.

use super::header::{Header, is_decoration};
use super::inline::{Part, Piece, text_of};
use super::places::{is_place_word, is_preposition, place_list};
use crate::location::Paths;
use crate::tags;

/// Reads what follows a bold title; returns how many pieces were understood.
pub(super) fn tail(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> usize {
    let mut at = 0;
    let mut understood = 0;
    while at < line.len() {
        let piece = &line[at];
        if piece.is("(") || piece.is("[") {
            let Some(used) = tail_group(&line[at..], header, paths) else { break };
            at += used;
            understood = at;
        } else if let Some(tags) = (piece.part == Part::Code).then(|| tags::group(&piece.text)).flatten() {
            header.tags.fill(tags);
            header.tail = true;
            at += 1;
            understood = at;
        } else if let used @ 1.. = place_list(&line[at..], &mut header.locations, paths) {
            header.tail = true;
            at += used;
            understood = at;
        } else if let Some(used) = tail_words(&line[at..], at > 0 && line[at - 1].is_separator(), header) {
            at += used;
            understood = at;
        } else if piece.is_separator() || piece.is(".") || is_decoration(piece) || is_place_word(piece) {
            at += 1;
        } else {
            break;
        }
    }
    if at == line.len() { at } else { understood }
}

/// `(important, regression)`, `[Claude]`, `(path:12)`, `(entire file)`.
fn tail_group(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> Option<usize> {
    let close = if line[0].is("[") { "]" } else { ")" };
    let mut depth = 0usize;
    let end = line.iter().take(80).position(|piece| {
        depth += usize::from(piece.is(&line[0].text));
        depth -= usize::from(piece.is(close));
        piece.is(close) && depth == 0
    })?;
    let inner = &line[1..end];
    let text = text_of(inner);
    let mut places = Vec::new();
    if let Some(tags) = tags::group(&text) {
        header.tags.fill(tags);
        header.tail = true;
    } else if tags::is_noise(&text) {
        // Understood, and nothing to keep.
    } else if place_list(inner, &mut places, paths) == inner.len() && !inner.is_empty() {
        header.locations.extend(places);
        header.tail = true;
    } else if line[0].is("[") && (is_attribution(&text) || header.tail && is_name_list(&text)) {
        header
            .attribution
            .extend(text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
    } else if !(line[0].is("(") && !header.locations.is_empty() && inner.len() <= 8) {
        return None;
    }
    Some(end + 1)
}

pub(crate) fn is_attribution(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.split(',').all(|name| {
            let name = name.trim();
            name.chars().next().is_some_and(char::is_uppercase)
                && name.chars().all(|c| c.is_alphanumeric() || " .-_()/:+#".contains(c))
        })
}

/// Tag words without brackets behind a separator: `— important, regression`.
fn tail_words(line: &[Piece], separated: bool, header: &mut Header) -> Option<usize> {
    if !separated || line.len() > 12 {
        return None;
    }
    let end = line.iter().position(|piece| piece.is("[") || piece.is("(")).unwrap_or(line.len());
    let tags = tags::group(&text_of(&line[..end])).filter(|_| end > 0)?;
    header.tags.fill(tags);
    header.tail = true;
    Some(end)
}

/// Takes tags, attributions and places off the end of a title; returns how many pieces of it remain.
pub(super) fn trailing(title: &[Piece], header: &mut Header, paths: Paths<'_>) -> usize {
    let mut end = title.len();
    loop {
        while end > 0 && (title[end - 1].is_separator() || is_decoration(&title[end - 1])) {
            end -= 1;
        }
        let line = &title[..end];
        let next = trailing_group(line, header, paths)
            .or_else(|| trailing_code(line, header))
            .or_else(|| trailing_places(line, header, paths))
            .or_else(|| trailing_words(line, header));
        match next {
            Some(at) if at < end => end = at,
            _ => return end,
        }
    }
}

fn trailing_group(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> Option<usize> {
    let last = line.last()?;
    let open = match last.text.as_str() {
        ")" => "(",
        "]" => "[",
        _ => return None,
    };
    let mut depth = 0usize;
    let start = line.iter().rposition(|piece| {
        depth += usize::from(piece.is(&last.text));
        depth = depth.saturating_sub(usize::from(piece.is(open)));
        piece.is(open) && depth == 0
    })?;
    if !line[start].space && start > 0 {
        return None;
    }
    let mut inside = Header::default();
    tail_group(&line[start..], &mut inside, paths)?;
    // Reviewers in brackets close a title only where places or tags could have, too.
    header.tags.fill(inside.tags);
    header.tail |= inside.tail;
    inside.locations.append(&mut header.locations);
    header.locations = inside.locations;
    inside.attribution.append(&mut header.attribution);
    header.attribution = inside.attribution;
    Some(start)
}

/// `` `(important, gap)` `` at the end.
fn trailing_code(line: &[Piece], header: &mut Header) -> Option<usize> {
    let last = line.last().filter(|piece| piece.part == Part::Code)?;
    let tags =
        tags::group(&last.text).filter(|tags| tags.severity.is_some() || last.text.starts_with('('))?;
    header.tags.fill(tags);
    header.tail = true;
    Some(line.len() - 1)
}

/// A list of places behind a separator or behind `at` and `in`.
fn trailing_places(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> Option<usize> {
    let from = line.len().saturating_sub(60);
    for start in from..line.len() {
        let before = start.checked_sub(1).map(|at| &line[at]);
        let opened = before.is_some_and(|piece| {
            piece.is_separator() && !piece.is(",") || piece.part == Part::Word && piece.text.ends_with(':')
        });
        let named = before.is_some_and(|piece| piece.is("at") || piece.is("in"));
        let bare = before.is_some_and(|piece| !is_preposition(piece))
            && matches!(line[start].part, Part::Code | Part::Link(_));
        if !opened && !named && !bare {
            continue;
        }
        let mut found = Vec::new();
        if place_list(&line[start..], &mut found, paths) == line.len() - start
            && (opened || found.iter().all(|place| place.start.is_some()))
        {
            found.append(&mut header.locations);
            header.locations = found;
            header.tail = true;
            return Some(
                start - 1 + usize::from(before.is_some_and(|piece| !piece.is_separator() && !named)),
            );
        }
    }
    None
}

/// `— important, regression` at the end.
fn trailing_words(line: &[Piece], header: &mut Header) -> Option<usize> {
    let at = line.iter().rposition(|piece| piece.is_separator() && !piece.is(","))?;
    if at == 0 || line.len() - at > 8 {
        return None;
    }
    let tags = tags::group(&text_of(&line[at + 1..]))?;
    header.tags.fill(tags);
    header.tail = true;
    Some(at)
}

/// Reads a line of the body that is nothing but places and tags.
pub(crate) fn tail_line(line: &[Piece], paths: Paths<'_>) -> Option<Header> {
    let start = line.iter().position(|piece| {
        !(piece.is_separator() || is_place_word(piece) || is_decoration(piece) || piece.is("("))
    })?;
    let start = if start > 0 && line[start - 1].is("(") { start - 1 } else { start };
    let mut header = Header::default();
    let used = tail(&line[start..], &mut header, paths);
    (used > 0 && used == line.len() - start && header.tail).then_some(header)
}

/// Names in any spelling. Behind tags or places brackets hold nothing else; elsewhere `[ok]` is part of a title.
fn is_name_list(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.split(',').all(|name| {
            let name = name.trim();
            name.starts_with(char::is_alphanumeric)
                && name.chars().all(|c| c.is_alphanumeric() || " .-_()/:+#".contains(c))
        })
}
