//! Which blocks start a finding.
//!
//! In: blocks with their sections. Out: [`Start`]s in the order of the text. A reviewer keeps one style within a
//! section, so the first headline of a section says what the others look like; lists and bold words inside a finding
//! do not look like that. Never reads the body of a finding.

use model::RawLocation;

use super::block::{Block, Shape};
use super::finding::fields_of;
use super::groups::{Groups, Role};
use super::header::{self, Header};
use super::inline::{Piece, pieces};
use super::loose;
use super::outline::{Outline, is_no_title};
use super::places::{line_reference, place_list};
use super::source::Source;
use crate::location::Paths;
use crate::tags;
use crate::words::{self, Section};

/// How a headline is made, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Style {
    /// `I1.`
    Labelled,
    /// `[CRITICAL] …`
    Severity,
    /// A heading.
    Heading(u8),
    /// `3. **Title** — place`
    Numbered,
    /// `- **Title** — place`
    Bullet,
    /// `**Title** — place`
    Bold,
    /// `**Title**` and nothing else on the line.
    BoldLine,
    /// Fields without a headline.
    Fields,
    /// A list item without any of that.
    Item,
}

/// The start of a finding.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// Its block.
    pub(crate) block: usize,
    /// Its headline.
    pub(crate) header: Header,
    /// How it is made.
    pub(crate) style: Style,
    pub(super) number: Option<usize>,
    pub(super) in_list: bool,
    pub(super) list: Option<usize>,
    pub(super) heading: bool,
    pub(super) depth: usize,
    /// True where the file stands above it and its lines in front.
    pub(super) grouped: bool,
}

/// Finds the starts of all findings.
pub(crate) fn starts(
    blocks: &[Block<'_>],
    outline: &Outline,
    source: &Source<'_>,
    paths: Paths<'_>,
) -> Vec<Start> {
    let groups = Groups::new(blocks, outline, source, paths);
    let mut starts = Vec::new();
    let mut from = 0;
    while from < blocks.len() {
        let region = outline.regions[from];
        let to = from + outline.regions[from..].iter().take_while(|other| **other == region).count();
        let candidates = (from..to)
            .filter_map(|at| candidate(blocks, outline, at, source, paths, &groups, false))
            .collect();
        let section = outline.sections[from];
        starts.extend(choose(candidates, section, outline.base_depth[from]));
        from = to;
    }
    starts
}

/// Finds what claims something in a text in which [`starts`] and tables gave nothing.
pub(crate) fn loose_starts(
    blocks: &[Block<'_>],
    outline: &Outline,
    source: &Source<'_>,
    paths: Paths<'_>,
) -> Vec<Start> {
    loose::starts(blocks, outline, source, paths, &Groups::new(blocks, outline, source, paths))
}

/// The start that a block may be. `loose` takes a place alone for a headline, too.
pub(super) fn candidate(
    blocks: &[Block<'_>],
    outline: &Outline,
    at: usize,
    source: &Source<'_>,
    paths: Paths<'_>,
    groups: &Groups,
    loose: bool,
) -> Option<Start> {
    let block = &blocks[at];
    let section = outline.sections[at];
    let is_text = matches!(block.shape, Shape::Paragraph | Shape::Heading(_));
    if !is_text || block.quotes > 0 || outline.announcements[at].is_some() || section.speaks_of_others() {
        return None;
    }
    if block.item.is_some_and(|item| !item.first) {
        return None;
    }
    let role = groups.role(at);
    if role == Role::Head {
        return None;
    }
    if let Role::Member(file) = role
        && let Some(start) = grouped(block, at, groups.file(file), paths)
    {
        return Some(start);
    }
    if let Some(start) = pointed(block, at, paths) {
        return Some(start);
    }
    if block.item.is_none() && !may_lead(source.line(block.first)) {
        return None;
    }
    let header = header::header(&pieces(block.node, header::LIMIT), paths);
    let number = block.item.and_then(|item| item.number).or(header.number.map(|number| number as usize));
    let unnamed = is_no_title(&header);
    // `- **Severity**: High` is a field, however the finding around it is made.
    if unnamed && block.item.is_some() && header.label.is_none() && is_field(block) {
        return None;
    }
    let named_by_place = unnamed
        && header.title.is_empty()
        && (header.label.is_some()
            || header.leads_with_severity
            || header.named
            || loose && header.bold && header.locations.iter().any(|place| place.start.is_some())
            || (header.number.is_some() || matches!(block.shape, Shape::Heading(_)))
                && !header.locations.is_empty());
    if unnamed && !named_by_place {
        return None;
    }
    let in_list = block.item.is_some();
    let style = if header.label.is_some() {
        Style::Labelled
    } else if header.leads_with_severity {
        Style::Severity
    } else if let Shape::Heading(level) = block.shape {
        Style::Heading(level)
    } else if number.is_some() && (header.bold || header.tail || header.named) {
        Style::Numbered
    } else if in_list && header.tail {
        Style::Bullet
    } else if header.bold && header.tail {
        Style::Bold
    } else if header.bold
        && header.rest.is_empty()
        && !in_list
        && !header.colon
        && !is_label_of_code(&header.title)
    {
        Style::BoldLine
    } else if in_list {
        Style::Item
    } else {
        return None;
    };
    let heading = matches!(block.shape, Shape::Heading(_));
    Some(Start {
        block: at,
        header,
        style,
        number,
        in_list,
        list: block.item.map(|item| item.list),
        heading,
        depth: block.depth,
        grouped: false,
    })
}

/// True where the first line is a field.
fn is_field(block: &Block<'_>) -> bool {
    let all = pieces(block.node, 60);
    all.split(Piece::is_break).next().is_some_and(|line| !fields_of(line).is_empty())
}

/// `- Line 12: …` below the name of a file.
fn grouped(block: &Block<'_>, at: usize, file: &str, paths: Paths<'_>) -> Option<Start> {
    let all = pieces(block.node, header::LIMIT);
    let ((start, end), used) = line_reference(&all)?;
    let mut header = header::header(&all[used..], paths);
    if !header.bold && !header.tail {
        header = header::of_prose(&all[used..]);
    }
    if header.locations.is_empty() {
        let place = RawLocation {
            path: file.to_owned(),
            start: Some(start),
            end: Some(end),
            ..RawLocation::default()
        };
        header.locations = vec![place];
    }
    // `12-14`: _Potential issue_ | _Minor_, and the title in the next paragraph.
    let words: String = header.title.chars().filter(char::is_ascii).collect();
    if let Some(tags) = tags::group(&words).filter(|tags| tags.severity.is_some()) {
        header.tags.fill(tags);
        header.title.clear();
    }
    Some(below_file(block, at, header))
}

/// `In @src/a.rs around lines 40 - 55, …`: a paragraph that begins with its place.
fn pointed(block: &Block<'_>, at: usize, paths: Paths<'_>) -> Option<Start> {
    let all = pieces(block.node, header::LIMIT);
    if !all.first()?.is("In") || !all.get(1)?.text.starts_with('@') {
        return None;
    }
    let mut found = Vec::new();
    let used = 1 + place_list(&all[1..], &mut found, paths);
    if found.is_empty() || found.iter().any(|place| place.start.is_none()) {
        return None;
    }
    let rest = &all[used..];
    let separators = rest.iter().take_while(|piece| piece.is_separator()).count();
    let mut header = header::of_prose(&rest[separators..]);
    header.locations = found;
    Some(below_file(block, at, header))
}

fn below_file(block: &Block<'_>, at: usize, mut header: Header) -> Start {
    header.tail = true;
    Start {
        block: at,
        header,
        style: if block.item.is_some() { Style::Bullet } else { Style::Bold },
        number: None,
        in_list: block.item.is_some(),
        list: block.item.map(|item| item.list),
        heading: false,
        depth: block.depth,
        grouped: true,
    }
}

/// Bold lines that stand above samples inside a finding.
fn is_label_of_code(title: &str) -> bool {
    matches!(
        title.to_lowercase().as_str(),
        "before"
            | "after"
            | "example"
            | "examples"
            | "code"
            | "output"
            | "current code"
            | "suggested code"
            | "current"
            | "suggested"
            | "note"
            | "notes"
            | "steps"
            | "context"
            | "expected"
            | "actual"
            | "reproduction"
            | "repro"
            | "references"
            | "diff"
            | "background"
            | "risk"
            | "why this matters"
            | "relevant code"
            | "affected code"
            | "proposed code"
    )
}

/// False for lines that open like plain prose: most lines of a review, and not worth a closer look.
fn may_lead(line: &str) -> bool {
    let line = line.trim_start();
    let Some(first) = line.chars().next() else { return false };
    if !first.is_alphabetic() {
        return true;
    }
    let word: String = line.chars().take_while(|c| !c.is_whitespace()).take(24).collect();
    let lower = word.trim_end_matches([':', '.', ')', ',']).to_lowercase();
    word.contains(|c: char| c.is_ascii_digit() || matches!(c, ':' | '/' | '.' | '_'))
        || words::severity(&lower).is_some()
        || matches!(
            lower.as_str(),
            "finding"
                | "issue"
                | "bug"
                | "problem"
                | "concern"
                | "item"
                | "comment"
                | "must"
                | "should"
                | "nice"
        )
}

/// Keeps the candidates that look like the first of their region.
fn choose(candidates: Vec<Start>, section: Section, base_depth: usize) -> Vec<Start> {
    let in_reach = |start: &Start| start.depth <= base_depth + 1;
    if !section.holds_findings() {
        return candidates
            .into_iter()
            .filter(|start| in_reach(start) && speaks_for_itself(start, section))
            .collect();
    }
    let anchor = candidates
        .iter()
        .filter(|start| in_reach(start))
        .find(|start| start.style < Style::BoldLine)
        .or_else(|| candidates.iter().find(|start| in_reach(start) && start.style != Style::Item))
        .or_else(|| {
            candidates.iter().find(|start| in_reach(start) && matches!(section, Section::Severity(_)))
        })
        .cloned();
    let Some(anchor) = anchor else { return Vec::new() };
    let mut kept: Vec<Start> = Vec::new();
    let mut labels = std::collections::HashSet::new();
    let mut inner_lists = std::collections::HashSet::new();
    for start in candidates {
        let inner = start.list.is_some_and(|list| inner_lists.contains(&list));
        let fits = in_reach(&start) && !inner && like(&start, &anchor, kept.last());
        if !fits && start.style == Style::Numbered {
            // A list that begins inside a finding stays inside, however it counts.
            inner_lists.extend(start.list);
        }
        let fresh = start.header.label.as_ref().is_none_or(|label| !labels.contains(label));
        if fits && fresh {
            labels.extend(start.header.label.clone());
            kept.push(start);
        }
    }
    kept
}

/// Outside the sections for findings only a headline with label or severity and a place or a kind counts.
fn speaks_for_itself(start: &Start, section: Section) -> bool {
    let header = &start.header;
    let tagged =
        header.tags.severity.is_some() && (header.tags.kind.is_some() || !header.locations.is_empty());
    match section {
        Section::Preamble | Section::Other => {
            start.grouped
                || header.conventional
                || start.style == Style::Labelled && (header.tail || start.heading && is_own_label(header))
                || header.named && (start.heading || header.bold)
                || start.style == Style::Severity
                    && !header.title.is_empty()
                    && (tagged || header.bold || start.in_list || start.heading)
                || tagged && header.bold
        }
        // A summary names the findings that stand below.
        Section::Summary => false,
        _ => start.style == Style::Labelled && tagged && !header.title.is_empty(),
    }
}

/// `C1`, `I2`, `S3`.
fn is_own_label(header: &Header) -> bool {
    header.label.as_ref().is_some_and(|label| label.starts_with(['C', 'I', 'S']) && label.len() <= 4)
}

fn like(start: &Start, anchor: &Start, last: Option<&Start>) -> bool {
    if start.style == Style::Labelled && (anchor.style == Style::Labelled || start.header.tail) {
        return true;
    }
    if start.grouped && anchor.grouped {
        return true;
    }
    match anchor.style {
        Style::Labelled => {
            start.header.tags.severity.is_some()
                && start.header.tags.kind.is_some()
                && start.header.bold
                && !start.header.locations.is_empty()
        }
        Style::Severity => {
            let alike = start.style == Style::Severity
                && start.heading == anchor.heading
                && start.in_list == anchor.in_list;
            // `**Suggestion:** do this` below a finding with a place proposes a fix.
            let proposes =
                start.header.tags.severity.as_ref().is_some_and(|said| said.1.starts_with("suggestion"))
                    && start.header.locations.is_empty()
                    && !anchor.header.locations.is_empty();
            alike && !proposes
        }
        Style::Heading(level) => {
            start.style == Style::Heading(level) || start.style == Style::Severity && start.heading
        }
        Style::Numbered => follows(start, anchor, last),
        Style::Bullet => start.style == Style::Bullet && start.depth == anchor.depth,
        Style::Bold => start.style == Style::Bold,
        Style::BoldLine => start.style == Style::BoldLine && !start.in_list,
        Style::Fields => start.style == Style::Fields,
        Style::Item => {
            start.style == Style::Item
                && start.depth == anchor.depth
                && start.number.is_some() == anchor.number.is_some()
        }
    }
}

/// Numbered findings count up; a numbered list inside a finding starts again or goes on in prose.
fn follows(start: &Start, anchor: &Start, last: Option<&Start>) -> bool {
    if start.style != Style::Numbered
        || start.in_list != anchor.in_list
        || start.heading != anchor.heading
        || start.depth != anchor.depth
    {
        return false;
    }
    let Some(last) = last else { return true };
    let next = start.number == last.number.map(|number| number + 1);
    let same_dress = start.header.bold == anchor.header.bold
        && start.header.rest.is_empty() == anchor.header.rest.is_empty();
    let tagged = !start.header.locations.is_empty()
        || start.header.tags.severity.is_some()
        || start.header.tags.kind.is_some();
    if next {
        tagged || same_dress
    } else {
        tagged && same_dress && start.number != last.number.map(|_| 1)
            || tagged && start.header.tags.severity.is_some()
    }
}
