//! The Markdown tree as a row of blocks, each knowing where it hangs.
//!
//! In: comrak's tree. Out: one [`Block`] for every paragraph, heading, code block, table and rule, in the order of the
//! text. Never interprets words.

use comrak::nodes::{AstNode, ListType, NodeValue};

use super::source::Source;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A heading of a level.
    Heading(u8),
    /// Running text.
    Paragraph,
    /// Code, fenced or indented.
    Code,
    /// A table.
    Table,
    /// A thematic break.
    Rule,
    /// Raw HTML.
    Html,
}

/// Where a block stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Which list, numbered in the order of the text.
    pub(crate) list: usize,
    /// Which item of all items, numbered in the order of the text.
    pub(crate) ordinal: usize,
    /// Its number, for ordered lists.
    pub(crate) number: Option<usize>,
    /// True for the first block of the item.
    pub(crate) first: bool,
    /// Column, from 0, where the item's content begins.
    pub(crate) indent: usize,
}

/// One block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    /// The node in comrak's tree.
    pub(crate) node: &'a AstNode<'a>,
    /// What it is.
    pub(crate) shape: Shape,
    /// First line, 1-based.
    pub(crate) first: usize,
    /// Last line, inclusive.
    pub(crate) last: usize,
    /// Block quotes around it.
    pub(crate) quotes: usize,
    /// Lists around it.
    pub(crate) depth: usize,
    /// The innermost item around it.
    pub(crate) item: Option<Item>,
}

struct Container {
    item: Option<Item>,
    list: Option<usize>,
}

/// Lists every block of a document.
pub(crate) fn blocks<'a>(root: &'a AstNode<'a>, source: &Source<'_>) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut walk = Walk::default();
    let mut next = root.first_child();
    // A loop with parent links instead of recursion: hostile text nests as deep as the parser lets it.
    while let Some(node) = next {
        let descend = walk.enter(node, source, &mut blocks);
        next = if let Some(child) = node.first_child().filter(|_| descend) {
            Some(child)
        } else {
            if descend {
                walk.leave(node);
            }
            walk.climb(node, root)
        };
    }
    blocks
}

#[derive(Default)]
struct Walk {
    containers: Vec<Container>,
    quotes: usize,
    depth: usize,
    lists: usize,
    items: usize,
}

impl Walk {
    /// Takes note of a node; true where its children are blocks too.
    fn enter<'a>(&mut self, node: &'a AstNode<'a>, source: &Source<'_>, blocks: &mut Vec<Block<'a>>) -> bool {
        let data = node.data();
        let shape = match &data.value {
            NodeValue::List(_) => {
                self.depth += 1;
                self.containers.push(Container { item: None, list: Some(self.lists) });
                self.lists += 1;
                return true;
            }
            NodeValue::Item(list) => {
                let number = (list.list_type == ListType::Ordered).then_some(list.start);
                let position = data.sourcepos.start;
                let item = Item {
                    list: self.containers.iter().rev().find_map(|container| container.list).unwrap_or(0),
                    ordinal: self.items,
                    number,
                    first: true,
                    indent: position.column.saturating_sub(1) + list.padding,
                };
                self.items += 1;
                self.containers.push(Container { item: Some(item), list: None });
                return true;
            }
            NodeValue::BlockQuote => {
                self.quotes += 1;
                return true;
            }
            NodeValue::Paragraph => Shape::Paragraph,
            NodeValue::Heading(heading) => Shape::Heading(heading.level),
            NodeValue::CodeBlock(_) => Shape::Code,
            NodeValue::Table(_) => Shape::Table,
            NodeValue::ThematicBreak => Shape::Rule,
            NodeValue::HtmlBlock(_) => Shape::Html,
            _ => return true,
        };
        let (first, last) = (data.sourcepos.start.line, data.sourcepos.end.line);
        // The parser may count a line behind the last; a range is never empty.
        let first = first.clamp(1, source.line_count().max(1));
        let last = trimmed_end(source, first, last.clamp(first, source.line_count().max(first)));
        let item = self.containers.iter().rev().find_map(|container| container.item);
        blocks.push(Block { node, shape, first, last, quotes: self.quotes, depth: self.depth, item });
        if let Some(item) = self.containers.iter_mut().rev().find_map(|container| container.item.as_mut()) {
            item.first = false;
        }
        false
    }

    fn leave<'a>(&mut self, node: &'a AstNode<'a>) {
        match &node.data().value {
            NodeValue::List(_) => {
                self.depth -= 1;
                self.containers.pop();
            }
            NodeValue::Item(_) => {
                self.containers.pop();
            }
            NodeValue::BlockQuote => self.quotes -= 1,
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
}

/// Code blocks and lists may claim trailing blank lines.
fn trimmed_end(source: &Source<'_>, first: usize, mut last: usize) -> usize {
    while last > first && source.line(last).trim().is_empty() {
        last -= 1;
    }
    last
}
