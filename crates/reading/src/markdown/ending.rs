//! Does the text break off in the middle?
//!
//! In: the blocks of a document. Out: what shows that it breaks off. Careful rather than eager: a review that is
//! taken for truncated loses its vote.

use comrak::nodes::NodeValue;

use super::block::{Block, Shape};
use super::outline::Outline;
use super::source::Source;
use super::starts::Start;
use crate::words::Section;

/// Paragraphs that show how this reviewer ends its sentences.
const ENOUGH_PARAGRAPHS: usize = 5;

/// Says why the text must have been longer.
pub(crate) fn breaks_off(
    source: &Source<'_>,
    blocks: &[Block<'_>],
    outline: &Outline,
    starts: &[Start],
) -> Option<String> {
    let at = blocks.len().checked_sub(1)?;
    let last = &blocks[at];
    let line = source.line(last.last).trim();
    let lower = line.to_lowercase();
    let marked = [
        "[truncated",
        "(truncated)",
        "<truncated",
        "[output truncated",
        "[cut off",
        "...truncated",
        "… truncated",
    ];
    if marked.iter().any(|mark| lower.contains(mark)) && line.len() < 120 {
        return Some("it says that it was truncated".to_owned());
    }
    match last.shape {
        Shape::Code => {
            let open =
                matches!(&last.node.data().value, NodeValue::CodeBlock(code) if code.fenced && !code.closed);
            open.then(|| "a code fence is not closed".to_owned())
        }
        Shape::Heading(_) if blocks.len() > 2 => {
            let is_start = starts.last().is_some_and(|start| start.block == at);
            (!is_start || others_have_bodies(starts, outline)).then(|| "it ends in a heading".to_owned())
        }
        Shape::Table => {
            let rows = last.last.saturating_sub(last.first);
            let open = rows >= 3
                && line.starts_with('|')
                && !line.ends_with('|')
                && source.line(last.first).trim().ends_with('|');
            open.then(|| "a row of a table breaks off".to_owned())
        }
        Shape::Paragraph => paragraph(source, blocks, outline, last, line),
        _ => None,
    }
}

/// True where every finding but the last says something below its headline, and there are several.
fn others_have_bodies(starts: &[Start], outline: &Outline) -> bool {
    let others = starts.len().saturating_sub(1);
    let with_body = starts
        .windows(2)
        .filter(|pair| {
            pair[0].block + 1 < pair[1].block && outline.announcements[pair[0].block + 1].is_none()
        })
        .count();
    others >= 2 && with_body == others
}

/// Words after which a sentence goes on.
const DANGLING: [&str; 16] = [
    " and", " or", " the", " a", " an", " to", " of", " in", " that", " because", " with", " for", ",", " (",
    " which", " is",
];

fn paragraph(
    source: &Source<'_>,
    blocks: &[Block<'_>],
    outline: &Outline,
    last: &Block<'_>,
    line: &str,
) -> Option<String> {
    let text = source.slice(last.first, last.last);
    let marks = text.matches('`').count();
    if marks % 2 == 1 && text.rfind('`').is_some_and(|at| text.len() - at < 60) {
        return Some("inline code is not closed".to_owned());
    }
    if text.matches("**").count() % 2 == 1 && !text.contains('`') {
        return Some("bold text is not closed".to_owned());
    }
    if line.len() > 20 && DANGLING.iter().any(|end| line.ends_with(end)) {
        return Some("the last sentence has no end".to_owned());
    }
    let section = outline.sections.last().copied()?;
    let in_prose = last.depth == 0 && section != Section::Coverage && section != Section::Verdict;
    if in_prose && is_sentence(&text) && !ends_sentence(line) {
        let prose: Vec<bool> = blocks[..blocks.len() - 1]
            .iter()
            .filter(|block| block.shape == Shape::Paragraph && block.depth == 0 && block.quotes == 0)
            .map(|block| source.slice(block.first, block.last))
            .filter(|text| is_sentence(text) && !text.trim_end().ends_with([':', ')', ']', '`', '*']))
            .map(|text| ends_sentence(text.trim_end()))
            .collect();
        let ended = prose.iter().filter(|ended| **ended).count();
        if prose.len() >= ENOUGH_PARAGRAPHS && ended * 10 >= prose.len() * 9 {
            return Some("the last sentence has no end".to_owned());
        }
    }
    None
}

fn is_sentence(text: &str) -> bool {
    text.split_whitespace().count() >= 10
}

fn ends_sentence(line: &str) -> bool {
    !line.trim_end().ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | '-' | '(' | '—'))
}
