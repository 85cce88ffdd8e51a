//! What a run may spend: asks before a program starts, counts what it took, and asks models over HTTP within it.
//!
//! In: the panel and one reviewer's settings. Out: an attempt, its cost counted. A model counts each of its calls itself; a
//! program is counted while it runs as far as it tells, and wholly when it ends, and ended when the time it may take is over.

use std::sync::mpsc::Sender;
use std::time::Duration;

use config::{ReviewerSettings, Settings};
use model::{Ending, Failure, FailureClass, ReviewerKind, Spend, Tokens};
use reviewers::{Attempt, Briefing, Budget, ModelRequest, ask_model};

use crate::Error;
use crate::ask::{News, Panel, not_asked};
use crate::review::Tools;

/// The budget of a run that begins now, with what the day has spent already.
pub(crate) fn budget(tools: &Tools<'_>, settings: &Settings) -> Result<Budget, Error> {
    let log = tools.store.spend_log(tools.clock.now())?;
    let spent = log.spent()?;
    Ok(Budget::new(settings.budget, spent, move |spend| {
        // The expense counts in this run all the same; the next one may not know of it.
        drop(log.add(spend));
    }))
}

/// Asks a model over HTTP.
pub(crate) fn ask_http(
    panel: &Panel<'_>,
    name: &str,
    settings: &ReviewerSettings,
    briefing: &Briefing,
    news: &Sender<News>,
) -> Attempt {
    let request = ModelRequest {
        name,
        settings,
        snapshot: panel.snapshot,
        prior: panel.prior,
        briefing,
        environment: &panel.agents.environment,
        budget: &panel.budget,
        prices: panel.prices,
    };
    let mut told = 0;
    ask_model(&request, &panel.stop.cancel, &mut |bytes, note| {
        // A word at a time would be a message at a time.
        if note.is_some() || bytes >= told + 4096 {
            told = bytes;
            drop(news.send(News::Wrote { reviewer: name.to_owned(), bytes, note }));
        }
    })
}

/// Asks a program within the budget. `is_agent` tells whether it is known to ask a model.
pub(crate) fn within_budget(
    panel: &Panel<'_>,
    name: &str,
    settings: &ReviewerSettings,
    is_agent: bool,
    ask: impl FnOnce(&ReviewerSettings) -> Attempt,
) -> Attempt {
    let purse = panel.budget.purse(name);
    if let Err(over) = purse.check(&Spend::default()) {
        let mut attempt = not_asked(name, &over.message);
        attempt.ending = Ending::NotStarted;
        attempt.quorum = settings.quorum;
        attempt.failure = Some(over);
        return attempt;
    }
    let left = purse.time_left().map(|left| left.max(Duration::from_millis(1)));
    let limited = left.filter(|left| *left < settings.timeout);
    let settings = ReviewerSettings { timeout: limited.unwrap_or(settings.timeout), ..settings.clone() };
    let mut attempt = ask(&settings);
    purse.charge(&left_to_charge(&attempt, is_agent));
    if limited.is_some() && attempt.ending == Ending::TimedOut {
        let message = "the budget of time is used up".to_owned();
        attempt.error = Some(message.clone());
        attempt.failure = Some(Failure { class: FailureClass::Budget, message, retry_after_ms: None });
    }
    attempt
}

/// What an attempt took beyond what was charged while it ran. A cost that was told in the end corrects what was taken for it.
fn left_to_charge(attempt: &Attempt, is_agent: bool) -> Spend {
    let tokens = attempt.tokens.map_or(0, |tokens| tokens.input.saturating_add(tokens.output));
    let was_asked = attempt.ending != Ending::NotStarted && (is_agent || attempt.tokens.is_some());
    let calls = if was_asked { attempt.requests.max(1) } else { 0 };
    let charged = attempt.charged;
    Spend {
        calls: calls.saturating_sub(charged.calls),
        tokens: tokens.saturating_sub(charged.tokens),
        usd: attempt.usd.map_or(0.0, |usd| usd - charged.usd),
        unpriced_calls: if attempt.usd.is_none() { calls } else { 0 },
        ms: attempt.ms,
    }
}

/// What questions took together that are no reviews.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    asked: u32,
    tokens: Option<Tokens>,
    usd: Option<f64>,
}

impl Default for Sum {
    fn default() -> Self {
        Self { asked: 0, tokens: Some(Tokens::default()), usd: Some(0.0) }
    }
}

impl Sum {
    /// Of one question.
    pub(crate) fn of(was_asked: bool, tokens: Option<Tokens>, usd: Option<f64>) -> Self {
        if was_asked { Self { asked: 1, tokens, usd } } else { Self::default() }
    }

    /// Adds another; one whose cost is unknown makes the sum unknown.
    pub(crate) fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.usd = self.usd.zip(other.usd).map(|(one, two)| one + two);
        self.tokens = self.tokens.zip(other.tokens).map(|(one, two)| Tokens {
            input: one.input.saturating_add(two.input),
            output: one.output.saturating_add(two.output),
        });
    }

    /// `2 questions, 1200 tokens read and 30 written, 0.05 US dollars`
    pub(crate) fn sentence(&self) -> String {
        if self.asked == 0 {
            return "nobody was asked".to_owned();
        }
        let questions =
            if self.asked == 1 { "1 question".to_owned() } else { format!("{} questions", self.asked) };
        let tokens = self.tokens.map_or("tokens not told".to_owned(), |tokens| {
            format!("{} tokens read and {} written", tokens.input, tokens.output)
        });
        let usd = self.usd.map_or("cost not known".to_owned(), |usd| format!("{usd:.4} US dollars"));
        format!("{questions}, {tokens}, {usd}")
    }
}

/// What kind of reviewer settings describe.
pub(crate) fn kind(settings: &ReviewerSettings) -> ReviewerKind {
    if settings.api.is_some() { ReviewerKind::Model } else { ReviewerKind::Agent }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Tokens;

    fn attempt(usd: Option<f64>) -> Attempt {
        Attempt {
            ending: Ending::Finished,
            tokens: Some(Tokens { input: 100, output: 20 }),
            usd,
            requests: 3,
            charged: Spend { calls: 2, tokens: 90, usd: 0.5, ..Spend::default() },
            ms: 7,
            ..Attempt::default()
        }
    }

    #[test]
    fn what_was_charged_while_it_ran_is_not_charged_again() {
        let left = left_to_charge(&attempt(Some(0.4)), true);
        assert_eq!((left.calls, left.tokens, left.unpriced_calls, left.ms), (1, 30, 0, 7));
        assert!((left.usd + 0.1).abs() < 1e-9, "what was told in the end corrects the estimate: {left:?}");
    }

    #[test]
    fn an_unknown_cost_is_counted_as_unknown() {
        let left = left_to_charge(&attempt(None), true);
        assert_eq!((left.unpriced_calls, left.usd.to_bits()), (3, 0.0_f64.to_bits()));
        let command = Attempt { ending: Ending::Finished, ..Attempt::default() };
        assert_eq!(left_to_charge(&command, false).calls, 0, "nobody knows whether it asked a model");
        assert_eq!(left_to_charge(&command, true).unpriced_calls, 1);
    }
}
