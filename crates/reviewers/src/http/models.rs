//! Whether a server has the model that it would be asked for.
//!
//! In: a reviewer's settings, the environment, a moment's time. Out: a [`Known`]. Costs no tokens and shows no code: only the list of
//! models is asked for. Never decides: a server may have models that it does not list.

use std::time::{Duration, Instant};

use config::{Api, Environment, ReviewerSettings};
use serde_json::Value;
use supervise::Cancel;

use super::endpoint::{Endpoint, endpoint};
use super::failure;
use super::wire::{self, Bounds, Broken, Outcome, Request};

/// No list of models is longer.
const LONGEST: u64 = 8 << 20;

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The server lists it.
    Listed,
    /// The server lists others, and not this one; the nearest of them.
    Missing(Option<String>),
    /// The server refuses the key; its words.
    Refused(String),
    /// Nothing could be learned; why.
    Unknown(String),
}

/// Asks a server for its models. `Err` says why it cannot be asked at all.
pub fn known(
    settings: &ReviewerSettings,
    environment: &Environment,
    limit: Duration,
) -> Result<Known, String> {
    let endpoint = endpoint(settings, environment)?;
    let deadline = Instant::now() + limit;
    let listed = match get(&endpoint, &endpoint.models, deadline) {
        Ok(listed) => names(&listed),
        Err(Known::Missing(_)) => return Ok(Known::Unknown("its server has no list of models".to_owned())),
        Err(known) => return Ok(known),
    };
    let model = endpoint.model.strip_prefix("models/").unwrap_or(&endpoint.model);
    if listed.is_empty() {
        return Ok(Known::Unknown("its server lists no models".to_owned()));
    }
    if listed.iter().any(|name| is_it(name, model)) {
        return Ok(Known::Listed);
    }
    // Some lists hold dated names only, and the server knows shorter ones besides.
    if endpoint.api != Api::Openai {
        let (address, query) = endpoint.models.split_once('?').unwrap_or((&endpoint.models, ""));
        match get(&endpoint, &format!("{address}/{model}?{query}"), deadline) {
            Ok(_) => return Ok(Known::Listed),
            Err(Known::Missing(_)) => {}
            Err(known) => return Ok(known),
        }
    }
    Ok(Known::Missing(config::nearest(model, listed.iter().map(String::as_str)).map(str::to_owned)))
}

/// The same name, or with a date or a tag behind it that says no more.
fn is_it(listed: &str, model: &str) -> bool {
    listed.strip_prefix(model).is_some_and(|rest| {
        let date = rest.strip_prefix('-').is_some_and(|date| {
            date.len() >= 8 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        });
        rest.is_empty() || rest == ":latest" || date
    })
}

/// Names of models in a list, as every vendor spells it.
fn names(list: &Value) -> Vec<String> {
    let of = |field: &str, name: &str| {
        let entries = list.get(field).and_then(Value::as_array).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.get(name)?.as_str());
        names.map(|name| name.strip_prefix("models/").unwrap_or(name).to_owned()).collect::<Vec<_>>()
    };
    let (data, models) = (of("data", "id"), of("models", "name"));
    if data.is_empty() { models } else { data }
}

fn get(endpoint: &Endpoint, url: &str, deadline: Instant) -> Result<Value, Known> {
    let request = Request {
        url: url.to_owned(),
        headers: endpoint.headers(),
        body: None,
        is_loopback: endpoint.is_loopback,
    };
    let left = deadline.saturating_duration_since(Instant::now());
    let bounds = Bounds { deadline, silence: left.max(Duration::from_millis(100)), bytes: LONGEST };
    let mut body = Vec::new();
    let outcome = wire::exchange(request, bounds, &Cancel::new(), &mut |_, piece| {
        body.extend_from_slice(piece);
        true
    });
    match outcome {
        Outcome::Done(_) => serde_json::from_slice(&body)
            .map_err(|_| Known::Unknown("its server's list of models is not readable".to_owned())),
        Outcome::Refused(refused) => {
            let why = failure::refused(&refused, endpoint).message;
            Err(match refused.head.status {
                401 | 403 => Known::Refused(why),
                404 => Known::Missing(None),
                _ => Known::Unknown(why),
            })
        }
        Outcome::Broken(Broken::Network(why)) => Err(Known::Unknown(endpoint.redact(&why))),
        Outcome::Broken(_) => Err(Known::Unknown("its server did not list its models in time".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_of_every_vendor_are_understood() {
        assert_eq!(names(&json!({ "data": [{ "id": "a" }, { "id": "b" }] })), ["a", "b"]);
        assert_eq!(names(&json!({ "models": [{ "name": "models/g" }, { "name": 7 }] })), ["g"]);
        assert_eq!(names(&json!({ "error": "no" })), [""; 0]);
    }

    #[test]
    fn a_date_behind_a_name_says_no_more_and_a_word_does() {
        for (listed, model, same) in [
            ("gpt-5", "gpt-5", true),
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5", true),
            ("gpt-4o-2024-08-06", "gpt-4o", true),
            ("qwen3:latest", "qwen3", true),
            ("gpt-5-mini", "gpt-5", false),
            ("gpt-5", "gpt-5-mini", false),
        ] {
            assert_eq!(is_it(listed, model), same, "{listed} {model}");
        }
    }
}
