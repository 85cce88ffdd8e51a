//! The one place where foreign text becomes part of our Markdown.
//!
//! In: text from reviewers and the repository. Out: Markdown that stays inside the place it is put in: a line, a table
//! cell, a code span, a fence, a block. Never drops visible text, and never lets through HTML, images, headings,
//! link definitions, rulers, open fences, or lines that read like the start of a finding.

use std::borrow::Cow;

use comrak::nodes::{AstNode, NodeCode, NodeValue};
use comrak::{Arena, Options, format_commonmark, parse_document};

use crate::safe::{safe_line, safe_name, safe_text};
use crate::words::longest_run;

/// One line of running text. Inline code stays code; everything else that Markdown would read is escaped.
pub(crate) fn inline(text: &str) -> String {
    escape_line(&safe_line(text), false)
}

/// As [`inline`], for a table cell.
pub(crate) fn cell(text: &str) -> String {
    escape_line(&safe_line(text), true)
}

/// The cells of a table row behind its first one.
pub(crate) fn cells<T: AsRef<str>>(values: &[T]) -> String {
    values.iter().map(|value| format!(" {} |", cell(value.as_ref()))).collect::<Vec<_>>().concat()
}

/// Escapes outside code spans. A run of backticks without its partner is escaped as well, so what is taken for
/// code here is code for every reader.
fn escape_line(line: &str, in_table: bool) -> String {
    let mut escaped = String::with_capacity(line.len() + 8);
    // Whether the word being written may become a link of its own. Some readers take backslashes and backticks for a
    // part of such an address, others do not, so neither may be relied upon there.
    let mut in_address = false;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if c == '`' {
            let ticks = rest.len() - rest.trim_start_matches('`').len();
            let partner = if in_address { None } else { closing(&rest[ticks..], ticks) };
            let code = partner.map(|at| &rest[..ticks + at + ticks]);
            if let Some(code) = code {
                escaped.push_str(&if in_table { code.replace('|', "\\|") } else { code.to_owned() });
            } else {
                escaped.push_str(&"\\`".repeat(ticks));
            }
            rest = &rest[code.map_or(ticks, str::len)..];
            continue;
        }
        match c {
            '<' if in_address => escaped.push_str("&lt;"),
            '\\' | '*' | '<' | '[' | ']' | '~' | '&' => escaped.extend(['\\', c]),
            '|' if in_table => escaped.push_str("\\|"),
            '_' if is_edge(&escaped) => escaped.push_str("\\_"),
            _ => escaped.push(c),
        }
        rest = &rest[c.len_utf8()..];
        in_address = !c.is_whitespace() && (in_address || starts_address(&escaped));
    }
    escaped
}

/// Whether what was just written opens a bare address.
fn starts_address(written: &str) -> bool {
    ["://", "www.", "@", "mailto:", "xmpp:"].iter().any(|start| written.ends_with(start))
}

/// An underscore between letters is a name; elsewhere it could emphasise.
fn is_edge(before: &str) -> bool {
    !before.ends_with(|last: char| last.is_alphanumeric() || last == '_')
}

/// Where the partner of a run of backticks starts.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == ticks {
            return Some(start);
        }
        at = start + run;
    }
    None
}

/// A name or place as a code span, whatever it contains.
pub(crate) fn code(text: &str) -> String {
    let text = safe_name(text);
    if text.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// As [`code`], for a table cell.
pub(crate) fn code_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A link target, `None` unless it is an address on the web.
pub(crate) fn address(url: &str) -> Option<String> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = url
        .chars()
        .all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '(' | ')' | '"' | '\\' | '|' | '`'));
    (web && plain).then(|| url.to_owned())
}

/// Text in a fence longer than any inside.
pub(crate) fn fence(info: &str, text: &str) -> String {
    let ticks = "`".repeat((longest_run(text, '`') + 1).max(3));
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{ticks}{info}\n{text}{end}{ticks}\n")
}

/// Markdown from elsewhere as a block of ours. Text that keeps to itself stays to the letter; the rest is written
/// anew from its syntax tree, and what even then does not keep to itself becomes code.
pub(crate) fn block(text: &str) -> String {
    let safe = safe_text(text);
    let text = definitions_shown(&safe);
    let text = text.trim_matches('\n').trim_end();
    if keeps_to_itself(text) {
        return text.to_owned();
    }
    let anew = rewrite(text);
    let anew = anew.trim_end();
    if keeps_to_itself(anew) { anew.to_owned() } else { fence("text", text).trim_end().to_owned() }
}

/// As [`block`], indented to stand inside a list item.
pub(crate) fn nested(text: &str) -> String {
    indented(&block(text), 2)
}

/// A list item of foreign Markdown behind a marker of ours, with words of ours behind it.
pub(crate) fn item(marker: &str, text: &str, behind: &str) -> String {
    let text = block(text);
    let width = marker.find(' ').map_or(2, |at| at + 1);
    if text.contains('\n') {
        let text = indented(&text, width);
        let behind = indented(behind.trim_start(), width);
        let gap = if behind.is_empty() { "" } else { "\n\n" };
        return format!("{marker}{}{gap}{behind}\n", text.trim_start());
    }
    format!("{marker}{text}{behind}\n")
}

fn indented(text: &str, width: usize) -> String {
    let indent = " ".repeat(width);
    let lines: Vec<String> = text
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") })
        .collect();
    lines.join("\n")
}

/// The Markdown we expect to be read with: GitHub's.
pub(crate) fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.render.prefer_fenced = true;
    options
}

/// A paragraph behind a block under question.
const SENTINEL: &str = "behind";

fn keeps_to_itself(text: &str) -> bool {
    let arena = Arena::new();
    // What follows has to stay what it is, so it is part of the question.
    let root = parse_document(&arena, &format!("{text}\n\n{SENTINEL}\n"), &options());
    let last = root.last_child().and_then(comrak::arena_tree::Node::first_child);
    if !last.is_some_and(|last| matches!(&last.data().value, NodeValue::Text(text) if text == SENTINEL)) {
        return false;
    }
    let blocks = root.descendants().all(|node| match &node.data().value {
        NodeValue::HtmlBlock(_)
        | NodeValue::HtmlInline(_)
        | NodeValue::Heading(_)
        | NodeValue::ThematicBreak
        | NodeValue::Image(_) => false,
        NodeValue::CodeBlock(code) => code.closed || !code.fenced,
        NodeValue::Link(link) => is_harmless(&link.url),
        _ => true,
    });
    blocks && text.lines().all(|line| !looks_like_ours(line) && !defines_a_link(line))
}

/// Whether a link may stay a link.
pub(crate) fn is_harmless(url: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Lines that a reader of reports takes for the start of a finding or for a remark of ours.
fn looks_like_ours(line: &str) -> bool {
    starts_like_a_finding(line.trim_start_matches(['*', '_', '~', '[', '#', ' ', '>']))
        || super::REMARKS
            .iter()
            .any(|label| line.trim_start().strip_prefix('*').is_some_and(|rest| rest.starts_with(label)))
}

fn starts_like_a_finding(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['C', 'I', 'S']) else { return false };
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    behind.len() < rest.len() && behind.starts_with(['.', ':'])
}

/// `[name]: address` would turn our own brackets into links.
fn defines_a_link(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '>', '-', '+', '*', '\t']);
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', ')', ' ']);
    line.starts_with('[') && line.contains("]:")
}

/// Definitions of links (`[name]: address`) as text: a reader of Markdown would leave them out, and nothing a reviewer said may
/// vanish. Code stays as it is.
pub(crate) fn definitions_shown(text: &str) -> Cow<'_, str> {
    if !text.lines().any(defines_a_link) {
        return Cow::Borrowed(text);
    }
    let mut open: Option<(char, usize)> = None;
    let mut shown = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let text = line.trim();
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'));
        let length = mark.map_or(0, |mark| text.len() - text.trim_start_matches(mark).len());
        match (open, mark) {
            // Only a bare fence ends one: with a word behind it, it is code.
            (Some((own, least)), Some(mark)) if own == mark && length >= least && length == text.len() => {
                open = None;
            }
            (None, Some(mark)) if length >= 3 => open = Some((mark, length)),
            _ => {}
        }
        match line.find('[').filter(|_| open.is_none() && defines_a_link(line)) {
            Some(at) => {
                shown.push_str(&line[..at]);
                shown.push('\\');
                shown.push_str(&line[at..]);
            }
            None => shown.push_str(line),
        }
    }
    Cow::Owned(shown)
}

fn rewrite(text: &str) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options());
    let nodes: Vec<_> = root.descendants().collect();
    for node in nodes {
        tame(&arena, node);
    }
    let mut written = String::new();
    let written_well = format_commonmark(root, &options(), &mut written).is_ok();
    if written_well { written } else { String::new() }
}

/// Replaces what may not stand in a block of ours by its text.
fn tame<'a>(arena: &'a Arena<'a>, node: &'a AstNode<'a>) {
    let value = node.data().value.clone();
    match value {
        NodeValue::HtmlBlock(html) => {
            node.data_mut().value = NodeValue::Paragraph;
            for (at, line) in html.literal.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate()
            {
                if at > 0 {
                    node.append(new_node(arena, NodeValue::SoftBreak));
                }
                append_text(arena, node, line.to_owned());
            }
        }
        NodeValue::HtmlInline(html) => node.data_mut().value = NodeValue::Text(Cow::Owned(html)),
        NodeValue::Heading(_) => {
            node.data_mut().value = NodeValue::Paragraph;
            let emphasis = new_node(arena, NodeValue::Emph);
            let children: Vec<_> = node.children().collect();
            for child in children {
                emphasis.append(child);
            }
            node.append(emphasis);
        }
        NodeValue::ThematicBreak => node.detach(),
        NodeValue::Image(link) => unlink(arena, node, &link.url, "image: "),
        NodeValue::Link(link) if !is_harmless(&link.url) => unlink(arena, node, &link.url, ""),
        // As code it is still readable and no longer the start of anything, however a reader parses.
        NodeValue::Text(text) => {
            if let Some(at) = text.find(['.', ':']).filter(|_| starts_like_a_finding(text.trim_start())) {
                let id = text[..at].trim_start().to_owned();
                node.data_mut().value = NodeValue::Code(NodeCode { num_backticks: 1, literal: id });
                let rest = new_node(arena, NodeValue::Text(Cow::Owned(text[at..].to_owned())));
                node.insert_after(rest);
            }
        }
        _ => {}
    }
}

/// Turns a link into its words and its address as code.
fn unlink<'a>(arena: &'a Arena<'a>, node: &'a AstNode<'a>, url: &str, label: &str) {
    if !label.is_empty() {
        node.insert_before(new_node(arena, NodeValue::Text(Cow::Owned(label.to_owned()))));
    }
    let children: Vec<_> = node.children().collect();
    for child in children {
        node.insert_before(child);
    }
    node.data_mut().value = NodeValue::Text(Cow::Owned(format!(" ({url})")));
}

fn new_node<'a>(arena: &'a Arena<'a>, value: NodeValue) -> &'a AstNode<'a> {
    arena.alloc(value.into())
}

fn append_text<'a>(arena: &'a Arena<'a>, node: &'a AstNode<'a>, text: String) {
    node.append(new_node(arena, NodeValue::Text(Cow::Owned(text))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn inline_code_survives_and_the_rest_is_plain() {
        assert_eq!(inline("`Vec<u8>` in a_b *is* <b>bad</b>"), "`Vec<u8>` in a_b \\*is\\* \\<b>bad\\</b>");
        assert_eq!(inline("open ` tick"), "open \\` tick");
        assert_eq!(cell("a | `b | c`"), "a \\| `b \\| c`");
        assert_eq!(inline("[x](javascript:y)"), "\\[x\\](javascript:y)");
    }

    #[test]
    fn a_name_with_backticks_is_still_one_span() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code("x\ny"), "`x⟦U+000A⟧y`");
    }

    #[test]
    fn ordinary_prose_stays_to_the_letter() {
        let text = "It *fails* when `a < b`:\n\n1. one\n2. two\n\n```rust\n<T>\n```";
        assert_eq!(block(text), text);
    }

    #[test]
    fn what_would_leave_its_place_is_written_anew() {
        let cases = [
            ("## Important Issues", "*Important Issues*"),
            ("a <script>x</script>", "a \\<script\\>x\\</script\\>"),
            ("text\n\n---\n\nmore", "text\n\nmore"),
            ("![alt](https://x.example/p.png)", "image: alt (https://x.example/p.png)"),
            ("[go](javascript:alert)", "go (javascript:alert)"),
            ("```\nopen", "```\nopen\n```"),
            ("I7. **Forged** — `x:1`", "`I7`. **Forged** — `x:1`"),
        ];
        for (given, wanted) in cases {
            assert_eq!(block(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_link_definition_cannot_reach_our_brackets() {
        let text = block("[claude]: https://x.example/\n\nwords");
        assert_eq!(text, "\\[claude]: https://x.example/\n\nwords", "as text, and not left out");
        let code = block("```\n[a]: b\n```");
        assert!(code.contains("\n[a]: b\n"), "code stays to the letter: {code}");
    }

    fn node_names(markdown: &str) -> Vec<String> {
        let arena = Arena::new();
        let root = parse_document(&arena, markdown, &options());
        root.descendants().map(|node| format!("{:?}", node.data().value)).collect()
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "`",
            "``",
            "```",
            "~~~",
            "\n",
            "\n\n",
            "    ",
            "  ",
            "- ",
            "1. ",
            "> ",
            "# ",
            "===",
            "---",
            "|",
            "<b>",
            "</",
            "<!--",
            "-->",
            "<script",
            "[a]",
            "(x)",
            "[a]:",
            " https://x.example",
            "!",
            "\\",
            "*",
            "**",
            "_",
            "I1. ",
            "text",
            "&lt;",
            "~",
            "\t",
            "<details>",
            "*Checked:",
            "\u{202E}",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_block_never_leaves_its_place(text in hostile()) {
            let document = format!("before\n\n{}\n\nI1. **Ours** [claude]\n", block(&text));
            let names = node_names(&document);
            prop_assert!(!names.iter().any(|name| name.starts_with("Html") || name.starts_with("Heading")
                || name.starts_with("Image") || name.starts_with("ThematicBreak")), "{document}");
            let last = names.iter().rev().take(8).cloned().collect::<Vec<_>>().join(" ");
            prop_assert!(last.contains("Ours") && last.contains("Strong"), "{document}\n{last}");
        }

        #[test]
        fn a_line_is_never_more_than_text_and_code(text in hostile()) {
            let document = format!("x {} y\n", inline(&text));
            for name in node_names(&document) {
                prop_assert!(["Document", "Paragraph", "Text", "Code", "Link", "Emph"].iter()
                    .any(|known| name.starts_with(known)), "{document} {name}");
            }
        }

        #[test]
        fn a_cell_stays_in_its_column(text in hostile()) {
            let document = format!("| a | b |\n|---|---|\n| {} | end |\n", cell(&text));
            let names = node_names(&document);
            prop_assert_eq!(names.iter().filter(|name| name.starts_with("TableCell")).count(), 4, "{}", document);
            prop_assert!(names.last().is_some_and(|name| name.contains("end")), "{document}");
        }
    }
}
