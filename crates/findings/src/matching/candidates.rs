//! Which pairs are worth a comparison.
//!
//! In: claims. Out: pairs that share a file or rare words. Never all pairs of a large run: time grows with the number
//! of claims, not with its square, also when someone writes ten thousand alike.

use std::collections::HashMap;

use super::claim::Claim;

/// Up to so many claims of one file are all compared with each other.
const SMALL_FILE: usize = 24;
/// In files with more each claim is compared with so many that follow by line.
const NEIGHBOURS: usize = 12;
/// Up to so many claims without a place are all compared with each other.
const PLACELESS: usize = 256;
/// Rare words looked up for each claim.
const RARE: usize = 12;
/// Words that more claims share are not rare.
const COMMON: usize = 120;
/// Claims compared with one claim for their words, at most.
const BEST: usize = 20;
/// Claims compared with one claim for standing beside it when all are sorted by their rarest words.
const ALIKE: usize = 8;

/// Pairs of indices, first below second, sorted and without repetition.
pub(crate) fn candidates(claims: &[&Claim]) -> Vec<(u32, u32)> {
    let rare: Vec<Vec<(u64, f32)>> = claims.iter().map(|claim| rare_words(claim)).collect();
    let mut pairs = Vec::new();
    by_file(claims, &mut pairs);
    by_words(&rare, &mut pairs);
    by_signature(claims, &rare, &mut pairs);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn push(a: u32, b: u32, pairs: &mut Vec<(u32, u32)>) {
    if a != b {
        pairs.push((a.min(b), a.max(b)));
    }
}

/// Claims about one file, or about none; neighbours by line where there are very many.
fn by_file(claims: &[&Claim], pairs: &mut Vec<(u32, u32)>) {
    let mut files: HashMap<&str, Vec<(u32, u64, u32)>> = HashMap::new();
    for (index, claim) in claims.iter().enumerate() {
        if claim.places.is_empty() {
            files.entry("").or_default().push((0, claim.identity, index as u32));
        }
        for place in &claim.places {
            let line = place.lines.map_or(0, |(start, _)| start);
            files.entry(place.file_name()).or_default().push((line, claim.identity, index as u32));
        }
    }
    for (name, mut entries) in files {
        let small = if name.is_empty() { PLACELESS } else { SMALL_FILE };
        let reach = match (entries.len() <= small, name.is_empty()) {
            (true, _) => small,
            (false, false) => NEIGHBOURS,
            // Nothing but their words brings these together.
            (false, true) => continue,
        };
        entries.sort_unstable();
        for (at, a) in entries.iter().enumerate() {
            entries.iter().skip(at + 1).take(reach).for_each(|b| push(a.2, b.2, pairs));
        }
    }
}

/// For each claim those that share most of its rare words, by weight.
fn by_words(rare: &[Vec<(u64, f32)>], pairs: &mut Vec<(u32, u32)>) {
    let mut postings: HashMap<u64, Vec<u32>> = HashMap::new();
    for (index, words) in rare.iter().enumerate() {
        for (word, _) in words {
            postings.entry(*word).or_default().push(index as u32);
        }
    }
    let mut weights: Vec<f32> = vec![0.0; rare.len()];
    let mut touched: Vec<u32> = Vec::new();
    for (index, words) in rare.iter().enumerate() {
        for (word, weight) in words {
            let others = &postings[word];
            if others.len() > COMMON {
                continue;
            }
            for other in others {
                let sum = &mut weights[*other as usize];
                if *sum == 0.0 {
                    touched.push(*other);
                }
                *sum += weight;
            }
        }
        touched.retain(|other| *other as usize != index);
        let order = |a: &u32, b: &u32| weights[*b as usize].total_cmp(&weights[*a as usize]).then(a.cmp(b));
        if touched.len() > BEST {
            touched.select_nth_unstable_by(BEST, order);
        }
        touched.iter().take(BEST).for_each(|other| push(index as u32, *other, pairs));
        for (word, _) in words {
            postings[word].iter().for_each(|other| weights[*other as usize] = 0.0);
        }
        touched.clear();
    }
}

/// Claims beside each other when sorted by their rarest words: finds texts so alike that no word of theirs is rare.
fn by_signature(claims: &[&Claim], rare: &[Vec<(u64, f32)>], pairs: &mut Vec<(u32, u32)>) {
    let signature = |index: &usize| -> (Vec<u64>, u64) {
        (rare[*index].iter().map(|(word, _)| *word).collect(), claims[*index].identity)
    };
    let mut order: Vec<usize> = (0..claims.len()).collect();
    order.sort_by_cached_key(signature);
    for (at, a) in order.iter().enumerate() {
        order.iter().skip(at + 1).take(ALIKE).for_each(|b| push(*a as u32, *b as u32, pairs));
    }
}

/// The weightiest words of a claim, heaviest first.
fn rare_words(claim: &Claim) -> Vec<(u64, f32)> {
    let mut words: Vec<(u64, f32)> = claim.here.all.entries().to_vec();
    words.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    words.truncate(RARE);
    words
}
