//! A syntax tree that counts every step taken in it.
//!
//! In: a text and its language. Out: a document that rules can be matched against, which stops when its steps are used
//! up. Counts and no clock, so that the same file gives the same answer everywhere. Never keeps a tree that is too deep.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ast_grep_core::source::{Doc, Edit, SgNode};
use ast_grep_core::tree_sitter::LanguageExt as _;
use ast_grep_core::{AstGrep, Node as AstNode, Position};
use ast_grep_language::SupportLang;
use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

/// Steps for one file: many times what an ordinary file of the largest size takes.
const STEPS: u64 = 10_000_000;
/// Levels of nesting; what people write has some dozens, what programs write for data some hundreds.
const DEEPEST: u64 = 3_000;
/// Longer files are data more often than code.
pub(crate) const LONGEST: usize = 1 << 20;
/// How often the parser may report progress, for each thousand bytes and at least. It reports every hundred operations.
const REPORTS_PER_KB: u64 = 400;
const REPORTS: u64 = 20_000;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
    /// What a step to another node than a child costs: the tree is walked from its root for it.
    static FAR: Cell<u64> = const { Cell::new(1) };
}

/// Why a file was not looked at to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum Skipped {
    /// More than [`LONGEST`] bytes.
    #[error("longer than 1 MiB")]
    Long,
    /// Nested beyond [`DEEPEST`].
    #[error("nested too deeply")]
    Deep,
    /// The parser gave up.
    #[error("too hard to parse")]
    Unparsed,
    /// The rules took too many steps.
    #[error("the rules took too many steps")]
    Steps,
    /// A rule broke down.
    #[error("a rule broke down on it")]
    Broken,
}

/// Thrown where the steps are used up; caught in [`bounded`] and nowhere else.
struct UsedUp;

fn step(cost: u64) {
    LEFT.with(|left| match left.get().checked_sub(cost) {
        Some(rest) => left.set(rest),
        None => resume_unwind(Box::new(UsedUp)),
    });
}

/// Does work on one document within its steps.
pub(crate) fn bounded<T>(document: &AstGrep<Bounded>, work: impl FnOnce() -> T) -> Result<T, Skipped> {
    // The document is reached through its root, which is free.
    let far = document.root().get_doc().far;
    FAR.with(|cost| cost.set(far));
    LEFT.with(|left| left.set(STEPS));
    let done = catch_unwind(AssertUnwindSafe(work));
    LEFT.with(|left| left.set(u64::MAX));
    done.map_err(|panic| if panic.is::<UsedUp>() { Skipped::Steps } else { Skipped::Broken })
}

/// Parses a text.
pub(crate) fn parse(text: &str, language: SupportLang) -> Result<AstGrep<Bounded>, Skipped> {
    if text.len() > LONGEST {
        return Err(Skipped::Long);
    }
    let tree = tree(text, language).ok_or(Skipped::Unparsed)?;
    let (depth, width) = shape(&tree);
    if depth > DEEPEST {
        return Err(Skipped::Deep);
    }
    // Long lists of children are balanced trees inside, so width costs little. Small subtrees count as what people write.
    let far = 4 + depth / 8 + width / 4096;
    Ok(AstGrep::doc(Bounded { text: text.to_owned(), language, tree, far }))
}

thread_local! {
    /// One parser a thread; it keeps its memory from file to file.
    static PARSER: std::cell::RefCell<Parser> = std::cell::RefCell::new(Parser::new());
}

fn tree(text: &str, language: SupportLang) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| {
        parser.reset();
        parser.set_language(&language.get_ts_language()).ok()?;
        let mut left = REPORTS.max(text.len() as u64 / 1000 * REPORTS_PER_KB);
        let mut report = |_: &ParseState| match left.checked_sub(1) {
            Some(rest) => {
                left = rest;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        };
        let bytes = text.as_bytes();
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let options = ParseOptions::new().progress_callback(&mut report);
        parser.parse_with_options(&mut read, None, Some(options))
    })
}

/// Depth of the tree and the most children of one node, where subtrees of fewer nodes than [`SMALL`] count as leaves: they
/// cannot be deeper than that, and most of a tree is in them, so that little of it is walked.
fn shape(tree: &Tree) -> (u64, u64) {
    let mut cursor = tree.walk();
    let (mut depth, mut deepest, mut widest) = (1_u64, 1_u64, 0_u64);
    loop {
        let node = cursor.node();
        if node.descendant_count() >= SMALL {
            widest = widest.max(u64::from(node.child_count()));
            if cursor.goto_first_child() {
                depth += 1;
                deepest = deepest.max(depth);
                continue;
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return (deepest, widest);
            }
            depth -= 1;
        }
    }
}

/// Nodes of a subtree that is not walked.
const SMALL: usize = 256;

/// A parsed text.
#[derive(Clone)]
pub(crate) struct Bounded {
    text: String,
    language: SupportLang,
    tree: Tree,
    far: u64,
}

/// Whether to look at what a node holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    /// Its children are next.
    Visit,
    /// Nothing below it matters.
    Skip,
}

impl Bounded {
    /// Visits nodes in the order of the text, each before what it holds.
    pub(crate) fn walk<'r>(&'r self, mut visit: impl FnMut(&Step<'r>) -> Below) {
        let mut cursor = self.tree.walk();
        loop {
            step(1);
            let below = visit(&Step(cursor.node()));
            if below == Below::Visit && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }
}

impl Doc for Bounded {
    type Source = String;
    type Lang = SupportLang;
    type Node<'r> = Step<'r>;

    fn get_lang(&self) -> &SupportLang {
        &self.language
    }

    fn get_source(&self) -> &String {
        &self.text
    }

    fn do_edit(&mut self, _: &Edit<String>) -> Result<(), String> {
        Err("texts under review are not edited".to_owned())
    }

    fn root_node(&self) -> Step<'_> {
        Step(self.tree.root_node())
    }

    fn get_node_text<'a>(&'a self, node: &Step<'a>) -> Cow<'a, str> {
        let range = node.0.byte_range();
        step(1 + range.len() as u64 / 16);
        Cow::Borrowed(self.text.get(range).unwrap_or_default())
    }
}

/// A node whose every move is counted.
#[derive(Clone)]
pub(crate) struct Step<'r>(Node<'r>);

/// A node of the document as rules see it. Development builds check that it is one by walking up; those steps are free, so that all
/// builds take as many.
pub(crate) fn adopt<'r>(document: &'r AstGrep<Bounded>, node: Step<'r>) -> AstNode<'r, Bounded> {
    let left = LEFT.replace(u64::MAX);
    let node = document.adopt(node);
    LEFT.set(left);
    node
}

impl Step<'_> {
    /// The bytes that it covers.
    pub(crate) fn bytes(&self) -> Range<usize> {
        self.0.byte_range()
    }

    /// Its kind as a number of the grammar.
    pub(crate) fn kind_number(&self) -> usize {
        usize::from(self.0.kind_id())
    }

    /// First and last line, from 1.
    pub(crate) fn lines(&self) -> (u32, u32) {
        (line(self.0.start_position().row), line(self.0.end_position().row))
    }
}

fn line(from_zero: usize) -> u32 {
    u32::try_from(from_zero).unwrap_or(u32::MAX).saturating_add(1)
}

fn far() {
    step(FAR.with(Cell::get));
}

fn counted<'r>(nodes: impl Iterator<Item = Node<'r>>) -> impl Iterator<Item = Step<'r>> {
    nodes.map(|node| {
        step(1);
        Step(node)
    })
}

impl<'r> SgNode<'r> for Step<'r> {
    fn parent(&self) -> Option<Self> {
        far();
        SgNode::parent(&self.0).map(Step)
    }

    fn children(&self) -> impl ExactSizeIterator<Item = Self> {
        step(1);
        SgNode::children(&self.0).map(|node| {
            step(1);
            Step(node)
        })
    }

    fn kind(&self) -> Cow<'_, str> {
        SgNode::kind(&self.0)
    }

    fn kind_id(&self) -> u16 {
        SgNode::kind_id(&self.0)
    }

    fn node_id(&self) -> usize {
        self.0.id()
    }

    fn range(&self) -> Range<usize> {
        self.0.byte_range()
    }

    fn start_pos(&self) -> Position {
        SgNode::start_pos(&self.0)
    }

    fn end_pos(&self) -> Position {
        SgNode::end_pos(&self.0)
    }

    fn ancestors(&self, root: Self) -> impl Iterator<Item = Self> {
        far();
        counted(SgNode::ancestors(&self.0, root.0).collect::<Vec<_>>().into_iter())
    }

    fn dfs(&self) -> impl Iterator<Item = Self> {
        counted(SgNode::dfs(&self.0))
    }

    fn child(&self, nth: usize) -> Option<Self> {
        step(1 + nth as u64 / 16);
        SgNode::child(&self.0, nth).map(Step)
    }

    fn next(&self) -> Option<Self> {
        far();
        SgNode::next(&self.0).map(Step)
    }

    fn prev(&self) -> Option<Self> {
        far();
        SgNode::prev(&self.0).map(Step)
    }

    fn next_all(&self) -> impl Iterator<Item = Self> {
        far();
        counted(SgNode::next_all(&self.0))
    }

    fn prev_all(&self) -> impl Iterator<Item = Self> {
        far();
        counted(SgNode::prev_all(&self.0))
    }

    fn is_named(&self) -> bool {
        self.0.is_named()
    }

    fn is_named_leaf(&self) -> bool {
        SgNode::is_named_leaf(&self.0)
    }

    fn is_leaf(&self) -> bool {
        SgNode::is_leaf(&self.0)
    }

    fn is_missing(&self) -> bool {
        self.0.is_missing()
    }

    fn is_error(&self) -> bool {
        self.0.is_error()
    }

    fn is_extra(&self) -> bool {
        self.0.is_extra()
    }

    fn field(&self, name: &str) -> Option<Self> {
        step(1);
        SgNode::field(&self.0, name).map(Step)
    }

    fn field_children(&self, field: Option<u16>) -> impl Iterator<Item = Self> {
        counted(SgNode::field_children(&self.0, field))
    }

    fn child_by_field_id(&self, field: u16) -> Option<Self> {
        step(1);
        SgNode::child_by_field_id(&self.0, field).map(Step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_too_deeply_or_is_too_long_is_left_out() {
        let deep = format!("x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000));
        assert!(matches!(parse(&deep, SupportLang::Python).err(), Some(Skipped::Deep | Skipped::Unparsed)));
        let chain = format!("{}a;\n", "!".repeat(50_000));
        assert_eq!(parse(&chain, SupportLang::JavaScript).err(), Some(Skipped::Deep));
        let long = "a = 1\n".repeat(LONGEST / 6 + 1);
        assert_eq!(parse(&long, SupportLang::Python).err(), Some(Skipped::Long));
    }

    #[test]
    fn work_that_takes_too_many_steps_ends() {
        let document = parse(&"a(b)\n".repeat(5_000), SupportLang::Python).unwrap();
        let count = || document.root().dfs().map(|node| node.dfs().count()).sum::<usize>();
        assert!(bounded(&document, count).is_ok());
        let endless = || document.root().dfs().map(|_| document.root().dfs().count()).sum::<usize>();
        assert_eq!(bounded(&document, endless), Err(Skipped::Steps));
    }

    #[test]
    fn a_file_of_the_largest_ordinary_size_is_parsed() {
        let text = "def f(a, b):\n    return a.get(b, [1, 2, {\"x\": b}])\n\n".repeat(18_000);
        assert!(parse(&text, SupportLang::Python).is_ok());
    }
}
