//! Whether a reviewer that failed is asked again, and when.
//!
//! In: the class of the failure, how often it was asked, how much time is left. Out: a pause, or why not. Reads no clock and
//! draws no lots: the jitter is made from names, so the same run waits the same.

use std::time::Duration;

use model::{Failure, FailureClass};
use sha2::{Digest as _, Sha256};

/// A vendor that says it has too much to do is left alone for longer than a broken connection.
const OVERLOAD_FACTOR: u32 = 5;
/// A rate limit without a time is mostly one of a minute.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(30);
/// No pause between two tries is longer than this unless the vendor says so.
const LONGEST: Duration = Duration::from_mins(5);
/// The pause is made up to this much longer, so that reviewers who failed together do not come back together.
const JITTER: f64 = 0.25;

/// How patient one reviewer is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Tries after the first.
    pub(crate) retries: u32,
    /// The pause before the first of them.
    pub(crate) wait: Duration,
}

/// What to do after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Ask again after this long.
    Again(Duration),
    /// Do not ask again; the sentence says why where a reader may have expected it.
    GiveUp(Option<String>),
}

/// Decides. `asked` counts the tries so far, `left` is the time until the run's deadline, `fraction` lies in 0–1.
pub(crate) fn decide(
    failure: &Failure,
    asked: u32,
    patience: Patience,
    left: Duration,
    fraction: f64,
) -> Decision {
    let doubled = |base: Duration| base.saturating_mul(1_u32 << asked.saturating_sub(1).min(16)).min(LONGEST);
    let wait = match failure.class {
        FailureClass::Transient => doubled(patience.wait),
        FailureClass::Overload => doubled(patience.wait.saturating_mul(OVERLOAD_FACTOR)),
        FailureClass::RateLimit => doubled(RATE_LIMIT_WAIT),
        _ => return Decision::GiveUp(None),
    };
    if asked > patience.retries {
        return Decision::GiveUp(None);
    }
    // What the vendor says is the earliest; asking before it makes matters worse.
    let told = failure.retry_after_ms.map(Duration::from_millis);
    let wait = told.unwrap_or(wait);
    if wait >= left {
        let wait = spell(wait);
        return Decision::GiveUp(Some(format!(
            "it may be asked again after {wait}, which is beyond the run's deadline"
        )));
    }
    Decision::Again(wait.saturating_add(wait.mul_f64(JITTER * fraction)).min(left))
}

/// A duration in whole units: nobody waits for milliseconds of an hour.
pub(crate) fn spell(duration: Duration) -> String {
    let precise = if duration >= Duration::from_secs(10) { 1000 } else { 100 };
    let rounded = duration.as_millis().div_ceil(precise) * precise;
    config::format_duration(Duration::from_millis(u64::try_from(rounded).unwrap_or(u64::MAX)))
}

/// A number in 0–1 made from words: the same words give the same number.
pub(crate) fn fraction(words: &[&str]) -> f64 {
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word.as_bytes());
        digest.update([0]);
    }
    let bytes = digest.finalize();
    let number = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    f64::from(number) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const TWO: Patience = Patience { retries: 2, wait: Duration::from_secs(2) };

    fn failure(class: FailureClass, retry_after_ms: Option<u64>) -> Failure {
        Failure { class, message: String::new(), retry_after_ms }
    }

    fn wait(class: FailureClass, asked: u32) -> Option<u64> {
        match decide(&failure(class, None), asked, TWO, HOUR, 0.0) {
            Decision::Again(wait) => Some(wait.as_secs()),
            Decision::GiveUp(_) => None,
        }
    }

    #[test]
    fn pauses_double_and_end_with_the_retries() {
        assert_eq!([1, 2, 3].map(|asked| wait(FailureClass::Transient, asked)), [Some(2), Some(4), None]);
        assert_eq!([1, 2, 3].map(|asked| wait(FailureClass::Overload, asked)), [Some(10), Some(20), None]);
        assert_eq!([1, 2, 3].map(|asked| wait(FailureClass::RateLimit, asked)), [Some(30), Some(60), None]);
    }

    #[test]
    fn what_does_not_pass_is_never_tried_again() {
        use FailureClass::{Auth, Budget, Configuration, ContextTooLong, Crash, Incomplete, Quota, Sandbox};
        for class in [Auth, Budget, Configuration, ContextTooLong, Crash, Incomplete, Quota, Sandbox] {
            let told = failure(class, Some(1));
            assert_eq!(decide(&told, 1, TWO, HOUR, 0.0), Decision::GiveUp(None), "{class:?}");
        }
    }

    #[test]
    fn the_time_a_vendor_names_is_the_earliest() {
        let told = failure(FailureClass::RateLimit, Some(100_000));
        for fraction in [0.0, 0.5, 1.0] {
            let Decision::Again(wait) = decide(&told, 1, TWO, HOUR, fraction) else { panic!("gives up") };
            assert!((100..=125).contains(&wait.as_secs()), "{wait:?}");
        }
    }

    #[test]
    fn nobody_waits_beyond_the_deadline() {
        let told = failure(FailureClass::RateLimit, Some(7_200_000));
        let Decision::GiveUp(Some(why)) = decide(&told, 1, TWO, HOUR, 0.0) else { panic!("waits") };
        assert!(why.contains("2h") && why.contains("deadline"), "{why}");
        let near = decide(&failure(FailureClass::Transient, None), 1, TWO, Duration::from_secs(1), 0.0);
        assert!(matches!(near, Decision::GiveUp(Some(_))));
    }

    #[test]
    fn a_patient_reviewer_waits_no_longer_than_the_longest_pause() {
        let patience = Patience { retries: 10, wait: Duration::from_secs(2) };
        let tenth = decide(&failure(FailureClass::Overload, None), 10, patience, HOUR, 0.0);
        assert_eq!(tenth, Decision::Again(LONGEST));
    }

    #[test]
    fn the_jitter_is_made_from_the_words_alone() {
        assert!((fraction(&["run", "a"]) - fraction(&["run", "a"])).abs() < f64::EPSILON);
        assert!((fraction(&["run", "a"]) - fraction(&["run", "b"])).abs() > f64::EPSILON);
        assert!((fraction(&["ab", "c"]) - fraction(&["a", "bc"])).abs() > f64::EPSILON);
        assert!((0..100).all(|n| (0.0..=1.0).contains(&fraction(&[&n.to_string()]))));
    }
}
