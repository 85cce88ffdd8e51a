//! Small operations on lines and words.
//!
//! In: text that anybody wrote. Out: normalised lines, words, shortened quotes. Never changes what a line says: white
//! space is collapsed, not deleted, because `"$ @"` and `"$@"` are different programs.

/// Collapses runs of white space to one blank and trims both ends.
pub(crate) fn normalise(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// At most `limit` characters, with `…` where more were there; control characters are dropped.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let clean = normalise(text);
    let mut characters = clean.chars().filter(|c| !c.is_control());
    let mut out: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

/// True for a path that names a place on somebody's machine rather than in the repository.
pub(crate) fn is_absolute(path: &str) -> bool {
    let path = path.trim().trim_start_matches('`');
    let mut characters = path.chars();
    let drive = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.next() == Some(':')
        && matches!(characters.next(), Some('/' | '\\'));
    drive || path.starts_with(['/', '~', '\\']) || path.starts_with("file:")
}

/// A path as claimed, for people; of a path on somebody's machine only its end.
pub(crate) fn shown_path(path: &str) -> String {
    if !is_absolute(path) {
        return shorten(path, 160);
    }
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let tail = &parts[parts.len().saturating_sub(2)..];
    format!("…/{}", shorten(&tail.join("/"), 120))
}

/// True for characters that names are made of.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Letters and digits in a text: how much it says.
pub(crate) fn substance(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// Columns (bytes) at which `needle` stands in `line` as a word of its own.
pub(crate) fn word_columns<'a>(line: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let starts_with_word = needle.chars().next().is_some_and(is_word);
    let ends_with_word = needle.chars().next_back().is_some_and(is_word);
    line.match_indices(needle).map(|(at, _)| at).filter(move |at| {
        let before = line[..*at].chars().next_back();
        let after = line[at + needle.len()..].chars().next();
        !(starts_with_word && before.is_some_and(is_word) || ends_with_word && after.is_some_and(is_word))
    })
}

/// True where `needle` stands in `line` as a word of its own.
pub(crate) fn has_word(line: &str, needle: &str) -> bool {
    !needle.is_empty() && word_columns(line, needle).next().is_some()
}

/// True where a line is a comment and nothing else, in any of the usual languages.
pub(crate) fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "#", "/*", "*", "<!--", "--", ";", "%", "\"\"\"", "'''"]
        .iter()
        .any(|leader| line.starts_with(leader))
        && !line.starts_with("#[")
        && !line.starts_with("#!")
        && !line.starts_with("#include")
        && !line.starts_with("#define")
        && !line.starts_with("*p")
}

/// Markdown without its fenced blocks: what the reviewer says, not what it quotes.
pub(crate) fn prose(markdown: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut out = String::with_capacity(markdown.len());
    for line in markdown.lines() {
        let trimmed = line.trim_start();
        let marker = if trimmed.starts_with("```") {
            Some("```")
        } else {
            trimmed.starts_with("~~~").then_some("~~~")
        };
        match (fence, marker) {
            (None, Some(open)) => fence = Some(open),
            (Some(open), Some(close)) if open == close => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// The inline code spans of Markdown prose, in order.
pub(crate) fn code_spans(prose: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut rest = prose;
    while let Some(open) = rest.find('`') {
        let ticks = rest[open..].bytes().take_while(|byte| *byte == b'`').count();
        let inner = &rest[open + ticks..];
        let Some(close) = inner.find(&rest[open..open + ticks]) else { break };
        let span = inner[..close].trim();
        if !span.is_empty() && !span.contains('\n') {
            spans.push(span);
        }
        rest = &inner[close + ticks..];
    }
    spans
}

/// One bit for every pair of neighbouring bytes, hashed: a cheap first look at how alike lines are.
pub(crate) fn sketch(text: &str) -> u64 {
    let bytes = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let (mut bits, mut before) = (0, 0_u64);
    for byte in bytes.take(400) {
        let pair = (before << 8 | u64::from(byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bits |= 1 << (pair >> 58);
        before = u64::from(byte);
    }
    bits
}

/// How alike two normalised lines are, 0 to 1: shared pairs of neighbouring characters over all pairs (Dice).
pub(crate) fn likeness(a: &str, b: &str) -> f64 {
    let pairs = |text: &str| {
        let characters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).take(400).collect();
        let mut pairs: Vec<(char, char)> = characters.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.sort_unstable();
        pairs
    };
    let (a, b) = (pairs(a), pairs(b));
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Equal => (i, j, shared) = (i + 1, j + 1, shared + 1),
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
        }
    }
    2.0 * f64::from(shared) / (a.len() + b.len()) as f64
}

/// Lines for people: `12`, `12-14`.
pub(crate) fn range(start: u32, end: u32) -> String {
    if start == end { start.to_string() } else { format!("{start}-{end}") }
}

/// A list for people, cut after `limit` with the number left out.
pub(crate) fn list<T: AsRef<str>>(items: &[T], limit: usize) -> String {
    let shown: Vec<&str> = items.iter().take(limit).map(AsRef::as_ref).collect();
    let left = items.len().saturating_sub(limit);
    if left == 0 { shown.join(", ") } else { format!("{} and {left} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_collapsed_but_never_deleted() {
        assert_eq!(normalise("\t if  (a)\r"), "if (a)");
        assert_ne!(normalise("exec \"$ @\""), normalise("exec \"$@\""));
    }

    #[test]
    fn a_word_ends_where_its_letters_end() {
        assert!(has_word("foo.bar(baz)", "bar"));
        assert!(!has_word("foobar", "bar"));
        assert!(has_word("use --flag=1", "--flag"));
        assert!(!has_word("x", ""));
    }

    #[test]
    fn prose_leaves_out_fences_and_spans_are_found_in_it() {
        let text = "The `run()` call\n```go\nother `x`\n```\nand ``a`b`` end";
        assert_eq!(code_spans(&prose(text)), ["run()", "a`b"]);
    }

    #[test]
    fn likeness_tells_a_slip_from_another_line() {
        assert!(likeness("return compute(total)", "return compute(totals)") > 0.9);
        assert!(likeness("return compute(total)", "let x = 5;") < 0.3);
    }
}
