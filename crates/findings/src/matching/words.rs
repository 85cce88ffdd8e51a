//! Texts as weighted words.
//!
//! In: Markdown. Out: a [`Bag`] of stems and identifiers with weights. How common a word is comes from a table that
//! ships with the program, never from the findings of the run: what one pair says must not depend on the others.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use rust_stemmers::{Algorithm, Stemmer};

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
    fn of(mut words: Vec<(u64, f32)>) -> Self {
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
    pub(crate) fn among(&self, surroundings: &Surroundings) -> Bag {
        let weigh =
            |(word, times, rarity): &(u64, f32, f32)| (*word, times * surroundings.rarity(*word, *rarity));
        Bag::new(self.0.iter().map(weigh).collect())
    }
}

/// Which words the claims around one claim use: in a change to a cache, "cache" tells nothing apart.
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

    /// Counts everything that another one counted.
    pub(crate) fn join(&mut self, other: &Self) {
        self.claims += other.claims;
        for (word, count) in &other.counts {
            *self.counts.entry(*word).or_default() += count;
        }
    }

    /// Between the general rarity and the local one: the more claims around, the more the local one counts.
    fn rarity(&self, word: u64, general: f32) -> f32 {
        let count = self.counts.get(&word).copied().unwrap_or(1.0).max(1.0);
        let most = (self.claims + 1.0).ln() + 1.0;
        let local = (((self.claims + 1.0) / count).ln() + 1.0).max(0.0) * RAREST / most;
        let share = self.claims / (self.claims + TRUST_SURROUNDINGS);
        (1.0 - share) * general + share * local
    }
}

/// The rarity of a word that only one of very many claims around uses.
const RAREST: f32 = 5.0;

/// The number of claims at which the local rarity counts as much as the general one.
const TRUST_SURROUNDINGS: f32 = 10.0;

/// What a text says, in three views.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// Stems of all words, parts of identifiers included.
    pub(crate) stems: Terms,
    /// Identifiers as written, lower case.
    pub(crate) names: Terms,
    /// Neighbouring stems.
    pub(crate) pairs: Terms,
    /// Stems in the order of the text.
    pub(crate) sequence: Vec<Rc<Stem>>,
}

impl Words {
    /// Reads a text. Fenced code is left out: it shows the place, not the defect.
    pub(crate) fn of(markdown: &str) -> Self {
        let mut reader = Reader::default();
        for (line, fenced) in lines(markdown) {
            if !fenced {
                reader.line(line);
            }
        }
        reader.finish()
    }
}

/// Lines of a text, each with whether it stands in a fence (or is one).
fn lines(markdown: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut fence: Option<char> = None;
    markdown.lines().map(move |line| {
        let mark = line.trim_start().chars().next().filter(|mark| matches!(mark, '`' | '~'));
        let is_fence = mark
            .is_some_and(|mark| line.trim_start().starts_with([mark; 3].iter().collect::<String>().as_str()));
        let fenced = fence.is_some() || is_fence;
        if is_fence {
            fence = match fence {
                None => mark,
                open if open == mark => None,
                open => open,
            };
        }
        (line, fenced)
    })
}

#[derive(Default)]
struct Reader {
    stems: Vec<(u64, f32)>,
    names: Vec<(u64, f32)>,
    pairs: Vec<(u64, f32)>,
    sequence: Vec<Rc<Stem>>,
    last: Option<(u64, f32)>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        for token in line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '\''))) {
            let token = token.trim_matches(|c: char| c == '\'' || c == '_');
            if !token.is_empty() {
                self.token(token);
            }
        }
        self.last = None;
    }

    fn token(&mut self, token: &str) {
        let parts = parts(token);
        if is_name(token, parts.len()) {
            let lower = token.to_lowercase();
            self.names.push((hash(&lower), 1.0 + (parts.len() as f32 - 1.0).min(2.0) * 0.5));
        }
        for part in parts {
            self.word(&part);
        }
    }

    fn word(&mut self, word: &str) {
        let Some(stem) = look_up(word) else { return };
        self.stems.push((stem.id, stem.rarity));
        if let Some((before, other)) = self.last {
            self.pairs.push((before.rotate_left(7) ^ stem.id, f32::midpoint(stem.rarity, other)));
        }
        self.last = Some((stem.id, stem.rarity));
        self.sequence.push(stem);
    }

    fn finish(self) -> Words {
        Words {
            stems: Terms::of(self.stems),
            names: Terms::of(self.names),
            pairs: Terms::of(self.pairs),
            sequence: self.sequence,
        }
    }
}

/// The stems of a text, sorted and once each: the same for texts that differ in order and inflection only.
pub fn normal_form(text: &str) -> String {
    let words = Words::of(text);
    let mut stems: Vec<&str> = words.sequence.iter().map(|stem| stem.text.as_str()).collect();
    stems.sort_unstable();
    stems.dedup();
    stems.join(" ")
}

/// True for what looks like a name from code: `snake_case`, `camelCase`, `UPPER_CASE`, `v1beta2`.
fn is_name(token: &str, parts: usize) -> bool {
    token.len() > 2
        && (parts > 1 || token.contains('_') || token.chars().skip(1).any(char::is_uppercase))
        && token.chars().any(char::is_alphabetic)
}

/// Splits an identifier into its lower-case words.
fn parts(token: &str) -> Vec<String> {
    if token.len() > 1 && token.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return vec![token.to_owned()];
    }
    let mut parts = Vec::new();
    let mut part = String::new();
    let chars: Vec<char> = token.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        if *c == '_' || *c == '\'' {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let starts = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_numeric())
                || (before.is_some_and(|b| b.is_uppercase()) && after.is_some_and(|a| a.is_lowercase())));
        if starts {
            parts.push(std::mem::take(&mut part));
        }
        part.extend(c.to_lowercase());
    }
    parts.push(part);
    // The `s` and `t` left over from apostrophes say nothing.
    parts.retain(|part| part.chars().count() > 1);
    parts
}

/// A stem with what is known of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Stem {
    pub(crate) text: String,
    id: u64,
    rarity: f32,
    /// Kinds of defect it speaks for.
    pub(crate) kinds: &'static [usize],
}

/// The stem of a lower-case word; `None` for words without content.
///
/// Reviews say the same few thousand words over and over, so each is worked out once. What is remembered follows from
/// the word alone, and a stranger cannot fill the memory: it is emptied where it grows large.
fn look_up(word: &str) -> Option<Rc<Stem>> {
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
    static STEMMER: OnceLock<Stemmer> = OnceLock::new();
    if word.len() < 2 || word.chars().all(|c| c.is_ascii_digit()) || is_stop_word(word) {
        return None;
    }
    let stemmer = STEMMER.get_or_init(|| Stemmer::create(Algorithm::English));
    let text = if word.is_ascii() { stemmer.stem(word).into_owned() } else { word.to_owned() };
    Some(Stem { id: hash(&text), rarity: rarity(&text), kinds: super::concepts::kinds_of(&text), text })
}

/// FNV-1a, because it is the same on every machine and in every build.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// How rare a stem is in reviews of code: the logarithm of the share of comments without it.
fn rarity(stem: &str) -> f32 {
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
    fn identifiers_are_split_into_their_words() {
        assert_eq!(parts("readHTTPHeader"), ["read", "http", "header"]);
        assert_eq!(parts("max_retry_count"), ["max", "retry", "count"]);
        assert_eq!(parts("don't"), ["don"]);
    }

    #[test]
    fn stop_words_are_sorted_so_that_they_are_found() {
        for word in ["a", "about", "your", "would", "the"] {
            assert!(is_stop_word(word), "{word}");
        }
        assert!(!is_stop_word("lock"));
    }

    #[test]
    fn fenced_code_is_not_read() {
        let words = Words::of("leaks a handle\n```go\nunrelated := call()\n```\nforever");
        let stems: Vec<&str> = words.sequence.iter().map(|stem| stem.text.as_str()).collect();
        assert_eq!(stems, ["leak", "handl", "forev"]);
    }

    #[test]
    fn equal_texts_have_cosine_one() {
        let a = Words::of("The lock is never released when parsing fails");
        assert!(
            (a.stems.among(&Surroundings::default()).cosine(&a.stems.among(&Surroundings::default())) - 1.0)
                .abs()
                < 1e-5
        );
        assert!(
            a.stems
                .among(&Surroundings::default())
                .cosine(&Words::of("spelling mistake").stems.among(&Surroundings::default()))
                < 1e-5
        );
    }
}
