//! Reviews in YAML as language models write it: scalars that should have been quoted, lists at any indentation.
//!
//! In: a text. Out: the values of its YAML fences, or of the whole text where that begins like YAML. Forgives what a strict
//! reader refuses (a title with a colon or a backtick); never takes `#` in a sentence for a comment, never follows aliases.

use serde_json::{Number, Value};

use super::lenient::{self, Node};

/// Lists and mappings inside each other.
const MAX_DEPTH: usize = 60;

/// A document in YAML.
pub(crate) struct Document {
    pub(crate) node: Node,
    /// Its bytes.
    pub(crate) span: (usize, usize),
    /// Where a line stands that belongs to nothing, and was left out.
    pub(crate) lost: Option<usize>,
    /// True where its fence is never closed.
    pub(crate) open: bool,
}

/// The YAML documents of a text.
pub(crate) fn documents(text: &str) -> Vec<Document> {
    let mut fences = fences(text);
    if fences.is_empty() {
        fences.push(Fence { span: (0, text.len()), open: false });
    }
    fences.iter().filter_map(|fence| parse(text, fence)).collect()
}

/// What stands in a fence, and whether it is never closed.
struct Fence {
    span: (usize, usize),
    open: bool,
}

/// The fences that are marked as YAML.
fn fences(text: &str) -> Vec<Fence> {
    let (mut found, mut open, mut at) = (Vec::new(), None::<(usize, usize)>, 0);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let indent = line.len() - line.trim_start().len();
        match open {
            None if matches!(bare, "```yaml" | "```yml" | "~~~yaml") => {
                open = Some((at + line.len(), indent));
            }
            // A fence in a block of code of the document stands deeper.
            Some((from, depth)) if matches!(bare, "```" | "~~~") && indent <= depth => {
                found.push(Fence { span: (from, at), open: false });
                open = None;
            }
            _ => {}
        }
        at += line.len();
    }
    found.extend(open.map(|(from, _)| Fence { span: (from, text.len()), open: true }));
    found
}

/// Reads one document; `None` where it is neither a list nor a mapping.
fn parse(text: &str, fence: &Fence) -> Option<Document> {
    let span = fence.span;
    let mut lines = Vec::new();
    let mut at = span.0;
    for line in text[span.0..span.1].split_inclusive('\n') {
        let bare = line.trim_end();
        let indent = bare.len() - bare.trim_start().len();
        lines.push(Line { start: at + indent, end: at + bare.len(), indent });
        at += line.len();
    }
    let mut reader = Reader { text, lines, at: 0, lost: None };
    let first = reader.skip()?;
    let begins = reader.words(first);
    if !reader.is_item(first) && key(begins).is_none() {
        return None;
    }
    let node = reader.block(0);
    let rest = reader.skip().map(|line| line.start);
    Some(Document { node, span, lost: reader.lost.or(rest), open: fence.open })
}

/// One line without its indentation.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
    indent: usize,
}

struct Reader<'t> {
    text: &'t str,
    lines: Vec<Line>,
    at: usize,
    /// The first line that belongs to nothing.
    lost: Option<usize>,
}

impl<'t> Reader<'t> {
    fn words(&self, line: Line) -> &'t str {
        &self.text[line.start..line.end]
    }

    /// The next line that holds something: neither blank nor a comment nor a mark of a document.
    fn skip(&mut self) -> Option<Line> {
        loop {
            let line = *self.lines.get(self.at)?;
            let words = self.words(line);
            if !words.is_empty() && !words.starts_with('#') && words != "---" {
                return Some(line);
            }
            self.at += 1;
        }
    }

    fn is_item(&self, line: Line) -> bool {
        let words = self.words(line);
        words == "-" || words.starts_with("- ")
    }

    /// The list, the mapping or the text that begins on the next line.
    fn block(&mut self, depth: usize) -> Node {
        match self.skip() {
            Some(line) if depth < MAX_DEPTH && self.is_item(line) => self.list(line.indent, depth),
            Some(line) if depth < MAX_DEPTH && key(self.words(line)).is_some() => {
                self.mapping(line.indent, depth)
            }
            Some(line) => {
                self.at += 1;
                self.scalar(line.start, line.end, line.indent.saturating_sub(1))
            }
            None => Node::Plain(Value::Null),
        }
    }

    fn list(&mut self, indent: usize, depth: usize) -> Node {
        let mut items = Vec::new();
        while let Some(line) = self.skip() {
            if line.indent != indent || !self.is_item(line) {
                break;
            }
            let words = self.words(line);
            let gap = 1 + words[1..].len() - words[1..].trim_start().len();
            if words.len() == 1 {
                self.at += 1;
                items.push(self.value_below(indent, false, depth));
                continue;
            }
            // What follows the dash is a line of its own, further in.
            let inner = Line { start: line.start + gap, indent: indent + gap, ..line };
            self.lines[self.at] = inner;
            if self.is_item(inner) || key(self.words(inner)).is_some() {
                items.push(self.block(depth + 1));
            } else {
                self.at += 1;
                items.push(self.scalar(inner.start, inner.end, indent));
            }
        }
        Node::List(items)
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Node {
        let mut fields: Vec<(String, Node)> = Vec::new();
        let start = self.lines[self.at].start;
        let mut end = start;
        while let Some(line) = self.skip() {
            let words = self.words(line);
            if line.indent < indent || self.is_item(line) {
                break;
            }
            let Some((name, from)) = key(words).filter(|_| line.indent == indent) else {
                // No field: a text that went on without being indented.
                self.at += 1;
                end = line.end;
                if let Some((_, Node::Text(text))) = fields.last_mut() {
                    text.push('\n');
                    text.push_str(words);
                } else {
                    self.lost.get_or_insert(line.start);
                }
                continue;
            };
            self.at += 1;
            let value = if words[from..].trim().is_empty() {
                self.value_below(indent, true, depth)
            } else {
                let gap = words[from..].len() - words[from..].trim_start().len();
                self.scalar(line.start + from + gap, line.end, indent)
            };
            fields.push((name.to_owned(), value));
            end = self.lines[self.at.min(self.lines.len()) - 1].end.max(end);
        }
        Node::Object(fields, (start, end))
    }

    /// What stands below a name or a dash; below a name, a list may begin at the same depth.
    fn value_below(&mut self, indent: usize, is_name: bool, depth: usize) -> Node {
        match self.skip() {
            Some(line)
                if line.indent > indent || (is_name && line.indent == indent && self.is_item(line)) =>
            {
                self.block(depth + 1)
            }
            _ => Node::Plain(Value::Null),
        }
    }

    /// A text, a number or a word for true, false and nothing; further lines that stand deeper than `indent` belong to it.
    fn scalar(&mut self, start: usize, end: usize, indent: usize) -> Node {
        let first = &self.text[start..end];
        if first.starts_with(['|', '>']) && first.len() <= 4 {
            return Node::Text(self.indented(indent, first.starts_with('>')));
        }
        if first.starts_with(['[', '{'])
            && let Ok(parsed) = lenient::parse(self.text, start)
            && parsed.end <= end
        {
            return parsed.node;
        }
        let mut words = first.to_owned();
        while let Some(line) = self.lines.get(self.at).copied() {
            let more = self.words(line);
            if more.is_empty() || line.indent <= indent {
                break;
            }
            words.push(' ');
            words.push_str(more);
            self.at += 1;
        }
        plain(&words)
    }

    /// The lines of a block of text, without the indentation they share.
    fn indented(&mut self, indent: usize, folded: bool) -> String {
        let first = self.at;
        while let Some(line) = self.lines.get(self.at) {
            if line.end > line.start && line.indent <= indent {
                break;
            }
            self.at += 1;
        }
        let lines = &self.lines[first..self.at];
        let written = |line: &&Line| line.end > line.start;
        let shared = lines.iter().filter(written).map(|line| line.indent).min().unwrap_or(0);
        let texts: Vec<String> = lines
            .iter()
            .map(|line| format!("{}{}", " ".repeat(line.indent.saturating_sub(shared)), self.words(*line)))
            .collect();
        texts.join(if folded { " " } else { "\n" }).trim_end().to_owned()
    }
}

/// A name with its colon at the beginning of a line, and where its value begins.
fn key(words: &str) -> Option<(&str, usize)> {
    let quote = words.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (name, at) = if let Some(quote) = quote {
        let end = words[1..].find(quote)? + 1;
        (&words[1..end], end + 1)
    } else {
        let end = words.find(':')?;
        (&words[..end], end)
    };
    let is_name = (1..=60).contains(&name.len())
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'));
    let rest = words[at..].strip_prefix(':')?;
    (is_name && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some((name, at + 1))
}

fn plain(words: &str) -> Node {
    let words = words.trim();
    for quote in ['"', '\''] {
        let inner = words.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|_| words.len() >= 2) {
            let json = (quote == '"').then(|| serde_json::from_str::<String>(words).ok()).flatten();
            return Node::Text(json.unwrap_or_else(|| inner.replace("''", "'")));
        }
    }
    match words {
        "true" => Node::Plain(Value::Bool(true)),
        "false" => Node::Plain(Value::Bool(false)),
        "null" | "~" => Node::Plain(Value::Null),
        _ => match words.parse::<Number>() {
            Ok(number) if words.len() <= 18 => Node::Plain(Value::Number(number)),
            _ => Node::Text(words.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        documents(text).first().map_or(Value::Null, |document| document.node.to_value())
    }

    #[test]
    fn lists_mappings_and_texts_are_read() {
        let text = "review:\n  summary: Two things: one large, one `small` # 2\n  findings:\n  - title: 'It''s'\n    line: 12\n    ok: true\n    \
                    body: |\n      first\n\n        deeper\n    fix: >-\n      one\n      two\n  -\n    title: \"a\\tb\"\n    lines: [3, 4]\n  empty:\n";
        let expected = serde_json::json!({"review": {
            "summary": "Two things: one large, one `small` # 2",
            "findings": [
                {"title": "It's", "line": 12, "ok": true, "body": "first\n\n  deeper", "fix": "one two"},
                {"title": "a\tb", "lines": [3, 4]},
            ],
            "empty": null,
        }});
        assert_eq!(value(text), expected);
        assert_eq!(value(&format!("Here it is:\n\n```yaml\n{text}```\n")), expected);
    }

    #[test]
    fn what_is_not_quite_yaml_is_forgiven() {
        let text = "findings:\n- title: `a` is @b: twice\n  problem: It goes on\n    here, and\nwithout indentation.\n- title: second\n";
        let document = documents(text).remove(0);
        let first = serde_json::json!({"title": "`a` is @b: twice", "problem": "It goes on here, and"});
        assert_eq!(document.node.to_value()["findings"][0], first);
        assert!(text[document.lost.unwrap()..].starts_with("without"), "what has no place is told");
        assert_eq!(value("-\n- a\n-\n  b: 1\n"), serde_json::json!([null, "a", {"b": 1}]));
        assert_eq!(value("Just prose."), Value::Null);
        assert_eq!(value("12:30 is late"), Value::Null);
        let deep: Vec<String> = (0..5_000).map(|at| format!("{}a:", " ".repeat(at % 3_000))).collect();
        assert!(value(&deep.join("\n")).is_object());
    }
}
