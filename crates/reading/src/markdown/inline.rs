//! Running text as a row of pieces: words, code and links, each knowing its dress.
//!
//! In: the inline nodes of a paragraph or heading. Out: [`Piece`]s that give back the text when joined. Never decides
//! what a piece means.

use compact_str::{CompactString, ToCompactString};
use comrak::nodes::{AstNode, NodeValue};

/// What a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A word, or one bracket, comma or dash.
    Word,
    /// Inline code.
    Code,
    /// A link with its address; `text` is what is shown.
    Link(Box<str>),
    /// The end of a line.
    Break,
}

/// One piece of running text.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// The text, back-ticks excluded. Most words are short enough to be stored in place.
    pub(crate) text: CompactString,
    /// What it is.
    pub(crate) part: Part,
    /// Inside bold.
    pub(crate) bold: bool,
    /// Struck through.
    pub(crate) struck: bool,
    /// White space stands before it.
    pub(crate) space: bool,
}

impl Piece {
    /// True for a word of exactly this text.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.part == Part::Word && self.text == text
    }

    /// True at the end of a line.
    pub(crate) fn is_break(&self) -> bool {
        self.part == Part::Break
    }

    /// True for a dash, bar or colon that stands between parts of a headline.
    pub(crate) fn is_separator(&self) -> bool {
        self.part == Part::Word
            && matches!(
                self.text.as_str(),
                "—" | "–" | "-" | "--" | "---" | "|" | ":" | "·" | "•" | "→" | "," | ";" | "―"
            )
    }
}

/// Pieces of `node`, at most `limit` of them.
pub(crate) fn pieces<'a>(node: &'a AstNode<'a>, limit: usize) -> Vec<Piece> {
    let mut reader = Reader { pieces: Vec::with_capacity(limit.min(48)), ..Reader::default() };
    let mut next = node.first_child();
    while let Some(inner) = next {
        if reader.pieces.len() >= limit {
            break;
        }
        let descend = reader.enter(inner);
        next = if let Some(child) = inner.first_child().filter(|_| descend) {
            Some(child)
        } else {
            reader.leave(inner);
            reader.climb(inner, node)
        };
    }
    reader.pieces
}

/// The text of pieces, code in back-ticks, lines joined with blanks.
pub(crate) fn text_of(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        if piece.is_break() {
            continue;
        }
        let after_break = piece.space && !text.is_empty();
        if after_break && !text.ends_with(' ') {
            text.push(' ');
        }
        match piece.part {
            Part::Code => push_code(&mut text, &piece.text),
            _ => text.push_str(&piece.text),
        }
    }
    text.trim().to_owned()
}

fn push_code(text: &mut String, code: &str) {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(if longest == 0 { 1 } else { longest + 1 });
    let pad = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
    text.push_str(&fence);
    text.push_str(pad);
    text.push_str(code);
    text.push_str(pad);
    text.push_str(&fence);
}

#[derive(Default)]
struct Reader {
    pieces: Vec<Piece>,
    bold: usize,
    struck: usize,
    space: bool,
}

impl Reader {
    fn enter<'a>(&mut self, node: &'a AstNode<'a>) -> bool {
        match &node.data().value {
            NodeValue::Text(text) => self.words(text),
            NodeValue::Code(code) => self.push(without_invisible(&code.literal), Part::Code),
            NodeValue::SoftBreak | NodeValue::LineBreak => {
                self.push(CompactString::default(), Part::Break);
                self.space = true;
            }
            NodeValue::Strong => self.bold += 1,
            NodeValue::Strikethrough => self.struck += 1,
            NodeValue::Link(link) => {
                let shown = plain_text(node);
                let space = std::mem::take(&mut self.space);
                self.pieces.push(Piece {
                    text: shown.into(),
                    part: Part::Link(link.url.as_str().into()),
                    bold: self.bold > 0,
                    struck: self.struck > 0,
                    space,
                });
                return false;
            }
            NodeValue::HtmlInline(tag) => self.tag(tag),
            NodeValue::Image(_) => return false,
            _ => {}
        }
        true
    }

    fn leave<'a>(&mut self, node: &'a AstNode<'a>) {
        match &node.data().value {
            NodeValue::Strong => self.bold = self.bold.saturating_sub(1),
            NodeValue::Strikethrough => self.struck = self.struck.saturating_sub(1),
            _ => {}
        }
    }

    fn climb<'a>(&mut self, from: &'a AstNode<'a>, root: &'a AstNode<'a>) -> Option<&'a AstNode<'a>> {
        let mut node = from;
        loop {
            if let Some(next) = node.next_sibling() {
                return Some(next);
            }
            node = node.parent()?;
            if std::ptr::eq(node, root) {
                return None;
            }
            self.leave(node);
        }
    }

    fn tag(&mut self, tag: &str) {
        let tag = tag.to_ascii_lowercase();
        match tag
            .trim_start_matches("</")
            .trim_start_matches('<')
            .trim_end_matches('>')
            .trim_end_matches('/')
            .trim()
        {
            "b" | "strong" if tag.starts_with("</") => self.bold = self.bold.saturating_sub(1),
            "b" | "strong" => self.bold += 1,
            "del" | "s" | "strike" if tag.starts_with("</") => self.struck = self.struck.saturating_sub(1),
            "del" | "s" | "strike" => self.struck += 1,
            "br" => {
                self.push(CompactString::default(), Part::Break);
                self.space = true;
            }
            // `<N>`, `<id>`: a placeholder of the reviewer, not a tag.
            _ if !is_known_tag(&tag) => self.words(&tag),
            _ => {}
        }
    }

    fn push(&mut self, text: CompactString, part: Part) {
        let space = std::mem::take(&mut self.space);
        self.pieces.push(Piece { text, part, bold: self.bold > 0, struck: self.struck > 0, space });
    }

    fn words(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if first.is_whitespace() {
                self.space = true;
                rest = &rest[first.len_utf8()..];
            } else if is_single(first) {
                self.push(first.to_compact_string(), Part::Word);
                rest = &rest[first.len_utf8()..];
            } else if is_invisible(first) {
                rest = &rest[first.len_utf8()..];
            } else {
                let end = rest.find(|c: char| c.is_whitespace() || is_single(c)).unwrap_or(rest.len());
                let word = &rest[..end];
                let plain = if word.is_ascii() {
                    CompactString::new(word)
                } else {
                    word.replace(is_invisible, "").into()
                };
                self.push(plain, Part::Word);
                rest = &rest[end..];
            }
        }
    }
}

fn is_known_tag(tag: &str) -> bool {
    let name: String = tag.chars().filter(char::is_ascii_alphanumeric).collect();
    ["sub", "sup", "code", "em", "i", "u", "a", "span", "kbd", "details", "summary", "p", "div", "mark"]
        .iter()
        .any(|known| name == *known)
        || tag.contains('=')
        || tag.starts_with("<!--")
}

fn without_invisible(text: &str) -> CompactString {
    if text.is_ascii() { CompactString::new(text) } else { text.replace(is_invisible, "").into() }
}

/// Characters that show nothing or turn the direction of text: they hide labels and forge titles.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// Characters that are pieces of their own.
fn is_single(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | ',' | ';' | '—' | '–' | '―' | '|' | '·' | '•' | '→')
}

/// The text below a node, code without back-ticks.
pub(crate) fn plain_text<'a>(node: &'a AstNode<'a>) -> String {
    let mut text = String::new();
    for inner in node.descendants() {
        match &inner.data().value {
            NodeValue::Text(words) => text.push_str(words),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => text.push(' '),
            _ => {}
        }
    }
    text
}
