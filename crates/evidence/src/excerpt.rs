//! Code around a place, for showing a finding.
//!
//! In: a settled place. Out: its lines with three more on either side. Never the whole of a long file.

use model::{Excerpt, Location};

use crate::facts::Facts;
use crate::view::FileView;

const CONTEXT: u32 = 3;
const LINES: usize = 30;
const COLUMNS: usize = 400;

/// The code at a place; `None` where there is no line to show.
pub fn excerpt(facts: &dyn Facts, location: &Location) -> Option<Excerpt> {
    let start = location.start.filter(|line| *line > 0)?;
    let text = facts.text(location.side, &location.path)?;
    let view = FileView::new(&text.content, text.binary);
    if start > view.line_count() {
        return None;
    }
    let end = location.end.unwrap_or(start).clamp(start, view.line_count());
    let first = start.saturating_sub(CONTEXT).max(1);
    let last = end.saturating_add(CONTEXT).min(view.line_count());
    let lines = view.lines[first as usize - 1..last as usize].iter().map(|line| cut(line)).collect();
    Some(Excerpt {
        path: location.path.clone(),
        side: location.side,
        first_line: first,
        start,
        end,
        lines: without_middle(lines),
    })
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(COLUMNS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

fn without_middle(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LINES {
        let tail = lines.split_off(lines.len() - LINES / 3);
        lines.truncate(LINES - LINES / 3 - 1);
        lines.push("…".to_owned());
        lines.extend(tail);
    }
    lines
}
