//! Which failure it was, told from what a server says.
//!
//! In: a status, a body or an error event. Out: a class, a sentence, how long to wait. Structured fields decide first, the
//! words of the message second, the status last. Looks at error messages only, never at an answer: a review may speak of
//! quotas.

use std::time::Duration;

use model::{Failure, FailureClass};
use serde_json::Value;

use super::endpoint::Endpoint;
use super::wire::{Broken, Refused};

/// Error codes that mean one thing only. OpenAI's `code` and `type`, Anthropic's `type`, Gemini's `status` and reasons, and
/// what compatible servers made of them.
const CODES: &[(&str, FailureClass)] = &[
    ("authentication_error", FailureClass::Auth),
    ("invalid_api_key", FailureClass::Auth),
    ("api_key_invalid", FailureClass::Auth),
    ("unauthenticated", FailureClass::Auth),
    ("permission_error", FailureClass::Auth),
    ("unsupported_country_region_territory", FailureClass::Auth),
    ("insufficient_quota", FailureClass::Quota),
    ("billing_error", FailureClass::Quota),
    ("billing_hard_limit_reached", FailureClass::Quota),
    ("billing_not_active", FailureClass::Quota),
    ("generaterequestsperday", FailureClass::Quota),
    ("generaterequestsperminute", FailureClass::RateLimit),
    ("rate_limit_exceeded", FailureClass::RateLimit),
    ("overloaded_error", FailureClass::Overload),
    ("server_is_overloaded", FailureClass::Overload),
    ("service_unavailable", FailureClass::Overload),
    ("unavailable", FailureClass::Overload),
    ("context_length_exceeded", FailureClass::ContextTooLong),
    ("exceed_context_size_error", FailureClass::ContextTooLong),
    ("request_too_large", FailureClass::ContextTooLong),
    ("model_not_found", FailureClass::Configuration),
    ("not_found_error", FailureClass::Configuration),
    ("not_found", FailureClass::Configuration),
    ("unknown_parameter", FailureClass::Configuration),
    ("unsupported_parameter", FailureClass::Configuration),
    ("unsupported_value", FailureClass::Configuration),
    ("server_error", FailureClass::Transient),
    ("api_error", FailureClass::Transient),
    ("timeout_error", FailureClass::Transient),
    ("internal", FailureClass::Transient),
    ("deadline_exceeded", FailureClass::Transient),
];

/// Error codes that stand for several things; asked after the words.
const BROAD_CODES: &[(&str, FailureClass)] = &[
    ("rate_limit_error", FailureClass::RateLimit),
    ("resource_exhausted", FailureClass::RateLimit),
    ("permission_denied", FailureClass::Auth),
    ("service_unavailable_error", FailureClass::Overload),
];

/// Words that tell where a code or a status is used for several things.
const WORDS: &[(&str, FailureClass)] = &[
    ("prompt is too long", FailureClass::ContextTooLong),
    ("context window", FailureClass::ContextTooLong),
    ("context length", FailureClass::ContextTooLong),
    ("context size", FailureClass::ContextTooLong),
    ("maximum context", FailureClass::ContextTooLong),
    ("input token count", FailureClass::ContextTooLong),
    ("credit balance", FailureClass::Quota),
    ("insufficient credits", FailureClass::Quota),
    ("usage limits", FailureClass::Quota),
    ("exceeded your current quota", FailureClass::Quota),
    ("billing account", FailureClass::Quota),
    ("api key not valid", FailureClass::Auth),
    ("incorrect api key", FailureClass::Auth),
];

/// A failure without a wait.
pub(crate) fn failure(class: FailureClass, message: impl Into<String>) -> Failure {
    Failure { class, message: message.into(), retry_after_ms: None }
}

/// What an answer that is no success means.
pub(crate) fn refused(refused: &Refused, endpoint: &Endpoint) -> Failure {
    let status = refused.head.status;
    if (300..400).contains(&status) {
        let why =
            "its server sends the request elsewhere, which is not followed: set `url` to the right address";
        return failure(FailureClass::Configuration, why);
    }
    let body: Value = serde_json::from_str(&refused.body).unwrap_or(Value::Null);
    let mut told = told(&body, Some(status), endpoint);
    if told.retry_after_ms.is_none() {
        let header = refused.head.retry_after.as_deref();
        told.retry_after_ms = header.and_then(|text| milliseconds(text.trim(), 1000.0));
    }
    told
}

/// What an error object means; `status` is that of HTTP, where it came that way.
pub(crate) fn told(body: &Value, status: Option<u16>, endpoint: &Endpoint) -> Failure {
    // Gemini sends its errors in a list of one where it streams.
    let body = body.as_array().and_then(|all| all.first()).unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    let said = error["message"].as_str().or(error.as_str()).or(body["message"].as_str()).unwrap_or_default();
    let status = status.or_else(|| error["code"].as_u64().and_then(|code| u16::try_from(code).ok()));
    let class = by_code(error, CODES)
        .or_else(|| by_words(said))
        .or_else(|| by_code(error, BROAD_CODES))
        .unwrap_or_else(|| by_status(status));
    let what = status.map_or("its server reports an error".to_owned(), |status| format!("HTTP {status}"));
    let said = sentence(&endpoint.redact(said));
    let hint = hint(class, &said);
    Failure {
        class,
        message: if said.is_empty() { format!("{what}{hint}") } else { format!("{what}: {said}{hint}") },
        retry_after_ms: wait_in(error, &said),
    }
}

fn hint(class: FailureClass, said: &str) -> &'static str {
    if class == FailureClass::Configuration && said.to_lowercase().contains("support tools") {
        " (`tools = false` asks it without tools)"
    } else {
        ""
    }
}

fn by_code(error: &Value, table: &[(&str, FailureClass)]) -> Option<FailureClass> {
    let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
    let reasons = details.iter().filter_map(|detail| detail["reason"].as_str());
    let quotas = details.iter().filter_map(|detail| detail["violations"][0]["quotaId"].as_str());
    let own = ["code", "type", "status"].into_iter().filter_map(|field| error[field].as_str());
    let codes: Vec<String> = quotas.chain(reasons).chain(own).map(str::to_lowercase).collect();
    codes.iter().find_map(|code| {
        // The ids of Gemini's quotas say behind their beginning what they are counted by.
        let same = |name: &str| code == name || (name.starts_with("generate") && code.starts_with(name));
        table.iter().find(|(name, _)| same(name)).map(|(_, class)| *class)
    })
}

fn by_words(said: &str) -> Option<FailureClass> {
    let said = said.to_lowercase();
    WORDS.iter().find(|(words, _)| said.contains(words)).map(|(_, class)| *class)
}

fn by_status(status: Option<u16>) -> FailureClass {
    match status {
        Some(401 | 403) => FailureClass::Auth,
        Some(402) => FailureClass::Quota,
        Some(413) => FailureClass::ContextTooLong,
        Some(429) => FailureClass::RateLimit,
        Some(503 | 529) => FailureClass::Overload,
        Some(408 | 425 | 500..) | None => FailureClass::Transient,
        Some(_) => FailureClass::Configuration,
    }
}

/// How long to wait, where the error itself tells: Gemini's `retryDelay`, OpenAI's words.
fn wait_in(error: &Value, said: &str) -> Option<u64> {
    let delay =
        error["details"].as_array().into_iter().flatten().find_map(|detail| detail["retryDelay"].as_str());
    if let Some(seconds) = delay.and_then(|text| text.strip_suffix('s')) {
        return milliseconds(seconds, 1000.0);
    }
    let behind = said.split_once("try again in ")?.1;
    let number: String = behind.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    match &behind[number.len()..] {
        unit if unit.starts_with("ms") => milliseconds(&number, 1.0),
        unit if unit.starts_with('s') => milliseconds(&number, 1000.0),
        _ => None,
    }
}

/// A number of units as milliseconds; nothing where it is none, or longer than a day.
fn milliseconds(number: &str, unit: f64) -> Option<u64> {
    let number: f64 = number.parse().ok()?;
    (0.0..=86_400_000.0).contains(&(number * unit)).then(|| (number * unit).round() as u64)
}

/// What a broken exchange means; `None` for what is no failure of the model: cancelled, or out of our own time.
pub(crate) fn broken(broken: &Broken, endpoint: &Endpoint) -> Option<Failure> {
    match broken {
        Broken::Cancelled | Broken::OutOfTime | Broken::Silent(_) | Broken::TooMuch(_) | Broken::Stopped => {
            None
        }
        Broken::Network(why) => {
            let why = sentence(&endpoint.redact(why));
            Some(failure(FailureClass::Transient, format!("no answer from {}: {why}", endpoint.shown())))
        }
    }
}

/// A silence in words.
pub(crate) fn silence(limit: Duration) -> String {
    format!("its server said nothing for {} s", limit.as_secs_f64())
}

/// One line without control characters, 300 characters at most.
pub(crate) fn sentence(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = words.char_indices().nth(300) {
        words.truncate(cut);
        words.push('…');
    }
    words
}
