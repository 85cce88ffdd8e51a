//! The headline of a finding: label, tags, title, places, attribution, in any order and dress.
//!
//! In: the pieces of a paragraph or heading. Out: a [`Header`]. Never decides whether the headline starts a finding.

use model::RawLocation;

use super::inline::{Part, Piece, text_of};
use crate::location::{self, Paths};
use crate::tags::{self, Tags};
use crate::words;

/// Pieces of a paragraph that can belong to its headline.
pub(crate) const LIMIT: usize = 600;
/// A title longer than this that is not bold is a paragraph.
const LONG_TITLE: usize = 90;
/// Lines a headline may run over.
const MAX_LINES: usize = 5;

/// What a headline says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    /// `I1`, `S12`…
    pub(crate) label: Option<String>,
    /// `3.`, `#3`, `Finding 3`.
    pub(crate) number: Option<u32>,
    /// True where the number is called a finding: `Finding 3`.
    pub(crate) named: bool,
    /// Tags in front or behind.
    pub(crate) tags: Tags,
    /// True where a severity stands in front of the title.
    pub(crate) leads_with_severity: bool,
    /// The title as Markdown.
    pub(crate) title: String,
    /// Places.
    pub(crate) locations: Vec<RawLocation>,
    /// Reviewers in brackets behind it.
    pub(crate) attribution: Vec<String>,
    /// True where the title is bold.
    pub(crate) bold: bool,
    /// True where places or tags stand around the title.
    pub(crate) tail: bool,
    /// True where the bold title ends in a colon: it introduces something.
    pub(crate) colon: bool,
    /// True where it is struck through.
    pub(crate) struck: bool,
    /// What stands behind it on its last line: already body.
    pub(crate) rest: String,
    /// The same as pieces.
    pub(crate) rest_pieces: Vec<Piece>,
    /// Lines of the paragraph it takes.
    pub(crate) lines: usize,
}

/// Reads the headline at the start of `pieces`.
pub(crate) fn header(pieces: &[Piece], paths: Paths<'_>) -> Header {
    let lines = split_lines(pieces);
    let mut best = attempt(pieces, &lines, 1, paths);
    let open = |count: usize| runs_on(pieces, &lines, count);
    let mut count = 1;
    while count < lines.len().min(MAX_LINES) && (open(count) || only_tail(pieces, lines[count], paths)) {
        count += 1;
    }
    if count > 1 {
        best = attempt(pieces, &lines, count, paths);
    } else if !best.tail
        && best.rest.is_empty()
        && (best.label.is_some() || best.number.is_some() || !best.bold)
    {
        // A hard-wrapped headline: the first line count whose end is a tail.
        let wrapped = (2..=lines.len().min(MAX_LINES))
            .map(|count| attempt(pieces, &lines, count, paths))
            .find(|header| header.tail && header.rest.is_empty());
        if let Some(wrapped) = wrapped.filter(|header| header.label.is_some() || header.number.is_some()) {
            best = wrapped;
        }
    }
    best
}

fn split_lines(pieces: &[Piece]) -> Vec<(usize, usize)> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, piece) in pieces.iter().enumerate() {
        if piece.is_break() {
            lines.push((start, at));
            start = at + 1;
        }
    }
    lines.push((start, pieces.len()));
    lines
}

/// True where the headline cannot end with line `count`: bold goes on, or a separator asks for more.
fn runs_on(pieces: &[Piece], lines: &[(usize, usize)], count: usize) -> bool {
    let (start, end) = lines[count - 1];
    let Some(last) = pieces[start..end].last() else { return false };
    let next = pieces.get(lines[count].0);
    let bold_goes_on = last.bold && next.is_some_and(|piece| piece.bold) && pieces[end].bold;
    bold_goes_on || matches!(last.text.as_str(), "—" | "–" | "," | "(") && last.part == Part::Word
}

/// True where a line is nothing but places, tags and attributions.
fn only_tail(pieces: &[Piece], line: (usize, usize), paths: Paths<'_>) -> bool {
    let line = &pieces[line.0..line.1];
    let mut header = Header::default();
    !line.is_empty() && tail(line, &mut header, paths) == line.len() && header.tail
}

fn attempt(pieces: &[Piece], lines: &[(usize, usize)], count: usize, paths: Paths<'_>) -> Header {
    let end = lines[count - 1].1;
    let line: Vec<Piece> = pieces[..end].iter().filter(|piece| !piece.is_break()).cloned().collect();
    let mut header = Header { lines: count, ..Header::default() };
    header.struck = line.iter().any(|piece| piece.struck) && line.iter().take(4).any(|piece| piece.struck);
    let start = lead(&line, &mut header, paths);
    let bold_end = start + line[start..].iter().take_while(|piece| piece.bold).count();
    let title = if bold_end > start {
        header.bold = true;
        header.colon = line[bold_end - 1].text.ends_with(':');
        let behind = &line[bold_end..];
        let used = tail(behind, &mut header, paths);
        let mut rest = text_of(&behind[used..]);
        // `**Bold** words that go on — place`: the bold is only the start of the title.
        let emphasis_only =
            used == 0 && !rest.is_empty() && continues_title(&line[start..bold_end], &behind[0]);
        if emphasis_only {
            rest.clear();
            let kept = trailing(&line[start..], &mut header, paths);
            header.rest = rest;
            header.title = tidy(&text_of(&line[start..start + kept]));
            return header;
        }
        header.rest = rest;
        header.rest_pieces = behind[used..].to_vec();
        &line[start..bold_end]
    } else {
        &line[start..]
    };
    let kept = trailing(title, &mut header, paths);
    header.title = tidy(&text_of(&title[..kept]));
    let mut places = Vec::new();
    if kept > 0 && header.locations.is_empty() && place_list(&title[..kept], &mut places, paths) == kept {
        // `### 1. path:12`: the place is all there is.
        header.locations = places;
        header.tail = true;
        header.title = String::new();
    }
    if !header.bold && header.title.len() > LONG_TITLE {
        first_sentence(&title[..kept], &mut header);
    }
    header
}

/// A title that is a paragraph: its first sentence is the title, the rest is body.
fn first_sentence(title: &[Piece], header: &mut Header) {
    let ends = |at: &usize| {
        let (piece, next) = (&title[*at], &title[at + 1]);
        let stops = piece.part == Part::Word && piece.text.len() > 2 && piece.text.ends_with(['.', '!', '?']);
        let capital = next.part != Part::Word || next.text.chars().next().is_some_and(char::is_uppercase);
        stops && next.space && capital && !matches!(piece.text.as_str(), "e.g." | "i.e." | "vs." | "etc.")
    };
    let Some(end) = (0..title.len().saturating_sub(1)).find(ends) else { return };
    header.title = tidy(&text_of(&title[..=end]));
    header.rest = text_of(&title[end + 1..]);
    header.rest_pieces = title[end + 1..].to_vec();
}

/// True where the words behind a bold run go on with its sentence rather than begin another.
fn continues_title(bold: &[Piece], next: &Piece) -> bool {
    let closed = bold.last().is_some_and(|piece| piece.text.ends_with(['.', ':', '?', '!', ')']));
    let starts_lower = next.part == Part::Code || next.text.chars().next().is_some_and(char::is_lowercase);
    !closed && starts_lower && bold.len() <= 3 && !next.is_separator()
}

fn tidy(title: &str) -> String {
    let title =
        title.trim().trim_matches(|c: char| matches!(c, '—' | '–' | ',' | ';' | '|') || c.is_whitespace());
    let title = title.strip_suffix(':').unwrap_or(title);
    let title = match title.strip_suffix('.') {
        Some(rest) if !rest.ends_with('.') => rest,
        _ => title,
    };
    title.strip_prefix("- ").unwrap_or(title).trim().to_owned()
}

/// Reads what stands before the title; returns where the title begins.
fn lead(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> usize {
    let mut at = 0;
    while at < line.len() {
        let piece = &line[at];
        let step = if is_decoration(piece) || at > 0 && piece.is_separator() {
            1
        } else if piece.is("[") || piece.is("(") {
            lead_group(&line[at..], header)
        } else {
            lead_word(&line[at..], at, header).max(lead_place(&line[at..], header, paths))
        };
        if step == 0 {
            break;
        }
        at += step;
    }
    at
}

/// `[I1]`, `[CRITICAL]`, `(nit)`.
fn lead_group(line: &[Piece], header: &mut Header) -> usize {
    let close = if line[0].is("[") { "]" } else { ")" };
    let Some(end) = line.iter().take(10).position(|piece| piece.is(close)) else { return 0 };
    let inner = text_of(&line[1..end]);
    let priority = words::severity(&inner.to_lowercase()).is_some();
    if let Some(label) = label(&inner).filter(|_| header.label.is_none() && !priority) {
        header.label = Some(label);
    } else if let Some(tags) = tags::group(&inner) {
        header.leads_with_severity |= tags.severity.is_some();
        header.tail = true;
        header.tags.fill(tags);
    } else {
        return 0;
    }
    let colon = line
        .get(end + 1)
        .is_some_and(|piece| piece.part == Part::Word && matches!(piece.text.as_str(), ":" | "." | ":."));
    end + 1 + usize::from(colon)
}

/// A label, a number, a severity or kind word with its punctuation.
fn lead_word(line: &[Piece], at: usize, header: &mut Header) -> usize {
    let piece = &line[0];
    let next = line.get(1);
    if matches!(piece.part, Part::Link(_)) {
        return 0;
    }
    let ends_here =
        |next: Option<&Piece>| next.is_none_or(|next| next.is_separator() || next.bold != piece.bold);
    let bare = piece.text.trim_end_matches(['.', ':', ')']);
    let punctuated =
        bare.len() < piece.text.len() || next.is_some_and(|next| next.is(")")) || ends_here(next);
    let closing = usize::from(next.is_some_and(|next| next.is(")") && bare.len() == piece.text.len()));
    if header.label.is_none()
        && header.title.is_empty()
        && let Some(label) = label(bare).filter(|_| punctuated)
    {
        if let Some(level) = words::severity(&label.to_lowercase()) {
            header.tags.severity.get_or_insert((level, label.to_lowercase()));
            header.leads_with_severity = true;
        } else {
            header.label = Some(label);
        }
        return 1 + closing;
    }
    let digits = bare.trim_start_matches('#');
    if header.number.is_none() && punctuated && is_number(digits) {
        header.number = digits.parse().ok();
        return 1 + closing;
    }
    // `2.1 Title`, `2.1. Title`
    let outline = bare.split('.').count() > 1 && bare.split('.').all(is_number);
    if outline && header.number.is_none() && at == 0 && next.is_some() {
        header.number = bare.rsplit('.').next().and_then(|last| last.parse().ok());
        return 1;
    }
    // `Finding 3:`, `Critical Issue #2 —`
    if let Some(used) = named_number(line, header) {
        return used;
    }
    let lower = bare.to_lowercase();
    let two = next.map(|next| format!("{lower} {}", next.text.to_lowercase()));
    let two_level = two.as_deref().map(|words| words.trim_end_matches(':')).and_then(words::severity);
    if let (Some(level), Some(second)) = (two_level, next)
        && (second.text.ends_with(':') || ends_here(line.get(2)))
    {
        header.tags.severity.get_or_insert((level, lower));
        header.leads_with_severity = true;
        header.tail = true;
        return 2;
    }
    let shouted = bare.len() > 2 && bare.chars().all(|c| c.is_ascii_uppercase() || c == '-');
    let marked = piece.text.ends_with(':') || ends_here(next) && next.is_some() || shouted && next.is_some();
    if marked && let Some(level) = words::opening_severity(&lower) {
        header.tags.severity.get_or_insert((level, lower));
        header.leads_with_severity = true;
        header.tail = true;
        return 1;
    }
    if (marked || piece.part == Part::Code)
        && let Some(tags) = tags::group(&piece.text).filter(|_| at > 0 || piece.part == Part::Code)
    {
        header.leads_with_severity |= tags.severity.is_some();
        header.tail = true;
        header.tags.fill(tags);
        return 1;
    }
    0
}

fn named_number(line: &[Piece], header: &mut Header) -> Option<usize> {
    let mut at = 0;
    let first = line[0].text.to_lowercase();
    if let Some(level) = words::severity(&first) {
        let named = line.get(1).is_some_and(|piece| is_finding_word(&piece.text));
        let numbered = line.get(1).is_some_and(|piece| {
            is_number(piece.text.trim_start_matches('#').trim_end_matches([':', '.', ')']))
        });
        let labelled = line.get(1).is_some_and(|piece| {
            let closed = piece.text.ends_with([':', '.', ')']) || line.get(2).is_none_or(Piece::is_separator);
            closed && label(piece.text.trim_end_matches([':', '.', ')'])).is_some()
        });
        if !named && !numbered && !labelled {
            return None;
        }
        at = 1 + usize::from(named);
        let number = line.get(at)?.text.trim_start_matches('#').trim_end_matches([':', '.', ')']).to_owned();
        if let Some(label) = label(&number).filter(|_| named || labelled) {
            header.tags.severity.get_or_insert((level, first.to_string()));
            header.label = Some(label);
            return Some(at + 1);
        }
        if !is_number(&number) {
            return None;
        }
        header.tags.severity.get_or_insert((level, first.to_string()));
        header.leads_with_severity = true;
        header.number = number.parse().ok();
        header.named = true;
        return Some(at + 1);
    }
    if is_finding_word(&first) {
        at += 1;
    }
    if at == 0 {
        return None;
    }
    let word = &line.get(at)?.text;
    let bare = word.trim_start_matches('#').trim_end_matches([':', '.', ')']);
    let closed = bare.len() < word.len() || line.get(at + 1).is_none_or(Piece::is_separator);
    if let Some(label) = label(bare).filter(|_| closed) {
        header.label = Some(label);
        return Some(at + 1);
    }
    (is_number(bare) && closed).then(|| {
        header.number = bare.parse().ok();
        header.named = true;
        at + 1
    })
}

fn is_finding_word(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "finding" | "issue" | "bug" | "problem" | "concern" | "item" | "comment"
    )
}

fn is_number(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `I1`, `S12`, `F-3`, `P1-2`: one or two capitals and a number.
pub(crate) fn label(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['*', '`', '#']);
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = text.get(letters..)?;
    let digits = rest.strip_prefix(['-', '#']).unwrap_or(rest);
    let valid = (1..=2).contains(&letters) && is_number(digits) && !digits.starts_with('0')
        || letters == 1 && digits == "0";
    valid.then(|| text.to_owned())
}

/// Places followed by a separator, as in `path:12 — title`.
fn lead_place(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> usize {
    if !header.locations.is_empty() {
        return 0;
    }
    let mut found = Vec::new();
    let used = place_list(line, &mut found, paths);
    if used == 0 || used >= line.len() {
        return 0;
    }
    let last = &line[used - 1];
    let separated = line[used].is_separator()
        || last.part == Part::Word && last.text.ends_with(':')
        || last.bold && !line[used].bold;
    if !separated || line[used].is(",") {
        return 0;
    }
    header.locations = found;
    header.tail = true;
    used
}

/// Reads a list of places; returns how many pieces it takes.
fn place_list(line: &[Piece], found: &mut Vec<RawLocation>, paths: Paths<'_>) -> usize {
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

/// Reads what follows a bold title; returns how many pieces were understood.
fn tail(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> usize {
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

fn is_place_word(piece: &Piece) -> bool {
    piece.part == Part::Word
        && matches!(
            piece.text.to_lowercase().as_str(),
            "in" | "at" | "file:" | "location:" | "where:" | "see" | "files:"
        )
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
fn trailing(title: &[Piece], header: &mut Header, paths: Paths<'_>) -> usize {
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

/// Words behind which a place is part of the sentence.
fn is_preposition(piece: &Piece) -> bool {
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

/// Signs without a letter or digit: coloured dots, warning signs, check marks.
fn is_decoration(piece: &Piece) -> bool {
    piece.part == Part::Word
        && !piece.text.is_empty()
        && piece.text.chars().all(|c| {
            matches!(u32::from(c), 0x2190..=0x2BFF | 0x1F000..=0x1FAFF | 0xFE00..=0xFE0F | 0x200B..=0x200F | 0x20E3)
        })
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

/// Reads the places at the start of the value of a `Location:` line.
pub(crate) fn some_places(value: &[Piece], found: &mut Vec<RawLocation>, paths: Paths<'_>) -> bool {
    place_list(value, found, paths) > 0
}
