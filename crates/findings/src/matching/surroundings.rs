//! Tells each claim what is said around it.
//!
//! In: claims. Out: the same claims with their words weighed. Around a claim stand the claims about its files, or,
//! where it names no place, the others that name none: so a finding in one file changes nothing in another.

use std::collections::{HashMap, HashSet};

use super::claim::Claim;
use super::words::Surroundings;

/// Weighs the words of every claim by what is said around it. Copies to the letter count once.
pub fn in_context(claims: &mut [Claim]) {
    let mut files: HashMap<String, Surroundings> = HashMap::new();
    let mut seen: HashSet<u64> = HashSet::new();
    for claim in claims.iter().filter(|claim| seen.insert(claim.identity)) {
        for file in claim.files() {
            files.entry(file.to_owned()).or_default().add(claim.vocabulary());
        }
    }
    for claim in claims {
        let mut around = Surroundings::default();
        let names: Vec<String> = claim.files().into_iter().map(str::to_owned).collect();
        match names.as_slice() {
            [one] => claim.weigh(&files[one]),
            many => {
                for file in many {
                    around.join(&files[file]);
                }
                claim.weigh(&around);
            }
        }
    }
}
