//! Is this text a review at all?
//!
//! In: the text and what was read from it. Out: the [`ReadingState`]. A text that is an error message, a refusal or a
//! quota notice is never a review without findings; a text that says it found nothing is one.

use model::{Reading, ReadingState};

use crate::unseen;

/// A failure message is short; whoever writes more than this without a single section or finding writes an essay.
pub(crate) const LONGEST_FAILURE: usize = 6000;

/// Decides from the text and what was read from it. `sections` counts the known sections with content.
pub(crate) fn judge(text: &str, reading: &Reading, sections: usize, broken: Option<String>) -> ReadingState {
    let substance = substance(text);
    if substance.is_empty() && reading.findings.is_empty() {
        return ReadingState::Empty;
    }
    let says_anything = !reading.findings.is_empty()
        || !reading.design.is_empty()
        || !reading.coverage.is_empty()
        || !reading.testing.is_empty();
    let lower = substance.to_lowercase();
    if !says_anything && lower.len() <= LONGEST_FAILURE {
        let failure = failure(&lower);
        let clean = finds_nothing(&lower) || reading.verdict.is_some();
        if let Some(why) = failure
            && (!clean || blocks(&lower))
        {
            return ReadingState::UnableToReview { why: why_line(&substance, why) };
        }
    }
    if let Some(why) = broken {
        return ReadingState::Truncated { why };
    }
    if let Some(why) = unseen::without_looking(&lower, reading) {
        return ReadingState::UnableToReview { why: why_line(&substance, why) };
    }
    if !reading.findings.is_empty() {
        let tail = last_lines(&lower);
        if let Some(why) = failure(&tail).filter(|_| is_program_error(&tail)) {
            return ReadingState::Truncated { why: format!("it ends in an error message ({why})") };
        }
    }
    if says_anything || sections >= 2 || reading.verdict.is_some() || finds_nothing(&lower) {
        return ReadingState::Reviewed;
    }
    if sections == 1 && reading.summary.as_deref().is_some_and(|summary| summary.len() > 200) {
        return ReadingState::Reviewed;
    }
    ReadingState::UnableToReview { why: why_line(&substance, "it holds neither findings nor a verdict") }
}

/// The text without headings, rules and fences.
fn substance(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let bare = line.trim();
        let decoration = bare.starts_with('#') && bare.trim_start_matches('#').starts_with([' ', '\t'])
            || bare.starts_with("```")
            || bare.chars().all(|c| !c.is_alphanumeric())
            || bare.contains("dr-canary");
        if !decoration {
            kept.push_str(bare);
            kept.push('\n');
        }
        if kept.len() > LONGEST_FAILURE * 2 {
            break;
        }
    }
    kept.trim().to_owned()
}

fn why_line(substance: &str, why: &str) -> String {
    let line: String = substance.lines().next().unwrap_or_default().chars().take(200).collect();
    format!("{why}: {line}")
}

/// What sort of failure a text reports, if any. Lower case.
fn failure(lower: &str) -> Option<&'static str> {
    const SIGNS: [(&str, &[&str]); 6] = [
        (
            "quota or rate limit",
            &[
                "rate limit",
                "rate-limit",
                "ratelimit",
                "quota",
                "usage limit",
                "http 429",
                "status 429",
                "error 429",
                " 429 ",
                "429 too many",
                "model_capacity_exhausted",
                "resource_exhausted",
                "too many requests",
                "overloaded",
                "credit balance",
                "out of credits",
                "billing",
                "insufficient funds",
                "session limit",
                "hit your limit",
                "capacity",
            ],
        ),
        (
            "not signed in",
            &[
                "not logged in",
                "please log in",
                "/login",
                "invalid api key",
                "api key",
                "unauthorized",
                "unauthenticated",
                "authentication",
                "permission_denied",
                "oauth",
                "token expired",
                "credentials",
                "http 401",
                "status 401",
                "403 forbidden",
                "sign in",
            ],
        ),
        (
            "a refusal",
            &[
                "i can't help",
                "i cannot help",
                "i can't assist",
                "i cannot assist",
                "i'm sorry, but",
                "i am sorry, but",
                "i'm unable to",
                "i am unable to",
                "i won't be able",
                "i can't complete",
                "i cannot complete",
                "i can't review",
                "i cannot review",
                "unable to review",
                "unable to complete",
                "unable to perform",
                "cannot perform this review",
                "as an ai",
                "i must decline",
                "violates",
                "could not complete the review",
                "could not review",
                "no review produced",
                "no review was produced",
                "i'm not able to",
                "i was unable to",
                "i was not able to",
                "couldn't complete",
                "couldn't review",
            ],
        ),
        (
            "nothing to look at",
            &[
                "don't have access",
                "do not have access",
                "no diff was provided",
                "no diff provided",
                "diff is empty",
                "could not read the diff",
                "couldn't read the diff",
                "please provide",
                "no such file or directory",
                "permission denied",
                "could not access",
                "couldn't access",
                "unable to access",
                "cannot access",
                "can't access",
                "cannot read",
                "paste the diff",
                "share the diff",
                "no changes were provided",
                "unable to read",
            ],
        ),
        (
            "an error",
            &[
                "error:",
                "traceback (most recent call last)",
                "panic:",
                "fatal:",
                "exception",
                "stack trace",
                "internal server error",
                "http 500",
                "http 502",
                "http 503",
                "http 504",
                "status 500",
                "bad gateway",
                "service unavailable",
                "connection refused",
                "connection reset",
                "network error",
                "econnrefused",
                "econnreset",
                "enotfound",
                "etimedout",
                "socket hang up",
                "command not found",
                "segmentation fault",
                "core dumped",
                "out of memory",
                "enametoolong",
                "api error",
                "failed with",
                "fetch failed",
                "tls handshake",
                "execution error",
                "an error occurred",
                "something went wrong",
            ],
        ),
        (
            "it was cut short",
            &[
                "timed out",
                "timeout",
                "time limit",
                "context length",
                "context window",
                "maximum context",
                "prompt is too long",
                "max tokens",
                "max_tokens",
                "token limit",
                "aborted",
                "cancelled",
                "canceled",
                "interrupted",
                "max turns",
                "maximum number of turns",
            ],
        ),
    ];
    SIGNS.iter().find(|(_, signs)| signs.iter().any(|sign| lower.contains(sign))).map(|(why, _)| *why)
}

/// Failures that make "no issues" worthless: the reviewer saw nothing.
pub(crate) fn blocks(lower: &str) -> bool {
    [
        "don't have access",
        "do not have access",
        "no diff was provided",
        "no diff provided",
        "unable to access",
        "cannot access",
        "can't access",
        "could not access",
        "couldn't access",
        "could not read the diff",
        "couldn't read the diff",
        "please provide",
        "unable to review",
        "could not review",
        "couldn't review",
        "no review produced",
        "no review was produced",
        "i can't review",
        "i cannot review",
        "could not complete the review",
        "couldn't complete the review",
        "i was unable to",
        "i'm unable to",
        "i am unable to",
    ]
    .iter()
    .any(|sign| lower.contains(sign))
}

/// Messages that programs print, as opposed to sentences about programs.
fn is_program_error(lower: &str) -> bool {
    [
        "api error",
        "http 429",
        "429 too many",
        "rate limit",
        "usage limit",
        "overloaded_error",
        "stream error",
        "fetch failed",
        "execution error",
    ]
    .iter()
    .any(|sign| lower.contains(sign))
        && lower.split_whitespace().count() <= 40
}

fn last_lines(lower: &str) -> String {
    lower.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}

/// Openings of a denial.
const NOT: [&str; 12] = [
    "no ",
    "not find any",
    "n't find any",
    "found nothing",
    "zero ",
    "without ",
    "none of",
    "did not identify any",
    "n't identify any",
    "not see any",
    "n't see any",
    "nothing ",
];

/// What a reviewer may deny to have found.
const WHAT: [&str; 14] = [
    "issue",
    "problem",
    "finding",
    "bug",
    "concern",
    "blocker",
    "defect",
    "regression",
    "objection",
    "correctness",
    "comment",
    "suggestion",
    "vulnerab",
    "wrong",
];

/// A statement that there is nothing to complain about.
pub(crate) fn finds_nothing(lower: &str) -> bool {
    const WHOLE: [&str; 14] = [
        "lgtm",
        "looks good to me",
        "looks good",
        "ready to merge",
        "merge as-is",
        "merge as is",
        "approve",
        "safe to merge",
        "good to merge",
        "nothing to report",
        "no further comments",
        "nothing stands out",
        "all clear",
        "ship it",
    ];
    if WHOLE.iter().any(|sign| lower.contains(sign)) {
        return true;
    }
    lower.split(['.', '\n', ';']).any(|sentence| {
        NOT.iter().any(|not| {
            sentence.find(not).is_some_and(|at| {
                let rest: String = sentence[at + not.len()..].chars().take(60).collect();
                WHAT.iter().any(|what| rest.contains(what))
            })
        }) || sentence.trim().trim_matches(['*', '_', ' ']) == "none"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> ReadingState {
        judge(text, &Reading::default(), 0, None)
    }

    #[test]
    fn nothing_or_a_headline_is_empty() {
        for text in ["", "  \n\n", "# Code review\n\n---\n", "## Findings\n"] {
            assert_eq!(state(text), ReadingState::Empty, "{text:?}");
        }
    }

    #[test]
    fn failures_are_not_reviews() {
        for text in [
            "Error: 429 Too Many Requests",
            "You've hit your usage limit. Try again at 5pm.",
            "Invalid API key · Please run /login",
            "I'm sorry, but I can't help with that.",
            "I don't have access to the repository, so no issues could be found.",
            "Traceback (most recent call last):\n  File \"x.py\", line 1",
            "Let me look at the code first.",
        ] {
            assert!(matches!(state(text), ReadingState::UnableToReview { .. }), "{text}");
        }
    }

    #[test]
    fn a_review_that_finds_nothing_is_a_review() {
        for text in [
            "LGTM!",
            "I reviewed the diff and found no issues.",
            "The change is small. I did not find any problems.",
            "None.",
        ] {
            assert_eq!(state(text), ReadingState::Reviewed, "{text}");
        }
    }

    #[test]
    fn an_error_behind_findings_is_a_truncated_review() {
        let mut reading = Reading::default();
        reading.findings.push(model::RawFinding::default());
        let text = "1. **A** — `a.go:1`\n\nIt breaks.\n\nAPI Error: 529 overloaded_error";
        assert!(matches!(judge(text, &reading, 1, None), ReadingState::Truncated { .. }));
    }
}
