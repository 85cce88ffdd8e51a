//! How a word is written in a command line of Windows.
//!
//! In: a word as UTF-16. Out: the word so that programs read it back as it was. For our own program only: scripts read their lines in
//! another way, and are started by std, which knows it.

#![cfg_attr(not(windows), allow(dead_code, reason = "only Windows writes command lines as one text"))]

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// The word in quotes. Backslashes mean themselves but in front of a quote.
pub(crate) fn quoted(word: &[u16]) -> Vec<u16> {
    let mut text = vec![QUOTE];
    let mut backslashes = 0;
    for unit in word {
        match *unit {
            BACKSLASH => backslashes += 1,
            QUOTE => {
                // Twice as many, and one for the quote.
                text.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        text.push(*unit);
    }
    text.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    text.push(QUOTE);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As programs of Windows read their line.
    fn read(line: &[u16]) -> Vec<Vec<u16>> {
        let (mut words, mut word, mut in_quotes, mut is_word, mut backslashes) =
            (Vec::new(), Vec::new(), false, false, 0);
        for unit in line {
            match *unit {
                BACKSLASH => {
                    backslashes += 1;
                    is_word = true;
                    continue;
                }
                QUOTE => {
                    word.extend(std::iter::repeat_n(BACKSLASH, backslashes / 2));
                    if backslashes % 2 == 1 {
                        word.push(QUOTE);
                    } else {
                        in_quotes = !in_quotes;
                    }
                    is_word = true;
                }
                unit => {
                    word.extend(std::iter::repeat_n(BACKSLASH, backslashes));
                    if unit == u16::from(b' ') && !in_quotes {
                        words.extend(is_word.then(|| std::mem::take(&mut word)));
                        is_word = false;
                    } else {
                        word.push(unit);
                        is_word = true;
                    }
                }
            }
            backslashes = 0;
        }
        word.extend(std::iter::repeat_n(BACKSLASH, backslashes));
        words.extend(is_word.then_some(word));
        words
    }

    #[test]
    fn words_come_back_as_they_were() {
        let words: Vec<Vec<u16>> =
            ["", "a", "a b", r"C:\x y\", r"\", r#"a\"b"#, r#"\\"\"#, r#"" & del *"#, "--", "\u{1f600}"]
                .iter()
                .map(|word| word.encode_utf16().collect())
                .collect();
        let line: Vec<u16> =
            words.iter().flat_map(|word| [quoted(word), vec![u16::from(b' ')]].concat()).collect();
        assert_eq!(read(&line), words);
    }
}
