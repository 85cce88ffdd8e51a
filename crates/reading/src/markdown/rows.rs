//! Lists and tables about files and about findings of earlier rounds.
//!
//! In: the blocks of a coverage or prior section. Out: one item a row. Never joins rows of the same file.

use comrak::nodes::NodeValue;
use model::{CoverageItem, PriorItem};

use super::block::{Block, Shape};
use super::finding::Page;
use super::inline::{Part, Piece, pieces, text_of};
use super::sections::one_line;
use crate::{location, parts};

impl<'a> Page<'_, 'a, '_> {
    pub(super) fn prior(&self, from: usize, to: usize) -> Vec<PriorItem> {
        let mut found = Vec::new();
        for block in self.blocks[from..to].iter().filter(|block| block.shape == Shape::Table) {
            let rows = rows(block);
            let Some(head) = rows.first() else { continue };
            let status = head.iter().position(|cell| {
                cell.to_lowercase().contains("status") || cell.to_lowercase().contains("verdict")
            });
            for row in &rows[1..] {
                let status = status.and_then(|at| row.get(at)).or(row.last()).cloned().unwrap_or_default();
                let named: Vec<&str> =
                    row.iter().map(String::as_str).filter(|cell| *cell != status).collect();
                found.push(PriorItem { finding: named.join(" "), status, evidence: None });
            }
        }
        for entry in self.entries(from, to).into_iter().filter(|entry| entry.in_list) {
            let text = self.text_of_entry(&entry);
            found.extend(prior_item(&text));
        }
        found
    }

    pub(crate) fn coverage(&self, from: usize, to: usize) -> Vec<CoverageItem> {
        let mut found = Vec::new();
        for block in self.blocks[from..to].iter().filter(|block| block.shape == Shape::Table) {
            for row in rows(block).iter().skip(1) {
                let Some((path, rest)) = row.split_first() else { continue };
                let path = path.trim().trim_matches('`').to_owned();
                if !path.is_empty() {
                    found.push(parts::coverage_row(self.one_path(&path), &rest.join(" ")));
                }
            }
        }
        for entry in self.entries(from, to) {
            for block in &self.blocks[entry.from..entry.to] {
                if block.shape == Shape::Paragraph {
                    found.extend(self.coverage_lines(block));
                }
            }
        }
        found
    }

    pub(super) fn coverage_lines(&self, block: &Block<'a>) -> Vec<CoverageItem> {
        let all = pieces(block.node, 4000);
        all.split(Piece::is_break)
            .filter_map(|line| {
                let first = line.first()?;
                let path = match &first.part {
                    Part::Code | Part::Link(_) => first.text.to_string(),
                    _ => first.text.trim_end_matches(':').to_owned(),
                };
                let known = location::places(&path, first.part != Part::Word, self.paths)?;
                let rest = line.get(1..).unwrap_or_default();
                let start = rest.iter().position(|piece| !piece.is_separator()).unwrap_or(rest.len());
                Some(parts::coverage_row(known.first()?.path.clone(), &text_of(&rest[start..])))
            })
            .collect()
    }

    pub(super) fn one_path(&self, text: &str) -> String {
        location::places(text, true, self.paths)
            .and_then(|mut found| (!found.is_empty()).then(|| found.remove(0).path))
            .unwrap_or_else(|| text.to_owned())
    }
}

/// `- I1 (title): fixed — evidence`.
fn prior_item(text: &str) -> Option<PriorItem> {
    const STATUSES: [&str; 16] = [
        "not fixed",
        "not addressed",
        "not-fixed",
        "partially fixed",
        "partially addressed",
        "partially",
        "unaddressed",
        "fixed",
        "addressed",
        "resolved",
        "superseded",
        "declined",
        "unresolved",
        "still open",
        "open",
        "partial",
    ];
    let flat = one_line(text);
    let lower = flat.to_lowercase();
    let (at, status) = STATUSES
        .iter()
        .filter_map(|status| lower.find(status).map(|at| (at, *status)))
        .min_by_key(|(at, status)| (*at, std::cmp::Reverse(status.len())))?;
    if !flat.is_char_boundary(at) || flat.len() != lower.len() {
        return Some(PriorItem { finding: flat.clone(), status: status.to_owned(), evidence: None });
    }
    let finding =
        flat[..at].trim().trim_end_matches([':', '—', '–', '-', '*', '(', ' ']).trim().replace("**", "");
    let evidence = flat[at + status.len()..]
        .trim_start_matches([':', '—', '–', '-', '*', ')', '.', ',', ' '])
        .trim()
        .to_owned();
    let finding = if finding.is_empty() { flat.clone() } else { finding };
    Some(PriorItem {
        finding,
        status: status.to_owned(),
        evidence: (!evidence.is_empty()).then_some(evidence),
    })
}

/// The cells of a table as Markdown, row by row.
pub(crate) fn rows(table: &Block<'_>) -> Vec<Vec<String>> {
    table
        .node
        .children()
        .filter(|row| matches!(row.data().value, NodeValue::TableRow(_)))
        .map(|row| row.children().map(|cell| text_of(&pieces(cell, 4000))).collect())
        .collect()
}
