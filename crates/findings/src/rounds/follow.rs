//! Findings of earlier rounds, followed into this one.
//!
//! In: open findings of earlier rounds with what stands of them now, the findings of this round, what reviewers say of the
//! earlier ones. Out: one status each, and findings that carry the identity they had. Never adds or removes a finding.

use std::collections::BTreeSet;

use model::{Finding, Now, Prior, PriorItem, PriorStatus, PriorWord, Remembered};

use super::alike::Quote;
use super::identity::{Level, Link, MISCOUNTED, Said, link};
use super::prior::{Again, Word, status};
use crate::matching::{Claim, normal_form};

/// A finding of an earlier round and what stands of it.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    /// What was remembered.
    pub item: &'a Remembered,
    /// What a look at this round's head found.
    pub now: &'a Now,
    /// The round that told it first.
    pub first_round: u32,
}

/// What came of following.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followed {
    /// One row for each earlier finding, in the order given.
    pub prior: Vec<Prior>,
}

/// Follows earlier findings. `words` are what reviewers say under "prior", by reviewer.
pub fn follow(findings: &mut [Finding], earlier: &[Earlier<'_>], words: &[(&str, &[PriorItem])]) -> Followed {
    let items: Vec<(&Remembered, &Now)> = earlier.iter().map(|it| (it.item, it.now)).collect();
    let mut said: Vec<Said> = findings.iter().map(said_of).collect();
    let links = link(&mut said, &items, true);
    let mut again = vec![Again::default(); earlier.len()];
    for found in &links {
        let finding = &mut findings[found.claim];
        let this = &mut again[found.item];
        if found.level == Level::Unsure {
            this.perhaps = Some(finding.id.clone());
            continue;
        }
        let who: BTreeSet<String> = finding.sources.iter().map(|source| source.reviewer.clone()).collect();
        this.same = Some((finding.id.clone(), who.into_iter().collect()));
        // The identity is the one it had: later rounds, people's decisions and other tools go by it.
        finding.fingerprint = earlier[found.item].item.fingerprint.clone();
        finding.since_round = Some(earlier[found.item].first_round);
    }
    say_which_may_be_one(findings, &links, &again, earlier);
    share(&mut again, earlier);
    keep_unique(findings, &links.iter().filter(|it| it.level > Level::Unsure).map(|it| it.claim).collect());
    let prior = earlier.iter().zip(&again).map(|(earlier, again)| row(earlier, again, words)).collect();
    Followed { prior }
}

/// Two findings of now that both read like one of an earlier round are told as possibly the same: one carries its identity on,
/// and nobody can be sure that it is the right one.
fn say_which_may_be_one(findings: &mut [Finding], links: &[Link], again: &[Again], earlier: &[Earlier<'_>]) {
    for link in links.iter().filter(|link| link.level == Level::Unsure) {
        let Some((known, _)) = &again[link.item].same else { continue };
        let Some(other) = findings.iter().position(|finding| finding.id == *known) else { continue };
        let why = format!("both read like {} of an earlier round", label(earlier[link.item].item));
        for (from, to) in [(link.claim, other), (other, link.claim)] {
            let id = findings[to].id.clone();
            if from != to && !findings[from].possibly_same.contains(&id) {
                findings[from].possibly_same.push(id);
                findings[from].apart_because.push(why.clone());
            }
        }
    }
}

/// One defect that two findings told in an earlier round may be told by one now: then the other is not gone, it is told there.
fn share(again: &mut [Again], earlier: &[Earlier<'_>]) {
    let told: Vec<(usize, String)> =
        (0..again.len()).filter_map(|at| Some((at, again[at].same.as_ref()?.0.clone()))).collect();
    for (at, this) in again.iter_mut().enumerate() {
        if this.same.is_none() && this.perhaps.is_none() {
            let beside = told.iter().find(|(other, _)| same_place(earlier[at].item, earlier[*other].item));
            this.perhaps = beside.map(|(_, id)| id.clone());
        }
    }
}

/// Whether two remembered findings stood at the same lines of the same commit; in one function, reviewers miscount by a line or
/// two.
fn same_place(one: &Remembered, other: &Remembered) -> bool {
    let (Some(a), Some(b)) = (one.places.first(), other.places.first()) else { return false };
    let range = |place: &model::RememberedPlace| Some((place.start?, place.end.or(place.start)?));
    let (Some(first), Some(second)) = (range(a), range(b)) else { return false };
    let slack = if a.symbol.is_some() && a.symbol == b.symbol { MISCOUNTED } else { 0 };
    let touch = first.0 <= second.1 + slack && second.0 <= first.1 + slack;
    one.head == other.head && a.path == b.path && touch
}

fn row(earlier: &Earlier<'_>, again: &Again, words: &[(&str, &[PriorItem])]) -> Prior {
    let words = words_on(earlier.item, words);
    let (status, why) = status(earlier.item, earlier.now, again, &words);
    let item = earlier.item;
    let place = earlier.now.places.first();
    Prior {
        finding: item.name(),
        fingerprint: item.fingerprint.clone(),
        status,
        why,
        round: earlier.first_round,
        title: item.title.clone(),
        severity: item.severity,
        now: again.same.as_ref().map(|(id, _)| id.clone()),
        path: place.and_then(|place| place.path.clone()),
        start: place.filter(|place| place.path.is_some()).and_then(|place| place.line),
        blocks: false,
        words: words
            .into_iter()
            .map(|word| PriorWord { reviewer: word.reviewer, said: word.said, evidence: word.evidence })
            .collect(),
    }
}

fn said_of(finding: &Finding) -> Said {
    let symbol = finding.locations.first().and_then(|place| place.symbol.clone());
    Said {
        claim: Claim::of_finding(&finding.title, &finding.body, &finding.locations, symbol),
        reviewers: finding.sources.iter().map(|source| source.reviewer.clone()).collect(),
        title: normal_form(&finding.title),
        quotes: finding
            .locations
            .iter()
            .filter_map(|place| Some((place.path.as_str().to_owned(), Quote::of(place.quote.as_deref()?))))
            .collect(),
    }
}

/// A new finding never has the identity that an old one brought along.
fn keep_unique(findings: &mut [Finding], followed: &BTreeSet<usize>) {
    let mut taken: BTreeSet<model::Fingerprint> =
        followed.iter().map(|at| findings[*at].fingerprint.clone()).collect();
    for (at, finding) in findings.iter_mut().enumerate() {
        if followed.contains(&at) {
            continue;
        }
        let mut number = 1;
        while !taken.insert(finding.fingerprint.clone()) {
            number += 1;
            let own = finding.fingerprint.as_str().to_owned();
            finding.fingerprint =
                model::Fingerprint::of(&[&own, &normal_form(&finding.title), &number.to_string()]);
        }
    }
}

/// What reviewers say of one earlier finding: by the label it was given to them, its full name, or its title.
fn words_on(item: &Remembered, all: &[(&str, &[PriorItem])]) -> Vec<Word> {
    let label = label(item).to_lowercase();
    let (name, title) = (item.name().to_lowercase(), normal_form(&item.title));
    let mut words = Vec::new();
    for (reviewer, items) in all {
        let found = items.iter().find(|said| {
            let text = said.finding.to_lowercase();
            has_word(&text, &label) || text.contains(&name) || normal_form(&said.finding) == title
        });
        if let Some(found) = found {
            words.push(Word {
                reviewer: (*reviewer).to_owned(),
                status: understood(&found.status),
                said: found.status.clone(),
                evidence: found.evidence.clone(),
            });
        }
    }
    words
}

/// How an earlier finding is called in a prompt: `r2:I1`.
pub fn label(item: &Remembered) -> String {
    format!("r{}:{}", item.round, item.id)
}

/// `r1:i1` does not stand in `r1:i12`.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        ends(text[..at].chars().next_back()) && ends(text[at + word.len()..].chars().next())
    })
}

/// A status as reviewers write it.
fn understood(status: &str) -> Option<PriorStatus> {
    let text = status.to_lowercase().replace(['-', '_'], " ");
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["partial", "in part", "partly"]) {
        Some(PriorStatus::Partial)
    } else if has(&[
        "not fixed",
        "not addressed",
        "unfixed",
        "unaddressed",
        "unresolved",
        "still",
        "not resolved",
        "open",
    ]) {
        Some(PriorStatus::NotFixed)
    } else if has(&["supersed"]) {
        Some(PriorStatus::Superseded)
    } else if has(&["stale", "gone", "obsolete"]) {
        Some(PriorStatus::Stale)
    } else if has(&["declin"]) {
        Some(PriorStatus::Declined)
    } else if has(&["fixed", "addressed", "resolved", "done"]) {
        Some(PriorStatus::Fixed)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{PlaceNow, RememberedPlace, Standing};

    fn item(title: &str, line: u32) -> Remembered {
        let place = RememberedPlace {
            path: "a.rs".into(),
            start: Some(line),
            end: Some(line),
            lines: vec!["sum as f32".to_owned()],
            quoted: true,
            ..RememberedPlace::default()
        };
        Remembered { title: title.to_owned(), places: vec![place], ..Remembered::default() }
    }

    #[test]
    fn what_is_told_with_another_at_the_same_lines_is_not_called_fixed() {
        let gone = Now {
            places: vec![PlaceNow {
                path: Some("a.rs".into()),
                line: Some(8),
                standing: Standing::Gone,
                lines: (0, 1),
                around_changed: None,
            }],
            ..Now::default()
        };
        let (told, other, far) =
            (item("cents are lost", 8), item("rounding errors", 8), item("elsewhere", 80));
        let earlier: Vec<Earlier<'_>> =
            [&told, &other, &far].map(|item| Earlier { item, now: &gone, first_round: 1 }).to_vec();
        let same = Again { same: Some(("I4".to_owned(), vec!["ada".to_owned()])), perhaps: None };
        let mut again = vec![same, Again::default(), Again::default()];
        share(&mut again, &earlier);
        let statuses: Vec<PriorStatus> =
            earlier.iter().zip(&again).map(|(earlier, again)| row(earlier, again, &[]).status).collect();
        assert_eq!(statuses, [PriorStatus::NotFixed, PriorStatus::Superseded, PriorStatus::Fixed]);
    }
}
