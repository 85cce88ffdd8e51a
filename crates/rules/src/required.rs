//! Words without which a rule cannot match.
//!
//! In: a rule file's matcher as data. Out: for each rule sets of texts, of each of which at least one must stand in a file; and, for
//! one file, which rules are left. A file that no rule is left for need not be parsed. Never leaves out a rule that could
//! match: what is not understood here asks for nothing.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use ast_grep_language::SupportLang;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use serde_json::Value;

/// Any of these must stand in the text.
type AnyOf = Vec<String>;

/// Sets kept of one rule; the most telling ones.
const MOST_SETS: usize = 4;
/// Texts of one set; a longer one tells too little.
const MOST_TEXTS: usize = 64;
/// Shorter texts stand anywhere.
const SHORTEST: usize = 2;
/// Rules nest no deeper here; below that nothing is asked for.
const DEEPEST: usize = 40;

/// What one rule asks for: one of each set.
pub(crate) fn required(rule: &Value, constraints: &Value, language: SupportLang) -> Vec<AnyOf> {
    let mut sets = Asking { constraints, language }.of(rule, 0);
    sets.sort_by_key(|set| (std::cmp::Reverse(shortest(set)), set.len()));
    sets.dedup();
    sets.truncate(MOST_SETS);
    sets
}

fn shortest(set: &AnyOf) -> usize {
    set.iter().map(String::len).min().unwrap_or(0)
}

struct Asking<'a> {
    constraints: &'a Value,
    language: SupportLang,
}

impl Asking<'_> {
    /// Every key of a rule must hold, so what each asks for is asked for.
    fn of(&self, rule: &Value, depth: usize) -> Vec<AnyOf> {
        let mut sets = Vec::new();
        if depth > DEEPEST || !rule.is_object() {
            return sets;
        }
        if let Some(pattern) = rule["pattern"].as_str() {
            let (words, variables) = words(pattern);
            sets.extend(words.into_iter().map(|word| vec![word]));
            for name in variables {
                if let Some(regex) = self.constraints[name]["regex"].as_str() {
                    sets.extend(of_regex(regex));
                }
            }
        }
        if let Some(kind) = rule["kind"].as_str() {
            sets.extend(self.of_kind(kind).map(|word| vec![word]));
        }
        if let Some(regex) = rule["regex"].as_str() {
            sets.extend(of_regex(regex));
        }
        for relation in ["inside", "has", "precedes", "follows"] {
            sets.extend(self.of(&rule[relation], depth + 1));
        }
        for part in rule["all"].as_array().into_iter().flatten() {
            sets.extend(self.of(part, depth + 1));
        }
        if let Some(parts) = rule["any"].as_array() {
            sets.extend(self.of_any(parts, depth + 1));
        }
        sets
    }

    /// The best set of each part together; nothing where one part asks for nothing.
    fn of_any(&self, parts: &[Value], depth: usize) -> Option<AnyOf> {
        let mut together = Vec::new();
        for part in parts {
            let best =
                self.of(part, depth).into_iter().max_by_key(|set| (shortest(set), MOST_TEXTS - set.len()))?;
            together.extend(best);
        }
        together.sort();
        together.dedup();
        (!together.is_empty() && together.len() <= MOST_TEXTS).then_some(together)
    }

    /// The keyword that a kind of node begins with. Shells write `until` for `while`, PHP in any case, Rust `?` for `try`.
    fn of_kind(&self, kind: &str) -> Option<String> {
        const KEYWORDS: [&str; 11] = [
            "while", "for", "except", "catch", "throw", "raise", "switch", "defer", "goto", "await", "yield",
        ];
        let (word, rest) = kind.split_once('_')?;
        let says = match rest {
            "statement" => word == "try" || KEYWORDS.contains(&word),
            "clause" | "expression" | "in_statement" => KEYWORDS.contains(&word),
            _ => false,
        };
        (says && !matches!(self.language, SupportLang::Bash | SupportLang::Php)).then(|| word.to_owned())
    }
}

/// The words of a pattern that stand for themselves, and the names of its variables.
fn words(pattern: &str) -> (Vec<String>, Vec<&str>) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut words, mut variables) = (Vec::new(), Vec::new());
    let mut rest = pattern;
    while let Some(start) = rest.find(|c: char| is_word(c) || c == '$') {
        let from = &rest[start..];
        let dollars = from.len() - from.trim_start_matches('$').len();
        let after = &from[dollars..];
        let end = after.find(|c: char| !is_word(c)).unwrap_or(after.len());
        let word = &after[..end];
        let is_variable = dollars > 0 && word.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        if is_variable {
            // Only a variable of one node surely stands for something; `$$$A` may stand for nothing.
            if dollars == 1 && !word.starts_with('_') {
                variables.push(word);
            }
        } else if word.len() >= SHORTEST && word.is_ascii() {
            words.push(word.to_owned());
        }
        rest = &after[end..];
    }
    (words, variables)
}

/// Texts of which one begins every match of a regular expression.
fn of_regex(regex: &str) -> Option<AnyOf> {
    let hir = regex_syntax::parse(regex).ok()?;
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix);
    let sequence = extractor.extract(&hir);
    let literals = sequence.literals()?;
    if literals.is_empty() || literals.len() > MOST_TEXTS {
        return None;
    }
    let texts = literals.iter().map(|literal| String::from_utf8(literal.as_bytes().to_vec()).ok());
    let texts: AnyOf = texts.collect::<Option<_>>()?;
    texts.iter().all(|text| text.len() >= SHORTEST).then_some(texts)
}

/// Finds the texts of many rules in one pass over a file.
pub(crate) struct Sieve {
    finder: Option<AhoCorasick>,
    texts: usize,
    /// For each rule its sets, as numbers of texts.
    sets: Vec<Vec<Vec<usize>>>,
}

impl Sieve {
    pub(crate) fn new<'r>(rules: impl Iterator<Item = &'r [AnyOf]>) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut texts: Vec<&str> = Vec::new();
        let mut sets = Vec::new();
        for rule in rules {
            let of_rule = rule.iter().map(|set| {
                let number = |text: &'r String| {
                    *numbers.entry(text).or_insert_with(|| {
                        texts.push(text);
                        texts.len() - 1
                    })
                };
                set.iter().map(number).collect()
            });
            sets.push(of_rule.collect());
        }
        let finder = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&texts).ok();
        Self { finder, texts: texts.len(), sets }
    }

    /// Which rules could match somewhere in a text.
    pub(crate) fn left_for(&self, text: &str) -> Vec<bool> {
        let Some(finder) = &self.finder else { return vec![true; self.sets.len()] };
        let mut seen = vec![false; self.texts];
        let mut unseen = self.texts;
        for found in finder.find_overlapping_iter(text) {
            let place = &mut seen[found.pattern().as_usize()];
            if !*place {
                *place = true;
                unseen -= 1;
                if unseen == 0 {
                    break;
                }
            }
        }
        let is_left = |sets: &Vec<Vec<usize>>| sets.iter().all(|set| set.iter().any(|text| seen[*text]));
        self.sets.iter().map(is_left).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(rule: &Value, constraints: &Value) -> Vec<AnyOf> {
        required(rule, constraints, SupportLang::Python)
    }

    #[test]
    fn a_rule_asks_for_what_every_match_holds() {
        let none = json!({});
        for (rule, constraints, expected) in [
            (
                json!({ "pattern": "tempfile.mktemp($$$A)" }),
                none.clone(),
                vec![vec!["tempfile"], vec!["mktemp"]],
            ),
            (json!({ "pattern": "$A.$B($$$REST)" }), none.clone(), vec![]),
            (json!({ "pattern": "f($A)" }), none.clone(), vec![]),
            (
                json!({ "pattern": "requests.$M($$$A)" }),
                json!({ "M": { "regex": "^(get|post)$" } }),
                vec![vec!["requests"], vec!["get", "post"]],
            ),
            (
                json!({ "any": [{ "pattern": "one()" }, { "pattern": "$A.three()" }] }),
                none.clone(),
                vec![vec!["one", "three"]],
            ),
            (json!({ "any": [{ "pattern": "one()" }, { "kind": "call" }] }), none.clone(), vec![]),
            (json!({ "not": { "pattern": "one()" } }), none.clone(), vec![]),
            (json!({ "pattern": { "context": "one()", "selector": "call" } }), none.clone(), vec![]),
            (
                json!({ "kind": "while_statement", "has": { "regex": "(?-u)^sleep", "stopBy": "end" } }),
                none.clone(),
                vec![vec!["while"], vec!["sleep"]],
            ),
        ] {
            assert_eq!(asked(&rule, &constraints), expected, "{rule}");
        }
        let shell = required(&json!({ "kind": "while_statement" }), &none, SupportLang::Bash);
        assert!(shell.is_empty(), "`until` is one as well");
    }

    #[test]
    fn a_rule_is_left_where_all_it_asks_for_stands() {
        let rules = [
            vec![vec!["while".to_owned()], vec!["sleep".to_owned(), "wait".to_owned()]],
            vec![vec!["waiting".to_owned()]],
            vec![],
        ];
        let sieve = Sieve::new(rules.iter().map(Vec::as_slice));
        assert_eq!(sieve.left_for("while x: await_it()"), [true, false, true]);
        assert_eq!(sieve.left_for("while x: waiting()"), [true, true, true], "one text within another");
        assert_eq!(sieve.left_for("sleep()"), [false, false, true]);
        let nothing = Sieve::new([].into_iter());
        assert_eq!(nothing.left_for("x"), [false; 0]);
    }
}
