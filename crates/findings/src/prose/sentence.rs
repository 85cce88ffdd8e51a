//! One sentence against the report.
//!
//! In: tokens and facts. Out: what is not so. Where a sentence names findings, everything it says is taken to be about all of
//! them: a severity, a reviewer, a lane.

use std::collections::BTreeSet;

use model::{Lane, Severity, VerdictValue};

use super::facts::Facts;
use super::tokens::Token;

/// What is not so in a sentence.
pub(super) fn check(tokens: &[Token<'_>], facts: &Facts<'_>) -> Vec<String> {
    let sentence = Sentence::of(tokens, facts);
    let mut wrong = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        wrong.extend(sentence.one(at, token));
    }
    if wrong.is_empty() {
        wrong.extend(sentence.severities());
        wrong.extend(sentence.attributions());
        wrong.extend(sentence.standing());
        wrong.extend(sentence.verdict());
    }
    wrong
}

struct Sentence<'s, 'r> {
    tokens: &'s [Token<'s>],
    facts: &'s Facts<'r>,
    ids: BTreeSet<&'s str>,
    /// Its words in lower case, in order.
    words: Vec<String>,
}

const SEVERITIES: [(&str, Severity); 6] = [
    ("critical", Severity::Critical),
    ("criticals", Severity::Critical),
    ("important", Severity::Important),
    ("suggestion", Severity::Suggestion),
    ("suggestions", Severity::Suggestion),
    ("optional", Severity::Suggestion),
];
/// Severities of other scales.
const STRANGE: [&str; 8] = ["high", "medium", "minor", "major", "severe", "trivial", "nit", "cosmetic"];
/// Numbers as words; bigger ones, and vague ones, cannot be checked.
const NUMBERS: [&str; 13] =
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const BIG: [&str; 12] = [
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "dozen",
    "hundred",
    "thousand",
];
/// Names of vendors and models: a sentence that uses one which did not take part is about somebody else.
const VENDORS: [&str; 22] = [
    "claude",
    "anthropic",
    "opus",
    "sonnet",
    "haiku",
    "codex",
    "openai",
    "gpt",
    "chatgpt",
    "gemini",
    "google",
    "qwen",
    "copilot",
    "opencode",
    "cursor",
    "goose",
    "aider",
    "mistral",
    "llama",
    "deepseek",
    "grok",
    "builtin",
];
/// Words after which `by` names who said it.
const RAISED: [&str; 9] =
    ["raised", "found", "reported", "flagged", "noted", "spotted", "identified", "noticed", "discovered"];
/// Words with which a reviewer speaks against a finding.
const AGAINST: [&str; 10] = [
    "contradicts",
    "contradict",
    "contradicted",
    "disputes",
    "disputed",
    "refutes",
    "refuted",
    "challenged",
    "disagrees",
    "contests",
];

/// A word, and the words it is joined from: `critical-severity` names a severity.
fn parts(word: &str) -> Vec<String> {
    let pieces = word.split(['-', '/', '_']).filter(|piece| !piece.is_empty() && *piece != word);
    std::iter::once(word).chain(pieces).map(str::to_owned).collect()
}

impl<'s, 'r> Sentence<'s, 'r> {
    fn of(tokens: &'s [Token<'s>], facts: &'s Facts<'r>) -> Self {
        let ids = tokens.iter().filter_map(|token| match token {
            Token::Id(id) => Some(*id),
            _ => None,
        });
        let words = tokens.iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.to_lowercase()),
            _ => None,
        });
        let words = words.flat_map(|word| parts(&word)).collect();
        Self { tokens, facts, ids: ids.collect(), words }
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|have| have == word)
    }

    fn has_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.has(word))
    }

    /// What is wrong with one token by itself.
    fn one(&self, at: usize, token: &Token<'_>) -> Option<String> {
        match token {
            Token::Id(id) => self.facts.finding(id).is_none().then(|| format!("there is no finding {id}")),
            Token::Place { path, first, last } => {
                (!self.facts.stands_at(&self.ids, Some(path), *first, *last))
                    .then(|| format!("no finding it speaks of stands at {path}:{first}"))
            }
            Token::Path(path) => {
                let known = self.facts.knows_path(path) || self.facts.says(path);
                (!known).then(|| format!("the report does not speak of {path}"))
            }
            Token::Commit(digits) => {
                (!self.facts.knows_commit(digits)).then(|| format!("{digits} is no commit of the change"))
            }
            Token::Mixed(word) => {
                let known = self.facts.says(word) || self.facts.reviewer(word).is_some();
                (!known).then(|| format!("the report does not speak of {word}"))
            }
            Token::Code(code) => {
                let known = self.facts.says(code)
                    || self.facts.knows_path(code)
                    || self.facts.reviewer(code).is_some()
                    || self.facts.finding(code.trim()).is_some()
                    || self.is_place(at);
                (!known).then(|| format!("the report does not speak of `{code}`"))
            }
            Token::Number(number) => self.number(at, number),
            Token::Word(word) if word.eq_ignore_ascii_case("by") => self.raised_by(at),
            Token::Word(word) => parts(&word.to_lowercase()).iter().find_map(|word| self.word(at, word)),
        }
    }

    /// A code span that is followed by what it was read as, which is checked by itself.
    fn is_place(&self, at: usize) -> bool {
        matches!(self.tokens.get(at + 1), Some(Token::Place { .. } | Token::Number(_) | Token::Commit(_)))
    }

    fn number(&self, at: usize, number: &str) -> Option<String> {
        let wrong = || Some(format!("the number {number} is not that of the report"));
        let Ok(value) = number.parse::<u64>() else {
            // Parts and percentages are no numbers of the report; what a finding says may be repeated.
            return if self.facts.says(number) { None } else { wrong() };
        };
        if self.follows_line(at) {
            let line = u32::try_from(value).unwrap_or(u32::MAX);
            return if self.facts.stands_at(&self.ids, None, line, line) { None } else { wrong() };
        }
        match self.counted(at) {
            Some(counts) => (!counts.contains(&value)).then(wrong)?,
            None => (!self.facts.says(number)).then(wrong)?,
        }
    }

    /// `line 8`, `lines 8 to 10`
    fn follows_line(&self, at: usize) -> bool {
        let before = |back: usize| match at.checked_sub(back).map(|at| &self.tokens[at]) {
            Some(Token::Word(word)) => word.to_lowercase(),
            _ => String::new(),
        };
        let is_line = |word: &str| matches!(word, "line" | "lines");
        is_line(&before(1)) || (matches!(before(1).as_str(), "to" | "and") && is_line(&before(3)))
    }

    /// `raised by NAME`: somebody who took part.
    fn raised_by(&self, at: usize) -> Option<String> {
        let word = |at: Option<usize>| match at.and_then(|at| self.tokens.get(at)) {
            Some(Token::Word(word)) => word.to_lowercase(),
            _ => String::new(),
        };
        if word(Some(at)) != "by" || !RAISED.contains(&word(at.checked_sub(1)).as_str()) {
            return None;
        }
        match self.tokens.get(at + 1) {
            Some(Token::Word(name) | Token::Mixed(name) | Token::Code(name)) => {
                let known = self.facts.reviewer(name.trim()).is_some() || self.counted(at).is_some();
                (!known).then(|| format!("{name} did not take part"))
            }
            _ => None,
        }
    }

    /// The numbers that what is counted allows, where one of the next two words says what is counted.
    fn counted(&self, at: usize) -> Option<Vec<u64>> {
        let next = self.tokens.get(at + 1..)?.iter().take(2);
        let words = next.map_while(|token| match token {
            Token::Word(word) => Some(word.to_lowercase()),
            _ => None,
        });
        words.into_iter().find_map(|word| self.facts.counts(&word))
    }

    fn word(&self, at: usize, word: &str) -> Option<String> {
        if BIG.contains(&word) {
            return Some(format!("the number “{word}” cannot be checked"));
        }
        if VENDORS.contains(&word) && self.facts.reviewer(word).is_none() && !self.facts.says(word) {
            return Some(format!("{word} did not take part"));
        }
        let value = NUMBERS.iter().position(|number| *number == word)? as u64;
        match self.counted(at) {
            Some(counts) => {
                (!counts.contains(&value)).then(|| format!("the number “{word}” is not that of the report"))
            }
            // `one` and `no` stand for much else.
            None if value < 2 || self.facts.says(word) || value == self.ids.len() as u64 => None,
            None => Some(format!("the number “{word}” cannot be checked")),
        }
    }

    /// Severities named beside findings are theirs, all of them.
    fn severities(&self) -> Option<String> {
        if self.ids.is_empty() {
            return None;
        }
        if let Some(strange) = STRANGE.iter().find(|word| self.has(word)) {
            return Some(format!("“{strange}” is no severity of the report"));
        }
        let named: BTreeSet<Severity> =
            SEVERITIES.iter().filter(|(word, _)| self.has(word)).map(|(_, severity)| *severity).collect();
        let theirs: BTreeSet<Severity> =
            self.ids.iter().filter_map(|id| self.facts.finding(id)).map(|finding| finding.severity).collect();
        (!named.is_empty() && named != theirs)
            .then(|| format!("the severities beside {} are not theirs", self.listed()))
    }

    /// Reviewers named beside findings raised them, or speak against them where the sentence says so.
    fn attributions(&self) -> Option<String> {
        let named = self.tokens.iter().filter_map(|token| match token {
            Token::Word(word) | Token::Mixed(word) | Token::Code(word) => self.facts.reviewer(word.trim()),
            _ => None,
        });
        let named: BTreeSet<&str> = named.collect();
        let against = self.has_one_of(&AGAINST);
        for id in &self.ids {
            let finding = self.facts.finding(id)?;
            for name in &named {
                let raised = finding.sources.iter().any(|source| source.reviewer == *name);
                let opposed = against && finding.contradictions.iter().any(|it| it.reviewer == *name);
                if !raised && !opposed {
                    return Some(format!("{id} is not {name}'s"));
                }
            }
            if against && finding.contradictions.is_empty() {
                return Some(format!("nobody contradicts {id}"));
            }
        }
        None
    }

    /// What blocks, what is contested, confirmed or unverified.
    fn standing(&self) -> Option<String> {
        let lanes = [
            ("contested", Lane::Contested),
            ("confirmed", Lane::Confirmed),
            ("verified", Lane::Confirmed),
            ("unverified", Lane::Unverified),
        ];
        let negated =
            self.has_one_of(&["not", "never", "nor", "neither", "none", "nothing", "without", "no", "non"]);
        let blocking = &self.facts.report.verdict.blocking;
        let speaks_of_blocking = self.has_one_of(&[
            "block",
            "blocks",
            "blocking",
            "blocker",
            "blockers",
            "non-blocking",
            "must",
            "merge",
            "merging",
        ]);
        if negated && self.has_one_of(&["none", "nothing"]) && speaks_of_blocking && !blocking.is_empty() {
            return Some("something blocks".to_owned());
        }
        for id in &self.ids {
            let finding = self.facts.finding(id)?;
            let blocks = blocking.contains(&finding.id);
            let says_so = speaks_of_blocking && !self.has("non-blocking");
            if speaks_of_blocking && (says_so && !negated) != blocks {
                return Some(format!("{id} {}", if blocks { "blocks" } else { "does not block" }));
            }
            for (word, lane) in lanes {
                if self.has(word) && !negated && finding.lane != lane {
                    return Some(format!("{id} is not {word}"));
                }
            }
        }
        None
    }

    /// No approval that the verdict does not give.
    fn verdict(&self) -> Option<String> {
        let value = &self.facts.report.verdict.value;
        let may_merge = matches!(value, VerdictValue::MergeAsIs | VerdictValue::MergeWithOptionalFixes);
        let approves = self.has_one_of(&[
            "approve",
            "approved",
            "approves",
            "approval",
            "lgtm",
            "ready",
            "safe",
            "clean",
            "mergeable",
            "flawless",
        ]);
        if approves && !may_merge {
            return Some("it approves what the verdict does not".to_owned());
        }
        let words = self.words.join(" ");
        let labels = [
            ("merge as is", VerdictValue::MergeAsIs),
            ("merge-as-is", VerdictValue::MergeAsIs),
            ("merge-with-optional-fixes", VerdictValue::MergeWithOptionalFixes),
            ("merge-with-fixes", VerdictValue::MergeWithFixes),
            ("rework", VerdictValue::Rework),
            ("incomplete", VerdictValue::Incomplete),
        ];
        let other = labels.iter().find(|(label, of)| words.contains(label) && of != value);
        other.map(|(label, _)| format!("the verdict is not “{label}”"))
    }

    fn listed(&self) -> String {
        self.ids.iter().copied().collect::<Vec<_>>().join(", ")
    }
}
