//! Reviews in Markdown: our grammar over comrak's tree.
//!
//! In: a text. Out: everything it says as a [`Reading`]. Never fails: what cannot be read is a note.

pub(crate) mod block;
mod design;
mod ending;
pub(crate) mod finding;
mod groups;
mod header;
pub(crate) mod inline;
mod lead;
mod loose;
pub(crate) mod outline;
mod places;
pub(crate) mod rows;
mod second_thoughts;
pub(crate) mod sections;
pub(crate) mod source;
pub(crate) mod starts;
mod tables;
mod tail;
mod verdict;

use comrak::{Arena, Options};
use model::{Note, ParsedAs, Reading, Severity};

use crate::location::Paths;
use crate::words::Section;
use source::Source;

pub(crate) use lead::label;

/// What Markdown tells beside the reading itself.
pub(crate) struct Page {
    /// What was read.
    pub(crate) reading: Reading,
    /// Known sections that hold something.
    pub(crate) sections: usize,
    /// What shows that the text breaks off.
    pub(crate) broken: Option<String>,
}

/// Reads a review in Markdown.
pub(crate) fn read(text: &str, paths: Paths<'_>) -> Page {
    with_page(text, paths, false, |page, starts| {
        let mut reading = Reading { parsed_as: ParsedAs::Markdown, ..Reading::default() };
        reading.findings = page.findings(starts, &mut reading.notes);
        if reading.findings.is_empty() {
            reading.findings = page.table_findings(&mut reading.notes);
        }
        let loose = if reading.findings.is_empty() {
            starts::loose_starts(page.blocks, page.outline, page.source, paths)
        } else {
            Vec::new()
        };
        if let Some(first) = loose.first() {
            let line = page.source.original_line(page.blocks[first.block].first);
            let text =
                "nothing marks findings as such; read from what names a place and complains".to_owned();
            reading.notes.push(Note { line, text });
            reading.findings = page.findings(&loose, &mut reading.notes);
        }
        let starts = if loose.is_empty() { starts } else { &loose };
        let taken = page.taken(starts);
        page.sections(&mut reading, &taken);
        page.note_unread(&taken, &mut reading.notes);
        // A table repeats what the text around it says.
        if loose.is_empty() && !starts.is_empty() {
            page.note_complaints(&taken, &mut reading.notes);
        }
        if page.source.cut_quotes {
            let text = "marks of quotation nested deeper than 16 were cut".to_owned();
            reading.notes.push(Note { line: 0, text });
        }
        if let Some(at) = text.find(inline::is_invisible) {
            let line = text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1;
            let text = "invisible or reversing characters were left out of titles and labels".to_owned();
            reading.notes.push(Note { line: u32::try_from(line).unwrap_or(u32::MAX), text });
        }
        let broken = ending::breaks_off(page.source, page.blocks, page.outline, starts);
        Page { reading, sections: known_sections(page.outline), broken }
    })
}

/// Parses a text and hands its blocks, sections and starts of findings to `use_page`. `report` is true for texts that
/// were published, whose own remarks on findings are not part of them.
pub(crate) fn with_page<R>(
    text: &str,
    paths: Paths<'_>,
    report: bool,
    use_page: impl FnOnce(finding::Page<'_, '_, '_>, &[starts::Start]) -> R,
) -> R {
    let paths = Paths { published: report, ..paths };
    let source = Source::new(text);
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, &source.text, &options());
    let blocks = block::blocks(root, &source);
    let outline = outline::outline(&blocks, &source, paths, report);
    let starts = starts::starts(&blocks, &outline, &source, paths);
    use_page(finding::Page { source: &source, blocks: &blocks, outline: &outline, paths, report }, &starts)
}

fn known_sections(outline: &outline::Outline) -> usize {
    outline
        .announcements
        .iter()
        .enumerate()
        .filter(|(at, announced)| {
            announced.as_ref().is_some_and(|announced| {
                let followed = outline.regions.get(at + 1) == outline.regions.get(*at);
                announced.section != Section::Other && (followed || !announced.rest.is_empty())
            })
        })
        .count()
}

/// A title without label and tags, and the severity its tags say. For titles that stand in JSON.
pub(crate) fn plain_title(title: &str, paths: Paths<'_>) -> (String, Option<Severity>) {
    let arena = Arena::new();
    let line = title.lines().next().unwrap_or_default();
    if line.len() > 1000 {
        return (title.trim().to_owned(), None);
    }
    let root = comrak::parse_document(&arena, line, &options());
    let Some(node) =
        root.first_child().filter(|node| matches!(node.data().value, comrak::nodes::NodeValue::Paragraph))
    else {
        return (title.trim().to_owned(), None);
    };
    let head = header::header(&inline::pieces(node, header::LIMIT), paths);
    let tagged = head.label.is_some() || !head.tags.is_empty();
    if head.title.is_empty() || !head.locations.is_empty() || !tagged || !head.rest.is_empty() {
        return (title.trim().to_owned(), head.tags.severity.map(|said| said.0));
    }
    (head.title, head.tags.severity.map(|said| said.0))
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    // `---` below a line is a rule in reviews, never an underlined heading.
    options.parse.ignore_setext = true;
    options
}
