//! The text behind its wrappers: a whole review inside a code fence, `<details>`, a block quote or an indentation.
//!
//! In: the original text. Out: the same lines without the wrapper, each knowing the byte it came from. Never changes
//! a character: a line is a part of an original line, or empty.

/// Marks of quotation deeper than this are cut: no reader gains from them, and parsers pay for each on every line.
const MAX_QUOTE_MARKS: usize = 16;
/// Wrappers inside wrappers that are taken off.
const MAX_WRAPPERS: usize = 4;

/// Lines of a text, each a byte range of the original.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source<'t> {
    original: &'t str,
    lines: Vec<(usize, usize)>,
    /// The lines joined with `\n`: what the Markdown parser sees.
    pub(crate) text: String,
    starts: Vec<usize>,
    /// Wrappers that were taken off, for the notes.
    pub(crate) unwrapped: Vec<&'static str>,
    /// True where quotation marks were cut.
    pub(crate) cut_quotes: bool,
}

impl<'t> Source<'t> {
    /// Takes off the wrappers and prepares every line.
    pub(crate) fn new(original: &'t str) -> Self {
        let mut source = Self::unwrapped(original);
        source.prepare_marks();
        source.join();
        source
    }

    /// Takes off the wrappers and leaves the lines as they were written.
    pub(crate) fn unwrapped(original: &'t str) -> Self {
        let mut source = Self { original, lines: line_ranges(original), ..Self::default() };
        source.drop_line_ends();
        source.drop_glued_fence();
        source.prepare_tags();
        for _ in 0..MAX_WRAPPERS {
            let Some(wrapper) = source.unwrap_once() else { break };
            source.unwrapped.push(wrapper);
        }
        source
    }

    /// Line `number` (1-based) without its line end; empty behind the last.
    pub(crate) fn line(&self, number: usize) -> &str {
        number
            .checked_sub(1)
            .and_then(|at| self.lines.get(at))
            .map_or("", |range| &self.original[range.0..range.1])
    }

    /// How many lines there are.
    pub(crate) fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Where line `number` begins in the original, in bytes.
    pub(crate) fn start_of(&self, number: usize) -> usize {
        number.checked_sub(1).and_then(|at| self.lines.get(at)).map_or(self.original.len(), |range| range.0)
    }

    /// Where line `number` ends in the original, in bytes, line end excluded.
    pub(crate) fn end_of(&self, number: usize) -> usize {
        number.checked_sub(1).and_then(|at| self.lines.get(at)).map_or(self.original.len(), |range| range.1)
    }

    /// The line of the original, 1-based, that line `number` stands on. The two differ only behind removed wrappers.
    pub(crate) fn original_line(&self, number: usize) -> u32 {
        let at = self.start_of(number);
        u32::try_from(self.starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    /// Lines `first..=last` joined.
    pub(crate) fn slice(&self, first: usize, last: usize) -> String {
        let mut text = String::new();
        for number in first..=last.min(self.line_count()) {
            if number > first {
                text.push('\n');
            }
            text.push_str(self.line(number));
        }
        text
    }

    fn get(&self, range: (usize, usize)) -> &'t str {
        &self.original[range.0..range.1]
    }

    fn drop_line_ends(&mut self) {
        let breaks = self.original.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        self.starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        let original = self.original;
        for line in &mut self.lines {
            let text = &original[line.0..line.1];
            line.1 = line.0 + text.trim_end_matches(['\n', '\r']).len();
        }
    }

    /// A wrapper's closing fence glued to the last sentence (`examined.```` `) is no part of it.
    fn drop_glued_fence(&mut self) {
        let Some(at) = (0..self.lines.len()).rev().find(|at| !self.blank(*at)) else { return };
        let text = self.get(self.lines[at]).trim_end();
        let words = text.trim_end_matches('`');
        if text.len() - words.len() >= 3 && !words.trim().is_empty() && !words.contains("```") {
            self.lines[at].1 = self.lines[at].0 + words.len();
        }
    }

    /// Empties lines that hold nothing but `<details>` tags and keeps the words of a `<summary>`. In code they are code.
    fn prepare_tags(&mut self) {
        let mut open: Option<(char, usize)> = None;
        for at in 0..self.lines.len() {
            let range = self.lines[at];
            let text = self.get(range);
            let fence = text.trim_start();
            if let Some(mark) = fence.chars().next().filter(|mark| matches!(mark, '`' | '~')) {
                let length = fence.len() - fence.trim_start_matches(mark).len();
                match open {
                    Some((own, least))
                        if own == mark && length >= least && length == fence.trim_end().len() =>
                    {
                        open = None;
                    }
                    None if length >= 3 => open = Some((mark, length)),
                    _ => {}
                }
            }
            if open.is_some() || !text.contains('<') {
                continue;
            }
            if let Some((from, to)) = inside_tags(text) {
                self.lines[at] = (range.0 + from, range.0 + to);
            }
        }
    }

    /// Cuts quotation marks beyond a sane depth and hashes beyond the six that Markdown knows.
    fn prepare_marks(&mut self) {
        for at in 0..self.lines.len() {
            let range = self.lines[at];
            let text = self.get(range);
            let bytes = text.as_bytes();
            if bytes.starts_with(b"#######") {
                let hashes = bytes.iter().take_while(|byte| **byte == b'#').count();
                if hashes <= 20 && matches!(bytes.get(hashes), None | Some(b' ' | b'\t')) {
                    self.lines[at].0 += hashes - 6;
                }
            } else if text.trim_start().starts_with('>') {
                let marks =
                    text.bytes().take_while(|byte| matches!(byte, b'>' | b' ')).filter(|byte| *byte == b'>');
                let excess = marks.count().saturating_sub(MAX_QUOTE_MARKS);
                if excess > 0 {
                    self.cut_quotes = true;
                    self.lines[at].0 += byte_after_marks(text, excess);
                }
            }
        }
    }

    fn unwrap_once(&mut self) -> Option<&'static str> {
        if self.unwrap_fence() {
            Some("a code fence")
        } else if self.unwrap_quote() {
            Some("a block quote")
        } else if self.unwrap_indent() {
            Some("an indentation")
        } else {
            None
        }
    }

    /// A fence around the whole review. Inner fences often break the outer one, so only the outermost lines count.
    fn unwrap_fence(&mut self) -> bool {
        let filled: Vec<usize> = (0..self.lines.len()).filter(|at| !self.blank(*at)).collect();
        // A chatty sentence or two may stand before the fence.
        let Some(open_at) = filled.iter().take(8).position(|at| is_wrapper_fence(self.get(self.lines[*at])))
        else {
            return false;
        };
        let open = filled[open_at];
        let mark = self.get(self.lines[open]).trim_start().as_bytes()[0];
        let rest = &filled[open_at + 1..];
        // Nothing, or a sentence or two, may stand behind it.
        let close = rest.iter().rev().take(4).find(|at| is_closing_fence(self.get(self.lines[**at]), mark));
        let inner_end = close.copied().unwrap_or(self.lines.len());
        let headings =
            (open + 1..inner_end).filter(|at| looks_like_structure(self.get(self.lines[*at]))).count();
        let before = filled[..open_at].iter().any(|at| looks_like_structure(self.get(self.lines[*at])));
        let first_inside = rest.first().is_some_and(|at| !looks_like_code(self.get(self.lines[*at])));
        if headings == 0 || before || !first_inside {
            return false;
        }
        let blank = |line: &mut (usize, usize)| line.1 = line.0;
        blank(&mut self.lines[open]);
        if let Some(close) = close {
            blank(&mut self.lines[*close]);
        }
        true
    }

    fn unwrap_quote(&mut self) -> bool {
        let (mut quoted, mut other, mut structure) = (0usize, 0usize, 0usize);
        for at in 0..self.lines.len() {
            let text = self.get(self.lines[at]);
            if text.trim().is_empty() {
                continue;
            }
            if let Some(inner) = text.strip_prefix('>') {
                quoted += 1;
                structure += usize::from(looks_like_structure(inner.strip_prefix(' ').unwrap_or(inner)));
            } else {
                other += 1;
            }
        }
        if quoted < 3 || other * 9 > quoted || structure == 0 {
            return false;
        }
        for at in 0..self.lines.len() {
            let text = self.get(self.lines[at]);
            if let Some(inner) = text.strip_prefix('>') {
                self.lines[at].0 += 1 + usize::from(inner.starts_with(' '));
            }
        }
        true
    }

    fn unwrap_indent(&mut self) -> bool {
        let (mut indented, mut other, mut structure) = (0usize, 0usize, 0usize);
        for at in 0..self.lines.len() {
            let text = self.get(self.lines[at]);
            if text.trim().is_empty() {
                continue;
            }
            match indentation(text) {
                Some(width) => {
                    indented += 1;
                    structure += usize::from(looks_like_structure(&text[width..]));
                }
                None => other += 1,
            }
        }
        if indented < 3 || other * 9 > indented || structure == 0 {
            return false;
        }
        for at in 0..self.lines.len() {
            let width = indentation(self.get(self.lines[at])).unwrap_or(0);
            self.lines[at].0 += width;
        }
        true
    }

    fn blank(&self, at: usize) -> bool {
        self.get(self.lines[at]).trim().is_empty()
    }

    fn join(&mut self) {
        let mut text = String::with_capacity(self.original.len() + 1);
        for range in &self.lines {
            text.push_str(&self.original[range.0..range.1]);
            text.push('\n');
        }
        self.text = text;
    }
}

/// Lines as Markdown knows them: ended by a line feed, a carriage return or both.
fn line_ranges(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut ranges = Vec::new();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        if ends {
            ranges.push((start, at + 1));
            start = at + 1;
        }
    }
    if start < text.len() {
        ranges.push((start, text.len()));
    }
    ranges
}

/// The part of a line between `<details>`, `<summary>` and their ends, `None` where there is no such tag.
fn inside_tags(text: &str) -> Option<(usize, usize)> {
    let (mut from, mut to) = (0, text.len());
    let mut found = false;
    loop {
        let rest = &text[from..to];
        let trimmed = rest.trim_start();
        let tag = ["<details", "<summary", "</details", "</summary"]
            .iter()
            .any(|tag| starts_with_tag(trimmed, tag));
        let Some(end) = trimmed.find('>').filter(|_| tag) else { break };
        from = to - trimmed.len() + end + 1;
        found = true;
    }
    loop {
        let rest = text[from..to].trim_end();
        let Some(open) = rest.rfind('<').filter(|_| rest.ends_with('>')) else { break };
        if !["<details", "<summary", "</details", "</summary"]
            .iter()
            .any(|tag| starts_with_tag(&rest[open..], tag))
        {
            break;
        }
        to = from + open;
        found = true;
    }
    found.then(|| {
        let inner = &text[from..to];
        let lead = inner.len() - inner.trim_start().len();
        (from + lead, to)
    })
}

fn starts_with_tag(text: &str, tag: &str) -> bool {
    text.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag))
        && text[tag.len()..].starts_with(|c: char| c == '>' || c.is_whitespace())
}

fn byte_after_marks(text: &str, marks: usize) -> usize {
    let mut seen = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'>' {
            seen += 1;
            if seen == marks {
                return at + 1;
            }
        }
    }
    0
}

fn indentation(text: &str) -> Option<usize> {
    if text.starts_with("    ") {
        Some(4)
    } else if text.starts_with('\t') {
        Some(1)
    } else {
        None
    }
}

/// An opening fence without a language, or with one that says "prose".
fn is_wrapper_fence(line: &str) -> bool {
    let line = line.trim();
    let mark = if line.starts_with("```") { '`' } else { '~' };
    let info = line.trim_start_matches(mark);
    line.len() - info.len() >= 3
        && matches!(info.trim().to_lowercase().as_str(), "" | "markdown" | "md" | "text" | "txt" | "gfm")
}

fn is_closing_fence(line: &str, mark: u8) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.bytes().all(|byte| byte == mark)
}

/// A heading or a labelled finding: what a wrapped review has and wrapped code has not.
fn looks_like_structure(line: &str) -> bool {
    let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=7).contains(&hashes) && line[hashes..].starts_with(' ') {
        return crate::words::section(&line[hashes..]).is_some();
    }
    let bold = line.trim().strip_prefix("**").and_then(|rest| rest.split("**").next());
    bold.is_some_and(|name| crate::words::section(name).is_some())
}

fn looks_like_code(line: &str) -> bool {
    let line = line.trim();
    line.ends_with([';', '{', '}'])
        || line.starts_with("//")
        || line.starts_with("@@")
        || line.starts_with("diff --git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_points_back_into_the_original() {
        let text = "```markdown\n## Findings\nA\n```\n";
        let source = Source::new(text);
        assert_eq!(source.unwrapped, ["a code fence"]);
        assert_eq!(source.line(2), "## Findings");
        assert_eq!(&text[source.start_of(2)..source.end_of(2)], "## Findings");
        assert_eq!(source.original_line(3), 3);
    }

    #[test]
    fn a_lone_carriage_return_ends_a_line() {
        let source = Source::new("a\rb\r\nc\n\rd");
        let lines: Vec<&str> = (1..=source.line_count()).map(|number| source.line(number)).collect();
        assert_eq!(lines, ["a", "b", "c", "", "d"]);
        assert_eq!(source.original_line(5), 3);
    }

    #[test]
    fn an_indented_or_quoted_review_is_taken_out() {
        for mark in ["    ", "> ", "\t"] {
            let text = ["## Summary", "", "Fine.", "", "## Findings", "", "None."]
                .map(|l| format!("{mark}{l}"))
                .join("\n");
            let source = Source::new(&text);
            assert_eq!(source.unwrapped.len(), 1, "{mark:?}");
            assert_eq!(source.line(1), "## Summary");
        }
    }

    #[test]
    fn tags_around_the_review_leave_no_trace() {
        let source = Source::new("<details><summary>Full output</summary>\n### Findings\n</details>\n");
        assert_eq!(source.line(1), "Full output");
        assert_eq!(source.line(2), "### Findings");
        assert_eq!(source.line(3), "");
    }

    #[test]
    fn a_code_sample_at_the_top_is_not_a_wrapper() {
        let source = Source::new("```\nlet a = 1;\n```\n\n## Findings\n\nNone.\n");
        assert!(source.unwrapped.is_empty());
    }

    #[test]
    fn too_many_hashes_and_marks_are_cut() {
        let deep = format!("{}x", ">".repeat(1000));
        let text = format!("####### Critical Issues\n\n{deep}\n");
        let source = Source::new(&text);
        assert_eq!(source.line(1), "###### Critical Issues");
        assert!(source.line(3).len() < 40 && source.cut_quotes);
    }
}
