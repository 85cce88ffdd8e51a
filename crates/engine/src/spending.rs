//! What a run may spend: asks before a program starts, counts what it took, and asks models over HTTP within it.
//!
//! In: the panel and one reviewer's settings. Out: an attempt, its cost counted. A model counts each of its calls itself; a
//! program is counted when it ends, and ended when the time it may take is over.

use std::sync::mpsc::Sender;
use std::time::Duration;

use config::{ReviewerSettings, Settings};
use model::{Ending, Failure, FailureClass, ReviewerKind, Spend};
use reviewers::{Attempt, Briefing, Budget, ModelRequest, ask_model};

use crate::Error;
use crate::ask::{News, Panel, not_asked};
use crate::program::Chair;
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
    chair: &Chair<'_>,
    briefing: &Briefing,
    news: &Sender<News>,
) -> Attempt {
    let Chair { name, settings, cancel, .. } = *chair;
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
    ask_model(&request, cancel, &mut |bytes, doing| {
        // A word at a time would be a message at a time.
        if doing.note.is_some() || bytes >= told + 4096 {
            told = bytes;
            drop(news.send(News::Wrote { reviewer: name.to_owned(), bytes, doing }));
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
    purse.charge(&spent(&attempt, is_agent));
    if limited.is_some() && attempt.ending == Ending::TimedOut {
        let message = "the budget of time is used up".to_owned();
        attempt.error = Some(message.clone());
        attempt.failure = Some(Failure { class: FailureClass::Budget, message, retry_after_ms: None });
    }
    attempt
}

fn spent(attempt: &Attempt, is_agent: bool) -> Spend {
    let tokens = attempt.tokens.map_or(0, |tokens| tokens.input.saturating_add(tokens.output));
    let asked = u64::from(attempt.ending != Ending::NotStarted && (is_agent || attempt.tokens.is_some()));
    Spend {
        calls: asked,
        tokens,
        usd: attempt.usd.unwrap_or(0.0),
        unpriced_calls: if attempt.usd.is_none() { asked } else { 0 },
        ms: attempt.ms,
    }
}

/// What kind of reviewer settings describe.
pub(crate) fn kind(settings: &ReviewerSettings) -> ReviewerKind {
    if settings.api.is_some() { ReviewerKind::Model } else { ReviewerKind::Agent }
}
