//! What two claims have in common, as numbers.
//!
//! In: two claims. Out: [`Features`], symmetric in the two. Never a decision: `pair` weighs them.

use super::claim::{Claim, Place};

/// Names of the numbers, in their order.
pub const FEATURES: [&str; 22] = [
    "words",
    "words squared",
    "words root",
    "heads",
    "overlap",
    "overlap root",
    "names",
    "name overlap",
    "word pairs",
    "kinds",
    "lead",
    "cross lead",
    "both names",
    "short",
    "placed",
    "same file",
    "other file",
    "lines overlap",
    "lines near",
    "same anchor",
    "same symbol",
    "same anchor and name",
];

/// What two claims have in common; see [`FEATURES`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features(pub [f32; FEATURES.len()]);

impl Features {
    /// Compares two claims.
    pub fn of(a: &Claim, b: &Claim) -> Self {
        Self::with_words(a, b, a.here.all.cosine(&b.here.all))
    }

    /// The same where the agreement of all words is known already.
    pub(crate) fn with_words(a: &Claim, b: &Claim, words: f32) -> Self {
        let place = Places::of(a, b);
        let flag = |yes: bool| if yes { 1.0 } else { 0.0 };
        let (x, y) = (&a.here, &b.here);
        let overlap = x.all.overlap(&y.all);
        let shorter = x.all.entries().len().min(y.all.entries().len()) as f32;
        Self([
            words,
            words * words,
            words.max(0.0).sqrt(),
            x.head.cosine(&y.head),
            overlap,
            overlap.sqrt(),
            x.names.cosine(&y.names),
            x.names.overlap(&y.names),
            x.pairs.cosine(&y.pairs),
            a.concepts.cosine(&b.concepts).unwrap_or(NO_KIND),
            x.lead.cosine(&y.lead),
            x.lead.share_in(&y.all).max(y.lead.share_in(&x.all)),
            flag(!x.names.entries().is_empty() && !y.names.entries().is_empty()),
            shorter.ln_1p() / 5.0,
            flag(place != Places::Unknown),
            flag(matches!(place, Places::SameFile { .. })),
            flag(place == Places::OtherFile),
            flag(place == Places::SameFile { gap: Some(0) }),
            match place {
                Places::SameFile { gap: Some(gap) } => (-(gap as f32) / 10.0).exp(),
                _ => 0.0,
            },
            flag(a.anchor.is_some() && a.anchor == b.anchor),
            flag(a.symbol.is_some() && a.symbol == b.symbol && matches!(place, Places::SameFile { .. })),
            flag(a.anchor.is_some() && a.anchor == b.anchor && name_one_thing(a, b)),
        ])
    }
}

/// Where a text names no kind of defect, the kinds speak neither for nor against.
const NO_KIND: f32 = 0.3;

/// Whether both first sentences name the same code.
fn name_one_thing(a: &Claim, b: &Claim) -> bool {
    a.lead_names.iter().any(|name| b.lead_names.binary_search(name).is_ok())
}

/// How the places of two claims relate: the best over all pairs of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Places {
    /// One of them names no place.
    Unknown,
    /// They name no file in common.
    OtherFile,
    /// They name a file in common; lines between them, `None` where one names no line.
    SameFile {
        /// 0 where the lines overlap.
        gap: Option<u32>,
    },
}

impl Places {
    pub(crate) fn of(a: &Claim, b: &Claim) -> Self {
        if a.places.is_empty() || b.places.is_empty() {
            return Self::Unknown;
        }
        let mut best = Self::OtherFile;
        for (x, y) in a.places.iter().flat_map(|x| b.places.iter().map(move |y| (x, y))) {
            if same_file(&x.path, &y.path) {
                let gap = gap(x, y);
                best = match best {
                    Self::SameFile { gap: Some(old) } => {
                        Self::SameFile { gap: Some(gap.map_or(old, |gap| gap.min(old))) }
                    }
                    _ => Self::SameFile { gap },
                };
            }
        }
        best
    }
}

/// Reviewers shorten paths, so a path that ends in the whole of the other names the same file.
pub(crate) fn same_file(a: &str, b: &str) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long.strip_suffix(short).is_some_and(|rest| !short.is_empty() && (rest.is_empty() || rest.ends_with('/')))
}

fn gap(one: &Place, other: &Place) -> Option<u32> {
    let (first, second) = (one.lines?, other.lines?);
    Some(second.0.saturating_sub(first.1).max(first.0.saturating_sub(second.1)))
}
