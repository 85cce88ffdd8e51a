//! Does a text say what the report says?
//!
//! In: prose that somebody wrote about a report, and the report. Out: every place where they differ, or where that cannot be
//! told. Strict on purpose: who uses the prose has sentences of its own to fall back to, so a doubt costs nothing and a
//! wrong sentence costs trust. Never changes the prose, never repairs it.

mod facts;
mod sentence;
mod tokens;

use model::Report;

use facts::Facts;
use sentence::check;
use tokens::sentences;

/// The longest prose that is a summary, in characters.
const LONGEST: usize = 2000;
/// The most paragraphs.
const MOST_PARAGRAPHS: usize = 4;
/// Mismatches told; the first is reason enough.
const MOST_TOLD: usize = 5;

/// What in the prose is not so, or cannot be checked. Empty where every id, place, severity, attribution and number in it
/// is that of the report.
pub fn mismatches(prose: &str, report: &Report) -> Vec<String> {
    if let Some(why) = malformed(prose) {
        return vec![why];
    }
    let facts = Facts::of(report);
    let mut found: Vec<String> = Vec::new();
    for sentence in sentences(prose) {
        for why in check(&sentence, &facts) {
            if !found.contains(&why) {
                found.push(why);
            }
        }
        if found.len() >= MOST_TOLD {
            break;
        }
    }
    found.truncate(MOST_TOLD);
    found
}

/// What no summary looks like: it is plain sentences with code spans, and nothing that a form of the report could take for
/// more.
fn malformed(prose: &str) -> Option<String> {
    let length = prose.chars().count();
    if prose.trim().is_empty() {
        return Some("it is empty".to_owned());
    }
    if length > LONGEST {
        return Some(format!("it is longer than {LONGEST} characters"));
    }
    if prose.chars().any(|c| (c.is_control() && c != '\n') || is_invisible(c)) {
        return Some("it holds characters that cannot be seen".to_owned());
    }
    if prose.split("\n\n").filter(|part| !part.trim().is_empty()).count() > MOST_PARAGRAPHS {
        return Some(format!("it has more than {MOST_PARAGRAPHS} paragraphs"));
    }
    for mark in ["```", "~~~", "<", ">", "](", "![", "://", "|", "@", "\\", "&#"] {
        if prose.contains(mark) {
            return Some(format!("it holds `{mark}`, which is no prose"));
        }
    }
    if prose.matches('`').count() % 2 == 1 {
        return Some("a code span in it is not closed".to_owned());
    }
    // Digits and letters of other scripts look like ours, and would be read by people and not by this check.
    if let Some(strange) = prose.chars().find(|c| c.is_alphanumeric() && !c.is_ascii() && !is_accented(*c)) {
        return Some(format!("it holds `{strange}`, which is no letter of ours"));
    }
    let begins = |line: &str| line.starts_with(['#', '-', '*', '+', '=']);
    prose.lines().map(str::trim_start).any(begins).then(|| "it has headings or lists".to_owned())
}

/// Latin letters with accents: names of people and of things.
fn is_accented(c: char) -> bool {
    c.is_alphabetic() && matches!(c, '\u{c0}'..='\u{24f}')
}

/// Characters without width, and those that turn the direction of a text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
