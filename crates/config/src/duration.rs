//! Durations as people write them.
//!
//! In: `"90s"`, `"20m"`, `"1h30m"`, `"90d"`. Out: [`Duration`]. A number without a unit is refused: nobody can tell
//! seconds from minutes.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads a duration: whole numbers with a unit (`d`, `h`, `m`, `s`, `ms`), one after the other.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let trouble = || {
        format!(
            "`{text}` is not a duration: write a number and a unit (d, h, m, s, ms), like \"20m\" or \"1h30m\""
        )
    };
    let mut rest = text.trim();
    let mut total = 0u64;
    if rest.is_empty() {
        return Err(trouble());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().map_err(|_| trouble())?;
        rest = rest[digits..].trim_start();
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit = UNITS.iter().find(|(name, _)| *name == &rest[..letters]).ok_or_else(trouble)?;
        total = number
            .checked_mul(unit.1)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("`{text}` is too long a duration"))?;
        rest = rest[letters..].trim_start();
    }
    Ok(Duration::from_millis(total))
}

/// Writes a duration as [`parse_duration`] reads it, in the largest units that lose nothing.
pub fn format_duration(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, size) in UNITS {
        if left >= size {
            text.push_str(&(left / size).to_string());
            text.push_str(name);
            left %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_duration(*duration))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse_duration(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, seconds) in [
            ("20m", 1200),
            ("90s", 90),
            ("1h30m", 5400),
            (" 1h 30m ", 5400),
            ("2d", 172_800),
            ("5000ms", 5),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_an_example() {
        for text in ["", "20", "m", "20 minutes", "-5m", "1.5h", "20m5", "20µs", "20é"] {
            let error = parse_duration(text).expect_err(text);
            assert!(error.contains("20m"), "{error}");
        }
        assert!(parse_duration("999999999999999999d").expect_err("too long").contains("too long"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0u64..10_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = parse_duration(&text);
        }
    }
}
