//! Durations for people.
//!
//! In: milliseconds. Out: `9 min 41 s` or `9m 41s`. Never rounds up to a unit that has not passed.

/// `9 h 31 min 41 s`, `9 min 41 s`, `41 s`, `0.8 s`.
pub(crate) fn spelled(ms: u64) -> String {
    match parts(ms) {
        (0, 0, _) if ms < 10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, seconds) => format!("{hours} h {minutes} min {seconds} s"),
    }
}

/// `9h 31m 41s`, `9m 41s`, `41s`, `0.8s`.
pub(crate) fn compact(ms: u64) -> String {
    match parts(ms) {
        (0, 0, _) if ms < 10_000 => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h {minutes}m {seconds}s"),
    }
}

fn parts(ms: u64) -> (u64, u64, u64) {
    let seconds = ms / 1000;
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_start_at_the_largest_that_has_passed() {
        let cases = [
            (0, "0.0 s", "0.0s"),
            (840, "0.8 s", "0.8s"),
            (41_999, "41 s", "41s"),
            (581_000, "9 min 41 s", "9m 41s"),
            (34_301_000, "9 h 31 min 41 s", "9h 31m 41s"),
        ];
        for (ms, long, short) in cases {
            assert_eq!((spelled(ms).as_str(), compact(ms).as_str()), (long, short), "{ms}");
        }
    }
}
