//! Tells each claim what is said around it.
//!
//! In: claims. Out: the same claims with their words weighed. Around a claim stand the claims about its files, or,
//! where it names no place, the others that name none: so a finding in one file changes nothing in another.

use std::collections::{HashMap, HashSet};

use super::bags::{Around, Surroundings};
use super::claim::Claim;

/// Of a claim that names more files, only so many are looked at.
const MOST: usize = 16;

/// Weighs the words of every claim by what is said around it. Copies to the letter count once.
pub fn in_context(claims: &mut [Claim]) {
    let mut files: HashMap<String, Surroundings> = HashMap::new();
    let mut seen: HashSet<u64> = HashSet::new();
    for claim in claims.iter().filter(|claim| seen.insert(claim.identity)) {
        for file in claim.files().into_iter().take(MOST) {
            files.entry(file.to_owned()).or_default().add(claim.vocabulary());
        }
    }
    for claim in claims {
        let around = claim.files().into_iter().take(MOST).map(|file| &files[file]).collect();
        claim.weigh(&Around(around));
    }
}
