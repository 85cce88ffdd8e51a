//! What two claims have in common, as numbers.
//!
//! In: two claims. Out: [`Features`], symmetric in the two. Never a decision: `pair` weighs them.

use super::claim::{Claim, Place};
use super::words::Bag;

/// Names of the numbers, in their order.
pub const FEATURES: [&str; 20] = [
    "words",
    "titles",
    "heads",
    "overlap",
    "names",
    "title names",
    "word pairs",
    "kinds",
    "title kinds",
    "cross title",
    "rarest",
    "placed",
    "same file",
    "other file",
    "lines overlap",
    "lines near",
    "lines apart",
    "same anchor",
    "same symbol",
    "name overlap",
];

/// What two claims have in common; see [`FEATURES`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features(pub [f32; FEATURES.len()]);

impl Features {
    /// Compares two claims.
    pub fn of(a: &Claim, b: &Claim) -> Self {
        let place = Places::of(a, b);
        let flag = |yes: bool| if yes { 1.0 } else { 0.0 };
        Self([
            a.all.stems.cosine(&b.all.stems),
            a.title.stems.cosine(&b.title.stems),
            a.head.stems.cosine(&b.head.stems),
            a.all.stems.overlap(&b.all.stems),
            a.all.names.cosine(&b.all.names),
            a.title.names.cosine(&b.title.names),
            a.all.pairs.cosine(&b.all.pairs),
            a.concepts.cosine(&b.concepts).unwrap_or(0.3),
            a.title_concepts.cosine(&b.title_concepts).unwrap_or(0.3),
            a.title.stems.overlap(&b.all.stems).max(b.title.stems.overlap(&a.all.stems)),
            rarest(&a.all.stems, &b.all.stems),
            flag(place != Places::Unknown),
            flag(matches!(place, Places::SameFile { .. })),
            flag(place == Places::OtherFile),
            flag(place == Places::SameFile { gap: Some(0) }),
            match place {
                Places::SameFile { gap: Some(gap) } => (-(gap as f32) / 10.0).exp(),
                _ => 0.0,
            },
            flag(matches!(place, Places::SameFile { gap: Some(gap) } if gap > 40)),
            flag(a.anchor.is_some() && a.anchor == b.anchor),
            flag(a.symbol.is_some() && a.symbol == b.symbol && matches!(place, Places::SameFile { .. })),
            a.all.names.overlap(&b.all.names),
        ])
    }
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

fn gap(x: &Place, y: &Place) -> Option<u32> {
    let ((a, b), (c, d)) = (x.lines?, y.lines?);
    Some(c.saturating_sub(b).max(a.saturating_sub(d)))
}

/// The weight of the rarest common word, 0–1.
fn rarest(a: &Bag, b: &Bag) -> f32 {
    a.common(b).map(|(_, x, y)| x.min(y)).fold(0.0, f32::max) / 10.0
}
