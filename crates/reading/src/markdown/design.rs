//! Concerns and strengths.
//!
//! In: the blocks of a design section. Out: items with title, body and scope, and the reviewers in brackets. Never
//! decides whether a concern is a finding.

use model::{DesignItem, DesignKind};

use super::block::Shape;
use super::finding::Page;
use super::header;
use super::inline::{Piece, pieces, text_of};
use super::outline::says_none;
use crate::{parts, words};

impl Page<'_, '_, '_> {
    pub(super) fn design(&self, from: usize, to: usize, kind: DesignKind) -> Vec<(DesignItem, Vec<String>)> {
        let mut found: Vec<(DesignItem, Vec<String>)> = Vec::new();
        let mut open = false;
        for entry in self.entries(from, to) {
            let block = &self.blocks[entry.from];
            let all = pieces(block.node, header::LIMIT);
            let head = header::header(&all, self.paths);
            let text = self.text_of_entry(&entry);
            if says_none(&text) {
                continue;
            }
            // Prose below a headline that stood alone is its body.
            if open
                && !entry.in_list
                && !head.bold
                && !matches!(block.shape, Shape::Heading(_))
                && let Some((last, _)) = found.last_mut()
            {
                if !last.body.is_empty() {
                    last.body.push_str("\n\n");
                }
                last.body.push_str(&text);
                continue;
            }
            let item = design_item(kind, &head, &text, &all);
            open = head.bold && item.body.is_empty() || matches!(block.shape, Shape::Heading(_));
            let locations = self.places(entry.from, entry.to);
            found.push((DesignItem { locations, ..item }, head.attribution.clone()));
        }
        found
    }
}

fn design_item(kind: DesignKind, head: &header::Header, text: &str, all: &[Piece]) -> DesignItem {
    let scope = head.tags.scope.or_else(|| {
        let lower = text.to_lowercase();
        let future = lower.contains("(future)");
        if lower.contains("(in-scope)") {
            words::scope("in-scope")
        } else {
            words::scope("future").filter(|_| future)
        }
    });
    let (title, body) = if head.bold && !head.title.is_empty() {
        let lines = text.lines().skip(head.lines).collect::<Vec<_>>().join("\n");
        let rest = head.rest.trim_start_matches(['—', '–', '-', ':', '.', ' ']);
        let glue = if rest.is_empty() || lines.trim().is_empty() { "" } else { "\n" };
        (head.title.clone(), format!("{rest}{glue}{}", lines.trim_end()))
    } else {
        let words = text_of(all);
        let words = words
            .trim_start_matches("(in-scope)")
            .trim_start_matches("(future)")
            .trim_start_matches("`(in-scope)`")
            .trim_start_matches("`(future)`");
        let end = parts::sentence_end(words.trim());
        let first_lines = all.iter().filter(|piece| piece.is_break()).count() + 1;
        let more = text.lines().skip(first_lines).collect::<Vec<_>>().join("\n");
        let rest = words.trim()[end..].trim();
        let glue = if rest.is_empty() || more.trim().is_empty() { "" } else { "\n" };
        (words.trim()[..end].trim().to_owned(), format!("{rest}{glue}{}", more.trim_end()))
    };
    DesignItem { kind, scope, title, body: body.trim().to_owned(), locations: Vec::new() }
}
