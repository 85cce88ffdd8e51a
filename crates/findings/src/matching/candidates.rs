//! Which pairs are worth a comparison.
//!
//! In: claims and the files they name. Out: pairs that share a file or rare words. Never all pairs of a large run: time
//! grows with the number of claims, not with its square, also when someone writes ten thousand alike. Which pairs of
//! one file are compared follows from the claims about that file alone.

use std::collections::{BTreeMap, HashMap};

use super::claim::Claim;
use super::files::{NOWHERE, meet};

/// Up to so many claims about one file, or about none, are all compared with each other.
const SMALL: usize = 128;
/// In larger groups each claim is compared with so many that follow by line.
const NEIGHBOURS: usize = 12;
/// Rare words looked up for each claim.
const RARE: usize = 12;
/// Words that more claims share are not rare.
const COMMON: usize = 120;
/// Claims compared with one claim for their words, at most.
const BEST: usize = 20;
/// Claims compared with one claim for standing beside it when all are sorted by their rarest words.
const ALIKE: usize = 8;
/// Claims about different files are compared only where rare words of this weight are common to both: two or three.
const SHARED: f32 = 10.0;

/// Pairs of indices, first below second.
type Pairs = Vec<(u32, u32)>;

/// Pairs of indices, first below second, sorted and without repetition.
pub(crate) fn candidates(claims: &[&Claim], files: &[Vec<u32>]) -> Pairs {
    let rare: Vec<Vec<(u64, f32)>> = claims.iter().map(|claim| rare_words(claim)).collect();
    let mut pairs = Vec::new();
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, files) in files.iter().enumerate() {
        for file in files {
            groups.entry(*file).or_default().push(index as u32);
        }
    }
    for (file, members) in &groups {
        if members.len() <= SMALL {
            all(members, &mut pairs);
            continue;
        }
        if *file != NOWHERE {
            by_line(claims, members, &mut pairs);
        }
        by_words(&rare, members, 0.0, &mut pairs);
        by_signature(claims, &rare, members, &mut pairs);
    }
    across(claims, &rare, files, &mut pairs);
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Pairs that name no file in common.
fn across(claims: &[&Claim], rare: &[Vec<(u64, f32)>], files: &[Vec<u32>], pairs: &mut Pairs) {
    let everyone: Vec<u32> = (0..claims.len() as u32).collect();
    let mut far = Vec::new();
    by_words(rare, &everyone, SHARED, &mut far);
    by_signature(claims, rare, &everyone, &mut far);
    pairs.extend(far.into_iter().filter(|(a, b)| !meet(&files[*a as usize], &files[*b as usize])));
}

fn push(a: u32, b: u32, pairs: &mut Pairs) {
    if a != b {
        pairs.push((a.min(b), a.max(b)));
    }
}

fn all(members: &[u32], pairs: &mut Pairs) {
    for (at, a) in members.iter().enumerate() {
        for b in &members[at + 1..] {
            push(*a, *b, pairs);
        }
    }
}

/// Neighbours by line in one file.
fn by_line(claims: &[&Claim], members: &[u32], pairs: &mut Pairs) {
    let line = |claim: &Claim| claim.places.iter().filter_map(|place| place.lines).map(|lines| lines.0).min();
    let mut entries: Vec<(Option<u32>, u64, u32)> = members
        .iter()
        .map(|index| (line(claims[*index as usize]), claims[*index as usize].identity, *index))
        .collect();
    entries.sort_unstable();
    neighbours(&entries.iter().map(|entry| entry.2).collect::<Vec<_>>(), NEIGHBOURS, pairs);
}

fn neighbours(order: &[u32], reach: usize, pairs: &mut Pairs) {
    for (at, a) in order.iter().enumerate() {
        order.iter().skip(at + 1).take(reach).for_each(|b| push(*a, *b, pairs));
    }
}

/// For each claim those that share most of its rare words, by weight, where they share at least `least`.
fn by_words(rare: &[Vec<(u64, f32)>], members: &[u32], least: f32, pairs: &mut Pairs) {
    let mut postings: HashMap<u64, Vec<u32>> = HashMap::new();
    for index in members {
        for (word, _) in &rare[*index as usize] {
            postings.entry(*word).or_default().push(*index);
        }
    }
    postings.retain(|_, claims| (2..=COMMON).contains(&claims.len()));
    let mut weights: Vec<f32> = vec![0.0; rare.len()];
    let mut touched: Vec<u32> = Vec::new();
    for index in members {
        for (word, weight) in &rare[*index as usize] {
            for other in postings.get(word).into_iter().flatten() {
                let sum = &mut weights[*other as usize];
                if *sum == 0.0 {
                    touched.push(*other);
                }
                *sum += weight;
            }
        }
        let mut best: Vec<u32> = touched
            .iter()
            .copied()
            .filter(|other| other != index && weights[*other as usize] >= least)
            .collect();
        let order = |a: &u32, b: &u32| weights[*b as usize].total_cmp(&weights[*a as usize]).then(a.cmp(b));
        if best.len() > BEST {
            best.select_nth_unstable_by(BEST, order);
        }
        best.iter().take(BEST).for_each(|other| push(*index, *other, pairs));
        touched.drain(..).for_each(|other| weights[other as usize] = 0.0);
    }
}

/// Claims beside each other when sorted by their rarest words: finds texts so alike that no word of theirs is rare.
fn by_signature(claims: &[&Claim], rare: &[Vec<(u64, f32)>], members: &[u32], pairs: &mut Pairs) {
    let signature = |index: &u32| -> (Vec<u64>, u64) {
        let at = *index as usize;
        (rare[at].iter().map(|(word, _)| *word).collect(), claims[at].identity)
    };
    let mut order = members.to_vec();
    order.sort_by_cached_key(signature);
    neighbours(&order, ALIKE, pairs);
}

/// The weightiest words of a claim, heaviest first.
fn rare_words(claim: &Claim) -> Vec<(u64, f32)> {
    let mut words: Vec<(u64, f32)> = claim.here.all.entries().to_vec();
    let order = |a: &(u64, f32), b: &(u64, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if words.len() > RARE {
        words.select_nth_unstable_by(RARE, order);
        words.truncate(RARE);
    }
    words.sort_unstable_by(order);
    words
}
