//! Two functions laid beside each other.
//!
//! In: two functions. Out: which token of one stands for which of the other, where one is a copy of the other. Names of variables
//! may differ, each in one way; literals and a few lines may differ, too. Never looks at what a change did.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::pattern::is_local;
use crate::functions::Function;
use crate::source::Source;
use crate::tokens::TokenKind;

/// The share of tokens that a function and its copy have in common, in their order.
const ALIKE: f64 = 0.92;
/// Shorter functions are alike by chance.
pub(super) const FEWEST_TOKENS: usize = 60;

/// The tokens of one function with those of its copy.
pub(super) struct Aligned<'a> {
    one: &'a Source,
    other: &'a Source,
    /// What the two functions are called.
    called: (&'a str, &'a str),
    /// Token of the first file to token of the second.
    partners: HashMap<usize, usize>,
    /// What the first function declares itself.
    declared: HashSet<&'a str>,
    /// Variables of the first by what they are called in the second.
    names: BTreeMap<&'a str, &'a str>,
}

impl<'a> Aligned<'a> {
    /// Lays them beside each other; `None` where neither is a copy of the other.
    pub(super) fn new(
        one: &'a Source,
        function: &'a Function,
        other: &'a Source,
        second: &'a Function,
    ) -> Option<Self> {
        let (declared, second_declares) = (declared(one, function), declared(other, second));
        let (left, right) = (plain(one, function, &declared), plain(other, second, &second_declares));
        let (short, long) = (left.len().min(right.len()), left.len().max(right.len()));
        if short < FEWEST_TOKENS
            || (short as f64) < ALIKE * long as f64
            || common(&left, &right) < ALIKE * long as f64
        {
            return None;
        }
        let (from, to) = (function.tokens(one).start, second.tokens(other).start);
        let mut partners = HashMap::new();
        for op in capture_diff_slices(Algorithm::Myers, &left, &right) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                partners.extend((0..len).map(|at| (from + old_index + at, to + new_index + at)));
            }
        }
        let names = names(one, other, &partners, &declared)?;
        let alike = partners.len() as f64 >= ALIKE * long as f64;
        let called = (function.name.as_str(), second.name.as_str());
        alike.then_some(Self { one, other, called, partners, declared, names })
    }

    /// Where these tokens stand in the other function: all of them, in a row. Texts may differ unless they must be the same.
    pub(super) fn place(&self, range: Range<usize>, texts: bool) -> Option<Range<usize>> {
        let start = *self.partners.get(&range.start)?;
        let length = range.len();
        let same = |at: usize| {
            let (here, there) = (&self.one.tokens()[range.start + at], self.other.tokens().get(start + at)?);
            let (own, own_there) = (self.one.slice(here), self.other.slice(there));
            let free = here.kind == TokenKind::Text && !texts
                || is_variable(self.one, range.start + at, &self.declared)
                || (own, own_there) == self.called;
            (self.partners.get(&(range.start + at)) == Some(&(start + at)) && (free || own == own_there))
                .then_some(())
        };
        (0..length).all(|at| same(at).is_some()).then(|| start..start + length)
    }

    /// What a word of the first function is called in the second.
    pub(super) fn called<'b>(&'b self, word: &'b str) -> &'b str {
        self.names.get(word).copied().unwrap_or(word)
    }
}

/// The words that a function declares: they are its variables even where it calls them.
fn declared<'a>(source: &'a Source, function: &Function) -> HashSet<&'a str> {
    let text = |at: usize| source.tokens().get(at).map_or("", |token| source.slice(token));
    function
        .tokens(source)
        .filter(|at| {
            let is_new = *at > 0 && matches!(text(at - 1), "let" | "mut" | "var" | "const" | "val");
            let is_set = is_local(source, *at) && matches!(text(at + 1), "=" | ":=");
            (is_new || is_set) && text(*at).starts_with(|c: char| c.is_lowercase() || c == '_')
        })
        .map(text)
        .filter(|word| *word != "mut")
        .collect()
}

/// True for a word that stands for a variable.
fn is_variable(source: &Source, at: usize, declared: &HashSet<&str>) -> bool {
    let text = source.slice(&source.tokens()[at]);
    let before = at.checked_sub(1).map_or("", |at| source.slice(&source.tokens()[at]));
    let is_member = matches!(before, "." | "->" | "::" | "?.");
    is_local(source, at) || text.len() > 1 && text.starts_with('$') || declared.contains(text) && !is_member
}

/// The tokens without what copies differ in.
fn plain<'a>(source: &'a Source, function: &Function, declared: &HashSet<&str>) -> Vec<&'a str> {
    function
        .tokens(source)
        .map(|at| {
            let token = &source.tokens()[at];
            let text = source.slice(token);
            match token.kind {
                TokenKind::Text => "\"",
                TokenKind::Number => "0",
                _ if is_variable(source, at, declared) || text == function.name => "",
                _ => text,
            }
        })
        .collect()
}

/// How many tokens two functions share, in whatever order: quick to tell for functions that are no copies.
fn common(left: &[&str], right: &[&str]) -> f64 {
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for token in left {
        *counts.entry(token).or_default() += 1;
    }
    let mut both = 0.0;
    for token in right {
        let count = counts.entry(token).or_default();
        if *count > 0 {
            both += 1.0;
        }
        *count -= 1;
    }
    both
}

/// The variables' names, where each has one name in the other function and no two have the same.
fn names<'a>(
    one: &'a Source,
    other: &'a Source,
    partners: &HashMap<usize, usize>,
    declared: &HashSet<&str>,
) -> Option<BTreeMap<&'a str, &'a str>> {
    let mut names: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (here, there) in partners.iter().filter(|(here, _)| is_variable(one, **here, declared)) {
        let (own, own_there) = (one.slice(&one.tokens()[*here]), other.slice(&other.tokens()[*there]));
        *names.entry(own).or_default().entry(own_there).or_default() += 1;
    }
    let mut chosen = BTreeMap::new();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (own, counts) in names {
        let (most, _) = counts.iter().max_by_key(|(name, times)| (**times, std::cmp::Reverse(**name)))?;
        if counts.len() > 1 || taken.insert(most, own).is_some() {
            return None;
        }
        chosen.insert(own, *most);
    }
    Some(chosen)
}
