//! Charges a budget while an agent runs, as far as its stream tells what it takes.
//!
//! In: the stream's figures after every line. Out: whether it may go on. What it took in the end is charged by who asked; this
//! only makes sure that nobody runs on over a limit that others, or it itself, have used up.

use std::collections::BTreeMap;

use config::{Environment, PriceSettings, ReviewerSettings};
use model::{Failure, Spend};

use super::figures::Figures;
use super::preflight::Agent;
use crate::budget::{Purse, Usage};
use crate::prices::{Price, price};

/// What an agent may spend, and at which prices.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Its part of the budget.
    pub purse: &'a Purse,
    /// The user's own prices.
    pub prices: &'a BTreeMap<String, PriceSettings>,
}

/// One attempt's account as it grows.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    account: Account<'a>,
    agent: &'a Agent,
    environment: &'a Environment,
    /// The model that was asked for.
    asked: Option<&'a str>,
    pub(crate) charged: Spend,
    /// Why it may not go on.
    pub(crate) over: Option<Failure>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(
        account: Account<'a>,
        agent: &'a Agent,
        settings: &'a ReviewerSettings,
        environment: &'a Environment,
    ) -> Self {
        let asked = settings.model.as_deref().or(agent.adapter.run.model.as_deref());
        Self { account, agent, environment, asked, charged: Spend::default(), over: None }
    }

    /// Charges what was told since the last time; returns why it may not go on, once.
    pub(crate) fn read(&mut self, figures: &Figures, model: Option<&str>) -> Option<Failure> {
        if let Some(usage) = figures.usage() {
            let priced = self.price(model).map(|price| price.of(&usage));
            let usd = figures.usd().or(priced).unwrap_or(0.0);
            self.charge(figures.requests(), &usage, usd);
        }
        if self.over.is_some() {
            return None;
        }
        self.over = self.account.purse.exceeded().err();
        self.over.clone()
    }

    fn charge(&mut self, requests: u64, usage: &Usage, usd: f64) {
        let more = Spend {
            calls: requests.saturating_sub(self.charged.calls),
            tokens: usage.total().saturating_sub(self.charged.tokens),
            usd: (usd - self.charged.usd).max(0.0),
            ..Spend::default()
        };
        if more != Spend::default() {
            self.account.purse.charge(&more);
            self.charged += more;
        }
    }

    /// The price of the model: the user's own, or its vendor's where the vendor itself is asked with a key.
    pub(crate) fn price(&self, model: Option<&str>) -> Option<Price> {
        list_price(self.agent, self.environment, self.account.prices, model.or(self.asked)?)
    }
}

/// What a model costs that an agent asks.
pub(crate) fn list_price(
    agent: &Agent,
    environment: &Environment,
    own: &BTreeMap<String, PriceSettings>,
    model: &str,
) -> Option<Price> {
    let vendor = agent.way().and_then(|auth| auth.vendor.as_ref());
    let elsewhere = |url: &Option<String>| url.as_ref().is_some_and(|url| environment.get(url).is_some());
    let is_vendor = vendor.is_some_and(|vendor| !elsewhere(&vendor.url));
    let api = vendor.map_or(config::Api::Openai, |vendor| vendor.api);
    price(own, api, is_vendor, model)
}
