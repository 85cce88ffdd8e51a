//! Reviews in Markdown: our grammar over comrak's tree.
//!
//! In: a text. Out: everything it says as a [`Reading`]. Never fails: what cannot be read is a note.

mod block;
mod finding;
mod header;
mod inline;
mod outline;
mod source;
mod starts;

use comrak::{Arena, Options};
use model::{Note, ParsedAs, Reading};

use crate::location::Paths;
use source::Source;

/// Reads a review in Markdown.
pub(crate) fn read(text: &str, paths: Paths<'_>) -> Reading {
    let source = Source::new(text);
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, &source.text, &options());
    let blocks = block::blocks(root, &source);
    let outline = outline::outline(&blocks, paths);
    let starts = starts::starts(&blocks, &outline, paths);
    let mut reading = Reading { parsed_as: ParsedAs::Markdown, ..Reading::default() };
    let page = finding::Page { source: &source, blocks: &blocks, outline: &outline, paths };
    reading.findings = page.findings(&starts, &mut reading.notes);
    if source.cut_quotes {
        reading
            .notes
            .push(Note { line: 0, text: "marks of quotation nested deeper than 16 were cut".to_owned() });
    }
    reading
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    // `---` below a line is a rule in reviews, never an underlined heading.
    options.parse.ignore_setext = true;
    options
}
