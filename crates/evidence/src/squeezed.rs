//! A file without what formatters change: white space that tells nothing apart, and where lines break.
//!
//! In: a file. Out: where lines stand that were remembered before it was formatted. Never joins words, and leaves quoted text
//! as it is: `"$ @"` and `"$@"` are different programs.

use crate::text::is_word;
use crate::view::FileView;

/// The squeezed text of a file.
#[derive(Debug, Default)]
pub(crate) struct Squeezed {
    text: String,
    /// Where each line that is not blank begins in the text, with its number.
    starts: Vec<(usize, u32)>,
}

impl Squeezed {
    /// Squeezes a file.
    pub(crate) fn new(view: &FileView) -> Self {
        let mut made = Self::default();
        for line in &view.solid {
            made.starts.push((made.text.len(), line.line));
            squeeze(&line.text, &mut made.text);
            made.text.push(END);
        }
        made
    }

    /// Numbers of the lines at which these lines begin, however they are broken: they must begin and end where lines do.
    pub(crate) fn starts(&self, wanted: &[String]) -> Vec<u32> {
        let mut needle = String::new();
        for line in wanted {
            squeeze(line, &mut needle);
        }
        if needle.is_empty() {
            return Vec::new();
        }
        self.starts.iter().filter(|(at, _)| self.begins(*at, &needle)).map(|(_, line)| *line).collect()
    }

    /// Whether the text from here, without line ends, begins with the needle and ends a line with it.
    fn begins(&self, at: usize, needle: &str) -> bool {
        let mut here = self.text[at..].chars().filter(|c| *c != END);
        if !needle.chars().all(|c| here.next() == Some(c)) {
            return false;
        }
        // The same walk again, to see where it ends.
        let mut left = needle.chars().count();
        for c in self.text[at..].chars() {
            if left == 0 {
                return c == END;
            }
            left -= usize::from(c != END);
        }
        left == 0
    }
}

/// Ends a line in a squeezed text; no line holds it.
const END: char = '\n';

/// A line without the white space that formatters put in and take out.
pub(crate) fn squeezed(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    squeeze(line.trim(), &mut out);
    out
}

/// Adds a line without its white space; between two words, and inside of quotes, one blank stays.
fn squeeze(line: &str, out: &mut String) {
    let mut quote: Option<char> = None;
    let mut blank = false;
    let mut escaped = false;
    for c in line.chars() {
        if quote.is_none() && c.is_whitespace() {
            blank = true;
            continue;
        }
        if blank && is_word(c) && out.chars().next_back().is_some_and(is_word) {
            out.push(' ');
        }
        blank = false;
        match quote {
            Some(open) if c == open && !escaped => quote = None,
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(file: &str, wanted: &str) -> Vec<u32> {
        let wanted: Vec<String> = wanted.lines().map(crate::text::normalise).collect();
        Squeezed::new(&FileView::new(file, false)).starts(&wanted)
    }

    #[test]
    fn what_a_formatter_does_changes_nothing() {
        assert_eq!(starts("x\nfoo( a,b )\n", "foo(a, b)"), [2]);
        assert_eq!(starts("let x =\n    call(\n        a,\n        b);\nend\n", "let x = call(a, b);"), [1]);
        assert_eq!(starts("let x = call(a, b);\n", "let x =\n  call(a,\n    b);"), [1]);
    }

    #[test]
    fn other_code_stays_other_code() {
        for (file, wanted) in [
            ("// foo(a, b);", "foo(a, b);"),
            ("foo(a, b); bar();", "foo(a, b);"),
            ("run \"$ @\"", "run \"$@\""),
            ("returnvalue;", "return value;"),
            ("foo(a, bc);", "foo(a, b c);"),
            ("", "foo"),
        ] {
            assert_eq!(starts(file, wanted), [0_u32; 0], "{file} {wanted}");
        }
    }
}
