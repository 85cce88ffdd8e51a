//! What a call to a model costs.
//!
//! In: a model's name and the tokens of a call. Out: US dollars, or nothing where the price is not known. Never guesses: a
//! model that is merely called like a known one, on another server, has an unknown price.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use config::{Api, PriceSettings};
use serde::Deserialize;

use crate::budget::Usage;

const PRICES: &str = include_str!("prices.toml");
/// Prices are for so many tokens.
const UNIT: f64 = 1e6;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    as_of: String,
    anthropic: Vendor,
    openai: Vendor,
    gemini: Vendor,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendor {
    default: String,
    #[expect(dead_code, reason = "for whoever renews the prices")]
    source: String,
    models: BTreeMap<String, Price>,
}

/// The price of a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Price {
    #[serde(flatten)]
    base: Rates,
    /// More tokens read in one call than this cost `beyond`.
    above: Option<u64>,
    beyond: Option<Rates>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Rates {
    input: f64,
    output: f64,
    cached: Option<f64>,
    cache_written: Option<f64>,
}

impl From<&PriceSettings> for Price {
    fn from(settings: &PriceSettings) -> Self {
        let PriceSettings { input, output, cached, cache_written } = *settings;
        Self { base: Rates { input, output, cached, cache_written }, above: None, beyond: None }
    }
}

impl Price {
    /// What a call costs, in US dollars.
    pub(crate) fn of(&self, usage: &Usage) -> f64 {
        let read = usage.input.saturating_add(usage.cached).saturating_add(usage.cache_written);
        let rates = match (self.above, self.beyond) {
            (Some(above), Some(beyond)) if read > above => beyond,
            _ => self.base,
        };
        let part = |tokens: u64, rate: f64| tokens as f64 * rate / UNIT;
        part(usage.input, rates.input)
            + part(usage.cached, rates.cached.unwrap_or(rates.input))
            + part(usage.cache_written, rates.cache_written.unwrap_or(rates.input))
            + part(usage.output, rates.output)
    }
}

/// The price of a model: the user's own first, the vendor's list price where the vendor itself is asked.
pub(crate) fn price(
    own: &BTreeMap<String, PriceSettings>,
    api: Api,
    is_vendor: bool,
    model: &str,
) -> Option<Price> {
    if let Some(settings) = best(own, model) {
        return Some(settings.into());
    }
    if !is_vendor {
        return None;
    }
    best(&vendor(api).models, model.strip_prefix("models/").unwrap_or(model)).cloned()
}

fn vendor(api: Api) -> &'static Vendor {
    match api {
        Api::Anthropic => &table().anthropic,
        Api::Openai => &table().openai,
        Api::Gemini => &table().gemini,
    }
}

/// The model that a vendor is asked for where nobody says which.
pub(crate) fn default_model(api: Api) -> &'static str {
    &vendor(api).default
}

/// The day on which the list prices were noted.
pub fn prices_as_of() -> &'static str {
    &table().as_of
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| toml::from_str(PRICES).expect("the price list is valid: tested"))
}

/// The entry whose name fits best: the name itself, else the longest beginning.
fn best<'a, T>(prices: &'a BTreeMap<String, T>, model: &str) -> Option<&'a T> {
    prices.get(model).or_else(|| {
        let fits = |name: &str| name.strip_suffix('*').is_some_and(|beginning| model.starts_with(beginning));
        let fitting = prices.iter().filter(|(name, _)| fits(name));
        fitting.max_by_key(|(name, _)| name.len()).map(|(_, price)| price)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Usage = Usage { input: 1_000_000, cached: 1_000_000, cache_written: 0, output: 100_000 };

    fn cost(api: Api, is_vendor: bool, model: &str) -> Option<f64> {
        price(&BTreeMap::new(), api, is_vendor, model).map(|price| price.of(&USAGE))
    }

    #[test]
    fn the_list_has_a_date_and_sane_prices() {
        assert!(prices_as_of().parse::<jiff::civil::Date>().is_ok(), "{}", prices_as_of());
        let table = table();
        for (name, price) in
            [&table.anthropic, &table.openai, &table.gemini].iter().flat_map(|one| &one.models)
        {
            let Rates { input, output, cached, .. } = price.base;
            assert!(input > 0.0 && output > input && cached.is_some_and(|cached| cached < input), "{name}");
            assert_eq!(price.above.is_some(), price.beyond.is_some(), "{name}");
        }
        for api in [Api::Anthropic, Api::Openai, Api::Gemini] {
            assert!(
                cost(api, true, default_model(api)).is_some(),
                "{api:?}: what is asked unasked has a price"
            );
        }
    }

    #[test]
    fn a_known_model_costs_what_its_vendor_lists() {
        assert_eq!(cost(Api::Openai, true, "gpt-5"), Some(1.25 + 0.125 + 1.0));
        // Two million tokens in one call are beyond the first step.
        assert_eq!(cost(Api::Gemini, true, "models/gemini-2.5-pro"), Some(2.5 + 0.25 + 1.5));
    }

    #[test]
    fn what_is_not_known_costs_nothing_that_could_be_told() {
        assert_eq!(cost(Api::Openai, true, "gpt-99"), None);
        assert_eq!(cost(Api::Openai, false, "gpt-5"), None, "another server's model of that name");
    }

    #[test]
    fn the_users_prices_come_first_and_the_longest_name_counts() {
        let of = |input: f64| PriceSettings { input, output: 0.0, ..PriceSettings::default() };
        let own = BTreeMap::from([
            ("gpt*".to_owned(), of(1.0)),
            ("gpt-5*".to_owned(), of(2.0)),
            ("local".to_owned(), of(0.0)),
        ]);
        let cost = |model: &str| price(&own, Api::Openai, false, model).map(|price| price.of(&USAGE));
        assert_eq!(
            (cost("gpt-5-mini"), cost("gpt-4"), cost("local"), cost("x")),
            (Some(4.0), Some(2.0), Some(0.0), None)
        );
    }
}
