//! Places as a review document names them.
//!
//! In: a file and a line. Out: a [`DocumentLocation`] with whole lines quoted to the letter. Never quotes a line of
//! another side than it says.

use model::{DocumentLocation, Side};

use crate::source::Source;

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceRole {
    Primary,
    Related,
    Evidence,
}

/// Lines longer than this are no source text; quoting them helps nobody.
const LONGEST_QUOTED: usize = 400;

/// The line with its neighbours quoted; a quote neither begins nor ends with a blank line.
pub(crate) fn around(source: &Source, line: u32, side: Side, role: PlaceRole) -> DocumentLocation {
    let blank = |number: &u32| source.line(*number).trim().is_empty();
    let above = (line.saturating_sub(2).max(1)..line).rev().find(|number| !blank(number));
    let below = (line + 1..=(line + 2).min(source.line_count())).find(|number| !blank(number));
    let (mut start, mut end) = (above.unwrap_or(line), below.unwrap_or(line));
    if end - start < 2 && start > 1 && below.is_none() && !blank(&(start - 1)) {
        start -= 1;
    } else if end - start < 2 && end < source.line_count() && above.is_none() && !blank(&(end + 1)) {
        end += 1;
    }
    lines(source, start, end, side, role)
}

/// Exactly these lines quoted.
pub(crate) fn lines(source: &Source, start: u32, end: u32, side: Side, role: PlaceRole) -> DocumentLocation {
    let quoted: Vec<&str> = (start..=end).map(|line| source.line(line).trim_end_matches('\r')).collect();
    let quotable = quoted.iter().all(|line| line.len() <= LONGEST_QUOTED)
        && quoted.iter().any(|line| !line.trim().is_empty());
    DocumentLocation {
        path: source.path.as_str().to_owned(),
        start: Some(start),
        end: Some(end),
        side,
        role: Some(name(role)),
        symbol: None,
        quote: quotable.then(|| quoted.join("\n")),
    }
}

/// A whole file.
pub(crate) fn file(path: &str, role: PlaceRole) -> DocumentLocation {
    DocumentLocation { path: path.to_owned(), role: Some(name(role)), ..DocumentLocation::default() }
}

fn name(role: PlaceRole) -> String {
    match role {
        PlaceRole::Primary => "primary",
        PlaceRole::Related => "related",
        PlaceRole::Evidence => "evidence",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_are_quoted_where_there_are_three() {
        let source = Source::new("a".into(), "1\n2\n3\n4\n");
        for (line, range, quote) in [(1, (1, 3), "1\n2\n3"), (2, (1, 3), "1\n2\n3"), (4, (2, 4), "2\n3\n4")] {
            let place = around(&source, line, Side::Head, PlaceRole::Primary);
            assert_eq!((place.start, place.end), (Some(range.0), Some(range.1)));
            assert_eq!(place.quote.as_deref(), Some(quote));
        }
        let short = around(&Source::new("a".into(), "only"), 1, Side::Head, PlaceRole::Primary);
        assert_eq!((short.start, short.end, short.quote.as_deref()), (Some(1), Some(1), Some("only")));
    }
}
