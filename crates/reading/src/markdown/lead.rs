//! What stands before the title of a finding: label, number, severity, place.
//!
//! In: the pieces of a headline. Out: how many of them stand before the title, and what they say in the [`Header`].
//! Never takes a word of the title: without punctuation or brackets a word is title.

use model::Severity;

use super::header::{Header, is_decoration, sign};
use super::inline::{Part, Piece, text_of};
use super::places::place_list;
use crate::location::Paths;
use crate::{tags, words};

/// Reads what stands before the title; returns where the title begins.
pub(super) fn lead(line: &[Piece], header: &mut Header, paths: Paths<'_>) -> usize {
    header.sign = line.first().and_then(sign);
    let mut at = conventional(line, header);
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

/// `issue (blocking): …`, `nitpick: …`, `praise: …`: labels of conventional comments, <https://conventionalcomments.org>.
/// Written small, with a colon; without a decoration in brackets only those words that open no sentence.
fn conventional(line: &[Piece], header: &mut Header) -> usize {
    let mut at = line.iter().take_while(|piece| is_decoration(piece)).count();
    let Some(first) = line.get(at).filter(|piece| piece.part == Part::Word) else { return 0 };
    let word = first.text.trim_end_matches(':');
    let mut closed = word.len() < first.text.len();
    at += 1;
    let mut said = String::new();
    if !closed && line.get(at).is_some_and(|piece| piece.is("(")) {
        let Some(end) = line.iter().skip(at).take(12).position(|piece| piece.is(")")) else { return 0 };
        said = text_of(&line[at + 1..at + end]).to_lowercase();
        at += end + 1;
    }
    if !closed && line.get(at).is_some_and(|piece| piece.is(":")) {
        closed = true;
        at += 1;
    }
    if !closed || at >= line.len() {
        return 0;
    }
    let decorated = !said.is_empty();
    let blocking = said.split([',', ' ']).any(|entry| entry == "blocking");
    let optional = said.contains("non-blocking") || said.contains("if-minor");
    let level = match (word, decorated) {
        ("praise", _) => {
            header.praise = true;
            Severity::Suggestion
        }
        _ if blocking => Severity::Important,
        ("issue", _) if !optional => Severity::Important,
        ("issue" | "suggestion" | "todo" | "question" | "thought" | "note", true)
        | (
            "nitpick" | "nit" | "typo" | "polish" | "quibble" | "chore" | "todo" | "question" | "thought",
            _,
        ) => Severity::Suggestion,
        _ => return 0,
    };
    header
        .tags
        .severity
        .get_or_insert((level, if decorated { format!("{word} ({said})") } else { word.to_owned() }));
    if matches!(word, "question" | "typo" | "chore") {
        header.tags.category.get_or_insert(word.to_owned());
    }
    header.leads_with_severity = true;
    header.conventional = true;
    header.tail = true;
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
