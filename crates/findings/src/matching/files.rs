//! Which files claims speak of.
//!
//! In: claims. Out: for each claim the files it names, as numbers; two claims name one file exactly where they share a
//! number. Reviewers shorten paths, so `io.rs` names every path that ends in `/io.rs`. Never looks at lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::claim::Claim;
use super::features::same_file;

/// The number that claims without a place share.
pub(crate) const NOWHERE: u32 = 0;

/// More files than these of one claim, and of one short path, say nothing about where a defect is, and cost time.
const MOST: usize = 32;

/// The files of each claim: sorted, never empty.
pub(crate) fn files(claims: &[&Claim]) -> Vec<Vec<u32>> {
    let paths: BTreeSet<&str> =
        claims.iter().flat_map(|claim| &claim.places).map(|place| place.path.as_str()).collect();
    let numbers: HashMap<&str, u32> = paths.iter().zip(1..).map(|(path, number)| (*path, number)).collect();
    let longer = longer_paths(&paths, &numbers);
    claims
        .iter()
        .map(|claim| {
            let mut files: Vec<u32> = Vec::new();
            for path in claim.files().into_iter().take(MOST).filter(|path| !path.is_empty()) {
                files.push(numbers[path]);
                files.extend(longer.get(path).into_iter().flatten());
            }
            if files.is_empty() {
                files.push(NOWHERE);
            }
            files.sort_unstable();
            files.dedup();
            files
        })
        .collect()
}

/// For each path the others that end in the whole of it.
fn longer_paths<'a>(paths: &BTreeSet<&'a str>, numbers: &HashMap<&str, u32>) -> HashMap<&'a str, Vec<u32>> {
    // Sorted from their ends, the paths that end in one path stand right after it.
    let reversed: BTreeMap<Vec<u8>, &str> =
        paths.iter().map(|path| (path.bytes().rev().collect(), *path)).collect();
    let mut longer = HashMap::new();
    for (key, path) in &reversed {
        let others = reversed.range(key.clone()..).skip(1).take_while(|(other, _)| other.starts_with(key));
        let others: Vec<u32> = others
            .filter(|(_, other)| same_file(other, path))
            .take(MOST)
            .map(|(_, other)| numbers[other])
            .collect();
        if !others.is_empty() {
            longer.insert(*path, others);
        }
    }
    longer
}

/// True where both lists have a number in common; both are sorted.
pub(crate) fn meet(a: &[u32], b: &[u32]) -> bool {
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => return true,
        }
    }
    false
}
