//! Reviewers' Markdown as HTML.
//!
//! In: Markdown from anywhere. Out: elements from a short list, written one by one, so that nothing else can occur: raw
//! HTML is shown as text, images as their words and address, links only to the web. Never an attribute from the text but
//! a checked link target.

use comrak::nodes::{AstNode, ListType, NodeCodeBlock, NodeValue};
use comrak::{Arena, parse_document};

use super::code;
use super::escape::{address, text};
use crate::markdown::{definitions_shown, markdown_options};

/// How deep elements nest before the rest is written as plain text.
const DEEPEST: usize = 40;

/// Renders a block of Markdown.
pub(super) fn block(markdown: &str) -> String {
    let arena = Arena::new();
    let markdown = definitions_shown(markdown);
    let root = parse_document(&arena, &markdown, &markdown_options());
    let mut html = String::with_capacity(markdown.len() * 2);
    children(&mut html, root, 0);
    html
}

/// As [`block`], without the paragraph around it where it is one.
pub(super) fn phrase(markdown: &str) -> String {
    let html = block(markdown);
    match html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")) {
        Some(inside) if !inside.contains("<p>") => inside.to_owned(),
        _ => html,
    }
}

fn children<'a>(html: &mut String, node: &'a AstNode<'a>, depth: usize) {
    if depth > DEEPEST {
        return flat(html, node);
    }
    for child in node.children() {
        element(html, child, depth + 1);
    }
}

/// All text below a node, without structure.
fn flat<'a>(html: &mut String, node: &'a AstNode<'a>) {
    for below in node.descendants() {
        match &below.data().value {
            NodeValue::Text(literal) => html.push_str(&text(literal)),
            NodeValue::Code(code) => html.push_str(&text(&code.literal)),
            NodeValue::CodeBlock(code) => html.push_str(&text(&code.literal)),
            NodeValue::HtmlInline(raw) => html.push_str(&text(raw)),
            NodeValue::HtmlBlock(raw) => html.push_str(&text(&raw.literal)),
            NodeValue::SoftBreak | NodeValue::LineBreak => html.push('\n'),
            _ => {}
        }
    }
}

fn element<'a>(html: &mut String, node: &'a AstNode<'a>, depth: usize) {
    let value = node.data().value.clone();
    let mut wrap = |tag: &str| {
        put!(html, "<{tag}>");
        children(html, node, depth);
        put!(html, "</{tag}>");
    };
    match value {
        NodeValue::Paragraph if is_tight(node) => children(html, node, depth),
        NodeValue::Paragraph => wrap("p"),
        // A heading in a review is no heading of this page.
        NodeValue::Heading(_) => {
            html.push_str("<p><strong>");
            children(html, node, depth);
            html.push_str("</strong></p>");
        }
        NodeValue::BlockQuote => wrap("blockquote"),
        NodeValue::List(list) if list.list_type == ListType::Ordered => wrap("ol"),
        NodeValue::List(_) => wrap("ul"),
        NodeValue::Item(_) => wrap("li"),
        NodeValue::TaskItem(item) => {
            html.push_str(if item.symbol.is_some() { "<li>☑ " } else { "<li>☐ " });
            children(html, node, depth);
            html.push_str("</li>");
        }
        NodeValue::Emph => wrap("em"),
        NodeValue::Strong => wrap("strong"),
        NodeValue::Strikethrough => wrap("del"),
        NodeValue::Table(_) => {
            html.push_str("<div class=\"scroll\" tabindex=\"0\"><table>");
            children(html, node, depth);
            html.push_str("</table></div>");
        }
        NodeValue::TableRow(_) => wrap("tr"),
        NodeValue::TableCell => wrap("td"),
        NodeValue::CodeBlock(block) => code_block(html, &block),
        NodeValue::HtmlBlock(raw) => put!(html, "<p>{}</p>", text(raw.literal.trim_end())),
        NodeValue::HtmlInline(raw) => html.push_str(&text(&raw)),
        NodeValue::Text(literal) => html.push_str(&text(&literal)),
        NodeValue::Code(code) => put!(html, "<code>{}</code>", text(&code.literal)),
        NodeValue::SoftBreak => html.push('\n'),
        NodeValue::LineBreak => html.push_str("<br>"),
        NodeValue::ThematicBreak => {}
        NodeValue::Link(link) => linked(html, node, &link.url, depth),
        NodeValue::Image(link) => {
            html.push_str("[image: ");
            children(html, node, depth);
            put!(html, "] ({})", text(&link.url));
        }
        _ => children(html, node, depth),
    }
}

/// Paragraphs in a tight list are written without a margin.
fn is_tight<'a>(node: &'a AstNode<'a>) -> bool {
    let list = node.parent().and_then(comrak::arena_tree::Node::parent);
    list.is_some_and(|list| matches!(&list.data().value, NodeValue::List(list) if list.tight))
}

fn linked<'a>(html: &mut String, node: &'a AstNode<'a>, url: &str, depth: usize) {
    if let Some(url) = address(url) {
        put!(html, "<a href=\"{url}\" rel=\"noreferrer noopener nofollow\">");
        children(html, node, depth);
        html.push_str("</a>");
    } else {
        children(html, node, depth);
        put!(html, " ({})", text(url));
    }
}

fn code_block(html: &mut String, block: &NodeCodeBlock) {
    let language = block.info.split_whitespace().next().unwrap_or_default();
    match language {
        "diff" | "patch" => code::diff(html, &block.literal),
        _ => code::plain(html, &block.literal, language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markdown_becomes_a_few_elements() {
        let cases = [
            ("a *b* `c<d>`", "<p>a <em>b</em> <code>c&lt;d&gt;</code></p>"),
            ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
            ("# Big", "<p><strong>Big</strong></p>"),
            ("<img src=x onerror=y>", "<p>&lt;img src=x onerror=y&gt;</p>"),
            ("a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>"),
            ("![alt](https://x.example/p.png)", "<p>[image: alt] (https://x.example/p.png)</p>"),
            ("[go](javascript:alert)", "<p>go (javascript:alert)</p>"),
            ("x\u{202e}y", "<p>x⟦U+202E⟧y</p>"),
        ];
        for (given, wanted) in cases {
            assert_eq!(block(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn deep_nesting_ends_in_plain_text() {
        let html = block(&format!("{}deep", "> ".repeat(3000)));
        assert!(html.contains("deep"));
        assert!(html.matches("<blockquote>").count() <= DEEPEST + 1);
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "`",
            "```",
            "```diff",
            "\n",
            "\n\n",
            "    ",
            "- ",
            "1. ",
            "> ",
            "# ",
            "---",
            "|",
            "|-|-|",
            "<b>",
            "</p>",
            "<!--",
            "<script>",
            "[a]",
            "(javascript:x)",
            "(https://x.example/\"onclick=)",
            "[a]: <b>",
            "!",
            "\\",
            "*",
            "**",
            "_",
            "text",
            "&lt;",
            "&#60;",
            "~~",
            "- [ ] ",
            "\u{202E}",
            "\u{0}",
            "'",
            "\"",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    /// The tags of a piece of HTML, without their attributes.
    fn tags(html: &str) -> Vec<&str> {
        html.split('<').skip(1).map(|piece| piece.split(['>', ' ']).next().unwrap_or_default()).collect()
    }

    proptest! {
        #[test]
        fn whatever_the_text_the_elements_are_ours_and_balanced(text in hostile()) {
            let html = block(&text);
            let known = ["p", "strong", "em", "del", "blockquote", "ul", "ol", "li", "div", "table", "tr", "td", "pre",
                "code", "i", "a", "br"];
            let mut open = Vec::new();
            for tag in tags(&html) {
                let name = tag.trim_start_matches('/');
                prop_assert!(known.contains(&name), "{html}");
                if name == "br" {
                    continue;
                }
                if tag.starts_with('/') {
                    prop_assert_eq!(open.pop(), Some(name), "{}", html);
                } else {
                    open.push(name);
                }
            }
            prop_assert!(open.is_empty(), "{html}");
            let links = html.split("href=\"").skip(1);
            prop_assert!(links.into_iter().all(|target| target.starts_with("https://")), "{html}");
        }
    }
}
