//! Groups claims into defects.
//!
//! In: claims and who made them. Out: clusters, cross-links and the reason of each merge. Two claims of one reviewer
//! need much more in common than those of two; order and names of reviewers do not matter.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use super::candidates::candidates;
use super::claim::{Claim, Place};
use super::features::Places;
use super::files::{files, meet};
use super::pair::{MARGIN, THRESHOLD, UNRELATED, compare};
use super::surroundings::in_context;

/// The outcome of matching.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clustering {
    /// Indices into the claims, each in exactly one cluster; sorted within, clusters by their first.
    pub clusters: Vec<Vec<usize>>,
    /// Pairs of clusters (indices into `clusters`, first below second) that may be the same.
    pub maybe_same: Vec<MaybeSame>,
}

/// Two clusters that may be one defect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaybeSame {
    /// The first cluster.
    pub a: usize,
    /// The second.
    pub b: usize,
    /// Mean log-odds between their members.
    pub score: f32,
}

/// One reviewer that tells two things apart mostly means two things: so much less in log-odds.
const SAME_REVIEWER: f32 = 2.0;

/// What two reviewers' claims gain where both tell one finding of an earlier round again; what they lose where they tell two, at
/// places that do not touch.
const TOLD_BEFORE: f32 = 2.5;

/// No single pair decides for a whole cluster.
const CAP: f32 = 8.0;

/// Groups claims; `owners[i]` tells who made claim `i` (any number that differs between reviewers). The claims are
/// weighed by what is said around them on the way.
pub fn cluster(claims: &mut [Claim], owners: &[usize]) -> Clustering {
    cluster_known(claims, owners, &[])
}

/// The same where earlier rounds are known: `told[i]` is the finding of an earlier round that claim `i` tells again. May be
/// empty.
pub fn cluster_known(claims: &mut [Claim], owners: &[usize], told: &[Option<usize>]) -> Clustering {
    in_context(claims);
    let claims = &*claims;
    let twins = twins(claims);
    let firsts: Vec<&Claim> = twins.iter().map(|twin| &claims[twin[0]]).collect();
    let told: Vec<Option<usize>> =
        twins.iter().map(|twin| twin.iter().find_map(|claim| *told.get(*claim)?)).collect();
    let mut groups = Groups::new(&twins, owners, &told, &firsts);
    groups.merge();
    groups.finish(&twins)
}

/// Claims that are equal to the letter, each group sorted, groups ordered by what they say.
///
/// They count as one below, so that a copy of a review changes nothing but who agrees.
fn twins(claims: &[Claim]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, claim) in claims.iter().enumerate() {
        groups.entry(claim.identity).or_default().push(index);
    }
    groups.into_values().collect()
}

struct Group {
    /// Twins in it.
    members: Vec<usize>,
    /// Files that they name; sorted.
    files: Vec<u32>,
    links: HashMap<usize, Link>,
}

/// What is known between two groups.
#[derive(Clone, Copy, Default)]
struct Link {
    /// Sum of scores, and of how many pairs.
    sum: f32,
    known: u32,
    /// True where some pair shares a file, or both name none.
    near: bool,
}

impl Link {
    fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.known += other.known;
        self.near |= other.near;
    }
}

struct Groups {
    groups: Vec<Option<Group>>,
}

/// A possible merge; the best first, ties by position, which follows from what the claims say.
struct Step {
    score: f32,
    a: usize,
    b: usize,
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Step {}
impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then((other.a, other.b).cmp(&(self.a, self.b)))
    }
}

impl Groups {
    fn new(twins: &[Vec<usize>], owners: &[usize], told: &[Option<usize>], claims: &[&Claim]) -> Self {
        let files = files(claims);
        let pairs = candidates(claims, &files);
        let group = |(index, files): (usize, &Vec<u32>)| {
            Some(Group { members: vec![index], files: files.clone(), links: HashMap::new() })
        };
        let mut groups: Vec<Option<Group>> = files.iter().enumerate().map(group).collect();
        let authors: Vec<BTreeSet<usize>> =
            twins.iter().map(|twin| twin.iter().map(|claim| owners[*claim]).collect()).collect();
        for (a, b) in pairs {
            let (a, b) = (a as usize, b as usize);
            let mut score = compare(claims[a], claims[b]).clamp(-CAP, CAP);
            if authors[a].iter().any(|author| authors[b].contains(author)) {
                // Who tells two places apart means two things, however alike the words: the same mistake in seven files
                // is seven mistakes.
                score = if are_apart(claims[a], claims[b]) { -CAP } else { score - SAME_REVIEWER };
            } else if are_rules_of_other_files(claims[a], claims[b]) {
                // A rule speaks of the place where it matched: what two tools say alike of two files is two things.
                score = -CAP;
            } else if name_other_code_elsewhere(claims[a], claims[b]) {
                // The same mistake in two functions of two files is mended twice, whoever tells it: linked, never merged.
                score = score.min(THRESHOLD - MARGIN / 2.0);
            } else if told[a].is_some() && told[a] == told[b] {
                score = (score + TOLD_BEFORE).min(CAP);
            } else if told[a].is_some() && told[b].is_some() && are_apart(claims[a], claims[b]) {
                score -= TOLD_BEFORE;
            }
            let near = meet(&files[a], &files[b]);
            if !near && score <= UNRELATED {
                continue;
            }
            for (from, to) in [(a, b), (b, a)] {
                if let Some(group) = &mut groups[from] {
                    group.links.insert(to, Link { sum: score, known: 1, near });
                }
            }
        }
        Self { groups }
    }

    /// Average linkage: the closest two groups merge as long as their mean score reaches the threshold.
    ///
    /// First within files, then across. Groups that share a file were judged in the first pass and are not judged
    /// again, so that what is said of one file never decides what is one defect in another.
    fn merge(&mut self) {
        for near in [true, false] {
            let mut steps: BinaryHeap<Step> = BinaryHeap::new();
            for a in 0..self.groups.len() {
                self.propose(a, near, &mut steps, |b| b > a);
            }
            while let Some(step) = steps.pop() {
                if self.score(step.a, step.b, near) == Some(step.score) {
                    let merged = self.join(step.a, step.b);
                    self.propose(merged, near, &mut steps, |_| true);
                }
            }
        }
    }

    fn propose(&self, a: usize, near: bool, steps: &mut BinaryHeap<Step>, wanted: impl Fn(usize) -> bool) {
        let Some(group) = &self.groups[a] else { return };
        for b in group.links.keys().copied().filter(|b| wanted(*b)) {
            if let Some(score) = self.score(a, b, near).filter(|score| *score >= THRESHOLD) {
                steps.push(Step { score, a: a.min(b), b: a.max(b) });
            }
        }
    }

    /// Mean score between two groups; `None` where one is gone or they are not for this pass.
    fn score(&self, a: usize, b: usize, near: bool) -> Option<f32> {
        let (x, y) = (self.groups[a].as_ref()?, self.groups[b].as_ref()?);
        let link = x.links.get(&b).filter(|link| link.near == near)?;
        // What one file's claims left apart is not brought together by a claim about another.
        (near || !meet(&x.files, &y.files)).then(|| mean(x, y, *link))
    }

    /// Joins `b` into `a`.
    fn join(&mut self, a: usize, b: usize) -> usize {
        let (Some(mut x), Some(y)) = (self.groups[a].take(), self.groups[b].take()) else { return a };
        x.members.extend(y.members);
        x.members.sort_unstable();
        x.files.extend(y.files);
        x.files.sort_unstable();
        x.files.dedup();
        x.links.remove(&b);
        for (other, link) in y.links.into_iter().filter(|(other, _)| *other != a) {
            x.links.entry(other).or_default().add(link);
        }
        for other in x.links.keys().copied().collect::<Vec<_>>() {
            let link = x.links[&other];
            if let Some(group) = &mut self.groups[other] {
                group.links.remove(&b);
                group.links.insert(a, link);
            }
        }
        self.groups[a] = Some(x);
        a
    }

    fn finish(self, twins: &[Vec<usize>]) -> Clustering {
        let mut clusters: Vec<(Vec<usize>, usize)> = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            if let Some(group) = group {
                let mut members: Vec<usize> =
                    group.members.iter().flat_map(|twin| twins[*twin].clone()).collect();
                members.sort_unstable();
                clusters.push((members, index));
            }
        }
        clusters.sort();
        let position: HashMap<usize, usize> =
            clusters.iter().enumerate().map(|(at, (_, group))| (*group, at)).collect();
        let maybe_same = self.uncertain(&position);
        Clustering { clusters: clusters.into_iter().map(|(members, _)| members).collect(), maybe_same }
    }

    fn uncertain(&self, position: &HashMap<usize, usize>) -> Vec<MaybeSame> {
        let mut pairs = Vec::new();
        for (a, group) in self.groups.iter().enumerate() {
            let Some(group) = group else { continue };
            for b in group.links.keys().copied().filter(|b| *b > a) {
                let Some(other) = &self.groups[b] else { continue };
                let score = mean(group, other, group.links[&b]);
                if score >= THRESHOLD - MARGIN {
                    let (x, y) = (position[&a], position[&b]);
                    pairs.push(MaybeSame { a: x.min(y), b: x.max(y), score });
                }
            }
        }
        pairs.sort_by_key(|pair| (pair.a, pair.b));
        pairs
    }
}

/// True where both claims name lines and no two of them touch.
fn are_apart(a: &Claim, b: &Claim) -> bool {
    let named =
        |claim: &Claim| !claim.places.is_empty() && claim.places.iter().all(|place| place.lines.is_some());
    let touch = |x: &Place, y: &Place| match (x.lines, y.lines) {
        (Some((a, b)), Some((c, d))) => x.file_name() == y.file_name() && a <= d && c <= b,
        _ => true,
    };
    named(a) && named(b) && !a.places.iter().any(|x| b.places.iter().any(|y| touch(x, y)))
}

/// True where rules made both, and in different files.
fn are_rules_of_other_files(a: &Claim, b: &Claim) -> bool {
    a.by_rule && b.by_rule && Places::of(a, b) == Places::OtherFile
}

/// True where the first sentences of both name code, none of it alike, and their places are in different files.
fn name_other_code_elsewhere(a: &Claim, b: &Claim) -> bool {
    let disjoint =
        |a: &Claim, b: &Claim| a.lead_code.iter().all(|name| b.lead_code.binary_search(name).is_err());
    Places::of(a, b) == Places::OtherFile
        && !a.lead_code.is_empty()
        && !b.lead_code.is_empty()
        && disjoint(a, b)
        && (a.anchor.is_none() || a.anchor != b.anchor)
}

/// Pairs that were not worth a comparison count as unrelated.
fn mean(x: &Group, y: &Group, link: Link) -> f32 {
    let pairs = (x.members.len() * y.members.len()) as f32;
    (link.sum + UNRELATED * (pairs - link.known as f32)) / pairs
}
