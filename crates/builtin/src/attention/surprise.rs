//! How unusual the words of a line are.
//!
//! In: the code that was there before. Out: for tokens of new code, how little what stands before them lets one expect
//! them, in bits. Knows nothing of meaning.

use std::collections::{HashMap, HashSet};

use model::{FileDiff, RepoPath, Side};

use crate::context::Context;
use crate::language::Language;
use crate::source::Source;
use crate::tokens::TokenKind;

/// Files of a folder that are learnt from, and files read for all folders of a change.
const MOST_BESIDE: usize = 8;
const MOST_READ: usize = 48;
/// Bits that a token never seen before weighs.
const MOST_BITS: f64 = 14.0;
/// Less code than this, in tokens, says nothing about what is usual.
const FEWEST: u32 = 200;

/// Files that a change leaves as they are, by folder, and how many of them may still be read.
pub(super) struct Neighbours {
    left: usize,
    unchanged: Option<HashMap<String, Vec<RepoPath>>>,
}

impl Default for Neighbours {
    fn default() -> Self {
        Self { left: MOST_READ, unchanged: None }
    }
}

impl Neighbours {
    /// Of one folder, in path order. A change may have as many files as the tree: the tree is gone through once.
    fn beside(&mut self, context: &Context<'_>, folder: &str) -> &[RepoPath] {
        let unchanged = self.unchanged.get_or_insert_with(|| {
            let changed: HashSet<&RepoPath> = context.change.diff().iter().map(|file| &file.path).collect();
            let mut unchanged: HashMap<String, Vec<RepoPath>> = HashMap::new();
            for entry in context.head.iter().filter(|entry| !changed.contains(&entry.path)) {
                unchanged.entry(folder_of(&entry.path).to_owned()).or_default().push(entry.path.clone());
            }
            unchanged
        });
        unchanged.get(folder).map_or(&[], Vec::as_slice)
    }
}

fn folder_of(path: &RepoPath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Counts of tokens by the two, the one and the none before them.
#[derive(Default)]
pub(super) struct Surprise {
    counts: HashMap<u64, u32>,
    all: u32,
}

impl Surprise {
    /// Learns from the file as it was and from its neighbours in the same language.
    pub(super) fn of(
        context: &Context<'_>,
        neighbours: &mut Neighbours,
        file: &FileDiff,
        base: Option<&Source>,
        source: &Source,
    ) -> Self {
        let mut learnt = Self::default();
        if let Some(base) = base {
            learnt.learn(base);
        }
        let most = neighbours.left.min(MOST_BESIDE);
        if most == 0 {
            return learnt;
        }
        // What the change does not touch is the same on both sides, and is read for other reasons at head.
        let beside = neighbours.beside(context, folder_of(&file.path)).iter();
        let near = beside.filter(|path| Language::of(path) == source.language).take(most);
        let mut read = 0;
        for path in near {
            read += 1;
            if let Some(near) = context.source(Side::Head, path) {
                learnt.learn(&near);
            }
        }
        neighbours.left -= read;
        learnt
    }

    fn learn(&mut self, source: &Source) {
        let mut before = [0_u64; 2];
        for token in source.tokens() {
            let own = key(token.kind, source.slice(token));
            for context in contexts(before) {
                *self.counts.entry(mix(context, own)).or_default() += 1;
                *self.counts.entry(mix(context, 0)).or_default() += 1;
            }
            self.all += 1;
            before = [before[1], own];
        }
    }

    /// The mean surprise of some tokens, as a share of the most there is.
    pub(super) fn mean(&self, source: &Source, range: std::ops::Range<usize>) -> f64 {
        let tokens = source.tokens();
        if range.is_empty() || self.all < FEWEST {
            return 0.5;
        }
        let before = |index: usize, back: usize| {
            let token = index.checked_sub(back).map(|index| &tokens[index]);
            token.map_or(0, |token| key(token.kind, source.slice(token)))
        };
        let length = range.len() as f64;
        let bits = range.map(|index| self.bits([before(index, 2), before(index, 1)], before(index, 0)));
        bits.sum::<f64>() / length / MOST_BITS
    }

    /// Interpolated from the longest context to the shortest.
    fn bits(&self, before: [u64; 2], own: u64) -> f64 {
        let mut probability = 1.0 / f64::from(1 << 14);
        for context in contexts(before).into_iter().rev() {
            let seen = f64::from(self.counts.get(&mix(context, 0)).copied().unwrap_or(0));
            let hits = f64::from(self.counts.get(&mix(context, own)).copied().unwrap_or(0));
            probability = (hits + 2.0 * probability) / (seen + 2.0);
        }
        (-probability.log2()).clamp(0.0, MOST_BITS)
    }
}

/// The contexts of a token, longest first.
fn contexts(before: [u64; 2]) -> [u64; 3] {
    [mix(mix(7, before[0]), before[1]), mix(11, before[1]), 13]
}

/// Literals are alike, words are themselves.
fn key(kind: TokenKind, text: &str) -> u64 {
    match kind {
        TokenKind::Number => 3,
        TokenKind::Text => 5,
        _ => text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }),
    }
}

fn mix(left: u64, right: u64) -> u64 {
    let sum = left.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) ^ right;
    sum.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ (sum >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_is_no_surprise() {
        let old = Source::new("a.py".into(), &"total = load_rows(path)\n".repeat(60));
        let mut learnt = Surprise::default();
        learnt.learn(&old);
        let new = Source::new("a.py".into(), "total = load_rows(path)\nfrob(total).zap += 3\n");
        let usual = learnt.mean(&new, 0..6);
        let unusual = learnt.mean(&new, 6..new.tokens().len());
        assert!(usual < 0.05 && unusual > 0.5, "{usual} {unusual}");
        assert!((Surprise::default().mean(&new, 0..6) - 0.5).abs() < f64::EPSILON, "nothing was learnt");
    }
}
