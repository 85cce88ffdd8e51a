//! Findings of a text in which nothing marks them as such: fields without a headline, items and paragraphs that name a place
//! and complain.
//!
//! In: the blocks of a document of which nothing else was a finding. Out: [`Start`]s. Never asked where a headline or a table
//! was read, and never takes praise, or what somebody verified, for a claim.

use super::block::{Block, Shape};
use super::finding::fields_of;
use super::groups::Groups;
use super::header::{self, Header};
use super::inline::{Piece, pieces, text_of};
use super::outline::Outline;
use super::places::mentioned;
use super::source::Source;
use super::starts::{Start, Style, candidate};
use crate::location::Paths;
use crate::state;
use crate::words::{self, Field, Section};

/// Blocks behind a first field in which the others are looked for.
const FIELDS_REACH: usize = 8;
/// Pieces of a paragraph that are looked at.
const PIECES: usize = 600;

/// Finds the starts.
pub(super) fn starts(
    blocks: &[Block<'_>],
    outline: &Outline,
    source: &Source<'_>,
    paths: Paths<'_>,
    groups: &Groups,
) -> Vec<Start> {
    let mut starts: Vec<Start> = Vec::new();
    // Who says that there is nothing may still list what was looked at.
    let content = state::finds_nothing(&source.text.to_lowercase());
    for at in 0..blocks.len() {
        let block = &blocks[at];
        let section = outline.sections[at];
        let may_claim = section.holds_findings()
            || matches!(section, Section::Preamble | Section::Other | Section::Concerns);
        let is_text = matches!(block.shape, Shape::Paragraph | Shape::Heading(_));
        if !is_text
            || block.quotes > 0
            || !may_claim
            || outline.announcements[at].is_some()
            || block.item.is_some_and(|item| !item.first)
        {
            continue;
        }
        // What hangs below an item that is a finding belongs to it.
        let inside = starts.last().is_some_and(|last| {
            outline.regions[last.block] == outline.regions[at] && block.depth > last.depth
        });
        if inside {
            continue;
        }
        // Fields of other names than the one that began the finding go on with it.
        let own = fields_in(block);
        let goes_on = starts.last().is_some_and(|last| {
            last.style == Style::Fields
                && outline.regions[last.block] == outline.regions[at]
                && !own.is_empty()
                && own.first() != fields_in(&blocks[last.block]).first()
        });
        if goes_on {
            continue;
        }
        let found = fields(blocks, outline, at)
            .or_else(|| {
                candidate(blocks, outline, at, source, paths, groups, true)
                    .filter(|start| !start.header.locations.is_empty())
                    .filter(|_| {
                        let words = text(block);
                        !starts_well(&words) && (!content || complains(&words))
                    })
            })
            .or_else(|| complaint(block, at, paths));
        starts.extend(found);
    }
    starts
}

fn text(block: &Block<'_>) -> String {
    text_of(&pieces(block.node, PIECES))
}

/// `**File:** a.rs`, `**Line:** 12`, `**Issue:** …` as lines of one block or as one item each.
fn fields(blocks: &[Block<'_>], outline: &Outline, at: usize) -> Option<Start> {
    let first = *fields_in(&blocks[at]).first()?;
    if !matches!(
        first,
        Field::Location | Field::Severity | Field::Title | Field::Classification | Field::Problem
    ) {
        return None;
    }
    let mut seen = fields_in(&blocks[at]);
    for next in (at + 1..blocks.len()).take(FIELDS_REACH) {
        let own = fields_in(&blocks[next]);
        if outline.regions[next] != outline.regions[at] || own.first() == Some(&first) {
            break;
        }
        seen.extend(own);
    }
    let says = seen.iter().any(|field| matches!(field, Field::Problem | Field::Title | Field::Fix));
    let places = seen.contains(&Field::Location);
    (says && places && seen.len() >= 2).then(|| start(&blocks[at], at, Style::Fields, Header::default()))
}

fn fields_in(block: &Block<'_>) -> Vec<Field> {
    if block.shape != Shape::Paragraph || block.quotes > 0 {
        return Vec::new();
    }
    let all = pieces(block.node, PIECES);
    let lines = all.split(Piece::is_break);
    lines.flat_map(|line| fields_of(line).into_iter().map(|(field, _)| field).collect::<Vec<_>>()).collect()
}

/// A paragraph that names lines and says that something is wrong there.
fn complaint(block: &Block<'_>, at: usize, paths: Paths<'_>) -> Option<Start> {
    let all: Vec<Piece> = pieces(block.node, PIECES);
    let locations = mentioned(&all, paths);
    let words = text_of(&all);
    if locations.is_empty() || starts_well(&words) || !complains(&words) {
        return None;
    }
    let severity = severity_in(&words);
    let mut header = header::of_prose(&all);
    header.locations = locations;
    header.tags.severity = severity;
    Some(start(block, at, Style::Item, header))
}

fn start(block: &Block<'_>, at: usize, style: Style, header: Header) -> Start {
    Start {
        block: at,
        header,
        style,
        number: block.item.and_then(|item| item.number),
        in_list: block.item.is_some(),
        list: block.item.map(|item| item.list),
        heading: matches!(block.shape, Shape::Heading(_)),
        depth: block.depth,
        grouped: false,
    }
}

/// A word of severity in running text: `That's a blocker`, `this is minor`.
fn severity_in(text: &str) -> Option<(model::Severity, String)> {
    let lower = text.to_lowercase();
    let known = [
        "critical",
        "blocker",
        "showstopper",
        "must-fix",
        "important",
        "major",
        "serious",
        "minor",
        "nit",
        "nitpick",
    ];
    lower
        .split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .find(|word| known.contains(word))
        .and_then(|word| Some((words::severity(word)?, word.to_owned())))
}

/// Openings of statements that all is well.
fn starts_well(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare =
        lower.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '✅' | '✓' | '✔' | '👍'));
    if bare.starts_with(['✅', '✓', '✔', '👍']) {
        return true;
    }
    let first = bare.split(". ").next().unwrap_or_default();
    // The words behind a leading place: "`a.rs:10` handles the empty case".
    let words: Vec<&str> = first.split_whitespace().take(6).collect();
    let well = [
        "handles",
        "covers",
        "verified",
        "verify",
        "checked",
        "correctly",
        "properly",
        "good",
        "nice",
        "great",
        "clean",
        "lgtm",
        "fine",
        "confirmed",
        "praise",
        "ok",
        "looks",
    ];
    words.iter().any(|word| well.contains(&word.trim_matches(|c: char| !c.is_alphanumeric())))
        && !complains(first)
}

/// Words that say that something is wrong, or what should be done about it.
const COMPLAINTS: [&str; 68] = [
    "race",
    "leak",
    "bug",
    "wrong",
    "incorrect",
    "missing",
    "never",
    "fails",
    "fail",
    "failure",
    "crash",
    "panic",
    "panics",
    "blocker",
    "should",
    "must",
    "lost",
    "loses",
    "typo",
    "stale",
    "outdated",
    "unused",
    "instead",
    "problem",
    "issue",
    "risk",
    "minor",
    "nit",
    "deadlock",
    "overflow",
    "underflow",
    "injection",
    "unsafe",
    "unbounded",
    "forever",
    "ignored",
    "ignores",
    "swallows",
    "swallowed",
    "dropped",
    "drops",
    "double",
    "twice",
    "off-by-one",
    "breaks",
    "broken",
    "regression",
    "inconsistent",
    "mismatch",
    "undefined",
    "null",
    "hangs",
    "hang",
    "blocks",
    "corrupts",
    "corruption",
    "vulnerable",
    "bypass",
    "exposes",
    "duplicate",
    "duplicated",
    "unhandled",
    "uncaught",
    "throws",
    "raises",
    "cannot",
    "doesn't",
    "isn't",
];

fn complains(text: &str) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    let mut words = lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '\'')));
    words.any(|word| COMPLAINTS.contains(&word))
        || lower.contains(" no longer ")
        || lower.contains(" before ")
}
