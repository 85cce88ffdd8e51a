//! Which pairs are worth a comparison.
//!
//! In: claims. Out: pairs that share a place or rare words. Never all pairs: time grows with the number of claims,
//! not with its square, also when someone writes ten thousand equal ones.

use std::collections::HashMap;

use super::claim::Claim;

/// Claims compared with one claim for sharing its file, at most.
const NEIGHBOURS: usize = 40;
/// Claims compared with one claim for sharing a rare word, at most, for each word.
const SHARED: usize = 24;
/// Rare words looked up for each claim.
const RARE: usize = 12;

/// Pairs of indices, first below second, sorted and without repetition.
pub(crate) fn candidates(claims: &[&Claim]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    by_file(claims, &mut pairs);
    by_words(claims, &mut pairs);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Neighbours within a file, by line. Files are told by their last part, since reviewers shorten paths.
fn by_file(claims: &[&Claim], pairs: &mut Vec<(u32, u32)>) {
    let mut files: HashMap<&str, Vec<(u32, u64, u32)>> = HashMap::new();
    for (index, claim) in claims.iter().enumerate() {
        for place in &claim.places {
            let name = place.path.rsplit('/').next().unwrap_or(&place.path);
            let line = place.lines.map_or(0, |(start, _)| start);
            files.entry(name).or_default().push((line, claim.identity, index as u32));
        }
    }
    for entries in files.values_mut() {
        entries.sort_unstable();
        neighbours(entries.iter().map(|entry| entry.2), NEIGHBOURS, pairs);
    }
}

/// Claims that share a rare word or name.
fn by_words(claims: &[&Claim], pairs: &mut Vec<(u32, u32)>) {
    let mut words: HashMap<u64, Vec<(u64, u32)>> = HashMap::new();
    for (index, claim) in claims.iter().enumerate() {
        for word in rare_words(claim) {
            words.entry(word).or_default().push((claim.identity, index as u32));
        }
    }
    for entries in words.values_mut() {
        entries.sort_unstable();
        neighbours(entries.iter().map(|entry| entry.1), SHARED, pairs);
    }
}

/// Pairs each entry with the `reach` that follow.
fn neighbours(entries: impl Iterator<Item = u32>, reach: usize, pairs: &mut Vec<(u32, u32)>) {
    let entries: Vec<u32> = entries.collect();
    for (position, a) in entries.iter().enumerate() {
        for b in entries.iter().skip(position + 1).take(reach) {
            if a != b {
                pairs.push((*a.min(b), *a.max(b)));
            }
        }
    }
}

fn rare_words(claim: &Claim) -> Vec<u64> {
    let mut words: Vec<(u64, f32)> = claim.all.stems.entries().to_vec();
    words.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    words.into_iter().take(RARE).map(|(word, _)| word).collect()
}
