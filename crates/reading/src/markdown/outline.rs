//! Sections: which block belongs to which.
//!
//! In: the blocks of a document. Out: the section of every block and the blocks that announce one. Never looks for
//! findings, except to leave their headlines alone.

use super::block::{Block, Shape};
use super::header::{self, Header};
use super::inline::{Piece, pieces, text_of};
use super::source::Source;
use crate::location::Paths;
use crate::words::{self, Section};

/// True for a statement that a section is empty: `None.`, `No critical issues were found.`
pub(crate) fn says_none(text: &str) -> bool {
    let text = text.trim().trim_matches(['*', '_', '(', ')', '.', '-', '—', '–', ':', '`', '!', ' ']);
    let first = text
        .split(['.', ';', '—', '–', '\n', ',', '(', ':'])
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let words: Vec<&str> = first.split_whitespace().collect();
    match words.as_slice() {
        ["none" | "n/a" | "na" | "nil" | "nothing"] | ["not", "applicable"] | ["no", "comments"] => true,
        ["none", rest @ ..] => rest.len() <= 6 && !matches!(rest[0], "of" | "is"),
        ["nothing", "found" | "to", ..] => words.len() <= 6,
        ["no" | "zero", rest @ ..] => {
            let thing = rest.iter().take(4).position(|word| {
                matches!(
                    *word,
                    "issues"
                        | "findings"
                        | "problems"
                        | "concerns"
                        | "bugs"
                        | "regressions"
                        | "suggestions"
                        | "blockers"
                        | "defects"
                        | "comments"
                        | "objections"
                        | "limitations"
                )
            });
            thing.is_some() && words.len() <= 14
        }
        _ => false,
    }
}

/// A block that announces a section.
#[derive(Clone, Debug)]
pub(crate) struct Announcement {
    /// The section.
    pub(crate) section: Section,
    /// What stands behind the name on the same line.
    pub(crate) rest: String,
}

/// The section of every block.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Section of each block.
    pub(crate) sections: Vec<Section>,
    /// Region of each block: counts up with every announcement.
    pub(crate) regions: Vec<usize>,
    /// Announcements by block.
    pub(crate) announcements: Vec<Option<Announcement>>,
    /// List depth at which the region was announced.
    pub(crate) base_depth: Vec<usize>,
}

/// Assigns a section to every block. In a published `report` sections are headings; other names stand in quoted text.
pub(crate) fn outline(blocks: &[Block<'_>], source: &Source<'_>, paths: Paths<'_>, report: bool) -> Outline {
    let mut outline = Outline::default();
    let mut state = State { section: Section::Preamble, level: 7, region: 0, depth: 0, finding_level: 0 };
    for block in blocks {
        let announced = announcement(block, &state, source)
            .filter(|announced| !state.keeps(announced.section, block))
            .filter(|announced| {
                !report || matches!(block.shape, Shape::Heading(_)) || state.is_part(announced.section)
            });
        if let Some(announced) = &announced {
            state.section = announced.section;
            state.level = level_of(block);
            state.region += 1;
            state.depth = block.depth;
            state.finding_level = 0;
        } else if let Shape::Heading(level) = block.shape
            && block.quotes == 0
        {
            state.unknown_heading(block, level, paths);
        }
        outline.sections.push(state.section);
        outline.regions.push(state.region);
        outline.base_depth.push(state.depth);
        outline.announcements.push(announced);
    }
    outline
}

fn level_of(block: &Block<'_>) -> u8 {
    match block.shape {
        Shape::Heading(level) => level,
        _ => 7,
    }
}

struct State {
    section: Section,
    level: u8,
    region: usize,
    depth: usize,
    /// Level of headings that are findings of this region; 0 where none was seen.
    finding_level: u8,
}

impl State {
    /// `**Concerns**` and `**Strengths**` divide the design section without headings of their own.
    fn is_part(&self, section: Section) -> bool {
        matches!(self.section, Section::Design | Section::Concerns | Section::Strengths)
            && matches!(section, Section::Concerns | Section::Strengths)
    }

    /// `Summary` and `Overall Assessment` below the numbers about reviewers are part of them.
    fn keeps(&self, section: Section, block: &Block<'_>) -> bool {
        let inner = matches!(
            self.section,
            Section::Retro | Section::Process | Section::Coverage | Section::Resolution
        );
        inner
            && matches!(section, Section::Summary | Section::Verdict | Section::Coverage)
            && level_of(block) > self.level
    }

    /// A heading we do not know ends the section, unless it is a finding or stands below it.
    fn unknown_heading(&mut self, block: &Block<'_>, level: u8, paths: Paths<'_>) {
        let head = header::header(&pieces(block.node, header::LIMIT), paths);
        let is_finding =
            head.label.is_some() || head.leads_with_severity || head.number.is_some() || head.tail;
        if self.section.holds_findings() {
            if level > self.level || is_finding {
                if self.finding_level == 0 {
                    self.finding_level = level;
                }
                return;
            }
        } else if level > self.level {
            return;
        }
        if self.section != Section::Preamble {
            self.section = Section::Other;
            self.region += 1;
            self.depth = block.depth;
        }
        self.level = level;
        self.finding_level = 0;
    }
}

fn announcement(block: &Block<'_>, state: &State, source: &Source<'_>) -> Option<Announcement> {
    if block.quotes > 0 {
        return None;
    }
    match block.shape {
        Shape::Heading(level) => heading(block, level, state),
        Shape::Paragraph => paragraph(block, state, source),
        _ => None,
    }
}

fn heading(block: &Block<'_>, level: u8, state: &State) -> Option<Announcement> {
    let text = text_of(&pieces(block.node, 60)).replace('`', "");
    let below_finding =
        state.section.holds_findings() && state.finding_level > 0 && level > state.finding_level;
    let one_word = text.split_whitespace().count() == 1;
    let is_own_part = words::field(text.trim_end_matches(':')).is_some()
        || one_word && !matches!(words::section(&text), Some(Section::Severity(_) | Section::Findings));
    if below_finding && is_own_part {
        return None;
    }
    let announce = |section, rest: &str| Some(Announcement { section, rest: rest.trim().to_owned() });
    if let Some(section) = words::section(&text) {
        return announce(section, "");
    }
    let (name, rest) = text.split_once([':', '—', '–'])?;
    match words::section(name)? {
        section @ (Section::Verdict | Section::Summary | Section::Appendix) => announce(section, rest),
        section if says_none(rest) => announce(section, rest),
        _ => None,
    }
}

fn paragraph(block: &Block<'_>, state: &State, source: &Source<'_>) -> Option<Announcement> {
    if block.item.is_some_and(|item| !item.first || block.depth > state.depth.max(1)) {
        return None;
    }
    if !may_announce(source.line(block.first)) {
        return None;
    }
    let pieces = pieces(block.node, 80);
    let end = pieces.iter().position(Piece::is_break).unwrap_or(pieces.len());
    let line = &pieces[..end];
    let bold = line.iter().take_while(|piece| piece.bold).count();
    let (name, rest) = if bold > 0 { (&line[..bold], &line[bold..]) } else { colon_name(line, block)? };
    let name = text_of(name);
    let rest_text = text_of(rest);
    let section = words::section(name.trim_end_matches([':', '.']))?;
    let rest_text = rest_text.trim_start_matches([':', '—', '–', '-', '.']).trim().to_owned();
    let empty = rest_text.is_empty() || says_none(&rest_text);
    let is_field = state.section.holds_findings() && words::field(name.trim_end_matches(':')).is_some();
    let in_design = matches!(state.section, Section::Design | Section::Concerns | Section::Strengths);
    // `Verification:` and `**Tests:**` inside a finding introduce a part of it.
    let introduces = state.section.holds_findings()
        && !matches!(section, Section::Severity(_) | Section::Findings)
        && (bold == 0 || name.ends_with(':') && name.split_whitespace().count() == 1);
    let accepted = if is_field || introduces {
        false
    } else if block.item.is_some() {
        empty
            && (bold > 0
                || name.ends_with(':')
                || matches!(section, Section::Severity(_) | Section::Findings))
            && !matches!(
                state.section,
                Section::Testing | Section::Documentation | Section::Coverage | Section::Commits
            )
    } else if bold == 0 {
        empty && (end == pieces.len() || says_none(&rest_text))
    } else {
        empty
            || in_design && matches!(section, Section::Concerns | Section::Strengths)
            || matches!(
                section,
                Section::Summary | Section::Testing | Section::Documentation | Section::Commits
            ) && (name.ends_with(':') || rest.first().is_some_and(|piece| piece.text.starts_with(':')))
    };
    accepted.then_some(Announcement { section, rest: rest_text })
}

/// False for a line that cannot be the name of a section: a long one without bold.
fn may_announce(line: &str) -> bool {
    line.len() <= 90 || line.contains("**") || line.contains("__") || line.contains('<')
}

/// `Findings:` without bold: a name of a few words and a colon, alone on its line.
fn colon_name<'p>(line: &'p [Piece], block: &Block<'_>) -> Option<(&'p [Piece], &'p [Piece])> {
    let colon = line.iter().take(6).position(|piece| piece.text.ends_with(':'));
    match colon {
        Some(at) => Some((&line[..=at], &line[at + 1..])),
        // `Important Issues` alone in its paragraph.
        None if line.len() <= 4 && block.first == block.last => {
            let capital = line.first()?.text.chars().next().is_some_and(char::is_uppercase);
            let closed = line.last()?.text.ends_with('.');
            (capital && !closed && !line.is_empty()).then_some((line, &line[line.len()..]))
        }
        None => None,
    }
}

/// `2`, `3 issues`, `0, Important: 2`: a count of findings, not one of them.
fn is_count(title: &str) -> bool {
    let mut words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let number = words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    number
        && words.next().is_none_or(|word| {
            let word = word.to_lowercase();
            words::severity(&word).is_some()
                || matches!(
                    word.as_str(),
                    "issue"
                        | "issues"
                        | "finding"
                        | "findings"
                        | "found"
                        | "items"
                        | "bugs"
                        | "open"
                        | "new"
                        | "total"
                )
        })
}

/// True where a headline is the name of a field or a statement that there is nothing.
pub(crate) fn is_no_title(header: &Header) -> bool {
    let title = header.title.trim();
    if is_count(title) {
        return true;
    }
    title.is_empty()
        || says_none(title)
        || words::field(title).is_some()
        || words::section(title).is_some_and(|s| s != Section::Other)
}
