//! What kind of failure it was, guessed from the exit code and the words of a program that nobody wrote an adapter for.
//!
//! In: an attempt that is not a review and what was read from its answer. Out: a class with a sentence, or nothing. Never
//! guesses from the text of a review: code that handles "429 Too Many Requests" is no rate limit. In doubt there is no class,
//! and without a class nobody is asked again.

use model::{Ending, Failure, FailureClass, Reading, ReadingState};

use crate::Attempt;

/// Words that mean a class. The first row that matches counts, so what never passes stands before what may pass, and the
/// narrow before the wide. Lower case; a `#` stands for a place where no digit may be next to the number.
const WORDS: [(FailureClass, &[&str]); 9] = [
    (
        FailureClass::RateLimit,
        &[
            "per minute",
            "requests per second",
            "tokens per min",
            "rate limit",
            "rate-limit",
            "rate_limit",
            "ratelimit",
        ],
    ),
    (
        FailureClass::Quota,
        &[
            "insufficient_quota",
            "insufficient funds",
            "credit balance",
            "out of credits",
            "usage limit",
            "session limit",
            "hit your limit",
            "quota exceeded",
            "exceeded your current quota",
            "exceeded your quota",
            "quota has been",
            "quota will reset",
            "billing",
            "payment required",
        ],
    ),
    (
        FailureClass::Auth,
        &[
            "not logged in",
            "please log in",
            "please run /login",
            "invalid api key",
            "incorrect api key",
            "invalid x-api-key",
            "api key not",
            "no api key",
            "missing api key",
            "authentication_error",
            "authentication failed",
            "unauthenticated",
            "unauthorized",
            "token expired",
            "token has expired",
            "invalid_grant",
            "http 401",
            "status 401",
            "error 401",
            "401 unauthorized",
            "403 forbidden",
        ],
    ),
    (
        FailureClass::ContextTooLong,
        &[
            "prompt is too long",
            "context_length_exceeded",
            "maximum context length",
            "context window exceeded",
            "exceeds the context window",
            "input is too long",
        ],
    ),
    (FailureClass::RateLimit, &["too many requests", "#429#", "resource_exhausted"]),
    (
        FailureClass::Overload,
        &[
            "overloaded",
            "model_capacity_exhausted",
            "no capacity available",
            "at capacity",
            "#529#",
            "server is busy",
        ],
    ),
    (
        FailureClass::Transient,
        &[
            "internal server error",
            "bad gateway",
            "service unavailable",
            "gateway timeout",
            "http 500",
            "http 502",
            "http 503",
            "http 504",
            "status 500",
            "status 502",
            "status 503",
            "status 504",
            "connection reset",
            "connection refused",
            "connection closed before",
            "connection timed out",
            "econnreset",
            "econnrefused",
            "etimedout",
            "enotfound",
            "eai_again",
            "temporary failure in name resolution",
            "could not resolve host",
            "socket hang up",
            "network error",
            "network is unreachable",
            "fetch failed",
            "stream disconnected",
            "tls handshake",
        ],
    ),
    (
        FailureClass::Configuration,
        &[
            "model not found",
            "model_not_found",
            "unknown model",
            "unrecognized argument",
            "unrecognized option",
            "unexpected argument",
            "unknown option",
            "unknown flag",
            "invalid option",
            "command not found",
        ],
    ),
    (FailureClass::Sandbox, &["sandbox could not", "failed to start sandbox", "bwrap:", "sandbox-exec:"]),
];

/// Exit codes with a fixed meaning: `sysexits.h` (64 usage, 75 temporary failure, 78 configuration) and the shell's 126 and
/// 127 for a program that could not be run.
const CODES: [(i32, FailureClass); 5] = [
    (75, FailureClass::Transient),
    (64, FailureClass::Configuration),
    (78, FailureClass::Configuration),
    (126, FailureClass::Configuration),
    (127, FailureClass::Configuration),
];

/// How many last lines of standard error are looked at. What a program complains about last is why it ended.
const LAST_LINES: usize = 12;
/// An answer longer than this is an answer, not an error message.
const LONGEST_MESSAGE: usize = 4096;

/// What kind of failure an attempt was that did not become a review.
pub fn guess(attempt: &Attempt, ending: Ending, reading: &Reading) -> Option<Failure> {
    match ending {
        Ending::Truncated => {
            return Some(failure(
                FailureClass::Incomplete,
                attempt.error.as_deref(),
                "its answer breaks off",
            ));
        }
        Ending::Failed | Ending::UnableToReview | Ending::Empty => {}
        _ => return None,
    }
    let complaint = last_lines(&attempt.stderr);
    let message = answer_as_message(attempt, reading);
    for text in [message.as_str(), complaint.as_str()] {
        if let Some((class, line)) = by_words(text) {
            let wait = retry_after(text);
            return Some(Failure { retry_after_ms: wait, ..failure(class, Some(line), "") });
        }
    }
    if let Some((_, class)) = CODES.iter().find(|(code, _)| attempt.exit == Some(*code)) {
        let said = attempt.error.as_deref();
        return Some(failure(*class, said, ""));
    }
    attempt.signal.map(|_| failure(FailureClass::Crash, attempt.error.as_deref(), "it died"))
}

fn failure(class: FailureClass, sentence: Option<&str>, otherwise: &str) -> Failure {
    let sentence = sentence.unwrap_or(otherwise).trim();
    let message = sentence.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    Failure { class, message, retry_after_ms: None }
}

/// The answer, where it is a message instead of a review.
fn answer_as_message(attempt: &Attempt, reading: &Reading) -> String {
    let is_message = match reading.state {
        ReadingState::UnableToReview { .. } => true,
        ReadingState::Reviewed | ReadingState::Truncated { .. } | ReadingState::Empty => false,
    };
    if !is_message || !reading.findings.is_empty() || attempt.answer.len() > LONGEST_MESSAGE {
        return String::new();
    }
    String::from_utf8_lossy(&attempt.answer).into_owned()
}

fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

/// What kind of failure a complaint speaks of.
pub(crate) fn class_of(complaint: &str) -> Option<FailureClass> {
    by_words(complaint).map(|(class, _)| class)
}

/// The class whose words occur, with the line they stand in. Later lines say more about the end than earlier ones, but a
/// class of an earlier row wins wherever it stands.
fn by_words(text: &str) -> Option<(FailureClass, &str)> {
    let lines: Vec<(&str, String)> = text.lines().rev().map(|line| (line, line.to_lowercase())).collect();
    WORDS.iter().find_map(|(class, words)| {
        let hit = lines.iter().find(|(_, lower)| words.iter().any(|word| occurs(lower, word)))?;
        Some((*class, hit.0))
    })
}

fn occurs(line: &str, word: &str) -> bool {
    let Some(number) = word.strip_prefix('#').and_then(|word| word.strip_suffix('#')) else {
        return line.contains(word);
    };
    line.match_indices(number).any(|(at, _)| {
        let mut before = line[..at].chars().rev();
        let after = line[at + number.len()..].chars().next();
        // No decimals, no issues, no lines: `1.429`, `#429`, `main.rs:429` are no status codes.
        let apart = match before.next() {
            None => true,
            Some(':') => !before.next().is_some_and(char::is_alphanumeric),
            Some(c) => !c.is_alphanumeric() && !matches!(c, '.' | '#' | '-'),
        };
        apart && after.is_none_or(|c| !c.is_alphanumeric())
    })
}

/// Milliseconds until asking again may help, where the text names a time: `retry after 20s`, `retry-after: 30`, `try again in
/// 1m 30s`. A time of day is not understood: nobody says in which zone.
fn retry_after(text: &str) -> Option<u64> {
    const LEADS: [&str; 8] = [
        "retry-after",
        "retry_after",
        "retry after",
        "retry in",
        "try again in",
        "try again after",
        "available again in",
        "resets in",
    ];
    let lower = text.to_lowercase();
    LEADS.iter().find_map(|lead| {
        let at = lower.find(lead)? + lead.len();
        let rest = lower[at..].trim_start_matches(|c: char| c.is_whitespace() || "\"':=~".contains(c));
        milliseconds(rest)
    })
}

/// A time at the beginning of a text: numbers with units, or a bare number of seconds.
fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0.0;
    let mut found = false;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let Ok(number) = rest[..digits].trim_end_matches('.').parse::<f64>() else { break };
        let after = rest[digits..].trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit = match &after[..letters] {
            "ms" | "milliseconds" => 1.0,
            "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
            "m" | "min" | "mins" | "minute" | "minutes" => 60e3,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600e3,
            "d" | "day" | "days" => 86_400e3,
            _ if found => break,
            // A bare number is seconds, as in the HTTP header.
            _ => return Some((number * 1e3) as u64),
        };
        total += number * unit;
        found = true;
        rest = after[letters..].trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    found.then_some(total as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(stderr: &str, exit: Option<i32>) -> Option<FailureClass> {
        let attempt = Attempt { stderr: stderr.into(), exit, ..Attempt::default() };
        guess(&attempt, Ending::Failed, &Reading::default()).map(|failure| failure.class)
    }

    fn printed(answer: &str) -> Option<Failure> {
        let attempt = Attempt { answer: answer.into(), exit: Some(0), ..Attempt::default() };
        let state = ReadingState::UnableToReview { why: String::new() };
        guess(&attempt, Ending::UnableToReview, &Reading { state, ..Reading::default() })
    }

    #[test]
    fn complaints_name_their_class() {
        use FailureClass::{Auth, Configuration, ContextTooLong, Overload, Quota, RateLimit, Transient};
        let cases = [
            ("Error: 429 Too Many Requests", Some(RateLimit)),
            ("429 You exceeded your current quota, please check your plan and billing details.", Some(Quota)),
            ("Quota exceeded for metric requests per minute; retry in 20s", Some(RateLimit)),
            ("You have hit your usage limit. It resets at 3pm.", Some(Quota)),
            ("Your credit balance is too low to access the API", Some(Quota)),
            ("Invalid API key · Please run /login", Some(Auth)),
            ("HTTP 401: the key was refused", Some(Auth)),
            ("API Error: 529 {\"type\":\"overloaded_error\"}", Some(Overload)),
            ("No capacity available for model on the server", Some(Overload)),
            ("request failed: Internal Server Error", Some(Transient)),
            ("Error: read ECONNRESET", Some(Transient)),
            ("stream disconnected before completion", Some(Transient)),
            ("prompt is too long: 250000 tokens > 200000 maximum", Some(ContextTooLong)),
            ("error: unexpected argument '--fast' found", Some(Configuration)),
            ("thread 'main' panicked at src/main.rs:429:5", None),
            ("took 1.429 s, saw issue #429", None),
            ("{\"error\":{\"code\":429}}", Some(RateLimit)),
            ("something else went wrong", None),
        ];
        for (text, class) in cases {
            assert_eq!(failed(text, Some(1)), class, "{text}");
        }
    }

    #[test]
    fn what_never_passes_wins_over_what_may_pass() {
        let text = "connection reset by peer\nretrying\nError: Invalid API key\nfetch failed";
        assert_eq!(failed(text, Some(1)), Some(FailureClass::Auth));
    }

    #[test]
    fn exit_codes_count_where_no_word_does() {
        assert_eq!(failed("", Some(75)), Some(FailureClass::Transient));
        assert_eq!(failed("sh: reviewer: command not found", Some(127)), Some(FailureClass::Configuration));
        assert_eq!(failed("", Some(1)), None, "an ordinary failure has no class");
        assert_eq!(
            failed("Invalid API key", Some(75)),
            Some(FailureClass::Auth),
            "words say more than a code"
        );
    }

    #[test]
    fn a_notice_printed_as_the_review_is_understood() {
        let failure = printed("You have hit your usage limit. It resets at 3pm.\n").unwrap();
        assert_eq!(failure.class, FailureClass::Quota);
        assert!(failure.message.contains("usage limit"), "{failure:?}");
        let failure = printed("API Error: rate limit reached, please try again in 1m 30s.\n").unwrap();
        assert_eq!((failure.class, failure.retry_after_ms), (FailureClass::RateLimit, Some(90_000)));
    }

    #[test]
    fn a_review_about_rate_limits_is_no_rate_limit() {
        let answer = "I1. The client does not handle 429 Too Many Requests".into();
        let attempt = Attempt { answer, exit: Some(3), ..Attempt::default() };
        let reading = Reading {
            state: ReadingState::Reviewed,
            findings: vec![model::RawFinding::default()],
            ..Reading::default()
        };
        assert_eq!(guess(&attempt, Ending::Failed, &reading), None);
    }

    #[test]
    fn limits_of_ours_have_no_class() {
        let attempt = Attempt { stderr: b"connection reset".to_vec(), ..Attempt::default() };
        for ending in
            [Ending::TimedOut, Ending::Stalled, Ending::Cancelled, Ending::OutputLimit, Ending::Lost]
        {
            assert_eq!(guess(&attempt, ending, &Reading::default()), None, "{ending:?}");
        }
    }

    #[test]
    fn times_to_wait_are_read_in_the_forms_that_occur() {
        for (text, expected) in [
            ("retry-after: 30", Some(30_000)),
            ("\"retry_after\": 1.5}", Some(1_500)),
            ("Please retry in 34.07s.", Some(34_070)),
            ("try again in 2 hours, 5 minutes", Some(7_500_000)),
            ("try again in 250ms", Some(250)),
            ("resets in 3d", Some(259_200_000)),
            ("try again later", None),
            ("resets at 3pm", None),
        ] {
            assert_eq!(retry_after(text), expected, "{text}");
        }
    }
}
