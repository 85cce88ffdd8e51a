//! What reviewers may spend, and what they have spent: one value that all of a run's reviewers share.
//!
//! In: limits, what was spent earlier today, and every call as it is made. Out: whether to go on. A limit is looked at before
//! each call and while an answer streams; what a call costs in the end is known only behind it, so a run may end over a limit
//! by as much as its open calls cost, never by another call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use config::{BudgetLimits, BudgetSettings};
use model::{Failure, FailureClass, Spend};

/// Tokens of one call, as a server counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read, cached ones not included.
    pub input: u64,
    /// Read from a cache.
    pub cached: u64,
    /// Written to a cache.
    pub cache_written: u64,
    /// Written, thoughts included.
    pub output: u64,
}

impl Usage {
    /// All tokens.
    pub fn total(&self) -> u64 {
        [self.input, self.cached, self.cache_written, self.output].into_iter().fold(0, u64::saturating_add)
    }
}

/// Told every expense as it is made, to keep it.
type Told = dyn Fn(&Spend) + Send + Sync;

/// What a run and a day may spend. Clones are the same budget.
#[derive(Clone)]
pub struct Budget(Arc<Shared>);

struct Shared {
    settings: BudgetSettings,
    started: Instant,
    state: Mutex<State>,
    told: Box<Told>,
}

#[derive(Debug, Default)]
struct State {
    run: Spend,
    day: Spend,
    reviewers: BTreeMap<String, (Spend, Instant)>,
}

impl fmt::Debug for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Budget").field(&*self.state()).finish()
    }
}

impl Budget {
    /// The budget of a run that begins now. `spent_today` is what earlier runs of the day spent; `told` is called with every
    /// expense, from any thread.
    pub fn new(
        settings: BudgetSettings,
        spent_today: Spend,
        told: impl Fn(&Spend) + Send + Sync + 'static,
    ) -> Self {
        let state = State { day: spent_today, ..State::default() };
        Self(Arc::new(Shared {
            settings,
            started: Instant::now(),
            state: Mutex::new(state),
            told: Box::new(told),
        }))
    }

    /// A budget without limits that keeps nothing.
    pub fn unlimited() -> Self {
        Self::new(BudgetSettings::default(), Spend::default(), |_| {})
    }

    /// The part of one reviewer. Asked for again by the same name, it is the same one: retries share their limit.
    pub fn purse(&self, reviewer: &str) -> Purse {
        self.state()
            .reviewers
            .entry(reviewer.to_owned())
            .or_insert_with(|| (Spend::default(), Instant::now()));
        Purse { budget: self.clone(), reviewer: reviewer.to_owned() }
    }

    /// What the run has spent so far.
    pub fn spent(&self) -> Spend {
        self.state().run
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reviewer's view of the budget.
#[derive(Clone, Debug)]
pub struct Purse {
    budget: Budget,
    reviewer: String,
}

impl Purse {
    /// Whether anything more may be asked; `open` is what the call that is under way has cost so far.
    pub fn check(&self, open: &Spend) -> Result<(), Failure> {
        self.within(open, Reached::IsOver)
    }

    /// Whether what goes on already may go on: a program that has reached a limit may just be done, one beyond it is not.
    pub fn exceeded(&self) -> Result<(), Failure> {
        self.within(&Spend::default(), Reached::IsWithin)
    }

    fn within(&self, open: &Spend, reached: Reached) -> Result<(), Failure> {
        let settings = &self.budget.0.settings;
        let state = self.budget.state();
        let (own, since) =
            state.reviewers.get(&self.reviewer).copied().unwrap_or((Spend::default(), Instant::now()));
        let run_time = self.budget.0.started.elapsed();
        let day_time = Duration::from_millis(state.day.ms).saturating_add(since.elapsed());
        let scopes = [
            ("a reviewer", &settings.reviewer, own, since.elapsed()),
            ("a run", &settings.run, state.run, run_time),
            ("a day", &settings.day, state.day, day_time),
        ];
        for (of, limits, mut spent, time) in scopes {
            spent += *open;
            if let Some(what) = over(limits, &spent, time, reached) {
                let message = format!("the budget of {of} is used up: {what}");
                return Err(Failure { class: FailureClass::Budget, message, retry_after_ms: None });
            }
        }
        Ok(())
    }

    /// How much time is left; `None` where none is limited.
    pub fn time_left(&self) -> Option<Duration> {
        let BudgetSettings { reviewer, run, day } = self.budget.0.settings;
        let state = self.budget.state();
        let since = state.reviewers.get(&self.reviewer).map_or(Duration::ZERO, |(_, since)| since.elapsed());
        let day_time = Duration::from_millis(state.day.ms).saturating_add(since);
        let times = [(reviewer, since), (run, self.budget.0.started.elapsed()), (day, day_time)];
        times.iter().filter_map(|(limits, spent)| Some(limits.time?.saturating_sub(*spent))).min()
    }

    /// Counts an expense.
    pub fn charge(&self, spend: &Spend) {
        let mut state = self.budget.state();
        state.run += *spend;
        state.day += *spend;
        if let Some((own, _)) = state.reviewers.get_mut(&self.reviewer) {
            *own += *spend;
        }
        drop(state);
        (self.budget.0.told)(spend);
    }

    /// Whether any limit is in money, which a cost that is unknown cannot be held to.
    pub fn is_limited_in_money(&self) -> bool {
        let BudgetSettings { reviewer, run, day } = self.budget.0.settings;
        [reviewer, run, day].iter().any(|limits| limits.usd.is_some())
    }
}

/// What it means that exactly a limit was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    /// One call more would go over it.
    IsOver,
    /// Nothing more is begun.
    IsWithin,
}

/// The first limit that does not hold.
fn over(limits: &BudgetLimits, spent: &Spend, time: Duration, reached: Reached) -> Option<String> {
    let is_over = |spent: u64, limit: u64| spent > limit || (spent == limit && reached == Reached::IsOver);
    if let Some(limit) = limits.tokens.filter(|limit| is_over(spent.tokens, *limit)) {
        return Some(format!("{} of {limit} tokens", spent.tokens));
    }
    let is_over_usd = |limit: &f64| match reached {
        Reached::IsOver => spent.usd >= *limit,
        Reached::IsWithin => spent.usd > *limit,
    };
    if let Some(limit) = limits.usd.filter(is_over_usd) {
        return Some(format!("{:.2} of {limit:.2} US dollars", spent.usd));
    }
    if let Some(limit) = limits.calls.filter(|limit| is_over(spent.calls, *limit)) {
        return Some(format!("{} of {limit} calls", spent.calls));
    }
    let limit = limits.time.filter(|limit| time >= *limit)?;
    Some(format!("{} of time", config::format_duration(limit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(tokens: u64, usd: f64) -> Spend {
        Spend { calls: 1, tokens, usd, ..Spend::default() }
    }

    fn limits(tokens: Option<u64>, usd: Option<f64>, calls: Option<u64>) -> BudgetLimits {
        BudgetLimits { tokens, usd, calls, time: None }
    }

    #[test]
    fn each_scope_holds_on_its_own() {
        let settings = BudgetSettings {
            reviewer: limits(Some(100), None, None),
            run: limits(None, Some(1.0), None),
            day: limits(None, None, Some(5)),
        };
        let budget = Budget::new(settings, Spend { calls: 2, ..Spend::default() }, |_| {});
        let (one, two) = (budget.purse("one"), budget.purse("two"));
        one.charge(&spend(99, 0.1));
        assert_eq!(one.check(&Spend::default()), Ok(()));
        let why = one.check(&spend(1, 0.0)).expect_err("its own limit, with the open call");
        assert_eq!(
            (why.class, why.message.as_str()),
            (FailureClass::Budget, "the budget of a reviewer is used up: 100 of 100 tokens")
        );
        assert_eq!(two.check(&Spend::default()), Ok(()), "what one reviewer read does not limit another");
        two.charge(&spend(1, 0.9));
        for purse in [&one, &two] {
            assert!(
                purse
                    .check(&Spend::default())
                    .expect_err("shared")
                    .message
                    .contains("1.00 of 1.00 US dollars")
            );
        }
        let day = Budget::new(
            BudgetSettings { run: BudgetLimits::default(), ..settings },
            Spend { calls: 5, ..Spend::default() },
            |_| {},
        );
        assert!(
            day.purse("x").check(&Spend::default()).expect_err("yesterday's news").message.contains("a day")
        );
    }

    #[test]
    fn what_runs_may_reach_a_limit_and_not_go_beyond_it() {
        for (limits, within, beyond) in [
            (limits(Some(10), None, None), spend(10, 0.0), spend(1, 0.0)),
            (limits(None, Some(0.5), None), spend(0, 0.5), spend(0, 0.01)),
            (limits(None, None, Some(1)), spend(0, 0.0), spend(0, 0.0)),
        ] {
            let settings = BudgetSettings { run: limits, ..BudgetSettings::default() };
            let purse = Budget::new(settings, Spend::default(), |_| {}).purse("a");
            purse.charge(&within);
            assert_eq!(purse.exceeded(), Ok(()), "{limits:?}");
            assert!(purse.check(&Spend::default()).is_err(), "nothing more is begun: {limits:?}");
            purse.charge(&beyond);
            assert!(purse.exceeded().is_err(), "{limits:?}");
        }
    }

    #[test]
    fn a_retry_finds_its_reviewers_purse_as_it_was_left() {
        let settings = BudgetSettings { reviewer: limits(None, None, Some(1)), ..BudgetSettings::default() };
        let budget = Budget::new(settings, Spend::default(), |_| {});
        budget.purse("a").charge(&spend(1, 0.0));
        assert!(budget.purse("a").check(&Spend::default()).is_err());
    }

    #[test]
    fn expenses_of_many_threads_add_up_and_are_told() {
        let told = Arc::new(Mutex::new(0_u64));
        let count = Arc::clone(&told);
        let budget = Budget::new(BudgetSettings::default(), Spend::default(), move |spend| {
            *count.lock().expect("no panics") += spend.tokens;
        });
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d"] {
                let purse = budget.purse(name);
                scope.spawn(move || (0..100).for_each(|_| purse.charge(&spend(3, 0.01))));
            }
        });
        assert_eq!(
            (budget.spent().tokens, budget.spent().calls, *told.lock().expect("no panics")),
            (1200, 400, 1200)
        );
    }

    #[test]
    fn no_time_at_all_is_a_limit_too() {
        let limits = BudgetLimits { time: Some(Duration::ZERO), ..BudgetLimits::default() };
        let budget = Budget::new(
            BudgetSettings { run: limits, ..BudgetSettings::default() },
            Spend::default(),
            |_| {},
        );
        assert!(budget.purse("a").check(&Spend::default()).is_err());
    }
}
