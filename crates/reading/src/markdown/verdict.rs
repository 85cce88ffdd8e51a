//! The reviewer's own verdict, wherever it stands.
//!
//! In: blocks. Out: the words of the verdict. Never maps them to ours: that is policy.

use super::block::{Block, Shape};
use super::finding::Page;
use super::inline::{Part, Piece, pieces, text_of};
use super::rows::rows;

impl<'a> Page<'_, 'a, '_> {
    fn may_hold_verdict(&self, block: &Block<'a>) -> bool {
        (block.first..=block.last.min(block.first + 40)).any(|number| {
            let line = self.source.line(number).trim_start_matches(['*', '#', ' ', '_', '-', '>']);
            let head = line.as_bytes().get(..7).unwrap_or_default();
            ["verdict", "overall", "final v", "merge", "decisio"].iter().any(|name| {
                head.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
            })
        })
    }

    /// `**Verdict:** Approve`, or the row of a table, wherever it stands before the findings or at the end.
    pub(super) fn verdict_line(&self) -> Option<String> {
        for (at, block) in self.blocks.iter().enumerate() {
            if block.quotes > 0
                || self.outline.sections[at].holds_findings() && self.outline.announcements[at].is_none()
            {
                continue;
            }
            match block.shape {
                Shape::Table => {
                    let rows = rows(block);
                    let row = rows
                        .iter()
                        .find(|row| row.first().is_some_and(|cell| is_verdict_name(cell)) && row.len() > 1);
                    if let Some(value) =
                        row.map(|row| row[1..].join(" ")).filter(|value| !value.trim().is_empty())
                    {
                        return Some(value.trim().to_owned());
                    }
                }
                Shape::Paragraph if self.may_hold_verdict(block) => {
                    let all = pieces(block.node, 400);
                    for line in all.split(Piece::is_break) {
                        if let Some(verdict) = verdict_of(line) {
                            return Some(verdict);
                        }
                    }
                }
                _ => {}
            }
        }
        None
    }
}

fn verdict_of(line: &[Piece]) -> Option<String> {
    let colon =
        line.iter().take(5).position(|piece| piece.part == Part::Word && piece.text.ends_with([':', '—']))?;
    let name = text_of(&line[..=colon]);
    if !is_verdict_name(name.trim_end_matches([':', '—', ' '])) {
        return None;
    }
    let value = text_of(&line[colon + 1..]);
    (!value.is_empty()).then_some(value)
}

fn is_verdict_name(name: &str) -> bool {
    let name = name.trim_matches(['*', '#', ' ', '_']).to_lowercase();
    matches!(
        name.as_str(),
        "verdict"
            | "overall verdict"
            | "final verdict"
            | "merge"
            | "merge verdict"
            | "merge recommendation"
            | "decision"
            | "overall"
    )
}
