//! Where rules match in one text.
//!
//! In: a parsed text, rules of its language, and the lines that matter. Out: matches in the order of the text. Compares
//! nothing with anything.

use std::ops::Range;

use ast_grep_core::matcher::{Matcher as _, MatcherExt as _};
use ast_grep_core::replacer::{Content, Replacer as _};
use ast_grep_core::{AstGrep, NodeMatch};

use crate::rule::Rule;
use crate::sieve::{Left, Sieve};
use crate::steps::{Below, Bounded, Skipped, adopt, bounded};

/// One place where a rule matched.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    /// Which of the rules.
    pub(crate) rule: usize,
    /// The bytes it covers.
    pub(crate) bytes: Range<usize>,
    /// First and last line, from 1.
    pub(crate) lines: (u32, u32),
    /// The rule's message about it.
    pub(crate) message: String,
    /// What the rule puts in place of which bytes.
    pub(crate) edit: Option<(Range<usize>, String)>,
}

/// Rules of one language by the kinds of nodes that they can match.
pub(crate) struct Prepared<'r> {
    rules: Vec<&'r Rule>,
    by_kind: Vec<Vec<usize>>,
    sieve: Sieve,
}

impl<'r> Prepared<'r> {
    /// Sorts rules by kind.
    pub(crate) fn new(rules: Vec<&'r Rule>) -> Self {
        let mut by_kind: Vec<Vec<usize>> = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            for kind in &rule.config.matcher.potential_kinds().unwrap_or_default() {
                if by_kind.len() <= kind {
                    by_kind.resize_with(kind + 1, Vec::new);
                }
                by_kind[kind].push(index);
            }
        }
        let sieve = Sieve::new(rules.iter().map(|rule| &rule.required));
        Self { rules, by_kind, sieve }
    }

    /// True where there is nothing to match.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// One of its rules.
    pub(crate) fn rule(&self, index: usize) -> &'r Rule {
        self.rules[index]
    }

    /// The rules that are wanted and could match somewhere in a text, and where.
    pub(crate) fn left_for(&self, text: &str, wanted: impl Fn(usize, &Rule) -> bool) -> Left {
        self.sieve.left_for(text, |index| wanted(index, self.rules[index]))
    }

    /// Every match of the rules that are left for the document's text, on lines that matter. Where lines do not matter, none
    /// of them may by themselves.
    pub(crate) fn scan(
        &self,
        document: &AstGrep<Bounded>,
        left: &Left,
        matters: impl Fn(u32, u32) -> bool,
    ) -> Result<Vec<Match>, Skipped> {
        bounded(document, || {
            let mut matches = Vec::new();
            document.root().get_doc().walk(|node| {
                let bytes = node.bytes();
                let lines = node.lines();
                if !left.reaches(bytes.start, bytes.end) || !matters(lines.0, lines.1) {
                    return Below::Skip;
                }
                let rules = self.by_kind.get(node.kind_number()).map_or(&[][..], Vec::as_slice);
                for rule in rules.iter().copied().filter(|rule| left.covers(*rule, bytes.start, bytes.end)) {
                    let node = adopt(document, node.clone());
                    if let Some(found) = self.rules[rule].config.matcher.match_node(node) {
                        matches.push(self.matched(rule, lines, &found));
                    }
                }
                Below::Visit
            });
            matches
        })
    }

    fn matched(&self, rule: usize, lines: (u32, u32), found: &NodeMatch<'_, Bounded>) -> Match {
        let config = &self.rules[rule].config;
        let edit = config.fixer.first().map(|fixer| {
            let new = fixer.generate_replacement(found);
            let range = fixer.get_replaced_range(found, &config.matcher);
            (range, <String as Content>::encode_bytes(&new).into_owned())
        });
        Match { rule, bytes: found.range(), lines, message: config.get_message(found), edit }
    }
}
