//! Weighted words and what weighs them.
//!
//! In: words of a text with how rare they are in general, and what the claims around it say. Out: a [`Bag`] that is
//! compared with others. Never reads text: `words` does.

use std::collections::HashMap;

/// Words with weights, sorted by word, so that two bags are compared in one pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bag {
    entries: Vec<(u64, f32)>,
    norm: f32,
}

impl Bag {
    fn new(entries: Vec<(u64, f32)>) -> Self {
        let norm = entries.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        Self { entries, norm }
    }

    /// Cosine of the angle between two bags: 1 for equal ones, 0 for bags without a common word.
    pub(crate) fn cosine(&self, other: &Self) -> f32 {
        if self.norm == 0.0 || other.norm == 0.0 {
            return 0.0;
        }
        self.common(other).map(|(_, a, b)| a * b).sum::<f32>() / (self.norm * other.norm)
    }

    /// The share of the smaller bag's weight that the other one has as well.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        let smaller = self.total().min(other.total());
        if smaller == 0.0 {
            return 0.0;
        }
        (self.common(other).map(|(_, a, b)| a.min(b)).sum::<f32>() / smaller).min(1.0)
    }

    /// The share of this bag's weight that the other one has as well.
    pub(crate) fn share_in(&self, other: &Self) -> f32 {
        let total = self.total();
        if total == 0.0 {
            return 0.0;
        }
        (self.common(other).map(|(_, a, b)| a.min(b)).sum::<f32>() / total).min(1.0)
    }

    /// Words of both bags with their weights.
    pub(crate) fn common<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (u64, f32, f32)> + 'a {
        let (mut i, mut j) = (0, 0);
        std::iter::from_fn(move || {
            while let (Some(a), Some(b)) = (self.entries.get(i), other.entries.get(j)) {
                match a.0.cmp(&b.0) {
                    std::cmp::Ordering::Less => i += 1,
                    std::cmp::Ordering::Greater => j += 1,
                    std::cmp::Ordering::Equal => {
                        i += 1;
                        j += 1;
                        return Some((a.0, a.1, b.1));
                    }
                }
            }
            None
        })
    }

    /// Sum of the weights.
    pub(crate) fn total(&self) -> f32 {
        self.entries.iter().map(|(_, weight)| weight).sum()
    }

    /// The words with their weights, sorted by word.
    pub(crate) fn entries(&self) -> &[(u64, f32)] {
        &self.entries
    }
}

/// Words of one text with how often and how rare they are in general, sorted by word.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Terms(Vec<(u64, f32, f32)>);

impl Terms {
    /// Adds up equal words: each repetition adds half of what the one before added, since a word said ten times is
    /// not ten words.
    pub(crate) fn of(mut words: Vec<(u64, f32)>) -> Self {
        words.sort_unstable_by_key(|(word, _)| *word);
        let mut terms: Vec<(u64, f32, f32)> = Vec::with_capacity(words.len());
        let mut step = 1.0_f32;
        for (word, rarity) in words {
            match terms.last_mut() {
                Some(last) if last.0 == word => {
                    step /= 2.0;
                    last.1 += step;
                }
                _ => {
                    step = 1.0;
                    terms.push((word, 1.0, rarity));
                }
            }
        }
        Self(terms)
    }

    /// The words, each once.
    pub(crate) fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(|term| term.0)
    }

    /// Weighs the words by how rare they are in general and around the claim.
    pub(crate) fn among(&self, around: &Around<'_>) -> Bag {
        let weigh = |(word, times, rarity): &(u64, f32, f32)| (*word, times * around.rarity(*word, *rarity));
        Bag::new(self.0.iter().map(weigh).collect())
    }
}

/// Which words the claims about one file use: in a change to a cache, "cache" tells nothing apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    claims: f32,
    counts: HashMap<u64, f32>,
}

impl Surroundings {
    /// Counts the words of one claim.
    pub(crate) fn add(&mut self, words: impl Iterator<Item = u64>) {
        self.claims += 1.0;
        for word in words {
            *self.counts.entry(word).or_default() += 1.0;
        }
    }
}

/// What stands around one claim: the claims about each of its files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around<'a>(pub(crate) Vec<&'a Surroundings>);

impl Around<'_> {
    /// Between the general rarity and the local one: the more claims around, the more the local one counts.
    fn rarity(&self, word: u64, general: f32) -> f32 {
        let claims: f32 = self.0.iter().map(|file| file.claims).sum();
        let count: f32 = self.0.iter().filter_map(|file| file.counts.get(&word)).sum();
        let most = (claims + 1.0).ln() + 1.0;
        let local = (((claims + 1.0) / count.max(1.0)).ln() + 1.0).max(0.0) * RAREST / most;
        let share = claims / (claims + TRUST_SURROUNDINGS);
        (1.0 - share) * general + share * local
    }
}

/// The rarity of a word that only one of very many claims around uses.
const RAREST: f32 = 5.0;

/// The number of claims at which the local rarity counts as much as the general one.
const TRUST_SURROUNDINGS: f32 = 3.0;
