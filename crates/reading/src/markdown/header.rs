//! The headline of a finding: label, tags, title, places, attribution, in any order and dress.
//!
//! In: the pieces of a paragraph or heading. Out: a [`Header`]. Never decides whether the headline starts a finding.

use model::{RawLocation, Severity};

use super::inline::{Part, Piece, text_of};
use super::lead::lead;
use super::places::place_list;
use super::tail::{tail, trailing};
use crate::location::Paths;
use crate::tags::Tags;

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
    /// True for a label of conventional comments: `issue (blocking): …`.
    pub(crate) conventional: bool,
    /// True where it praises: `praise: …` is no claim.
    pub(crate) praise: bool,
    /// A coloured sign in front of everything and what it says of severity; words count first.
    pub(crate) sign: Option<(Severity, &'static str)>,
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
    if paths.published && header.bold && header.tags.severity.is_some() {
        // A report puts places and tags behind its title; those inside are the reviewer's words.
        header.title = tidy(&text_of(title));
        return header;
    }
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
    let Some(end) = sentence_end(title) else { return };
    header.title = tidy(&text_of(&title[..end]));
    header.rest = text_of(&title[end..]);
    header.rest_pieces = title[end..].to_vec();
}

/// Where the first sentence ends and another begins.
fn sentence_end(title: &[Piece]) -> Option<usize> {
    let ends = |at: &usize| {
        let (piece, next) = (&title[*at], &title[at + 1]);
        let stops = piece.part == Part::Word && piece.text.len() > 2 && piece.text.ends_with(['.', '!', '?']);
        let capital = next.part != Part::Word || next.text.chars().next().is_some_and(char::is_uppercase);
        stops && next.space && capital && !matches!(piece.text.as_str(), "e.g." | "i.e." | "vs." | "etc.")
    };
    (0..title.len().saturating_sub(1)).find(ends).map(|at| at + 1)
}

/// The headline of a paragraph that is all prose: its first sentence, over as many lines as that takes.
pub(super) fn of_prose(all: &[Piece]) -> Header {
    let lines = split_lines(all).len();
    let mut line: Vec<Piece> = Vec::with_capacity(all.len());
    let mut broken = false;
    for piece in all {
        if piece.is_break() {
            broken = true;
        } else {
            line.push(Piece { space: piece.space || broken, ..piece.clone() });
            broken = false;
        }
    }
    let mut header = Header { lines, title: tidy(&text_of(&line)), ..Header::default() };
    first_sentence(&line, &mut header);
    header
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

/// Signs without a letter or digit: coloured dots, warning signs, check marks.
pub(super) fn is_decoration(piece: &Piece) -> bool {
    piece.part == Part::Word
        && !piece.text.is_empty()
        && piece.text.chars().all(|c| {
            matches!(u32::from(c), 0x2190..=0x2BFF | 0x1F000..=0x1FAFF | 0xFE00..=0xFE0F | 0x200B..=0x200F | 0x20E3)
        })
}

/// What a coloured sign says where no word does. Of three or four colours green and blue are the mildest everywhere.
pub(super) fn sign(piece: &Piece) -> Option<(Severity, &'static str)> {
    let first = piece.text.chars().next().filter(|_| piece.part == Part::Word)?;
    Some(match first {
        '🔴' | '🛑' | '🚨' | '⛔' => (Severity::Critical, "red"),
        '🟠' => (Severity::Important, "orange"),
        '🟡' => (Severity::Important, "yellow"),
        '🔵' | '🟢' | '⚪' => (Severity::Suggestion, "green, blue or white"),
        _ => return None,
    })
}
