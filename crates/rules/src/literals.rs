//! Texts without which a regular expression cannot match.
//!
//! In: a regular expression. Out: sets of lower-case texts; of each set at least one stands in whatever the expression matches, in
//! some mixture of cases. Never leaves out a text that could stand there instead: what is not understood asks for nothing.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::required::{AnyOf, Wanted};

/// Texts of one set; a longer one tells too little.
pub(crate) const MOST_TEXTS: usize = 64;
/// Shorter texts stand anywhere.
pub(crate) const SHORTEST: usize = 2;
/// Letters of other alphabets that are an ASCII letter in another case. Where one of them stands in a text, its case says nothing.
pub(crate) const FOLDED: [&str; 2] = ["\u{17f}", "\u{212a}"];
/// Expressions nest no deeper here; below that nothing is asked for.
const DEEPEST: usize = 60;

/// What a regular expression asks for.
pub(crate) fn of_regex(regex: &str) -> Vec<AnyOf> {
    let Ok(hir) = regex_syntax::parse(regex) else { return Vec::new() };
    of(&hir, 0).sets
}

/// What is known of the texts that a part matches.
#[derive(Default)]
struct Known {
    /// All of them, where they are few.
    all: Option<Vec<String>>,
    /// Texts of which one stands in each of them.
    sets: Vec<AnyOf>,
}

impl Known {
    fn exactly(texts: Vec<String>) -> Self {
        let sets = anywhere(&texts).into_iter().collect();
        Self { all: Some(texts), sets }
    }
}

fn of(hir: &Hir, depth: usize) -> Known {
    if depth > DEEPEST {
        return Known::default();
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![String::new()]),
        // Only the case of ASCII letters is put aside where texts are looked for.
        HirKind::Literal(literal) => {
            match std::str::from_utf8(&literal.0).ok().filter(|text| text.is_ascii()) {
                Some(text) => Known::exactly(vec![text.to_ascii_lowercase()]),
                None => Known::default(),
            }
        }
        HirKind::Class(class) => of_class(class).map_or_else(Known::default, Known::exactly),
        HirKind::Capture(capture) => of(&capture.sub, depth + 1),
        HirKind::Repetition(repetition) => {
            let inner = of(&repetition.sub, depth + 1);
            match (repetition.min, repetition.max) {
                (1, Some(1)) => inner,
                (0, Some(1)) => {
                    let with_none = |mut all: Vec<String>| {
                        all.push(String::new());
                        all
                    };
                    Known { all: inner.all.map(with_none), sets: Vec::new() }
                }
                (0, _) => Known::default(),
                _ => Known { all: None, sets: inner.sets },
            }
        }
        HirKind::Concat(parts) => of_sequence(parts, depth),
        HirKind::Alternation(parts) => {
            let parts: Vec<Known> = parts.iter().map(|part| of(part, depth + 1)).collect();
            let all: Option<Vec<String>> =
                parts.iter().map(|part| part.all.clone()).collect::<Option<Vec<_>>>().map(|all| all.concat());
            let all = all.filter(|all| all.len() <= MOST_TEXTS);
            let best: Option<Vec<AnyOf>> = parts.into_iter().map(|part| best(part.sets)).collect();
            Known { all, sets: best.and_then(|best| telling(best.concat())).into_iter().collect() }
        }
    }
}

/// Everything of a sequence must stand there; what stands side by side is one text.
fn of_sequence(parts: &[Hir], depth: usize) -> Known {
    let mut sets = Vec::new();
    let mut run = vec![String::new()];
    let mut whole = true;
    for part in parts {
        let known = of(part, depth + 1);
        match known.all {
            Some(all) if all.len() * run.len() <= MOST_TEXTS => {
                run =
                    run.iter().flat_map(|head| all.iter().map(move |tail| format!("{head}{tail}"))).collect();
            }
            Some(all) => {
                sets.extend(anywhere(&run));
                (run, whole) = (all, false);
            }
            None => {
                sets.extend(anywhere(&run));
                sets.extend(known.sets);
                (run, whole) = (vec![String::new()], false);
            }
        }
    }
    sets.extend(anywhere(&run));
    Known { all: whole.then_some(run), sets }
}

/// The characters of a small class, case aside.
fn of_class(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else { return None };
    let mut texts: Vec<String> = Vec::new();
    for range in class.ranges() {
        if u32::from(range.end()) - u32::from(range.start()) > MOST_CHARACTERS {
            return None;
        }
        for c in (range.start()..=range.end()).filter(|c| !FOLDED.iter().any(|folded| folded.starts_with(*c)))
        {
            if !c.is_ascii() {
                return None;
            }
            texts.push(c.to_ascii_lowercase().to_string());
        }
    }
    texts.sort();
    texts.dedup();
    (!texts.is_empty() && texts.len() <= MOST_CHARACTERS as usize).then_some(texts)
}

const MOST_CHARACTERS: u32 = 4;

fn anywhere(texts: &[String]) -> Option<AnyOf> {
    telling(texts.iter().map(|text| Wanted { text: text.clone(), is_word: false }).collect())
}

/// A set that says something: each of its texts is long enough to be rare.
pub(crate) fn telling(mut set: AnyOf) -> Option<AnyOf> {
    set.sort();
    set.dedup();
    let says = !set.is_empty()
        && set.len() <= MOST_TEXTS
        && set.iter().all(|wanted| weight(wanted) >= SHORTEST && !wanted.text.trim().is_empty());
    says.then_some(set)
}

/// How much a text says: its length, but for one mark that little code holds.
fn weight(wanted: &Wanted) -> usize {
    if wanted.text == "`" { 3 } else { wanted.text.len() }
}

/// The set that is met least often: the one whose shortest text is the longest.
pub(crate) fn best(sets: Vec<AnyOf>) -> Option<AnyOf> {
    sets.into_iter().max_by_key(|set| (shortest(set), std::cmp::Reverse(set.len())))
}

pub(crate) fn shortest(set: &AnyOf) -> usize {
    set.iter().map(weight).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_asks_for_what_every_match_holds() {
        for (regex, expected) in [
            ("^(get|post)$", vec![vec!["get", "post"]]),
            (
                r#""(/bin/)?(ba|da|z)?sh"\s*,"#,
                vec![vec![
                    "\"/bin/bash\"",
                    "\"/bin/dash\"",
                    "\"/bin/sh\"",
                    "\"/bin/zsh\"",
                    "\"bash\"",
                    "\"dash\"",
                    "\"sh\"",
                    "\"zsh\"",
                ]],
            ),
            ("(?i)api_?Key", vec![vec!["api_key", "apikey"]]),
            (r"(?is)select\s.*\bfrom\b", vec![vec!["select"], vec!["from"]]),
            ("a|bcd", vec![]),
            ("(abc)*x", vec![]),
            ("(abc)+x?", vec![vec!["abc"]]),
            (r"\w+\.Close\(", vec![vec![".close("]]),
            ("(?i)kiss", vec![vec!["kiss"]]),
            ("x{0,1}", vec![]),
            ("\u{e9}t\u{e9}|ab", vec![]),
            ("[aeiouy]bc", vec![vec!["bc"]]),
            ("(", vec![]),
        ] {
            let texts = |set: AnyOf| set.into_iter().map(|wanted| wanted.text).collect::<Vec<_>>();
            assert_eq!(of_regex(regex).into_iter().map(texts).collect::<Vec<_>>(), expected, "{regex}");
        }
    }
}
