//! Limits as people write them: a number, or `"none"`.
//!
//! In: `5`, `2.5`, `"5"`, `"20m"`, `"none"`. Out: an option. A limit of nothing at all is a limit, so 0 does not mean "none".

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{format_duration, parse_duration};

/// A number, or `"none"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Written {
    /// A whole number.
    Count(u64),
    /// A number.
    Amount(f64),
    /// A word, or a number in quotes, as environment variables bring it.
    Text(String),
}

const NONE: &str = "none";

fn text<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.trim() == NONE { Ok(None) } else { parse(text.trim()).map(Some) }
}

fn wrong(what: &str) -> String {
    format!("a limit is {what}, or \"none\"")
}

/// Whole numbers.
pub(crate) mod count {
    use super::{Deserialize, Deserializer, NONE, Serializer, Written, text, wrong};

    #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
    pub(crate) fn serialize<S: Serializer>(limit: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        match limit {
            Some(limit) => serializer.serialize_u64(*limit),
            None => serializer.serialize_str(NONE),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        let what = || wrong("a whole number");
        match Written::deserialize(deserializer).map_err(|_| serde::de::Error::custom(what()))? {
            Written::Count(count) => Ok(Some(count)),
            Written::Amount(_) => Err(serde::de::Error::custom(what())),
            Written::Text(word) => {
                text(&word, |word| word.parse().map_err(|_| what())).map_err(serde::de::Error::custom)
            }
        }
    }
}

/// Amounts of money.
pub(crate) mod money {
    use super::{Deserialize, Deserializer, NONE, Serializer, Written, text, wrong};

    #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
    pub(crate) fn serialize<S: Serializer>(limit: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        match limit {
            Some(limit) => serializer.serialize_f64(*limit),
            None => serializer.serialize_str(NONE),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        let what = || wrong("a number of US dollars that is not negative");
        let amount = match Written::deserialize(deserializer).map_err(|_| serde::de::Error::custom(what()))? {
            Written::Count(count) => Some(count as f64),
            Written::Amount(amount) => Some(amount),
            Written::Text(word) => {
                text(&word, |word| word.parse().map_err(|_| what())).map_err(serde::de::Error::custom)?
            }
        };
        if amount.is_some_and(|amount| !amount.is_finite() || amount < 0.0) {
            return Err(serde::de::Error::custom(what()));
        }
        Ok(amount)
    }
}

/// Durations.
pub(crate) mod time {
    use super::{
        Deserialize, Deserializer, Duration, NONE, Serializer, format_duration, parse_duration, text,
    };

    #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
    pub(crate) fn serialize<S: Serializer>(
        limit: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&limit.map_or(NONE.to_owned(), format_duration))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let word = String::deserialize(deserializer)?;
        text(&word, parse_duration).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::BudgetLimits;

    #[test]
    fn a_number_limits_and_none_does_not() {
        let limits: BudgetLimits =
            toml::from_str("tokens = \"5\"\nusd = 0\ncalls = \"none\"\ntime = \"1h\"").expect("limits");
        let wanted = BudgetLimits {
            tokens: Some(5),
            usd: Some(0.0),
            calls: None,
            time: Some(Duration::from_hours(1)),
        };
        assert_eq!(limits, wanted);
        for wrong in ["tokens = -1", "tokens = 1.5", "usd = -0.5", "usd = nan", "calls = \"few\"", "time = 5"]
        {
            assert!(toml::from_str::<BudgetLimits>(wrong).is_err(), "{wrong}");
        }
        let written = toml::to_string(&limits).expect("text");
        assert_eq!(toml::from_str::<BudgetLimits>(&written).expect("limits"), limits);
    }
}
