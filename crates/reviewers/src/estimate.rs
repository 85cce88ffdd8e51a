//! What asking a reviewer may take, before anybody is asked.
//!
//! In: how much it is shown, and its model's price where that is known. Out: a range. Never one number, and never 0 where the price is
//! not known: how often a model looks around is its own choice.

use std::collections::BTreeMap;

use config::{Environment, PriceSettings, ReviewerSettings};

use crate::agent::Agent;
use crate::agent::list_price;
use crate::budget::Usage;
use crate::http::endpoint;
use crate::prices::{Price, price};

/// Bytes of a token: few on the low side of an estimate, many on its high side.
const LOW_BYTES: u64 = 4;
const HIGH_BYTES: u64 = 3;
/// Requests of a reviewer that looks around a lot; each reads again what the ones before it read.
const REQUESTS: u64 = 12;
/// Tokens of an answer with little and with much to say.
const SHORT_ANSWER: u64 = 500;
const LONG_ANSWER: u64 = 8_000;

/// What asking a reviewer may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Tokens read and written, at least and, for a reviewer that looks around a lot, at most.
    pub tokens: (u64, u64),
    /// The same in US dollars; none where the price is not known.
    pub usd: Option<(f64, f64)>,
    /// Whether the user's own prices were taken; else those of the built-in list.
    pub by_own_prices: bool,
}

/// Estimates for somebody who is shown so many bytes. `agent` is the program behind it, where it is one.
pub fn estimate(
    settings: &ReviewerSettings,
    agent: Option<&Agent>,
    environment: &Environment,
    own: &BTreeMap<String, PriceSettings>,
    shown: u64,
) -> Estimate {
    let may_look = agent.is_some() || settings.tools;
    let least = Usage { input: shown.div_ceil(LOW_BYTES), output: SHORT_ANSWER, ..Usage::default() };
    let once = shown.div_ceil(HIGH_BYTES);
    // What it finds by looking around fills a part of its context; on average half of that is read again each time.
    let around = once.max(4_000).min(settings.context_tokens / 3);
    let most = if may_look {
        Usage { input: REQUESTS * (once + around), output: LONG_ANSWER, ..Usage::default() }
    } else {
        Usage { input: once, output: LONG_ANSWER, ..Usage::default() }
    };
    let price = price_of(settings, agent, environment, own);
    let by_own_prices = price.is_some() && price_of(settings, agent, environment, &BTreeMap::new()) != price;
    Estimate {
        tokens: (least.total(), most.total()),
        usd: price.map(|price| (price.of(&least), price.of(&most))),
        by_own_prices,
    }
}

fn price_of(
    settings: &ReviewerSettings,
    agent: Option<&Agent>,
    environment: &Environment,
    own: &BTreeMap<String, PriceSettings>,
) -> Option<Price> {
    if let Some(agent) = agent {
        let model = settings.model.as_deref().or(agent.adapter.run.model.as_deref())?;
        list_price(agent, environment, own, model)
    } else {
        let endpoint = endpoint(settings, environment).ok()?;
        price(own, endpoint.api, endpoint.is_vendor, &endpoint.model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Api;

    fn of(model: &str, url: Option<&str>, own: &[(&str, f64)], tools: bool) -> Estimate {
        let settings = ReviewerSettings {
            api: Some(Api::Openai),
            model: Some(model.to_owned()),
            url: url.map(str::to_owned),
            tools,
            context_tokens: 128_000,
            ..ReviewerSettings::default()
        };
        let price = |(name, input): &(&str, f64)| {
            ((*name).to_owned(), PriceSettings { input: *input, output: 0.0, ..PriceSettings::default() })
        };
        let own = own.iter().map(price).collect();
        estimate(&settings, None, &Environment::of(&[("OPENAI_API_KEY", "k")]), &own, 40_000)
    }

    #[test]
    fn a_known_model_has_a_range_and_an_unknown_one_no_price() {
        let known = of("gpt-5", None, &[], true);
        let (low, high) = known.usd.expect("a price");
        assert!(0.0 < low && low * 4.0 < high && high < 10.0, "{known:?}");
        assert_eq!((known.tokens.0, known.by_own_prices), (10_500, false));
        assert_eq!(of("gpt-99", None, &[], true).usd, None);
        assert_eq!(of("gpt-5", Some("http://127.0.0.1:1/v1"), &[], true).usd, None, "somebody else's model");
    }

    #[test]
    fn ones_own_price_counts_and_may_be_nothing() {
        let own = of("local", Some("http://127.0.0.1:1/v1"), &[("local", 0.0)], true);
        assert_eq!((own.usd, own.by_own_prices), (Some((0.0, 0.0)), true));
    }

    #[test]
    fn who_cannot_look_around_reads_once() {
        let once = of("gpt-5", None, &[], false);
        assert!(once.tokens.1 < of("gpt-5", None, &[], true).tokens.1 / 4, "{once:?}");
    }
}
