//! Which rules a text is worth parsing for, and where in it.
//!
//! In: what each rule asks for, and one text. Out: the rules that could match somewhere in the text, found in one pass over it; for those
//! that are left, the places that each of their matches must cover. Never leaves out a rule or a place that could match.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::literals::FOLDED;
use crate::required::{AnyOf, Required, Wanted};

/// Finds the texts of many rules in one pass over a file, case aside.
pub(crate) struct Sieve {
    finder: Option<AhoCorasick>,
    texts: Vec<Wanted>,
    /// For each rule its sets, as numbers of texts.
    sets: Vec<Vec<Vec<usize>>>,
    /// For each rule the texts of which one stands in the node that it matches; none where it asks for none.
    own: Vec<Option<Vec<usize>>>,
}

/// What is left of some rules for one text.
pub(crate) struct Left {
    /// Which rules.
    pub(crate) mask: Vec<bool>,
    /// For each rule the places, in order, of which each match covers one; none where any node will do.
    own: Vec<Option<Vec<usize>>>,
    /// The same for all rules that are left together.
    any: Option<Vec<usize>>,
}

impl Left {
    /// True where some rule is left.
    pub(crate) fn is_some(&self) -> bool {
        self.mask.contains(&true)
    }

    /// True where one of the rules could match a node of these bytes, or one below it.
    pub(crate) fn reaches(&self, start: usize, end: usize) -> bool {
        holds(self.any.as_deref(), start, end)
    }

    /// True where the rule could match a node of these bytes.
    pub(crate) fn covers(&self, rule: usize, start: usize, end: usize) -> bool {
        self.mask[rule] && holds(self.own[rule].as_deref(), start, end)
    }
}

fn holds(places: Option<&[usize]>, start: usize, end: usize) -> bool {
    places.is_none_or(|places| {
        places.get(places.partition_point(|place| *place < start)).is_some_and(|place| *place < end)
    })
}

impl Wanted {
    /// True where it stands at these bytes, given that the bytes are its own in some case.
    fn stands(&self, text: &str, start: usize, end: usize) -> bool {
        let bytes = text.as_bytes();
        let is_word =
            |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        !self.is_word
            || (bytes[start..end] == *self.text.as_bytes()
                && !is_word(end)
                && !(start > 0 && is_word(start - 1)))
    }
}

impl Sieve {
    pub(crate) fn new<'r>(rules: impl Iterator<Item = &'r Required>) -> Self {
        let mut numbers: HashMap<&Wanted, usize> = HashMap::new();
        // The first ones are looked for in every text.
        let folded = |text: &&str| Wanted { text: (*text).to_owned(), is_word: false };
        let mut texts: Vec<Wanted> = FOLDED.iter().map(folded).collect();
        let (mut sets, mut own) = (Vec::new(), Vec::new());
        for rule in rules {
            let mut numbered = |set: &'r AnyOf| -> Vec<usize> {
                let number = |wanted: &'r Wanted| {
                    *numbers.entry(wanted).or_insert_with(|| {
                        texts.push(wanted.clone());
                        texts.len() - 1
                    })
                };
                set.iter().map(number).collect()
            };
            own.push(rule.own.as_ref().map(&mut numbered));
            sets.push(rule.sets.iter().map(&mut numbered).collect());
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(texts.iter().map(|wanted| &wanted.text))
            .ok();
        Self { finder, texts, sets, own }
    }

    /// The rules that are wanted and could match somewhere in a text.
    pub(crate) fn left_for(&self, text: &str, wanted: impl Fn(usize) -> bool) -> Left {
        let all = || (0..self.sets.len()).map(&wanted).collect();
        let any_node = |mask: Vec<bool>| Left { own: vec![None; mask.len()], any: None, mask };
        let Some(finder) = &self.finder else { return any_node(all()) };
        let mut seen = vec![false; self.texts.len()];
        let mut unseen = self.texts.len();
        for found in finder.find_overlapping_iter(text) {
            let number = found.pattern().as_usize();
            if !seen[number] && self.texts[number].stands(text, found.start(), found.end()) {
                seen[number] = true;
                unseen -= 1;
                if unseen == 0 {
                    break;
                }
            }
        }
        if seen[..FOLDED.len()].contains(&true) {
            return any_node(all());
        }
        let is_left = |sets: &Vec<Vec<usize>>| sets.iter().all(|set| set.iter().any(|text| seen[*text]));
        let mask: Vec<bool> =
            self.sets.iter().enumerate().map(|(rule, sets)| is_left(sets) && wanted(rule)).collect();
        if !mask.contains(&true) {
            return any_node(mask);
        }
        self.places(finder, text, mask)
    }

    /// The places of what the rules that are left ask for.
    fn places(&self, finder: &AhoCorasick, text: &str, mask: Vec<bool>) -> Left {
        let mut rules_of: Vec<Vec<usize>> = vec![Vec::new(); self.texts.len()];
        let mut own: Vec<Option<Vec<usize>>> = vec![None; mask.len()];
        let mut all_ask = true;
        for rule in (0..mask.len()).filter(|rule| mask[*rule]) {
            match &self.own[rule] {
                Some(texts) => {
                    own[rule] = Some(Vec::new());
                    for text in texts {
                        rules_of[*text].push(rule);
                    }
                }
                None => all_ask = false,
            }
        }
        let mut any = Vec::new();
        for found in finder.find_overlapping_iter(text) {
            let number = found.pattern().as_usize();
            let rules = &rules_of[number];
            if !rules.is_empty() && self.texts[number].stands(text, found.start(), found.end()) {
                any.push(found.start());
                for rule in rules {
                    if let Some(places) = &mut own[*rule] {
                        places.push(found.start());
                    }
                }
            }
        }
        // They come by their ends.
        for places in own.iter_mut().flatten() {
            places.sort_unstable();
        }
        any.sort_unstable();
        Left { mask, own, any: all_ask.then_some(any) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(sets: &[&[&str]], own: Option<&[&str]>) -> Required {
        let wanted =
            |text: &&str| Wanted { text: text.trim_matches('/').to_owned(), is_word: text.starts_with('/') };
        let owned = |set: &[&str]| set.iter().map(wanted).collect();
        Required { sets: sets.iter().map(|set| owned(set)).collect(), own: own.map(owned) }
    }

    #[test]
    fn a_rule_is_left_where_all_it_asks_for_stands() {
        let rules = [
            asking(&[&["while"], &["sleep", "wait"]], None),
            asking(&[&["waiting"]], None),
            asking(&[], None),
        ];
        let sieve = Sieve::new(rules.iter());
        let left = |text: &str| sieve.left_for(text, |_| true).mask;
        assert_eq!(left("while x: await_it()"), [true, false, true]);
        assert_eq!(left("While x: WAITING()"), [true, true, true], "one text within another, in any case");
        assert_eq!(left("sleep()"), [false, false, true]);
        assert_eq!(left("\u{212a}"), [true, true, true], "a letter that is one of ours in another case");
        assert_eq!(sieve.left_for("sleep()", |rule| rule != 2).mask, [false, false, false]);
        let nothing = Sieve::new([].into_iter());
        assert!(!nothing.left_for("x", |_| true).is_some());
    }

    #[test]
    fn a_word_stands_by_itself_and_in_its_own_case() {
        let sieve = Sieve::new([asking(&[&["/set/"]], Some(&["/set/"]))].iter());
        let left = |text: &str| sieve.left_for(text, |_| true).mask[0];
        assert!(left("set") && left("a.set(b)") && left("\u{e9}set"));
        assert!(!left("Set") && !left("settings") && !left("off_set") && !left("set2"));
        let left = sieve.left_for("settings set", |_| true);
        assert!(left.covers(0, 9, 12) && !left.covers(0, 0, 8));
    }

    #[test]
    fn places_are_those_that_a_match_must_cover() {
        let rules = [asking(&[&["one"]], Some(&["one"])), asking(&[&["two"]], Some(&["two"]))];
        let sieve = Sieve::new(rules.iter());
        let left = sieve.left_for("a one b two c One", |_| true);
        assert!(
            left.covers(0, 0, 5) && left.covers(0, 2, 3) && left.covers(0, 11, 17) && !left.covers(0, 3, 13)
        );
        assert!(left.reaches(3, 9) && !left.reaches(3, 8));
        let left = sieve.left_for("a one b", |_| true);
        assert!(!left.covers(1, 0, 7) && !left.reaches(3, 7));
        let some_ask_nothing = [asking(&[&["one"]], Some(&["one"])), asking(&[], None)];
        let left = Sieve::new(some_ask_nothing.iter()).left_for("a one b", |_| true);
        assert!(left.reaches(5, 6) && left.covers(1, 5, 6) && !left.covers(0, 5, 6));
    }
}
