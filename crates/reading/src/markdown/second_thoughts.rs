//! Does the reviewer take a finding back half-way?
//!
//! In: a line of its body. Out: whether that line takes it back. Never weighs the reason.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// One pass over a line tells whether any sign stands in it; most lines end here.
static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let signs = OPENINGS.iter().chain(&PLAIN).chain(&AGAIN);
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(signs)
        .expect("a hundred short words make an automaton")
});

/// Lines that begin like this take the finding back.
const OPENINGS: [&str; 13] = [
    "withdrawn",
    "withdrawing",
    "i withdraw",
    "retracted",
    "retracting",
    "scratch that",
    "disregard this",
    "never mind",
    "false alarm",
    "i retract",
    "dropping this",
    "self-withdrawn",
    "(withdrawn",
];

/// Words that need no second sign.
const PLAIN: [&str; 9] = [
    "withdrawing this finding",
    "withdraw this finding",
    "this finding is withdrawn",
    "finding withdrawn",
    "i withdraw this",
    "retracting this",
    "no finding here",
    "not a finding after all",
    "so this is not a finding",
];

/// The reviewer looks again…
const AGAIN: [&str; 26] = [
    "on closer",
    "upon closer",
    "on reflection",
    "on second thought",
    "on second look",
    "on re-read",
    "on rereading",
    "after re-reading",
    "after closer",
    "actually,",
    "actually this",
    "actually it",
    "actually fine",
    "actually correct",
    "actually not",
    "wait,",
    "wait —",
    "hmm",
    "re-checking",
    "on re-check",
    "looking again",
    "looking closer",
    "having re-read",
    "re-examining",
    "correction:",
    "so this is",
];

/// …and finds nothing.
const NOTHING: [&str; 22] = [
    "is fine",
    "it's fine",
    "fine after all",
    "is correct",
    "not an issue",
    "non-issue",
    "isn't an issue",
    "not a bug",
    "isn't a bug",
    "no bug",
    "is safe",
    "no issue",
    "not a problem",
    "isn't a problem",
    "not a real",
    "withdraw",
    "retract",
    "not a finding",
    "false positive",
    "works correctly",
    "works as intended",
    "handled correctly",
];

/// True where a line takes the finding back.
pub(super) fn takes_back(text: &str) -> bool {
    if !SIGNS.is_match(text) {
        return false;
    }
    let lower = text.to_lowercase();
    let line = lower.trim_start_matches(['*', '_', '(', '[', ' ', '>', '~', '-']);
    if OPENINGS.iter().any(|opening| line.starts_with(opening))
        || PLAIN.iter().any(|words| line.contains(words))
    {
        return true;
    }
    line.split(['.', '!']).any(|sentence| {
        let again = AGAIN.iter().filter_map(|sign| sentence.find(sign)).min();
        let nothing = again.and_then(|at| {
            NOTHING.iter().filter_map(|sign| sentence[at..].find(sign).map(|found| found + at)).min()
        });
        nothing.is_some_and(|at| {
            let rest: String = sentence[at..].chars().take(36).collect();
            ![" but ", " except", " unless", " only ", "however", " if "]
                .iter()
                .any(|turn| rest.contains(turn))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_taken_back_is_seen() {
        for text in [
            "Withdrawn: the caller holds the lock.",
            "*Withdrawn.*",
            "On closer reading, this is fine: the guard lives until the end.",
            "Wait, the lock is taken above, so this is not an issue.",
            "Actually, this is correct.",
            "Hmm — that path is safe after all; no issue here.",
            "I withdraw this finding.",
        ] {
            assert!(takes_back(text), "{text}");
        }
    }

    #[test]
    fn doubts_and_code_words_take_nothing_back() {
        for text in [
            "Actually, this is fine on Linux but not on Windows.",
            "The wait loop is correct.",
            "The comment says this is fine; it is not.",
            "This is not an issue for small queues.",
            "The user can withdraw the request.",
            "If the guard is correct, nothing happens.",
        ] {
            assert!(!takes_back(text), "{text}");
        }
    }
}
