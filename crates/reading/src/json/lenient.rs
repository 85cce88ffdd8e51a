//! JSON as language models write it: trailing commas, comments, raw line ends in strings, endings cut off.
//!
//! In: a text and the place of an opening brace or bracket. Out: the value, where every object begins and ends, and
//! what had to be forgiven. Never reads a byte twice and never nests deeper than [`MAX_DEPTH`].

use serde_json::{Map, Number, Value};

/// Objects and arrays inside each other.
const MAX_DEPTH: usize = 200;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// `null`, a truth value, a number.
    Plain(Value),
    /// A string, decoded.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object: names in order, and its bytes `[start, end)`.
    Object(Vec<(String, Node)>, (usize, usize)),
}

/// What came of reading.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    /// The value.
    pub(crate) node: Node,
    /// The first byte behind it.
    pub(crate) end: usize,
    /// True where the text ended inside the value.
    pub(crate) truncated: bool,
    /// Departures from JSON, each once, with the byte of the first.
    pub(crate) forgiven: Vec<(&'static str, usize)>,
}

impl Node {
    /// A field of an object; `lineStart` and `Line-Start` are `line_start` where that is not there itself.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields, _) = self else { return None };
        let exact = fields.iter().find(|(key, _)| key == name);
        exact.or_else(|| fields.iter().find(|(key, _)| is_same_name(key, name))).map(|(_, value)| value)
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array.
    pub(crate) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The same as plain JSON.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(fields, _) => Value::Object(
                fields.iter().map(|(key, value)| (key.clone(), value.to_value())).collect::<Map<_, _>>(),
            ),
        }
    }
}

/// True for two spellings of one name: capitals, dashes, blanks and underscores do not count.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        let plain = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' '));
        plain.map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

/// Reads the value that begins at `start`; `Err` with the bytes it cost where it is no JSON.
pub(crate) fn parse(text: &str, start: usize) -> Result<Parsed, usize> {
    let mut reader = Reader { text, at: start, truncated: false, forgiven: Vec::new() };
    match reader.value(0) {
        Some(node) => {
            Ok(Parsed { node, end: reader.at, truncated: reader.truncated, forgiven: reader.forgiven })
        }
        None => Err(reader.at - start),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    truncated: bool,
    forgiven: Vec<(&'static str, usize)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn forgive(&mut self, what: &'static str) {
        if !self.forgiven.iter().any(|(known, _)| *known == what) {
            self.forgiven.push((what, self.at));
        }
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.text[self.at..].starts_with("//") => {
                    self.forgive("a comment");
                    self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
                }
                Some(b'/') if self.text[self.at..].starts_with("/*") => {
                    self.forgive("a comment");
                    self.at +=
                        self.text[self.at..].find("*/").map_or(self.text.len() - self.at, |end| end + 2);
                }
                _ if self.text[self.at..].starts_with(['\u{feff}', '\u{a0}', '\u{200b}']) => {
                    self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8);
                }
                _ => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        self.blanks();
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            quote @ (b'"' | b'\'') => self.string(quote).map(Node::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        self.at += 1;
        let mut fields = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => {
                    self.truncated = true;
                    break;
                }
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => {
                    self.at += 1;
                    self.blanks();
                    if matches!(self.peek(), Some(b'}' | b',')) {
                        self.forgive("a comma too many");
                    }
                }
                // A closing bracket too many: the object ends here and the list that holds it goes on.
                Some(b']') => {
                    self.forgive("a missing brace");
                    break;
                }
                Some(_) => match self.field(depth) {
                    Some(field) => fields.push(field),
                    None if self.truncated => break,
                    None if fields.is_empty() => return None,
                    None => {
                        self.skip_bad_field();
                    }
                },
            }
        }
        Some(Node::Object(fields, (start, self.at)))
    }

    fn field(&mut self, depth: usize) -> Option<(String, Node)> {
        let name = match self.peek()? {
            quote @ (b'"' | b'\'') => self.string(quote)?,
            byte if byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' => {
                let rest = &self.text[self.at..];
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '-')))
                    .unwrap_or(rest.len());
                self.forgive("a name without quotation marks");
                self.at += end;
                rest[..end].to_owned()
            }
            _ => return None,
        };
        self.blanks();
        match self.peek() {
            Some(b':') => self.at += 1,
            None => {
                self.truncated = true;
                return None;
            }
            _ => return None,
        }
        self.blanks();
        if self.peek().is_none() {
            self.truncated = true;
            return None;
        }
        self.value(depth + 1).map(|value| (name, value))
    }

    /// Goes on behind the next comma, so that one bad field does not cost the others.
    fn skip_bad_field(&mut self) {
        self.forgive("a field that cannot be read");
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b'}' | b']' => return,
                b'"' => {
                    if self.string(b'"').is_none() {
                        return;
                    }
                }
                _ => self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        self.truncated = true;
    }

    fn list(&mut self, depth: usize) -> Option<Node> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => {
                    self.truncated = true;
                    break;
                }
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                Some(b',') => {
                    self.at += 1;
                    self.blanks();
                    if matches!(self.peek(), Some(b']' | b',')) {
                        self.forgive("a comma too many");
                    }
                }
                Some(b'}') => {
                    self.forgive("a missing bracket");
                    break;
                }
                Some(_) => {
                    let item = self.value(depth + 1)?;
                    items.push(item);
                }
            }
        }
        Some(Node::List(items))
    }

    fn string(&mut self, quote: u8) -> Option<String> {
        if quote == b'\'' {
            self.forgive("single quotation marks");
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest.bytes().position(|byte| byte == quote || byte == b'\\' || byte < 0x20)
            else {
                text.push_str(rest);
                self.at = self.text.len();
                self.truncated = true;
                return Some(text);
            };
            text.push_str(&rest[..end]);
            self.at += end;
            match rest.as_bytes()[end] {
                b'\\' => self.escape(&mut text),
                byte if byte == quote => {
                    self.at += 1;
                    return Some(text);
                }
                byte => {
                    self.forgive("a line end inside a string");
                    text.push(char::from(byte));
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, text: &mut String) {
        self.at += 1;
        let Some(c) = self.text[self.at..].chars().next() else {
            self.truncated = true;
            return;
        };
        self.at += c.len_utf8();
        match c {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            '"' | '\\' | '/' | '\'' => text.push(c),
            'u' => text.push(self.unicode()),
            other => {
                // `\d` of a regular expression: the backslash was meant.
                self.forgive("an unknown escape");
                text.push('\\');
                text.push(other);
            }
        }
    }

    fn unicode(&mut self) -> char {
        let first = self.hex();
        let code = match first {
            Some(high @ 0xD800..=0xDBFF) if self.text[self.at..].starts_with("\\u") => {
                self.at += 2;
                match self.hex() {
                    Some(low @ 0xDC00..=0xDFFF) => Some(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)),
                    _ => None,
                }
            }
            other => other,
        };
        code.and_then(char::from_u32).unwrap_or('\u{fffd}')
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(value)
    }

    fn word(&mut self) -> Option<Node> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let value = match word {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            "null" | "None" | "undefined" | "NaN" => Value::Null,
            _ => {
                let whole = word.parse::<i64>().ok().map(Number::from);
                Value::Number(whole.or_else(|| word.parse::<f64>().ok().and_then(Number::from_f64))?)
            }
        };
        self.at += end;
        Some(Node::Plain(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        parse(text, 0).map(|parsed| parsed.node.to_value()).unwrap_or_default()
    }

    #[test]
    fn well_formed_json_is_read_to_the_letter() {
        let text = r#"{"a": [1, -2.5e3, "x\n\u00e9\ud83d\ude00"], "b": {"c": null, "d": true}}"#;
        let exact: Value = serde_json::from_str(text).unwrap_or_default();
        assert_eq!(value(text), exact);
        assert!(parse(text, 0).is_ok_and(|parsed| parsed.forgiven.is_empty() && !parsed.truncated));
    }

    #[test]
    fn what_models_get_wrong_is_forgiven() {
        for (text, exact) in [
            ("{\"a\": 1,}", r#"{"a":1}"#),
            ("{\"a\": [1, 2, ], // why\n \"b\": /* x */ 2}", r#"{"a":[1,2],"b":2}"#),
            ("{a: 'x', \"b\": \"two\nlines\"}", r#"{"a":"x","b":"two\nlines"}"#),
            ("{\"r\": \"\\d+\"}", r#"{"r":"\\d+"}"#),
            ("{\"a\": True, \"b\": None}", r#"{"a":true,"b":null}"#),
        ] {
            let exact: Value = serde_json::from_str(exact).unwrap_or_default();
            assert_eq!(value(text), exact, "{text}");
        }
    }

    #[test]
    fn a_text_that_breaks_off_keeps_what_it_said() {
        let parsed = parse(r#"{"findings": [{"title": "A"}, {"title": "B", "fix"#, 0);
        let parsed = parsed.unwrap_or(Parsed {
            node: Node::Plain(Value::Null),
            end: 0,
            truncated: false,
            forgiven: vec![],
        });
        assert!(parsed.truncated);
        let titles = parsed.node.get("findings").and_then(Node::list).map_or(0, <[Node]>::len);
        assert_eq!(titles, 2);
    }

    #[test]
    fn a_thousand_open_brackets_are_no_json() {
        assert!(parse(&"[".repeat(100_000), 0).is_err());
        assert!(parse("{ not json }", 0).is_err());
    }
}
