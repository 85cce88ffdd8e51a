//! A name for a piece of code that survives renumbering.
//!
//! In: the pattern of a verified quote. Out: a hash; equal anchors mean equal code. Never depends on white space, on
//! elisions or on the place.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::pattern::{Element, Pattern};

/// Hashes the lines that were found.
pub(crate) fn anchor(pattern: &Pattern) -> String {
    let mut hash = Sha256::new();
    for element in pattern.elements() {
        match element {
            Element::Whole(line) => hash.update(line),
            Element::Split(starts, ends) => {
                hash.update(starts);
                hash.update([0]);
                hash.update(ends);
            }
        }
        hash.update(b"\n");
    }
    let mut text = String::from("a1:");
    for byte in &hash.finalize()[..8] {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
