//! Code on the page: excerpts with line numbers, diffs, plain blocks.
//!
//! In: lines of code. Out: `<pre>` with one `<i>` a line. Line numbers are attributes, so copying copies code alone.

use model::Excerpt;

use super::syntax::Painter;
use crate::words::{language, shown_lines};

/// Opens a block that scrolls by itself and can be reached by keyboard.
const OPEN: &str = "<pre tabindex=\"0\"><code>";
const CLOSE: &str = "</code></pre>";

fn line(html: &mut String, class: &str, number: Option<u32>, code: &str, painter: &mut Painter) {
    let number = number.map_or(String::new(), |number| format!(" data-n=\"{number}\""));
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    put!(html, "<i{class}{number}>");
    painter.line(html, code);
    html.push_str("</i>\n");
}

/// The excerpt of a finding: its own lines are marked.
pub(super) fn excerpt(html: &mut String, excerpt: &Excerpt) {
    html.push_str("<pre class=\"numbered\" tabindex=\"0\"><code>");
    let mut painter = Painter::new(language(&excerpt.path));
    for shown in shown_lines(excerpt) {
        line(html, if shown.marked { "m" } else { "" }, shown.number, shown.text, &mut painter);
    }
    html.push_str(CLOSE);
}

/// A diff: added and removed lines are tinted, and keep their sign.
pub(super) fn diff(html: &mut String, patch: &str) {
    html.push_str(OPEN);
    // Old and new lines alternate, so what one opens the next need not close: a diff stays without colours of its own.
    let mut painter = Painter::new("");
    for text in patch.lines() {
        let class = match text.as_bytes().first() {
            Some(b'+') => "add",
            Some(b'-') => "del",
            Some(b'@') => "hunk",
            _ => "",
        };
        line(html, class, None, text, &mut painter);
    }
    html.push_str(CLOSE);
}

/// Any other code, coloured where its fence names a language.
pub(super) fn plain(html: &mut String, code: &str, language: &str) {
    html.push_str(OPEN);
    let mut painter = Painter::new(language);
    for (at, line) in code.trim_end_matches('\n').split('\n').enumerate() {
        if at > 0 {
            html.push('\n');
        }
        painter.line(html, line);
    }
    html.push_str(CLOSE);
}
