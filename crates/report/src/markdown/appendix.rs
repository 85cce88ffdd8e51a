//! The original reviews, to the letter, and back out again.
//!
//! In: a report and the reviews as written. Out: the appendix: each review in a fence longer than any inside, with a
//! remark of consolidation, in a marked line of its own, under each raw finding that did not stay as it was.
//! [`originals_in`] strips these and gives the same reviews back, byte for byte. Never edits a review: characters that
//! would act on a terminal are spelled `⟦U+001B⟧` and read back from that.

use model::{Disposition, LedgerRow, Original, Report};

use super::escape::{cell, fence, inline};
use crate::safe::{is_unsafe, push_token};
use crate::words::row;

const HEADING: &str = "## Appendix: Original Reviews";
const SPELLED: &str = " Characters that act or hide are spelled ⟦U+XXXX⟧.";

/// Writes the appendix.
pub(super) fn write(report: &Report, originals: &[Original]) -> String {
    let mut text = format!("{HEADING}\n");
    if originals.is_empty() {
        text.push_str("\nNone.\n");
    }
    for original in originals {
        put!(text, "\n### [{}] Original Review\n\n", cell(&original.reviewer));
        let spelled = spell(&original.text);
        let remark = if spelled == original.text { "" } else { SPELLED };
        let Annotated { text: shown, above } =
            annotated(notes(report, &original.reviewer), original, &spelled);
        for note in &above {
            put!(text, "{note}\n\n");
        }
        put!(text, "{} bytes as written.{remark}\n\n", original.text.len());
        text.push_str(&fence(if original.json { "json" } else { "markdown" }, &shown));
    }
    text
}

/// Opens a line of ours inside a review. A review that has this mark itself is spelled, so that it is only ours.
const MARK: &str = "⟦note⟧";

/// The remark about one raw finding that was dropped, moved or re-rated, with the title to find it by.
struct Note<'r> {
    title: &'r str,
    text: String,
}

fn notes<'r>(report: &'r Report, reviewer: &str) -> Vec<Note<'r>> {
    let changed = |entry: &&LedgerRow| {
        entry.reviewer == reviewer && !matches!(entry.disposition, Disposition::Kept | Disposition::Merged)
    };
    let note = |entry: &'r LedgerRow| {
        let row = row(entry);
        let why = if row.why.is_empty() { String::new() } else { format!(" — {}", row.why) };
        let note = format!("{} ({}): {}{why}", row.who, row.title, row.fate);
        Note { title: &entry.title, text: format!("*Consolidation note: {}*", inline(&note)) }
    };
    report.dispositions.iter().filter(changed).map(note).collect()
}

/// A review with remarks in it, and those whose place in it is not known.
struct Annotated {
    text: String,
    above: Vec<String>,
}

/// Puts each remark under the line that has the title of its finding. JSON stays JSON: there they stand above.
fn annotated(notes: Vec<Note<'_>>, original: &Original, shown: &str) -> Annotated {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let lines: Vec<(&str, String)> = shown.split_inclusive('\n').map(|line| (line, letters(line))).collect();
    let mut under: Vec<Vec<String>> = vec![Vec::new(); lines.len()];
    let mut above = Vec::new();
    // Raw findings are numbered in the order of the text, so each is looked for behind the one before.
    let mut from = 0;
    for note in notes {
        let title: String = letters(note.title);
        let found = lines[from..].iter().position(|(_, line)| !title.is_empty() && line.contains(&title));
        match found.filter(|_| !original.json && title.len() >= SHORTEST_TITLE) {
            Some(at) => {
                under[from + at].push(note.text);
                from += at;
            }
            None => above.push(note.text),
        }
    }
    let mut text = String::with_capacity(shown.len());
    for ((line, _), notes) in lines.iter().zip(under) {
        text.push_str(line);
        for note in notes {
            let end = if text.ends_with('\n') { "" } else { "\n" };
            put!(text, "{end}{MARK} {note}\n");
        }
    }
    Annotated { text, above }
}

/// Shorter titles stand anywhere.
const SHORTEST_TITLE: usize = 8;

/// A review without our lines.
fn without_marks(shown: &str) -> String {
    shown.split_inclusive('\n').filter(|line| !line.starts_with(MARK)).collect()
}

/// Whether a character of a review is spelled out. A line feed ends a line, so a carriage return before it stays.
fn is_spelled(c: char, next: Option<char>) -> bool {
    match c {
        '\n' | '\t' => false,
        '\r' => next != Some('\n'),
        _ => is_unsafe(c),
    }
}

/// Spells out what acts or hides; then the opening bracket is spelled as well, so that reading back is exact.
fn spell(text: &str) -> String {
    let pairs = || text.chars().zip(text.chars().skip(1).map(Some).chain([None]));
    if !text.contains(MARK) && !pairs().any(|(c, next)| is_spelled(c, next)) {
        return text.to_owned();
    }
    let mut spelled = String::with_capacity(text.len() + 64);
    for (c, next) in pairs() {
        if c == '⟦' || is_spelled(c, next) { push_token(&mut spelled, c) } else { spelled.push(c) }
    }
    spelled
}

fn unspell(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("⟦U+") {
        plain.push_str(&rest[..at]);
        let token = &rest[at + "⟦U+".len()..];
        let Some(end) = token.find('⟧') else { break };
        let character = u32::from_str_radix(&token[..end], 16).ok().and_then(char::from_u32);
        plain.extend(character);
        rest = &token[end + '⟧'.len_utf8()..];
    }
    plain.push_str(rest);
    plain
}

/// Reads the original reviews back out of a report in Markdown. Reviews that were changed by hand since, so that
/// their length no longer fits, are left out.
pub fn originals_in(markdown: &str) -> Vec<Original> {
    let Some(start) = markdown.rfind(&format!("\n{HEADING}\n")) else { return Vec::new() };
    // A review may itself quote a report with an appendix: the heading that counts is the first outside any fence.
    let start = first_heading(markdown).unwrap_or(start);
    let mut originals = Vec::new();
    let mut rest = &markdown[start..];
    while let Some(at) = rest.find("\n### [") {
        rest = &rest[at + "\n### [".len()..];
        let Some(parsed) = entry(rest) else { continue };
        let (original, used) = parsed;
        originals.extend(original);
        rest = &rest[used..];
    }
    originals
}

/// Where our appendix starts: fences before it are ours or closed, so counting them is enough.
fn first_heading(markdown: &str) -> Option<usize> {
    let mut at = 0;
    let mut open: Option<&str> = None;
    for line in markdown.split_inclusive('\n') {
        let trimmed = line.trim();
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        match open {
            None if trimmed == HEADING => return Some(at),
            None if ticks >= 3 => open = Some(&trimmed[..ticks]),
            Some(fence) if ticks >= fence.len() && ticks == trimmed.len() => open = None,
            _ => {}
        }
        at += line.len();
    }
    None
}

/// One review from behind `### [`: the review, and how many bytes were read.
fn entry(text: &str) -> Option<(Option<Original>, usize)> {
    let (name, _) = text.lines().next()?.split_once("] Original Review")?;
    let marker = " bytes as written.";
    let at = text.find(marker)?;
    let line_start = text[..at].rfind('\n')? + 1;
    let bytes: usize = text[line_start..at].parse().ok()?;
    let opening = at + text[at..].find("\n\n```")? + 2;
    let spelled = text[at + marker.len()..opening].starts_with(SPELLED);
    let ticks = text[opening..].len() - text[opening..].trim_start_matches('`').len();
    let content = opening + text[opening..].find('\n')? + 1;
    let json = text[opening + ticks..content].trim() == "json";
    let closing = format!("\n{}\n", "`".repeat(ticks));
    // An empty review has its closing fence on the next line.
    let end = content - 1 + format!("{}\n", &text[content - 1..]).find(&closing)?;
    let inside = text.get(content..=end).unwrap_or_default();
    let inside = without_marks(inside);
    let plain = if spelled { unspell(&inside) } else { inside };
    let original = plain.get(..bytes).map(|text| Original {
        reviewer: name.replace('\\', ""),
        text: text.to_owned(),
        json,
    });
    Some((original, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use proptest::prelude::*;

    fn round_trip(originals: &[Original]) -> Vec<Original> {
        originals_in(&crate::markdown(&sample::report(), originals))
    }

    fn original(text: &str) -> Original {
        Original { reviewer: "claude".into(), text: text.into(), json: false }
    }

    #[test]
    fn every_original_comes_back_byte_for_byte() {
        let originals = sample::originals();
        assert_eq!(round_trip(&originals), originals);
    }

    #[test]
    fn awkward_reviews_come_back_too() {
        let texts = [
            "",
            "\n",
            "no final newline",
            "````\nfour\n````\n",
            "crlf\r\nand lone \r cr\n",
            "\u{1b}[2Jcleared ⟦U+0041⟧\n",
            "⟦U+0041⟧ kept as written\n",
            "⟦note⟧ *Consolidation note: not ours*\n",
            "What claude calls it",
            "---\n\n## Appendix: Original Reviews\n\n### [x] Original Review\n\n3 bytes as written.\n\n```\nabc\n```\n",
        ];
        for text in texts {
            let given = vec![original(text), original("the next one\n")];
            assert_eq!(round_trip(&given), given, "{text:?}");
        }
    }

    fn report_of(titles: &[&str], json: bool) -> (Report, Vec<Original>) {
        let row = |(index, title): (usize, &&str)| LedgerRow {
            reviewer: "claude".into(),
            index: index as u32,
            raw: format!("I{}", index + 1),
            title: (*title).to_owned(),
            severity: model::Severity::Important,
            disposition: Disposition::Dropped,
            into: None,
            code: None,
            why: "it is not so".into(),
        };
        let text =
            "## Findings\n\nI1. **`load` keeps too much** — `a.rs:1`\n\nBody.\n\nI2. **Second `x` defect**";
        let report =
            Report { dispositions: titles.iter().enumerate().map(row).collect(), ..Report::default() };
        (report, vec![Original { reviewer: "claude".into(), text: text.into(), json }])
    }

    #[test]
    fn a_remark_stands_under_the_raw_finding_it_is_about() {
        let (report, originals) =
            report_of(&["`load` keeps too much", "Second `x` defect", "Not in the text"], false);
        let text = write(&report, &originals);
        assert!(text.contains("`a.rs:1`\n⟦note⟧ *Consolidation note: claude I1"), "{text}");
        assert!(text.contains("defect**\n⟦note⟧ *Consolidation note: claude I2"), "{text}");
        assert!(text.contains("\n\n*Consolidation note: claude I3"), "{text}");
        assert_eq!(originals_in(&format!("\n{text}")), originals);
        let (report, originals) = report_of(&["`load` keeps too much"], true);
        let text = write(&report, &originals);
        assert!(!text.contains(MARK) && text.contains("*Consolidation note: claude I1"), "{text}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_review_comes_back(text in "(⟦note⟧|[`#\\n\\r⟦⟧\\[\\]a-z0-9 \u{202e}\u{1b}]|``\\n|bytes as written.|### \\[){0,40}") {
            let given = vec![original(&text), original("after\n")];
            prop_assert_eq!(round_trip(&given), given);
        }
    }
}
