//! String literals of a file.
//!
//! In: a source. Out: what stands between quotes, line by line. Escapes are left as written, because that is how other
//! files quote the same text.

use crate::lex::Part;
use crate::source::Source;

/// The literals of one line with the byte position of their first character.
pub(super) fn literals(source: &Source, line: u32) -> Vec<(usize, &str)> {
    let text = source.line(line);
    let mut found = Vec::new();
    let mut start = None;
    for at in 0..=text.len() {
        let inside = at < text.len() && source.part_at(line, at) == Part::String;
        match (start, inside) {
            (None, true) => start = Some(at),
            (Some(first), false) => {
                split(text, first, at, &mut found);
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// Adjacent literals (`"a""b"`) are one run; quotes are taken off.
fn split<'a>(text: &'a str, first: usize, end: usize, found: &mut Vec<(usize, &'a str)>) {
    let Some(run) = text.get(first..end) else { return };
    let inner = run.trim_start_matches(['r', 'b', 'f', 'u', '#']).trim_end_matches('#');
    let offset = run.find(inner).unwrap_or(0);
    let quotes = ['"', '\'', '`'];
    let opened = inner.strip_prefix(quotes).map_or((inner, 0), |rest| (rest, 1));
    let closed = opened.0.strip_suffix(quotes).unwrap_or(opened.0);
    if !closed.is_empty() {
        found.push((first + offset + opened.1, closed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_come_without_their_quotes() {
        let source = Source::new("a.go".into(), "f(\"one two\", x, 'c') // \"no\"\n");
        assert_eq!(literals(&source, 1), [(3, "one two"), (17, "c")]);
    }
}
