//! A claim as the matcher sees it.
//!
//! In: a checked finding. Out: its words, its names and its places. Never its reviewer or severity.

use model::{CheckResult, CheckedFinding, Gate, Location, RawLocation};

use super::concepts::Concepts;
use super::words::Words;

/// One claimed place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The path as resolved, or as claimed.
    pub(crate) path: String,
    /// First and last line, where given.
    pub(crate) lines: Option<(u32, u32)>,
}

/// A claim as the matcher sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    pub(crate) title: Words,
    pub(crate) body: Words,
    /// Title and body together.
    pub(crate) all: Words,
    /// The first sentences: what it is about, before what follows from it.
    pub(crate) head: Words,
    pub(crate) concepts: Concepts,
    pub(crate) title_concepts: Concepts,
    pub(crate) places: Vec<Place>,
    pub(crate) symbol: Option<String>,
    pub(crate) anchor: Option<String>,
    /// The same for claims that say the same to the letter about the same places.
    pub(crate) identity: u64,
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
        Self::from_parts(&raw.title, &raw.body, places, symbol, anchor)
    }

    /// Reads a bare text: a remark without places.
    pub fn of_text(title: &str, body: &str) -> Self {
        Self::from_parts(title, body, Vec::new(), None, None)
    }

    /// Reads a remark with places as written.
    pub(crate) fn of_raw(title: &str, body: &str, locations: &[RawLocation]) -> Self {
        let place =
            |l: &RawLocation| Place { path: l.path.clone(), lines: l.start.map(|s| (s, l.end.unwrap_or(s))) };
        Self::from_parts(title, body, locations.iter().map(place).collect(), None, None)
    }

    /// Reads a remark with places as resolved.
    pub(crate) fn of_located(title: &str, body: &str, locations: &[Location]) -> Self {
        Self::from_parts(title, body, locations.iter().map(place).collect(), None, None)
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
        let joined = format!("{title}\n{body}");
        let all = Words::of(&joined);
        let title_words = Words::of(title);
        let identity = identity(title, body, &places);
        Self {
            concepts: Concepts::of(&all.sequence),
            title_concepts: Concepts::of(&title_words.sequence),
            body: Words::of(body),
            head: Words::of(first_words(&joined)),
            title: title_words,
            all,
            places,
            symbol,
            anchor,
            identity,
        }
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

fn identity(title: &str, body: &str, places: &[Place]) -> u64 {
    let mut places: Vec<String> =
        places.iter().map(|place| format!("{}:{:?}", place.path, place.lines)).collect();
    places.sort();
    super::words::hash(&format!("{}\u{0}{}\u{0}{}", title.trim(), body.trim(), places.join("\u{0}")))
}
