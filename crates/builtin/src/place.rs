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

/// The line, quoted. Its number is exact, so the one line settles where it stands; whoever shows it adds the neighbours.
pub(crate) fn at(source: &Source, line: u32, side: Side, role: PlaceRole) -> DocumentLocation {
    lines(source, line, line, side, role)
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
    fn a_line_is_quoted_to_the_letter() {
        let source = Source::new("a".into(), "1\n\t2 \n3\n");
        let place = at(&source, 2, Side::Head, PlaceRole::Primary);
        assert_eq!((place.start, place.end, place.quote.as_deref()), (Some(2), Some(2), Some("\t2 ")));
    }
}
