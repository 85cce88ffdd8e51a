//! Byte counts as people write them.
//!
//! In: `"50MB"`, `"64KiB"`, `"100B"`. Out: a number of bytes. `kB`, `MB`, `GB` are powers of 1000, `KiB`, `MiB`, `GiB`
//! powers of 1024.

use serde::{Deserialize, Deserializer, Serializer};

const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
    ("B", 1),
];

/// Reads a byte count: a whole number and a unit, whose case does not matter.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let unit_at = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(unit_at);
    let size = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()));
    match (number.parse::<u64>(), size) {
        (Ok(number), Some((_, size))) => {
            number.checked_mul(*size).ok_or_else(|| format!("`{text}` is too large a size"))
        }
        _ => Err(format!(
            "`{text}` is not a size: write a number and a unit (B, kB, MB, GB, KiB, MiB, GiB), like \"50MB\""
        )),
    }
}

/// Writes a byte count as [`parse_bytes`] reads it, in the largest unit that loses nothing.
pub fn format_bytes(bytes: u64) -> String {
    match UNITS.iter().find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size)) {
        Some((name, size)) => format!("{}{name}", bytes / size),
        None => format!("{bytes}B"),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn serialize<S: Serializer>(bytes: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_bytes(*bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    parse_bytes(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_numbers_with_units() {
        for (text, bytes) in
            [("50MB", 50_000_000), ("64KiB", 65_536), ("64 kib", 65_536), ("1 GB", 1_000_000_000), ("7b", 7)]
        {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for text in ["", "50", "MB", "-1MB", "1.5MB", "5 megabytes", "99999999999GB"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bytes in 0u64..u64::MAX / 2) {
            prop_assert_eq!(parse_bytes(&format_bytes(bytes)), Ok(bytes));
        }
    }
}
