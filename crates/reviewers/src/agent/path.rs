//! Places in JSON events, and what must stand there.
//!
//! In: `message.content.*.text` and an event. Out: the values there. A part `*` stands for every element of a list or
//! every value of an object. What is not there is nothing, never an error: events gain and lose fields between versions.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// A place in an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JsonPath(Vec<String>);

impl JsonPath {
    /// Every value at this place.
    pub(crate) fn all<'a>(&self, event: &'a Value) -> Vec<&'a Value> {
        let mut values = vec![event];
        for part in &self.0 {
            values = values.into_iter().flat_map(|value| step(value, part)).collect();
        }
        values
    }

    /// The first value that is there and is not null.
    pub(crate) fn first<'a>(&self, event: &'a Value) -> Option<&'a Value> {
        self.all(event).into_iter().find(|value| !value.is_null())
    }

    /// The first value as text: a string as it is, a number as it is written.
    pub(crate) fn text(&self, event: &Value) -> Option<String> {
        match self.first(event)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The sum of all numbers there; `None` where there is none.
    pub(crate) fn sum(&self, event: &Value) -> Option<u64> {
        let numbers: Vec<u64> = self.all(event).into_iter().filter_map(Value::as_u64).collect();
        (!numbers.is_empty()).then(|| numbers.into_iter().fold(0, u64::saturating_add))
    }
}

fn step<'a>(value: &'a Value, part: &str) -> Vec<&'a Value> {
    match value {
        Value::Object(map) if part == "*" => map.values().collect(),
        Value::Object(map) => map.get(part).into_iter().collect(),
        Value::Array(list) if part == "*" => list.iter().collect(),
        Value::Array(list) => part.parse::<usize>().ok().and_then(|at| list.get(at)).into_iter().collect(),
        _ => Vec::new(),
    }
}

impl<'de> Deserialize<'de> for JsonPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.split('.').any(str::is_empty) {
            return Err(D::Error::custom(format!("`{text}` is no place in an event: write `part.part`")));
        }
        Ok(Self(text.split('.').map(str::to_owned).collect()))
    }
}

/// A regular expression, checked when it is read.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(pub(crate) Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Regex::new(&text).map(Self).map_err(|error| D::Error::custom(format!("`{text}`: {error}")))
    }
}

/// What must stand at a place.
#[derive(Clone, Debug)]
enum Wanted {
    /// Exactly this.
    Is(Value),
    /// One of these.
    OneOf(Vec<Value>),
    /// Text that matches: written `~pattern`.
    Like(Regex),
    /// Something that is not null, false or empty: written `*`.
    Something,
}

impl Wanted {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Is(wanted) => wanted == value,
            Self::OneOf(wanted) => wanted.contains(value),
            Self::Like(pattern) => value.as_str().is_some_and(|text| pattern.is_match(text)),
            Self::Something => match value {
                Value::Null | Value::Bool(false) => false,
                Value::String(text) => !text.trim().is_empty(),
                Value::Array(list) => !list.is_empty(),
                Value::Object(map) => !map.is_empty(),
                _ => true,
            },
        }
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "*" => Ok(Self::Something),
            Value::String(text) => match text.strip_prefix('~') {
                Some(pattern) => Regex::new(pattern)
                    .map(Self::Like)
                    .map_err(|error| D::Error::custom(format!("`{pattern}`: {error}"))),
                None => Ok(Self::Is(Value::String(text))),
            },
            Value::Array(list) => Ok(Self::OneOf(list)),
            value => Ok(Self::Is(value)),
        }
    }
}

/// Conditions on one event; none hold always.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions(BTreeMap<JsonPath, Wanted>);

impl Conditions {
    /// Whether every condition holds.
    pub(crate) fn all_hold(&self, event: &Value) -> bool {
        self.0.iter().all(|(path, wanted)| path.all(event).into_iter().any(|value| wanted.holds(value)))
    }

    /// Whether some condition holds; false where there is none.
    pub(crate) fn any_holds(&self, event: &Value) -> bool {
        self.0.iter().any(|(path, wanted)| path.all(event).into_iter().any(|value| wanted.holds(value)))
    }
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> JsonPath {
        serde_json::from_value(json!(text)).expect(text)
    }

    #[test]
    fn a_star_stands_for_every_element_and_every_value() {
        let event = json!({"use": {"a": {"n": 1}, "b": {"n": 20}}, "list": [{"t": "x"}, {"t": "y"}, {}]});
        assert_eq!(path("use.*.n").sum(&event), Some(21));
        assert_eq!(path("list.*.t").all(&event).len(), 2);
        assert_eq!(path("list.1.t").text(&event).as_deref(), Some("y"));
        assert_eq!(path("use.none.n").sum(&event), None);
    }

    #[test]
    fn conditions_compare_match_and_ask_for_something() {
        let conditions = |value: Value| serde_json::from_value::<Conditions>(value).expect("conditions");
        let event = json!({"type": "error", "n": 429, "text": "slow down", "empty": ""});
        for (wanted, holds) in [
            (json!({"type": "error", "n": 429}), true),
            (json!({"type": "error", "n": 430}), false),
            (json!({"n": [401, 429]}), true),
            (json!({"text": "~^slow"}), true),
            (json!({"text": "*"}), true),
            (json!({"empty": "*"}), false),
            (json!({"missing": "*"}), false),
            (json!({}), true),
        ] {
            assert_eq!(conditions(wanted.clone()).all_hold(&event), holds, "{wanted}");
        }
        assert!(!conditions(json!({})).any_holds(&event));
    }

    #[test]
    fn wrong_places_and_patterns_are_refused() {
        assert!(serde_json::from_value::<JsonPath>(json!("a..b")).is_err());
        assert!(serde_json::from_value::<Conditions>(json!({"a": "~("})).is_err());
    }
}
