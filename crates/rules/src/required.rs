//! Words without which a rule cannot match.
//!
//! In: a rule file's matcher as data. Out: sets of lower-case texts, of each of which at least one must stand in a file, case aside, and
//! the one of these sets that must stand in the matched node itself. Never leaves out what could match: what is not understood
//! here asks for nothing.

use std::cell::Cell;

use ast_grep_language::SupportLang;
use serde_json::Value;

use crate::literals::{SHORTEST, best, of_regex, shortest, telling};

/// Any of these must stand in the text.
pub(crate) type AnyOf = Vec<Wanted>;

/// A text to look for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Wanted {
    /// In lower case, where it is no word.
    pub(crate) text: String,
    /// True where it stands as a word of its own and in its own case, as the words of patterns do; else it stands anywhere and in any case.
    pub(crate) is_word: bool,
}

/// What one rule asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Required {
    /// One of each of these sets stands in every file that it matches in.
    pub(crate) sets: Vec<AnyOf>,
    /// One of these stands in every node that it matches.
    pub(crate) own: Option<AnyOf>,
}

/// Sets kept of one rule; the most telling ones.
const MOST_SETS: usize = 4;
/// Rules nest no deeper here; below that nothing is asked for.
const DEEPEST: usize = 40;
/// Parts of a rule that are looked at; what comes after them asks for nothing.
const MOST_PARTS: usize = 4_000;

/// What one rule asks for, given its matcher, the constraints of its variables and the matchers that it names.
pub(crate) fn required(rule: &Value, constraints: &Value, utils: &Value, language: SupportLang) -> Required {
    let asked = Asking { constraints, utils, language, left: Cell::new(MOST_PARTS) }.of(rule, 0);
    let own = best(asked.iter().filter(|asked| asked.own).map(|asked| asked.set.clone()).collect());
    let mut sets: Vec<AnyOf> = asked.into_iter().map(|asked| asked.set).collect();
    sets.sort_by_key(|set| (std::cmp::Reverse(shortest(set)), set.len()));
    sets.dedup();
    sets.truncate(MOST_SETS);
    Required { sets, own }
}

/// A set, and whether it stands in the node itself rather than somewhere in the file.
#[derive(Clone)]
struct Asked {
    set: AnyOf,
    own: bool,
}

fn own(sets: impl IntoIterator<Item = AnyOf>) -> impl Iterator<Item = Asked> {
    sets.into_iter().map(|set| Asked { set, own: true })
}

struct Asking<'a> {
    constraints: &'a Value,
    utils: &'a Value,
    language: SupportLang,
    /// Parts that may still be looked at: what matchers name may be named again and again.
    left: Cell<usize>,
}

impl Asking<'_> {
    /// Every key of a rule must hold, so what each asks for is asked for.
    fn of(&self, rule: &Value, depth: usize) -> Vec<Asked> {
        let mut asked = Vec::new();
        let left = self.left.get();
        if depth > DEEPEST || left == 0 || !rule.is_object() {
            return asked;
        }
        self.left.set(left - 1);
        if let Some(pattern) = rule["pattern"].as_str() {
            let (words, variables) = words(pattern);
            asked.extend(own(words.into_iter().map(|text| vec![Wanted { text, is_word: true }])));
            for name in variables {
                asked.extend(self.of(&self.constraints[name], depth + 1));
            }
        }
        if let Some(kind) = rule["kind"].as_str() {
            asked.extend(own(self.of_kind(kind).map(|text| vec![Wanted { text, is_word: false }])));
        }
        if let Some(regex) = rule["regex"].as_str() {
            asked.extend(own(of_regex(regex)));
        }
        if let Some(name) = rule["matches"].as_str() {
            asked.extend(self.of(&self.utils[name], depth + 1));
        }
        asked.extend(self.of(&rule["has"], depth + 1));
        for elsewhere in ["inside", "precedes", "follows"] {
            let there = self.of(&rule[elsewhere], depth + 1);
            asked.extend(there.into_iter().map(|asked| Asked { own: false, ..asked }));
        }
        for part in rule["all"].as_array().into_iter().flatten() {
            asked.extend(self.of(part, depth + 1));
        }
        if let Some(parts) = rule["any"].as_array() {
            asked.extend(self.of_any(parts, depth + 1));
        }
        asked
    }

    /// The best set of each part together; nothing where one part asks for nothing.
    fn of_any(&self, parts: &[Value], depth: usize) -> Vec<Asked> {
        let parts: Vec<Vec<Asked>> = parts.iter().map(|part| self.of(part, depth)).collect();
        let together = |own: bool| {
            let of_part = |part: &Vec<Asked>| {
                best(part.iter().filter(|asked| asked.own || !own).map(|asked| asked.set.clone()).collect())
            };
            let sets: Option<Vec<AnyOf>> = parts.iter().map(of_part).collect();
            telling(sets?.concat()).map(|set| Asked { set, own })
        };
        [true, false].into_iter().filter_map(together).collect()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(rule: &Value, constraints: &Value) -> Vec<Vec<String>> {
        texts(&required(rule, constraints, &json!({}), SupportLang::Python).sets)
    }

    fn texts(sets: &[AnyOf]) -> Vec<Vec<String>> {
        sets.iter().map(|set| set.iter().map(|wanted| wanted.text.clone()).collect()).collect()
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
        let shell = required(&json!({ "kind": "while_statement" }), &none, &none, SupportLang::Bash);
        assert!(shell.sets.is_empty(), "`until` is one as well");
    }

    #[test]
    fn what_is_named_many_times_over_is_looked_at_for_a_while_only() {
        let utils: serde_json::Map<String, Value> = (0..60)
            .map(|at| {
                let next = json!({ "matches": format!("u{}", at + 1) });
                (format!("u{at}"), json!({ "all": [next.clone(), next] }))
            })
            .collect();
        let rule = json!({ "matches": "u0", "pattern": "abc()" });
        let asked = required(&rule, &json!({}), &Value::Object(utils), SupportLang::Python);
        assert_eq!(texts(&asked.sets), [["abc"]]);
    }

    #[test]
    fn what_stands_elsewhere_is_not_asked_of_the_node() {
        let rule = json!({
            "kind": "call",
            "has": { "matches": "named" },
            "inside": { "regex": "elsewhere", "stopBy": "end" },
            "any": [{ "pattern": "one($A)" }, { "follows": { "pattern": "three()" } }],
        });
        let utils = json!({ "named": { "regex": "(?i)Name" } });
        let asked = required(&rule, &json!({}), &utils, SupportLang::Python);
        assert_eq!(texts(&asked.sets), [vec!["elsewhere"], vec!["name"], vec!["one", "three"]]);
        assert_eq!(asked.own, Some(vec![Wanted { text: "name".to_owned(), is_word: false }]));
    }
}
