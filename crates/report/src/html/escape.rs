//! Foreign text as HTML text.
//!
//! In: text from anywhere. Out: text for element content and quoted attributes, with acting and hidden characters
//! spelled out. Never markup.

use crate::safe::{safe_line, safe_name, safe_text};

/// Text as it stands.
pub(super) fn text(text: &str) -> String {
    escape(&safe_text(text))
}

/// Text as one line.
pub(super) fn line(text: &str) -> String {
    escape(&safe_line(text))
}

/// A name or place, where a line feed is no layout.
pub(super) fn name(text: &str) -> String {
    escape(&safe_name(text))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A link target for an attribute; `None` unless it is a plain address on the web.
pub(super) fn address(url: &str) -> Option<String> {
    let plain = url.chars().all(|c| c.is_ascii_graphic());
    (url.starts_with("https://") && plain).then(|| escape(url))
}

/// One line of Markdown-flavoured text: inline code becomes `<code>`, nothing else is read.
pub(super) fn with_code(text: &str) -> String {
    let safe = safe_line(text);
    let mut html = String::with_capacity(safe.len() + 16);
    let mut pieces = safe.split('`');
    html.push_str(&escape(pieces.next().unwrap_or_default()));
    let rest: Vec<&str> = pieces.collect();
    for (at, piece) in rest.iter().enumerate() {
        let opens = at % 2 == 0;
        if opens && at + 1 < rest.len() && !piece.is_empty() {
            put!(html, "<code>{}</code>", escape(piece));
        } else if opens {
            html.push('`');
            html.push_str(&escape(piece));
            if at + 1 < rest.len() {
                html.push('`');
            }
        } else {
            html.push_str(&escape(piece));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(text("<b a=\"1\">&'"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    }

    #[test]
    fn inline_code_is_the_only_markup_read() {
        assert_eq!(with_code("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        assert_eq!(with_code("a ` b"), "a ` b");
        assert_eq!(with_code("``x``"), "``x``");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(
            address("https://a.example/x?y=1&z=2").as_deref(),
            Some("https://a.example/x?y=1&amp;z=2")
        );
        for bad in ["javascript:alert(1)", "http://plain.example/", "https://a\u{202e}b/", "https://a b/"] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }
}
