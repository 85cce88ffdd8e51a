//! The words and marks of a file's code.
//!
//! In: a [`Source`]. Out: its tokens in order, comments left out, and the calls among them. Knows what a word, a number, a
//! string and an operator look like, and no grammar.

use crate::language::Language;
use crate::lex::Part;
use crate::source::Source;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TokenKind {
    /// A name or keyword.
    Word,
    Number,
    /// A whole literal, its quotes included.
    Text,
    /// An operator or bracket.
    Mark,
}

/// One token: a piece of the file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Byte offset of its first byte.
    pub(crate) start: usize,
    /// Byte offset behind its last byte.
    pub(crate) end: usize,
    /// 1-based line of its first byte.
    pub(crate) line: u32,
}

/// Operators of more than one character that must not fall apart.
const LONG_MARKS: [&[u8]; 22] = [
    b"===", b"!==", b"...", b"<<=", b">>=", b"=>", b"->", b"::", b"==", b"!=", b"<=", b">=", b"&&", b"||",
    b"??", b"?.", b"+=", b"-=", b"*=", b"/=", b":=", b"**",
];

/// The tokens of a text whose bytes are told apart by `parts`.
pub(crate) fn tokens(content: &str, parts: &[Part]) -> Vec<Token> {
    let bytes = content.as_bytes();
    let part = |at: usize| parts.get(at).copied().unwrap_or(Part::Code);
    let mut found = Vec::with_capacity(bytes.len() / 5);
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let start = at;
        let kind = match part(at) {
            Part::Comment => {
                at = run(bytes.len(), at, |next| part(next) == Part::Comment);
                None
            }
            Part::String => {
                at = run(bytes.len(), at, |next| part(next) == Part::String);
                Some(TokenKind::Text)
            }
            Part::Code if is_word(bytes[at]) => {
                at = run(bytes.len(), at, |next| part(next) == Part::Code && is_word(bytes[next]));
                Some(if bytes[start].is_ascii_digit() { TokenKind::Number } else { TokenKind::Word })
            }
            Part::Code if bytes[at].is_ascii_whitespace() => {
                at += 1;
                None
            }
            Part::Code => {
                let long = LONG_MARKS.iter().find(|mark| bytes[at..].starts_with(mark));
                at += long.map_or(1, |mark| mark.len());
                Some(TokenKind::Mark)
            }
        };
        if let Some(kind) = kind {
            found.push(Token { kind, start, end: at, line });
        }
        line += content[start..at].matches('\n').count() as u32;
    }
    found
}

fn run(length: usize, from: usize, goes_on: impl Fn(usize) -> bool) -> usize {
    (from..length).find(|at| !goes_on(*at)).unwrap_or(length)
}

/// Letters, digits and everything beyond ASCII.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// One call: a name with arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call<'a> {
    /// The function's or method's own name.
    pub(crate) name: &'a str,
    /// The word before the dot or the colons, where there is one.
    pub(crate) receiver: Option<&'a str>,
    /// Index of the name among the file's tokens.
    pub(crate) token: usize,
    pub(crate) line: u32,
    /// Indexes of the opening and the closing bracket.
    pub(crate) brackets: (usize, usize),
}

/// The calls among the tokens of a range, in order.
pub(crate) fn calls(source: &Source, range: std::ops::Range<usize>) -> Vec<Call<'_>> {
    let tokens = source.tokens();
    let mut found = Vec::new();
    for at in range.start..range.end.min(tokens.len()) {
        if let Some(call) = call_at(source, at) {
            found.push(call);
        }
    }
    found
}

fn call_at(source: &Source, at: usize) -> Option<Call<'_>> {
    let tokens = source.tokens();
    let text = |index: usize| tokens.get(index).map_or("", |token| source.slice(token));
    let token = tokens.get(at)?;
    let name = text(at);
    if token.kind != TokenKind::Word || is_keyword(name) {
        return None;
    }
    let before = at.checked_sub(1).map_or("", text);
    if source.language == Language::Shell {
        return shell_command(source, at, name);
    }
    let open = if text(at + 1) == "!" && source.language == Language::Rust { at + 2 } else { at + 1 };
    if text(open) != "(" || is_declaring(before) {
        return None;
    }
    let receiver = matches!(before, "." | "::" | "->" | "?.")
        .then(|| at.checked_sub(2))
        .flatten()
        .filter(|index| tokens[*index].kind == TokenKind::Word)
        .map(text);
    Some(Call { name, receiver, token: at, line: token.line, brackets: (open, closing(source, open)) })
}

/// The first word of a line of shell.
fn shell_command<'a>(source: &'a Source, at: usize, name: &'a str) -> Option<Call<'a>> {
    let tokens = source.tokens();
    let (token, first) = (tokens[at], at == 0 || tokens[at - 1].line != tokens[at].line);
    let next = tokens.get(at + 1).map_or("", |next| source.slice(next));
    let assigns = next == "=" || next == "(";
    (first && !assigns).then_some(Call {
        name,
        receiver: None,
        token: at,
        line: token.line,
        brackets: (at, at),
    })
}

/// The bracket that closes the one at `open`; the last token looked at where none does.
pub(crate) fn closing(source: &Source, open: usize) -> usize {
    /// Arguments longer than this are no arguments.
    const LONGEST: usize = 600;
    let tokens = source.tokens();
    let mut depth = 0usize;
    let last = (open + LONGEST).min(tokens.len().saturating_sub(1));
    for (index, token) in tokens.iter().enumerate().take(last + 1).skip(open) {
        match source.slice(token) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index;
                }
            }
            _ => {}
        }
    }
    last
}

fn is_declaring(word: &str) -> bool {
    matches!(word, "def" | "fn" | "func" | "function" | "fun" | "class" | "new" | "sub" | "macro_rules")
}

/// True for words that are part of a language and not anybody's name.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

const KEYWORDS: &[&str] = &[
    "abstract",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "crate",
    "def",
    "default",
    "defer",
    "del",
    "delete",
    "do",
    "done",
    "elif",
    "else",
    "elsif",
    "end",
    "enum",
    "esac",
    "except",
    "export",
    "extends",
    "extern",
    "false",
    "False",
    "fi",
    "final",
    "finally",
    "fn",
    "for",
    "foreach",
    "from",
    "fun",
    "func",
    "function",
    "global",
    "go",
    "goto",
    "if",
    "impl",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "is",
    "lambda",
    "let",
    "local",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "new",
    "nil",
    "None",
    "not",
    "null",
    "of",
    "or",
    "override",
    "package",
    "pass",
    "private",
    "protected",
    "pub",
    "public",
    "raise",
    "range",
    "ref",
    "require",
    "rescue",
    "return",
    "select",
    "self",
    "Self",
    "sizeof",
    "static",
    "struct",
    "super",
    "switch",
    "template",
    "then",
    "this",
    "throw",
    "throws",
    "trait",
    "true",
    "True",
    "try",
    "type",
    "typedef",
    "typeof",
    "undefined",
    "union",
    "unless",
    "unsafe",
    "until",
    "use",
    "using",
    "val",
    "var",
    "virtual",
    "void",
    "volatile",
    "when",
    "where",
    "while",
    "with",
    "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        let source = Source::new(path.into(), text);
        source.tokens().iter().map(|token| source.slice(token).to_owned()).collect()
    }

    #[test]
    fn comments_are_left_out_and_operators_stay_whole() {
        assert_eq!(texts("a.go", "x := f(\"a b\") // c\n"), ["x", ":=", "f", "(", "\"a b\"", ")"]);
        assert_eq!(texts("a.js", "a?.b !== 1.5"), ["a", "?.", "b", "!==", "1", ".", "5"]);
    }

    #[test]
    fn calls_know_their_receiver_and_their_brackets() {
        let source = Source::new("a.rs".into(), "fn f() { self.lock(a(1), 2); x::y!(z); if (q) {} }");
        let found = calls(&source, 0..source.tokens().len());
        let told: Vec<_> = found.iter().map(|call| (call.name, call.receiver)).collect();
        assert_eq!(told, [("lock", Some("self")), ("a", None), ("y", Some("x"))]);
        let (open, close) = found[0].brackets;
        assert_eq!((source.slice(&source.tokens()[open]), source.slice(&source.tokens()[close])), ("(", ")"));
    }

    #[test]
    fn a_command_is_a_call_of_the_shell() {
        let source = Source::new("a.sh".into(), "x=1\nclean_up \"$x\"\nif true; then\n  run_it\nfi\n");
        let found = calls(&source, 0..source.tokens().len());
        assert_eq!(found.iter().map(|call| call.name).collect::<Vec<_>>(), ["clean_up", "run_it"]);
    }
}
