//! One small question to a model over HTTP: does it answer, and does the text arrive unaltered?
//!
//! In: settings and something nobody can guess. Out: a [`Trial`]. Costs one call; offers no tools and shows no code.

use std::time::{Duration, Instant};

use config::{Environment, ReviewerSettings};
use model::{Ending, FailureClass, Tokens};
use supervise::Cancel;

use super::ask::BY_KEY;
use super::endpoint::{Endpoint, endpoint};
use super::failure::{self, failure};
use super::hearing::Hearing;
use super::protocol::{self, Message, Question, Turn};
use super::wire::{self, Bounds, Broken, Outcome, Request};
use crate::agent::Trial;
use crate::budget::Budget;

/// Asks the question.
pub fn try_model(
    settings: &ReviewerSettings,
    environment: &Environment,
    nonce: &str,
    cancel: &Cancel,
) -> Trial {
    let started = Instant::now();
    let mut trial = Trial { ending: Ending::NotStarted, ..Trial::default() };
    match endpoint(settings, environment) {
        Ok(endpoint) => ask(settings, &endpoint, nonce, cancel, &mut trial),
        Err(why) => {
            let class = if why.contains(BY_KEY) { FailureClass::Auth } else { FailureClass::Configuration };
            trial.failure = Some(failure(class, why));
        }
    }
    trial.ms = started.elapsed().as_millis() as u64;
    trial
}

fn ask(settings: &ReviewerSettings, endpoint: &Endpoint, nonce: &str, cancel: &Cancel, trial: &mut Trial) {
    let canary = format!("dr-canary \"$@\" @test {nonce}");
    let question = format!(
        "This tries whether you can be reached. Answer with this line, to the letter, and nothing else:\n\n    {canary}\n"
    );
    let body = protocol::body(&Question {
        endpoint,
        messages: &[Message::User(question)],
        tools: &[],
        may_call: false,
        max_output: settings.max_output_tokens,
        effort: settings.effort.as_deref(),
    })
    .to_string();
    let purse = Budget::unlimited().purse("trial");
    let mut hearing = Hearing::new(endpoint, &purse, None, body.len(), false);
    let request = Request {
        url: endpoint.url.clone(),
        headers: endpoint.headers(),
        body: Some(body),
        is_loopback: endpoint.is_loopback,
    };
    let bounds = Bounds {
        deadline: Instant::now() + settings.timeout.min(Duration::from_hours(1)),
        silence: settings.silence,
        bytes: settings.output_limit,
    };
    let outcome = wire::exchange(request, bounds, cancel, &mut |head, piece| hearing.take(head, piece));
    trial.ending = Ending::Failed;
    match outcome {
        Outcome::Done(_) => match hearing.finish() {
            Ok(turn) => answered(trial, turn, &canary, endpoint),
            Err(why) => trial.failure = Some(why),
        },
        Outcome::Refused(refused) => trial.failure = Some(failure::refused(&refused, endpoint)),
        Outcome::Broken(broken) => {
            let told = failure::broken(&broken, endpoint).or(hearing.failed);
            trial.failure =
                Some(told.unwrap_or_else(|| failure(FailureClass::Transient, unanswered(&broken))));
        }
    }
}

fn answered(trial: &mut Trial, turn: Turn, canary: &str, endpoint: &Endpoint) {
    trial.ending = Ending::Finished;
    trial.echoed = turn.text.contains(canary);
    trial.model = turn.model;
    trial.answer = endpoint.redact(&turn.text).chars().take(400).collect();
    trial.tokens = turn.usage.map(|usage| Tokens {
        input: usage.input.saturating_add(usage.cached).saturating_add(usage.cache_written),
        output: usage.output,
    });
    if turn.text.trim().is_empty() {
        trial.failure = Some(failure(FailureClass::Incomplete, "it ended well and wrote nothing"));
    }
}

fn unanswered(broken: &Broken) -> String {
    match broken {
        Broken::Cancelled => "it was stopped before it answered".to_owned(),
        Broken::Silent(limit) => failure::silence(*limit),
        _ => "it gave no answer within its limits".to_owned(),
    }
}
