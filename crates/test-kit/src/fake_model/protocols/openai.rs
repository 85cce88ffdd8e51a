//! What the two OpenAI protocols share: their errors.
//!
//! In: which error. Out: status and body. Never more.

use serde_json::{Value, json};

use super::super::scenario::Refusal;

pub(super) fn refusal(refusal: Refusal) -> (u16, Value) {
    let (status, kind, code, message) = match refusal {
        Refusal::Auth => {
            (401, "invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided: sk-dum**my.")
        }
        Refusal::Forbidden => (
            403,
            "invalid_request_error",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
        Refusal::NoModel => (
            404,
            "invalid_request_error",
            Some("model_not_found"),
            "The model `no-such-model` does not exist or you do not have access to it.",
        ),
        Refusal::Rate => (
            429,
            "tokens",
            Some("rate_limit_exceeded"),
            "Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 5000. Please try again in 1s.",
        ),
        Refusal::Quota => (
            429,
            "insufficient_quota",
            Some("insufficient_quota"),
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        Refusal::Credit => {
            (402, "billing_error", Some("billing_hard_limit_reached"), "Billing hard limit has been reached")
        }
        Refusal::Server => {
            (500, "server_error", None, "The server had an error while processing your request.")
        }
        Refusal::Unavailable => (503, "server_error", Some("service_unavailable"), "Service unavailable"),
        Refusal::Overload => (
            503,
            "service_unavailable_error",
            Some("server_is_overloaded"),
            "Our servers are currently overloaded. Please try again later.",
        ),
        Refusal::Context => (
            400,
            "invalid_request_error",
            Some("context_length_exceeded"),
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
        ),
        Refusal::BadRequest => {
            (400, "invalid_request_error", Some("unknown_parameter"), "Unknown parameter: 'nonsense'.")
        }
    };
    (status, json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }))
}
