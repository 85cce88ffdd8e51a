//! The appendix of a report: where it stands and which review is whose.
//!
//! In: the text of a report. Out: the byte ranges of body, appendix and resolution; one [`ImportedOriginal`] a review.
//! Looks at heading lines rather than at the Markdown tree, because a review in a fence breaks the tree of the report
//! around it whenever it holds a fence itself. Never lets a review close itself: a heading counts once a reviewer and
//! pass.

use model::Note;

use crate::imported::{ImportedOriginal, ImportedReport};
use crate::markdown::source::Source;
use crate::words::{self, Section};

/// Where the parts of a report stand, in bytes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Split {
    pub(super) body_end: usize,
    pub(super) appendix: Option<(usize, usize)>,
    pub(super) resolution: Option<(usize, usize)>,
}

/// A heading line.
#[derive(Clone, Copy, Debug)]
struct Heading<'t> {
    level: usize,
    text: &'t str,
    start: usize,
    end: usize,
}

/// Finds the appendix and a resolution behind it.
pub(super) fn split(text: &str) -> Split {
    let headings = headings(text);
    let fenced = fenced_lines(text);
    let is_appendix = |heading: &&Heading<'_>| words::section(heading.text) == Some(Section::Appendix);
    let free = headings.iter().filter(is_appendix).find(|heading| !fenced.contains(&heading.start));
    let Some(appendix) = free.or_else(|| headings.iter().find(is_appendix)).copied() else {
        return Split { body_end: text.len(), ..Split::default() };
    };
    let resolution = headings
        .iter()
        .rev()
        .filter(|heading| heading.start > appendix.start && heading.level <= appendix.level)
        .find(|heading| {
            words::section(heading.text) == Some(Section::Resolution) && opens_table(&text[heading.end..])
        });
    let end = resolution.map_or(text.len(), |heading| heading.start);
    Split {
        body_end: appendix.start,
        appendix: Some((appendix.start, end)),
        resolution: resolution.map(|heading| (heading.start, text.len())),
    }
}

/// A table stands below, with a word that resolutions have.
fn opens_table(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(8);
    let lines: Vec<&str> = lines.by_ref().collect();
    lines.first().is_some_and(|line| line.starts_with('|'))
        && lines
            .iter()
            .any(|line| ["Addressed", "Action", "Finding", "Commit"].iter().any(|word| line.contains(word)))
}

fn headings(text: &str) -> Vec<Heading<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        let level = bare.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=7).contains(&level) && bare[level..].starts_with(' ') {
            let text = bare[level..].trim().trim_end_matches('#').trim_end();
            found.push(Heading { level, text, start, end: start + line.len() });
        }
        start += line.len();
    }
    found
}

/// Starts of the lines that stand in a fence.
fn fenced_lines(text: &str) -> std::collections::HashSet<usize> {
    let mut inside = std::collections::HashSet::new();
    let mut open: Option<(u8, usize)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let mark = bare.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'));
        let count = mark.map_or(0, |mark| bare.bytes().take_while(|byte| *byte == mark).count());
        match (open, mark) {
            (None, Some(mark)) if count >= 3 => open = Some((mark, count)),
            (Some((opened, width)), Some(mark))
                if mark == opened && count >= width && count == bare.len() =>
            {
                open = None;
            }
            (Some(_), _) => {
                inside.insert(start);
            }
            _ => {}
        }
        start += line.len();
    }
    inside
}

/// Reads the reviews of the appendix.
pub(super) fn fill(text: &str, range: (usize, usize), report: &mut ImportedReport) {
    let ours = report::originals_in(text);
    if !ours.is_empty() {
        // Our own export keeps every review byte for byte.
        for original in ours {
            let span = text.find(&original.text).map_or(range, |at| (at, at + original.text.len()));
            report.originals.push(ImportedOriginal {
                reviewer: original.reviewer.clone(),
                heading: original.reviewer,
                text: original.text,
                span,
                ..ImportedOriginal::default()
            });
        }
        return;
    }
    let boundaries = boundaries(text, range, report);
    for (at, (heading, reviewer, pass)) in boundaries.iter().enumerate() {
        let end = boundaries.get(at + 1).map_or(range.1, |next| next.0.start);
        let (from, to) = trimmed(text, heading.end, end);
        let source = Source::unwrapped(&text[from..to]);
        let inner = unwrapped(&source);
        report.originals.push(ImportedOriginal {
            reviewer: reviewer.clone(),
            heading: heading.text.to_owned(),
            pass: *pass,
            text: inner,
            span: (from, to),
            ..ImportedOriginal::default()
        });
    }
}

type Boundary<'t> = (Heading<'t>, String, Option<u32>);

fn boundaries<'t>(text: &'t str, range: (usize, usize), report: &mut ImportedReport) -> Vec<Boundary<'t>> {
    let mut found: Vec<Boundary<'t>> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut level = None;
    let all = headings(text);
    for heading in all.into_iter().filter(|heading| heading.start > range.0 && heading.end <= range.1) {
        let Some((reviewer, pass)) = reviewer_of(heading.text, report) else { continue };
        if level.is_some_and(|level| level != heading.level) {
            continue;
        }
        if !seen.insert((reviewer.clone(), pass)) {
            let line = text[..heading.start].bytes().filter(|byte| *byte == b'\n').count() + 1;
            let note = format!(
                "a second heading \"{}\" in the appendix is read as text of the review around it",
                heading.text
            );
            report.notes.push(Note { line: u32::try_from(line).unwrap_or(u32::MAX), text: note });
            continue;
        }
        level = Some(heading.level);
        found.push((heading, reviewer, pass));
    }
    found
}

/// The reviewer a heading names: `[Claude] — Pass 1`, `Codex GPT 5.4`, `Gemini 3.1 Pro (failed)`.
fn reviewer_of(heading: &str, report: &ImportedReport) -> Option<(String, Option<u32>)> {
    let lower = heading.to_lowercase().replace(['[', ']', '*', '`', '~'], " ");
    let pass = lower.split("pass").nth(1).and_then(|rest| {
        rest.split_whitespace().next()?.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
    });
    let name = lower.split(['—', '–', '(', ':']).next().unwrap_or_default();
    let words: Vec<&str> = name
        .split_whitespace()
        .filter(|word| {
            !matches!(*word, "review" | "original" | "pass" | "-" | "raw" | "output" | "1" | "2")
                || name.len() < 4
        })
        .collect();
    let first = *words.first()?;
    let bracketed = heading.trim_start().starts_with('[');
    let known = report.reviewers.iter().find(|reviewer| {
        let full = reviewer.name.to_lowercase();
        reviewer.key == first && words.iter().all(|word| full.split_whitespace().any(|part| part == *word))
            || full == words.join(" ")
    });
    match known {
        Some(reviewer) => Some((reviewer.key.clone(), pass)),
        None if bracketed && words.len() <= 4 => Some((first.to_owned(), pass)),
        None if report.reviewers.is_empty()
            && words.len() <= 4
            && words::section(heading).is_none()
            && is_agent(first) =>
        {
            Some((first.to_owned(), pass))
        }
        None => report
            .reviewers
            .iter()
            .find(|reviewer| reviewer.key == first && words.len() <= 4)
            .map(|reviewer| (reviewer.key.clone(), pass)),
    }
}

fn is_agent(word: &str) -> bool {
    matches!(
        word,
        "claude"
            | "codex"
            | "gemini"
            | "gpt"
            | "opus"
            | "sonnet"
            | "qwen"
            | "grok"
            | "copilot"
            | "deepseek"
            | "llama"
            | "mistral"
            | "kimi"
            | "glm"
            | "cursor"
            | "aider"
            | "amp"
    )
}

/// Leaves out blank lines, and the rule before the next review.
fn trimmed(text: &str, from: usize, to: usize) -> (usize, usize) {
    let inner = &text[from..to];
    let start = from + (inner.len() - inner.trim_start_matches(['\n', '\r']).len());
    let mut end = from + inner.trim_end().len();
    while end > start && text[start..end].ends_with("\n---") {
        end -= 3;
        end = start + text[start..end].trim_end().len();
    }
    (start.min(end), end)
}

fn unwrapped(source: &Source<'_>) -> String {
    let mut text = String::new();
    for number in 1..=source.line_count() {
        text.push_str(source.line(number));
        text.push('\n');
    }
    let text = text.trim_matches('\n');
    let text = text.strip_prefix("Full review output\n").unwrap_or(text);
    let text = text.trim_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}
