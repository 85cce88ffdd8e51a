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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use model::Side;

    fn at(start: u32, end: u32) -> Option<Excerpt> {
        let text: String = (1..=100).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
        let memory = Memory::new(&[], &[("a.txt", &text)]);
        let place = Location {
            path: "a.txt".into(),
            start: Some(start),
            end: Some(end),
            side: Side::Head,
            ..Location::default()
        };
        excerpt(&memory, &place)
    }

    #[test]
    fn three_lines_surround_the_place_within_the_file() {
        let shown = at(2, 3).expect("lines");
        assert_eq!((shown.first_line, shown.start, shown.end, shown.lines.len()), (1, 2, 3, 6));
        assert_eq!(at(100, 120).expect("lines").lines.last().map(String::as_str), Some("line 100"));
        assert_eq!(at(101, 101), None);
    }

    #[test]
    fn a_long_place_is_cut_in_the_middle() {
        let shown = at(10, 90).expect("lines");
        assert_eq!(shown.lines.len(), LINES);
        assert!(shown.lines.contains(&"…".to_owned()));
        assert_eq!(shown.lines.last().map(String::as_str), Some("line 93"));
    }
}
