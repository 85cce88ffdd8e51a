//! A claim as the matcher sees it.
//!
//! In: a checked finding. Out: its words, its names and its places. Never its reviewer or severity.

use model::{CheckResult, CheckedFinding, Fingerprint, Gate, Location, RawLocation};

use super::bags::{Around, Bag, Terms};
use super::concepts::Concepts;
use super::words::{Words, code_named};

/// One claimed place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The path as resolved, or as claimed.
    pub(crate) path: String,
    /// First and last line, where given.
    pub(crate) lines: Option<(u32, u32)>,
}

impl Place {
    /// The last part of the path: reviewers shorten paths, so files are told by it first.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// A claim as the matcher sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    terms: ViewTerms,
    /// Weighed by how rare they are in general and around the claim.
    pub(crate) here: View,
    pub(crate) concepts: Concepts,
    /// Names from code in the first sentence, sorted.
    pub(crate) lead_names: Vec<u64>,
    /// Whatever the first sentence shows as code, sorted.
    pub(crate) lead_code: Vec<u64>,
    pub(crate) places: Vec<Place>,
    pub(crate) symbol: Option<String>,
    pub(crate) anchor: Option<String>,
    /// True where a rule of some tool made it.
    pub(crate) by_rule: bool,
    /// The same for claims that say the same to the letter about the same places.
    pub(crate) identity: u64,
}

/// The words of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
struct ViewTerms {
    /// The first sentence: the title, where there is one.
    lead: Terms,
    /// The first sentences: what it is about, before what follows from it.
    head: Terms,
    /// Title and body together.
    all: Terms,
    pairs: Terms,
    names: Terms,
}

/// The words of a claim, weighed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct View {
    pub(crate) lead: Bag,
    pub(crate) head: Bag,
    pub(crate) all: Bag,
    pub(crate) pairs: Bag,
    pub(crate) names: Bag,
}

/// Longer texts say nothing new about which defect they mean, and cost time.
const LONGEST: usize = 6_000;

impl Claim {
    /// Reads a checked finding.
    pub fn of(finding: &CheckedFinding) -> Self {
        let raw = &finding.raw;
        let places = finding.locations.iter().map(place).collect();
        let symbol = finding.symbol.clone().or_else(|| raw.locations.iter().find_map(|l| l.symbol.clone()));
        let quoted = matches!(finding.result(Gate::Quote), CheckResult::Pass | CheckResult::Repaired);
        let anchor = finding.anchor.clone().filter(|_| quoted);
        let claim = Self::from_parts(&raw.title, &raw.body, places, symbol, anchor);
        Self { by_rule: raw.rule.is_some(), ..claim }
    }

    /// Reads a bare text: a remark without places.
    pub fn of_text(title: &str, body: &str) -> Self {
        Self::from_parts(title, body, Vec::new(), None, None).alone()
    }

    /// Reads a remark with places as written.
    pub(crate) fn of_raw(title: &str, body: &str, locations: &[RawLocation]) -> Self {
        let place =
            |l: &RawLocation| Place { path: l.path.clone(), lines: l.start.map(|s| (s, l.end.unwrap_or(s))) };
        Self::from_parts(title, body, locations.iter().map(place).collect(), None, None)
    }

    /// Reads a remark with places as resolved.
    pub(crate) fn of_located(title: &str, body: &str, locations: &[Location]) -> Self {
        Self::from_parts(title, body, locations.iter().map(place).collect(), None, None).alone()
    }

    /// Reads a finding, to be weighed later.
    pub(crate) fn of_finding(
        title: &str,
        body: &str,
        locations: &[Location],
        symbol: Option<String>,
    ) -> Self {
        Self::from_parts(title, body, locations.iter().map(place).collect(), symbol, None)
    }

    /// True where both say the same to the letter about the same places.
    pub(crate) fn is_same_text(&self, other: &Self) -> bool {
        self.identity == other.identity
    }

    pub(crate) fn from_parts(
        title: &str,
        body: &str,
        places: Vec<Place>,
        symbol: Option<String>,
        anchor: Option<String>,
    ) -> Self {
        let body = cut(body, LONGEST);
        let title = cut(title, LONGEST);
        // A body that begins with its title would count it twice.
        let joined = if body.starts_with(title.trim_end_matches(['.', '…'])) {
            body.to_owned()
        } else {
            format!("{title}\n{body}")
        };
        let identity = identity(title, body, &places);
        let all = Words::of(&joined);
        let head = Words::of(first_words(&joined));
        let first = lead(&joined);
        let lead = Words::of(first);
        Self {
            here: View::default(),
            concepts: Concepts::of(&all.sequence),
            lead_names: lead.names.words().collect(),
            lead_code: code_named(first),
            terms: ViewTerms {
                lead: lead.stems,
                head: head.stems,
                all: all.stems,
                pairs: all.pairs,
                names: all.names,
            },
            places,
            symbol,
            anchor,
            by_rule: false,
            identity,
        }
    }

    /// Weighs the words as if nothing else were said: for a comparison outside of a run's clusters.
    fn alone(mut self) -> Self {
        self.weigh(&Around::default());
        self
    }

    /// Weighs the words by what the claims around this one say.
    pub(crate) fn weigh(&mut self, around: &Around<'_>) {
        self.here = View {
            lead: self.terms.lead.among(around),
            head: self.terms.head.among(around),
            all: self.terms.all.among(around),
            pairs: self.terms.pairs.among(around),
            names: self.terms.names.among(around),
        };
    }

    /// How many words it has, each counted once.
    pub(crate) fn length(&self) -> usize {
        self.here.all.entries().len()
    }

    /// Its paths, each once; the empty one where it has no place.
    pub(crate) fn files(&self) -> Vec<&str> {
        if self.places.is_empty() {
            return vec![""];
        }
        let mut files: Vec<&str> = self.places.iter().map(|place| place.path.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Every word, name and pair of words, each once.
    pub(crate) fn vocabulary(&self) -> impl Iterator<Item = u64> + '_ {
        self.terms.all.words().chain(self.terms.names.words()).chain(self.terms.pairs.words())
    }
}

fn place(location: &Location) -> Place {
    Place {
        path: location.path.as_str().to_owned(),
        lines: location.start.map(|start| (start, location.end.unwrap_or(start))),
    }
}

/// At most `longest` bytes, cut between characters.
fn cut(text: &str, longest: usize) -> &str {
    if text.len() <= longest {
        return text;
    }
    let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// About the first two sentences.
fn first_words(text: &str) -> &str {
    cut(text, 240)
}

/// What a claim says first: its first sentence, or the beginning of a long one.
fn lead(text: &str) -> &str {
    let text = text.trim_start();
    let beginning = cut(text, 120);
    let end = [". ", "; ", " - ", " – ", " — ", "\n"]
        .iter()
        .filter_map(|mark| beginning.match_indices(mark).map(|(at, _)| at).find(|at| *at >= 30))
        .min();
    &beginning[..end.unwrap_or(beginning.len())]
}

/// Equal for claims that say the same to the letter about the same places. A cryptographic hash, because reviewers may
/// be hostile and must not be able to make their claims pass for another's.
fn identity(title: &str, body: &str, places: &[Place]) -> u64 {
    let mut named: Vec<String> =
        places.iter().map(|place| format!("{}:{:?}", place.path, place.lines)).collect();
    named.sort();
    let hash = Fingerprint::of(&[title.trim(), body.trim(), &named.join("\n")]);
    u64::from_str_radix(hash.as_str().trim_start_matches("f1:"), 16)
        .expect("a fingerprint is 16 hexadecimal digits")
}
