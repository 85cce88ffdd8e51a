//! Which finding of now is which remembered one.
//!
//! In: remembered findings with where their code stands now, and claims of now. Out: for each claim at most one remembered
//! finding, with how sure that is. Lines may have drifted, files may have new names, words may be another reviewer's: the
//! place is compared where the code stands now, the words by the measure that tells defects apart within a run.

use std::collections::BTreeSet;

use model::{CheckedFinding, Now, PlaceNow, Remembered, RememberedPlace, Standing};

use super::alike::{Quote, alike};
use crate::matching::{Claim, Place, compare, in_context, normal_form, same_file};

/// How a claim and a remembered finding are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Two remembered findings fit about equally well, or one fits barely: it may be, it may not.
    Unsure,
    /// The words say the same.
    SameWords,
    /// It speaks of the same code, in words that agree well enough.
    SameCode,
    /// The same code and the same title.
    Exact,
}

/// A claim and the remembered finding it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Position of the claim.
    pub claim: usize,
    /// Position of the remembered finding.
    pub item: usize,
    /// How sure.
    pub level: Level,
    /// The measure it rests on, in log-odds.
    pub score: f32,
    /// Whether the claim stands where the remembered code stands, or stood.
    pub(crate) is_there: bool,
}

/// A claim of now, with who makes it.
pub(crate) struct Said {
    pub(crate) claim: Claim,
    pub(crate) reviewers: BTreeSet<String>,
    pub(crate) title: String,
    /// The code that it quotes, by path.
    pub(crate) quotes: Vec<(String, Quote)>,
}

/// Lines within which two places count as one: reviewers name the line before or after.
const NEAR: u32 = 4;

/// Lines by which a place is taken for miscounted.
pub(crate) const MISCOUNTED: u32 = 2;

/// Of two remembered findings closer than this the claim might be either.
const TIE: f32 = 0.6;

/// How far below the threshold a pair is still told as possible.
const POSSIBLE: f32 = 1.4;

/// What a claim gains where it names the very lines, quotes the remembered ones as they are now, names lines that overlap, or
/// the same function.
const SAME_LINES: f32 = 3.0;
const EDITED_LINES: f32 = 2.0;
const OVERLAP: f32 = 1.5;
const SAME_FUNCTION: f32 = 0.6;

/// What it loses where the remembered code still stands and the claim is about another place.
const ELSEWHERE: f32 = 3.0;

/// The score of a pair that cannot be one.
const NEVER: f32 = -20.0;

/// Links claims with remembered findings. `one_to_one`: no two claims are the same remembered finding.
pub(crate) fn link(said: &mut [Said], items: &[(&Remembered, &Now)], one_to_one: bool) -> Vec<Link> {
    let mut remembered: Vec<Vec<Claim>> = items.iter().map(|(item, now)| tellings(item, now)).collect();
    weigh(said, &mut remembered);
    let quotes: Vec<Vec<Quote>> = items
        .iter()
        .map(|(item, _)| item.places.iter().map(|place| Quote::new(&place.lines)).collect())
        .collect();
    let of_claim = |one: &Said| -> Vec<Where> {
        let each = items.iter().zip(&quotes);
        each.map(|((item, now), quotes)| better(place(&one.claim, item, now), quoted(one, item, now, quotes)))
            .collect()
    };
    let places: Vec<Vec<Where>> = said.iter().map(of_claim).collect();
    let has = |now: &Now, of: &[Standing]| now.places.iter().any(|place| of.contains(&place.standing));
    let stands: Vec<bool> = items.iter().map(|(_, now)| has(now, &[Standing::Stands])).collect();
    let went: Vec<bool> = items
        .iter()
        .map(|(_, now)| has(now, &[Standing::Changed, Standing::Gone, Standing::Removed]))
        .collect();
    // Who tells each of them where it stands in this round.
    let tellers = |item: usize| -> BTreeSet<&str> {
        let here = said.iter().zip(&places).filter(|(_, places)| places[item] >= Where::Function);
        here.flat_map(|(one, _)| one.reviewers.iter().map(String::as_str)).collect()
    };
    let tellers: Vec<BTreeSet<&str>> = (0..items.len()).map(tellers).collect();
    let mut pairs: Vec<Link> = Vec::new();
    for (claim, one) in said.iter().enumerate() {
        let of_item = |item: usize| {
            let known = Known {
                stands: stands[item],
                tells_both: one.reviewers.iter().any(|name| tellers[item].contains(name.as_str())),
                is_own: items[item].0.reviewers.iter().any(|name| one.reviewers.contains(name)),
                in_another_function: in_another_function(&one.claim, items[item].0),
            };
            score(one, &remembered[item], items[item].0, places[claim][item], known)
        };
        let scores: Vec<(f32, Level)> = (0..items.len()).map(of_item).collect();
        // Code that stands as it did, told for what it was told for, is that remembered finding and no other one elsewhere.
        let on_its_code = |item: usize| stands[item] && places[claim][item] >= Where::Overlap;
        let is_held = (0..items.len()).any(|item| on_its_code(item) && scores[item].0 >= 0.0);
        // In another function it was told of something else before, whatever this claim says.
        let is_taken = (0..items.len()).any(on_its_code);
        for (item, (score, level)) in scores.into_iter().enumerate() {
            let is_there = places[claim][item] >= Where::Function;
            let is_somewhere = stands[item] || went[item];
            let is_anothers = is_held || (is_taken && in_another_function(&one.claim, items[item].0));
            if score >= -POSSIBLE && (is_there || !is_anothers || !is_somewhere) {
                let (remembered, now) = items[item];
                let is_there = place(&one.claim, remembered, now) >= Where::Overlap;
                pairs.push(Link { claim, item, level, score, is_there });
            }
        }
    }
    settle(pairs, one_to_one)
}

/// What is known of a pair besides words and place.
#[derive(Clone, Copy)]
struct Known {
    /// The remembered code stands as it did.
    stands: bool,
    /// Whoever makes the claim also makes one where the remembered code stands.
    tells_both: bool,
    /// Whoever makes the claim told the remembered finding.
    is_own: bool,
    /// Both name their function, and it is not the same.
    in_another_function: bool,
}

/// Of claims whose code says that they are a remembered finding: which, by position of the claim. Two claims of one remembered
/// finding are one defect, however differently they tell it.
pub fn told_before(checked: &[CheckedFinding], items: &[(&Remembered, &Now)]) -> Vec<Option<usize>> {
    let mut told = vec![None; checked.len()];
    if !items.is_empty() {
        let mut said: Vec<Said> = checked.iter().map(super::declined::said).collect();
        for found in link(&mut said, items, false).into_iter().filter(|it| it.level >= Level::SameCode) {
            told[found.claim] = Some(found.item);
        }
    }
    told
}

/// Links texts with remembered findings, for callers that have no run at hand.
pub fn links(titles_and_bodies: &[(&str, &str)], items: &[(&Remembered, &Now)]) -> Vec<Link> {
    let said = |(title, body): &(&str, &str)| Said {
        claim: Claim::from_parts(title, body, Vec::new(), None, None),
        reviewers: BTreeSet::new(),
        title: normal_form(title),
        quotes: Vec::new(),
    };
    let mut said: Vec<Said> = titles_and_bodies.iter().map(said).collect();
    link(&mut said, items, false)
}

/// The best pairs first; each claim once, and each item once where told so. A claim that fits two items about equally stays
/// unsure.
fn settle(mut pairs: Vec<Link>, one_to_one: bool) -> Vec<Link> {
    pairs.sort_by(|a, b| b.score.total_cmp(&a.score).then((a.claim, a.item).cmp(&(b.claim, b.item))));
    let mut claims = BTreeSet::new();
    let mut items = BTreeSet::new();
    let mut settled: Vec<Link> = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        if claims.contains(&pair.claim) || (one_to_one && items.contains(&pair.item)) {
            continue;
        }
        let rival = pairs[at + 1..].iter().find(|other| {
            let free = !(one_to_one && items.contains(&other.item));
            other.claim == pair.claim && other.item != pair.item && free
        });
        // Two remembered findings at the very place of the claim were one defect told twice, mostly: either will do.
        let tied = rival.is_some_and(|rival| {
            let at_one_place = pair.is_there && rival.is_there;
            pair.score - rival.score < TIE && pair.level < Level::Exact && !at_one_place
        });
        let level = if pair.score < 0.0 || (tied && one_to_one) { Level::Unsure } else { pair.level };
        claims.insert(pair.claim);
        items.insert(pair.item);
        settled.push(Link { level, ..*pair });
    }
    // What is left over and speaks of the code of a remembered finding that another claim is: it may be that one, too.
    for pair in pairs.iter().filter(|pair| one_to_one && pair.score >= 0.0 && pair.level >= Level::SameCode) {
        if items.contains(&pair.item) && claims.insert(pair.claim) {
            settled.push(Link { level: Level::Unsure, ..*pair });
        }
    }
    settled.sort_by_key(|link| link.claim);
    settled
}

/// All ways in which a finding was told, at the places where its code stands now.
fn tellings(item: &Remembered, now: &Now) -> Vec<Claim> {
    let places: Vec<Place> = item
        .places
        .iter()
        .zip(&now.places)
        .map(|(then, now)| {
            let path = now.path.as_ref().unwrap_or(&then.path).as_str().to_owned();
            Place { path, lines: range(then, now).or(then.start.zip(then.end.or(then.start))) }
        })
        .collect();
    let symbol = item.places.first().and_then(|place| place.symbol.clone());
    let telling =
        |title: &str, body: &str| Claim::from_parts(title, body, places.clone(), symbol.clone(), None);
    let mut all = vec![telling(&item.title, &item.body)];
    all.extend(item.tellings.iter().take(8).map(|told| telling(&told.title, &told.body)));
    if item.tellings.is_empty() {
        all.extend(item.also_told.iter().take(8).map(|title| telling(title, &item.body)));
    }
    all
}

/// The lines where remembered code stands now; where nobody can look, those that were told.
fn range(then: &RememberedPlace, now: &PlaceNow) -> Option<(u32, u32)> {
    let told = then.start.zip(then.end.or(then.start));
    if now.standing == Standing::Nothing {
        return told;
    }
    let count = (then.lines.len() as u32).max(1);
    now.line.map(|line| (line, line + count - 1))
}

fn weigh(said: &mut [Said], remembered: &mut [Vec<Claim>]) {
    let mut all: Vec<Claim> = said.iter().map(|one| one.claim.clone()).collect();
    all.extend(remembered.iter().flatten().cloned());
    in_context(&mut all);
    let mut weighed = all.into_iter();
    let said = said.iter_mut().map(|one| &mut one.claim);
    for claim in said.chain(remembered.iter_mut().flatten()) {
        if let Some(next) = weighed.next() {
            *claim = next;
        }
    }
}

fn score(one: &Said, told: &[Claim], item: &Remembered, place: Where, known: Known) -> (f32, Level) {
    let same_title = one.title == normal_form(&item.title);
    let (more, least, level) = match place {
        Where::Lines | Where::Quoted => (SAME_LINES, LEAST_SAME, Level::SameCode),
        Where::Edited => (EDITED_LINES, 0.0, Level::SameCode),
        Where::Overlap => (OVERLAP, 0.0, Level::SameCode),
        Where::Function => (SAME_FUNCTION, 0.0, Level::SameWords),
        Where::Elsewhere
            if known.stands && (known.tells_both || (known.is_own && known.in_another_function)) =>
        {
            // Who tells two places apart means two things; the first one still stands where it stood.
            return (NEVER, Level::Unsure);
        }
        Where::Elsewhere if known.stands => {
            (-ELSEWHERE, if known.is_own { 1.0 } else { LEAST_ELSEWHERE }, Level::SameWords)
        }
        Where::Elsewhere | Where::Unknown => (0.0, 0.0, Level::SameWords),
    };
    let of_telling =
        |telling: &Claim| compare(&one.claim, telling) + more * brevity(&one.claim, telling).max(least);
    let score = told.iter().map(of_telling).fold(f32::MIN, f32::max);
    let level = if same_title && level == Level::SameCode { Level::Exact } else { level };
    (score, level)
}

/// How much the place has to say beside the words, 0–1: long texts tell by themselves whether they mean one defect. Of judged
/// pairs of reviewers' claims on overlapping lines with [`LONG`] words or more, those that are one defect all scored above 1 by
/// their words, and of those that are not, one in thirty did; of remarks in two sentences neither holds.
fn brevity(one: &Claim, other: &Claim) -> f32 {
    let words = one.length().min(other.length()) as f32;
    ((LONG - words) / (LONG - SHORT)).clamp(0.0, 1.0)
}

/// Distinct words of a text that says all by itself, and of one that says little.
const LONG: f32 = 45.0;
const SHORT: f32 = 24.0;

/// What the very same lines say beside the longest texts, and what another place does, as shares of the full measure.
const LEAST_SAME: f32 = 0.25;
const LEAST_ELSEWHERE: f32 = 0.6;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Elsewhere,
    Unknown,
    Function,
    Overlap,
    Edited,
    Quoted,
    Lines,
}

fn place(claim: &Claim, item: &Remembered, now: &Now) -> Where {
    if claim.places.is_empty() || item.places.is_empty() {
        return Where::Unknown;
    }
    let symbol = item.places.first().and_then(|place| place.symbol.as_deref());
    // Lines beside each other may belong to two functions.
    let may_be_near = !in_another_function(claim, item);
    let mut best = Where::Elsewhere;
    for (then, now) in item.places.iter().zip(&now.places) {
        let path = now.path.as_ref().unwrap_or(&then.path).as_str();
        for own in claim.places.iter().filter(|own| same_file(&own.path, path)) {
            let here = match (own.lines, range(then, now)) {
                (Some(a), Some(b)) if now.standing == Standing::Stands && a.0 == b.0 && a.1 == b.1 => {
                    Where::Lines
                }
                // Where edited lines would stand now is a guess.
                (Some(a), Some(b)) if gap(a, b) == 0 && (may_be_near || now.standing == Standing::Stands) => {
                    Where::Overlap
                }
                (Some(a), Some(b)) if may_be_near && gap(a, b) <= MISCOUNTED => Where::Overlap,
                (Some(a), Some(b)) if may_be_near && gap(a, b) <= NEAR => Where::Function,
                _ if symbol.is_some() && claim.symbol.as_deref() == symbol => Where::Function,
                (Some(_), Some(_)) if now.standing == Standing::Stands => continue,
                // Its lines were edited or never told: the file is all that can agree.
                _ => Where::Unknown,
            };
            best = better(best, here);
        }
    }
    best
}

/// Whether both name their function and it is not the same.
fn in_another_function(claim: &Claim, item: &Remembered) -> bool {
    let symbol = item.places.first().and_then(|place| place.symbol.as_deref());
    symbol.zip(claim.symbol.as_deref()).is_some_and(|(then, now)| then != now)
}

/// What the quoted code says: the remembered lines, or those as somebody edited them. Where they still stand their place
/// has to agree, because equal lines may stand at many places.
fn quoted(one: &Said, item: &Remembered, now: &Now, told: &[Quote]) -> Where {
    let mut best = Where::Elsewhere;
    // Equal lines in two functions are two places, as long as the remembered function is there.
    let is_gone = now.places.iter().all(|place| place.standing == Standing::Removed);
    if in_another_function(&one.claim, item) && !is_gone {
        return best;
    }
    for ((then, now), told) in item.places.iter().zip(&now.places).zip(told) {
        let near = |own: &&Place| match (own.lines, range(then, now)) {
            (Some(a), Some(b)) => gap(a, b) <= NEAR,
            _ => false,
        };
        let is_near =
            || one.claim.places.iter().filter(|own| may_be_in(&own.path, then, now)).any(|it| near(&it));
        if then.lines.is_empty() || (now.standing == Standing::Stands && !is_near()) {
            continue;
        }
        // The function may have gone to another file.
        let same_function = then.symbol.is_some() && one.claim.symbol == then.symbol;
        for (_, quote) in one.quotes.iter().filter(|(path, _)| same_function || may_be_in(path, then, now)) {
            let here = match alike(told, quote) {
                share if share >= 1.0 => Where::Quoted,
                share if share >= EDITED => Where::Edited,
                _ => continue,
            };
            best = better(best, here);
        }
    }
    best
}

/// Of two quotes that share less of their tokens one is not the other, edited.
const EDITED: f32 = 0.6;

/// Whether a path may be that of remembered code: where it is now or was then, or a file of that name where it is gone.
fn may_be_in(path: &str, then: &RememberedPlace, now: &PlaceNow) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_now = now.path.as_ref().is_some_and(|now| same_file(path, now.as_str()));
    let then = then.path.as_str();
    is_now || same_file(path, then) || (now.path.is_none() && name(path) == name(then))
}

fn better(a: Where, b: Where) -> Where {
    a.max(b)
}

fn gap(a: (u32, u32), b: (u32, u32)) -> u32 {
    b.0.saturating_sub(a.1).max(a.0.saturating_sub(b.1))
}
