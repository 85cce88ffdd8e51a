//! Which bytes of a file are code, comment or string.
//!
//! In: a language and a text. Out: one [`Part`] for every byte. Knows quotes and comment marks, never grammar; a quote
//! that a line leaves open ends with the line unless the language lets strings span lines.

use crate::language::Language;

/// What a byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Code,
    Comment,
    /// Inside quotes, the quotes included.
    String,
}

/// The marks of one language.
struct Marks {
    line_comments: &'static [&'static str],
    /// True where a line comment needs white space or the line's start before it.
    spaced: bool,
    blocks: &'static [(&'static str, &'static str)],
    /// Quotes that may span lines, longest first.
    long_quotes: &'static [&'static str],
    quotes: &'static [char],
}

fn marks(language: Language) -> Marks {
    let c_like = Marks {
        line_comments: &["//"],
        spaced: false,
        blocks: &[("/*", "*/")],
        long_quotes: &[],
        quotes: &['"', '\''],
    };
    let hash =
        Marks { line_comments: &["#"], spaced: true, blocks: &[], long_quotes: &["\"", "'"], quotes: &[] };
    match language {
        Language::Go | Language::Script => Marks { long_quotes: &["`"], ..c_like },
        Language::Rust => Marks { long_quotes: &["\""], quotes: &['\''], ..c_like },
        Language::Java | Language::Kotlin | Language::CSharp => Marks { long_quotes: &["\"\"\""], ..c_like },
        Language::C => c_like,
        Language::Php => {
            Marks { line_comments: &["//", "#"], long_quotes: &["\"", "'"], quotes: &[], ..c_like }
        }
        Language::Python => {
            Marks { long_quotes: &["\"\"\"", "'''"], quotes: &['"', '\''], spaced: false, ..hash }
        }
        Language::Ruby => Marks { blocks: &[("\n=begin", "\n=end")], ..hash },
        Language::Shell => hash,
        Language::Yaml | Language::Toml | Language::Docker | Language::Make => {
            Marks { long_quotes: &[], quotes: &['"'], ..hash }
        }
        Language::Json => Marks { ..c_like },
        Language::Markdown | Language::Other => Marks {
            line_comments: &[],
            spaced: false,
            blocks: &[("<!--", "-->")],
            long_quotes: &[],
            quotes: &[],
        },
    }
}

/// Marks every byte of `text`.
pub(crate) fn parts(language: Language, text: &str) -> Vec<Part> {
    let marks = marks(language);
    let bytes = text.as_bytes();
    let mut parts = vec![Part::Code; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if let Some((open, close)) = marks.blocks.iter().find(|(open, _)| rest.starts_with(open.as_bytes())) {
            let end =
                find(bytes, close.as_bytes(), at + open.len()).map_or(bytes.len(), |end| end + close.len());
            parts[at..end].fill(Part::Comment);
            at = end;
        } else if starts_line_comment(&marks, bytes, at) {
            let end = memchr(bytes, b'\n', at);
            parts[at..end].fill(Part::Comment);
            at = end;
        } else if language == Language::Rust
            && let Some(end) = raw_string_end(bytes, at)
        {
            parts[at..end].fill(Part::String);
            at = end;
        } else if let Some(quote) = marks.long_quotes.iter().find(|quote| rest.starts_with(quote.as_bytes()))
        {
            let escapes = !(language == Language::Go || (language == Language::Shell && *quote == "'"));
            let end = long_string_end(bytes, quote.as_bytes(), at, escapes);
            let docstring = language == Language::Python && quote.len() == 3 && stands_alone(bytes, at);
            parts[at..end].fill(if docstring { Part::Comment } else { Part::String });
            at = end;
        } else if marks.quotes.contains(&char::from(bytes[at])) && !is_mere_tick(language, bytes, at) {
            let end = short_string_end(bytes, at);
            parts[at..end].fill(Part::String);
            at = end;
        } else {
            at += 1;
        }
    }
    parts
}

fn starts_line_comment(marks: &Marks, bytes: &[u8], at: usize) -> bool {
    marks.line_comments.iter().any(|mark| bytes[at..].starts_with(mark.as_bytes()))
        && (!marks.spaced || at == 0 || bytes[at - 1].is_ascii_whitespace())
}

/// A Rust lifetime, a C digit separator, an apostrophe: a single quote that opens nothing.
fn is_mere_tick(language: Language, bytes: &[u8], at: usize) -> bool {
    if bytes[at] != b'\'' {
        return false;
    }
    match language {
        Language::Rust => {
            let short = bytes.get(at + 2) == Some(&b'\'');
            let escaped = bytes.get(at + 1) == Some(&b'\\');
            let wide = bytes.get(at + 1).is_some_and(|byte| *byte >= 0x80);
            !(short || escaped || wide)
        }
        Language::C => at > 0 && bytes[at - 1].is_ascii_hexdigit(),
        _ => false,
    }
}

fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes[at] != b'r' || (at > 0 && (bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'b')) {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    Some(find(bytes, &close, at + 2 + hashes).map_or(bytes.len(), |end| end + close.len()))
}

fn long_string_end(bytes: &[u8], quote: &[u8], at: usize, escapes: bool) -> usize {
    let mut end = at + quote.len();
    while end < bytes.len() {
        if escapes && bytes[end] == b'\\' {
            end += 2;
        } else if bytes[end..].starts_with(quote) {
            return end + quote.len();
        } else {
            end += 1;
        }
    }
    bytes.len()
}

fn short_string_end(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'\n' {
        if bytes[end] == b'\\' && bytes.get(end + 1).is_some_and(|byte| *byte != b'\n') {
            end += 2;
        } else if bytes[end] == quote {
            return end + 1;
        } else {
            end += 1;
        }
    }
    end.min(bytes.len())
}

/// True where only white space (and a string prefix) stands before on the line: a docstring, not a value.
fn stands_alone(bytes: &[u8], at: usize) -> bool {
    bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'r' | b'u' | b'R' | b'U'))
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    (from <= bytes.len())
        .then(|| bytes[from..].windows(wanted.len()).position(|window| window == wanted))?
        .map(|at| at + from)
}

fn memchr(bytes: &[u8], wanted: u8, from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == wanted).map_or(bytes.len(), |at| at + from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(language: Language, text: &str) -> String {
        parts(language, text)
            .iter()
            .map(|part| match part {
                Part::Code => '.',
                Part::Comment => '#',
                Part::String => '"',
            })
            .collect()
    }

    #[test]
    fn comments_and_strings_are_told_from_code() {
        for (language, text, expected) in [
            (Language::Go, "a(\"//x\") // y", "..\"\"\"\"\"..####".to_owned()),
            (Language::Rust, "f(&'a x, 'b', \"c\")", ".........\"\"\"..\"\"\".".to_owned()),
            (Language::Rust, "r#\"a\"b\"# x", "\"\"\"\"\"\"\"\"..".to_owned()),
            (Language::Python, "x = 'a' # b", "....\"\"\".###".to_owned()),
            (Language::Python, "\"\"\"doc\"\"\"\nx", "#########..".to_owned()),
            (Language::Shell, "echo $# # n", "........###".to_owned()),
            (Language::Script, "`a\nb` + 1", "\"\"\"\"\"....".to_owned()),
            (Language::C, "1'000 /* a */", "......#######".to_owned()),
            (Language::Markdown, "it's \"x\"", "........".to_owned()),
        ] {
            assert_eq!(drawn(language, text), expected, "{text}");
        }
    }

    #[test]
    fn an_open_quote_ends_with_its_line() {
        assert_eq!(drawn(Language::C, "a \"b\nc"), "..\"\"..");
    }
}
