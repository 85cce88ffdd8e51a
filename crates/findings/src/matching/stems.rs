//! What is known of one word.
//!
//! In: a lower-case word. Out: its stem, how rare it is in reviews and which kinds of defect it
//! speaks for. How common a word is comes from a table that ships with the program, never from the run alone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use rust_stemmers::{Algorithm, Stemmer};

/// A stem with what is known of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Stem {
    pub(crate) text: String,
    pub(crate) id: u64,
    pub(crate) rarity: f32,
    /// Kinds of defect it speaks for.
    pub(crate) kinds: &'static [usize],
}

/// The stem of a lower-case word; `None` for words without content.
///
/// Reviews say the same few thousand words over and over, so each is worked out once. What is remembered follows from
/// the word alone, and a stranger cannot fill the memory: it is emptied where it grows large.
pub(crate) fn look_up(word: &str) -> Option<Rc<Stem>> {
    const MOST: usize = 50_000;
    thread_local! {
        static KNOWN: RefCell<HashMap<String, Option<Rc<Stem>>>> = RefCell::new(HashMap::new());
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(stem) = known.get(word) {
            return stem.clone();
        }
        if known.len() >= MOST {
            known.clear();
        }
        let stem = work_out(word).map(Rc::new);
        known.insert(word.to_owned(), stem.clone());
        stem
    })
}

fn work_out(word: &str) -> Option<Stem> {
    if word.len() < 2 || word.chars().all(|c| c.is_ascii_digit()) || is_stop_word(word) {
        return None;
    }
    let text = stem_of(word);
    Some(Stem { id: hash(&text), rarity: rarity_of(&text), kinds: super::concepts::kinds_of(&text), text })
}

fn stem_of(word: &str) -> String {
    static STEMMER: OnceLock<Stemmer> = OnceLock::new();
    let stemmer = STEMMER.get_or_init(|| Stemmer::create(Algorithm::English));
    if word.is_ascii() { stemmer.stem(word).into_owned() } else { word.to_owned() }
}

/// FNV-1a, because it is the same on every machine and in every build.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// How rare a stem is in reviews of code: the logarithm of the share of comments without it.
fn rarity_of(stem: &str) -> f32 {
    static TABLE: OnceLock<HashMap<&'static str, f32>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        include_str!("words.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let (word, weight) = line.split_once(' ')?;
                Some((word, weight.parse().ok()?))
            })
            .collect()
    });
    table.get(stem).copied().unwrap_or(UNKNOWN)
}

/// The rarity of a word that the table does not know: as a rule a name of the project under review.
const UNKNOWN: f32 = 4.0;

/// Words that carry no content in any text.
fn is_stop_word(word: &str) -> bool {
    const STOP: &[&str] = &[
        "a", "about", "above", "after", "again", "all", "also", "an", "and", "any", "are", "as", "at", "be",
        "because", "been", "before", "being", "below", "both", "but", "by", "can", "could", "did", "do",
        "does", "doing", "don", "down", "during", "each", "few", "for", "from", "further", "had", "has",
        "have", "having", "here", "how", "if", "in", "into", "is", "isn", "it", "its", "itself", "just",
        "ll", "may", "might", "more", "most", "must", "no", "nor", "now", "of", "off", "on", "once", "only",
        "or", "other", "our", "out", "over", "own", "re", "same", "should", "so", "some", "such", "than",
        "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to",
        "too", "under", "until", "up", "ve", "very", "was", "we", "were", "what", "when", "where", "which",
        "while", "who", "whom", "why", "will", "with", "would", "you", "your",
    ];
    STOP.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted_so_that_they_are_found() {
        for word in ["a", "about", "your", "would", "the"] {
            assert!(is_stop_word(word), "{word}");
        }
        assert!(!is_stop_word("lock"));
    }
}
