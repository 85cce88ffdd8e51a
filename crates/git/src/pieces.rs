//! What git prints, in pieces that end at one byte, none longer than is wanted.
//!
//! In: a stream. Out: its pieces. A pack of two hundred bytes can stand for a message of hundreds of megabytes, which git prints as one
//! piece: the rest of such a one is read past and never held.

use std::io::{BufRead as _, BufReader, Read};

use crate::Result;
use crate::call::Call;

/// One piece, without the byte that ends it.
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    /// Whether it was longer.
    pub(crate) is_cut: bool,
}

impl Call {
    /// Runs it and returns what it printed in pieces that end at `end`, each of at most `most` bytes.
    pub(crate) fn pieces(self, end: u8, most: u64) -> Result<Vec<Piece>> {
        let mut found = Vec::new();
        self.stream(&mut |stdout| {
            found = pieces(stdout, end, most)?;
            Ok(())
        })?;
        Ok(found)
    }
}

/// The pieces of `from`, each of at most `most` bytes.
fn pieces(from: &mut dyn Read, end: u8, most: u64) -> std::io::Result<Vec<Piece>> {
    let mut from = BufReader::with_capacity(1 << 16, from);
    let mut pieces = Vec::new();
    loop {
        let mut bytes = Vec::new();
        if from.by_ref().take(most + 1).read_until(end, &mut bytes)? == 0 {
            return Ok(pieces);
        }
        let is_ended = bytes.pop_if(|last| *last == end).is_some();
        let is_cut = !is_ended && bytes.len() as u64 > most;
        if is_cut {
            bytes.pop();
            from.skip_until(end)?;
        }
        pieces.push(Piece { bytes, is_cut });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, most: u64) -> Vec<(String, bool)> {
        let pieces = pieces(&mut text.as_bytes(), b';', most).unwrap();
        pieces.into_iter().map(|piece| (String::from_utf8(piece.bytes).unwrap(), piece.is_cut)).collect()
    }

    #[test]
    fn what_is_longer_is_cut_and_what_follows_is_whole() {
        let piece = |text: &str, is_cut| (text.to_owned(), is_cut);
        assert_eq!(
            of("ab;abc;abcd;;a", 3),
            [
                piece("ab", false),
                piece("abc", false),
                piece("abc", true),
                piece("", false),
                piece("a", false)
            ]
        );
        assert_eq!(of("abcdefg", 3), [piece("abc", true)]);
        assert_eq!(of("", 3), []);
        let long = format!("{};x", "y".repeat(200_000));
        assert_eq!(of(&long, 3), [piece("yyy", true), piece("x", false)]);
    }
}
