//! Takes addresses out of what agents print.
//!
//! In: a line. Out: the same without them: they name gateways, and may carry keys. Keys themselves are `redaction`'s work.

/// A line without the addresses in it: they name gateways, and may carry keys.
pub(crate) fn without_addresses(line: &str) -> String {
    let is_address = |word: &str| word.contains("://");
    line.split(' ')
        .map(|word| if is_address(word) { "<address>" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_as_a_whole() {
        assert_eq!(without_addresses("at (http://127.0.0.1:1/s?key=x), sorry"), "at <address> sorry");
    }
}
